"""The types of the arrays that the index works on, and two helpers for them."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int32]
Places = npt.NDArray[np.int64]
Scores = npt.NDArray[np.float64]
# Bitmaps: a row per unit, atom or query, a bit per paper, 64 papers a word, the lowest bit first.
Bits = npt.NDArray[np.uint64]


class Bitmaps(NamedTuple):
    """In which papers of a batch something holds: a row per query, condition or atom of a program."""

    accepted: Bits  # by query
    conditions: Bits
    anywhere: Bits  # by atom: it occurs in one of its fields
    title: Bits  # by atom: it occurs in the title


# Matches as three arrays of equal length: query, paper, score.
Top = tuple[Places, Places, Scores]


def ranges(first: npt.NDArray[np.integer], counts: npt.NDArray[np.integer]) -> Places:
    """Return `first[0], first[0] + 1, … (counts[0] of them), first[1], …` in one array."""
    ends = np.cumsum(counts, dtype=np.int64)
    total = int(ends[-1]) if len(ends) else 0
    return np.repeat(first - ends + counts, counts) + np.arange(total)


def joined(pieces: Iterable[Top]) -> Top:
    """Return the pieces one after the other as one."""
    some = [piece for piece in pieces if len(piece[0])]
    if len(some) == 1:
        return some[0]
    nothing = (np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))
    numbers, papers, scores = zip(nothing, *some, strict=True)
    return np.concatenate(numbers), np.concatenate(papers), np.concatenate(scores)
