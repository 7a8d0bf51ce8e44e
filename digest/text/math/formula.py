r"""A formula of TeX as a line of Unicode: `10^{-4}` becomes 10⁻⁴, `\frac{a+b}{2}` (a+b)/2.

What has no character above or below the line keeps its sign: `R^(n×n)`, `p_gen`.
"""

import re
from unicodedata import normalize

from digest.text.math import tables

_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|[A-Za-z]+|[0-9]+(?:\.[0-9]+)?|\s+|.", re.DOTALL)
_DEEPEST = 40  # groups in groups; deeper ones are shown as they are


def formula(text: str, *, bare: bool = False) -> str:
    """Return a formula as a line of text; `bare` reads names without their backslash, too."""
    return _tidy(_Formula(text, 0, bare=bare).until(""))


def one_atom(text: str, at: int) -> tuple[str, int] | None:
    r"""Return what the command at `at` stands for, with its arguments, and where it ends.

    None if no table has the command.
    """
    reader = _Formula(text, at, bare=False)
    name = reader.peek()[1:]
    if name not in _KNOWN:
        return None
    if name in tables.SYMBOLS:  # outside of a formula the author's blanks count
        end = at + len(name) + 1
        return tables.SYMBOLS[name], end + 2 if text.startswith("{}", end) else end
    shown = reader.atom()
    return shown, reader.at


def scripted(sign: str, shown: str) -> str:
    """Return what stands above (`^`) or below (`_`) the line."""
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
    """Reads a formula from left to right."""

    def __init__(self, text: str, at: int, *, bare: bool) -> None:
        self.text = text
        self.at = at
        self.bare = bare
        self.depth = 0

    def peek(self) -> str:
        found = _TOKEN.match(self.text, self.at)
        return found[0] if found else ""

    def take(self) -> str:
        mark = self.peek()
        self.at += len(mark)
        return mark

    def until(self, closer: str) -> str:
        """Return all up to the closing sign, which is read as well."""
        self.depth += 1
        parts: list[str] = []
        while (mark := self.peek()) and mark != closer:
            shown = self.atom("".join(parts[-1:]))
            parts.append(shown)
        self.at += len(closer) if mark else 0
        self.depth -= 1
        return "".join(parts)

    def atom(self, before: str = "") -> str:
        """Return what the next sign stands for; `before` is what was shown last."""
        mark = self.take()
        if mark in ("^", "_"):
            return scripted(mark, self.argument())
        if mark == "{":
            return self.until("}") if self.depth < _DEEPEST else mark
        if mark in {"}", "&"}:
            return ""
        if mark == "~":  # a tie; where a formula begins, somebody meant "about"
            return " " if before.strip() or not self.peek()[:1].isdigit() else "∼"
        if mark == "$":
            return ""
        if mark.startswith("\\"):
            return self.command(mark[1:], before)
        if self.bare and mark.isalpha() and len(mark) > 1:
            return self.word(mark, before)
        return mark

    def argument(self) -> str:
        """Return a group, or else a single sign, as TeX does."""
        self.blanks()
        mark = self.peek()
        if mark and mark[0].isdigit() and len(mark) > 1:  # `10^15`: nobody means 10¹5
            return self.take()
        if mark.isalpha() and len(mark) > 1 and not (self.bare and mark in _KNOWN):
            self.at += 1
            return mark[0]
        if not mark or self.depth >= _DEEPEST:
            return self.take()
        self.depth += 1
        shown = _tidy(self.atom())
        self.depth -= 1
        return shown

    def blanks(self) -> bool:
        found = re.compile(r"\s*").match(self.text, self.at)
        assert found is not None
        self.at = found.end()
        return bool(found[0])

    def option(self) -> str:
        if not self.text.startswith("[", self.at):
            return ""
        self.at += 1
        return self.until("]")

    def word(self, mark: str, before: str) -> str:
        """Return a word of a formula that lost its backslashes."""
        if mark in _KNOWN and (
            mark not in tables.ALSO_WORDS
            or self.text.strip() in ("circ", "prime", "top", "star", "dagger", "ast")
        ):
            return self.command(mark, before)
        if len(mark) > 2 and mark[1:] in tables.BARE:
            return mark[0] + self.command(mark[1:], mark[0])
        return mark

    def command(self, name: str, before: str) -> str:
        if name in tables.RELATIONS:
            blank = " " if self.blanks() and before[-1:].isspace() else ""
            return tables.RELATIONS[name] + blank
        if name in tables.BRACKETS:
            self.blanks()
            if self.peek() == ".":
                self.take()
            return ""
        if name in ("frac", "dfrac", "tfrac", "nicefrac", "sfrac", "cfrac"):
            return f"{_closed(self.argument())}/{_closed(self.argument())}"
        if name == "binom":
            return f"({self.argument()} choose {self.argument()})"
        if name == "sqrt":
            index = self.option()
            return (scripted("^", index) if index else "") + "√" + _closed(self.argument())
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
            self.blanks()
            return ""
        if name in tables.SPACES:
            return " "
        if name in tables.FUNCTIONS:
            self.blanks()
            return (
                (" " if before[-1:].isalnum() else "")
                + name
                + (" " if self.peek()[:1].isalnum() or self.peek()[:1] == "\\" else "")
            )
        if name in tables.SYMBOLS:
            blank = " " if self.blanks() and self.peek()[:1] in tuple("=<>+-|/") else ""
            return tables.SYMBOLS[name] + blank
        if name == "unicode":
            code = re.fullmatch(r"x([0-9A-Fa-f]{2,5})", self.argument())
            return chr(int(code[1], 16)) if code and int(code[1], 16) < 0xD800 else ""
        if name in tables.LETTERS:
            return tables.LETTERS[name]
        return {"!": "", "\\": " ", ",": " ", ";": " ", ":": " "}.get(name, name)

    def font(self) -> str:
        r"""Return the argument of a font with its blanks; there is none after `\bf`."""
        self.blanks()
        return self.atom() if self.peek() == "{" or self.peek().startswith("\\") else ""


def _closed(shown: str) -> str:
    """Return a part of a fraction, in brackets unless it is one thing."""
    return shown if re.fullmatch(r"[^\W_]+|[^\W\d_]?\([^()]*\)|.", shown.replace(".", "0")) else f"({shown})"


_KNOWN = (
    frozenset(tables.SYMBOLS)
    | tables.MATHS_ACCENTS.keys()
    | tables.MATHS_FONTS
    | tables.FUNCTIONS
    | {"frac", "dfrac", "tfrac", "nicefrac", "binom", "sqrt", "mathbb"}
)
