"""Subscription files ↔ values, checked. A file with a mistake is a value too: `Flawed`."""

import json
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from digest.compose.slots import parse_schedule
from digest.errors import Problem, QueryError
from digest.home.durations import parse_span
from digest.home.toml import Table, at_least, nearest, one_of, parse_toml, read_text, strings, time_zone
from digest.i18n.language import LANGUAGES
from digest.match.query.parser import parse, parse_exclude
from digest.model import Home, RankingWeights, Subscription
from digest.model.subscriptions import ID

FORMATS = ("html", "markdown", "text", "eml")
RESERVED = ("all",)  # output/feeds/all.* is the feed of every new paper

_ADDRESS = re.compile(r"[^\s@,;:<>()\[\]\\\"\x00-\x1f\x7f]+@[^\s@,;:<>()\[\]\\\"\x00-\x1f\x7f]+")


@dataclass(frozen=True, slots=True)
class InvalidSubscription:
    """A subscription file with mistakes: left out of the run, its cursor stays."""

    id: str
    problems: tuple[Problem, ...]

    def __str__(self) -> str:
        return "\n".join(map(str, self.problems))


def load_all(
    folder: Path, *, timezone: str, language: str = "en"
) -> tuple[Subscription | InvalidSubscription, ...]:
    """Read every subscription file of a folder, by id. `timezone` and `language` are the home's."""
    return tuple(load(path, timezone=timezone, language=language) for path in _files(folder))


def of_home(home: Home) -> tuple[Subscription | InvalidSubscription, ...]:
    """Read every subscription file of a home, by id."""
    settings = home.settings
    return load_all(home.subscriptions, timezone=settings.timezone, language=settings.language)


def _files(folder: Path) -> list[Path]:
    """Return the subscription files of a folder, by id."""
    if not folder.is_dir():
        return []
    files = [path for path in folder.glob("*.toml") if not path.name.startswith(".")]
    return sorted(files, key=lambda path: path.stem)


