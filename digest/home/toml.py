"""TOML files that people write: reading, checking key by key, and writing values."""

import difflib
import json
import re
import tomllib
from collections.abc import Callable, Collection, Mapping
from errno import EINVAL, EISDIR, ELOOP, ENOENT
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, available_timezones

from digest.errors import Problem
from digest.system.files import read_regular
from digest.urls import mask_secrets

T = TypeVar("T")
U = TypeVar("U")

# For each type of value: what it is called, and the remedy for a value of another type.
_TYPES: dict[type, tuple[str, str]] = {
    str: ("text", "put it in quotes"),
    int: ("a whole number", "use a whole number without quotes"),
    bool: ("true or false", "use true or false without quotes"),
    list: ("a list", "use a list in brackets"),
    dict: ("a table", "use a table"),
}


_REMEDIES = {
    EINVAL: "use a regular file",
    EISDIR: "use a regular file",
    ENOENT: "if it is a link, its target is missing: correct or remove it",
    ELOOP: "it is a link to itself: correct or remove it",
}


def read_text(path: Path, shown: str) -> str | Problem:
    """Return the text of a file, or why it cannot be read; `shown` names the file in messages."""
    data = read_bytes(path, shown)
    return data if isinstance(data, Problem) else decode_text(data, shown)


def read_bytes(path: Path, shown: str) -> bytes | Problem:
    """Return the content of a file, or why it cannot be read; `shown` names the file in messages."""
    try:
        return read_regular(path)
    except OSError as error:
        remedy = _REMEDIES.get(error.errno or 0, "check its permissions")
        return Problem(shown, "", f"cannot be read ({error.strerror})", remedy)


def decode_text(data: bytes, shown: str) -> str | Problem:
    """Return the text of a file's content, with line feeds only, or why it is not text."""
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        return Problem(shown, "", f"is not UTF-8 (byte {error.start})", "save it as UTF-8")


def parse_toml(text: str, shown: str) -> dict[str, Any] | Problem:
    """Return the values in a TOML text, or its first syntax error; `shown` names the file in messages."""
    try:
        return tomllib.loads(text)
    except RecursionError:
        return Problem(shown, "", "is not valid TOML: too many nested brackets", "close the brackets")
    except ValueError as error:  # also a number of thousands of digits
        match = re.search(r"line (\d+)", str(error))
        last = text.rstrip().count("\n") + 1 if str(error).endswith("(at end of document)") else None
        line = match[1] if match else last
        where = f"{shown}:{line}" if line else shown
        return Problem(where, "", f"is not valid TOML: {error}", "correct this line")


class TableReader:
    """Reads one table of a file: `get` each key, then `reject_unknown`.

    Mistakes are collected in `problems`.
    """

    def __init__(
        self,
        data: Mapping[str, Any],
        *,
        shown: str,
        text: str,
        problems: list[Problem],
        name: str = "",
        number: int = 1,
    ) -> None:
        self.problems = problems
        self._data, self._shown, self._text, self._name, self._number = data, shown, text, name, number
        self._known: list[str] = []

    def names(self) -> tuple[str, ...]:
        """Return all keys of the table, in order."""
        return tuple(self._data)

    def __contains__(self, key: str) -> bool:
        return key in self._data

    def get(self, key: str, kind: type[T], default: T, check: Callable[[T], T] | None = None) -> T:
        """Return the value of `key`, as `check` returns it, or `default` if it is absent or invalid.

        The value must be a `kind` and accepted by `check`. A check raises ValueError with "message; remedy".
        """
        return self.parse(key, kind, default, check or _unchanged)

    def parse(self, key: str, kind: type[T], default: U, parser: Callable[[T], U]) -> U:
        """Return what `parser` makes of the value of `key`; otherwise like `get`."""
        self._known.append(key)
        if key not in self._data:
            return default
        value = self._data[key]
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            expected, remedy = _TYPES[kind]
            self.problem(key, f"{shown_value(value)} is not {expected}", remedy)
            return default
        try:
            return parser(value)
        except ValueError as error:
            message, _, remedy = str(error).partition("; ")
            self.problem(key, message, remedy)
            return default

    def get_list(self, key: str, default: list[Any], check: Callable[[list[Any]], list[Any]]) -> list[Any]:
        """Return the list at `key`, like `get`."""
        return self.get(key, list, default, check)

    def table(self, key: str) -> "TableReader | None":
        """Return a reader of the sub-table `key`, None if it is absent or not a table."""
        if key not in self._data:
            self._known.append(key)
            return None
        data: dict[str, Any] = self.get(key, dict, {})
        if data is not self._data[key]:
            return None
        name = f"{self._name}.{key}" if self._name else key
        return TableReader(data, shown=self._shown, text=self._text, problems=self.problems, name=name)

    def tables(self, key: str) -> "list[TableReader]":
        """Return a reader of each table of the list `key`; none if it is absent, empty or not a list of tables."""
        values = self.get(key, list, [])
        if key in self._data and not (values and all(isinstance(each, dict) for each in values)):
            if values is self._data[key]:
                self.problem(key, "is not a list of tables", f"begin each with a line [[{key}]]")
            return []
        return [
            TableReader(
                each, shown=self._shown, text=self._text, problems=self.problems, name=key, number=number
            )
            for number, each in enumerate(values, 1)
        ]

    def require(self, *keys: str) -> None:
        """Report the keys among these that are absent."""
        for key in keys:
            if key not in self._data:
                self.problem(key, "is missing", "add it")

    def unread(self) -> tuple[str, ...]:
        """Return the keys that were not read."""
        return tuple(key for key in self._data if key not in self._known)

    def reject_unknown(self) -> None:
        """Report the keys that were not read, each with the nearest known key."""
        for key in self._data:
            if key not in self._known:
                near = _nearest(key, self._known)
                remedy = (
                    f"did you mean {near!r}?"
                    if near
                    else f"known keys: {', '.join(sorted(set(self._known)))}"
                )
                self.problem(key, "unknown key", remedy)

    def problem(self, key: str, message: str, remedy: str = "") -> None:
        """Report a problem with the line of `key`, or that of the table if the key is absent."""
        shown_key = f"{self._name}.{key}" if self._name else key
        line = line_of(self._text, self._name, key, self._number)
        line = line or line_of(self._text, "", self._name, self._number)
        where = f"{self._shown}:{line}" if line else self._shown
        self.problems.append(Problem(where, shown_key, mask_secrets(message), remedy))


