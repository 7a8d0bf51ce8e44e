"""Terms of learning, which are stems, as the words of a paper that people read."""

from collections.abc import Iterable
from itertools import pairwise

from digest.match.stopwords import STOPWORDS
from digest.model import Paper
from digest.text import Word, words


def spoken(terms: Iterable[str], papers: Iterable[Paper]) -> tuple[str, ...]:
    """Return each term as the first of the papers that has it writes it; a term of none stays as it is."""
    wanted = dict.fromkeys(terms)
    found: dict[str, str] = {}
    for paper in papers:
        for text in (paper.title, paper.abstract):
            for term, said in _said(text):
                if term in wanted:
                    found.setdefault(term, said)
        if len(found) == len(wanted):
            break
    return tuple(found.get(term, term) for term in wanted)


def _said(text: str) -> Iterable[tuple[str, str]]:
    telling = [word for word in words(text) if is_telling(word)]
    for word in telling:
        yield word.stem, word.text
    for one, two in pairwise(telling):
        yield f"{one.stem} {two.stem}", f"{one.text} {two.text}"


def is_telling(word: Word) -> bool:
    """Tell whether a word says what a paper is about: no part joined of others, no function word."""
    return word.after - word.at == 1 and len(word.stem) > 1 and word.stem not in STOPWORDS
