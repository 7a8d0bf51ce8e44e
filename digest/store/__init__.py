"""What is remembered: the library, the issues and the ledger, in one database.

`open_store(url)` gives a `Store`; everything happens in its transactions:

    with store.begin() as tx:
        tx.library.record(file, changes, run=run, at=now)

A transaction is whole or was never there. `store.rehearse()` lets a block do everything and then
takes it all back, which is how `--dry-run`, `diff` and `preview` see the future.
"""

import contextlib
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.pool import StaticPool

from digest.errors import StoreError, UsageError
from digest.store.bounces import Returns
from digest.store.clicks import Clicks
from digest.store.compiled_queries import Programs
from digest.store.delivery_writer import Jotter, SqliteJotter, Transactions
from digest.store.feedback import Feedback
from digest.store.identities import Identities
from digest.store.issues import Desk
from digest.store.ledger import Ledger
from digest.store.library import Library
from digest.store.outbox import Outbox
from digest.store.schema import migrate
from digest.store.summaries import Summaries
from digest.store.title_terms import Titles

__all__ = [
    "Clicks",
    "Desk",
    "Feedback",
    "Identities",
    "Jotter",
    "Ledger",
    "Library",
    "Outbox",
    "Returns",
    "Store",
    "Summaries",
    "Titles",
    "Transaction",
    "Transactions",
    "open_store",
]

_BUSY_SECONDS = 60
_SPARE = 4  # a library of which more than a quarter is unused is written anew


@dataclass(frozen=True, slots=True)
class Transaction:
    """An open transaction, by subject."""

    library: Library
    identities: Identities
    desk: Desk
    ledger: Ledger
    programs: Programs
    outbox: Outbox
    feedback: Feedback
    titles: Titles
    summaries: Summaries
    clicks: Clicks
    returns: Returns


class Store:
    """A library database. Raises StoreError, cause kept, where the database fails."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._name = engine.url.database if engine.name == "sqlite" else engine.url.render_as_string()
        self._rehearsal: Connection | None = None
        with self._connection(write=True) as connection:
            migrate(connection)

    @contextmanager
    def begin(self, *, write: bool = True) -> Iterator[Transaction]:
        """Open a transaction; committed at the end of the block, taken back if it raises."""
        with self._connection(write=write) as connection:
            yield _transaction(connection)

    @contextmanager
    def jotting(self, *, durable: bool = True) -> Iterator[Transactions]:
        """Keep one connection for a delivery's many small transactions, one after the other, on any thread.

        Those that need not be `durable` survive the end of the process; a power cut they survive only from the
        next durable transaction on, of whichever connection (SQLite, PRAGMA synchronous).
        """
        with self._wrapped(), self._engine.connect().execution_options(write=True) as connection:
            if not self.is_sqlite:
                yield lambda: self._jotted(connection)
                return
            database: Any = connection.connection.driver_connection
            jotter = SqliteJotter(database, self._engine.dialect)
            database.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            try:
                yield lambda: self._jotted_in(jotter)
            finally:
                database.execute("PRAGMA synchronous = FULL")

    @contextmanager
    def _jotted(self, connection: Connection) -> Iterator[Jotter]:
        with self._wrapped(), connection.begin():
            yield Outbox(connection)

    @contextmanager
    def _jotted_in(self, jotter: SqliteJotter) -> Iterator[Jotter]:
        with self._wrapped(), jotter.transaction() as written:
            yield written

    @contextmanager
    def rehearse(self) -> Iterator[None]:
        """Take back, at the end of the block, whatever its transactions did. One may stand in another."""
        if self._rehearsal is not None:
            inner = self._rehearsal.begin_nested()
            try:
                yield
            finally:
                inner.rollback()
            return
        with self._wrapped(), self._engine.connect().execution_options(write=True) as connection:
            outer = connection.begin()
            self._rehearsal = connection
            try:
                yield
            finally:
                self._rehearsal = None
                outer.rollback()

    @property
    def is_sqlite(self) -> bool:
        return self._engine.name == "sqlite"

    def backup(self, target: Path) -> None:
        """Write a copy of a SQLite library while others may work on it; whole or not at all."""
        from digest.store.sqlite_backup import copy_library

        if not self.is_sqlite:
            raise UsageError(f"{self._name}: is no SQLite file; use the backup of your database, as pg_dump")
        with self._wrapped(), self._engine.connect() as connection:
            copy_library(connection.connection.driver_connection, target)

    def tidy(self) -> None:
        """Give back room that a SQLite library no longer needs, and fold its log in."""
        if not self.is_sqlite:
            return
        with self._wrapped(), contextlib.closing(self._engine.raw_connection()) as connection:
            database: Any = connection.driver_connection
            ((pages,),), ((free,),) = (
                database.execute(f"PRAGMA {name}").fetchall() for name in ("page_count", "freelist_count")
            )
            if free * _SPARE > pages:
                database.execute("VACUUM")
            database.execute("PRAGMA optimize")
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def _connection(self, *, write: bool) -> Iterator[Connection]:
        with self._wrapped():
            if self._rehearsal is not None:
                with self._rehearsal.begin_nested():
                    yield self._rehearsal
                return
            with self._engine.connect().execution_options(write=write) as connection, connection.begin():
                yield connection

    @contextmanager
    def _wrapped(self) -> Iterator[None]:
        try:
            yield
        except (DBAPIError, sqlite3.Error) as error:
            reason = str(error.orig if isinstance(error, DBAPIError) else error)
            name = self._name or "the library in memory"
            raise StoreError(f"{name}: the library database: {reason}; {_remedy(reason)}") from error


def _transaction(connection: Connection) -> Transaction:
    return Transaction(
        Library(connection),
        Identities(connection),
        Desk(connection),
        Ledger(connection),
        Programs(connection),
        Outbox(connection),
        Feedback(connection),
        Titles(connection),
        Summaries(connection),
        Clicks(connection),
        Returns(connection),
    )


def _remedy(reason: str) -> str:
    """Return what to do about a driver's error, by the words of SQLite."""
    return next((remedy for words, remedy in _REMEDIES.items() if words in reason), _OTHERWISE)


