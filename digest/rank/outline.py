"""What themes read of a paper: its terms, and the runs of words of which names are made. Pure."""

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from sys import intern
from typing import Final, NamedTuple

from digest.model import Paper
from digest.text.stopwords import STOPWORDS
from digest.text.words import Word, words

TITLE_TIMES = 3
_HYPHENS: Final = frozenset("-\u2010\u2011")


# A word or a compound with hyphens: its stems with spaces, start and end in the text.
Token = tuple[str, int, int]
# The stems of tokens between which there are only spaces.
Run = tuple[str, ...]


class Outline(NamedTuple):
    """The runs of the title and of the abstract, and for the words of the title's runs their places in it."""

    of_title: tuple[Run, ...]
    of_abstract: tuple[Run, ...]
    places: tuple[tuple[tuple[int, int], ...], ...]


def outline_of(paper: Paper) -> Outline:
    """Return the outline of a paper."""
    return _outline(paper.title, paper.abstract)


def terms_of(paper: Paper) -> Counter[str]:
    """Return the count of each term of a paper."""
    return _terms(*(_content(_words(text)) for text in (paper.title, paper.abstract)))


# The words of an issue's papers are needed twice, soon one after the other. Those of an abstract take about 40 kB.
_words = lru_cache(maxsize=128)(words)


@lru_cache(maxsize=4096)  # each takes about 3 kB
def _outline(title: str, abstract: str) -> Outline:
    of_title, of_abstract = list(_runs(title)), _runs(abstract)
    return Outline(
        tuple(_stems(run) for run in of_title),
        tuple(_stems(run) for run in of_abstract),
        tuple(tuple((start, end) for _, start, end in run) for run in of_title),
    )


def _stems(run: Sequence[Token]) -> Run:
    return tuple([intern(stems) for stems, _, _ in run])  # most occur in many papers


def _content(found: Sequence[Word]) -> list[str]:
    return [
        stem
        for _, stem, _, _, at, after, _ in found
        if after - at == 1 and len(stem) > 1 and stem not in STOPWORDS
    ]


def _terms(title: Sequence[str], abstract: Sequence[str]) -> Counter[str]:
    counts = Counter(abstract)
    counts.update([f"{one} {two}" for one, two in pairwise(abstract)])
    for stem in (*title, *(f"{one} {two}" for one, two in pairwise(title))):
        counts[stem] += TITLE_TIMES
    return counts


def _runs(text: str) -> Iterator[list[Token]]:
    """Yield the runs of words between stop words and punctuation, compounds as one word."""
    run: list[Token] = []
    stems, first, last, whole = "", 0, 0, False
    for _, stem, start, end, at, after, _ in _words(text):
        if after - at != 1:
            continue
        gap = text[last:start]
        if gap in _HYPHENS and stems:
            stems, last, whole = f"{stems} {stem}", end, True
            continue
        if whole:
            run.append((stems, first, last))
        if run and (not whole or not gap.isspace()):
            yield run
            run = []
        stems, first, last, whole = stem, start, end, len(stem) > 1 and stem not in STOPWORDS
    if whole:
        run.append((stems, first, last))
    if run:
        yield run
