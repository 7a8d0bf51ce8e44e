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
    folded, starts, ends = _unicode(*_tex(text)) if "\\" in text else _unicode(text)
    return tuple(
        word._replace(start=starts[word.start], end=ends[word.end - 1]) for word in _words_of_folded(folded)
    )


def pieces(text: str) -> list[str]:
    """Return the folded pieces of a text between which nothing holds together, without their places.

    `words_of_piece` of one after the other are the words of the text.
    """
    if text.isascii() and "\\" not in text:
        return text.translate(_TO_PIECES).split()
    folded = _unicode(*_tex(text))[0] if "\\" in text else fold(text)
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

_Traced = tuple[str, list[int], list[int]]  # a text, and where each of its characters starts and ends
_ASCII_RUN = re.compile(r"[\x00-\x7f]+")


def _unicode(text: str, starts: list[int] | None = None, ends: list[int] | None = None) -> _Traced:
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


# --- TeX -----------------------------------------------------------------------------------------

_END = r"(?![A-Za-z])"  # of a control word
_ACCENT = (
    rf"""\\ (?: ["'`^~=.] | [cvuHkdbrt]{_END} ) \s*"""
    rf"""(?: (?P<letter> [A-Za-z] ) | \\ (?P<dotless> [ij] ){_END} (?: \s+ | \{{\}} )?"""
    rf"""  | \{{ \s* (?: (?P<braced> [A-Za-z]{{1,2}} ) | \\ (?P<braced_dotless> [ij] ) ) \s* \}} )"""
)
_LETTERS = {"ss": "ss", "SS": "ss", "aa": "a", "AA": "a", "ae": "ae", "AE": "ae", "oe": "oe", "OE": "oe"}
_LETTERS |= {"o": "o", "O": "o", "l": "l", "L": "l", "i": "i", "j": "j", "dh": "d", "DH": "d"}
_LETTERS |= {"dj": "d", "DJ": "d", "th": "th", "TH": "th", "ng": "ng", "NG": "ng"}
_NAMED = rf"\\ (?P<named> {'|'.join(_LETTERS)} ){_END} (?: \s+ | \{{\}} )?"
_FONT = (
    r"\\ (?: text(?: bf|it|sl|sc|tt|sf|rm|md|up|normal )? | emph | underline | uline"
    r"| math(?: bf|it|rm|sf|tt|cal|bb|frak|scr|normal|bfit ) | boldsymbol | bold | bm | pmb | mbox | hbox"
    r"| bf | it | em | rm | sc | tt | sf | sl | cal | boldmath | normalfont"
    rf"| (?: bf|md )series | (?: it|sc|sl|up )shape | (?: rm|sf|tt )family ){_END} \s*"
)
_REFERENCE = (
    r"\\ (?: (?: no|paren|text|foot|auto|full )?[cC]ite[a-z]* | (?: eq|auto|page|name|[cCvV] )?ref | label )"
    rf"{_END} \*? \s* (?: \[ [^][{{}}\\]* \] \s* )* \{{ [^{{}}\\]* \}}"
)


def _without_groups(pattern: str) -> str:
    return re.sub(r"\(\?P<\w+>", "(?:", pattern)


# What begins with a backslash and joins what it touches; it takes a `$` or `{` before it along.
_JOINING = f"(?: {_without_groups(_ACCENT)} | {_without_groups(_NAMED)} | {_FONT} )"
_TEX = re.compile(
    rf"""
      (?P<gone> {_REFERENCE} | \\[-/] )
    | (?P<font> \$? {_FONT} (?P<argument> \{{ )? )
    | (?P<group> \$? \{{ (?= \s* {_JOINING} ) )
    | {_ACCENT}
    | {_NAMED}
    | (?P<other> \\\\ | \\ | [{{}}] )
    """,
    re.VERBOSE,
)
# An accented letter alone in braces is one letter, braces and all.
_LETTER_IN_BRACES = re.compile(rf"\{{ \s* (?: {_ACCENT} | {_NAMED} ) \s* \}}", re.VERBOSE)


def _tex(text: str) -> _Traced:
    """Replace TeX's own signs, keeping for each character where it came from.

    Accents keep their letter, fonts and references vanish, any other command loses its backslash. A
    brace vanishes if it began with one of these; any other separates.
    """
    return _TexReader(text).read()


class _TexReader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.out: list[str] = []
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.braces: list[bool] = []  # of the open ones, which vanish

    def read(self) -> _Traced:
        text, place = self.text, 0
        while found := _TEX.search(text, place):
            self.copy(place, found.start())
            place = self.replace(found)
        self.copy(place, len(text))
        return "".join(self.out), self.starts, self.ends

    def copy(self, start: int, end: int) -> None:
        self.out.append(self.text[start:end])
        self.starts += range(start, end)
        self.ends += range(start + 1, end + 1)

    def put(self, chars: str, start: int, end: int) -> int:
        self.out.append(chars)
        self.starts += [start] * len(chars)
        self.ends += [end] * len(chars)
        return end

    def replace(self, found: re.Match[str]) -> int:
        """Write what stands for a piece of TeX, and return where reading goes on."""
        start, end = found.span()
        if found["gone"]:
            return end
        if found["font"]:
            if found["argument"]:
                self.braces.append(True)
            return end
        if found["group"]:
            if alone := _LETTER_IN_BRACES.match(self.text, start):
                return self.put(_letter(alone), start, alone.end())
            self.braces.append(True)
            return end
        if found["other"]:
            return self.separate(found["other"], start, end)
        return self.put(_letter(found), start, end)

    def separate(self, sign: str, start: int, end: int) -> int:
        if sign == "}" and self.braces and self.braces.pop():
            # `$\textbf{A}$daptive` is one word
            return end + 1 if self.text.startswith("$", end) else end
        if sign == "{":
            self.braces.append(False)
        return self.put(" ", start, end)


