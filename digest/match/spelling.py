"""Words of a query that no paper contains, each with the nearest word that papers do contain. Pure.

Nearest is the British or American form of a word (`quantise`, `quantize`), then a word one letter away, then two: a
letter is missing, too many or another, or two neighbours are swapped. Of several, the most frequent is taken.
"""

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from string import ascii_lowercase
from typing import Protocol

from digest.match.query.parser import Atom, Query, positive_atoms
from digest.match.reference import is_prefix, is_stemmed, texts_of, units
from digest.model import Paper
from digest.text.stem import stem
from digest.text.words import Word, pieces, words_of_piece

Spellings = tuple[tuple[str, str], ...]  # a word as typed, and the one that papers contain

_SHORTEST = 4  # letters; shorter words are near too many others
_SHORTEST_TWICE = 8  # the same for two letters
_MORE = 3  # the other form of a word is offered if it is so many times more frequent

# Parts of words in British, then in American spelling.
_FORMS = (
    *(("isation", "ization"), ("is", "iz"), ("ys", "yz"), ("our", "or"), ("tre", "ter"), ("bre", "ber")),
    *(("ogue", "og"), ("ence", "ense"), ("ll", "l"), ("l", "ll"), ("ae", "e"), ("oe", "e")),
    *(("gramme", "gram"), ("sulph", "sulf"), ("eable", "able"), ("grey", "gray")),
)


class Words(Protocol):
    """The words of papers."""

    def often(self, text: str, fields: Sequence[str]) -> int:
        """Return how often fields contain a word that is spelt so."""

    def inflections(self, stemmed: str) -> Iterable[str]:
        """Return the words with a stem."""

    def beginning(self, prefix: str) -> Iterable[str]:
        """Return the words that begin so."""


class Vocabulary:
    """The words of some papers, which are read when a word is first looked up."""

    def __init__(self, papers: Iterable[Paper]) -> None:
        self._papers = papers
        self._stems: dict[str, set[str]] = defaultdict(set)
        self._sorted: list[str] = []

    @cached_property
    def _often(self) -> dict[str, Counter[str]]:
        found: dict[str, Counter[str]] = defaultdict(Counter)
        for paper in self._papers:
            for field, _, text in texts_of(paper):
                found[field].update(pieces(text))
        often = {field: _words_of(counted) for field, counted in found.items()}
        for counted in often.values():
            for text in counted:
                self._stems[stem(text.rstrip("+#"))].add(text)
        self._sorted = sorted({text for counted in often.values() for text in counted})
        return often

    def often(self, text: str, fields: Sequence[str]) -> int:
        return sum(self._often[field][text] for field in fields if field in self._often)

    def inflections(self, stemmed: str) -> Iterable[str]:
        return self._stems.get(stemmed, ()) if self._often else ()

    def beginning(self, prefix: str) -> Iterable[str]:
        if not self._often:
            return ()
        return self._sorted[slice(*beginning(self._sorted, prefix))]


def beginning(texts: Sequence[str], prefix: str) -> tuple[int, int]:
    """Return where those of sorted texts that begin so begin and end."""
    return bisect_left(texts, prefix), bisect_left(texts, prefix + "\U0010ffff")


def _words_of(counted: Mapping[str, int]) -> Counter[str]:
    often: Counter[str] = Counter()
    for piece, times in counted.items():
        for word in words_of_piece(piece):
            often[word.text] += times
            if word.sign:
                often[word.bare] += times
    return often


def spellings(query: Query, known: Words) -> Spellings:
    """Return the words of a query that are to be spelt in another way, each with that way."""
    found = {}
    for atom in positive_atoms(query):
        for unit in units(atom.words):
            joined = any(_times(atom, word, known) for word in unit if word.after - word.at > 1)
            for word in unit:
                if word.after - word.at == 1 and not joined and (meant := _meant(atom, word, known)):
                    star = "*" * is_prefix(atom, word)
                    found[word.text + star] = meant + star
    return tuple(found.items())


def _meant(atom: Atom, word: Word, known: Words) -> str | None:
    """Return the word that is probably meant; None if the word is right, or nothing is near."""
    times = _times(atom, word, known)
    if other := _most_frequent(atom, word, _forms(word.text), _MORE * times, known):
        return other
    if times:
        return None
    if is_prefix(atom, word):
        long_enough = len(word.text) >= _SHORTEST
        return _most_frequent(atom, word, _one_letter_away(word.text), 0, known) if long_enough else None
    return nearest(word.text, known, atom.fields)


def _most_frequent(atom: Atom, word: Word, texts: Iterable[str], more_than: int, known: Words) -> str | None:
    """Return the text that an atom would match most often in place of a word, if more than so often."""
    times = {text: _times(atom, word._replace(text=text, stem=stem(text)), known) for text in texts}
    best = max(sorted(times), key=lambda text: times[text], default="")
    return best if best and times[best] > more_than else None


def _times(atom: Atom, word: Word, known: Words) -> int:
    """Return how often a word of an atom occurs in its fields."""
    if is_prefix(atom, word):
        return sum(known.often(text, atom.fields) for text in known.beginning(word.text))
    return sum(
        known.often(text, (field,))
        for field in atom.fields
        for text in (known.inflections(word.stem) if is_stemmed(atom, field) else (word.text,))
    )


def nearest(word: str, known: Words, fields: Sequence[str]) -> str | None:
    """Return the most frequent of the nearest words that fields contain; None without one."""
    if len(word) < _SHORTEST:
        return None
    for edits in (_forms(word), _one_letter_away(word)):
        often = {edit: times for edit in edits if edit != word and (times := known.often(edit, fields))}
        if often:
            return max(sorted(often), key=lambda edit: often[edit])
    if len(word) < _SHORTEST_TWICE:
        return None
    letters = set(word)
    near = {
        text: times
        for text in known.beginning(word[0])
        if abs(len(text) - len(word)) < 3
        and len(letters ^ set(text)) < 5
        and _distance(word, text) == 2
        and (times := known.often(text, fields))
    }
    return max(sorted(near), key=lambda text: near[text], default=None)


def _forms(word: str) -> Iterator[str]:
    """Yield the British and American forms of a word, and words that only look like them."""
    for pair in _FORMS:
        for here, there in (pair, pair[::-1]):
            for found in re.finditer(
                here, word[1:]
            ):  # no form differs in the first letter, except "oestrogen"
                yield word[: found.start() + 1] + there + word[found.end() + 1 :]
        if word.startswith(pair[0]):
            yield pair[1] + word[len(pair[0]) :]


def _one_letter_away(word: str) -> set[str]:
    cuts = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    swapped = {head + tail[1] + tail[0] + tail[2:] for head, tail in cuts if len(tail) > 1}
    shorter = {head + tail[1:] for head, tail in cuts if tail}
    longer = {head + letter + tail for head, tail in cuts for letter in ascii_lowercase}
    other = {head + letter + tail[1:] for head, tail in cuts if tail for letter in ascii_lowercase}
    return swapped | shorter | longer | other


def _distance(one: str, other: str) -> int:
    """Return the number of letters to change (Damerau-Levenshtein, each pair of neighbours swapped at most once)."""
    before: list[int] = []
    last = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        here = [row]
        for column, wanted in enumerate(other, 1):
            cost = min(last[column] + 1, here[-1] + 1, last[column - 1] + (letter != wanted))
            if row > 1 and column > 1 and letter == other[column - 2] and one[row - 2] == wanted:
                cost = min(cost, before[column - 2] + 1)
            here.append(cost)
        before, last = last, here
    return last[-1]
