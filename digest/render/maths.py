r"""TeX and what is left of it, made readable: `6.3times` becomes 6.3×, `\emph{1.46}` 1.46, `$\sim$2` ∼2.

Daily Papers pages print TeX without its dollars and backslashes (`R^{n times n}`, `sim0.6`), arXiv prints it
whole (`$O(\sqrt{n})$`). No harm outranks no residue: where a remnant cannot be told from a word ("training
times", "sim-to-real", "alpha channels"), from money or from code (`snake_case`), it stays. Text without TeX in
it is returned as it is.

Only what people see goes through here; the library, matching and identity keep the text of the source.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Sequence
from functools import cached_property, lru_cache
from typing import NamedTuple

from digest.render import tex_tables as table
from digest.render.tex_maths import formula, one_atom, scripted

Span = tuple[int, int]


class Edit(NamedTuple):
    """`text` stands for the original's characters from `start` to `end`."""

    start: int
    end: int
    text: str


class Readable:
    """A text made readable, and where its parts came from.

    `text` is what people see; `span` turns offsets of the original into offsets of it.
    """

    __slots__ = ("_ends", "_marks", "_starts", "text")

    def __init__(self, original: str, edits: Sequence[Edit] = ()) -> None:
        self._starts: list[int] = []  # of each edit, in the original
        self._ends: list[int] = []
        self._marks: list[Span] = []  # of each edit, in `text`
        parts: list[str] = []
        length = at = 0
        for start, end, new in edits:
            parts += (original[at:start], new)
            length += start - at
            self._starts.append(start)
            self._ends.append(end)
            self._marks.append((length, length + len(new)))
            length += len(new)
            at = end
        parts.append(original[at:])
        self.text = "".join(parts) if edits else original

    def span(self, start: int, end: int) -> Span:
        """Return where characters `start` to `end` of the original are shown; what replaced them is whole."""
        return self._place(start, last=False), self._place(end, last=True)

    def spans(self, found: Sequence[Span]) -> tuple[Span, ...]:
        """Return sorted spans of the original as spans of `text`: sorted, apart, none empty."""
        shown: list[Span] = []
        for start, end in (self.span(*each) for each in found):
            if shown and start <= shown[-1][1]:
                shown[-1] = (shown[-1][0], max(end, shown[-1][1]))
            elif start < end:
                shown.append((start, end))
        return tuple(shown)

    def _place(self, offset: int, *, last: bool) -> int:
        # An end belongs to the character before it, so that a span never reaches into the next edit.
        before = bisect_right(self._starts, offset - 1 if last else offset) - 1
        if before < 0:
            return offset
        first, after = self._marks[before]
        if offset < self._ends[before]:
            return after if last else first
        return after + offset - self._ends[before]


@lru_cache(maxsize=4096)
def readable(text: str) -> Readable:
    """Return a text as people should see it. Any string is accepted."""
    return Readable(text, _Reader(text).edits())


def shown(text: str) -> str:
    """Return a text as people should see it, without the way back."""
    return readable(text).text


# --- what is looked for --------------------------------------------------------------------------

_NAMES = "|".join(sorted(table.BARE, key=len, reverse=True))
_GREEK = "|".join(sorted(table.GREEK, key=len, reverse=True))
_FONTS = "|".join(sorted(table.BARE_FONTS, key=len, reverse=True))

# A text without these signs and words is not looked at any closer; each begins with letters of its own,
# which is what makes them quick to look for.
_SIGNS = re.compile(r"[\\$~`]")
_WORD = re.compile(r"[A-Za-z]{3,}")
_WORDS_TELL = tuple(
    map(
        re.compile,
        (
            r"times(?:\d|(?<=\dtimes)|(?<=[\d)}A-Z] times) )",
            r"sim(?: ?\d|(?<=\dsim))",
            r"approx\d",
            r"pm(?<=\dpm)\d",
            r"Delta\d",
            rf"\((?:{_GREEK})[),^_ ]",
            r"[\^_{}]",
        ),
    )
)
# A sign that dollars and backslashes were dropped, after which some words are no words any more.
_DROPPED = re.compile(
    rf"[\^_]\{{|\^circ|\dtimes(?![a-z])|(?<![A-Za-z-])sim\d|(?<![A-Za-z])[A-Za-z]?(?:{_NAMES})(?![a-z])"
    rf"|(?<![A-Za-z\\])(?:{_FONTS})\{{"
)

