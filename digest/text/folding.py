"""Folding of text: case, accents and compatibility forms are removed. Pure."""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

# A text, and for each of its characters the start and the end in the original text.
Traced = tuple[str, list[int], list[int]]

_ASCII_RUN = re.compile(r"[\x00-\x7f]+")
# Characters without width outside of category Cf: grapheme joiner, fillers and variation selectors.
_INVISIBLE = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]")
# Letters that Unicode does not decompose, but that people without the key replace when they type. U+02BC is a
# letter in Unicode, but typed as an apostrophe.
_PLAIN_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ŧ": "t", "ı": "i", "ȷ": "j", "æ": "ae", "œ": "oe"}
    | {"ð": "d", "þ": "th", "ŋ": "ng", "\u02bc": "'"}
)


def fold(text: str) -> str:
    """Fold a text as words are folded: case, accents and compatibility forms. TeX is not changed."""
    return text.lower() if text.isascii() else "".join(map(_fold_cluster, _clusters(text)))


def fold_traced(text: str, starts: list[int] | None = None, ends: list[int] | None = None) -> Traced:
    """Fold a text and trace each character back to the original text.

    `starts` and `ends` are the offsets of the characters of `text` in an earlier original, if there is one.
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
        elif new_ends and _is_accent(part):
            new_ends[-1] = ends[after - 1]  # the accent belongs to the letter before it
        place = after
    return "".join(folded), new_starts, new_ends


def _clusters(text: str) -> Iterator[str]:
    """Split a text into runs of ASCII and, between them, characters with their combining characters."""
    place = 0
    for run in _ASCII_RUN.finditer(text):
        yield from _composed(text[place : run.start()])
        yield run.group()
        place = run.end()
    yield from _composed(text[place:])


def _composed(run: str) -> Iterator[str]:
    """Split text outside ASCII into characters with their combining characters."""
    start = 0
    for place, char in enumerate(run):
        if place > start and not _joins(char):
            yield run[start:place]
            start = place
    if run:
        yield run[start:]


@lru_cache(maxsize=1 << 14)
def _joins(char: str) -> bool:
    """Return whether the character may combine with the one before it."""
    return (
        "\u1160" <= char <= "\u11ff"  # Hangul vowels and final consonants
        or char in "\uff9e\uff9f"  # voicing marks of half-width Kana
        or (unicodedata.category(char)[0] == "M" and not _is_accent(char))
    )


@lru_cache(maxsize=1 << 14)
def _is_accent(char: str) -> bool:
    """Return whether the character is an accent, which folding removes.

    Marks without a combining class are vowels of Indic scripts; the classes 7 to 9 are the nukta, the voicing
    marks of Kana and the virama. All of these make a different letter and are kept.
    """
    category = unicodedata.category(char[0])
    overlay_or_accent = unicodedata.combining(char[0]) not in {0, 7, 8, 9}
    return category == "Me" or (category == "Mn" and overlay_or_accent)


@lru_cache(maxsize=1 << 14)
def _fold_cluster(cluster: str) -> str:
    """Return a folded cluster; an empty string for an accent or a character without width."""
    if cluster.isascii():
        return cluster.lower()
    kept = "".join(
        char
        for char in unicodedata.normalize("NFKD", cluster)
        if not (_is_accent(char) or unicodedata.category(char) == "Cf" or _INVISIBLE.match(char))
    )
    return unicodedata.normalize("NFKC", kept.casefold().translate(_PLAIN_LETTERS))
