"""What depends on the database system: capabilities, backups, maintenance and the fastest way to write."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine

from digest.errors import UsageError
from digest.store.delivery_writer import DeliveryWriter, Transactions
from digest.store.departures import Departures
from digest.store.outbox import Outbox


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """What a server says of itself: `version` is 160003 for 16.3, `clock` its time, `holder` the run that holds the lock.

    `used` of `most` connections are open. A `standby` accepts no changes; without `safe`, a power cut loses what was
    committed.
    """

    version: int
    encoding: str
    clock: datetime
    zone: str
    used: int
    most: int
    may_create: bool
    standby: bool
    safe: bool
    holder: str | None


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a database system can do for a library.

    `single_file`: the library is one file, which `Store.backup` copies while it is in use.
    `relaxed_durability`: the writes of a delivery run need not reach the disk at once, so a power cut may
    undo the last of them. `server`: several hosts can use the library at the same time; `Store.exclusive` keeps their
    runs apart.
    """

    single_file: bool = False
    relaxed_durability: bool = False
    server: bool = False


class Backend:
    """Any database system that SQLAlchemy and `digest.store.sql` support."""

    capabilities = Capabilities()

    def __init__(self, engine: Engine, departures: Departures | None = None) -> None:
        """`departures` is the file next to a library that is itself a file."""
        self.engine, self.departures = engine, departures

    @property
    def name(self) -> str:
        """The name of the database for messages, without the password."""
        return self.engine.url.render_as_string()

    @contextmanager
    def transaction(self, *, write: bool, alone: bool) -> Iterator[Connection]:
        """Open a transaction on a connection of its own for the block.

        Of those that are `alone`, one writes at a time.
        """
        del alone
        with self.engine.connect().execution_options(write=write) as connection, connection.begin():
            yield connection

    @contextmanager
    def begun(self, connection: Connection, *, alone: bool) -> Iterator[None]:
        """Open a transaction for writing on a connection."""
        del alone
        with connection.begin():
            yield

    @contextmanager
    def exclusive(self, command: str, timeout: float) -> Iterator[Connection]:
        """Hold the lock of the library for the block, and yield the connection that holds it.

        Raises LockedError, which names the holder, after `timeout` seconds.
        """
        del command, timeout
        raise NotImplementedError("the library is a file; its home has a lock")
        yield

    @contextmanager
    def delivery_transactions(self, connection: Connection, *, durable: bool) -> Iterator[Transactions]:
        """Yield a function that opens a transaction for a delivery run; see `Store.delivery_writer`."""
        del durable

        @contextmanager
        def begin() -> Iterator[DeliveryWriter]:
            with connection.begin():
                yield Outbox(connection)

        yield begin

    def backup(self, target: Path) -> None:
        """Copy the library to a file, atomically.

        Raises StoreError, or UsageError if it is not a single file.
        """
        del target
        raise UsageError(
            f"{self.name}: is not a SQLite file; back up your database with its own tool, such as pg_dump"
        )

    def facts(self) -> "ServerFacts | None":
        """Return what there is to know about a server; None for a file."""
        return None

    def tidy(self) -> None:
        """Return unused space to the system, where that is not automatic."""

    def remedy(self, reason: str) -> str:
        """Return what to do about an error of the database driver."""
        del reason
        return "nothing from this step was recorded; run again, and report the error if it occurs again"
