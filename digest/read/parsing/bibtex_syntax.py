"""The syntax of BibTeX: entries with their lines, in one pass without recursion. Pure.

By BibTeX's grammar, text outside of entries is a comment. A value consists of pieces joined by `#`: text in
braces or quotes, numbers, or names of strings. Braces are balanced, also inside quotes.

A string may consist of other strings, so that sixty short lines could describe more text than any memory holds. Real
bibliographies name journals and publishers this way, which adds less text than they have; the limit is far above that.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_START = re.compile(r"@[ \t]*([A-Za-z]+)\s*([{(])")
_SPACE = re.compile(r"\s*")
_KEY = re.compile(r"[^,\s{}]*[^,{}\n]*")
_NAME = re.compile(r"[^\s\"#%'(),={}]+")
_BRACE = re.compile(r"[{}]")
_QUOTE = re.compile(r"[{}\"]")
_CLOSERS = {"{": "}", "(": ")"}
# Characters that the names of strings may bring into a file: these, and so many for each character of the file.
_BROUGHT, _BROUGHT_PER_CHARACTER = 1_000_000, 10


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry: kind and field names in lower case, values without their outer braces or quotes."""

    line: int
    kind: str
    key: str
    fields: dict[str, str]


class BibtexError(Exception):
    """A syntax error, with its line (from 1) and reason."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line, self.reason = line, reason


def entries(text: str) -> Iterator[Entry]:
    """Yield the entries of a file. Raises BibtexError."""
    return _Scanner(text).entries()


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text, self.place = text, 0
        self.strings: dict[str, str] = {}
        self._counted, self._line = 0, 1
        self._brought_left = _BROUGHT + _BROUGHT_PER_CHARACTER * len(text)

    def entries(self) -> Iterator[Entry]:
        while match := _START.search(self.text, self.place):
            line, kind, closer = self._line_at(match.start()), match[1].lower(), _CLOSERS[match[2]]
            self.place = match.end()
            if kind in {"comment", "preamble"}:
                self._skip(line, kind, closer)
            elif kind == "string":
                self.strings.update(self._fields(line, closer))
            else:
                key = self._key(line)
                yield Entry(line, kind, key, self._fields(line, closer))

    def _key(self, line: int) -> str:
        self._blank()
        match = _KEY.match(self.text, self.place)
        key = match[0].strip() if match else ""
        self.place = match.end() if match else self.place
        self._blank()
        if self.text[self.place : self.place + 1] not in {",", "}", ")"}:
            raise BibtexError(line, f"the comma after the key {key!r} is missing")
        return key

    def _fields(self, line: int, closer: str) -> dict[str, str]:
        fields: dict[str, str] = {}
        while True:
            self._blank()
            sign = self.text[self.place : self.place + 1]
            if sign == ",":
                self.place += 1
            elif sign == closer:
                self.place += 1
                return fields
            elif not sign:
                raise BibtexError(line, "the entry that begins here is never closed")
            else:
                name, value = self._field(line)
                if name == "keywords" and name in fields:  # ScienceDirect repeats it for each
                    value = f"{fields.pop(name)}; {value}"
                fields.setdefault(name, value)

    def _field(self, line: int) -> tuple[str, str]:
        match = _NAME.match(self.text, self.place)
        if match is None:
            sign = self.text[self.place : self.place + 1]
            raise BibtexError(self._line_at(self.place), f"expected the name of a field, found {sign!r}")
        self.place = match.end()
        self._blank()
        if self.text[self.place : self.place + 1] != "=":
            raise BibtexError(
                self._line_at(self.place),
                f"the = after {match[0].strip()!r} is missing in the entry on line {line}",
            )
        self.place += 1
        pieces = [self._piece(line)]
        self._blank()
        while self.text[self.place : self.place + 1] == "#":
            self.place += 1
            pieces.append(self._piece(line))
            self._blank()
        return match[0].lower(), "".join(pieces)

    def _piece(self, line: int) -> str:
        self._blank()
        start = self.place
        sign = self.text[start : start + 1]
        if sign == "{":
            self.place = self._closing(start + 1, _BRACE, "}", line)
            return self.text[start + 1 : self.place - 1]
        if sign == '"':
            self.place = self._closing(start + 1, _QUOTE, '"', line)
            return self.text[start + 1 : self.place - 1]
        match = _NAME.match(self.text, start)
        if match is None:
            raise BibtexError(self._line_at(start), f"a field has no value in the entry on line {line}")
        self.place = match.end()
        brought = self.strings.get(match[0].lower(), match[0])
        self._brought_left -= len(brought)
        if self._brought_left < 0:
            raise BibtexError(
                self._line_at(start),
                f"@string abbreviations add more than {_BROUGHT_PER_CHARACTER} times the text of the file, "
                f"up to the entry on line {line}",
            )
        return brought

    def _closing(self, start: int, signs: re.Pattern[str], closer: str, line: int) -> int:
        """Return the place after the sign that closes the piece that begins at `start`."""
        depth = 0
        for match in signs.finditer(self.text, start):
            if depth == 0 and match[0] == closer:
                return match.end()
            depth += {"{": 1, "}": -1}.get(match[0], 0)
            if depth < 0:
                break
        raise BibtexError(
            self._line_at(start),
            f"the bracket or quote that opens here is never closed, in the entry on line {line}",
        )

    def _skip(self, line: int, kind: str, closer: str) -> None:
        if kind == "preamble" or closer == "}":
            signs, sign = (_BRACE, "}") if closer == "}" else (re.compile(r"[{})]"), ")")
            self.place = self._closing(self.place, signs, sign, line)

    def _blank(self) -> None:
        match = _SPACE.match(self.text, self.place)
        self.place = match.end() if match else self.place

    def _line_at(self, place: int) -> int:
        """Return the line of a place (from 1). Places mostly rise, so that each line end is counted once."""
        if place < self._counted:
            return self.text.count("\n", 0, place) + 1
        self._line += self.text.count("\n", self._counted, place)
        self._counted = place
        return self._line