def line_of(text: str, table: str, key: str, number: int = 1) -> int | None:
    """Return the line (from 1) on which `key` of `table` ("" for the top level) is set, None if not found.

    Of the tables of a list the one with this `number`, from 1, is meant.
    """
    current, headers = "", 0
    name = re.compile(rf"""\s*["']?{re.escape(key)}["']?\s*[=.]""")
    for place, line in enumerate(text.split("\n"), 1):
        if header := re.match(r"\s*\[\[?\s*([^\]]+?)\s*\]", line):
            current = header[1].strip("\"'")
            headers += current == (table or key)
            if not table and key in {current, current.split(".")[0]} and headers in {0, number}:
                return place
        elif current == table and headers == (number if table else 0) and name.match(line):
            return place
    return None


def shown_value(value: object) -> str:
    """Return a value for a message, in the syntax of TOML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "[" + ", ".join(map(shown_value, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {shown_value(each)}" for key, each in value.items()) + "}"
    return repr(value) if isinstance(value, str) else str(value)


def toml_value(value: object) -> str:
    """Return a text, number, truth value, date or list of these as TOML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(toml_value(item) for item in value) + "]"
    # A JSON string is a TOML string, except for the delete character.
    return (
        json.dumps(value, ensure_ascii=False).replace("\x7f", r"\u007f")
        if isinstance(value, str)
        else str(value)
    )


# Checks of values: each returns the value or raises ValueError with "message; remedy".


def strings(values: list[Any]) -> list[Any]:
    """Accept a list of non-empty texts."""
    if not all(isinstance(value, str) and value.strip() for value in values):
        raise ValueError("contains a value that is empty or not text; use a list of quoted strings")
    return values


def one_of(*allowed: str, noun: str = "value") -> Callable[[str], str]:
    """Return a check that accepts these texts; `noun` names them in the message."""

    def check(value: str) -> str:
        if value not in allowed:
            near = _nearest(value, allowed)
            remedy = f"did you mean {near!r}?" if near else "use one of " + ", ".join(map(repr, allowed))
            raise ValueError(f"{value!r} is not a valid {noun}; {remedy}")
        return value

    return check


_LARGEST = 1_000_000_000


def at_least(low: int) -> Callable[[int], int]:
    """Return a check that accepts numbers from `low`, up to what the columns of every database hold."""

    def check(value: int) -> int:
        if value < low:
            raise ValueError(f"{value} is too small; use {low} or more")
        if value > _LARGEST:
            raise ValueError(f"{value} is too large; use {_LARGEST} or less")
        return value

    return check


def time_zone(value: str) -> str:
    """Accept the name of an IANA time zone."""
    try:
        ZoneInfo(value)
    except (ValueError, OSError, KeyError) as error:  # an unknown name is a KeyError
        near = _nearest(value, sorted(available_timezones()))
        remedy = f"did you mean {near!r}?" if near else 'use a name such as "Europe/Paris"'
        raise ValueError(f"{value!r} is not a valid time zone; {remedy}") from error
    return value


def _nearest(value: str, allowed: Collection[str]) -> str | None:
    return next(iter(difflib.get_close_matches(value, allowed, n=1, cutoff=0.6)), None)


def _unchanged(value: T) -> T:
    return value
