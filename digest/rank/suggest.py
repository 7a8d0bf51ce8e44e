"""From a few papers that someone likes to keywords that would find them. Pure.

What a term says about the papers is the share of them that have it (titles count three times more) × how rare
it is in the library, up to a point: it shall find other papers, too. The term that says most and finds most
papers not found yet is taken, again and again, until each paper is found by two. What results is a readable
list, to be edited.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from math import log

from digest.model import Paper
from digest.text.keyphrases import keyphrases

MOST = 6  # keywords proposed
_PAIR = 1.5  # a pair of words is a better keyword than a word


def suggest(liked: Sequence[Paper], library: Iterable[Paper]) -> tuple[str, ...]:
    """Return keywords, as they stand in a subscription, that find the liked papers; none for none."""
    mine = [keyphrases(paper.title, paper.abstract) for paper in liked]
    often: Counter[str] = Counter()
    size = 0
    wanted = {term for terms in mine for term in terms}
    for paper in library:
        size += 1
        often.update(wanted & keyphrases(paper.title, paper.abstract).keys())
    worth = _worth(mine, [keyphrases(paper.title) for paper in liked], often, size)
    order = sorted(worth, key=lambda term: (-round(worth[term], 9), term))
    chosen: list[str] = []
    unmet = [2] * len(mine)  # each paper by two keywords, where that can be
    while len(chosen) < MOST and any(unmet):
        gains = {
            term: worth[term] * sum(unmet[place] for place, terms in enumerate(mine) if term in terms)
            for term in order
            if not _repeats(term, chosen)
        }
        best = max(gains, key=lambda term: gains[term], default=None)  # the first of equal ones
        if best is None or not gains[best]:
            break
        chosen.append(best)
        unmet = [max(0, left - (best in terms)) for left, terms in zip(unmet, mine, strict=True)]
    return tuple(_keyword(term, mine) for term in chosen)


def _worth(
    mine: Sequence[Mapping[str, str]],
    titles: Sequence[Mapping[str, str]],
    often: Mapping[str, int],
    size: int,
) -> dict[str, float]:
    met = Counter(term for terms in mine for term in terms)
    titled = Counter(term for terms in titles for term in terms)
    enough = [term for term in met if often[term] > met[term]] or list(met)  # finds more than these papers
    return {
        term: (met[term] + 3 * titled[term])
        / len(mine)
        * min(log((2 + size) / (1 + often[term])), log(2 + size) / 2)
        * (_PAIR if " " in term else 1.0)
        for term in enough
    }


def _repeats(term: str, chosen: Sequence[str]) -> bool:
    return any(set(term.split()) & set(other.split()) for other in chosen)


def _keyword(term: str, mine: Sequence[Mapping[str, str]]) -> str:
    """Return a term as the papers write it most often, in quotes if it is a phrase."""
    spellings = Counter(terms[term] for terms in mine if term in terms)
    said = min(spellings, key=lambda text: (-spellings[text], text))
    return f'"{said}"' if " " in said else said
