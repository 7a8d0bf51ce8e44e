"""A library database, and its transactions."""

import contextlib
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from digest.errors import StoreError, UsageError
from digest.store.bounces import ProcessedBounces
from digest.store.clicks import Clicks
from digest.store.compiled_queries import CompiledQueries
from digest.store.cursors import Cursors
from digest.store.delivery_writer import DeliveryWriter, SqliteDeliveryWriter, Transactions
from digest.store.feedback import Feedback
from digest.store.feeds import Feeds
from digest.store.identities import Identities
from digest.store.issues import Issues
from digest.store.ledger import Ledger
from digest.store.library import Library
from digest.store.outbox import Outbox
from digest.store.pending_files import PendingFiles
from digest.store.schema import migrate
from digest.store.summaries import Summaries
from digest.store.title_terms import TitleTerms

_SPARE = 4  # a library of which more than a quarter is unused is written anew


@dataclass(frozen=True, slots=True)
class Transaction:
    """An open transaction, by subject."""

    library: Library
    identities: Identities
    cursors: Cursors
    issues: Issues
    feeds: Feeds
    pending_files: PendingFiles
    ledger: Ledger
    compiled_queries: CompiledQueries
    outbox: Outbox
    feedback: Feedback
    title_terms: TitleTerms
    summaries: Summaries
    clicks: Clicks
    bounces: ProcessedBounces


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
    def delivery_writer(self, *, durable: bool = True) -> Iterator[Transactions]:
        """Keep one connection for a delivery's many small transactions, one after the other, on any thread.

        Those that need not be `durable` survive the end of the process; a power cut they survive only from the
        next durable transaction on, of whichever connection (SQLite, PRAGMA synchronous).
        """
        with self._wrapped(), self._engine.connect().execution_options(write=True) as connection:
            if not self.is_sqlite:
                yield lambda: self._jotted(connection)
                return
            database: Any = connection.connection.driver_connection
            jotter = SqliteDeliveryWriter(database, self._engine.dialect)
            database.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            try:
                yield lambda: self._jotted_in(jotter)
            finally:
                database.execute("PRAGMA synchronous = FULL")

    @contextmanager
    def _jotted(self, connection: Connection) -> Iterator[DeliveryWriter]:
        with self._wrapped(), connection.begin():
            yield Outbox(connection)

    @contextmanager
    def _jotted_in(self, jotter: SqliteDeliveryWriter) -> Iterator[DeliveryWriter]:
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
        library=Library(connection),
        identities=Identities(connection),
        cursors=Cursors(connection),
        issues=Issues(connection),
        feeds=Feeds(connection),
        pending_files=PendingFiles(connection),
        ledger=Ledger(connection),
        compiled_queries=CompiledQueries(connection),
        outbox=Outbox(connection),
        feedback=Feedback(connection),
        title_terms=TitleTerms(connection),
        summaries=Summaries(connection),
        clicks=Clicks(connection),
        bounces=ProcessedBounces(connection),
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