_REMEDIES = {
    "not a database": "it is no library; move the file away or name another database in digest.toml",
    "malformed": "the file is damaged; restore a copy of it, and keep this one",
    "unable to open": "check that it is a file (not a folder) that may be written, and its folder",
    "readonly": "give the user who runs digest the right to write it and its folder",
    "locked": "another program holds it; close that, then run again",
    "full": "make room on the disk, then run again",
    "disk I/O": "see whether the disk is full or failing, then run again",
}
_OTHERWISE = "nothing of this step was recorded; run again, and report it if it comes back"


def open_store(url: str, *, home: Path, create: bool = True) -> Store:
    """Open the database of `url`; a relative SQLite path counts from `home`.

    `create=False` gives an empty library in memory where there is no SQLite file yet, for commands
    that only look. Raises UsageError if the URL is wrong, StoreError if it cannot be opened.
    """
    try:
        parsed = make_url(url)
        return _open(parsed, home, create=create)
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        raise UsageError(
            f"digest.toml: database: {_shown(url)!r} needs a driver that is not installed; "
            "install it, or write sqlite:///digest.db"
        ) from error
    except (ArgumentError, ValueError) as error:
        raise UsageError(
            f"digest.toml: database: {_shown(url)!r} is no database URL; write sqlite:///digest.db"
        ) from error


def _shown(url: str) -> str:
    """Return a database URL without user and password."""
    return re.sub(r"//.*@", "//…@", url)


def _open(parsed: URL, home: Path, *, create: bool) -> Store:
    if not parsed.drivername.startswith("sqlite"):
        return Store(create_engine(parsed))
    path = None if parsed.database in (None, "", ":memory:") else home / str(parsed.database)
    if path is None or not (create or path.exists()):
        return Store(_sqlite("sqlite://", poolclass=StaticPool))
    if not path.parent.is_dir():
        raise UsageError(f"digest.toml: database: there is no folder {path.parent}; make it, or name another")
    return Store(_sqlite(parsed.set(database=str(path)).render_as_string(hide_password=False)))


def _sqlite(url: str, **options: Any) -> Engine:
    engine = create_engine(url, connect_args={"timeout": _BUSY_SECONDS}, **options)

    @event.listens_for(engine, "connect")
    def _settings(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # transactions are begun below, not by the driver's guess
        # What is judged is recorded next, on the same pages: 32 MB of them stay at hand.
        for pragma in (
            "journal_mode = WAL",
            "synchronous = FULL",
            "foreign_keys = ON",
            "cache_size = -32000",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        write = connection.get_execution_options().get("write", True)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine
