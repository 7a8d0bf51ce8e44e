"""Subscription files: finding those that have changed, reading, checking and writing.

An invalid file is a value, too: `InvalidSubscription`.
"""

import os
import stat
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

from digest.compose.slots import parse_schedule
from digest.errors import Problem, QueryError
from digest.home.durations import parse_span
from digest.home.toml import (
    TableReader,
    at_least,
    decode_text,
    one_of,
    parse_toml,
    read_bytes,
    shown_value,
    strings,
    time_zone,
    toml_value,
)
from digest.home.values import email_address, is_id
from digest.i18n.language import LANGUAGES
from digest.match.query.parser import check_exclude, check_keyword
from digest.model import (
    FORMS,
    FileStamp,
    Interest,
    InvalidSubscription,
    RankingWeights,
    Subscription,
    SubscriptionRow,
)
from digest.model.subscriptions import VISIBILITIES
from digest.system import plugins
from digest.text.addresses import name_and_address, name_error

RESERVED = ("all",)  # output/feeds/all.* is the feed of every new paper


# What tables that are alike have of their own, and how many kinds of tables are remembered.
_OWN = frozenset({"name", "email", "keywords", "exclude"})
_APART = "interests"  # tables that have it are checked one by one
_ALIKE = 1_000

# Two changes within this time may leave the same time of modification, on some file systems.
_UNSURE = 2.0  # seconds


@dataclass(frozen=True, slots=True)
class FileChanges:
    """How the files of a folder differ from what is known of them.

    `changed` are the new files and those with other content, `touched` the stamps of those with the same content,
    `gone` the ids of the missing ones, and `found` is the number of files. `missing`: the folder is missing.
    """

    changed: tuple[SubscriptionRow, ...] = ()
    touched: Mapping[str, FileStamp] = field(default_factory=dict)
    gone: tuple[str, ...] = ()
    found: int = 0
    missing: bool = False


def changes(folder: Path, known: Mapping[str, FileStamp]) -> FileChanges:
    """Compare the subscription files of a folder with the stamps known by id.

    A file is read only if its size or one of its times has changed. The time zone and the language of a
    subscription that does not set them are "".
    """
    states = file_states(folder)
    if states is None:
        return FileChanges(gone=tuple(known), missing=True)
    changed, touched, ids = [], {}, set()
    for stem, state in states.items():
        name = printable(stem)
        ids.add(name)
        before = known.get(name)
        if before is not None and state and before.state == state:
            continue
        row = read_row(folder / f"{stem}.toml", state)
        if before is not None and row.stamp and row.stamp.digest and row.stamp.digest == before.digest:
            if row.stamp != before:
                touched[name] = row.stamp
        else:
            changed.append(row)
    gone = tuple(name for name in known if name not in ids)
    return FileChanges(tuple(changed), touched, gone, len(states))


def file_states(folder: Path) -> dict[str, str] | None:
    """Return the state of each subscription file of a folder by its stem, sorted; None if the folder does not exist.

    A state changes when the file changes. It is "" if the file has changed just now and may change again without
    a trace, or if it cannot be examined.
    """
    try:
        with os.scandir(folder) as found:
            entries = [each for each in found if each.name.endswith(".toml") and each.name[0] != "."]
    except (FileNotFoundError, NotADirectoryError):
        return None
    now = time.time()
    return {each.name[:-5]: _state(each, now) for each in sorted(entries, key=lambda each: each.name[:-5])}


def _state(entry: "os.DirEntry[str]", now: float) -> str:
    try:
        found = entry.stat()
    except OSError:
        return ""
    if not stat.S_ISREG(found.st_mode) or not max(found.st_mtime, found.st_ctime) < now - _UNSURE:
        return ""
    return f"{found.st_size} {found.st_mtime_ns} {found.st_ctime_ns}"


def printable(stem: str) -> str:
    """Return the id for the stem of a file; bytes that are not UTF-8 become escapes."""
    return stem.encode("utf-8", "backslashreplace").decode()