_ACCENT = (
    r"\\(?:(?P<mark>[\"'`^~=.])|(?P<letters>[cvuHkdbrt])(?![A-Za-z]))\s*"
    r"(?:(?P<on>[A-Za-z])|\\(?P<on_dotless>[ij])(?![A-Za-z])(?:\{\})?|\{\\?(?P<on_braced>[A-Za-z])\})"
)

# Rules that begin with a sign.
_SIGN_RULES = (
    # What is no TeX: paths, Windows paths, code.
    (
        "code",
        r"(?<!\S)~/\S+|(?<=\b[A-Za-z]:)\\\S+|\\\\[a-z]\S+|```.*?```|``[^`'\"\n]{1,200}``|(?<!`)`[^`'\n]{1,200}`(?!`)",
    ),
    # Quotation marks.
    ("quotes", r"``(?=[^\s`](?:[^`']|'(?!'))*'')"),
    ("unquotes", r"''"),
    ("half_quotes", r"``(?=[^\s`][^`\"]{0,200}\")"),
    ("quote", r"(?<![\w`'\\])`(?=(?P<quoted>\w(?:[^`'\n]|'(?=[a-z])){0,200})'(?![\w']))"),
    # Formulae as TeX writes them.
    (
        "display",
        r"\\\((?P<round>(?:[^\\]|\\(?!\))){1,500})\\\)|\\\[(?P<square>(?:[^\\]|\\(?!\])){1,500})\\\]",
    ),
    ("dollar", r"(?<!\\)\$"),
    # Backslashes.
    ("escape", r"\\[%&$#_{}]"),
    ("apostrophe", r"(?<=[A-Za-z])\\(?='(?:s|t|re|ll|ve|d|m)\b)"),
    ("accent", _ACCENT),
    ("command", r"\\(?P<name>[A-Za-z]+)\*?"),
    ("space", r"\\[,;:!]|(?<=\S)\\ (?=\S)|\\\\(?=\s|\Z)"),
    # Braces.
    (
        "switch",
        r"\{\\?(?:it|bf|em|rm|tt|sc|sl|sf|bfseries|itshape)(?![A-Za-z])\s*|\{\\color(?:\[\w+\])?\{[^{}]*\}\s*",
    ),
    ("about", r"\{sim\}\s?(?=\d)"),
    ("kept", r"\{(?=[A-Za-z]{1,3}\}[a-z])|\{(?=[A-Za-z0-9.]*[A-Z0-9][A-Za-z0-9.]*\})"),
    ("around", r"\{(?=\\[A-Za-z]+\s?\})"),
    ("fraction", r"(?<=[0-9}])\{(?=[^{}\s]{1,40}(?:\{[^{}\s]{1,20}\}[^{}\s]{0,20})?\})"),
    ("empty", r"(?<=[A-Za-z])\{\}"),
    ("script", r"(?<=[\w)\]}|'])[\^_](?=[\w{*\\'+-])"),
    ("tie", r"(?<=[A-Za-z.,;:)\]}%'’])~(?=[\w(\[\\$`{\-])|(?<=\d)~(?=[A-Za-z(\[\\])|(?<=\s)~(?=[(\\])"),
)
# Rules that begin with a letter or a blank.
_WORD_RULES = (
    # What is no TeX: addresses and Windows paths. An address may be followed by itself in braces.
    ("address", r"(?P<url>(?:https?://|www\.)[^\s{}\\$]+)(?P<again>\{(?P=url)/?\})?"),
    # Remnants of formulae whose dollars and backslashes are gone.
    ("sum", r"(?<![A-Za-z\\])(?:sum|prod|int)(?=_\{)"),
    ("bracket", rf"(?P<sized>[A-Za-z]|min|max|{_GREEK})?[Bb]igg?[lrm]?(?=[\[\](){{}}|])"),
    ("indexed", rf"(?<![A-Za-z\\/_.-])(?:ell|{_GREEK})(?=\^[^\s\]]|_[\w{{](?!\w|\.\w))"),
    ("font", rf"(?<![A-Za-z\\])(?:{_FONTS})\{{"),
    ("root", r"(?<![A-Za-z\\])(?:d|t)?(?:sqrt|frac)\{"),
    ("tilde", r"(?<![A-Za-z\\])(?:wide)?tilde (?P<tilded>O|Theta|Omega)(?:[Bb]igg?[lrm]?(?=[\[(])|(?![a-z]))"),
    ("bare", rf"(?<![A-Za-z\\])(?P<one>[A-Za-z]?)(?P<bare_name>{_NAMES})(?![a-z])(?P<after> ?)"),
    ("times", r"(?<=\d)times(?: (?=\d)|(?![a-z]))|(?<![\w-])times(?=\d)"),
    (
        "product",
        r"(?<=[0-9)}]) times (?=(?P<right>\d+)(?![\d.]*%)|[A-Za-z](?![A-Za-z]))|(?<=\b[B-HJ-Z]) times (?=[B-HJ-Z]\b)",
    ),
    ("sim", r"(?<![\w-])sim(?=\d)|(?<=\d)sim ?(?=\d)|(?<![\w-])sim (?=\d)"),
    ("approx", r"(?<![\w-])approx(?=\d)"),
    ("plus_minus", r"(?<=\d)pm(?=\d+\.\d)"),
    ("relation", r"(?<=[)\d}]) (?:le|ge) (?=[(\d])"),
    ("greek", rf"(?<![A-Za-z\\-])(?:{_GREEK})(?![a-z])"),
)


