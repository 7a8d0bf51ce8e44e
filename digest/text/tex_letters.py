r"""Letters that TeX writes as commands, such as `\"o`, `{\aa}` and `\v{c}`, as Unicode letters: for names. Pure."""

import re
import unicodedata
from typing import Final

_ACCENTS: Final = {
    "'": "\u0301", "`": "\u0300", "^": "\u0302", '"': "\u0308", "~": "\u0303", "=": "\u0304", ".": "\u0307",
    "c": "\u0327", "v": "\u030c", "u": "\u0306", "H": "\u030b", "k": "\u0328", "d": "\u0323", "b": "\u0331", "r": "\u030a",
}  # fmt: skip
_LETTERS: Final = {
    "ss": "ß", "aa": "å", "AA": "Å", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "o": "ø", "O": "Ø", "l": "ł", "L": "Ł",
    "i": "ı", "j": "ȷ", "dh": "ð", "DH": "Ð", "dj": "đ", "DJ": "Đ", "th": "þ", "TH": "Þ", "ng": "ŋ", "NG": "Ŋ",
    "textendash": "-", "textquotesingle": "'", "textasciitilde": "~",
}  # fmt: skip
_DOTLESS = {"\\i": "i", "\\j": "j"}
_COMMAND = re.compile(
    r"""
      \\ (?P<accent> ["'`^~=.] | [cvuHkdbr](?![A-Za-z]) ) [ ]{0,3}+
         (?: (?P<letter> [^\W\d_] | \\[ij](?![A-Za-z]) ) | \{ [ ]{0,3}+ (?P<braced> [^\W\d_] | \\[ij](?![A-Za-z]) )? [ ]{0,3}+ \} )
         (?: (?<=\\[ij]) [ ] | (?<=\\[ij]) \{\} )?
    | \\ (?P<named> NAMES )(?![A-Za-z]) (?: [ ]{1,3}+ | \{\} )?
    | \\ (?P<sign> [&%_#$ ,-] )
    | \\ (?: textit | textbf | textsc | textrm | text | emph | mbox | rm | it | bf | sc | em )(?![A-Za-z]) [ ]?
    """.replace("NAMES", "|".join(sorted(_LETTERS, key=len, reverse=True))),
    re.VERBOSE,
)
_BRACE = re.compile(r"(?<!\\)[{}]")
_TIE = re.compile(r"(?<!\\)~")


def with_letters(text: str) -> str:
    """Return a name, or a list of names, without TeX; anything unknown stays as it is."""
    if "\\" not in text and "{" not in text and "~" not in text:
        return text
    plain = _COMMAND.sub(_replaced, text)
    return unicodedata.normalize("NFC", _TIE.sub(" ", _BRACE.sub("", plain)))


def _replaced(match: re.Match[str]) -> str:
    if accent := match["accent"]:
        letter = match["letter"] or match["braced"]
        # An accent on nothing, as `\"{}`, stays, because it may be text.
        return _DOTLESS.get(letter, letter) + _ACCENTS[accent] if letter else match[0]
    if named := match["named"]:
        return _LETTERS[named]
    if sign := match["sign"]:
        return {"-": "", ",": " "}.get(sign, sign)
    return ""
