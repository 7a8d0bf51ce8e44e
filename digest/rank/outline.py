"""What themes read of a paper: its terms, and the runs of words of which names are made. Pure."""

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple

from digest.model import Paper
from digest.text.stopwords import STOPWORDS
from digest.text.words import Word, words

TITLE_TIMES = 3
_HYPHENS: Final = frozenset("-\u2010\u2011")


Token = tuple[
    str, int, int
]  # a word or a compound with hyphens: its stems with spaces, start and end in the text
Run = tuple[Token, ...]  # words between which there are only spaces


class Outline(NamedTuple):
    """The count of each term (stems, pairs of neighbouring stems), the words of each term, and the runs."""

    terms: Counter[str]
    of_title: tuple[Run, ...]
    of_abstract: tuple[Run, ...]


def outline_of(paper: Paper) -> Outline:
    """Return the outline of a paper."""
    return _outline(paper.title, paper.abstract)


def terms_of(paper: Paper) -> Counter[str]:
    """Return the count of each term of a paper."""
    return _terms(*(_content(words(text)) for text in (paper.title, paper.abstract)))


@lru_cache(maxsize=512)  # each takes about 40 kB
def _outline(title: str, abstract: str) -> Outline:
    of_title, of_abstract = words(title), words(abstract)
    return Outline(
        _terms(_content(of_title), _content(of_abstract)),
        tuple(_runs(title, of_title)),
        tuple(_runs(abstract, of_abstract)),
    )


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


def _runs(text: str, found: Sequence[Word]) -> Iterator[Run]:
    """Yield the runs of words between stop words and punctuation, compounds as one word."""
    run: list[Token] = []
    stems, first, last, whole = "", 0, 0, False
    for _, stem, start, end, at, after, _ in found:
        if after - at != 1:
            continue
        gap = text[last:start]
        if gap in _HYPHENS and stems:
            stems, last, whole = f"{stems} {stem}", end, True
            continue
        if whole:
            run.append((stems, first, last))
        if run and (not whole or not gap.isspace()):
            yield tuple(run)
            run = []
        stems, first, last, whole = stem, start, end, len(stem) > 1 and stem not in STOPWORDS
    if whole:
        run.append((stems, first, last))
    if run:
        yield tuple(run)