def _letter(found: re.Match[str]) -> str:
    """Return the letter, or the two of a ligature, of an accent or a named letter."""
    if found["named"]:
        return _LETTERS[found["named"]]
    return found["letter"] or found["dotless"] or found["braced"] or found["braced_dotless"] or ""


# --- stemming ------------------------------------------------------------------------------------

_VOWELS = frozenset("aeiouy")
_DOUBLES = ("bb", "dd", "ff", "gg", "mm", "nn", "pp", "rr", "tt")
_FIXED = {word: word for word in ("sky", "news", "howe", "atlas", "cosmos", "bias", "andes")}
_FIXED |= {"skies": "sky", "idly": "idl", "gently": "gentl", "ugly": "ugli", "early": "earli"}
_FIXED |= {"only": "onli", "singly": "singl"}
# Words whose first region ends later than the rule says, lest "past" meet "paste".
# R1 begins after the first consonant that follows a vowel, or after one of these; R2 the same way after R1.
_SYLLABLE = re.compile("[aeiouy][^aeiouy]")
_PREFIXES = ("gener", "commun", "arsen", "past", "univers", "later", "emerg", "organ", "inter")
_REGION = re.compile(f"^(?:{'|'.join(_PREFIXES)})|{_SYLLABLE.pattern}")
_NO_PARTICIPLES = frozenset(("inn", "out", "cann", "herr", "earr", "even"))  # inning, outing, canning …
_NO_PAST_TENSES = frozenset(("proc", "exc", "succ"))  # proceed, exceed, succeed


_PAST = ("ingly", "edly", "ing", "ed")
_INFLECTED = ("s", "ed", "ing", "y", "e", "ll")  # no step changes a word that ends otherwise


@lru_cache(maxsize=1 << 16)
def stem(word: str) -> str:
    """Return the inflectional stem of a folded word: without plural, -ed, -ing.

    These are steps 1a, 1b, 1c and 5 of the English Snowball stemmer (Porter2) with its exceptions.
    Step 0 is about apostrophes, which no word has; steps 2 to 4 would merge "adaptive" with
    "adaptation". A word that is not made of the letters a to z is its own stem.
    """
    if len(word) <= 2 or not (word.isascii() and word.isalpha()):
        return word
    if word in _FIXED:
        return _FIXED[word]
    if not word.endswith(_INFLECTED):
        return word
    marked = _mark_consonant_y(word)
    first = _end(_REGION, marked)
    short = _step_1c(_step_1b(_step_1a(marked), first))
    if short.endswith(("e", "ll")):
        short = _step_5(short, first, _end(_SYLLABLE, marked, first))
    return short.lower()


def _mark_consonant_y(word: str) -> str:
    """Write Y for a y at the beginning or after a vowel."""
    if "y" not in word:
        return word
    chars = list(word)
    for place, char in enumerate(chars):
        if char == "y" and (place == 0 or chars[place - 1] in _VOWELS):
            chars[place] = "Y"
    return "".join(chars)


def _end(part: re.Pattern[str], word: str, start: int = 0) -> int:
    """Return where a part of a word ends that is looked for from `start` on; the word's end if it has none."""
    found = part.search(word, start)
    return found.end() if found else len(word)


def _has_vowel(part: str) -> bool:
    return not _VOWELS.isdisjoint(part)


def _ends_short(word: str) -> bool:
    """Tell whether the word ends in a short syllable."""
    if word == "past":
        return True
    if len(word) < 2 or word[-1] in _VOWELS or word[-2] not in _VOWELS:
        return False
    return len(word) == 2 or (word[-3] not in _VOWELS and word[-1] not in "wxY")


def _step_1a(word: str) -> str:
    if word.endswith("sses"):
        return word[:-2]
    if word.endswith(("ied", "ies")):
        return word[:-2] if len(word) > 4 else word[:-1]
    if word.endswith("s") and not word.endswith(("us", "ss")) and _has_vowel(word[:-2]):
        return word[:-1]
    return word


def _step_1b(word: str, first: int) -> str:
    if word.endswith(("eed", "eedly")):
        base = word[: word.rindex("eed")]
        return base + "ee" if len(base) >= first and base not in _NO_PAST_TENSES else word
    if not word.endswith(_PAST):
        return word
    for suffix in _PAST:
        if word.endswith(suffix):
            base = word.removesuffix(suffix)
            break
    if suffix == "ing" and len(base) == 2 and base[1] == "y":
        return base[0] + "ie"  # dying
    if not _has_vowel(base) or (suffix == "ing" and base in _NO_PARTICIPLES):
        return word
    return _mend(base, first)


def _mend(base: str, first: int) -> str:
    """Give back what a suffix took: the e of "hoping", the single p of "hopping"."""
    if base.endswith(("at", "bl", "iz")):
        return base + "e"
    if base.endswith(_DOUBLES):
        return base if len(base) == 3 and base[0] in "aeo" else base[:-1]
    return base + "e" if len(base) <= first and _ends_short(base) else base


def _step_1c(word: str) -> str:
    if len(word) > 2 and word[-1] in "yY" and word[-2] not in _VOWELS:
        return word[:-1] + "i"
    return word


def _step_5(word: str, first: int, second: int) -> str:
    last = len(word) - 1
    if word.endswith("e") and (last >= second or (last >= first and not _ends_short(word[:-1]))):
        return word[:-1]
    if word.endswith("ll") and last >= second:
        return word[:-1]
    return word
