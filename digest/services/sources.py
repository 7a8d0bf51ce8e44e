"""The sources of a home: list, add, import."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from digest.errors import UsageError
from digest.home.append_sources import append_sources, read_settings
from digest.home.guessed_sources import guessed_source, named, same_source
from digest.model import Home, Source
from digest.text.format import iso
from digest.urls import mask_secrets

_LOCK = ".digest.settings.lock"


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """A source, and when it last had something new (None: never)."""

    source: Source
    changed: datetime | None

    @property
    def address(self) -> str:
        """Return what is fetched, for people: without passwords and keys."""
        source = self.source
        if source.kind == "imap":
            return f"{source.host}/{source.folder}"
        if source.url_env or source.url_file:
            return f"${source.url_env}" if source.url_env else source.url_file
        return " ".join(filter(None, (source.query, mask_secrets(source.url))))


@dataclass(frozen=True, slots=True)
class Skipped:
    """A feed of a list that was not added: its address, without secrets, its line where known, and the reason."""

    address: str
    line: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Imported:
    """The sources that were added from a list, how many of its feeds were sources before, and what was skipped."""

    added: tuple[Source, ...]
    duplicates: int
    skipped: tuple[Skipped, ...]


def source_statuses(home: Home) -> tuple[SourceStatus, ...]:
    """Return the sources of a home in the order of `digest.toml`."""
    from digest.fetch.state import SourceStates

    states = SourceStates.load(home.inbox)
    return tuple(
        SourceStatus(source, states.of(source.name).time_of("changed")) for source in home.settings.sources
    )


def add_source(home: Home, address: str, kind: str = "", name: str = "") -> Source:
    """Add a source to `digest.toml` and return it. Raises UsageError if it exists already or is not valid."""
    with _changing(home):
        data, settings = read_settings(home.path)
        try:
            source = guessed_source(address, kind)
            _need_new(source, settings.sources)
            source = named(source, {other.name for other in settings.sources}, name=name)
        except ValueError as error:
            raise UsageError(str(error)) from None
        append_sources(home.path, data, [source])
    return source


def _need_new(source: Source, sources: tuple[Source, ...]) -> None:
    """Raise UsageError if one of the sources fetches the same."""
    for other in sources:
        if same_source(other) == same_source(source):
            remedy = f"to fetch it: digest fetch --source {other.name}"
            raise UsageError(f"this is already the source {other.name!r}; {remedy}")


def import_sources(home: Home, file: Path) -> Imported:
    """Add the feeds of an OPML file to `digest.toml`. Raises UsageError if the file has no feeds or cannot be read."""
    outlines = _outlines(file, home.settings.max_file_mb)
    with _changing(home):
        data, settings = read_settings(home.path)
        known = {same_source(each) for each in settings.sources}
        taken = {each.name for each in settings.sources}
        added: list[Source] = []
        skipped: list[Skipped] = []
        for url, title, line in outlines:
            try:
                source = guessed_source(url)
            except ValueError as error:
                skipped.append(Skipped(mask_secrets(url), line, str(error)))
                continue
            if same_source(source) in known:
                continue
            source = named(source, taken, title=title)
            known.add(same_source(source))
            taken.add(source.name)
            added.append(source)
        if added:
            append_sources(home.path, data, added)
    return Imported(tuple(added), len(outlines) - len(added) - len(skipped), tuple(skipped))


def _outlines(file: Path, max_file_mb: int) -> list[tuple[str, str, int | None]]:
    """Return address, title and line of each feed of an OPML file."""
    from digest.ports import Fault
    from digest.read.parsing import opml
    from digest.system.files import read_regular

    try:
        if file.stat().st_size > max_file_mb * 1024 * 1024:
            raise UsageError(f"{file}: is larger than {max_file_mb} MB; raise max_file_mb in digest.toml")
        found = opml.feeds(read_regular(file))
    except OSError as error:
        remedy = "check the path and its permissions"
        raise UsageError(f"{file}: cannot be read ({error.strerror}); {remedy}") from None
    if isinstance(found, Fault):
        where = f"{file}:{found.line}" if found.line else str(file)
        raise UsageError(f"{where}: {found.reason}; {found.remedy}")
    if not found:
        raise UsageError(
            f"{file}: the list contains no feeds (no outline has an xmlUrl); export the subscriptions of a feed reader"
        )
    return [(each.url, each.title, each.line) for each in found]


@contextmanager
def _changing(home: Home) -> Iterator[None]:
    """Let one process at a time change `digest.toml`."""
    from digest.system.locks import hold

    with hold(home.path, command="digest sources", file=_LOCK):
        yield


def source_json(source: Source) -> dict[str, object]:
    """Return a source as `digest sources add --json` prints it."""
    return {"name": source.name, "kind": source.kind, "address": SourceStatus(source, None).address}


def source_status_json(status: SourceStatus) -> dict[str, object]:
    """Return a status as `digest sources list --json` prints it."""
    every = status.source.every
    return {
        **source_json(status.source),
        "every": every.total_seconds() if every else None,
        "changed": iso(status.changed),
    }
