"""A library database, and its transactions."""

import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolExhaustedError

from digest.errors import ConflictError, RefusedError, ServerLostError, StoreError
from digest.store.accounts import Accounts
from digest.store.actions import Actions
from digest.store.backend import Backend, Capabilities, ServerFacts
from digest.store.backgrounds import Backgrounds
from digest.store.bounces import ProcessedBounces
from digest.store.clicks import Clicks
from digest.store.compiled_queries import CompiledQueries
from digest.store.cursors import Cursors
from digest.store.delivery_writer import DeliveryWriter, Transactions
from digest.store.departures import Departures
from digest.store.erasure import Erasure
from digest.store.exchange import Exchange
from digest.store.feedback import Feedback
from digest.store.feeds import Feeds
from digest.store.identities import Identities
from digest.store.issues import Issues
from digest.store.leases import Leases
from digest.store.ledger import Ledger
from digest.store.library import Library
from digest.store.migrations import is_current, migrate
from digest.store.on_disk import OnDisk
from digest.store.outbox import Outbox
from digest.store.outbox_pages import OutboxPages
from digest.store.pending_files import PendingFiles
from digest.store.set_aside import PapersSetAside
from digest.store.subscriptions import Subscriptions
from digest.store.summaries import Summaries
from digest.store.tenancy import Tenancy
from digest.store.title_terms import TitleTerms

# What a database raises; at the end of a transaction it becomes a StoreError.
DATABASE_ERRORS = (DBAPIError, PoolExhaustedError, sqlite3.Error)
# Those of them that the values of a statement cause; sqlite3 raises InterfaceError for a value that it cannot bind.
_OF_VALUES = (
    DataError,
    IntegrityError,
    InterfaceError,
    sqlite3.DataError,
    sqlite3.IntegrityError,
    sqlite3.InterfaceError,
)
_ATTEMPTS = 8  # at a transaction in whose way others are
_PAUSE = 0.01  # seconds; doubled at each attempt
_RECONNECT = 0.5  # seconds
_LOCK_LOST = (
    "the connection that held the lock of the library was lost, so another host may have it now; what was committed "
    "before is kept; run again"
)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Transaction:
    """An open transaction: everything that the library can do, by subject."""

    library: Library
    identities: Identities
    cursors: Cursors
    subscriptions: Subscriptions
    issues: Issues
    on_disk: OnDisk
    feeds: Feeds
    pending_files: PendingFiles
    ledger: Ledger
    compiled_queries: CompiledQueries
    backgrounds: Backgrounds
    outbox: Outbox
    accounts: Accounts
    erasure: Erasure
    feedback: Feedback
    title_terms: TitleTerms
    summaries: Summaries
    clicks: Clicks
    actions: Actions
    outbox_pages: OutboxPages
    bounces: ProcessedBounces
    set_aside: PapersSetAside
    tenancy: Tenancy
    leases: Leases
    exchange: Exchange


