"""The state of sources between fetches, in a small file of the inbox; without it, sources are read again."""

import json
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Any

from digest.system.files import write_whole

FILE = ".fetched.json"
_RETRY_AFTER = timedelta(hours=1)  # after a failure
_EARLY = timedelta(seconds=50)  # so that an hourly source keeps its minute


@dataclass(frozen=True, slots=True)
class SourceState:
    """The state of a source; all its fields are in the file.

    `etag` and `modified` are the validators of its document, `digest` the SHA-256 of the last one kept.
    `done` is the last day that was fetched completely, `next` the URL to continue with, `until` the last day
    of that fetch. `cursor` is what a plug-in keeps. `uid` is the last message read in the mail folder, under the UIDVALIDITY `validity`.
    `changed` is the time of the last new document, `not_before` the end of a wait that the server asked for,
    `asked` the time of the last fetch, `failing` the time of the first of the last failures (all ISO 8601),
    `error` the last error, and `unreachable` whether it was that no server could be reached.
    """

    etag: str = ""
    modified: str = ""
    digest: str = ""
    done: str = ""
    next: str = ""
    until: str = ""
    cursor: str = ""
    uid: int = 0
    validity: int = 0
    changed: str = ""
    not_before: str = ""
    asked: str = ""
    failing: str = ""
    error: str = ""
    unreachable: bool = False

    @property
    def done_day(self) -> date | None:
        return _day(self.done)

    @property
    def until_day(self) -> date | None:
        return _day(self.until)

    def time_of(self, name: str) -> datetime | None:
        """Return `changed`, `not_before`, `asked` or `failing` as a datetime, None if it is not set."""
        try:
            found = datetime.fromisoformat(getattr(self, name))
        except ValueError:
            return None
        return found if found.tzinfo else None

    def due(self, every: timedelta | None, now: datetime) -> bool:
        """Return whether to fetch a source now, given the interval `every` (None: never); sooner after a failure."""
        asked, until = self.time_of("asked"), self.time_of("not_before")
        if every is None or (until and until > now):
            return False
        wait = min(every, _RETRY_AFTER) if self.error else every
        return asked is None or asked > now or now - asked >= wait - _EARLY


@dataclass(slots=True)
class SourceStates:
    """The states of all sources of an inbox, for any number of threads; each change is written at once."""

    inbox: Path
    sources: dict[str, SourceState] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    @classmethod
    def load(cls, inbox: Path) -> "SourceStates":
        """Read the file; a damaged file counts as absent."""
        try:
            data: Any = json.loads((inbox / FILE).read_text("utf-8"))
        except (OSError, ValueError, RecursionError):
            data = {}
        saved = data.items() if isinstance(data, dict) else ()
        return cls(inbox, {name: _state(value) for name, value in saved if isinstance(value, dict)})

    def of(self, source: str) -> SourceState:
        """Return the state of a source, that of a new one if it is unknown."""
        return self.sources.get(source, SourceState())

    def update(self, source: str, **changes: Any) -> None:
        """Change fields of a source's state. Raises StoreError if the file cannot be written."""
        with self._lock:
            self.sources[source] = replace(self.of(source), **changes)
            text = json.dumps({name: asdict(state) for name, state in sorted(self.sources.items())}, indent=1)
            write_whole(self.inbox / FILE, text.encode(), private=True)


def _state(value: dict[str, Any]) -> SourceState:
    """Return a saved state without unknown fields: another version may have written it."""
    new = asdict(SourceState())
    return SourceState(
        **{key: saved for key, saved in value.items() if key in new and type(saved) is type(new[key])}
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
