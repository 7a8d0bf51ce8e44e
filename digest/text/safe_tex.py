r"""TeX that may stand in a file for other programs: a few commands with letters, fonts and signs, and nothing else. Pure.

A title or an abstract comes from outside, and TeX can read and write files (`\input`, `\write18`), change its own syntax
(`\catcode`, `\csname`) and write any command in other letters (`^^5cinput`). So there is a list of what is allowed, and
a text that has anything else is not TeX.
"""

import re
from typing import Final

from digest.text.math import tables

# The sign after a backslash.
_ESCAPES: Final = frozenset("%&#$_{}")
_SPACING: Final = frozenset(" ,-/")
_MATHS_SIGNS: Final = frozenset(" ,;:!|>") | _ESCAPES

# Without the names that need a package which few documents load, but with no command that does more than print.
_LETTERS: Final = frozenset(tables.LETTERS) - {"par", "newline"}
_ACCENTS: Final = frozenset(tables.ACCENTS)
_TEXT_FONTS: Final = frozenset(
    [
        "textbf",
        "textit",
        "emph",
        "texttt",
        "textsc",
        "textrm",
        "textsf",
        "textsl",
        "textup",
        "textmd",
        "textnormal",
        "underline",
        "mbox",
        "textsuperscript",
        "textsubscript",
        "ensuremath",
    ]
)
_SWITCHES: Final = frozenset(
    ["bf", "it", "em", "rm", "tt", "sc", "sl", "sf", "bfseries", "itshape", "ttfamily", "scshape"]
)
_TEXT_SIGNS: Final = frozenset(
    [
        "ldots",
        "dots",
        "textellipsis",
        "textemdash",
        "textendash",
        "textbackslash",
        "textasciitilde",
        "textasciicircum",
        "textquotesingle",
        "textquoteleft",
        "textquoteright",
        "textquotedblleft",
        "textquotedblright",
        "textless",
        "textgreater",
        "textbar",
        "textunderscore",
        "textbraceleft",
        "textbraceright",
        "textdollar",
        "textdegree",
        "textmu",
        "textregistered",
        "texttrademark",
        "copyright",
        "pounds",
        "S",
        "P",
        "dag",
        "ddag",
        "slash",
        "LaTeX",
        "TeX",
    ]
)
_MATHS_ACCENTS: Final = frozenset(tables.MATHS_ACCENTS)
_MATHS_ARGUMENTS: Final = _MATHS_ACCENTS | frozenset(
    [
        "mathbf",
        "mathrm",
        "mathit",
        "mathsf",
        "mathtt",
        "mathcal",
        "mathbb",
        "mathfrak",
        "mathscr",
        "mathnormal",
        "boldsymbol",
        "bm",
        "operatorname",
        "text",
        "textbf",
        "textit",
        "textrm",
        "textsf",
        "texttt",
        "mbox",
        "underline",
        "overbrace",
        "underbrace",
        "overrightarrow",
        "sqrt",
        "frac",
        "dfrac",
        "tfrac",
        "binom",
        "stackrel",
        "overset",
        "underset",
        "pmod",
    ]
)
_MATHS_NAMES: Final = (
    frozenset(name for name in tables.SYMBOLS if name.isalpha())
    | frozenset(tables.FUNCTIONS)
    | frozenset(tables.BRACKETS)
    | frozenset(
        [
            "quad",
            "qquad",
            "thinspace",
            "enspace",
            "limits",
            "nolimits",
            "displaystyle",
            "textstyle",
            "rm",
            "bf",
            "it",
            "cal",
            "not",
        ]
    )
)

_TEXT: Final = _LETTERS | _ACCENTS | _TEXT_FONTS | _SWITCHES | _TEXT_SIGNS | _ESCAPES | _SPACING
_MATHS: Final = _MATHS_ARGUMENTS | _MATHS_NAMES | _MATHS_SIGNS
_WITH_ARGUMENT: Final = _ACCENTS | _TEXT_FONTS | _MATHS_ARGUMENTS

_TOKEN = re.compile(r"\\(?P<command>[A-Za-z]+|.)|(?P<sign>[{}$%&#_^])|[^\\{}$%&#_^]+|(?P<lone>\\)", re.DOTALL)
_ARGUMENT = re.compile(r"\s{0,9}[^\s{}$%&#_^\\]|\s{0,9}\{|\s{0,9}\\(?:[A-Za-z]|[%&#$_])")
_SCRIPT = re.compile(r"\s{0,9}[^\s{}$%&#_^]|\s{0,9}\{")


def allowed(command: str, *, in_maths: bool) -> bool:
    """Return whether a command, without its backslash, may be written."""
    return command in (_MATHS if in_maths else _TEXT)


def safe_tex(line: str) -> str | None:
    r"""Return TeX on one line in which `%`, `&`, `#`, `_` and `^` are escaped where they are errors.

    None if the line is not TeX that may be written: it has a command that is not allowed, `^^`, a formula or a group
    that does not end, or a command without its argument, which would take what follows the field.
    """
    if "^^" in line or "$$" in line:
        return None
    out: list[str] = []
    depth, counted, maths = (
        0,
        0,
        -1,
    )  # `maths`: the depth at which a formula began; BibTeX counts escaped braces, too
    for token in _TOKEN.finditer(line):
        piece = token[0]
        if token["lone"]:
            return None
        if (command := token["command"]) is not None:
            if not _fits(command, line, token.end(), in_maths=maths >= 0):
                return None
            counted += {"{": 1, "}": -1}.get(command, 0)
        elif piece == "{":
            depth, counted = depth + 1, counted + 1
        elif piece == "}":
            depth, counted = depth - 1, counted - 1
        elif piece == "$":
            if maths not in (-1, depth):
                return None
            maths = depth if maths < 0 else -1
        elif piece in ("_", "^") and maths >= 0:
            if not _SCRIPT.match(line, token.end()):
                return None
        elif token["sign"]:
            piece = r"\textasciicircum{}" if piece == "^" else f"\\{piece}"
        if depth < max(maths, 0) or counted < 0:
            return None
        out.append(piece)
    return "".join(out) if depth == counted == 0 and maths < 0 else None


def _fits(command: str, line: str, end: int, *, in_maths: bool) -> bool:
    """Return whether a command is allowed, and has the argument that it needs."""
    if not allowed(command, in_maths=in_maths):
        return False
    return command not in _WITH_ARGUMENT or bool(_ARGUMENT.match(line, end))