class Store:
    """A library database. Raises StoreError, with its cause, if the database fails."""

    def __init__(self, backend: Backend, *, copying: bool = False) -> None:
        """With `copying`, an unfinished copy is opened as well."""
        self._backend = backend
        self._engine = backend.engine
        self._rehearsal: Connection | None = None
        self._exclusive: Connection | None = None
        self._writing = threading.Lock()  # on the connection `_exclusive`
        try:
            self._prepare(copying=copying)
        except BaseException:
            self.close()
            raise

    def _prepare(self, *, copying: bool) -> None:
        """Create or migrate the schema."""
        with self._connection(write=False) as connection:  # does not wait for a run that writes
            current = is_current(connection)
        if not current:
            with self._connection(write=True) as connection:
                migrate(connection, copying=copying)

    @property
    def name(self) -> str:
        """The name of the database for messages, without the password."""
        return self._backend.name

    @property
    def capabilities(self) -> Capabilities:
        """What the database system can do besides the transactions of a library."""
        return self._backend.capabilities

    @contextmanager
    def begin(self, *, write: bool = True, alone: bool = True) -> Iterator[Transaction]:
        """Open a transaction, committed at the end of the block, rolled back if the block raises.

        Of those that write and are `alone`, there is one at a time. One that is not must only change rows of the
        outbox, and can be in the way of another one: see `transact`.
        """
        with self._connection(write=write, alone=alone) as connection:
            yield _transaction(connection, self._departures())

    def transact(
        self,
        work: Callable[[Transaction], T],
        *,
        write: bool = True,
        alone: bool = False,
        patience: float = 0.0,
    ) -> T:
        """Do `work` in a transaction, and return its result; see `insist`."""

        def attempt() -> T:
            with self.begin(write=write, alone=alone) as tx:
                return work(tx)

        return self.insist(attempt, patience=patience)

    def insist(self, attempt: Callable[[], T], *, patience: float = 0.0) -> T:
        """Do a transaction, and do it again if another one was in its way. Returns its result.

        If the server is lost, it is tried again for `patience` seconds. It may then be committed twice, as it is not
        known whether it was committed when the connection broke.
        """
        deadline, conflicts = time.monotonic() + patience, 0
        while True:
            try:
                return attempt()
            except ConflictError:
                conflicts += 1
                if conflicts == _ATTEMPTS or self._rehearsal is not None:
                    raise
                pause = _PAUSE * 2**conflicts * random.random()  # noqa: S311 - so that two do not meet again
            except ServerLostError:
                if time.monotonic() >= deadline or self._rehearsal is not None:
                    raise
                pause = _RECONNECT
            time.sleep(pause)

    @contextmanager
    def exclusive(self, command: str, timeout: float = 60.0) -> Iterator[None]:
        """Hold the lock of the library on a server for the block; all that is written goes through its connection.

        Waits up to `timeout` seconds, then raises LockedError, which names the holder; it is shown `command`.
        """
        with self._wrapped(), self._backend.exclusive(command, timeout) as connection:
            self._exclusive = connection
            try:
                yield
            finally:
                self._exclusive = None

    def _departures(self) -> Departures | None:
        found = self._backend.departures
        return found.rehearsed() if found and self._rehearsal is not None else found

    @contextmanager
    def delivery_writer(self, *, durable: bool = True) -> Iterator[Transactions]:
        """Yield a function that opens one of the many small transactions of a delivery run, from any thread.

        All of them use one connection. What is not `durable` survives the end of the process; it survives a
        power cut only after the next durable transaction, on any connection (see
        `Capabilities.relaxed_durability`).
        """
        with (
            self._wrapped(),
            self._engine.connect().execution_options(write=True) as connection,
            self._backend.delivery_transactions(connection, durable=durable) as begin,
        ):
            yield lambda: self._begun(begin)

    @contextmanager
    def _begun(self, begin: Transactions) -> Iterator[DeliveryWriter]:
        with self._wrapped(), begin() as writer:
            yield writer

    @contextmanager
    def rehearse(self) -> Iterator[None]:
        """Roll back all transactions of the block at its end. Rehearsals can be nested."""
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

    def backup(self, target: Path) -> None:
        """Copy the library to a file while it is in use, atomically.

        Raises UsageError if it is not a single file.
        """
        with self._wrapped():
            self._backend.backup(target)

    def server_facts(self) -> ServerFacts | None:
        """Return what there is to know about the server; None for a file."""
        with self._wrapped():
            return self._backend.facts()

    def tidy(self) -> None:
        """Return unused space to the system, where the database system does not do so itself."""
        with self._wrapped():
            self._backend.tidy()

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    @contextmanager
    def _connection(self, *, write: bool, alone: bool = True) -> Iterator[Connection]:
        with self._wrapped():
            if self._rehearsal is not None:
                with self._rehearsal.begin_nested():
                    yield self._rehearsal
            elif write and self._exclusive is not None:
                with self._writing, self._locked(self._exclusive, alone=alone) as connection:
                    yield connection
            else:
                with self._backend.transaction(write=write, alone=alone) as connection:
                    yield connection

    @contextmanager
    def _locked(self, connection: Connection, *, alone: bool) -> Iterator[Connection]:
        """Open a transaction on the connection that holds the lock, which would otherwise open a new one silently."""
        if connection.invalidated:
            raise ServerLostError(f"{self._backend.name}: {_LOCK_LOST}")
        with self._backend.begun(connection, alone=alone):
            yield connection

    @contextmanager
    def _wrapped(self) -> Iterator[None]:
        try:
            yield
        except DATABASE_ERRORS as error:
            raise self._error(error) from error

    def _error(self, error: Exception) -> StoreError:
        from digest.store.server import is_conflict, is_lost

        reason = " ".join(str(error.orig if isinstance(error, DBAPIError) else error).split())
        message = f"{self._backend.name}: the library database: {reason}; {self._backend.remedy(reason)}"
        if is_conflict(error):
            return ConflictError(message)
        if is_lost(error) or isinstance(error, PoolExhaustedError):
            return ServerLostError(message)
        return RefusedError(message, reason) if isinstance(error, _OF_VALUES) else StoreError(message)


def _transaction(connection: Connection, departures: Departures | None) -> Transaction:
    return Transaction(
        library=Library(connection),
        identities=Identities(connection),
        cursors=Cursors(connection),
        subscriptions=Subscriptions(connection),
        issues=Issues(connection),
        on_disk=OnDisk(connection),
        feeds=Feeds(connection),
        pending_files=PendingFiles(connection),
        ledger=Ledger(connection),
        compiled_queries=CompiledQueries(connection),
        backgrounds=Backgrounds(connection),
        outbox=Outbox(connection, departures),
        accounts=Accounts(connection),
        erasure=Erasure(connection),
        feedback=Feedback(connection),
        title_terms=TitleTerms(connection),
        summaries=Summaries(connection),
        clicks=Clicks(connection),
        actions=Actions(connection),
        outbox_pages=OutboxPages(connection),
        bounces=ProcessedBounces(connection),
        set_aside=PapersSetAside(connection),
        tenancy=Tenancy(connection),
        leases=Leases(connection),
        exchange=Exchange(connection, departures),
    )