def _any_of(rules: Sequence[tuple[str, str]]) -> str:
    return "|".join(f"(?P<{name}>{pattern})" for name, pattern in rules)


_ONLY_SIGNS = re.compile(
    rf"(?=[\\$`'{{^_~])(?:{_any_of(_SIGN_RULES)})|(?=[hw])(?:{_any_of(_WORD_RULES[:1])})", re.DOTALL
)
_ALL = re.compile(
    rf"(?=[\\$`'{{^_~])(?:{_any_of(_SIGN_RULES)})"
    rf"|(?<![a-z])(?=[A-Za-z ])(?:{_any_of(_WORD_RULES)})",
    re.DOTALL,
)

# What a formula between dollars is not: prose, or money.
_PROSE = re.compile(r"(?<![\\A-Za-z{])[a-z]{3,}\s+[a-z]{2,}(?![A-Za-z]*[\^_({])")
_MONEY = re.compile(r"[\d.,]+\s?(?:[kKMBT]|[A-Za-z]{2,}|[-–]|\(|and\b|to\b|per\b|\s|/)[^\\^_{}$]*")
_TEXTUAL = re.compile(r"\\(?:text\w*|mbox|emph|mathrm|operatorname)\{[^{}]*\}")
_MATHS_SIGN = re.compile(r"[\\^_{}]")
_FUNCTION = re.compile(r"(?:(?<![A-Za-z])[A-Za-z]|tanh|sinh|cosh|exp|log|ln|sin|cos|tan|max|min)\(\Z")


