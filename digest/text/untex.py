r"""Plain text from TeX, for names and for fields other than prose: `Na{\"\i}ve, \'E.` and `10.1007/978\_13`. Pure.

Titles and abstracts keep their TeX; see `digest.text.tex` for how the matcher reads it. No letter of the text is lost:
of a command that is not known, only the backslash disappears.
"""

import re
import unicodedata

from digest.text.math.tables import ACCENTS, LETTERS, MATHS_ACCENTS, SPACES, SYMBOLS

_END = r"(?![A-Za-z])"
_LETTER = r"[^\W\d_][\u0300-\u036f]{0,5}"
_MARKS = ACCENTS | MATHS_ACCENTS | {"textcommabelow": "\u0326", "textogonekcentered": "\u0328"}
_WORDY = "|".join(sorted((mark for mark in _MARKS if mark.isalpha()), key=len, reverse=True))
_ACCENT = re.compile(
    rf"\\(?P<mark>[\"'`^~=.]|(?:{_WORDY}){_END})\s{{0,9}}(?:"
    rf"\{{\s{{0,9}}(?:\\(?P<braced_dotless>[ij])|(?P<braced>{_LETTER})(?P<second>[A-Za-z])?)\s{{0,9}}\}}"
    rf"|\\(?P<dotless>[ij]){_END}(?:\{{\}})?|(?P<letter>{_LETTER}))"
)
_NAMES = (
    {name: letter for name, letter in LETTERS.items() if name not in SPACES}
    | {name: sign for name, sign in SYMBOLS.items() if len(name) > 1}
    | {"textquoteright": "’", "textquoteleft": "‘", "textquotedblleft": "“", "textquotedblright": "”", "ldots": "…"}
    | {"i": "i", "j": "j", "slash": "/", "textbraceleft": "{", "textbraceright": "}", "textdollar": "$", "P": "¶"}
    | {"textordfeminine": "ª", "textordmasculine": "º", "guillemotleft": "«", "guillemotright": "»", "textsection": "§"}
)  # fmt: skip
_COMMAND = re.compile(r"\\(?P<name>[A-Za-z]+)\*?(?:\s*\{\}|[ \t]+)?")
_NOTHING = re.compile(r"\\[-/,;!:>@]|\\(?:noopsort|noop|SortNoop|swap)\s*\{[^{}]*\}", re.IGNORECASE)
_ESCAPED = re.compile(r"\\([%&$#_{} ])")
_SYNTAX = re.compile(r"[{}$]")
# Braces and dollars that were escaped, while the others are removed.
_HIDE = str.maketrans({"{": "\ue0f1", "}": "\ue0f2", "$": "\ue0f3"})
_SHOW = str.maketrans({"\ue0f1": "{", "\ue0f2": "}", "\ue0f3": "$"})

_ADDRESS = re.compile(r"\\(?:url|href|path|nolinkurl|burl|doi)\s*\{")
_SPACING = re.compile(
    r"\\(?:allowbreak|linebreak|nolinkurl|urlprefix|penalty0?)\b\s*|\\discretionary(?:\{[^{}]*\}){0,3}"
)
_TILDE = re.compile(
    r"\\(?:~(?:\{\s*\})?|textasciitilde(?:\{\})?|sim\b|tilde(?:\{\s*\})?)|\{\\textasciitilde\}|\$\\sim\$"
)
_CARET = re.compile(r"\\(?:\^(?:\{\s*\})?|textasciicircum(?:\{\})?)")
_ENTITY = {"&amp;": "&", "&lt;": "<", "&gt;": ">"}


# \ifmmode \check{Z}\else \v{Z}\fi{}, as the American Physical Society exports accents
_MODES = re.compile(
    r"\\ifmmode(?![A-Za-z])(?:(?!\\else|\\ifmmode).){0,80}?\\else(?![A-Za-z])\s?((?:(?!\\fi(?![A-Za-z])).){0,80}?)"
    r"\\fi(?![A-Za-z])(?:\s?\{\})?",
    re.DOTALL,
)


