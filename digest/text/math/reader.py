"""Finds TeX and its remnants in a text, and lists the replacements."""

import re
import unicodedata
from collections.abc import Callable
from functools import cached_property

from digest.text.math import rules, tables
from digest.text.math.edits import Edit
from digest.text.math.formula import formula, one_atom, scripted
from digest.text.math.structures import Structures

_LONGEST_NUMBER = 32  # characters; every rule looks back only so far, so that reading is linear


def edits_of(text: str) -> list[Edit]:
    """Return the replacements for a text, sorted and disjoint."""
    return _Reader(text).edits()


class _Reader(Structures):
    """Reads a text once, from left to right.

    Each rule has a method that takes the match, adds edits, and returns the offset at which reading continues.
    """

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.open_quotes = 0

    @cached_property
    def dropped(self) -> bool:
        """Whether dollars and backslashes were clearly dropped from the text."""
        return rules.DROPPED.search(self.text) is not None

    def edits(self) -> list[Edit]:
        """Return the replacements, sorted and disjoint."""
        text = self.text
        if any(each in text for each in (*rules.SIGNS_OF_REMNANTS, *tables.BARE)) or any(
            word in text and pattern.search(text) for word, pattern in rules.WORDS_OF_REMNANTS
        ):
            self.read(rules.ALL)
        elif any(sign in text for sign in rules.SIGNS):
            self.read(rules.ONLY_SIGNS)
        return self.apart()

    def read(self, pattern: re.Pattern[str]) -> None:
        at = 0
        while found := pattern.search(self.text, at):
            assert found.lastgroup is not None
            rule: Callable[[re.Match[str]], int] = getattr(self, found.lastgroup)
            at = max(rule(found), found.start() + 1)

    # Not TeX, and quotation marks

    def address(self, found: re.Match[str]) -> int:
        if found["again"]:
            self.put(found.start("again"), found.end("again"), "")
        return found.end()

    def code(self, found: re.Match[str]) -> int:
        return found.end()

    def quotes(self, found: re.Match[str]) -> int:
        self.open_quotes += 1
        return self.replace(found, "“")

    def unquotes(self, found: re.Match[str]) -> int:
        if self.open_quotes:
            self.open_quotes -= 1
            self.replace(found, "”")
        return found.end()

    def half_quotes(self, found: re.Match[str]) -> int:
        return self.replace(found, '"')

    def quote(self, found: re.Match[str]) -> int:
        end = found.end("quoted")
        self.put(end, end + 1, "’")
        return self.replace(found, "‘")

    # Formulae between dollars

    def display(self, found: re.Match[str]) -> int:
        return self.replace(found, formula(found["round"] or found["square"]))

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
        kind = _classify(content, self.text[end : end + 1])
        if kind == "formula":
            return self.put(start, end, formula(content))
        if kind == "sentence":  # prose with formulae in it: remove the dollars and continue inside
            self.put(start, inside, "")
            self.put(close, end, "")
        return inside

    def lone_dollar(self, found: re.Match[str]) -> int:
        before = self.text[max(0, found.start() - 20) : found.start()]
        if re.search(r"\\[A-Za-z]+\Z", before):
            return self.replace(found, "")
        return found.end()

    # Backslashes

    def escape(self, found: re.Match[str]) -> int:
        return self.replace(found, found[0][1])

    def apostrophe(self, found: re.Match[str]) -> int:
        self.replace(found, "")
        return found.end() + 1

    def accent(self, found: re.Match[str]) -> int:
        mark = found["mark"] or found["letters"]
        letter = found["on"] or found["on_dotless"] or found["on_braced"]
        accented = unicodedata.normalize("NFC", letter + tables.ACCENTS[mark])
        if found["letters"] and found["letters"] in "bdrt" and " " in found[0]:
            return found.end()  # `\b geometric`: an unknown macro
        if len(accented) != 1 or (mark == '"' and (" " in found[0] or self.quoted_by_escapes(found))):
            return found.end()  # such a letter does not exist: `\"x` is a quotation mark
        start, end = found.span()
        if self.text[start - 1 : start] == "{" and self.text[end : end + 1] == "}":
            start, end = start - 1, end + 1
        return self.put(start, end, accented)

    def quoted_by_escapes(self, found: re.Match[str]) -> bool:
        r"""Return whether `\"` opens a quotation, which a `\"` after a word closes."""
        if self.text[max(0, found.start() - 1) : found.start()].isalpha():
            return False
        return re.compile(r'[^\\"]*[^\\"\s]\\"(?!\w)').match(self.text, found.start() + 2) is not None

    def command(self, found: re.Match[str]) -> int:
        name, start, end = found["name"], found.start(), found.end()
        if name in tables.TEXT_FONTS:
            return self.unwrap(start, end + 1) if self.text.startswith("{", end) else end
        if name in tables.REFERENCES:
            return self.reference(start, end)
        if name in tables.IGNORED:
            return self.put(start, _skip_spaces(self.text, end), "")
        if name in tables.LETTERS:
            return self.put(start, _after_name(self.text, end), tables.LETTERS[name])
        if name in tables.SHORT_WORDS:
            word = tables.SHORT_WORDS[name]
            return self.put(start, end, word[:-1] if self.text.startswith(".", end) else word)
        if name in tables.SPECIAL:
            return getattr(self, f"on_{name}", self.on_coloured)(start, end)
        if name in ("textmu", "mu") and self.text.startswith(" m", end):
            end += 1  # micrometres
            return self.put(start, end, tables.SYMBOLS[name])
        atom = one_atom(self.text, start)
        if atom is not None:
            return self.put(start, atom[1], atom[0])
        if self.text.startswith("{}", end):
            self.put(end, end + 2, "")
            return self.put(start, start + 1, "")
        return end

    def reference(self, start: int, end: int) -> int:
        """Remove a citation, and the space or tie before it."""
        while match := rules.OPTION.match(self.text, end):
            end = match.end()
        argument = self.argument(end)
        if argument is None:
            return end
        if self.text[start - 1 : start] in ("~", " ") and not self.text[argument[1] :][:1].isalnum():
            start -= 1
        return self.put(start, argument[1], "")

    def on_url(self, start: int, end: int) -> int:
        argument = self.argument(_skip_spaces(self.text, end))
        return end if argument is None else self.put(start, argument[1], argument[0].replace("\\", ""))

    on_path = on_nolinkurl = on_url

    def on_href(self, start: int, end: int) -> int:
        r"""Show the label and the address of `\href{address}{label}`, or the address alone without a label."""
        address = self.argument(end)
        label = address and self.argument(_skip_spaces(self.text, address[1]))
        if address is None:  # never closed
            return self.put(start, end + 1, "") if self.text.startswith("{http", end) else end
        if label is None:
            url = address[0].replace("\\", "")
            return self.put(start, address[1], url) if "://" in url else end
        url, (words, after) = address[0].replace("\\", ""), label
        self.put(start, after - len(words) - 1, "")
        self.put(after - 1, after, "" if "://" in words or "." in words.strip(".") else f" ({url})")
        return after - len(words) - 1

    on_hyperlink = on_href

    def on_coloured(self, start: int, end: int) -> int:
        r"""Keep the second of two arguments: `\textcolor{red}{text}`."""
        option = rules.OPTION.match(self.text, end)
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
        return self.replace(found, "" if found[0] == "\\!" else " ")

    # Braces

    def switch(self, found: re.Match[str]) -> int:
        if not found[0].startswith("{\\") and not found[0][-1].isspace():
            return found.end()
        at = self.unwrap(found.start(), found.end(), found.start())
        return self.unwrap(at, at + 1) if self.text.startswith("{", at) else at  # `{\\em{one} two}`

    def operator(self, found: re.Match[str]) -> int:
        name = found["infix"] or found["unit"] or found["sign"]
        return self.replace(found, tables.SYMBOLS.get(name, name))

    def about(self, found: re.Match[str]) -> int:
        return self.replace(found, "∼")

    def kept(self, found: re.Match[str]) -> int:
        """Remove braces that protect capitals in a bibliography; a single capital in braces may be a set."""
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

    def titled(self, found: re.Match[str]) -> int:
        """Remove braces that protect a name of several words in a bibliography."""
        if self.text[found.start() - 1 : found.start()] in ("$", "/", "{", "_", "^"):
            return found.end()
        return self.unwrap(found.start(), found.end())

    def doubled(self, found: re.Match[str]) -> int:
        self.unwrap(found.start(), found.start() + 1)
        return self.unwrap(found.start() + 1, found.end())

    def around(self, found: re.Match[str]) -> int:
        return self.unwrap(found.start(), found.end())

    def fraction(self, found: re.Match[str]) -> int:
        r"""Convert `1{n}`, the remnant of `\frac{1}{n}` without `\frac{` and `}`."""
        argument = self.argument(found.start())
        before = self.text[max(0, found.start() - 2) : found.start()]
        if argument is None or not self.dropped or not (before[-1:] == "}" or not before[:-1].isalnum()):
            return found.end()
        below = formula(argument[0], bare=True)
        return self.put(found.start(), argument[1], f"/({below})" if len(below) > 1 else f"/{below}")

    def empty(self, found: re.Match[str]) -> int:
        return self.replace(found, "")

    # Remnants

    def lost_slash(self, found: re.Match[str]) -> int:
        self.put(found.end("steps"), found.end("steps"), "/")
        at = found.end()
        while further := rules.FURTHER_STEPS.match(self.text, at):
            at = further.end()
            self.put(further.end("steps"), further.end("steps"), "/")
        letter = re.compile("(?:var)?epsilon|delta").match(self.text, found.start())
        return self.put(*letter.span(), tables.SYMBOLS[letter[0]]) if letter else found.end()

    def limit(self, found: re.Match[str]) -> int:
        if found["tends"]:
            return self.put(found.end("tends"), found.end(), "→∞")
        return self.replace(found, "→ ∞")

    def sum(self, found: re.Match[str]) -> int:
        return self.replace(found, tables.SYMBOLS[found[0]])

    def indexed(self, found: re.Match[str]) -> int:
        return self.replace(found, tables.SYMBOLS[found[0]])

    def script(self, found: re.Match[str]) -> int:
        """Convert `^` and `_` in `x^2`, `R^{n times n}` and `L_0`, but not in names such as `snake_case`."""
        sign, start = found[0], found.start()
        if self.text.startswith("{", start + 1):
            argument = self.argument(start + 1)
            if argument is None or (self.text[start - 1] == "}" and "}" in argument[0]):
                return found.end()
            return self.put(start, argument[1], scripted(sign, formula(argument[0], bare=True)))
        simple = (rules.SUPERSCRIPT if sign == "^" else rules.SUBSCRIPT).match(self.text, start + 1)
        if simple is None or (sign == "_" and not rules.INDEXED.search(self.text, max(0, start - 4), start)):
            return found.end()
        shown = scripted(sign, formula(simple[0], bare=True))
        if shown.startswith("_"):
            return found.end()
        if glued := rules.BARE_NAME.match(self.text, simple.end()):  # `R^d\\rightarrow R`
            self.put(simple.end(), glued.end(), tables.SYMBOLS[glued[0]])
        return self.put(start, simple.end(), shown)

    def tie(self, found: re.Match[str]) -> int:
        number = max(0, found.start() - _LONGEST_NUMBER)
        if rules.REFERENCE.match(self.text, found.end()) or rules.RANGE.search(
            self.text, number, found.end() + 1
        ):
            return found.end()  # the reference removes its tie; `1M~60M` is a range
        blank = self.text[found.start() - 1].isspace()
        return self.replace(found, "" if blank else " ")

    def font(self, found: re.Match[str]) -> int:
        argument = self.argument(found.end() - 1)
        if argument and found[0].startswith("mathbb") and argument[0] in tables.DOUBLE_STRUCK:
            return self.put(found.start(), argument[1], tables.DOUBLE_STRUCK[argument[0]])
        return self.unwrap(found.start(), found.end())

    def lettered(self, found: re.Match[str]) -> int:
        """Convert `mathcal O` and `mathbb R`."""
        end = found.end() + 1
        letter = self.text[found.end() : end]
        return self.put(
            found.start(), end, tables.DOUBLE_STRUCK.get(letter, letter) if "bb" in found[0] else letter
        )

    def function(self, found: re.Match[str]) -> int:
        """Convert `log{t}` to `log t`, and `log{t+1}` to `log(t+1)`."""
        opened = found.end() - 1
        if (close := self.braces.get(opened)) is None:  # escaped
            return found.end()
        inner = self.text[opened + 1 : close]
        left, right = (" ", "") if inner.isalnum() else ("", "") if inner[0] in "([" else ("(", ")")
        self.put(opened, opened + 1, left)
        self.put(close, close + 1, right)
        return opened + 1

    def accented(self, found: re.Match[str]) -> int:
        """Convert `tilde{O}` and `hat{x}`."""
        name, under = found[0].split("{")[0], found["under"]
        accented = tables.GREEK.get(under, under) + tables.MATHS_ACCENTS[name]
        return self.replace(found, unicodedata.normalize("NFC", accented))

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
        return self.replace(found, tables.GREEK.get(of, of))

    def tilde(self, found: re.Match[str]) -> int:
        letter = found["tilded"]
        shown = tables.GREEK.get(letter, letter) + tables.MATHS_ACCENTS["tilde"]
        return self.replace(found, unicodedata.normalize("NFC", shown))

    def bare(self, found: re.Match[str]) -> int:
        name, start, end = found["bare_name"], found.start("bare_name"), found.end("bare_name")
        if name == "infty" and self.text.endswith(" to ", 0, start):
            self.put(start - 3, start - 1, "→")
        if name in tables.CLOSING and self.text[start - 1 : start] == " ":
            start -= 1
        if name in tables.OPENING or (found["one"] and name == "cdot"):
            end = found.end("after")
        return self.put(start, end, tables.SYMBOLS[name])

    def composed(self, found: re.Match[str]) -> int:
        return self.replace(found, "∘")

    def degrees(self, found: re.Match[str]) -> int:
        return self.replace(found, "°")

    def percent(self, found: re.Match[str]) -> int:
        return self.replace(found, "%")

    def times(self, found: re.Match[str]) -> int:
        return self.replace(found, "×")

    def product(self, found: re.Match[str]) -> int:
        """Convert `64 times 64`, but not `3 times 5 days`, which may be prose, and not `$5 times 10`."""
        before = self.text[max(0, found.start() - 8) : found.start()]
        left = re.search(r"(\^?)(?<![$\d.,])(\d+)\Z", before)
        right = found["right"]
        if re.search(r"\$[\d.,]+\Z", before):
            return found.end()
        if left and not left[1]:
            sized = right and (left[2] == right or (len(left[2]) >= 3 and len(right) >= 3))
            if not sized:
                return found.end()
        elif not left and self.text[found.start() - 1] in ")}" and not (right and self.dropped):
            return found.end()
        return self.replace(found, " × ")

    def sim(self, found: re.Match[str]) -> int:
        certain = found[0] != "sim " or self.text[found.start() - 1 : found.start()].isdigit() or self.dropped
        return self.replace(found, "∼") if certain else found.end()

    def approx(self, found: re.Match[str]) -> int:
        return self.replace(found, "≈")

    def plus_minus(self, found: re.Match[str]) -> int:
        return self.replace(found, "±")

    def relation(self, found: re.Match[str]) -> int:
        sign = "≤" if "le" in found[0] else "≥"
        return self.replace(found, f" {sign} ") if self.dropped else found.end()

    def greek(self, found: re.Match[str]) -> int:
        """Convert the name of a Greek letter only within a formula, because it may also be a word."""
        before, after = (
            self.text[max(0, found.start() - 8) : found.start()],
            self.text[found.end() : found.end() + 12],
        )
        argument = after[:1] in {")", ",", "^", "_", " "}
        signed = (
            rules.AFTER_SIGN.search(before) and not after.startswith(("-", "_"))
        ) or rules.BEFORE_SIGN.match(after)
        inside = (
            (found[0] == "Delta" and rules.PERCENT.match(after))
            or (rules.FUNCTION.search(before) and argument)
            or (self.dropped and (signed or (rules.OF_A_LETTER.search(before) and argument)))
        )
        return self.replace(found, tables.SYMBOLS[found[0]]) if inside else found.end()


def _classify(content: str, after: str) -> str:
    """Classify the text between two dollars as `formula`, `sentence` (with formulae) or `neither`."""
    certain = rules.MATHS_SIGN.search(content) is not None
    if not content.strip() or (after.isdigit() and not certain) or len(content) > 600:
        return "neither"
    spaced = content[0].isspace() or content[-1].isspace()
    prose = rules.PROSE.search(rules.TEXTUAL.sub("", content)) is not None
    if prose:
        return "sentence" if re.search(r"[\^_]\{|\\[a-z]", content) and content[0].isalpha() else "neither"
    if certain:
        return "formula"
    if spaced or (
        rules.MONEY.fullmatch(content) and not re.fullmatch(r"[\d.,]+[-–]?[\d.,]*[a-zA-Z%+]?", content)
    ):
        return "neither"
    return "neither" if len(content.split()) > 9 else "formula"


def _skip_spaces(text: str, at: int) -> int:
    """Return the end of the spaces that begin at `at`."""
    while text[at : at + 1] == " ":
        at += 1
    return at


def _after_name(text: str, end: int) -> int:
    """Return the end of the space or `{}` after the name of a letter, which TeX ignores."""
    return end + 2 if text.startswith("{}", end) else _skip_spaces(text, end)
