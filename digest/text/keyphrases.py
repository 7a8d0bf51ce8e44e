"""Terms of papers: their stems, and the words by which a paper shows them. Pure."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

from digest.model import Paper
from digest.text.stopwords import GENERIC, STOPWORDS
from digest.text.words import Word, words

# How many words may be added to a term, and in which share of the titles they must follow it.
_MOST_FOLLOWING, _USUALLY = 2, 0.6

# What occurs within a phrase, between its words: a space, hyphens, and at most two small words.
_WITHIN = re.compile(r"[ \-\u2010\u2011]?(?:[a-z]{1,5}[ \-\u2010\u2011]){0,2}")

_HYPHEN = re.compile(r"[-\u2010\u2011]")


def surface_forms(terms: Iterable[str], papers: Iterable[Paper]) -> tuple[str, ...]:
    """Return each term (one stem or two) as it is written in the first paper that has it, or unchanged."""
    wanted = dict.fromkeys(terms)
    found: dict[str, str] = {}
    for paper in papers:
        for text in (paper.title, paper.abstract):
            for term, surface in content_terms(text):
                if surface and term in wanted:
                    found.setdefault(term, surface)
        if len(found) == len(wanted):
            break
    return tuple(found.get(term, term) for term in wanted)


@lru_cache(maxsize=4096)
def spellings(paper: Paper) -> frozenset[tuple[str, str]]:
    """Return the terms of a paper (one stem or two), each with the words as the paper writes them, folded."""
    found = (pair for text in (paper.title, paper.abstract) for pair in content_terms(text))
    return frozenset((term, surface) for term, surface in found if surface)


def shared_forms(terms: Iterable[str], paper: Paper, others: Sequence[Paper]) -> Iterator[str]:
    """Yield those terms that a paper and one of the others write in the same words, as the paper writes them.

    Hyphens make no difference. A term whose words were in an earlier one is left out.
    """
    known = {_spaced(pair) for each in others for pair in spellings(each)}
    written = dict(sorted((pair for pair in spellings(paper) if _spaced(pair) in known), reverse=True))
    shown: set[str] = set()
    for term in terms:
        if term in written and not set(term.split()) <= shown:
            shown.update(term.split())
            yield written[term]


def _spaced(spelling: tuple[str, str]) -> tuple[str, str]:
    term, surface = spelling
    return term, _HYPHEN.sub(" ", surface)


@lru_cache(maxsize=1024)  # each takes about 30 kB for an abstract
def content_terms(text: str) -> tuple[tuple[str, str], ...]:
    """Return the content words and the pairs of neighbouring content words, each as stems and as written.

    A pair is written as the text has it (`text-to-speech`), as "" if there is more between its words than a phrase has.
    """
    content = [word for word in words(text) if is_content_word(word)]
    pairs = pairwise(content)
    return (
        *((word.stem, word.text) for word in content),
        *((f"{one.stem} {two.stem}", _phrase(text, one, two)) for one, two in pairs),
    )


def _phrase(text: str, one: Word, two: Word) -> str:
    between = text[one.end : two.start]
    return f"{one.text}{between}{two.text}" if _WITHIN.fullmatch(between) else ""


def is_content_word(word: Word) -> bool:
    """Return whether a word may tell the subject: it is neither a joined form nor a function word."""
    return word.after - word.at == 1 and len(word.stem) > 1 and word.stem not in STOPWORDS


def keyphrases(*texts: str) -> dict[str, str]:
    """Return the keywords and the pairs of adjacent keywords in texts: from stems to the words as written."""
    found: dict[str, str] = {}
    for text in texts:
        plain = [word for word in words(text) if word.after - word.at == 1]
        for word in plain:
            if _is_keyword(word):
                found.setdefault(word.stem, word.text)
        for one, two in pairwise(plain):
            if _is_keyword(one) and _is_keyword(two):
                found.setdefault(f"{one.stem} {two.stem}", f"{one.text} {two.text}")
    return found


def _is_keyword(word: Word) -> bool:
    return (
        is_content_word(word) and word.stem not in GENERIC and len(word.text) > 2 and not word.text.isdigit()
    )


def full_phrase(term: str, titles: Iterable[str]) -> str:
    """Return a term as titles write it, with the words that usually follow: `chain of thought` for `chain`."""
    spellings: Counter[str] = Counter()
    longer: dict[str, Counter[str]] = {}
    size = 1 + term.count(" ")
    for title in titles:
        plain = [word for word in words(title) if word.after - word.at == 1]
        for start in range(len(plain) - size + 1):
            run = plain[start : start + size + _MOST_FOLLOWING]
            if " ".join(word.stem for word in run[:size]) == term:
                spellings[cased(title[run[0].start : run[size - 1].end])] += 1
                for key, text in _longer(title, run, size):
                    longer.setdefault(key, Counter())[text] += 1
                break
    enough = spellings.total() * _USUALLY
    usual = [key for key, found in longer.items() if found.total() > enough]
    if usual:
        spellings = longer[max(usual, key=lambda key: (len(key), key))]
    return min(spellings, key=lambda text: (-spellings[text], text), default=term)


def _longer(title: str, run: Sequence[Word], size: int) -> Iterator[tuple[str, str]]:
    """Yield a term with the next one and the next two words, if only a space or a hyphen is between them.

    Each is a pair of the folded words and the words as written.
    """
    for end in range(size, len(run)):
        if title[run[end - 1].end : run[end].start] not in {" ", "-"}:
            return
        if is_content_word(run[end]):
            folded = " ".join(word.text for word in run[: end + 1])
            yield folded, cased(title[run[0].start : run[end].end])


def cased(text: str) -> str:
    """Return words of a title in sentence case: `GRPO` and `LoRA` stay, `Chain-of-Thought` is lower-cased."""
    return "".join(
        part if part[1:] != part[1:].lower() else part.lower() for part in re.split(r"([\s-]+)", text)
    )
