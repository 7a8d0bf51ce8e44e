"""What most use cases begin with: the clock of a command, and the library of a home."""

import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from digest.model import Home

if TYPE_CHECKING:
    from digest.store.store import Store, Transaction


@dataclass(frozen=True, slots=True)
class Clock:
    """`now` is what every decision sees (`--now`, else the machine's time); `started` the machine's."""

    now: datetime
    started: datetime

    @classmethod
    def at(cls, stated: datetime | None, timezone: str = "UTC") -> "Clock":
        """Return the clock of a command; a stated time without offset is one of the zone."""
        started = datetime.now(UTC)
        if stated is not None and stated.tzinfo is None:
            stated = stated.replace(tzinfo=ZoneInfo(timezone))
        return cls(stated or started, started)

    @classmethod
    def of(cls, home: Home, stated: datetime | None) -> "Clock":
        """Return the clock of a command on a home."""
        return cls.at(stated, home.settings.timezone)


@contextmanager
def library(home: Home, *, write: bool = False, words: Sequence[str] = ()) -> Iterator["Transaction"]:
    """Open a transaction on the home's library for the block; to write, holding the home's lock."""
    from digest.system.locks import hold

    lock = hold(home.path, command=shlex.join(["digest", *words])) if write else nullcontext()
    with lock, open_library(home, create=False) as store, store.begin(write=write) as tx:
        yield tx


@contextmanager
def open_library(home: Home, *, create: bool, url: str | None = None) -> Iterator["Store"]:
    """Open the home's library (or `url`) for the block."""
    from digest.store.engine import open_store

    store = open_store(url or home.settings.database, home=home.path, create=create)
    try:
        yield store
    finally:
        store.close()


def iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
