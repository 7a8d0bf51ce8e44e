"""Titles and other texts, folded for equality: case, accents, TeX, HTML and blanks make no difference."""

import html
import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from digest.text.words import pieces, words_of_piece

_SURROGATE = re.compile("[\ud800-\udfff]")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z]{2,31}\d{0,2});", re.IGNORECASE)
_TAG = re.compile(
    r"</?(?:i|b|u|em|strong|sub|sup|tt|sc|scp|span|font|small|italic|bold|math|inline-formula"
    r"|mml:[a-z]+|jats:[a-z-]+)(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
_AND = re.compile(r"(?<=\s)\\?&(?=\s)")
# Signs and letters that TeX writes as words; a page that dropped the backslashes shows the words.
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
_GREEK = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho varsigma sigma tau"
    " upsilon phi chi psi omega"
)
_SIGNS |= {chr(ord("α") + place): name for place, name in enumerate(_GREEK.split())}
_SPELLED = str.maketrans(_SIGNS)
# Quotes and dashes of UTF-8 that were read as another encoding: `â€™`, `â ??`.
_MISREAD = re.compile(
    r"â\s?(?:€[\u0080-\u009f™œ“”˜\u2018-\u201d¦]?|\?[?\s¦]*|[\u0080-\u0082][\u0080-\u00bf])"
)
_MARKED = re.compile(r"[&<â×∞→≤≥≈∼ℓ∂∇∈⊕⊗\u0370-\u03ff]")
_TEX_TWINS = re.compile(r"\\(?:var(?=[a-z])|rightarrow(?![a-z])|[lg]e(?![a-z]))")


def unmarked(text: str) -> str:
    r"""Return a text without the markup of HTML, and with TeX's words for its signs (`α` as `alpha`).

    What is TeX's own (`\alpha`, `\emph{…}`) is left to the reader of words.
    """
    if "\\" in text:
        text = _TEX_TWINS.sub(_twin, text)
    if not _MARKED.search(text):
        return text
    if "&" in text:
        text = _AND.sub("and", _ENTITY.sub(lambda found: html.unescape(found[0]), text))
    if "<" in text:
        text = _TAG.sub("", text)
    if "â" in text:
        text = _MISREAD.sub(" ", text)
    return text.translate(_SPELLED)


def _twin(found: re.Match[str]) -> str:
    return {"\\var": "\\", "\\rightarrow": r"\to", "\\le": r"\leq", "\\ge": r"\geq"}[found[0]]


def words_of(text: str) -> tuple[str, ...]:
    """Return the folded words of a text, those of hyphenated pairs apart."""
    return _remembered(text) if len(text) <= _SHORT else tuple(_words(text))


_SHORT = 300  # characters: titles and names are asked for again and again


@lru_cache(maxsize=1 << 13)
def _remembered(text: str) -> tuple[str, ...]:
    return tuple(_words(text))


def _words(text: str) -> Iterator[str]:
    for piece in pieces(unmarked(text)):
        if piece.isascii() and piece.isalpha():
            yield piece
        else:
            yield from (word.text for word in words_of_piece(piece) if word.after - word.at == 1)


def fold_text(text: str) -> str:
    """Return what is left of `text` when case, accents, punctuation, hyphens, blanks and markup fold away.

    Words are joined without blanks, so that "pre-training", "pre training" and "pretraining" are one;
    a blank stays between two digits ("GPT 4 1" is not "GPT 41"). Text without a word folds to itself,
    in NFKC and lower case, lone surrogates replaced.
    """
    parts = words_of(text)
    if not parts:
        folded = unicodedata.normalize("NFKC", text).casefold()
        return " ".join(_SURROGATE.sub("\ufffd", folded).split())
    return join(parts)


def join(parts: tuple[str, ...]) -> str:
    """Return words as one, with a blank left between two digits."""
    return "".join(
        f" {part}" if before[-1:].isdigit() and part[:1].isdigit() else part
        for before, part in zip(("", *parts), parts, strict=False)
    )