def read_row(path: Path, state: str = "") -> SubscriptionRow:
    """Read one subscription file, with its stamp; a file that cannot be read has an empty one."""
    stem, shown = printable(path.stem), printable(f"{path.parent.name}/{path.name}")
    data = read_bytes(path, shown)
    if isinstance(data, Problem):
        return SubscriptionRow(InvalidSubscription(stem, (data,)), FileStamp("", ""))
    text = decode_text(data, shown)
    value = (
        InvalidSubscription(stem, (text,))
        if isinstance(text, Problem)
        else check(stem, text, shown=shown, timezone="", language="")
    )
    return SubscriptionRow(value, FileStamp(state, sha256(data).hexdigest()))


def check(
    stem: str, text: str, *, shown: str, timezone: str, language: str = "en"
) -> Subscription | InvalidSubscription:
    """Check the text of the subscription file `stem`.toml; `shown` names it in messages."""
    data = parse_toml(text, shown)
    if isinstance(data, Problem):
        return InvalidSubscription(stem, (data,))
    return check_values(stem, data, shown=shown, text=text, timezone=timezone, language=language)


def check_values(
    stem: str, data: Mapping[str, Any], *, shown: str, text: str = "", timezone: str = "", language: str = ""
) -> Subscription | InvalidSubscription:
    """Check the values of a subscription file; messages name the lines of `text` in which they are."""
    problems: list[Problem] = []
    table = TableReader(data, shown=shown, text=text, problems=problems)
    subscription = _subscription(stem, table, timezone, language)
    table.reject_unknown()
    file, key = ("file name", "") if text else ("id", "id")
    if not is_id(stem):
        remedy = "use a-z, 0-9 and - only, at most 64 characters"
        what = "is" if text else f"{stem!r} is"
        problems.append(Problem(shown, key, f"{what} not a valid {file}", remedy))
    if stem in RESERVED:
        remedy = "rename the file" if text else "choose another id"
        problems.append(Problem(shown, key, f"{stem!r} is reserved for the feed of all papers", remedy))
    return InvalidSubscription(stem, tuple(problems)) if problems else subscription


class AlikeChecks:
    """Checks many tables of which most agree in all but name, addresses and queries; those parts are checked once."""

    def __init__(self) -> None:
        self._checked: dict[tuple[str, bool], tuple[Any, ...] | None] = {}

    def check(self, stem: str, data: Mapping[str, Any], *, shown: str) -> Subscription | InvalidSubscription:
        """Check the values of a subscription, as `check_values` does."""
        common = None if _APART in data else self._common(data)
        own = _own_values(data) if common is not None and is_id(stem) and stem not in RESERVED else None
        if common is None or own is None:
            return check_values(stem, data, shown=shown)
        name, keywords, exclude, (email, names) = own
        values: tuple[Any, ...] = (stem, name or stem, keywords, exclude, email, *common, names)
        return Subscription(*values)

    def _common(self, data: Mapping[str, Any]) -> tuple[Any, ...] | None:
        """Return the other values of a table, those from `schedule` to `chat`; None if they are not valid."""
        others = [(key, value) for key, value in data.items() if key not in _OWN]
        key = repr(others), "email" in data
        if key not in self._checked:
            if len(self._checked) >= _ALIKE:
                self._checked.clear()
            table = {**dict(others), "keywords": ["any"], **({"email": "any@example.org"} if key[1] else {})}
            found = check_values("any", table, shown="")
            self._checked[key] = (
                tuple(getattr(found, each.name) for each in fields(Subscription)[5:-1])
                if isinstance(found, Subscription)
                else None
            )
        return self._checked[key]


