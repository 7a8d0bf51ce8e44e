"""`digest.toml` ↔ Settings, checked."""

import ipaddress
import os
from datetime import timedelta
from pathlib import Path
from typing import Any
from unicodedata import category
from urllib.parse import urlsplit

from digest.checked import Table, at_least, one_of, parse_toml, read_text, strings, time_zone
from digest.errors import ConfigError, Problem, UsageError
from digest.model import Home, Settings, Smtp, Upkeep
from digest.spans import parse_span

FILE = "digest.toml"
CHANNELS = ("smtp",)


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
        schedule=_upkeep(table.table("schedule")),
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


def _upkeep(table: Table | None) -> Upkeep:
    default = Upkeep()
    if table is None:
        return default
    upkeep = Upkeep(
        watch=table.take("watch", bool, default.watch),
        ping=table.take("ping", str, "", _base_url).rstrip("/") or None,
        metrics=_listen_at(table),
        backups=table.take("backups", int, default.backups, at_least(0)),
        keep_output=_keep(table, "keep_output", default.keep_output),
        keep_ledger=_keep(table, "keep_ledger", default.keep_ledger),
    )
    table.finish()
    return upkeep


def _keep(table: Table, key: str, default: timedelta | None) -> timedelta | None:
    spans: list[timedelta | None] = [default]

    def check(value: str) -> str:
        spans.append(None if value == "forever" else parse_span(value))
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
