"""`digest.toml` ↔ Settings, checked."""

import ipaddress
import os
import re
from datetime import timedelta
from pathlib import Path
from typing import Any
from unicodedata import category
from urllib.parse import urlsplit

from digest.errors import ConfigError, Problem, UsageError
from digest.home.durations import parse_span
from digest.home.toml import Table, at_least, one_of, parse_toml, read_text, strings, time_zone
from digest.i18n.language import LANGUAGES
from digest.model import (
    Bounces,
    Dkim,
    Home,
    ImapBox,
    Maildir,
    Room,
    ScheduleSettings,
    Settings,
    Smtp,
    Source,
    SummarySettings,
)
from digest.model.subscriptions import ID
from digest.text.addresses import mailbox, sender_mailbox

FILE = "digest.toml"
CHANNELS = ("smtp", "maildir", "chat")
_SIGNS_OF_A_HOME = ("digest.toml", "digest.db", "inbox", "subscriptions", "templates")
# Each kind of source, and the keys that it needs.
SOURCE_KINDS: dict[str, tuple[str, ...]] = {
    "feed": ("url",),
    "page": ("url",),
    "arxiv": ("query",),
    "daily-papers": (),
    "imap": ("host", "user", "password_env"),
}


def open_home(chosen: str | None) -> Home:
    """Return the home: `chosen`, else DIGEST_HOME, else the current folder.

    Raises UsageError if it is no folder, ConfigError with every problem of its `digest.toml`.
    """
    path = home_path(chosen)
    file = path / FILE
    if not file.exists():
        return Home(path, Settings())
    return Home(path, load_settings(file))


def home_path(chosen: str | None) -> Path:
    """Return the folder of the home, whatever its settings. Raises UsageError if it is no folder."""
    path = Path(chosen or os.environ.get("DIGEST_HOME") or ".")
    if not path.is_dir():
        raise UsageError(f"{path}: no such folder; make a new home with: digest init {path}")
    return path


def need_home(home: Home, chosen: str | None) -> None:
    """Raise UsageError in a folder that nobody named and that has nothing of a home in it."""
    named = chosen or os.environ.get("DIGEST_HOME")
    if not named and not any((home.path / name).exists() for name in _SIGNS_OF_A_HOME):
        raise UsageError(
            f"{home.path.resolve()} is no home: it has neither digest.toml nor inbox/ nor subscriptions/; "
            "go to one, name one with --home, or make one: digest init papers"
        )


def load_settings(file: Path) -> Settings:
    """Read a settings file. Raises ConfigError with all its problems."""
    text = read_text(file, file.name)
    data = text if isinstance(text, Problem) else parse_toml(text, file.name)
    if isinstance(text, Problem) or isinstance(data, Problem):
        raise ConfigError(tuple(x for x in (text, data) if isinstance(x, Problem))[:1])
    problems: list[Problem] = []
    table = Table(data, shown=file.name, text=text, problems=problems)
    default = Settings()
    settings = Settings(
        title=table.take("title", str, default.title, _one_line),
        base_url=table.take("base_url", str, default.base_url, _base_url),
        timezone=table.take("timezone", str, default.timezone, time_zone),
        language=table.take("language", str, default.language, one_of(*LANGUAGES)),
        database=table.take("database", str, default.database),
        channels=tuple(_channels(table)),
        in_doubt=table.take("in_doubt", str, default.in_doubt, one_of("resend", "hold")),
        max_file_mb=table.take("max_file_mb", int, default.max_file_mb, at_least(1)),
        feed_items=table.take("feed_items", int, default.feed_items, at_least(1)),
        smtp=_smtp(table.table("smtp")),
        maildir=_maildir(table.table("maildir")),
        rooms=_rooms(table.table("chat")),
        schedule=_upkeep(table.table("schedule")),
        serve=_serve(table.table("serve")),
        dkim=_dkim(table.table("dkim")),
        bounces=_bounces(table.table("bounces")),
        contact=table.take("contact", str, default.contact, _address),
        sources=_sources(table, text, file.name, problems),
        library=tuple(table.take_list("library", [], strings)),
        columns=_columns(table.table("columns")),
        summaries=_summaries(table.table("summaries")),
    )
    table.finish()
    _check_channels(table, settings)
    if problems:
        raise ConfigError(tuple(problems))
    return settings


def _columns(table: Table | None) -> tuple[tuple[str, str], ...]:
    """Return the user's names of columns of tables, each with the field it stands for."""
    if table is None:
        return ()
    from digest.ports import COLUMNS

    found = [(name, field) for field in COLUMNS for name in table.take_list(field, [], strings)]
    table.finish()
    return tuple(found)