class SubscriptionCache:
    """The subscriptions of a folder, read again only where a file changed."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[tuple[object, ...], Subscription | InvalidSubscription]] = {}

    def load_all(
        self, folder: Path, *, timezone: str, language: str = "en"
    ) -> tuple[Subscription | InvalidSubscription, ...]:
        """Return what the function `load_all` returns."""
        known, self._known = self._known, {}
        for path in _files(folder):
            mark = _mark(path, timezone, language)
            before = known.get(path)
            if before is None or before[0] != mark:
                before = mark, load(path, timezone=timezone, language=language)
            self._known[path] = before
        return tuple(subscription for _, subscription in self._known.values())


def _mark(path: Path, *given: str) -> tuple[object, ...]:
    """Return what changes when a file, or what it is read with, changes."""
    try:
        found = path.stat()
    except OSError as error:
        return given, error.errno
    return given, found.st_ino, found.st_size, found.st_mtime_ns, found.st_mode


def load(path: Path, *, timezone: str, language: str = "en") -> Subscription | InvalidSubscription:
    """Read one subscription file."""
    shown = f"{path.parent.name}/{path.name}"
    text = read_text(path, shown)
    if isinstance(text, Problem):
        return InvalidSubscription(path.stem, (text,))
    return check(path.stem, text, shown=shown, timezone=timezone, language=language)


def check(
    stem: str, text: str, *, shown: str, timezone: str, language: str = "en"
) -> Subscription | InvalidSubscription:
    """Read the text of the subscription file `stem`.toml; `shown` names it in messages."""
    data = parse_toml(text, shown)
    if isinstance(data, Problem):
        return InvalidSubscription(stem, (data,))
    problems: list[Problem] = []
    table = Table(data, shown=shown, text=text, problems=problems)
    subscription = _subscription(stem, table, timezone, language)
    table.finish()
    if not ID.fullmatch(stem):
        problems.append(
            Problem(shown, "", "is no valid file name", "use a-z, 0-9 and - only, at most 64 characters")
        )
    if stem in RESERVED:
        problems.append(
            Problem(shown, "", f"{stem!r} is the name of the feed of all papers", "rename the file")
        )
    return InvalidSubscription(stem, tuple(problems)) if problems else subscription


def _subscription(stem: str, table: Table, timezone: str, language: str) -> Subscription:
    email = _email(table)
    default_formats = [name for name in FORMATS if name != "eml" or email]
    subscription = Subscription(
        id=stem,
        name=table.take("name", str, stem, _name),
        email=email,
        keywords=_queries(table, "keywords"),
        exclude=_queries(table, "exclude"),
        schedule=table.take("schedule", str, "daily 08:00", _schedule),
        timezone=table.take("timezone", str, timezone, time_zone),
        max_papers=table.take("max_papers", int, 20, at_least(1)),
        newer_than=_span(table, "newer_than"),
        formats=tuple(_formats(table, default_formats)),
        start=_span(table, "start", now=True) or timedelta(days=7 if "start" not in table else 0),
        enabled=table.take("enabled", bool, True),
        paused_until=_day(table, "paused_until"),
        send_empty=table.take("send_empty", str, "never", one_of("never", "weekly note")),
        language=table.take("language", str, language, one_of(*LANGUAGES)),
        ranking=_ranking(table.table("ranking")),
        chat=tuple(dict.fromkeys(table.take_list("chat", [], _room_names))),
    )
    if "keywords" not in table:
        table.wrong("keywords", "is missing", 'add a list such as keywords = ["one-step diffusion"]')
    if "eml" in subscription.formats and not email and "email" not in table:
        table.wrong("formats", "has eml but there is no email", "add email or leave eml out")
    return subscription


def _ranking(table: Table | None) -> RankingWeights:
    if table is None:
        return RankingWeights()
    default = RankingWeights()

    def weight(key: str, most: float = 100) -> float:
        def check(value: object) -> object:
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if not number or not 0 <= cast("float", value) <= most:
                raise ValueError(f"is {value!r}; write a number from 0 to {most:g}")
            return value

        return float(cast("float", table.take(key, object, getattr(default, key), check)))

    weights = RankingWeights(
        keyword=weight("keyword"),
        taste=weight("taste"),
        popularity=weight("popularity"),
        freshness=weight("freshness"),
        diversity=weight("diversity", most=1),
        discover=table.take("discover", int, default.discover, _a_week),
        clicks=table.take("clicks", bool, default.clicks),
    )
    table.finish()
    return weights


def _a_week(value: int) -> int:
    if not 0 <= value <= 100:
        raise ValueError(f"is {value}; write a whole number from 0 to 100")
    return value


def _email(table: Table) -> tuple[str, ...]:
    if "email" not in table:
        table.take("email", str, "")
        return ()
    # One address may stand without brackets.
    value: object = table.take("email", object, "")
    addresses = [value] if isinstance(value, str) else value
    if not isinstance(addresses, list) or not addresses:
        table.wrong("email", f"is {value!r}", "write an address or a list of addresses")
        return ()
    for address in addresses:
        if not isinstance(address, str) or not _ADDRESS.fullmatch(address) or len(address) > 254:
            table.wrong("email", f"{address!r} is no e-mail address", "write name@example.org")
            return ()
    return tuple(dict.fromkeys(addresses))


def _room_names(values: list[Any]) -> list[Any]:
    for value in strings(values):
        if not ID.fullmatch(value):
            raise ValueError(
                f"{value!r} is no name of a room; write the NAME of a [chat.NAME] in digest.toml"
            )
    return values


def _queries(table: Table, key: str) -> tuple[str, ...]:
    read = parse_exclude if key == "exclude" else parse
    if key in table and isinstance(table.take(key, object, []), str):
        table.wrong(key, "is a text", f"write a list: {key} = [{json.dumps(table.take(key, object, ''))}]")
        return ()
    queries = tuple(table.take_list(key, [], strings))
    if key == "keywords" and key in table and not queries and not any(p.key == key for p in table.problems):
        table.wrong(key, "is empty", 'write at least one: keywords = ["one-step diffusion"]')
    for number, query in enumerate(queries, 1):
        try:
            read(query)
        except QueryError as error:
            ordinal = f"{key}, {number} of {len(queries)}: " if len(queries) > 1 else ""
            table.wrong(
                key,
                f"{ordinal}{error.message}, character {error.position + 1}",
                f"{error.remedy}\n{error.pointed()}",
            )
    return queries


def _name(value: str) -> str:
    if not value.strip():
        raise ValueError("is empty; write a name or leave it out")
    return " ".join(value.split())


def _schedule(value: str) -> str:
    parse_schedule(value)
    return value


def _formats(table: Table, default: list[Any]) -> list[Any]:
    def known(values: list[Any]) -> list[Any]:
        for value in strings(values):
            if value not in FORMATS:
                raise ValueError(f"{value!r} is no format; {nearest(value, FORMATS)}")
        return [name for name in FORMATS if name in values]

    return table.take_list("formats", default, known)


def _span(table: Table, key: str, *, now: bool = False) -> timedelta | None:
    span: list[timedelta] = []

    def check(value: str) -> str:
        span.append(timedelta(0) if now and value == "now" else parse_span(value))
        return value

    table.take(key, str, "", check)
    return span[0] if span else None


def _day(table: Table, key: str) -> date | None:
    value = table.take(key, object, None)
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    if value is None or isinstance(value, date):
        return value
    table.wrong(key, f"is {value!r}", f"write a date: {key} = 2026-12-24")
    return None


def new_text(values: dict[str, object]) -> str:
    """Return the text of a subscription file with these values."""
    return "".join(f"{key} = {_toml(value)}\n" for key, value in values.items())


def _toml(value: object) -> str:
    """Write a value as TOML: texts, numbers, truth and lists of them."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    # A text of JSON is one of TOML, but for the delete character.
    return (
        json.dumps(value, ensure_ascii=False).replace("\x7f", r"\u007f")
        if isinstance(value, str)
        else str(value)
    )
