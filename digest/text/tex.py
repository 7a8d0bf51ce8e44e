"""Removes TeX from running text, keeping the offsets in the original. Pure.

Accents become plain letters, font commands disappear, and other signs separate words.
"""

import re

from digest.text.folding import Traced

_END = r"(?![A-Za-z])"  # the end of a control word

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


# A command that does not separate words; a `$` or `{` before it does not either.
_JOINING = f"(?: {_without_groups(_ACCENT)} | {_without_groups(_NAMED)} | {_FONT} )"

_TEX = re.compile(
    rf"""
      (?P<removed> {_REFERENCE} | \\[-/] )
    | (?P<font> \$? {_FONT} (?P<argument> \{{ )? )
    | (?P<group> \$? \{{ (?= \s* {_JOINING} ) )
    | {_ACCENT}
    | {_NAMED}
    | (?P<other> \\\\ | \\ | [{{}}] )
    """,
    re.VERBOSE,
)

# An accented letter in braces of its own, which are part of the letter.
_LETTER_IN_BRACES = re.compile(rf"\{{ \s* (?: {_ACCENT} | {_NAMED} ) \s* \}}", re.VERBOSE)


def replace_tex(text: str) -> Traced:
    """Remove TeX from a text and trace each character back to the original.

    Of an accent, the letter remains. Font commands and references disappear, with their braces. Any other
    command keeps its name; its backslash and any other brace become a space.
    """
    return _TexReader(text).read()


class _TexReader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.out: list[str] = []
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.braces: list[bool] = []  # for each open brace, whether it disappears

    def read(self) -> Traced:
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
        """Write the replacement for a piece of TeX, and return the offset at which reading continues."""
        start, end = found.span()
        if found["removed"]:
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
            # `$\textbf{A}$daptive` is one word, so a `$` after the brace disappears too.
            return end + 1 if self.text.startswith("$", end) else end
        if sign == "{":
            self.braces.append(False)
        return self.put(" ", start, end)


def _letter(found: re.Match[str]) -> str:
    """Return the letter (two for a ligature) of an accent or a named letter."""
    if found["named"]:
        return _LETTERS[found["named"]]
    return found["letter"] or found["dotless"] or found["braced"] or found["braced_dotless"] or ""
