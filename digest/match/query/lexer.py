"""The lexer of the query language: it turns a text into items, parentheses of groups and operators."""

import difflib
import re
import unicodedata
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Literal, NoReturn

from digest.errors import QueryError
from digest.match.query.ast import SCOPES, Atom
from digest.text.folding import fold
from digest.text.words import Word, is_ideograph, words

MAX_LENGTH = 1_000_000
MAX_TOKENS = 50_000
MAX_NEAR_WORDS = 100

_QUOTES = '"“”„‟'
_SIGNS = "+-!"
_PLAIN = re.compile(rf"[^\s\\()^~*:&|{_QUOTES}]+")
_IN_QUOTES = re.compile(rf"[^\\*{_QUOTES}]+")
_RANGE = re.compile(r"[\[{]\s*[^\s\[\]{}]+\s+TO\s+[^\s\[\]{}]+\s*[\]}]")
_NEAR = re.compile(r"~([0-9]{1,6})(?![0-9.])")
_BOOST = re.compile(r"\^([0-9]{1,9}(?:\.[0-9]{1,9})?|\.[0-9]{1,9})(?![0-9.])")
# After a backslash these are plain text, unless the two are an accent of TeX.
_ESCAPABLE = '+-!()"^~*:=\\'
_TEX_ACCENT = re.compile(r'\\["^~=](?:[A-Za-z]|\{(?:[A-Za-z]|\\[ij])\}|\\[ij](?![A-Za-z]))')


@dataclass(slots=True)
class Token:
    """A token; `atom` is set for an item, `scope` for an item or group with a field.

    `signed` tells whether it has a sign, `negative` whether that sign excludes. `boosted` is
    the position of the boost.
    """

    kind: Literal["item", "open", "close", "and", "or", "not"]
    position: int
    negative: bool = False
    signed: bool = False
    scope: tuple[str, ...] | None = None
    atom: Atom | None = None
    boost: float = 1.0
    boosted: int | None = None


@dataclass(slots=True)
class _Body:
    """An item that is being read: its text without quotes, escapes and star, and what modifies it."""

    start: int
    parts: list[str] = field(default_factory=list)
    star: int | None = None  # position of the star
    near: int | None = None


_OPERATORS: dict[str, Literal["and", "or", "not"]] = {"AND": "and", "OR": "or", "NOT": "not"}
_SYMBOLS: dict[str, Literal["and", "or"]] = {"&&": "and", "||": "or"}


# Nearly every token matches this expression as a whole: a sign, a field, then a group or an item with its
# boost; an operator; the end of a group. All others are read character by character, which is far slower.
_BOOST_HERE = r"(?: \^ [0-9]{1,9} (?: \.[0-9]{1,9} )? (?= [\s()] | \Z ) )?"
_EASY = re.compile(
    rf"""
    (?: (?P<operator> AND|OR|NOT ) (?= [\s()] | \Z )
      | (?P<sign> [-+!] )? (?: (?P<scope> (?i: {"|".join(SCOPES)} ) ) : )?
        (?: (?P<open> \( )
          | (?P<item> =? (?: "[A-Za-z0-9\ ,.'/-]+ \*? " (?: ~[0-9]{{1,6}} )?
                           | [A-Za-z0-9]+ (?: -[A-Za-z0-9]+ )* \*? ) )
            (?P<boost> {_BOOST_HERE} ) (?= [\s()] | \Z ) )
      | \) (?P<close_boost> {_BOOST_HERE} ) (?! [~*^] )
    ) \s*
    """,
    re.VERBOSE,
)
_NEGATIVE = frozenset("-!")


@lru_cache(maxsize=1 << 16)
def _easy_item(text: str) -> Atom | None:
    """Return the atom of an item without field and boost; None if it is an operator or not valid."""
    if text.removeprefix("=") in _OPERATORS:
        return None
    try:
        lexer = Lexer(text)
        return lexer.read_item(exact=lexer.read_exact())
    except QueryError:
        return None


