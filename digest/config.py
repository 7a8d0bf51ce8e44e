"""`digest.toml` ↔ Settings, checked."""

import ipaddress
import os
import re
from pathlib import Path
from typing import Any
from unicodedata import category
from urllib.parse import urlsplit

from digest.checked import Table, at_least, one_of, parse_toml, read_text, strings, time_zone
from digest.errors import ConfigError, Problem, UsageError
from digest.model import Home, Settings, Smtp, Source

FILE = "digest.toml"
CHANNELS = ("smtp",)
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
    path = Path(chosen or os.environ.get("DIGEST_HOME") or ".")
    if not path.is_dir():
        raise UsageError(f"{path}: no such folder; make a new home with: digest init {path}")
    file = path / FILE
    if not file.exists():
        return Home(path, Settings())
    return Home(path, load_settings(file))


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
        database=table.take("database", str, default.database),
        channels=tuple(_channels(table)),
        in_doubt=table.take("in_doubt", str, default.in_doubt, one_of("resend", "hold")),
        max_file_mb=table.take("max_file_mb", int, default.max_file_mb, at_least(1)),
        feed_items=table.take("feed_items", int, default.feed_items, at_least(1)),
        smtp=_smtp(table.table("smtp")),
        contact=table.take("contact", str, default.contact, _address),
        sources=_sources(table, text, file.name, problems),
        library=tuple(table.take_list("library", [], strings)),
    )
    table.finish()
    if "smtp" in settings.channels and settings.smtp is None and "smtp" not in table:
        table.wrong("channels", "has smtp but there is no [smtp] table", "add [smtp] with host and from")
    if problems:
        raise ConfigError(tuple(problems))
    return settings


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
    )
    table.finish()
    for key in ("host", "from"):
        if key not in table:
            table.wrong(key, "is missing", "add it")
    if smtp.tls == "none" and not _is_loopback(host):
        table.wrong(
            "tls", f'is "none" for {host!r}', 'mail would travel readable; write "starttls" or "implicit"'
        )
    return smtp


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
    )
    table.finish()
    for key in ("name", "kind", *SOURCE_KINDS.get(source.kind, ())):
        if key not in table:
            table.wrong(key, "is missing", "add it")
    if source.kind == "imap" and source.tls == "none" and not _is_loopback(source.host):
        table.wrong(
            "tls",
            f'is "none" for {source.host!r}',
            'mail would travel readable; write "starttls" or "implicit"',
        )
    return source


def _source_name(value: str) -> str:
    if not re.fullmatch("[a-z0-9-]{1,64}", value):
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
