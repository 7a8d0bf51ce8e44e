r"""Converts a TeX formula to a line of Unicode: `10^{-4}` becomes 10⁻⁴, `\frac{a+b}{2}` (a+b)/2.

A superscript or subscript without Unicode characters keeps its sign: `R^(n×n)`, `p_gen`.
"""

import re
from unicodedata import normalize

from digest.text.math import tables

_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|[A-Za-z]+|[0-9]+(?:\.[0-9]+)?|\s+|.", re.DOTALL)
_DEEPEST = 40  # nested groups; deeper ones are shown as they are


def formula(text: str, *, bare: bool = False) -> str:
    """Return a formula as a line of text; with `bare`, names without a backslash are converted too."""
    return _tidy(_Formula(text, 0, bare=bare).until(""))


def one_atom(text: str, at: int) -> tuple[str, int] | None:
    r"""Convert the command at offset `at` with its arguments; return the text and the end of the command.

    Return None for an unknown command.
    """
    reader = _Formula(text, at, bare=False)
    name = reader.peek()[1:]
    if name not in _KNOWN:
        return None
    if name in tables.SYMBOLS:  # outside of a formula, spaces after the command are kept
        end = at + len(name) + 1
        return tables.SYMBOLS[name], end + 2 if text.startswith("{}", end) else end
    shown = reader.atom()
    return shown, reader.at


def scripted(sign: str, shown: str) -> str:
    """Return a text as a superscript (`^`) or a subscript (`_`)."""
    shown = shown.strip().replace(" × ", "×")
    if sign == "^" and shown in tables.RAISED:
        return tables.RAISED[shown]
    small = tables.SUPERSCRIPT if sign == "^" else tables.SUBSCRIPT
    letters = sum(char.isalpha() for char in shown)
    if shown and letters <= 2 and len(shown) <= 6 and all(char in small for char in shown):
        return "".join(small[char] for char in shown)
    if len(shown) == 1 or shown.isalnum():
        return sign + shown
    return f"{sign}({shown})" if shown else ""


