"""Tables of a TOML file, checked key by key: all problems at once, each with its line and a remedy."""

import difflib
import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, available_timezones

from digest.errors import Problem

T = TypeVar("T")

_KINDS = {
    str: "a text in quotes",
    int: "a whole number",
    bool: "true or false",
    list: "a list",
    dict: "a table",
}


def read_text(path: Path, shown: str) -> str | Problem:
    """Read a text file that a person wrote, or say why it cannot be read."""
    try:
        return path.read_text("utf-8-sig")
    except OSError as error:
        return Problem(shown, "", f"cannot be read ({error.strerror})", "check its permissions")
    except UnicodeDecodeError as error:
        return Problem(shown, "", f"is not UTF-8 (byte {error.start})", "save it as UTF-8")


def parse_toml(text: str, shown: str) -> dict[str, Any] | Problem:
    """Read TOML, or say what is wrong with it and where."""
    try:
        return tomllib.loads(text)
    except RecursionError:
        return Problem(shown, "", "is not valid TOML: too many brackets in brackets", "close them")
    except ValueError as error:  # also a number of thousands of digits
        place = re.search(r"line (\d+)", str(error))
        last = text.rstrip().count("\n") + 1 if str(error).endswith("(at end of document)") else None
        line = place[1] if place else last
        where = f"{shown}:{line}" if line else shown
        return Problem(where, "", f"is not valid TOML: {error}", "mend that line")


class Table:
    """One table of a file. `take` each key, then `finish`; what was wrong is in `problems`."""

    def __init__(
        self, data: Mapping[str, Any], *, shown: str, text: str, problems: list[Problem], name: str = ""
    ) -> None:
        self.problems = problems
        self._data, self._shown, self._text, self._name = data, shown, text, name
        self._known: list[str] = []

    def names(self) -> tuple[str, ...]:
        """Return all keys that are there."""
        return tuple(self._data)

    def __contains__(self, key: str) -> bool:
        return key in self._data

    def take(self, key: str, kind: type[T], default: T, check: Callable[[T], T] | None = None) -> T:
        """Return the value of `key`: of type `kind` and accepted by `check` (ValueError says why not)."""
        self._known.append(key)
        if key not in self._data:
            return default
        value = self._data[key]
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            self.wrong(key, f"is {value!r}", f"write {_KINDS.get(kind, kind.__name__)}")
            return default
        try:
            return check(value) if check else value
        except ValueError as error:
            message, _, remedy = str(error).partition("; ")
            self.wrong(key, message, remedy)
            return default

    def take_list(self, key: str, default: list[Any], check: Callable[[list[Any]], list[Any]]) -> list[Any]:
        """Return the list at `key`, as `take` does."""
        return self.take(key, list, default, check)

    def table(self, key: str) -> "Table | None":
        """Return the sub-table `key`, None if it is absent or no table."""
        if key not in self._data:
            self._known.append(key)
            return None
        data: dict[str, Any] = self.take(key, dict, {})
        if data is not self._data[key]:
            return None
        name = f"{self._name}.{key}" if self._name else key
        return Table(data, shown=self._shown, text=self._text, problems=self.problems, name=name)

    def finish(self) -> None:
        """Report the keys nobody took, each with the nearest valid one."""
        for key in self._data:
            if key not in self._known:
                near = difflib.get_close_matches(key, self._known, n=1, cutoff=0.6)
                known = ", ".join(sorted(set(self._known)))
                remedy = f"did you mean {near[0]!r}?" if near else f"known keys: {known}"
                self.wrong(key, "is no known key", remedy)

    def wrong(self, key: str, message: str, remedy: str = "") -> None:
        shown_key = f"{self._name}.{key}" if self._name else key
        line = line_of(self._text, self._name, key) or line_of(self._text, "", self._name)
        where = f"{self._shown}:{line}" if line else self._shown
        self.problems.append(Problem(where, shown_key, message, remedy))


def line_of(text: str, table: str, key: str) -> int | None:
    """Return the line (from 1) on which `key` of `table` ("" for the top) is set, None if not found."""
    current = ""
    name = re.compile(rf"""\s*["']?{re.escape(key)}["']?\s*[=.]""")
    for number, line in enumerate(text.split("\n"), 1):
        if header := re.match(r"\s*\[\[?\s*([^\]]+?)\s*\]", line):
            current = header[1].strip("\"'")
            if not table and key in {current, current.split(".")[0]}:
                return number
        elif current == table and name.match(line):
            return number
    return None


def strings(values: list[Any]) -> list[Any]:
    """Accept a list of non-empty texts."""
    if not all(isinstance(value, str) and value.strip() for value in values):
        raise ValueError("holds something that is no text; write a list of texts in quotes")
    return values


def one_of(*allowed: str) -> Callable[[str], str]:
    def check(value: str) -> str:
        if value not in allowed:
            raise ValueError(f"is {value!r}; {nearest(value, allowed)}")
        return value

    return check


def nearest(value: str, allowed: tuple[str, ...]) -> str:
    """Return the remedy for a value that is none of `allowed`."""
    near = difflib.get_close_matches(value, allowed, n=1, cutoff=0.6)
    return f"did you mean {near[0]!r}?" if near else "write one of " + ", ".join(map(repr, allowed))


def at_least(low: int) -> Callable[[int], int]:
    def check(value: int) -> int:
        if value < low:
            raise ValueError(f"is {value}; write {low} or more")
        return value

    return check


def time_zone(value: str) -> str:
    """Accept the name of an IANA time zone."""
    try:
        ZoneInfo(value)
    except (ValueError, OSError, KeyError) as error:  # an unknown name is a KeyError
        raise ValueError(_no_zone(value)) from error
    return value


def _no_zone(value: str) -> str:
    near = difflib.get_close_matches(value, sorted(available_timezones()), n=1, cutoff=0.6)
    hint = f"did you mean {near[0]!r}?" if near else 'write a name such as "Europe/Paris"'
    return f"{value!r} is no time zone; {hint}"
