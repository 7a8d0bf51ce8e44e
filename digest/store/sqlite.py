"""SQLite: connections, transactions, backups and maintenance."""

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event

from digest.store.backend import Backend, Capabilities
from digest.store.delivery_writer import SqliteDeliveryWriter, Transactions

_BUSY_SECONDS = 60
_MOST_STATEMENTS = 1000
_MOST_UNUSED = 4  # a library of which more than a quarter is unused is rewritten
# What to do about an error, by a part of SQLite's text.
_REMEDIES = {
    "not a database": "the file is not a library; move it away or name another database in digest.toml",
    "malformed": "the file is damaged; keep it, and restore a backup: digest restore FILE",
    "unable to open": "check that it is a file (not a folder), and that it and its folder are writable",
    "readonly": "make the file and its folder writable for the user who runs digest",
    "locked": "another program is using the library; close that program, then run again",
    "full": "free some space on the disk, then run again",
    "disk I/O": "check whether the disk is full or failing, then run again",
}


class _Statements(dict[tuple[Any, ...], Any]):
    """Compiled statements, shared by all SQLite engines of a process, which differ only in their file.

    SQLAlchemy's keys start with the engine's own dialect object. Without it, equal statements have equal keys.
    """

    def get(self, key: tuple[Any, ...], default: Any = None) -> Any:
        return super().get(key[1:], default)

    def __setitem__(self, key: tuple[Any, ...], compiled: Any) -> None:
        if len(self) >= _MOST_STATEMENTS:
            self.clear()
        super().__setitem__(key[1:], compiled)


_STATEMENTS = _Statements()  # a service opens a store at every check


def sqlite_engine(url: str, **options: Any) -> Engine:
    """Return an engine whose transactions begin for writing only if their execution option `write` is true."""
    engine = create_engine(
        url,
        connect_args={"timeout": _BUSY_SECONDS},
        execution_options={"compiled_cache": _STATEMENTS},
        **options,
    )

    @event.listens_for(engine, "connect")
    def _settings(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # `_begin` begins transactions, not the driver
        # A run reads pages and then writes to the same pages: a cache of 32 MB holds them.
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
        if not write:  # it could not wait for another writer once it has begun
            connection.exec_driver_sql("PRAGMA query_only = ON")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    @event.listens_for(engine, "reset")
    def _writable(connection: Any, _record: object, _state: object) -> None:
        connection.rollback()
        connection.execute("PRAGMA query_only = OFF")

    return engine


class SqliteBackend(Backend):
    """A library in a SQLite file, or in memory."""

    capabilities = Capabilities(single_file=True, relaxed_durability=True)

    @property
    def name(self) -> str:
        return self.engine.url.database or "the library in memory"

    @contextmanager
    def delivery_transactions(self, connection: Connection, *, durable: bool) -> Iterator[Transactions]:
        """See `Backend`.

        Statements are prepared once; not `durable` is SQLite's PRAGMA synchronous = NORMAL.
        """
        database: Any = connection.connection.driver_connection
        writer = SqliteDeliveryWriter(database, self.engine.dialect, self.departures)
        database.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
        begin: Transactions = writer.transaction
        try:
            yield begin
        finally:
            database.execute("PRAGMA synchronous = FULL")

    def backup(self, target: Path) -> None:
        from digest.store.sqlite_backup import copy_library

        with self.engine.connect() as connection:
            copy_library(connection.connection.driver_connection, target)

    def tidy(self) -> None:
        """Rewrite the file if much of it is unused, update statistics, and truncate the write-ahead log."""
        with contextlib.closing(self.engine.raw_connection()) as connection:
            database: Any = connection.driver_connection
            ((pages,),), ((unused,),) = (
                database.execute(f"PRAGMA {name}").fetchall() for name in ("page_count", "freelist_count")
            )
            if unused * _MOST_UNUSED > pages:
                database.execute("VACUUM")
            database.execute("PRAGMA optimize")
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def remedy(self, reason: str) -> str:
        found = next((remedy for words, remedy in _REMEDIES.items() if words in reason), None)
        return found or super().remedy(reason)