def _smtp(table: Table | None) -> Smtp | None:
    if table is None:
        return None
    default = Smtp("")
    host = table.take("host", str, "", _one_line)
    smtp = Smtp(
        host=host,
        port=table.take("port", int, default.port, _port),
        tls=table.take("tls", str, default.tls, one_of("starttls", "implicit", "none")),
        user=table.take("user", str, "") or None,
        password_env=table.take("password_env", str, "") or None,
        sender=table.take("from", str, "", _one_line),
        password_file=table.take("password_file", str, "") or None,
        ca_file=table.take("ca_file", str, "") or None,
        timeout=table.take("timeout", int, default.timeout, at_least(1)),
        final_timeout=table.take("final_timeout", int, default.final_timeout, at_least(1)),
        connections=table.take("connections", int, default.connections, at_least(1)),
        messages_per_connection=table.take(
            "messages_per_connection", int, default.messages_per_connection, at_least(1)
        ),
        domain_connections=table.take("domain_connections", int, 0, at_least(0)),
        domain_per_minute=table.take("domain_per_minute", int, 0, at_least(0)),
        one_click=table.take("one_click", bool, default.one_click),
    )
    table.finish()
    for key in ("host", "from"):
        if key not in table:
            table.wrong(key, "is missing", "add it")
    _check_tls(table, smtp.tls, host)
    return smtp


def _check_tls(table: Table, tls: str, host: str) -> None:
    """Let nothing go unencrypted to another machine."""
    if tls == "none" and not _is_loopback(host):
        table.wrong(
            "tls", f'is "none" for {host!r}', 'mail would travel readable; write "starttls" or "implicit"'
        )


def _upkeep(table: Table | None) -> ScheduleSettings:
    default = ScheduleSettings()
    if table is None:
        return default
    upkeep = ScheduleSettings(
        watch=table.take("watch", bool, default.watch),
        ping=table.take("ping", str, "", _base_url).rstrip("/") or None,
        metrics=_listen_at(table),
        backups=table.take("backups", int, default.backups, at_least(0)),
        keep_output=_span_or(table, "keep_output", "forever", default.keep_output),
        keep_ledger=_span_or(table, "keep_ledger", "forever", default.keep_ledger),
        keep_clicks=_span(table, "keep_clicks", default.keep_clicks),
    )
    table.finish()
    return upkeep


def _serve(table: Table | None) -> tuple[str, int]:
    host, port = Settings().serve
    if table is None:
        return host, port
    found = table.take("host", str, host, _one_line), table.take("port", int, port, _port)
    table.finish()
    return found


def _span_or(table: Table, key: str, unending: str, default: timedelta | None) -> timedelta | None:
    """Read a span, or the word for none that ends."""
    spans: list[timedelta | None] = [default]

    def check(value: str) -> str:
        spans.append(None if value == unending else parse_span(value))
        return value

    table.take(key, str, "", check)
    return spans[-1]


def _span(table: Table, key: str, default: timedelta) -> timedelta:
    """Read a span that ends."""
    spans = [default]

    def check(value: str) -> str:
        spans.append(parse_span(value))
        return value

    table.take(key, str, "", check)
    return spans[-1]


def _listen_at(table: Table) -> tuple[str, int] | None:
    """Read `host:port`, or a port of this machine only."""
    found: list[tuple[str, int]] = []

    def check(value: str) -> str:
        host, _, port = value.rpartition(":")
        if not (port.isascii() and port.isdigit() and 1 <= int(port[:9]) <= 65535):
            raise ValueError(f'is {value!r}; write an address such as "127.0.0.1:9464"')
        found.append((host.strip("[]") or "127.0.0.1", int(port)))
        return value

    table.take("metrics", str, "", check)
    return found[0] if found else None


_NEEDS = {"smtp": "host and from", "maildir": "path", "chat": "a table [chat.NAME] for each room"}


def _check_channels(table: Table, settings: Settings) -> None:
    """Check what only sending needs, when all keys are known."""
    for channel in dict.fromkeys(settings.channels):
        if channel not in table:
            remedy = f"add [{channel}] with {_NEEDS[channel]}"
            table.wrong("channels", f"has {channel} but there is no [{channel}] table", remedy)
        elif channel != "chat" and (inner := table.table(channel)) is not None:
            _check_sender(inner, settings)
            if channel == "smtp":
                _check_login(inner, settings)


