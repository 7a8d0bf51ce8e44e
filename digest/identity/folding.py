"""Texts folded for comparison: differences of case, accents, TeX, HTML and blanks disappear."""

import html
import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from digest.text.formulas import greek_names
from digest.text.words import plain_pieces, words_of_piece

_SURROGATE = re.compile("[\ud800-\udfff]")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z]{2,31}\d{0,2});", re.IGNORECASE)
_TAG = re.compile(
    r"</?(?:i|b|u|em|strong|sub|sup|tt|sc|scp|span|font|small|italic|bold|math|inline-formula"
    r"|tex-math|mml:[a-z]+|jats:[a-z-]+)(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
_BLOCK = re.compile(r"</?(?:br|p|title|sec|div|li)(?:\s[^<>]*)?/?>", re.IGNORECASE)
_AND = re.compile(r"(?<=\s)\\?&(?=\s)")
# Signs and letters that TeX writes as words; pages that drop the backslashes show the words.
_SIGNS = {"×": " times ", "∞": " infty ", "→": " to ", "≤": " leq ", "≥": " geq ", "≈": " approx "}
_SIGNS |= {
    "∼": " sim ",
    "ℓ": "ell",
    "∂": " partial ",
    "∇": " nabla ",
    "∈": " in ",
    "⊕": " oplus ",
    "⊗": " otimes ",
}
_GREEK = greek_names()
_SIGNS |= _GREEK
_SPELLED = str.maketrans(_SIGNS)
# Quotes and dashes of UTF-8 that were decoded with another encoding: `â€™`, `â ??`.
_MISREAD = re.compile(
    r"â\s?(?:€[\u0080-\u009f™œ“”˜\u2018-\u201d¦]?|\?[?\s¦]*|[\u0080-\u0082][\u0080-\u00bf])"
)
_MARKED = re.compile(r"[&<âµ×∞→≤≥≈∼ℓ∂∇∈⊕⊗\u2126\u2206\u0370-\u03ff\U0001d6a8-\U0001d7cb]")
_TEX_TWINS = re.compile(
    r"\\(?:var(?=[a-z])|rightarrow(?![a-z])|[lg]e(?![a-z])|text(?:super|sub)script(?![a-z])"
    r"|text(?:less|greater|degree|copyright|registered|trademark|ldots|bullet|endash|emdash)(?![a-z])(?:\{\})?"
    rf"|text(?=(?:{'|'.join(sorted(set(_GREEK.values())))})(?![a-z])))"
)


def unmarked(text: str) -> str:
    r"""Return a text without HTML markup, and with signs replaced by their TeX names (`α` by `alpha`).

    Commands of TeX (`\alpha`, `\emph{…}`) are kept; `digest.text.words` reads them.
    """
    if "\\" in text:
        text = _TEX_TWINS.sub(_twin, text)
    if not _MARKED.search(text):
        return text
    if "&" in text:
        text = _AND.sub("and", _unescaped(text))
    if "<" in text:
        text = _TAG.sub("", _BLOCK.sub(" ", text))
    if "â" in text:
        text = _MISREAD.sub(" ", text)
    return text.translate(_SPELLED)


def _unescaped(text: str) -> str:
    """Return a text without entities; some files escape them twice."""
    for _ in range(3):
        before, text = text, _ENTITY.sub(lambda found: html.unescape(found[0]), text)
        if text == before:
            break
    return text


def _twin(found: re.Match[str]) -> str:
    """Return the usual command for a variant of it, and a blank for a sign that is not a word."""
    if found[0].endswith("script"):
        return r"\textbf"
    return _TWINS.get(found[0], " ")


_TWINS = {"\\var": "\\", "\\text": "\\", "\\rightarrow": r"\to", "\\le": r"\leq", "\\ge": r"\geq"}


def words_of(text: str) -> tuple[str, ...]:
    """Return the folded words of a text; a hyphenated pair is two words."""
    return _cached(text) if len(text) <= _SHORT else tuple(_words(text))


_SHORT = 300  # characters; titles and names are folded repeatedly, so their words are cached


@lru_cache(maxsize=1 << 13)
def _cached(text: str) -> tuple[str, ...]:
    return tuple(_words(text))


def _words(text: str) -> Iterator[str]:
    for piece in plain_pieces(unmarked(text)):
        if piece.isascii() and piece.isalpha():
            yield piece
        else:
            yield from (word.text for word in words_of_piece(piece) if word.after - word.at == 1)


def fold_text(text: str) -> str:
    """Return a text without differences of case, accents, punctuation, hyphens, blanks and markup.

    Words are joined without blanks, so that "pre-training", "pre training" and "pretraining" are equal; a blank
    stays between two digits ("GPT 4 1" is not "GPT 41"). A text without words is only normalised: NFKC, lower
    case, lone surrogates replaced.
    """
    parts = words_of(text)
    if not parts:
        folded = unicodedata.normalize("NFKC", text).casefold()
        return " ".join(_SURROGATE.sub("\ufffd", folded).split())
    return join(parts)


def join(parts: tuple[str, ...]) -> str:
    """Return the words joined, with a blank only between two digits."""
    return "".join(
        f" {part}" if before[-1:].isdigit() and part[:1].isdigit() else part
        for before, part in zip(("", *parts), parts, strict=False)
    )
