"""Many subscriptions in one file or folder: CSV, JSON Lines, or a folder of TOML files; reading and writing them.

The keys are those of a subscription file, and `id`. In CSV, a list is one cell: its values with semicolons or line
breaks between them, or a JSON list; `ranking` is a column per weight, such as `ranking.taste`; an empty cell is a key
that is not set. A cell that a spreadsheet would take for a formula begins with an apostrophe.
"""

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from digest.errors import Problem
from digest.home.subscription_files import AlikeChecks, read_row
from digest.home.toml import TableReader, toml_value
from digest.model import FORMS, InvalidSubscription, RankingWeights, Subscription
from digest.system import plugins
from digest.text.terminal import printable_json


class Row(NamedTuple):
    """What a row of a table or a file says; `where` names the file and the line."""

    where: str
    value: Subscription | InvalidSubscription


_LISTS = ("keywords", "exclude", "email", "formats", "chat", "interests")
_TEXTS = (
    "name",
    "schedule",
    "timezone",
    "newer_than",
    "start",
    "paused_until",
    "send_empty",
    "language",
    "visibility",
    "feed",
)
_WEIGHTS = tuple(f"ranking.{name}" for name in asdict(RankingWeights()) if name != "others")
COLUMNS = ("id", *_LISTS, *_TEXTS, "max_papers", "enabled", *_WEIGHTS)
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
# Spreadsheets run text that begins with one of these as a formula.
_FORMULA = re.compile(r"'*[=+\-@\t\r]")


def read_toml(folder: Path) -> Iterator[Row]:
    """Yield the subscriptions of a folder, by id."""
    for path in sorted(folder.glob("*.toml")):
        if not path.name.startswith("."):
            yield Row(f"{folder.name}/{path.name}", read_row(path).value)


def read_json(path: Path) -> Iterator[Row]:
    """Yield the subscriptions of a file of JSON objects, one a line. Raises OSError."""
    decode, checks = msgspec.json.Decoder().decode, AlikeChecks()
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            shown = f"{path.name}:{number}"
            if not line.strip():
                continue
            try:
                values = decode(line.removeprefix(b"\xef\xbb\xbf"))
            except (ValueError, RecursionError) as error:  # msgspec's errors are ValueErrors
                yield _invalid(shown, f"is not valid JSON: {error}", "write one JSON object a line")
                continue
            if isinstance(values, dict):
                given = {key: value for key, value in values.items() if value is not None}
                yield _checked(shown, given, checks)
            else:
                yield _invalid(
                    shown, "is not a JSON object", 'write objects such as {"id": …, "keywords": […]}'
                )


