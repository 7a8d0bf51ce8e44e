"""Papers like a paper, for its page: older ones whose titles share rare words with its own. Pure.

A paper is compared with those of its own block of library numbers and of the block before it, up to itself, in their
order. So a run that adds a few papers looks at a few hundred, and a page changes only if one of these titles does, which
is rare; abstracts are revised more often.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from heapq import nsmallest
from math import log

from digest.model import Paper
from digest.text.stopwords import STOPWORDS

BLOCK = 250  # papers
MOST = 4  # papers like another one
_CLOSE = 0.2  # the least cosine
_COMMON, _FEW = 0.25, 4  # a share of the papers, and a number: words that more papers have say little
_WORDS = re.compile(r"[^\W\d_]{4,}")

# How rare a word is that so many of the papers before have; as if all windows were full, so that the first papers of a
# library are measured like the others.
_RARITY = [log((1 + 2 * BLOCK) / (1 + having)) + 0.1 for having in range(2 * BLOCK)]


def window_of(number: int) -> range:
    """Return the library numbers of the papers with which a paper is compared, and its own."""
    return range(max(1, (number - 1) // BLOCK * BLOCK + 1 - BLOCK), number + 1)


def dependants_of(number: int) -> range:
    """Return the library numbers of the papers whose window has a paper."""
    return range(number, (_block(number) + 2) * BLOCK + 1)


def papers_alike(papers: Iterable[Paper], wanted: Sequence[int]) -> dict[int, tuple[Paper, ...]]:
    """Return the papers most like each of the wanted ones, by number, the most alike first.

    `papers` are those of the windows of the wanted ones; the time grows with their number and length.
    """
    by_block: dict[int, list[Paper]] = defaultdict(list)
    for paper in sorted(papers, key=lambda each: each.number):
        by_block[_block(paper.number)].append(paper)
    chosen = frozenset(wanted)
    found: dict[int, tuple[Paper, ...]] = {}
    for block in sorted({_block(number) for number in chosen}):
        found |= _alike([*by_block[block - 1], *by_block[block]], block, chosen)
    return found


def _block(number: int) -> int:
    return (number - 1) // BLOCK


def _alike(papers: Sequence[Paper], block: int, wanted: frozenset[int]) -> dict[int, tuple[Paper, ...]]:
    """Return the papers most like each wanted one of a block, among the papers before it."""
    having: dict[str, list[int]] = defaultdict(list)
    sizes: list[float] = []
    found = {}
    for place, paper in enumerate(papers):
        words = _words(paper.title)
        rare = {word: _RARITY[len(having[word])] for word in words}
        size = sum(weight * weight for weight in rare.values()) ** 0.5
        if paper.number in wanted and _block(paper.number) == block:
            near = _nearest(rare, size, having, sizes)
            found[paper.number] = tuple(papers[each] for each in near)
        for word in words:
            having[word].append(place)
        sizes.append(size)
    return found


def _words(text: str) -> set[str]:
    return {word.removesuffix("s") for word in _WORDS.findall(text.casefold())} - STOPWORDS


def _nearest(
    rare: dict[str, float], size: float, having: dict[str, list[int]], sizes: Sequence[float]
) -> list[int]:
    """Return the places of the nearest papers before one with these words."""
    close: dict[int, float] = defaultdict(float)
    most = max(_FEW, _COMMON * len(sizes))
    for word, weight in rare.items():
        places = having[word]
        if len(places) <= most:
            product = weight * weight
            for place in places:
                close[place] += product
    best = {
        place: value / (size * sizes[place])
        for place, value in close.items()
        if value >= _CLOSE * size * sizes[place]
    }
    return nsmallest(MOST, best, key=lambda place: (-best[place], -place))
