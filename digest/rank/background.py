"""How often terms occur in the papers of a library: what makes a term rare, and papers alike. Pure.

A background is made of papers that are fixed by their position, so that every worker has the same one.
"""

import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from math import log
from typing import TYPE_CHECKING

from digest.model import Paper
from digest.rank.outline import terms_of

if TYPE_CHECKING:
    from digest.rank.likeness import Vector

BACKGROUND_PAPERS = 2_000
# Papers on other subjects that are added to the size of the background: in a small library on one subject
# its own words would seem common.
_OTHER_PAPERS = 100
_FEWEST = 2  # papers that have a term; others are as rare as one that no paper has


@dataclass(frozen=True, slots=True)
class Background:
    """The number of papers that have each term, of those that at least two papers have, and the number of papers."""

    papers: int = 0
    often: Mapping[str, int] = field(default_factory=dict)
    # What `digest.rank.likeness` has computed with it, by title and abstract.
    vectors: "dict[tuple[str, str], Vector]" = field(default_factory=dict, compare=False, repr=False)

    def idfs(self, terms: Iterable[str]) -> list[float]:
        """Return how rare each term is: the logarithm of papers to papers with it, as scikit-learn has it."""
        get, size = self.often.get, 1 + self.papers + _OTHER_PAPERS
        counts = [get(term, 0) for term in terms]
        logs = {count: log(size / (1 + count)) + 1 for count in set(counts)}
        return [logs[count] for count in counts]

    def rarity(self, terms: Iterable[str]) -> float:
        """Return how rare the rarest of some terms is, from 0 to 1."""
        most = log(1 + self.papers + _OTHER_PAPERS)
        return max((value - 1) / most for value in self.idfs(terms))


EMPTY = Background()


def background_of(papers: Iterable[Paper], terms: Callable[[Paper], Counter[str]] = terms_of) -> Background:
    """Return the background that some papers are; `terms` counts the terms of a paper."""
    size, often = 0, Counter[str]()
    for paper in papers:
        size += 1
        often.update(terms(paper).keys())
    return Background(size, {term: count for term, count in often.items() if count >= _FEWEST})


def numbers_of(last: int) -> range:
    """Return the numbers of the papers that are the background of a library whose last paper has this number.

    They change only after a tenth more papers have come, at most after a quarter of a background.
    """
    step = max(1, min(BACKGROUND_PAPERS // 4, 10 ** max(0, len(str(last)) - 2)))
    end = last - last % step
    return range(max(1, end - BACKGROUND_PAPERS + 1), end + 1)


def packed(background: Background) -> bytes:
    """Return a background as bytes."""
    lines = (f"{count} {term}" for term, count in sorted(background.often.items()))
    return zlib.compress("\n".join((str(background.papers), *lines)).encode("utf-8", "surrogatepass"), 6)


def unpacked(body: bytes) -> Background:
    """Return the background that `packed` made bytes of."""
    size, *lines = zlib.decompress(body).decode("utf-8", "surrogatepass").split("\n")
    parts = (line.partition(" ") for line in lines)
    return Background(int(size), {term: int(count) for count, _, term in parts})