def _check_sender(inner: Table, settings: Settings) -> None:
    sender = sender_mailbox(settings.sender)
    if not settings.sender and not settings.smtp:
        inner.wrong("from", "is missing", "add it: Name <name@example.org>")
    elif settings.sender and (sender is None or sender.international):
        inner.wrong("from", f"{settings.sender!r} has no address", "write Name <name@example.org>")


def _check_login(inner: Table, settings: Settings) -> None:
    smtp = settings.smtp
    assert smtp is not None, "it was read"
    if smtp.user and not (smtp.password_env or smtp.password_file):
        inner.wrong("user", "has no password", "add password_env, the name of the variable that holds it")


def _maildir(table: Table | None) -> Maildir | None:
    if table is None:
        return None
    maildir = Maildir(
        path=table.take("path", str, "", _one_line), sender=table.take("from", str, "", _one_line)
    )
    table.finish()
    if "path" not in table:
        table.wrong("path", "is missing", "add it")
    return maildir


def _rooms(table: Table | None) -> tuple[Room, ...]:
    if table is None:
        return ()
    rooms = []
    for name in table.names():
        inner = table.table(name)
        if not ID.fullmatch(name):
            table.wrong(name, "is no name for a room", "write a-z, 0-9 and -, as subscriptions name it")
        if inner is None:
            continue
        room = Room(name, *(inner.take(key, str, "", _one_line) for key in ("url_env", "url_file")))
        inner.finish()
        if not (room.url_env or room.url_file):
            inner.wrong("url_env", "is missing", "add it: the name of the variable that holds the address")
        rooms.append(room)
    return tuple(rooms)


def _dkim(table: Table | None) -> Dkim | None:
    if table is None:
        return None
    selectors, files = (_one_or_many(table, key) for key in ("selector", "key"))
    domain = table.take("domain", str, "", _domain)
    records = _one_or_many(table, "record")
    table.finish()
    if len(selectors) != len(files) or not files:
        table.wrong("key", "and selector do not go together", "name a selector for each key file")
    return Dkim(tuple(zip(selectors, files, strict=False)), domain, tuple(records))


def _one_or_many(table: Table, key: str) -> list[str]:
    """Return the text, or the list of texts, at `key`."""
    value = table.take(key, object, [])
    return [value] if isinstance(value, str) and value else table.take_list(key, [], strings)


def _domain(value: str) -> str:
    if mailbox(f"postmaster@{value}") is None:
        raise ValueError(f"{value!r} is no domain; write example.org")
    return value.lower()


def _bounces(table: Table | None) -> Bounces:
    if table is None:
        return Bounces()
    bounces = Bounces(
        address=table.take("address", str, "", _plain_address),
        verp=table.take("verp", bool, True),
        mailbox=table.take("mailbox", str, "") or None,
        imap=_imap_box(table.table("imap")),
    )
    table.finish()
    return bounces


def _imap_box(table: Table | None) -> ImapBox | None:
    if table is None:
        return None
    default = ImapBox()
    box = ImapBox(
        host=table.take("host", str, "", _one_line),
        port=table.take("port", int, default.port, _port),
        tls=table.take("tls", str, default.tls, one_of("implicit", "starttls", "none")),
        user=table.take("user", str, "", _one_line),
        password_env=table.take("password_env", str, "", _one_line),
        password_file=table.take("password_file", str, "", _one_line),
        ca_file=table.take("ca_file", str, "", _one_line),
        folder=table.take("folder", str, default.folder, _mail_folder),
    )
    table.finish()
    for key in ("host", "user"):
        if key not in table:
            table.wrong(key, "is missing", "add it")
    if not (box.password_env or box.password_file):
        table.wrong("user", "has no password", "add password_env, the name of the variable that holds it")
    _check_tls(table, box.tls, box.host)
    return box


def _plain_address(value: str) -> str:
    found = mailbox(value)
    if found is None or found.international:
        raise ValueError(f"{value!r} is no address; write bounces@example.org")
    return str(found)


def _summaries(table: Table | None) -> SummarySettings | None:
    if table is None:
        return None
    default = SummarySettings("", "")
    found = SummarySettings(
        url=table.take("url", str, "", _source_url),
        model=table.take("model", str, "", _one_line),
        key_env=table.take("key_env", str, "", _one_line),
        key_file=table.take("key_file", str, "", _one_line),
        max_seconds=table.take("max_seconds", int, default.max_seconds, at_least(1)),
        max_papers=table.take("max_papers", int, default.max_papers, at_least(1)),
    )
    table.finish()
    for key in ("url", "model"):
        if key not in table:
            table.wrong(key, "is missing", "add it")
    parts = urlsplit(found.url)
    if (
        (found.key_env or found.key_file)
        and parts.scheme == "http"
        and not _is_loopback(parts.hostname or "")
    ):
        table.wrong("url", f"is {found.url!r}", "the key would travel readable; write https")
    return found