class _Reader:
    """Reads a text once, from left to right, and notes what to replace."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.found: list[Edit] = []
        self.open_quotes = 0

    @cached_property
    def braces(self) -> dict[int, int]:
        """Where the braces close that open at each place."""
        found: dict[int, int] = {}
        opened: list[int] = []
        for brace in _BRACE.finditer(self.text):
            if brace[0] == "{":
                opened.append(brace.start())
            elif brace[0] == "}" and opened:
                found[opened.pop()] = brace.start()
        return found

    @cached_property
    def dropped(self) -> bool:
        """Whether the text shows for certain that dollars and backslashes were dropped from it."""
        return _DROPPED.search(self.text) is not None

    def edits(self) -> list[Edit]:
        """Return what to replace, in order, apart."""
        if any(name in self.text for name in table.BARE) or any(
            each.search(self.text) for each in _WORDS_TELL
        ):
            self.read(_ALL)
        elif _SIGNS.search(self.text):
            self.read(_ONLY_SIGNS)
        return self._apart()

    def read(self, rules: re.Pattern[str]) -> None:
        at = 0
        while found := rules.search(self.text, at):
            assert found.lastgroup is not None
            handler: Callable[[re.Match[str]], int] = getattr(self, found.lastgroup)
            at = max(handler(found), found.start() + 1)

    def _apart(self) -> list[Edit]:
        """Return the edits in order; of two that overlap the first counts."""
        kept: list[Edit] = []
        for edit in sorted(self.found):
            if (not kept or edit.start >= kept[-1].end) and edit.text != self.text[edit.start : edit.end]:
                kept.append(edit)
        return kept

    def put(self, start: int, end: int, text: str) -> int:
        self.found.append(Edit(start, end, text))
        return end

    def whole(self, found: re.Match[str], text: str) -> int:
        return self.put(found.start(), found.end(), text)

    def unwrap(self, start: int, inside: int, opened: int | None = None) -> int:
        """Take away what stands from `start` to `inside`, and the brace that closes it; read on inside.

        The brace that opens stands at `opened`, or else right before `inside`.
        """
        close = self.braces.get(inside - 1 if opened is None else opened)
        if close is None:
            return inside
        self.put(start, inside, "")
        self.put(close, close + 1, "")
        return inside

    def argument(self, at: int) -> tuple[str, int] | None:
        """Return a braced argument that begins at `at`, and where it ends."""
        if (close := self.braces.get(at)) is None:
            return None
        return self.text[at + 1 : close], close + 1

    # --- what is no TeX, and quotation marks -----------------------------------------------------

    def address(self, found: re.Match[str]) -> int:
        if found["again"]:
            self.put(found.start("again"), found.end("again"), "")
        return found.end()

    def code(self, found: re.Match[str]) -> int:
        return found.end()

    def quotes(self, found: re.Match[str]) -> int:
        self.open_quotes += 1
        return self.whole(found, "“")

    def unquotes(self, found: re.Match[str]) -> int:
        if self.open_quotes:
            self.open_quotes -= 1
            self.whole(found, "”")
        return found.end()

    def half_quotes(self, found: re.Match[str]) -> int:
        return self.whole(found, '"')

    def quote(self, found: re.Match[str]) -> int:
        end = found.end("quoted")
        self.put(end, end + 1, "’")
        return self.whole(found, "‘")

    # --- formulae between dollars ----------------------------------------------------------------

    def display(self, found: re.Match[str]) -> int:
        return self.whole(found, formula(found["round"] or found["square"]))

    def dollar(self, found: re.Match[str]) -> int:
        start = found.start()
        mark = "$$" if self.text.startswith("$$", start) and not self.text.startswith("$$$", start) else "$"
        inside = start + len(mark)
        close = self.text.find(mark, inside)
        while close > 0 and self.text[close - 1] == "\\":
            close = self.text.find(mark, close + 1)
        if close < 0:
            return self.lone_dollar(found)
        content, end = self.text[inside:close], close + len(mark)
        kind = _kind(content, self.text[end : end + 1])
        if kind == "formula":
            return self.put(start, end, formula(content))
        if kind == "sentence":  # prose with formulae in it: read as such, without the dollars
            self.put(start, inside, "")
            self.put(close, end, "")
        return inside

    def lone_dollar(self, found: re.Match[str]) -> int:
        before = self.text[max(0, found.start() - 20) : found.start()]
        if re.search(r"\\[A-Za-z]+\Z", before):
            return self.whole(found, "")
        return found.end()

    # --- backslashes -----------------------------------------------------------------------------

    def escape(self, found: re.Match[str]) -> int:
        return self.whole(found, found[0][1])

    def apostrophe(self, found: re.Match[str]) -> int:
        self.whole(found, "")
        return found.end() + 1

    def accent(self, found: re.Match[str]) -> int:
        mark = found["mark"] or found["letters"]
        letter = found["on"] or found["on_dotless"] or found["on_braced"]
        accented = unicodedata.normalize("NFC", letter + table.ACCENTS[mark])
        if len(accented) != 1 or (mark == '"' and (" " in found[0] or self.quoted_by_escapes(found))):
            return found.end()  # there is no such letter: `\"x` is a quotation mark
        start, end = found.span()
        if self.text[start - 1 : start] == "{" and self.text[end : end + 1] == "}":
            start, end = start - 1, end + 1
        return self.put(start, end, accented)

    def quoted_by_escapes(self, found: re.Match[str]) -> bool:
        r"""Tell whether `\"` opens a quotation, which a `\"` behind a word then closes."""
        if self.text[max(0, found.start() - 1) : found.start()].isalpha():
            return False
        return re.compile(r'[^\\"]*[^\\"\s]\\"(?!\w)').match(self.text, found.start() + 2) is not None

    def command(self, found: re.Match[str]) -> int:
        name, start, end = found["name"], found.start(), found.end()
        if name in table.TEXT_FONTS:
            return self.unwrap(start, end + 1) if self.text.startswith("{", end) else end
        if name in table.REFERENCES:
            return self.reference(start, end)
        if name in table.IGNORED:
            return self.put(start, _blanks(self.text, end), "")
        if name in table.LETTERS:
            return self.put(start, _after_name(self.text, end), table.LETTERS[name])
        if name in table.SHORT_WORDS:
            word = table.SHORT_WORDS[name]
            return self.put(start, end, word[:-1] if self.text.startswith(".", end) else word)
        if name in table.SPECIAL:
            return getattr(self, f"on_{name}", self.on_coloured)(start, end)
        if name in ("textmu", "mu") and self.text.startswith(" m", end):
            end += 1  # micrometres
            return self.put(start, end, table.SYMBOLS[name])
        atom = one_atom(self.text, start)
        if atom is not None:
            return self.put(start, atom[1], atom[0])
        if self.text.startswith("{}", end):
            self.put(end, end + 2, "")
            return self.put(start, start + 1, "")
        return end

    def reference(self, start: int, end: int) -> int:
        """Take a citation away, and the blank or tie before it."""
        while match := _OPTION.match(self.text, end):
            end = match.end()
        argument = self.argument(end)
        if argument is None:
            return end
        if self.text[start - 1 : start] in ("~", " ") and not self.text[argument[1] :][:1].isalnum():
            start -= 1
        return self.put(start, argument[1], "")

    def on_url(self, start: int, end: int) -> int:
        argument = self.argument(_blanks(self.text, end))
        return end if argument is None else self.put(start, argument[1], argument[0].replace("\\", ""))

    on_path = on_nolinkurl = on_url

    def on_href(self, start: int, end: int) -> int:
        address = self.argument(end)
        label = address and self.argument(_blanks(self.text, address[1]))
        if address is None or label is None:
            return end
        url, (words, after) = address[0].replace("\\", ""), label
        self.put(start, after - len(words) - 1, "")
        self.put(after - 1, after, "" if "://" in words or "." in words.strip(".") else f" ({url})")
        return after - len(words) - 1

    on_hyperlink = on_href

    def on_coloured(self, start: int, end: int) -> int:
        r"""Read the second argument of a command of two: `\textcolor{red}{text}`."""
        option = _OPTION.match(self.text, end)
        first = self.argument(option.end() if option else end)
        if first is None:
            return end
        if not self.text.startswith("{", first[1]):
            return self.put(start, first[1], "")
        return self.unwrap(start, first[1] + 1)

    def on_footnote(self, start: int, end: int) -> int:
        if (argument := self.argument(end)) is None:
            return end
        self.put(start, end + 1, " (")
        self.put(argument[1] - 1, argument[1], ")")
        return end + 1

    def on_textsuperscript(self, start: int, end: int) -> int:
        return self.text_script("^", start, end)

    def on_textsubscript(self, start: int, end: int) -> int:
        return self.text_script("_", start, end)

    def text_script(self, sign: str, start: int, end: int) -> int:
        argument = self.argument(end)
        return end if argument is None else self.put(start, argument[1], scripted(sign, formula(argument[0])))

    def on_unicode(self, start: int, end: int) -> int:
        argument = self.argument(end)
        code = argument and re.fullmatch(r"x([0-9a-fA-F]{2,5})|(\d{2,6})", argument[0])
        if not argument or not code:
            return end
        number = int(code[1], 16) if code[1] else int(code[2])
        return self.put(start, argument[1], chr(number)) if 0x20 <= number < 0xD800 else argument[1]

    def space(self, found: re.Match[str]) -> int:
        return self.whole(found, "" if found[0] == "\\!" else " ")

    # --- braces ----------------------------------------------------------------------------------

    def switch(self, found: re.Match[str]) -> int:
        if not found[0].startswith("{\\") and not found[0][-1].isspace():
            return found.end()
        return self.unwrap(found.start(), found.end(), found.start())

    def about(self, found: re.Match[str]) -> int:
        return self.whole(found, "∼")

    def kept(self, found: re.Match[str]) -> int:
        """Braces around a name keep its capitals in a bibliography; a lone capital may be a set."""
        close = self.braces[found.start()]
        inner = self.text[found.end() : close]
        glued = (
            self.text[found.start() - 1 : found.start()].isalpha()
            or self.text[close + 1 : close + 2].isalpha()
        )
        if glued or (
            len(inner) > 1 and self.text[found.start() - 1 : found.start()] not in ("$", "/", "{", "_")
        ):
            return self.unwrap(found.start(), found.end())
        return found.end()

    def around(self, found: re.Match[str]) -> int:
        return self.unwrap(found.start(), found.end())

    def fraction(self, found: re.Match[str]) -> int:
        r"""`\frac{1}{n}` without its `\frac{` and `}` is `1{n}`."""
        argument = self.argument(found.start())
        before = self.text[max(0, found.start() - 2) : found.start()]
        if argument is None or not self.dropped or not (before[-1:] == "}" or not before[:-1].isalnum()):
            return found.end()
        below = formula(argument[0], bare=True)
        return self.put(found.start(), argument[1], f"/({below})" if len(below) > 1 else f"/{below}")

    def empty(self, found: re.Match[str]) -> int:
        return self.whole(found, "")

    # --- remnants --------------------------------------------------------------------------------

    def sum(self, found: re.Match[str]) -> int:
        return self.whole(found, table.SYMBOLS[found[0]])

    def indexed(self, found: re.Match[str]) -> int:
        return self.whole(found, table.SYMBOLS[found[0]])

    def script(self, found: re.Match[str]) -> int:
        """`^` and `_` as far as they are no part of a name: `x^2`, `R^{n times n}`, `L_0`, not `snake_case`."""
        sign, start = found[0], found.start()
        if self.text.startswith("{", start + 1):
            argument = self.argument(start + 1)
            if argument is None or (self.text[start - 1] == "}" and "}" in argument[0]):
                return found.end()
            return self.put(start, argument[1], scripted(sign, formula(argument[0], bare=True)))
        simple = (_SUPERSCRIPT if sign == "^" else _SUBSCRIPT).match(self.text, start + 1)
        if simple is None or (sign == "_" and not _INDEXED.search(self.text, max(0, start - 4), start)):
            return found.end()
        shown = scripted(sign, formula(simple[0], bare=True))
        if shown.startswith("_"):
            return found.end()
        if glued := _BARE_NAME.match(self.text, simple.end()):  # `R^d\\rightarrow R`
            self.put(simple.end(), glued.end(), table.SYMBOLS[glued[0]])
        return self.put(start, simple.end(), shown)

    def tie(self, found: re.Match[str]) -> int:
        if _REFERENCE.match(self.text, found.end()) or _RANGE.search(self.text, 0, found.end() + 1):
            return found.end()  # the tie goes with the reference; `1M~60M` is no tie
        blank = self.text[found.start() - 1].isspace()
        return self.whole(found, "" if blank else " ")

    def font(self, found: re.Match[str]) -> int:
        argument = self.argument(found.end() - 1)
        if argument and found[0].startswith("mathbb") and argument[0] in table.DOUBLE_STRUCK:
            return self.put(found.start(), argument[1], table.DOUBLE_STRUCK[argument[0]])
        return self.unwrap(found.start(), found.end())

    def root(self, found: re.Match[str]) -> int:
        argument = self.argument(found.end() - 1)
        if argument is None:
            return found.end()
        inner = formula(argument[0], bare=True)
        if "sqrt" in found[0]:
            return self.put(found.start(), argument[1], f"√{inner}" if inner.isalnum() else f"√({inner})")
        below = self.argument(argument[1])
        if below is None:
            return found.end()
        return self.put(found.start(), below[1], formula(f"\\frac{{{argument[0]}}}{{{below[0]}}}", bare=True))

    def bracket(self, found: re.Match[str]) -> int:
        if not self.dropped or "}" not in self.text:
            return found.end()
        of = found["sized"] or ""
        return self.whole(found, table.GREEK.get(of, of))

    def tilde(self, found: re.Match[str]) -> int:
        letter = found["tilded"]
        return self.whole(found, table.GREEK.get(letter, letter) + table.MATHS_ACCENTS["tilde"])

    def bare(self, found: re.Match[str]) -> int:
        name, start, end = found["bare_name"], found.start("bare_name"), found.end("bare_name")
        if name == "infty" and self.text.endswith(" to ", 0, start):
            self.put(start - 3, start - 1, "→")
        if name in table.CLOSING and self.text[start - 1 : start] == " ":
            start -= 1
        if name in table.OPENING or (found["one"] and name == "cdot"):
            end = found.end("after")
        return self.put(start, end, table.SYMBOLS[name])

    def times(self, found: re.Match[str]) -> int:
        return self.whole(found, "×")

    def product(self, found: re.Match[str]) -> int:
        """`64 times 64` is a product; `3 times 5 days` may be one."""
        left = re.search(r"(\^?)(?<![$\d.,])(\d+)\Z", self.text[max(0, found.start() - 8) : found.start()])
        right = found["right"]
        if left and not left[1]:
            sized = right and (left[2] == right or (len(left[2]) >= 3 and len(right) >= 3))
            if not sized:
                return found.end()
        elif not left and self.text[found.start() - 1] in ")}" and not (right and self.dropped):
            return found.end()
        return self.whole(found, " × ")

    def sim(self, found: re.Match[str]) -> int:
        certain = found[0] != "sim " or self.text[found.start() - 1 : found.start()].isdigit() or self.dropped
        return self.whole(found, "∼") if certain else found.end()

    def approx(self, found: re.Match[str]) -> int:
        return self.whole(found, "≈")

    def plus_minus(self, found: re.Match[str]) -> int:
        return self.whole(found, "±")

    def relation(self, found: re.Match[str]) -> int:
        sign = "≤" if "le" in found[0] else "≥"
        return self.whole(found, f" {sign} ") if self.dropped else found.end()

    def greek(self, found: re.Match[str]) -> int:
        """The name of a Greek letter is a word, too: it becomes a letter only inside a formula."""
        before, after = (
            self.text[max(0, found.start() - 8) : found.start()],
            self.text[found.end() : found.end() + 12],
        )
        inside = (
            (found[0] == "Delta" and _PERCENT.match(after))
            or (_FUNCTION.search(before) and after[:1] in (")", ",", "^", "_", " "))
            or (
                self.dropped
                and (
                    (_AFTER_SIGN.search(before) and not after.startswith(("-", "_")))
                    or _BEFORE_SIGN.match(after)
                )
            )
        )
        return self.whole(found, table.SYMBOLS[found[0]]) if inside else found.end()


_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)
_REFERENCE = re.compile(rf"\\(?:{'|'.join(table.REFERENCES)})(?![A-Za-z])")
_OPTION = re.compile(r"\s*\[[^\[\]]*\]")
_SUPERSCRIPT = re.compile(
    rf"(?:[-+]?\d+|circ(?![a-z])|prime(?![a-z])|top(?![a-z])|dagger(?![a-z])|\*|(?:{_GREEK})(?![a-z])"
    rf"|[A-Za-z](?![A-Za-z0-9_])|[a-z](?={_NAMES})|\\(?:circ|prime|top|dagger|ast|{_GREEK})(?![A-Za-z]))"
)
_SUBSCRIPT = re.compile(
    rf"(?:\d+(?![\w.]\w)|[a-z](?![\w])|(?:{_GREEK})(?![\w])|\\(?:{_GREEK})(?![A-Za-z]))(?!/)"
)
# What may have an index: a lone letter, `log` and `ell`, a Greek letter.
_INDEXED = re.compile(
    rf"(?<![\w/.\\~@-])(?:[A-Za-z]|log|ell|[α-ωΑ-Ωℓ])\Z|(?<![A-Za-z\\])(?:{_GREEK}|log|ell)\Z"
)
_RANGE = re.compile(r"(?<![\w.])[\d.,]+[A-Za-z%]~\d\Z")
_BARE_NAME = re.compile(_NAMES)
_PERCENT = re.compile(r"\d[\d.]*\\?%")
_AFTER_SIGN = re.compile(r"(?:[=<>≤≥|] ?|leq |geq |[(,/]| to )\Z")
_BEFORE_SIGN = re.compile(r" ?(?:[=<>≤≥]|leq|geq|to infty)")


def _kind(content: str, behind: str) -> str:
    """Return what stands between two dollars: a `formula`, a `sentence` with formulae, or `neither`."""
    certain = _MATHS_SIGN.search(content) is not None
    if not content.strip() or (behind.isdigit() and not certain) or len(content) > 600:
        return "neither"
    spaced = content[0].isspace() or content[-1].isspace()
    prose = _PROSE.search(_TEXTUAL.sub("", content)) is not None
    if prose:
        return "sentence" if re.search(r"[\^_]\{|\\[a-z]", content) and content[0].isalpha() else "neither"
    if certain:
        return "formula"
    if spaced or (_MONEY.fullmatch(content) and not re.fullmatch(r"[\d.,]+[-–]?[\d.,]*[a-zA-Z%+]?", content)):
        return "neither"
    return "neither" if len(content.split()) > 9 else "formula"


def _blanks(text: str, at: int) -> int:
    """Return where the blanks that begin at `at` end."""
    while text[at : at + 1] == " ":
        at += 1
    return at


def _after_name(text: str, end: int) -> int:
    """Return where reading goes on behind the name of a letter: TeX takes a blank or `{}` along."""
    return end + 2 if text.startswith("{}", end) else _blanks(text, end)
