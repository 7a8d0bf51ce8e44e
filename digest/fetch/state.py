"""What is remembered between fetches, in one small file of the inbox; what is lost is only asked for again."""

import json
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from digest.system.files import write_whole

FILE = ".fetched.json"
_AGAIN = timedelta(hours=1)  # after a failure
_EARLY = timedelta(seconds=50)  # so that what is asked for every hour stays at its minute


@dataclass(frozen=True, slots=True)
class Memory:
    """What a source said and where it stands.

    `etag` and `modified` are of its one document, `digest` the SHA-256 of the last one kept. `done` is
    the last day that was fetched whole, `next` the address at which to go on, `until` up to which day.
    `uid` is the last mail of the folder, valid for `validity`. `changed` is when something new was last
    kept, `not_before` the time until which the server wants to be left alone, `asked` when it was last
    asked, `failing` since when each try failed (all ISO 8601), `error` why the last one did.
    """

    etag: str = ""
    modified: str = ""
    digest: str = ""
    done: str = ""
    next: str = ""
    until: str = ""
    uid: int = 0
    validity: int = 0
    changed: str = ""
    not_before: str = ""
    asked: str = ""
    failing: str = ""
    error: str = ""

    @property
    def done_day(self) -> date | None:
        return _day(self.done)

    @property
    def until_day(self) -> date | None:
        return _day(self.until)

    def moment(self, name: str) -> datetime | None:
        """Return `changed`, `not_before`, `asked` or `failing` as a time, None if there is none."""
        try:
            found = datetime.fromisoformat(getattr(self, name))
        except ValueError:
            return None
        return found if found.tzinfo else None

    def due(self, every: timedelta | None, now: datetime) -> bool:
        """Tell whether the clock should ask now, `every` so often (None: never); sooner where it failed."""
        asked, until = self.moment("asked"), self.moment("not_before")
        if every is None or (until and until > now):
            return False
        wait = min(every, _AGAIN) if self.error else every
        return asked is None or asked > now or now - asked >= wait - _EARLY


@dataclass(slots=True)
class Memories:
    """The memories of all sources of an inbox; each change is on disk before the next request."""

    inbox: Path
    sources: dict[str, Memory] = field(default_factory=dict)

    @classmethod
    def load(cls, inbox: Path) -> "Memories":
        """Read the file; one that cannot be read is as good as none."""
        try:
            data: Any = json.loads((inbox / FILE).read_text("utf-8"))
        except (OSError, ValueError, RecursionError):
            data = {}
        saved = data.items() if isinstance(data, dict) else ()
        return cls(inbox, {name: _memory(value) for name, value in saved if isinstance(value, dict)})

    def of(self, source: str) -> Memory:
        return self.sources.get(source, Memory())

    def note(self, source: str, **changes: Any) -> None:
        """Remember something about a source. Raises StoreError if it cannot be written."""
        self.sources[source] = replace(self.of(source), **changes)
        text = json.dumps({name: asdict(one) for name, one in sorted(self.sources.items())}, indent=1)
        write_whole(self.inbox / FILE, text.encode())


def _memory(value: dict[str, Any]) -> Memory:
    """Return what fits of a saved memory: another version may have known other things."""
    fresh = asdict(Memory())
    return Memory(
        **{key: one for key, one in value.items() if key in fresh and type(one) is type(fresh[key])}
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
