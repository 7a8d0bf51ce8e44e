"""Terms of learning, which are stems, as the words of a paper that people read."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from digest.model import Paper
from digest.text.stopwords import GENERIC, STOPWORDS
from digest.text.words import Word, words


def surface_forms(terms: Iterable[str], papers: Iterable[Paper]) -> tuple[str, ...]:
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
    telling = [word for word in words(text) if is_content_word(word)]
    for word in telling:
        yield word.stem, word.text
    for one, two in pairwise(telling):
        yield f"{one.stem} {two.stem}", f"{one.text} {two.text}"


def is_content_word(word: Word) -> bool:
    """Tell whether a word says what a paper is about: no part joined of others, no function word."""
    return word.after - word.at == 1 and len(word.stem) > 1 and word.stem not in STOPWORDS


def keyphrases(*texts: str) -> dict[str, str]:
    """Return what texts are about (stems, pairs of stems that follow each other), each as it is written there."""
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
    """Return a term as titles write it, with the words that mostly follow it: `chain of thought` for `chain`."""
    said: Counter[str] = Counter()
    longer: dict[str, Counter[str]] = {}
    size = 1 + term.count(" ")
    for title in titles:
        plain = [word for word in words(title) if word.after - word.at == 1]
        for place in range(len(plain) - size + 1):
            run = plain[place : place + size + _FOLLOWING]
            if " ".join(word.stem for word in run[:size]) == term:
                said[_cased(title[run[0].start : run[size - 1].end])] += 1
                for key, text in _longer(title, run, size):
                    longer.setdefault(key, Counter())[text] += 1
                break
    enough = said.total() * _MOSTLY
    often = [key for key, spellings in longer.items() if spellings.total() > enough]
    if often:
        said = longer[max(often, key=lambda key: (len(key), key))]
    return min(said, key=lambda text: (-said[text], text), default=term)


_FOLLOWING = 2
_MOSTLY = 0.6


def _longer(title: str, run: Sequence[Word], size: int) -> Iterator[tuple[str, str]]:
    """Yield a term with the next word, and the next two, where nothing but a blank or a hyphen is between.

    Each as its folded words and as it is written.
    """
    for end in range(size, len(run)):
        if title[run[end - 1].end : run[end].start] not in {" ", "-"}:
            return
        if is_content_word(run[end]):
            folded = " ".join(word.text for word in run[: end + 1])
            yield folded, _cased(title[run[0].start : run[end].end])


def _cased(text: str) -> str:
    """Return words of a title as they stand in a sentence: `GRPO` and `LoRA` stay, `Chain-of-Thought` does not."""
    return "".join(
        part if part[1:] != part[1:].lower() else part.lower() for part in re.split(r"([\s-]+)", text)
    )
