"""What most use cases start from: the clock of a command, and the library of a home."""

import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from digest.home.private import on_server
from digest.model import Home

if TYPE_CHECKING:
    from digest.store.store import Store, Transaction


@dataclass(frozen=True, slots=True)
class Clock:
    """`now` is the time that every decision uses (`--now`, else the machine's); `started` is the machine's."""

    now: datetime
    started: datetime

    @classmethod
    def at(cls, stated: datetime | None, timezone: str = "UTC") -> "Clock":
        """Return a clock that shows `stated`, or the machine's time; a naive time is one of the zone."""
        started = datetime.now(UTC)
        if stated is not None and stated.tzinfo is None:
            stated = stated.replace(tzinfo=ZoneInfo(timezone))
        return cls(stated or started, started)

    @classmethod
    def of(cls, home: Home, stated: datetime | None) -> "Clock":
        """Return the clock of a command on a home; a naive time is one of the home's zone."""
        return cls.at(stated, home.settings.timezone)


@contextmanager
def library(home: Home, *, write: bool = False, arguments: Sequence[str] = ()) -> Iterator["Transaction"]:
    """Open a transaction on the home's library for the block.

    To write, it holds the lock of runs, which shows `digest` and these arguments as its holder. Raises
    UsageError, LockedError, StoreError.
    """
    if write:
        command = shlex.join(["digest", *arguments])
        with locked_library(home, command=command, create=False) as store, store.begin() as tx:
            yield tx
    else:
        with open_library(home, create=False) as store, store.begin(write=False) as tx:
            yield tx


@contextmanager
def locked_library(home: Home, *, command: str, create: bool, wait: float = 60.0) -> Iterator["Store"]:
    """Open the home's library and hold the lock of runs for the block; see `open_library` and `exclusive`.

    Waits up to `wait` seconds for the lock.

    Raises UsageError, LockedError, StoreError.
    """
    if on_server(home):
        with (
            open_library(home, create=create) as store,
            exclusive(home, store, command=command, timeout=wait),
        ):
            yield store
    else:  # the lock first: opening a file may create it
        from digest.system.locks import hold

        with hold(home.path, command=command, timeout=wait), open_library(home, create=create) as store:
            yield store


@contextmanager
def exclusive(home: Home, store: "Store", *, command: str, timeout: float = 60.0) -> Iterator[None]:
    """Hold the lock of runs for the block: one of the home, or of its database where several hosts use that.

    Waits up to `timeout` seconds. Raises LockedError, which names the holder; StoreError.
    """
    from digest.system.locks import hold

    held = (
        store.exclusive(command, timeout)
        if on_server(home)
        else hold(home.path, command=command, timeout=timeout)
    )
    with held:
        yield


@contextmanager
def open_library(home: Home, *, create: bool, url: str | None = None) -> Iterator["Store"]:
    """Open the home's library, or the database at `url`, for the block.

    Without `create`, a library that does not exist is opened as an empty one in memory. Raises
    UsageError if the database URL is wrong, StoreError.
    """
    from digest.store.engine import open_store

    store = open_store(url or home.settings.database, home=home.path, create=create)
    try:
        yield store
    finally:
        store.close()
