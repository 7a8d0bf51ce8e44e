"""Splits text into words, folded and stemmed, with their positions in the original text.

The words form a small graph. A plain word is an edge from `at` to `at + 1`; the joined form of a hyphenated
pair is an edge from the `at` of its first part to the `after` of its last. A phrase is a path in this graph,
so that "pre-training", "pre training" and "pretraining" match each other. So is the joined form of parts between
which there is only markup (`CO$_2$`), an apostrophe ("O'Brien") or the border of a Greek letter ("TGFβ").
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import accumulate, islice, pairwise
from typing import NamedTuple

from digest.text.folding import fold, fold_traced
from digest.text.formulas import is_marked, linked, named, named_traced
from digest.text.stem import stem
from digest.text.tex import replace_tex

# A chunk is text that may be one word; no rule about words looks beyond one chunk.
_ASCII_CHUNK = re.compile(r"([a-z0-9]+(?:[.'`+#_$-]+[a-z0-9]+)*(?:\+\+|#)?)")
_CHUNK = re.compile(_ASCII_CHUNK.pattern.replace("0-9", r"0-9\x80-\U0010ffff"))

# Lower-cases ASCII and replaces the characters that no chunk contains by spaces.
_TO_PIECES = {
    code: char if (char := chr(code).lower()).isalnum() or char in ".'`+#_$-" else " " for code in range(128)
}
_TO_PLAIN_PIECES = _TO_PIECES | {ord(link): " " for link in "_$`"}

# A chunk is tokenised by its shape: ASCII characters stay, and other characters are replaced by their class.
_LETTER, _DIGIT, _MARK, _IDEOGRAPH, _OTHER = "x", "0", "\u0300", "\u4e00", " "
_TOKEN = re.compile(
    r"""
    \u4e00 \u0300*
    | (?P<word> [a-z0-9] [a-z0-9\u0300]* (?: (?<=[0-9]) \. (?=[0-9]) [a-z0-9\u0300]+ )* )
      (?P<sign> \+\+ | \# )?
      (?: 's (?! [a-z0-9] ) )?
      (?P<link> (?: \$*+ - \$*+ | [_$]++ | ['`] ) (?= [a-z0-9] ) )?
    """,
    re.VERBOSE,
)

# Pages that drop backslashes show `4\times RTX` as "4timesRTX" and `\sim0.6` as "sim0.6". Before a digit,
# both must be at the start of the word ("sometimes2" is not a product). After a digit, "sim" must not be
# followed by a letter ("3simple" is not an estimate).
_GLUED = re.compile(r"(?<=[0-9])times|(?<=[0-9])sim(?![a-z])|^(?:times|sim)(?=[0-9])")

_CACHED_CHUNK = 40  # longer chunks rarely occur twice

# Han, Kana and Hangul in NFKC, in which spaces do not separate words.
_IDEOGRAPHS = re.compile(
    "[\u3005\u3007\u3021-\u3029\u3038-\u303b\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fffd"
    "\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\U0001aff0-\U0001afff"
    "\U0001b000-\U0001b16f\u1100-\u11ff\ua960-\ua97f\uac00-\ud7ff]"
)
# The hyphen U+2010 (to which U+2011 folds), and what is typed as an apostrophe: quotation marks and the prime.
_PUNCTUATION = {"\u2010": "-", "\u2019": "'", "\u2018": "`", "\u2032": "`"}


class Word(NamedTuple):
    """A word of a text.

    `text` is folded but not stemmed; `stem` is its inflectional stem. `start` and `end` are offsets in code
    points of the original text. `at` and `after` are the ends of its edge in the word graph. `sign` is a
    trailing `++` or `#`, which `text` and `stem` include.
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
        """Return `text` without the sign: `solver` for `solver++`."""
        return self.text.removesuffix(self.sign)

    @property
    def bare_stem(self) -> str:
        """Return `stem` without the sign."""
        return self.stem.removesuffix(self.sign)


def words(text: str) -> tuple[Word, ...]:
    """Return the words of a text, sorted by start, then end.

    Any string is accepted, also with lone surrogates or control characters.
    """
    marked = is_marked(text)
    if not marked and text.isascii():
        return tuple(_words_of_folded(text.lower()))
    if marked:
        text = linked(text)
    folded, starts, ends = named_traced(
        *(fold_traced(*replace_tex(text)) if "\\" in text else fold_traced(text))
    )
    return tuple(
        word._replace(start=starts[word.start], end=ends[word.end - 1]) for word in _words_of_folded(folded)
    )


def pieces(text: str) -> list[str]:
    """Split a text into folded pieces that no word spans, without their offsets.

    The words of all pieces (see `words_of_piece`) are the words of the text.
    """
    marked = is_marked(text)
    if not marked and text.isascii():
        return text.translate(_TO_PIECES).split()
    if marked:
        text = linked(text)
    folded = fold_traced(*replace_tex(text))[0] if "\\" in text else fold(text)
    return named(folded).translate(_TO_PIECES).split()


def plain_pieces(text: str) -> list[str]:
    """Split a text into folded pieces without links: no word joins parts between which there is markup."""
    if text.isascii() and "\\" not in text:
        return text.translate(_TO_PLAIN_PIECES).split()
    folded = fold_traced(*replace_tex(text))[0] if "\\" in text else fold(text)
    return folded.translate(_TO_PLAIN_PIECES).split()


def words_of_piece(piece: str) -> tuple[Word, ...]:
    """Return the words of a piece, with offsets and graph positions relative to its start."""
    return tuple(_words_of_folded(piece))


def is_ideograph(char: str) -> bool:
    """Return whether the folded character is a word by itself, as in Han, Kana and Hangul."""
    return _IDEOGRAPHS.match(char) is not None


def _words_of_folded(folded: str) -> list[Word]:
    """Return the words of a folded text, with offsets in the folded text."""
    new = tuple.__new__  # takes a third of the time of calling Word
    found: list[Word] = []
    at = 0
    pieces = (_ASCII_CHUNK if folded.isascii() else _CHUNK).split(folded)
    starts = islice(accumulate(map(len, pieces)), 0, None, 2)  # of the chunks, which have odd indexes
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
    """Return the words of a chunk, with offsets and graph positions relative to its start."""
    shape = chunk if chunk.isascii() else "".join(map(_shape, chunk))
    found: list[Word] = []
    at = 0
    for chain in _chains(chunk, shape):
        first = len(found)
        wholes: list[Word] = []
        for group in chain:
            parts = [_word(chunk, span, at + index) for index, span in enumerate(group)]
            at += len(parts)
            wholes.append(parts[0] if len(parts) == 1 else _joined(parts))
            found += parts if len(parts) == 1 else (parts[0], wholes[-1], *parts[1:])
        if len(chain) == 2:
            found.insert(first + 1 + (len(chain[0]) > 1), _joined(wholes))
    return tuple(found)


_known_chunk = lru_cache(maxsize=1 << 16)(_read_chunk)


class _Span(NamedTuple):
    start: int
    end: int
    sign: str


def _chains(chunk: str, shape: str) -> Iterator[list[list[_Span]]]:
    """Yield the words of a chunk as chains of groups: hyphens link the groups, other links the words of one."""
    chain: list[list[_Span]] = []
    link = ""
    for token in _TOKEN.finditer(shape):
        first, *more = _pieces(token)
        if chain and "-" in link:
            chain.append([first])
        elif chain and link and _is_linked(chunk, shape, chain[-1][-1], link, first):
            chain[-1].append(first)
        else:
            if chain:
                yield chain
            chain = [[first]]
        for piece in more:
            yield chain
            chain = [[piece]]
        link = token["link"] or ""
    if chain:
        yield chain


_ORDINALS = frozenset(("st", "nd", "rd", "th"))
_CONTRACTED = frozenset(("re", "ve", "ll"))


def _is_linked(chunk: str, shape: str, before: _Span, link: str, after: _Span) -> bool:
    """Return whether a link joins two words: `H_2`, `NO_x` and `O'Brien`, but not `10^2`, `x_i`, `snake_case`, `we'll`."""
    if before.sign:
        return False
    follows = chunk[after.start : after.end]
    number, numbers = shape[before.end - 1].isdigit(), shape[after.start].isdigit()
    if link in "'`":
        return not (number or numbers) and len(follows) > 1 and follows not in _CONTRACTED
    if number:
        return not numbers and ("_" not in link or follows in _ORDINALS)
    if numbers or "_" not in link:
        return True
    # An index that is a letter is another word, except in oxides and the like: `NO_x`, `SiN_x`.
    return follows == "x" and before.end - before.start > 1 and chunk[before.end - 1] in "onhcs"


def _pieces(token: re.Match[str]) -> list[_Span]:
    """Return the token as one word, or as several if "times" or "sim" is attached to a digit."""
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


def _joined(parts: Sequence[Word]) -> Word:
    """Return the joined form of words that follow each other."""
    first, last = parts[0], parts[-1]
    bare = "".join([part.bare for part in parts])
    return Word(
        bare + last.sign, stem(bare) + last.sign, first.start, last.end, first.at, last.after, last.sign
    )


@lru_cache(maxsize=1 << 14)
def _shape(char: str) -> str:
    """Return the class of a folded character in the shape of a chunk."""
    if char.isascii():
        return char
    if is_ideograph(char):
        return _IDEOGRAPH
    if char.isalnum():
        return _DIGIT if char.isdecimal() else _LETTER
    if unicodedata.category(char)[0] == "M":
        return _MARK
    return _PUNCTUATION.get(char, _OTHER)
