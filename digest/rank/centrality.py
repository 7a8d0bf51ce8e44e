"""How central the matched words are to a paper: the order of papers with equal scores. Pure.

The weights were chosen on one half of the headings of MEDLINE; docs/ranking.md has the results for the other half.
"""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from digest.model import Evidence, Item
from digest.rank.formula import freshness, popularity
from digest.text.gist import gist
from digest.text.sentences import sentences

EARLY, OF_TITLE, OF_SENTENCES, IN_GIST = 0.5, 1.0, 1.0, 0.2
MORE_KEYWORDS, POPULAR, FRESH = 0.1, 0.3, 0.1
_ENOUGH_KEYWORDS = 4


@dataclass(frozen=True, slots=True)
class Centrality:
    """Where the matched words are in a paper.

    `early`: 1 at the beginning of the title, 0 at its end or without any in it; `of_title`: their share of the title;
    `found` of the `total` sentences of the abstract have one; `in_gist`: the one that says what was done has one.
    """

    early: float
    of_title: float
    found: int
    total: int
    in_gist: bool

    @property
    def value(self) -> float:
        """From 0 to 1: the weighted mean of these."""
        weighed = (
            EARLY * self.early
            + OF_TITLE * self.of_title
            + OF_SENTENCES * (self.found / self.total if self.total else 0.0)
            + IN_GIST * self.in_gist
        )
        return weighed / (EARLY + OF_TITLE + OF_SENTENCES + IN_GIST)


def centrality(item: Item) -> Centrality:
    """Return how central to a paper the words are that its evidence names."""
    title = [each for each in item.evidence if each.field == "title"]
    starts, claim = _outline(item.paper.abstract, item.paper.title)
    places = {bisect_right(starts, each.start) - 1 for each in item.evidence if each.field == "abstract"}
    length = len(item.paper.title) or 1
    return Centrality(
        early=1 - min(each.start for each in title) / length if title else 0.0,
        of_title=min(1.0, _covered(title) / length),
        found=len(places),
        total=len(starts),
        in_gist=claim in places,
    )


def among_equals(item: Item, today: date) -> float:
    """Return the worth of a paper among those of equal score: mainly its centrality, then what else speaks for it."""
    keywords = len({each.term for each in item.evidence})
    return round(
        centrality(item).value
        + MORE_KEYWORDS * min(1.0, max(0, keywords - 1) / (_ENOUGH_KEYWORDS - 1))
        + POPULAR * popularity(item.paper)
        + FRESH * freshness(item.paper, today),
        6,
    )


def by_centrality(items: tuple[Item, ...], today: date) -> tuple[Item, ...]:
    """Return items by descending score, those of equal score by their worth among equals; else their order is kept."""
    if len({item.score for item in items}) == len(items):
        return tuple(sorted(items, key=lambda item: -item.score))
    return tuple(sorted(items, key=lambda item: (-item.score, -among_equals(item, today))))


@lru_cache(maxsize=4096)
def _outline(abstract: str, title: str) -> tuple[tuple[int, ...], int | None]:
    """Return where the sentences of an abstract begin, and the place of the one that says what was done."""
    parts = sentences(abstract)
    found = gist(abstract, parts, title)
    return tuple(start for start, _ in parts), found.claim.place if found else None


def _covered(found: list[Evidence]) -> int:
    """Return how many characters of a text are in at least one of the spans."""
    count = at = 0
    for start, end in sorted((each.start, each.end) for each in found):
        count += max(0, end - max(start, at))
        at = max(at, end)
    return count
