"""Average linkage: which groups of places join, nearest first. Pure. It imports numpy: import it inside functions.

The algorithm is the chain of nearest neighbours (Murtagh, 1983), with the ties and the arithmetic of scipy's
`cluster.hierarchy.linkage`, which the tests compare it with; importing that takes longer than a run of a small home.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Join = tuple[int, int, float]  # two groups, and their mean distance


def average_linkage(distances: Floats) -> list[Join]:
    """Return the joins of n places, given their distances (n × n), in the order of the distances at which they join.

    Groups below n are single places; the group that the join k makes has the number n + k.
    """
    return _numbered(sorted(_joins(distances), key=lambda join: join[2]), len(distances))


def _joins(distances: Floats) -> list[Join]:
    """Return the joins in the order in which the chain finds them; a group has the number of one of its places."""
    size = len(distances)
    far = np.array(distances, dtype=np.float64)
    np.fill_diagonal(far, np.inf)
    count = [1] * size  # places in each group; 0 if it has joined another
    chain: list[int] = []
    joins: list[Join] = []
    while len(joins) < size - 1:
        if not chain:
            chain.append(next(place for place in range(size) if count[place]))
        row = far[chain[-1]]
        nearest = int(row.argmin())
        if (
            len(chain) == 1 or row[nearest] < row[chain[-2]]
        ):  # of equals the one before, or the chain goes round
            chain.append(nearest)
            continue
        one, two = sorted((chain.pop(), chain.pop()))
        joins.append((one, two, float(far[one, two])))
        far[two] = far[:, two] = (count[one] * far[one] + count[two] * far[two]) / (count[one] + count[two])
        far[one] = far[:, one] = np.inf
        count[one], count[two] = 0, count[one] + count[two]
    return joins


def _numbered(joins: list[Join], size: int) -> list[Join]:
    """Return joins with the numbers that groups get in this order."""
    joined_to = list(
        range(size)
    )  # a place of the group that a place is in; itself if that has the group's number
    number = list(range(size))

    def top(place: int) -> int:
        while joined_to[place] != place:
            joined_to[place] = place = joined_to[joined_to[place]]
        return place

    found = []
    for made, (one, two, distance) in enumerate(joins, size):
        tops = top(one), top(two)
        first, second = sorted(number[each] for each in tops)
        found.append((first, second, distance))
        joined_to[tops[0]], number[tops[1]] = tops[1], made
    return found