def _tidy(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


class _Formula:
    """Converts a formula from left to right."""

    def __init__(self, text: str, at: int, *, bare: bool) -> None:
        self.text = text
        self.at = at
        self.bare = bare
        self.depth = 0

    def peek(self) -> str:
        found = _TOKEN.match(self.text, self.at)
        return found[0] if found else ""

    def take(self) -> str:
        piece = self.peek()
        self.at += len(piece)
        return piece

    def until(self, closer: str) -> str:
        """Convert everything up to the closing sign, and consume that sign."""
        self.depth += 1
        parts: list[str] = []
        while (piece := self.peek()) and piece != closer:
            shown = self.atom("".join(parts[-1:]))
            parts.append(shown)
        self.at += len(closer) if piece else 0
        self.depth -= 1
        return "".join(parts)

    def atom(self, before: str = "") -> str:
        """Convert the next token and its arguments; `before` is the text before it."""
        piece = self.take()
        if piece in ("^", "_"):
            return scripted(piece, self.argument())
        if piece == "{":
            return self.until("}") if self.depth < _DEEPEST else piece
        if piece in {"}", "&"}:
            return ""
        if piece == "~":  # a tie, but "about" at the start of a formula
            return " " if before.strip() or not self.peek()[:1].isdigit() else "∼"
        if piece == "$":
            return ""
        if piece.startswith("\\"):
            return self.command(piece[1:], before)
        if self.bare and piece.isalpha() and len(piece) > 1:
            return self.word(piece, before)
        return piece

    def argument(self) -> str:
        """Convert the next group, or a single token, like TeX."""
        self.skip_spaces()
        piece = self.peek()
        if piece and piece[0].isdigit() and len(piece) > 1:  # `10^15` is meant as 10¹⁵
            return self.take()
        if piece.isalpha() and len(piece) > 1 and not (self.bare and piece in _KNOWN):
            self.at += 1
            return piece[0]
        if not piece or self.depth >= _DEEPEST:
            return self.take()
        self.depth += 1
        shown = _tidy(self.atom())
        self.depth -= 1
        return shown

    def skip_spaces(self) -> bool:
        """Consume white space, and return whether there was any."""
        found = re.compile(r"\s*").match(self.text, self.at)
        assert found is not None
        self.at = found.end()
        return bool(found[0])

    def option(self) -> str:
        if self.depth >= _DEEPEST or not self.text.startswith("[", self.at):
            return ""
        self.at += 1
        return self.until("]")

    def word(self, piece: str, before: str) -> str:
        """Convert a word of a formula that lost its backslashes."""
        if piece in _KNOWN and (
            piece not in tables.ALSO_WORDS
            or self.text.strip() in ("circ", "prime", "top", "star", "dagger", "ast")
        ):
            return self.command(piece, before)
        if len(piece) > 2 and piece[1:] in tables.BARE:
            return piece[0] + self.command(piece[1:], piece[0])
        return piece

    def command(self, name: str, before: str) -> str:
        if name in tables.RELATIONS:
            space = " " if self.skip_spaces() and before[-1:].isspace() else ""
            return tables.RELATIONS[name] + space
        if name in tables.BRACKETS:
            self.skip_spaces()
            if self.peek() == ".":
                self.take()
            return ""
        if name in ("frac", "dfrac", "tfrac", "nicefrac", "sfrac", "cfrac"):
            return f"{_grouped(self.argument())}/{_grouped(self.argument())}"
        if name == "binom":
            return f"({self.argument()} choose {self.argument()})"
        if name == "sqrt":
            index = self.option()
            return (scripted("^", index) if index else "") + "√" + _grouped(self.argument())
        if name in tables.MATHS_ACCENTS:
            inner = self.argument()
            return normalize("NFC", inner + tables.MATHS_ACCENTS[name]) if len(inner) == 1 else inner
        if name == "mathbb":
            inner = self.argument()
            return tables.DOUBLE_STRUCK.get(inner, inner)
        if name in tables.MATHS_FONTS:
            return self.font()
        if name in tables.REFERENCES:
            self.option()
            self.argument()
            return ""
        if name in ("textcolor", "colorbox", "hyperlink", "href"):
            self.argument()
            return self.argument()
        if name in ("color", "phantom", "hphantom", "vphantom"):
            self.argument()
            return ""
        if name in ("url", "textsuperscript", "textsubscript", "underbrace", "overbrace"):
            sign = {"textsuperscript": "^", "textsubscript": "_"}.get(name)
            return scripted(sign, self.argument()) if sign else self.argument()
        if name in tables.IGNORED:
            self.skip_spaces()
            return ""
        if name in tables.SPACES:
            return " "
        if name in tables.FUNCTIONS:
            self.skip_spaces()
            return (
                (" " if before[-1:].isalnum() else "")
                + name
                + (" " if self.peek()[:1].isalnum() or self.peek()[:1] == "\\" else "")
            )
        if name in tables.SYMBOLS:
            space = " " if self.skip_spaces() and self.peek()[:1] in tuple("=<>+-|/") else ""
            return tables.SYMBOLS[name] + space
        if name == "unicode":
            code = re.fullmatch(r"x([0-9A-Fa-f]{2,5})", self.argument())
            return chr(int(code[1], 16)) if code and int(code[1], 16) < 0xD800 else ""
        if name in tables.LETTERS:
            return tables.LETTERS[name]
        return {"!": "", "\\": " ", ",": " ", ";": " ", ":": " "}.get(name, name)

    def font(self) -> str:
        r"""Convert the argument of a font command with its spaces; `\bf` has no argument."""
        self.skip_spaces()
        if self.depth >= _DEEPEST or not self.peek().startswith(("{", "\\")):
            return ""
        self.depth += 1
        shown = self.atom()
        self.depth -= 1
        return shown


def _grouped(shown: str) -> str:
    """Return a part of a fraction, in brackets unless it is a single term."""
    return shown if re.fullmatch(r"[^\W_]+|[^\W\d_]?\([^()]*\)|.", shown.replace(".", "0")) else f"({shown})"


_KNOWN = (
    frozenset(tables.SYMBOLS)
    | tables.MATHS_ACCENTS.keys()
    | tables.MATHS_FONTS
    | tables.FUNCTIONS
    | {"frac", "dfrac", "tfrac", "nicefrac", "binom", "sqrt", "mathbb"}
)
