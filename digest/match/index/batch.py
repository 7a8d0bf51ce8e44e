"""Papers to be matched together, as arrays of words.

A text is cut into pieces that no word spans. A `Lexicon` keeps the words of every piece it has read, with
their small graph, as rows of arrays, so that a batch of texts becomes arrays of words by look-ups alone.
Words are numbers here; the lexicon knows their text.
"""

from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import chain, repeat

import numpy as np

from digest.match.index.arrays import Numbers, Places, ranges
from digest.match.query.parser import FIELDS, STEMMED
from digest.match.reference import AnalysedPaper, analyse, texts_of
from digest.model import Paper
from digest.text.stem import stem
from digest.text.words import pieces, words_of_piece

# From here on the lexicon forgets its pieces (never its words), to bound the memory of a long-lived process.
_MAX_PIECES = 1 << 20


class Lexicon:
    """The words of pieces of text, and the number of every word.

    The words of piece n are rows `starts[n]` to `starts[n + 1]` of the arrays `stems`, `texts`, `begins`
    and `afters`; a word with a sign (`c++`) has a second row for its bare form. `sizes[n]` is the number of
    places that the piece takes in the word graph.
    """

    def __init__(self) -> None:
        self.words: list[str] = []
        self._numbers = _Numbers(self.words)
        self._forget()

    def _forget(self) -> None:
        self._pieces: dict[str, int] = {}
        self._starts, self._sizes = array("i", [0]), array("i")
        self._rows = tuple(array("i") for _ in range(4))

    def number(self, word: str) -> int:
        """Return the number of a word; a word that is not known yet gets the next one."""
        return self._numbers[word]

    def _read(self, new: Iterable[str]) -> None:
        """Add the words of pieces that were not read before."""
        plain: list[str] = []  # most pieces are a single word and need no word graph
        for piece in new:
            if piece.isascii() and piece.isalpha():
                plain.append(piece)
            else:
                self._read_words(piece)
        self._pieces.update(zip(plain, range(len(self._sizes), len(self._sizes) + len(plain)), strict=True))
        stems, texts, begins, afters = self._rows
        stems.extend(map(self._numbers.__getitem__, map(stem, plain)))
        texts.extend(map(self._numbers.__getitem__, plain))
        begins.extend(repeat(0, len(plain)))
        afters.extend(repeat(1, len(plain)))
        self._sizes.extend(repeat(1, len(plain)))
        self._starts.extend(range(self._starts[-1] + 1, len(stems) + 1))

    def _read_words(self, piece: str) -> None:
        self._pieces[piece] = len(self._sizes)
        place = 0
        for word in words_of_piece(piece):
            place = max(place, word.after)
            self._add(word.text, word.stem, word.at, word.after)
            if word.sign:
                self._add(word.bare, word.bare_stem, word.at, word.after)
        self._starts.append(len(self._rows[0]))
        self._sizes.append(place)

    def _add(self, text: str, stemmed: str, at: int, after: int) -> None:
        for row, value in zip(self._rows, (self.number(stemmed), self.number(text), at, after), strict=True):
            row.append(value)

    def tokens(self, texts: Sequence[str]) -> "Tokens":
        """Return the words of the texts, one text after the other."""
        if len(self._sizes) > _MAX_PIECES:
            self._forget()
        cut = [pieces(text) for text in texts]
        lengths = np.fromiter(map(len, cut), np.int64, len(cut))
        row = list(chain.from_iterable(cut))
        if not row:
            none, nowhere = np.zeros(0, np.int32), np.zeros(0, np.int64)
            return Tokens(none, none, none, nowhere, nowhere)
        self._read(set(row).difference(self._pieces))
        piece = np.fromiter(map(self._pieces.__getitem__, row), np.int32, len(row))
        starts = np.frombuffer(self._starts, np.int32)
        # One empty place between two texts keeps phrases from crossing from one to the other.
        sizes = np.frombuffer(self._sizes, np.int32)[piece].astype(np.int64)
        part = np.repeat(np.arange(len(cut), dtype=np.int32), lengths)
        place: Places = np.cumsum(sizes) - sizes + part
        first = starts[piece]
        counts = starts[piece + 1] - first
        rows = ranges(first, counts)
        base: Places = np.repeat(place, counts)
        stems, words, begins, afters = (np.frombuffer(each, np.int32) for each in self._rows)
        return Tokens(
            np.repeat(part, counts), stems[rows], words[rows], base + begins[rows], base + afters[rows]
        )


class _Numbers(dict[str, int]):
    """The number of each word: its place in a list to which new words are added."""

    def __init__(self, words: list[str]) -> None:
        self._words = words

    def __missing__(self, word: str) -> int:
        number = self[word] = len(self._words)
        self._words.append(word)
        return number


@dataclass(frozen=True, slots=True)
class Tokens:
    """Words in the order of the places at which they begin.

    `part` is the number of the text; `at` and `after` are the places where a word begins and ends.
    """

    part: Numbers
    stem: Numbers
    text: Numbers
    at: Places
    after: Places


class Batch:
    """Papers to be matched together, in the order in which equal scores rank: newest first, then by number.

    `field` and `paper` hold the field and the paper (its place in this order) of each of `tokens`; `stem`
    holds its stem, -1 in fields whose words are not stemmed. `order` maps places in this order to places
    in the sequence given.
    """

    def __init__(
        self,
        papers: Sequence[Paper],
        lexicon: Lexicon,
        analysed: Callable[[Paper], AnalysedPaper] = analyse,
    ) -> None:
        self.lexicon = lexicon
        self._papers, self._analyse = papers, analysed
        self._analysed: dict[int, AnalysedPaper] = {}
        self.order = sorted(
            range(len(papers)),
            key=lambda place: (-(papers[place].published or date.min).toordinal(), papers[place].number),
        )
        self.size = len(papers)
        texts = [
            (text, FIELDS.index(field), place)
            for place, number in enumerate(self.order)
            for field, _, text in texts_of(papers[number])
        ]
        self.tokens = lexicon.tokens([text for text, _, _ in texts])
        part = self.tokens.part
        self.field = np.array([field for _, field, _ in texts], np.int32)[part]
        self.paper = np.array([place for _, _, place in texts], np.int64)[part]
        stemmed = np.array([field in STEMMED for field in FIELDS])
        self.stem = np.where(stemmed[self.field], self.tokens.stem, -1) if len(part) else self.tokens.stem

    @cached_property
    def begins(self) -> Places:
        """Where the tokens of each place begin: those at place p are `begins[p]` to `begins[p + 1]`."""
        places = int(self.tokens.after.max(initial=0)) + 2
        return np.concatenate(([0], np.cumsum(np.bincount(self.tokens.at, minlength=places))))

    @property
    def width(self) -> int:
        """The number of 64-bit words of a bitmap over the papers."""
        return max(1, -(-self.size // 64))

    def analysed(self, place: int) -> AnalysedPaper:
        """Return the paper at a place, prepared for the reference matcher."""
        if place not in self._analysed:
            self._analysed[place] = self._analyse(self._papers[self.order[place]])
        return self._analysed[place]