class Lexer:
    """Reads the tokens of one text; `place` is the position of the next character."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.place = 0

    def fail(self, message: str, position: int, remedy: str) -> NoReturn:
        """Raise the QueryError for a mistake in this text."""
        fail(self.text, message, position, remedy)

    def tokens(self) -> list[Token]:
        """Return all tokens of the text. Raises QueryError."""
        if len(self.text) > MAX_LENGTH:
            start = self.text[:60] + "…"
            fail(start, "the query has more than a million characters", 0, "split it into several keywords")
        found = []
        self.skip_blanks()
        while self.place < len(self.text):
            token = self.easy_token()
            if token is None:
                token = self.token()
                self.read_boost(token)
                self.skip_blanks()
            found.append(token)
            if len(found) > MAX_TOKENS:
                self.fail(
                    f"the query has more than {MAX_TOKENS:,} items and operators",
                    token.position,
                    "split it into several keywords",
                )
        return found

    def skip_blanks(self) -> None:
        """Move on to the next character that is not a blank."""
        text, place = self.text, self.place
        while place < len(text) and text[place].isspace():
            place += 1
        self.place = place

    def easy_token(self) -> Token | None:
        """Return the next token if one expression matches all of it, else None.

        It consumes the blanks after the token, too. `token` and `read_boost` read the same token.
        """
        found = _EASY.match(self.text, self.place)
        if found is None:
            return None
        operator, sign, scope, opened, item, boost, close_boost = found.groups()
        start = self.place
        if operator:
            token = Token(_OPERATORS[operator], start)
        elif item or opened:
            fields = SCOPES[scope.casefold()] if scope else None
            atom = _easy_item(item) if item else None
            if item and not atom:
                return None
            if atom and scope:
                atom = replace(atom, term=f"{scope}:{item}")
            kind: Literal["item", "open"] = "item" if item else "open"
            token = Token(kind, start, sign in _NEGATIVE, sign is not None, fields, atom)
        else:
            token = Token("close", start)
        if boost or close_boost:
            token.boost = float((boost or close_boost)[1:])
            token.boosted = found.start("boost" if boost else "close_boost")
            if not token.boost:
                return None
        self.place = found.end()
        return token

    def char(self) -> str:
        """Return the next character, "" at the end."""
        return self.text[self.place : self.place + 1]

    def at_end_of_item(self) -> bool:
        """Return whether an item without quotes ends here."""
        char = self.char()
        return not char or char.isspace() or char in "()" or char in _QUOTES or self.symbol() is not None

    def nothing_here(self) -> bool:
        """Return whether no item or group begins here."""
        char = self.char()
        return not char or char.isspace() or char == ")" or self.symbol() is not None

    def symbol(self) -> Literal["and", "or"] | None:
        """Return the operator of `&&` or `||`, if one of them is next."""
        return _SYMBOLS.get(self.text[self.place : self.place + 2])

    def token(self) -> Token:
        """Read the next token without its boost."""
        start = self.place
        if (symbol := self.symbol()) is not None:
            self.place += 2
            return Token(symbol, start)
        if self.char() == ")":
            self.place += 1
            return Token("close", start)
        negative, signed = self.read_sign()
        begin = self.place
        scope = self.read_field()
        if self.char() == "(":
            self.place += 1
            return Token("open", start, negative, signed, scope)
        exact = self.read_exact()
        operator = self.read_operator()
        if operator is not None:
            if self.place - start > len(operator):
                name = operator.upper()
                self.fail(
                    f"{name} is an operator here", start, f'to search for the word, use quotes: "{name}"'
                )
            return Token(operator, start)
        atom = self.read_item(exact=exact)
        if scope:
            atom = replace(atom, term=self.text[begin : self.place])
        return Token("item", start, negative, signed, scope, atom)

    # The following methods read the parts of an item, in the order in which the language allows them.

    def read_sign(self) -> tuple[bool, bool]:
        """Read the sign if there is one; return whether it excludes, and whether there is one."""
        sign = self.char()
        if sign not in _SIGNS or not sign:
            self.refuse_dash()
            return False, False
        start = self.place
        self.place += 1
        if self.char() and self.char() in _SIGNS:
            self.fail("only one sign is allowed before an item", start, f"write {sign}word")
        if self.nothing_here():
            self.fail(
                f"'{sign}' must be directly before an item",
                start,
                f'write {sign}word, or use quotes: "a {sign} b"',
            )
        self.refuse_dash()
        return sign != "+", True

    def refuse_dash(self) -> None:
        """Raise QueryError if another dash than `-` is next, as it was probably meant to exclude."""
        char = self.char()
        if char and char != "-" and (unicodedata.category(char) == "Pd" or char == "\u2212"):
            name = unicodedata.name(char, "dash").lower()
            self.fail(f"'{char}' ({name}) is not '-'", self.place, "to exclude a word, write -word")

    def read_field(self) -> tuple[str, ...] | None:
        """Read `field:` if it is next. Raises QueryError for any other word before a colon."""
        start = self.place
        found = _PLAIN.match(self.text, start)
        end = found.end() if found else start
        if self.text[end : end + 1] != ":":
            return None
        name = self.text[start:end]
        scope = SCOPES.get(name.casefold())
        if scope is None:
            self.refuse_field(name, start)
        self.place = end + 1
        if self.nothing_here():
            problem = "no blank is allowed" if self.char().isspace() else "a word is missing"
            self.fail(f"{problem} after {name}:", self.place, f"write {name}:word or {name}:(several words)")
        if self.char() in _SIGNS:
            self.fail("the sign must come before the field", self.place, f"write {self.char()}{name}:word")
        self.refuse_dash()
        return scope

    def refuse_field(self, name: str, position: int) -> NoReturn:
        """Raise QueryError for a text before a colon that is not a field in its place."""
        if not name:
            self.fail(
                "the name of a field is missing before ':'",
                position,
                "to search for text with a colon, use quotes",
            )
        if name.startswith("=") and name[1:].casefold() in SCOPES:
            self.fail("'=' must come after the field", position, f"write {name[1:]}:=word")
        if name.casefold() in SCOPES:
            self.fail("only one field is allowed before an item", position, f"write {name}:word")
        near = difflib.get_close_matches(name.casefold()[:20], SCOPES, n=1)
        item = self.text[position:].split(maxsplit=1)[0].replace('"', "")
        advice = f"write {near[0]}:, or" if near else "to search for this text,"
        self.fail(f"{_short(name)}: is not a field", position, f'{advice} use quotes: "{_short(item)}"')

    def read_exact(self) -> bool:
        """Read `=` if it is next; return whether it is."""
        if self.char() != "=":
            return False
        start = self.place
        self.place += 1
        if self.char() == "(":
            self.fail("'=' is not allowed before a group", start, 'write (=one OR ="another one")')
        if self.char() == "=":
            self.fail("only one '=' is allowed before an item", start, "write =word")
        if self.char() and self.char() in _SIGNS:
            self.fail("the sign must come before '='", start, f"write {self.char()}=word")
        if self.nothing_here():
            self.fail("'=' must be directly before an item", start, 'write =word or ="a phrase"')
        return True

    def read_operator(self) -> Literal["and", "or", "not"] | None:
        """Read AND, OR or NOT if it is next as a whole word."""
        found = _PLAIN.match(self.text, self.place)
        if not found or found.group() not in _OPERATORS:
            return None
        after = self.place
        self.place = found.end()
        if self.at_end_of_item():
            return _OPERATORS[found.group()]
        self.place = after
        return None

    def read_item(self, *, exact: bool) -> Atom:
        """Read a word, a phrase or words near each other, without field and boost."""
        start = self.place - exact
        if _RANGE.match(self.text, self.place):
            self.fail("ranges are not supported", start, "list the words instead: (a OR b)")
        body = _Body(self.place)
        if self.char() in _QUOTES:
            self.read_quoted(body)
        else:
            self.read_bare(body)
        text = "".join(body.parts)
        graph = words(text)
        if not graph:
            self.fail("a word is missing here", start, "write letters or digits, or remove this")
        self.check_star(body, graph, text)
        if body.near is not None and graph[-1].after > MAX_NEAR_WORDS:
            self.fail(f"'~' allows at most {MAX_NEAR_WORDS} words in the quotes", start, "use fewer words")
        prefix = body.star is not None
        return Atom(
            self.text[start : self.place],
            graph,
            prefix=prefix,
            exact=exact and not (prefix and len(graph) == 1),  # a prefix is never stemmed
            near=body.near if graph[-1].after > 1 else None,
        )

    def read_bare(self, body: _Body) -> None:
        """Read an item without quotes."""
        while not self.at_end_of_item() and self.char() != "^":
            char = self.char()
            if char == "~":
                self.fail(
                    "'~' is only allowed after a quoted phrase",
                    self.place,
                    'write prefix* for similar words, "near words"~3 for words near each other',
                )
            elif char == ":":
                self.refuse_field(self.text[body.start : self.place], body.start)
            elif char == "*":
                body.star = self.place
                self.place += 1
                self.refuse_inner_star(body.star, inside=not self.at_end_of_item() and self.char() != "^")
            elif char == "\\":
                self.read_escape(body)
            else:
                found = _PLAIN.match(self.text, self.place)
                body.parts.append(found.group() if found else char)
                self.place += len(body.parts[-1])
        if self.place == body.start:
            self.fail("'^' needs an item before it", self.place, "write word^2")

    def read_quoted(self, body: _Body) -> None:
        """Read a phrase with its quotes and a `~` after them."""
        self.place += 1
        while self.char() and self.char() not in _QUOTES:
            if self.char() == "*":
                body.star = self.place
                self.place += 1
                self.refuse_inner_star(body.star, inside=self.char() not in _QUOTES)
            elif self.char() == "\\":
                self.read_escape(body)
            else:
                found = _IN_QUOTES.match(self.text, self.place)
                assert found is not None
                body.parts.append(found.group())
                self.place = found.end()
        if not self.char():
            self.fail("this quote is not closed", body.start, 'close it: "a phrase"')
        self.place += 1
        if self.char() == "*":
            self.fail(
                "'*' is not allowed after a quote", self.place, 'write it inside the quotes: "a phras*"'
            )
        if self.char() == "~":
            self.read_near(body)

    def read_near(self, body: _Body) -> None:
        """Read `~` and its number after a phrase."""
        start = self.place
        found = _NEAR.match(self.text, start)
        self.place = found.end() if found else start
        if not found or not (self.at_end_of_item() or self.char() == "^"):
            self.fail(
                "'~' needs a whole number after it",
                start,
                'write how many other words may be between: "a b"~3',
            )
        body.near = int(found[1])

    def refuse_inner_star(self, position: int, *, inside: bool) -> None:
        """Raise QueryError if a star is not at the end of its item."""
        if inside:
            self.fail("'*' is only allowed at the end of a word or phrase", position, "write prefix*")

    def read_escape(self, body: _Body) -> None:
        """Read a backslash and the character or TeX accent that belongs to it."""
        accent = _TEX_ACCENT.match(self.text, self.place)
        after = self.text[self.place + 1 : self.place + 2]
        if accent:
            body.parts.append(accent.group())
        elif after and after in _ESCAPABLE:
            # An escaped backslash becomes a blank, so that it cannot begin a command of TeX.
            body.parts.append(" " if after == "\\" else after)
            self.place += 2
            return
        else:
            body.parts.append("\\")
        self.place += len(body.parts[-1])

    def check_star(self, body: _Body, graph: tuple[Word, ...], text: str) -> None:
        """Raise QueryError for a star after too short a word or after an ideograph."""
        if body.star is None:
            return
        last = graph[-1].bare
        typed = fold(text[graph[-1].start : graph[-1].end])  # a Greek letter is one letter, not its name
        if is_ideograph(last[0]):
            self.fail("'*' is not allowed after a character that is a word", body.star, "remove the star")
        if min(len(last), len(typed)) < 2:
            self.fail(
                "'*' needs at least two letters or digits before it", body.star, "write more of the word: ab*"
            )

    def read_boost(self, token: Token) -> None:
        """Read the boost after an item or group. Raises QueryError if the token does not end there."""
        if token.kind not in {"item", "close"}:
            return
        if token.kind == "close" and self.char() and self.char() in "~*":
            self.fail(
                f"'{self.char()}' is not allowed after a group",
                self.place,
                'use it in an item: prefix* or "near words"~3',
            )
        if self.char() != "^":
            return
        token.boosted = self.place
        found = _BOOST.match(self.text, self.place)
        if found:
            self.place = found.end()
        if not found or not self.at_end_of_item():
            self.fail(
                "'^' needs a positive decimal number after it",
                token.boosted,
                'write word^2.5; to search for the text, use quotes: "x^n"',
            )
        token.boost = float(found[1])
        if not token.boost:
            self.fail(
                "a boost cannot be 0",
                token.boosted,
                "write a positive number, as in word^0.5, or remove the item",
            )


def fail(text: str, message: str, position: int, remedy: str) -> NoReturn:
    """Raise the QueryError for a mistake at a position of the text."""
    raise QueryError(message, query=text, position=position, remedy=remedy)


def _short(text: str) -> str:
    return text if len(text) <= 30 else text[:29] + "…"