def _sources(table: Table, text: str, shown: str, problems: list[Problem]) -> tuple[Source, ...]:
    def tables(values: list[Any]) -> list[Any]:
        if not all(isinstance(value, dict) for value in values):
            raise ValueError("holds something that is no table; write [[sources]] above each source")
        return values

    found: list[Source] = []
    for number, data in enumerate(table.take_list("sources", [], tables)):
        one = Table(data, shown=shown, text=_from_source(text, number), problems=problems, name="sources")
        source = _source(one)
        if source.name in {other.name for other in found}:
            one.wrong("name", f"is {source.name!r} again", "give each source a name of its own")
        found.append(source)
    return tuple(found)


def _from_source(text: str, number: int) -> str:
    """Return the text with all sources before this one blanked out, so that its keys are found."""
    lines = text.split("\n")
    starts = [place for place, line in enumerate(lines) if line.strip().replace(" ", "") == "[[sources]]"]
    start = starts[number] if number < len(starts) else 0
    return "\n" * start + "\n".join(lines[start:])


def _source(table: Table) -> Source:
    default = Source("", "")
    source = Source(
        name=table.take("name", str, "", _source_name),
        kind=table.take("kind", str, "", one_of(*SOURCE_KINDS)),
        url=table.take("url", str, "", _source_url),
        query=table.take("query", str, "", _one_line),
        private=table.take("private", bool, default.private),
        host=table.take("host", str, "", _one_line),
        port=table.take("port", int, default.port, _port),
        tls=table.take("tls", str, default.tls, one_of("implicit", "starttls", "none")),
        user=table.take("user", str, "", _one_line),
        password_env=table.take("password_env", str, "", _one_line),
        folder=table.take("folder", str, default.folder, _mail_folder),
        every=_span_or(table, "every", "never", default.every),
    )
    table.finish()
    for key in ("name", "kind", *SOURCE_KINDS.get(source.kind, ())):
        if key not in table:
            table.wrong(key, "is missing", "add it")
    if source.kind == "imap":
        _check_tls(table, source.tls, source.host)
    return source


def _source_name(value: str) -> str:
    if not ID.fullmatch(value):
        raise ValueError(f"is {value!r}; write a-z, 0-9 and -, as files are named by it")
    return value


def _source_url(value: str) -> str:
    try:
        parts = urlsplit(value)
        plain = parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        plain = False
    if not plain or set(value) & set(" \t\r\n"):
        raise ValueError(f"is {value!r}; write an address such as https://papers.example.org/feed.xml")
    return value


def _mail_folder(value: str) -> str:
    if not value.isascii() or not value.isprintable() or set(value) & set('"\\') or not value:
        raise ValueError(f"is {value!r}; write the folder's name as the server knows it, in plain ASCII")
    return value


def _address(value: str) -> str:
    if not re.fullmatch(r"[^@\s<>()]+@[^@\s<>()]+", value) or not value.isascii():
        raise ValueError(f"is {value!r}; write an address such as you@example.org")
    return value


def _one_line(value: str) -> str:
    if not value.strip() or any(category(character) in {"Cc", "Zl", "Zp"} for character in value):
        raise ValueError("is empty or has a line break; write one line of text")
    return value.strip()


def _base_url(value: str) -> str:
    if not _is_address(value):
        raise ValueError(f"is {value!r}; write an address such as https://digest.example.org")
    return value.rstrip("/") + "/"


def _is_address(value: str) -> bool:
    try:
        parts = urlsplit(value)
        plain = parts.port != 0 and not set(value) & set("?# \t\r\n")
    except ValueError:  # brackets without an IPv6 address, a port that is none
        return False
    return plain and parts.scheme in {"http", "https"} and bool(parts.hostname)


def _channels(table: Table) -> list[Any]:
    def known(values: list[Any]) -> list[Any]:
        for value in strings(values):
            one_of(*CHANNELS)(value)
        return values

    return table.take_list("channels", [], known)


def _port(value: int) -> int:
    if not 1 <= value <= 65535:
        raise ValueError(f"is {value}; write 1 to 65535")
    return value


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