def _own_values(
    data: Mapping[str, Any],
) -> "tuple[str, tuple[str, ...], tuple[str, ...], _Readers] | None":
    """Return name ("" for none), keywords, exclude and addresses of a table; None if one of them is not valid."""
    name, keywords, exclude = data.get("name", ""), data.get("keywords"), data.get("exclude", [])
    if not isinstance(name, str) or not (
        isinstance(keywords, list) and keywords and isinstance(exclude, list)
    ):
        return None
    try:
        for queries, check_query in ((keywords, check_keyword), (exclude, check_exclude)):
            for each in strings(queries):
                check_query(each)
        name = _name(name) if "name" in data else ""
        readers: _Readers = _addresses(data["email"]) if "email" in data else ((), ())
    except (ValueError, QueryError):
        return None
    return name, tuple(keywords), tuple(exclude), readers


def _subscription(stem: str, table: TableReader, timezone: str, language: str) -> Subscription:
    email, names = _email(table)
    interests = _interests(table)
    default_formats = [name for name in FORMS if name != "eml" or email]
    subscription = Subscription(
        id=stem,
        name=table.get("name", str, stem, _name),
        email=email,
        names=names,
        keywords=_queries(table, "keywords") or _all_keywords(interests),
        exclude=_queries(table, "exclude"),
        schedule=table.get("schedule", str, "daily 08:00", _schedule),
        timezone=table.get("timezone", str, timezone, time_zone),
        max_papers=table.get("max_papers", int, 20, at_least(1)),
        newer_than=table.parse("newer_than", str, None, parse_span),
        formats=tuple(table.get_list("formats", default_formats, _formats)),
        start=table.parse("start", str, timedelta(days=7), _start),
        enabled=table.get("enabled", bool, True),
        paused_until=table.parse("paused_until", object, None, _day),
        send_empty=table.get("send_empty", str, "never", one_of("never", "weekly note")),
        language=table.get("language", str, language, one_of(*LANGUAGES, noun="language")),
        ranking=_ranking(table.table("ranking")),
        visibility=table.get("visibility", str, "public", one_of(*VISIBILITIES)),
        interests=interests,
        feed=table.get("feed", str, "papers", one_of("papers", "issues")),
        chat=tuple(dict.fromkeys(table.get_list("chat", [], _room_names))),
    )
    if "interests" in table:
        if "keywords" in table:
            table.problem(
                "keywords", "is set besides [[interests]]", "move the keywords into one of the interests"
            )
    elif "keywords" not in table:
        table.problem("keywords", "is missing", 'add a list such as keywords = ["one-step diffusion"]')
    if "eml" in subscription.formats and not email and "email" not in table:
        table.problem("formats", "contains eml, which needs email", "add email or remove eml")
    return subscription


def _interests(table: TableReader) -> tuple[Interest, ...]:
    found = []
    for each in table.tables("interests"):
        each.require("name")
        found.append(
            Interest(each.get("name", str, "", _name), _queries(each, "keywords"), _queries(each, "exclude"))
        )
        if "keywords" not in each:
            each.problem("keywords", "is missing", 'add a list such as keywords = ["one-step diffusion"]')
        if found[-1].name.casefold() in {one.name.casefold() for one in found[:-1]}:
            each.problem("name", f"{found[-1].name!r} is the name of two interests", "choose another name")
        each.reject_unknown()
    return tuple(found)


