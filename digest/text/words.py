"""Text becomes words: folded, stemmed, and each with its place in the original text.

`words` reads TeX the way papers use it, folds case, accents and compatibility forms, and returns a
small graph: a plain word stands from `at` to `at + 1`, the joined form of a hyphenated pair stands
from its first part's `at` to its last part's `after`. So a phrase is a path through the graph, and
"pre-training", "pre training" and "pretraining" meet.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import accumulate, islice, pairwise
from typing import NamedTuple

from digest.text.stem import stem
from digest.text.tex import Traced, replace_tex


class Word(NamedTuple):
    """One word of a text.

    `text` is folded and unstemmed, `stem` its inflectional stem. `start` and `end` count code points
    of the original text. `at` and `after` are its place in the word graph. `sign` is a trailing `++`
    or `#`, which `text` and `stem` include.
    """

    text: str
    stem: str
    start: int
    end: int
    at: int
    after: int
    sign: str = ""

    @property
    def bare(self) -> str:
        """Return `text` without its sign: `solver` for `solver++`."""
        return self.text.removesuffix(self.sign)

    @property
    def bare_stem(self) -> str:
        """Return `stem` without its sign."""
        return self.stem.removesuffix(self.sign)


def words(text: str) -> tuple[Word, ...]:
    """Return the words of a text, by start, then end.

    Any string is accepted, also one with lone surrogates or control characters. The same text always
    gives the same words.
    """
    if text.isascii() and "\\" not in text:
        return tuple(_words_of_folded(text.lower()))
    folded, starts, ends = _unicode(*replace_tex(text)) if "\\" in text else _unicode(text)
    return tuple(
        word._replace(start=starts[word.start], end=ends[word.end - 1]) for word in _words_of_folded(folded)
    )


def pieces(text: str) -> list[str]:
    """Return the folded pieces of a text between which nothing holds together, without their places.

    `words_of_piece` of one after the other are the words of the text.
    """
    if text.isascii() and "\\" not in text:
        return text.translate(_TO_PIECES).split()
    folded = _unicode(*replace_tex(text))[0] if "\\" in text else fold(text)
    return folded.translate(_TO_PIECES).split()


def words_of_piece(piece: str) -> tuple[Word, ...]:
    """Return the words of a piece, with offsets and places counted from its start."""
    return tuple(_words_of_folded(piece))


def fold(text: str) -> str:
    """Return a text folded as its words are: case, accents, compatibility forms. TeX is left alone."""
    return text.lower() if text.isascii() else "".join(map(_fold_cluster, _clusters(text)))


def is_ideograph(char: str) -> bool:
    """Tell whether the folded character is a word of its own, as in Han, Kana and Hangul."""
    return _IDEOGRAPHS.match(char) is not None


# --- words of a folded text ----------------------------------------------------------------------

# What may hold together: no rule about words looks further than one chunk.
_ASCII_CHUNK = re.compile(r"([a-z0-9]+(?:[.'+#-]+[a-z0-9]+)*(?:\+\+|#)?)")
_CHUNK = re.compile(_ASCII_CHUNK.pattern.replace("0-9", r"0-9\x80-\U0010ffff"))

# Everything of ASCII that no chunk holds becomes a blank.
_TO_PIECES = {
    code: char if (char := chr(code).lower()).isalnum() or char in ".'+#-" else " " for code in range(128)
}

# A chunk is read by its shape, where ASCII stands for itself and any other character for its kind.
_LETTER, _DIGIT, _MARK, _IDEOGRAPH, _OTHER = "x", "0", "\u0300", "\u4e00", " "
_TOKEN = re.compile(
    r"""
    \u4e00 \u0300*
    | (?P<word> [a-z0-9] [a-z0-9\u0300]* (?: (?<=[0-9]) \. (?=[0-9]) [a-z0-9\u0300]+ )* )
      (?P<sign> \+\+ | \# )?
      (?: 's (?! [a-z0-9] ) )?
      (?P<hyphen> - (?= [a-z0-9] ) )?
    """,
    re.VERBOSE,
)

# Pages that drop backslashes print `4\times RTX` as "4timesRTX" and `\sim0.6` as "sim0.6". Before a
# digit both must begin the word, as "sometimes2" is no product; after a digit "sim" needs a
# non-letter behind it, as "3simple" is no estimate.
_GLUED = re.compile(r"(?<=[0-9])times|(?<=[0-9])sim(?![a-z])|^(?:times|sim)(?=[0-9])")

_CACHED_CHUNK = 40  # a longer chunk is rarely seen twice


def _words_of_folded(folded: str) -> list[Word]:
    """Return the words of a folded text, with offsets into it."""
    new = tuple.__new__  # a third of the cost of calling Word
    found: list[Word] = []
    at = 0
    pieces = (_ASCII_CHUNK if folded.isascii() else _CHUNK).split(folded)
    starts = islice(accumulate(map(len, pieces)), 0, None, 2)  # of the chunks, which stand at odd places
    for offset, chunk in zip(starts, islice(pieces, 1, None, 2), strict=False):
        parts = _known_chunk(chunk) if len(chunk) <= _CACHED_CHUNK else _read_chunk(chunk)
        if len(parts) == 1:
            text, stemmed, start, end, _, _, sign = parts[0]
            found.append(new(Word, (text, stemmed, offset + start, offset + end, at, at + 1, sign)))
            at += 1
            continue
        for text, stemmed, start, end, begin, after, sign in parts:
            found.append(
                new(Word, (text, stemmed, offset + start, offset + end, at + begin, at + after, sign))
            )
        at += parts[-1].after if parts else 0
    return found


def _read_chunk(chunk: str) -> tuple[Word, ...]:
    """Return the words of a chunk, with offsets and places counted from its start."""
    shape = chunk if chunk.isascii() else "".join(map(_shape, chunk))
    found: list[Word] = []
    at = 0
    for chain in _chains(shape):
        parts = [_word(chunk, span, at + place) for place, span in enumerate(chain)]
        at += len(parts)
        if len(parts) == 2:
            parts.insert(1, _joined(*parts))
        found += parts
    return tuple(found)


_known_chunk = lru_cache(maxsize=1 << 16)(_read_chunk)


class _Span(NamedTuple):
    start: int
    end: int
    sign: str


def _chains(shape: str) -> Iterator[list[_Span]]:
    """Yield the words of a chunk, those together that a single hyphen links."""
    chain: list[_Span] = []
    for token in _TOKEN.finditer(shape):
        *before, last = _pieces(token)
        for piece in before:
            yield [*chain, piece]
            chain = []
        chain.append(last)
        if token["hyphen"] is None:
            yield chain
            chain = []


def _pieces(token: re.Match[str]) -> list[_Span]:
    """Return the token as one word, or as several where "times" or "sim" is glued to a digit."""
    word, sign = token["word"], token["sign"] or ""
    if word is None:
        return [_Span(token.start(), token.end(), "")]
    start, end = token.span("word")
    if "times" not in word and "sim" not in word:
        return [_Span(start, end, sign)]
    cuts = {0, len(word)}.union(*(found.span() for found in _GLUED.finditer(word)))
    edges = [start + cut for cut in sorted(cuts)]
    spans = [_Span(first, last, "") for first, last in pairwise(edges)]
    return [*spans[:-1], spans[-1]._replace(sign=sign)]


def _word(chunk: str, span: _Span, at: int) -> Word:
    bare = chunk[span.start : span.end]
    end = span.end + len(span.sign)
    return Word(bare + span.sign, stem(bare) + span.sign, span.start, end, at, at + 1, span.sign)


def _joined(first: Word, second: Word) -> Word:
    """Return the one word that a hyphenated pair also is."""
    bare = first.bare + second.bare
    sign = second.sign
    return Word(bare + sign, stem(bare) + sign, first.start, second.end, first.at, second.after, sign)


@lru_cache(maxsize=1 << 14)
def _shape(char: str) -> str:
    """Return what a folded character counts as within a chunk."""
    if char.isascii():
        return char
    if is_ideograph(char):
        return _IDEOGRAPH
    if char.isalnum():
        return _DIGIT if char.isdecimal() else _LETTER
    if unicodedata.category(char)[0] == "M":
        return _MARK
    return _PUNCTUATION.get(char, _OTHER)


# Han, Kana and Hangul as NFKC leaves them; texts in them have no blanks to tell words by.
_IDEOGRAPHS = re.compile(
    "[\u3005\u3007\u3021-\u3029\u3038-\u303b\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fffd"
    "\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\U0001aff0-\U0001afff"
    "\U0001b000-\U0001b16f\u1100-\u11ff\ua960-\ua97f\uac00-\ud7ff]"
)
# U+2011 folds to U+2010. U+02BC is a letter to Unicode, an apostrophe to those who type it.
_PUNCTUATION = {"\u2010": "-", "\u2019": "'"}


# --- Unicode -------------------------------------------------------------------------------------

_ASCII_RUN = re.compile(r"[\x00-\x7f]+")


def _unicode(text: str, starts: list[int] | None = None, ends: list[int] | None = None) -> Traced:
    """Fold a text, keeping for each character where in the original it came from.

    `starts` and `ends` are the places of the text's own characters; without them they are in order.
    """
    starts = list(range(len(text))) if starts is None else starts
    ends = list(range(1, len(text) + 1)) if ends is None else ends
    folded: list[str] = []
    new_starts: list[int] = []
    new_ends: list[int] = []
    place = 0
    for part in _clusters(text):
        after = place + len(part)
        if part.isascii():
            folded.append(part.lower())
            new_starts += starts[place:after]
            new_ends += ends[place:after]
        elif result := _fold_cluster(part):
            folded.append(result)
            new_starts += [starts[place]] * len(result)
            new_ends += [ends[after - 1]] * len(result)
        elif new_ends and _is_mark(part):
            new_ends[-1] = ends[after - 1]  # an accent belongs to its letter
        place = after
    return "".join(folded), new_starts, new_ends


def _clusters(text: str) -> Iterator[str]:
    """Split a text into runs of ASCII and, between them, characters with what composes with them."""
    place = 0
    for run in _ASCII_RUN.finditer(text):
        yield from _composed(text[place : run.start()])
        yield run.group()
        place = run.end()
    yield from _composed(text[place:])


def _composed(run: str) -> Iterator[str]:
    start = 0
    for place, char in enumerate(run):
        if place > start and not _joins(char):
            yield run[start:place]
            start = place
    if run:
        yield run[start:]


@lru_cache(maxsize=1 << 14)
def _joins(char: str) -> bool:
    """Tell whether the character may compose with the one before it."""
    return (
        "\u1160" <= char <= "\u11ff"  # vowels and finals of Hangul
        or char in "\uff9e\uff9f"  # the voicing of half-width Kana
        or (unicodedata.category(char)[0] == "M" and not _is_mark(char))
    )


@lru_cache(maxsize=1 << 14)
def _is_mark(char: str) -> bool:
    """Tell whether the character is an accent, which folding removes.

    Marks without a combining class are vowels (of Indic scripts); classes 7 to 9 are the nukta, the
    voicing of Kana and the virama: all of them make another letter, so they stay.
    """
    category = unicodedata.category(char[0])
    overlay_or_accent = unicodedata.combining(char[0]) not in {0, 7, 8, 9}
    return category == "Me" or (category == "Mn" and overlay_or_accent)


# Zero width, and not of category Cf: the grapheme joiner, Hangul and Khmer fillers, variation selectors.
_INVISIBLE = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]")
# Letters that Unicode does not take apart, though readers without the key do.
_PLAIN_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ŧ": "t", "ı": "i", "ȷ": "j", "æ": "ae", "œ": "oe"}
    | {"ð": "d", "þ": "th", "ŋ": "ng", "\u02bc": "'"}
)


@lru_cache(maxsize=1 << 14)
def _fold_cluster(cluster: str) -> str:
    """Return a cluster folded; nothing at all if it has no width or is an accent."""
    if cluster.isascii():
        return cluster.lower()
    kept = "".join(
        char
        for char in unicodedata.normalize("NFKD", cluster)
        if not (_is_mark(char) or unicodedata.category(char) == "Cf" or _INVISIBLE.match(char))
    )
    return unicodedata.normalize("NFKC", kept.casefold().translate(_PLAIN_LETTERS))