def without_modes(text: str) -> str:
    r"""Return TeX with what `\ifmmode … \else … \fi` gives in text, where it is a choice between text and formula."""
    return _MODES.sub(r"\1", text) if "\\ifmmode" in text else text


def plain(text: str) -> str:
    r"""Return a name or another short text without TeX: `{\'E}mile~{Zola}` is `Émile Zola`."""
    if not any(sign in text for sign in "\\{}$~"):
        return " ".join(text.split())
    if "\\" in text:
        text = _NOTHING.sub("", text.replace(r"{\noopsort", r"\noopsort"))
        for _ in range(2):  # an accent may stand on an accented letter
            text = _ACCENT.sub(_accented, text)
        text = _COMMAND.sub(_named, text)
        text = _ESCAPED.sub(lambda found: found[1].translate(_HIDE), text).replace("\\", "")
    text = _SYNTAX.sub("", text.replace("~", " ")).translate(_SHOW)
    return " ".join(text.split())


def verbatim(text: str) -> str:
    r"""Return the value of a field other than prose, such as a DOI or an address, without TeX and blanks.

    Escapes are undone (`\_`, `{\_}`, `\%`, `\~{}`, `{\textless}`, `$<$`); of `\url{…}` and `\href{…}{…}` the address
    remains.
    """
    found = _ADDRESS.search(text) if "\\" in text else None
    if found:
        text = (
            text[found.end() :].partition("}")[0]
            if "{" not in text[found.end() :]
            else _argument(text, found.end())
        )
    if "\\" in text:
        text = _CARET.sub("^", _TILDE.sub("~", _SPACING.sub("", text)))
        text = _NOTHING.sub("", _ESCAPED.sub(r"\1", _COMMAND.sub(_named, text)))
        text = text.replace("\\", "")
    for entity, sign in _ENTITY.items():
        text = text.replace(entity, sign)
    return "".join(_SYNTAX.sub("", text).split())


def _argument(text: str, start: int) -> str:
    """Return the text from `start` to the brace that closes the group."""
    depth = 1
    for brace in re.finditer(r"(?<!\\)[{}]", text[start:]):
        depth += 1 if brace[0] == "{" else -1
        if depth == 0:
            return text[start : start + brace.start()]
    return text[start:]


def _accented(found: re.Match[str]) -> str:
    letter = found["braced_dotless"] or found["braced"] or found["dotless"] or found["letter"]
    accented = unicodedata.normalize("NFC", letter + _MARKS[found["mark"]])
    return accented + (found["second"] or "")


def _named(found: re.Match[str]) -> str:
    name = found["name"]
    if name in SPACES:
        return " "
    if name in _NAMES:
        return _NAMES[name]
    is_font = name in _FONTS or (name.startswith("text") and len(name) <= 6)
    return "" if is_font else name + (" " if found[0][-1:].isspace() else "")


_FONTS = frozenset(
    [
        "text",
        "textbf",
        "textit",
        "textrm",
        "textsc",
        "textsf",
        "textsl",
        "texttt",
        "textup",
        "textmd",
        "emph",
        "underline",
        "mbox",
        "hbox",
        "mathrm",
        "mathbf",
        "mathit",
        "mathsf",
        "bf",
        "it",
        "em",
        "rm",
        "sc",
        "tt",
        "sl",
        "sf",
        "bfseries",
        "itshape",
        "scshape",
        "normalfont",
        "relax",
        "protect",
        "uppercase",
        "lowercase",
        "ensuremath",
        "textnormal",
        "upshape",
        "mdseries",
        "url",
        "href",
        "path",
        "nolinkurl",
        "natexlab",
        "bibnamedelima",
        "bibinitperiod",
        "bibinitdelim",
        "small",
    ]
)