def _all_keywords(interests: tuple[Interest, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(keyword for each in interests for keyword in each.keywords))


def _ranking(table: TableReader | None) -> RankingWeights:
    if table is None:
        return RankingWeights()
    default = RankingWeights()

    def weight(key: str, most: float = 100) -> float:
        def check(value: object) -> object:
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if not number or not 0 <= cast("float", value) <= most:
                raise ValueError(
                    f"{shown_value(value)} is not a valid weight; use a number from 0 to {most:g}"
                )
            return value

        return float(cast("float", table.get(key, object, getattr(default, key, 0), check)))

    weights = RankingWeights(
        keyword=weight("keyword"),
        taste=weight("taste"),
        popularity=weight("popularity"),
        freshness=weight("freshness"),
        diversity=weight("diversity", most=1),
        discover=table.get("discover", int, default.discover, _papers_a_week),
        clicks=table.get("clicks", bool, default.clicks),
    )
    if unread := table.unread():
        rankers = [name for name in unread if name in plugins.installed("ranker")]
        weights = replace(weights, others=tuple((name, weight(name)) for name in rankers))
    table.reject_unknown()
    return weights


def _papers_a_week(value: int) -> int:
    if not 0 <= value <= 100:
        raise ValueError(f"{value} is out of range; use a whole number from 0 to 100")
    return value


# Addresses, and those of them that have a name, each with the name.
_Readers = tuple[tuple[str, ...], tuple[tuple[str, str], ...]]


def _email(table: TableReader) -> _Readers:
    nobody: _Readers = (), ()
    return table.parse("email", object, nobody, _addresses)


def _addresses(value: object) -> _Readers:
    # A single address needs no brackets.
    addresses = [value] if isinstance(value, str) else value
    if not isinstance(addresses, list) or not addresses:
        raise ValueError(
            f"{shown_value(value)} is not an email address; use an address or a list of addresses"
        )
    found = [_address(each) for each in addresses]
    return tuple(dict.fromkeys(address for _, address in found)), _names(found)


def _names(addresses: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Return the addresses that have a name, each with the first one."""
    found: dict[str, str] = {}
    for name, address in addresses:
        if name:
            found.setdefault(address, name)
    return tuple(found.items())


def _address(value: object) -> tuple[str, str]:
    """Return the name and the address of `Name <address>`; the name may be empty."""
    text = value if isinstance(value, str) else shown_value(value)
    name, address = name_and_address(text)
    if reason := name_error(name):
        raise ValueError(f"{text!r} {reason}; use Name <name@example.org>")
    return name, email_address(address)


def _room_names(values: list[Any]) -> list[Any]:
    for value in strings(values):
        if not is_id(value):
            raise ValueError(
                f"{value!r} is not a valid room name; use the NAME of a table [chat.NAME] in digest.toml"
            )
    return values


def _queries(table: TableReader, key: str) -> tuple[str, ...]:
    value: object = table.get(key, object, [])
    if isinstance(value, str):
        table.problem(key, f"{value!r} is not a list", f"use {key} = {toml_value([value])}")
        return ()
    queries = tuple(table.get_list(key, [], strings))
    if key == "keywords" and value == [] and key in table:
        table.problem(key, "is empty", 'add at least one query, such as keywords = ["one-step diffusion"]')
    for number, query in enumerate(queries, 1):
        try:
            check_exclude(query) if key == "exclude" else check_keyword(query)
        except QueryError as error:
            ordinal = f"query {number} of {len(queries)}: " if len(queries) > 1 else ""
            table.problem(
                key,
                f"{ordinal}{error.message} (character {error.position + 1})",
                f"{error.remedy}\n{error.excerpt()}",
            )
    return queries


def _name(value: str) -> str:
    if not value.strip():
        raise ValueError("is empty; use a name or remove the setting")
    return " ".join(value.split())


def _schedule(value: str) -> str:
    parse_schedule(value)
    return value


def _formats(values: list[Any]) -> list[Any]:
    others = () if FORMS.keys() >= set(strings(values)) else plugins.installed("form")
    check = one_of(*FORMS, *others, noun="format")
    chosen = [check(value) for value in values]
    return [name for name in (*FORMS, *others) if name in chosen]


def _start(value: str) -> timedelta:
    return timedelta(0) if value == "now" else parse_span(value)


def _day(value: object) -> date:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value if isinstance(value, str) else "")
    except ValueError as error:
        raise ValueError(
            f"{shown_value(value)} is not a valid date; use a date such as 2026-12-24"
        ) from error


def new_text(values: dict[str, object]) -> str:
    """Return the text of a subscription file with these values, in order."""
    return "".join(f"{key} = {toml_value(value)}\n" for key, value in values.items())
