"""`digest.toml`: opening a home, and reading its settings."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from digest.errors import ConfigError, Problem, UsageError
from digest.home.channel_settings import CHANNELS, check_channels, read_channels
from digest.home.durations import parse_span
from digest.home.secrets import read_secret
from digest.home.source_settings import read_imap_box, read_sources
from digest.home.toml import TableReader, at_least, one_of, parse_toml, read_text, strings, time_zone
from digest.home.values import (
    base_url,
    contact_address,
    database_url,
    document_url,
    domain,
    host_and_port,
    one_line,
    public_base_url,
    return_address,
    span_or,
    variable_name,
)
from digest.home.web_settings import check_serve, read_serve
from digest.i18n.language import LANGUAGES
from digest.model import Bounces, Dkim, Home, ScheduleSettings, Settings, SummarySettings
from digest.system import plugins
from digest.urls import is_loopback

FILE = "digest.toml"
_MARKS_OF_A_HOME = ("digest.toml", "digest.db", "inbox", "subscriptions", "templates")


def open_home(chosen: str | None) -> Home:
    """Return the home: `chosen`, else DIGEST_HOME, else the current folder.

    Raises UsageError if it is not a folder, ConfigError with all problems of its `digest.toml`.
    """
    path = home_path(chosen)
    file = path / FILE
    if not file.exists():
        return Home(path, Settings())
    return Home(path, load_settings(file))


def home_path(chosen: str | None) -> Path:
    """Return the folder of the home without reading its settings. Raises UsageError if it is not a folder."""
    path = Path(chosen or os.environ.get("DIGEST_HOME") or ".")
    if not path.is_dir():
        raise UsageError(f"{path}: the folder does not exist; make a new home with: digest init {path}")
    return path


def need_home(home: Home, chosen: str | None) -> None:
    """Raise UsageError if the home was not named and does not look like one."""
    named = chosen or os.environ.get("DIGEST_HOME")
    if not named and not any((home.path / name).exists() for name in _MARKS_OF_A_HOME):
        raise UsageError(
            f"{home.path.resolve()} is not a home: it contains no digest.toml, inbox/ or subscriptions/; "
            "change to a home, name one with --home, or make one: digest init papers"
        )


def load_settings(file: Path) -> Settings:
    """Read a settings file. Raises ConfigError with all its problems."""
    text = read_text(file, file.name)
    if isinstance(text, Problem):
        raise ConfigError((text,))
    return parse_settings(text, file)


def parse_settings(text: str, file: Path) -> Settings:
    """Return the settings in a text, the content of `file`. Raises ConfigError with all its problems."""
    data = parse_toml(text, file.name)
    if isinstance(data, Problem):
        raise ConfigError((data,))
    table = TableReader(data, shown=file.name, text=text, problems=[])
    default = Settings()
    address, web = read_serve(table.table("serve"))
    settings = Settings(
        title=table.get("title", str, default.title, one_line),
        base_url=table.get("base_url", str, default.base_url, public_base_url),
        timezone=table.get("timezone", str, default.timezone, time_zone),
        language=table.get("language", str, default.language, one_of(*LANGUAGES, noun="language")),
        alphaxiv=table.get("alphaxiv", bool, default.alphaxiv),
        database=_database(table, file.parent),
        files=table.get("files", str, default.files, one_of("auto", "all", "none")),
        keep_files=table.parse("keep_files", str, default.keep_files, span_or("forever")),
        channels=tuple(table.get_list("channels", [], _channel_names)),
        in_doubt=table.get("in_doubt", str, default.in_doubt, one_of("resend", "hold")),
        max_file_mb=table.get("max_file_mb", int, default.max_file_mb, at_least(1)),
        feed_items=table.get("feed_items", int, default.feed_items, at_least(1)),
        schedule=_schedule(table.table("schedule")),
        serve=address,
        web=web,
        dkim=_dkim(table.table("dkim")),
        bounces=_bounces(table.table("bounces")),
        contact=table.get("contact", str, default.contact, contact_address),
        sources=read_sources(table, text, file.name),
        library=tuple(table.get_list("library", [], strings)),
        columns=_columns(table.table("columns")),
        summaries=_summaries(table.table("summaries")),
        plugins=_plugins(table.table("plugins")),
    )
    if "base_url" not in table:  # links lead to where `digest serve` listens
        settings = replace(settings, base_url=f"http://localhost:{settings.serve[1]}/")
    settings = read_channels(table, settings)
    table.reject_unknown()
    check_channels(table, settings)
    check_serve(table, settings)
    if table.problems:
        raise ConfigError(tuple(table.problems))
    return settings


def _database(table: TableReader, home: Path) -> str:
    """Return the URL of the database, which contains a password on many servers."""
    checks = {"env": variable_name, "file": one_line}
    names = {each: table.get(f"database_{each}", str, "", check) for each, check in checks.items()}
    url = table.get("database", str, Settings().database, database_url)
    if not any(names.values()):
        return url
    try:
        return read_secret(home, "database", names["env"], names["file"]).strip()
    except UsageError as error:
        table.problem("database_env" if names["env"] else "database_file", *_parts(error))
    return url


def _parts(error: UsageError) -> tuple[str, str]:
    """Return the message and the remedy of an error about a secret."""
    message, _, remedy = str(error).partition(": ")[2].partition(": ")[2].partition("; ")
    return message, remedy


def _channel_names(values: list[Any]) -> list[Any]:
    others = [] if CHANNELS.keys() >= set(strings(values)) else plugins.installed("channel")
    check = one_of(*CHANNELS, *others, noun="channel")
    return [check(value) for value in values]


def _columns(table: TableReader | None) -> tuple[tuple[str, str], ...]:
    """Return pairs of a column heading and the field that it stands for."""
    if table is None:
        return ()
    from digest.ports import COLUMNS

    found = [(name, field) for field in COLUMNS for name in table.get_list(field, [], strings)]
    table.reject_unknown()
    return tuple(found)


def _schedule(table: TableReader | None) -> ScheduleSettings:
    default = ScheduleSettings()
    if table is None:
        return default
    settings = ScheduleSettings(
        watch=table.get("watch", bool, default.watch),
        ping=table.get("ping", str, "", base_url).rstrip("/") or None,
        ping_env=table.get("ping_env", str, "", variable_name),
        ping_file=table.get("ping_file", str, "", one_line),
        metrics=table.parse("metrics", str, None, host_and_port),
        backups=table.get("backups", int, default.backups, at_least(0)),
        keep_output=table.parse("keep_output", str, default.keep_output, span_or("forever")),
        keep_ledger=table.parse("keep_ledger", str, default.keep_ledger, span_or("forever")),
        keep_clicks=table.parse("keep_clicks", str, default.keep_clicks, parse_span),
        lease=table.get("lease", int, default.lease, at_least(1)),
    )
    table.reject_unknown()
    return settings


def _dkim(table: TableReader | None) -> Dkim | None:
    if table is None:
        return None
    selectors, files = (_one_or_many(table, key) for key in ("selector", "key"))
    signing_domain = table.get("domain", str, "", domain)
    records = _one_or_many(table, "record")
    table.reject_unknown()
    if len(selectors) != len(files) or not files:
        table.problem(
            "key", "must list as many files as selector has names", "name one selector for each key file"
        )
    return Dkim(tuple(zip(selectors, files, strict=False)), signing_domain, tuple(records))


def _one_or_many(table: TableReader, key: str) -> list[str]:
    """Return the text, or the list of texts, at `key`."""
    value = table.get(key, object, [])
    return [value] if isinstance(value, str) and value else table.get_list(key, [], strings)


def _bounces(table: TableReader | None) -> Bounces:
    if table is None:
        return Bounces()
    bounces = Bounces(
        address=table.get("address", str, "", return_address),
        verp=table.get("verp", bool, True),
        mailbox=table.get("mailbox", str, "") or None,
        imap=read_imap_box(table.table("imap")),
    )
    table.reject_unknown()
    return bounces


def _plugins(table: TableReader | None) -> dict[str, dict[str, Any]]:
    """Return the tables of plug-ins by name, as they are: only a plug-in knows its keys."""
    if table is None:
        return {}
    installed = [name for kind in plugins.CONFIGURED for name in plugins.installed(kind)]
    check = one_of(*installed, noun="plug-in") if installed else _none_installed
    found = {}
    for name in table.names():
        try:
            check(name)
        except ValueError as error:
            table.problem(name, *str(error).split("; ", 1))
        found[name] = table.get(name, dict, {})
    return found


def _none_installed(name: str) -> str:
    raise ValueError(f"no plug-in {name} is installed; install the package that has it, or remove the table")


def _summaries(table: TableReader | None) -> SummarySettings | None:
    if table is None:
        return None
    default = SummarySettings("", "")
    found = SummarySettings(
        url=table.get("url", str, "", document_url),
        model=table.get("model", str, "", one_line),
        key_env=table.get("key_env", str, "", variable_name),
        key_file=table.get("key_file", str, "", one_line),
        max_seconds=table.get("max_seconds", int, default.max_seconds, at_least(1)),
        max_papers=table.get("max_papers", int, default.max_papers, at_least(1)),
    )
    table.reject_unknown()
    table.require("url", "model")
    parts = urlsplit(found.url)
    has_key = bool(found.key_env or found.key_file)
    if has_key and parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        table.problem("url", f"{found.url!r} would send the key unencrypted", "use https")
    return found
