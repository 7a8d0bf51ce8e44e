"""The suggestion of keywords before `digest.rank.suggest` chose for the expected F1, for comparison.

Keywords that would find a few liked papers, as a readable list to edit. Pure.

The worth of a term is the share of the papers that have it (titles count three times more) × how rare it is in
the library, up to a limit, as it should find other papers, too. Terms are chosen one by one: each time the one
with the highest worth × papers still to be found, until two keywords find each paper.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from math import log

from digest.model import Paper
from digest.text.keyphrases import keyphrases

MOST = 6  # keywords proposed
_PAIR = 1.5  # a pair of words is a better keyword than a single word


def suggest(liked: Sequence[Paper], library: Iterable[Paper]) -> tuple[str, ...]:
    """Return at most MOST keywords that find the liked papers, as to be written in a subscription."""
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
    missing = [2] * len(mine)  # keywords that each paper still needs
    while len(chosen) < MOST and any(missing):
        gains = {
            term: worth[term] * sum(missing[place] for place, terms in enumerate(mine) if term in terms)
            for term in order
            if not _repeats(term, chosen)
        }
        best = max(gains, key=lambda term: gains[term], default=None)  # of equal ones the first
        if best is None or not gains[best]:
            break
        chosen.append(best)
        missing = [max(0, count - (best in terms)) for count, terms in zip(missing, mine, strict=True)]
    return tuple(_keyword(term, mine) for term in chosen)


def _worth(
    mine: Sequence[Mapping[str, str]],
    titles: Sequence[Mapping[str, str]],
    often: Mapping[str, int],
    size: int,
) -> dict[str, float]:
    """Return the worth of each term; terms that find only the liked papers are left out if there are others."""
    count = Counter(term for terms in mine for term in terms)
    titled = Counter(term for terms in titles for term in terms)
    wider = [term for term in count if often[term] > count[term]]
    return {
        term: (count[term] + 3 * titled[term])
        / len(mine)
        * min(log((2 + size) / (1 + often[term])), log(2 + size) / 2)
        * (_PAIR if " " in term else 1.0)
        for term in wider or list(count)
    }


def _repeats(term: str, chosen: Sequence[str]) -> bool:
    """Return whether a term shares a word with one of those chosen."""
    return any(set(term.split()) & set(other.split()) for other in chosen)


def _keyword(term: str, mine: Sequence[Mapping[str, str]]) -> str:
    """Return a term in its most frequent spelling, in quotes if it is a phrase."""
    spellings = Counter(terms[term] for terms in mine if term in terms)
    text = min(spellings, key=lambda text: (-spellings[text], text))
    return f'"{text}"' if " " in text else text