def read_csv(path: Path) -> Iterator[Row]:
    """Yield the subscriptions of a table, whose first line names the columns. Raises OSError."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        line, checks = 1, AlikeChecks()
        try:
            first = file.readline()
            rows = csv.reader(file, delimiter=max(",;\t", key=first.count), strict=True)
            header = [name.strip() for name in next(csv.reader([first], rows.dialect), [])]
            if problems := _header_problems(f"{path.name}:1", header):
                yield Row(path.name, InvalidSubscription("", tuple(problems)))
                return
            line += 1
            for cells in rows:
                if any(cell.strip() for cell in cells):
                    yield _csv_row(f"{path.name}:{line}", header, cells, checks)
                line = rows.line_num + 2
        except UnicodeDecodeError:
            yield _invalid(path.name, "is not UTF-8", "save it as UTF-8")
        except csv.Error as error:
            yield _invalid(
                f"{path.name}:{rows.line_num + 1}", f"is not valid CSV: {error}", "correct this line"
            )


def columns() -> tuple[str, ...]:
    """Return the columns of a table; each installed ranker plug-in has one."""
    return (*COLUMNS, *(f"ranking.{name}" for name in plugins.installed("ranker")))


def _header_problems(shown: str, header: Sequence[str]) -> list[Problem]:
    problems: list[Problem] = []
    table = TableReader(dict.fromkeys(header, ""), shown=shown, text="", problems=problems)
    for name in columns():
        table.get(name, str, "")
    table.reject_unknown()
    if "id" not in header:
        problems.append(Problem(shown, "id", "is missing", "add a column id"))
    problems += [
        Problem(shown, name, "is the name of two columns", "remove one of them")
        for name in dict.fromkeys(header)
        if header.count(name) > 1
    ]
    return problems


def _csv_row(shown: str, header: Sequence[str], cells: Sequence[str], checks: AlikeChecks) -> Row:
    if len(cells) > len(header):
        message = f"has {len(cells)} cells, but there are {len(header)} columns"
        return _invalid(shown, message, "put cells that contain the separator in quotes")
    values: dict[str, Any] = {}
    for name, cell in zip(header, cells, strict=False):
        text = cell.strip()
        if not text:
            continue
        if text[0] == "'" and _FORMULA.match(text):
            text = text[1:]
        if name in _LISTS:
            values[name] = _list(text)
        elif name in _TEXTS or name == "id":
            values[name] = text
        else:
            table, _, key = name.rpartition(".")
            (values.setdefault(table, {}) if table else values)[key] = _scalar(text)
    return _checked(shown, values, checks)


def _list(text: str) -> list[Any]:
    if text.startswith("["):
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            found = None
        if isinstance(found, list):
            return found
    return _split(text)


def _split(text: str) -> list[str]:
    """Return what is between semicolons and line breaks, apart from those in quotes."""
    if ";" not in text and "\n" not in text and "\r" not in text:
        return [text]
    parts = re.findall(r'(?:"[^"]*"|[^;\r\n"]|")+', text)
    return [each for part in parts if (each := part.strip())]


def _scalar(text: str) -> object:
    """Return a truth value or a number, as spreadsheets write them; other text stays as it is."""
    if text.lower() in {"true", "false"}:
        return text.lower() == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _checked(shown: str, values: Mapping[str, Any], checks: AlikeChecks) -> Row:
    name = values.get("id")
    if not isinstance(name, str) or not name:
        return _invalid(
            shown, "is missing" if name is None else "is not an id", "use a-z, 0-9 and -", key="id"
        )
    rest = {key: value for key, value in values.items() if key != "id"}
    return Row(shown, checks.check(name, rest, shown=shown))


def _invalid(shown: str, message: str, remedy: str, *, key: str = "") -> Row:
    return Row(shown, InvalidSubscription("", (Problem(shown, key, message, remedy),)))


def values_of(subscription: Subscription) -> dict[str, Any]:
    """Return the keys of a subscription's file, without those that have their defaults."""
    names = dict(subscription.names)
    found = {
        "name": subscription.name,
        "email": [
            f'"{_quoted(names[each])}" <{each}>' if each in names else each for each in subscription.email
        ],
        "keywords": [] if subscription.interests else list(subscription.keywords),
        "exclude": list(subscription.exclude),
        "schedule": subscription.schedule,
        "timezone": subscription.timezone,
        "max_papers": subscription.max_papers,
        "newer_than": _span(subscription.newer_than),
        "formats": list(subscription.formats),
        "start": _span(subscription.start) if subscription.start else "now",
        "enabled": subscription.enabled,
        "paused_until": subscription.paused_until,
        "send_empty": subscription.send_empty,
        "language": subscription.language,
        "visibility": subscription.visibility,
        "feed": subscription.feed,
        "chat": list(subscription.chat),
        "interests": [
            {key: value for key, value in asdict(each).items() if value} for each in subscription.interests
        ],
        "ranking": {
            key: value
            for key, value in {**asdict(subscription.ranking), **dict(subscription.ranking.others)}.items()
            if key != "others" and value != getattr(RankingWeights(), key, 0)
        },
    }
    default = {
        "name": subscription.id,
        "schedule": "daily 08:00",
        "max_papers": 20,
        "formats": [name for name in FORMS if name != "eml" or subscription.email],
        "start": "7 days",
        "enabled": True,
        "send_empty": "never",
        "visibility": "public",
        "feed": "papers",
    }
    empty: tuple[object, ...] = ([], {}, "", None)
    return {
        key: value
        for key, value in found.items()
        if (value != default[key] if key in default else value not in empty)
    }


def _quoted(name: str) -> str:
    return name.replace("\\", "\\\\").replace('"', '\\"')


def _span(span: timedelta | None) -> str | None:
    if span is None:
        return None
    return f"{span // _DAY} days" if not span % _DAY else f"{span // _HOUR} hours"


def toml_text(subscription: Subscription) -> str:
    """Return the text of a subscription's file."""
    values = values_of(subscription)
    weights, interests = values.pop("ranking", {}), values.pop("interests", [])
    lines = [f"{key} = {toml_value(value)}\n" for key, value in values.items()]
    for header, table in [("[ranking]", weights), *(("[[interests]]", each) for each in interests)]:
        if table:
            lines += [f"\n{header}\n", *(f"{key} = {toml_value(value)}\n" for key, value in table.items())]
    return "".join(lines)


def json_lines(subscriptions: Iterator[Subscription]) -> Iterator[str]:
    """Yield subscriptions as JSON objects, one a line."""
    for each in subscriptions:
        values = {"id": each.id, **values_of(each)}
        yield printable_json(json.dumps(values, ensure_ascii=False, default=date.isoformat)) + "\n"


def csv_lines(subscriptions: Iterator[Subscription]) -> Iterator[str]:
    """Yield subscriptions as the lines of a table, with a header."""
    names = columns()
    yield ",".join(names) + "\r\n"
    for each in subscriptions:
        values = {"id": each.id, **values_of(each)}
        values |= {f"ranking.{key}": value for key, value in values.pop("ranking", {}).items()}
        out = io.StringIO()
        csv.writer(out, lineterminator="\r\n").writerow([_cell(name, values) for name in names])
        yield out.getvalue()


def _cell(name: str, values: Mapping[str, Any]) -> str:
    value = values.get(name)
    if value is None:
        return ""
    if isinstance(value, list):
        text = "; ".join(value) if all(isinstance(each, str) for each in value) else "["
        if text.startswith("[") or _split(text.strip()) != value:
            text = json.dumps(value, ensure_ascii=False)
    else:
        text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"'{text}" if _FORMULA.match(text) else text


READERS: Mapping[str, Callable[[Path], Iterator[Row]]] = {
    "csv": read_csv,
    "jsonl": read_json,
    "toml": read_toml,
}
