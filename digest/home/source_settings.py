"""The settings of sources: the tables `[[sources]]` of `digest.toml`."""

import re
from dataclasses import replace
from typing import Any, Final

from digest.home.toml import TableReader, one_of
from digest.home.values import (
    check_encryption,
    check_password,
    document_url,
    host_name,
    mail_folder,
    one_line,
    port,
    source_name,
    span_or,
    variable_name,
)
from digest.model import ImapBox, Source
from digest.system import plugins

# Each kind of source, and the keys that it needs.
SOURCE_KINDS: Final[dict[str, tuple[str, ...]]] = {
    "feed": ("url",),
    "page": ("url",),
    "arxiv": ("query",),
    "daily-papers": (),
    "imap": ("host", "user"),
}

_HEADER = re.compile(r"\s*\[\[\s*[\"']?sources[\"']?\s*\]\]\s*(?:#.*)?")

# What else people call them.
_OTHER_NAMES: Final = {
    "rss": "feed", "atom": "feed", "html": "page", "web": "page",
    "url": "page", "api": "arxiv", "mail": "imap", "email": "imap", "e-mail": "imap", "hugging-face": "daily-papers",
    "huggingface": "daily-papers", "hf": "daily-papers",
}  # fmt: skip


def kind_of_source(value: str) -> str:
    """Accept a kind of source."""
    if value in SOURCE_KINDS or value in (others := plugins.installed("source")):
        return value
    known = _OTHER_NAMES.get(re.sub(r"[\s_]+", "-", value.strip().lower()))
    if known:
        raise ValueError(f"{value!r} is not a valid kind of source; did you mean {known!r}?")
    return one_of(*SOURCE_KINDS, *others, noun="kind of source")(value)


def read_sources(table: TableReader, text: str, shown: str) -> tuple[Source, ...]:
    """Read all sources. `table` is the whole file, `text` its text; `shown` names it in messages."""
    found: list[Source] = []
    names: set[str] = set()
    lines = text.split("\n")
    starts = [number for number, line in enumerate(lines) if _HEADER.fullmatch(line)]
    for number, data in enumerate(table.get_list("sources", [], _tables)):
        own = _own_text(lines, starts, number)
        inner = TableReader(data, shown=shown, text=own, problems=table.problems, name="sources")
        source = _read_source(inner)
        if source.name in names:
            inner.problem("name", f"{source.name!r} is used twice", "give each source a unique name")
        names.add(source.name)
        found.append(source)
    return tuple(found)


def _tables(values: list[Any]) -> list[Any]:
    if not all(isinstance(value, dict) for value in values):
        raise ValueError("contains a value that is not a table; write [[sources]] above each source")
    return values


def _own_text(lines: list[str], starts: list[int], number: int) -> str:
    """Return the lines of one source, after blank ones in place of those before it, so that keys are found in it."""
    if number >= len(starts):
        return "\n".join(lines)
    end = starts[number + 1] if number + 1 < len(starts) else len(lines)
    return "\n" * starts[number] + "\n".join(lines[starts[number] : end])


def _read_source(table: TableReader) -> Source:
    default = Source("", "")
    source = Source(
        name=table.get("name", str, "", source_name),
        kind=table.get("kind", str, "", kind_of_source),
        url=table.get("url", str, "", document_url),
        url_env=table.get("url_env", str, "", variable_name),
        url_file=table.get("url_file", str, "", one_line),
        query=table.get("query", str, "", one_line),
        private=table.get("private", bool, default.private),
        host=table.get("host", str, "", host_name),
        port=table.get("port", int, default.port, port),
        tls=table.get("tls", str, default.tls, one_of("implicit", "starttls", "none")),
        user=table.get("user", str, "", one_line),
        password_env=table.get("password_env", str, "", variable_name),
        password_file=table.get("password_file", str, "", one_line),
        folder=table.get("folder", str, default.folder, mail_folder),
        every=table.parse("every", str, default.every, span_or("never")),
    )
    if source.kind and source.kind not in SOURCE_KINDS:
        source = replace(source, options=table.get("options", dict, {}))
    table.reject_unknown()
    elsewhere = "url_env" in table or "url_file" in table
    needed = (key for key in SOURCE_KINDS.get(source.kind, ()) if not (key == "url" and elsewhere))
    table.require("name", "kind", *needed)
    if source.kind == "imap":
        check_password(table)
        check_encryption(table, source.tls, source.host)
    return source


def read_imap_box(table: TableReader | None) -> ImapBox | None:
    """Read the table of a mail folder that is not a source."""
    if table is None:
        return None
    default = ImapBox()
    box = ImapBox(
        host=table.get("host", str, "", host_name),
        port=table.get("port", int, default.port, port),
        tls=table.get("tls", str, default.tls, one_of("implicit", "starttls", "none")),
        user=table.get("user", str, "", one_line),
        password_env=table.get("password_env", str, "", variable_name),
        password_file=table.get("password_file", str, "", one_line),
        ca_file=table.get("ca_file", str, "", one_line),
        folder=table.get("folder", str, default.folder, mail_folder),
    )
    table.reject_unknown()
    table.require("host", "user")
    check_password(table)
    check_encryption(table, box.tls, box.host)
    return box
