"""TeX in running text: accents fold, font commands vanish, other signs separate."""

import re

Traced = tuple[str, list[int], list[int]]  # a text, and where each of its characters starts and ends

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


def replace_tex(text: str) -> Traced:
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
