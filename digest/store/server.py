"""PostgreSQL: connections, snapshots for readers, and the locks with which several hosts share a library.

Transactions that write exclude each other, as SQLite's do, unless they only touch rows of the outbox: those lock rows,
and skip the ones that another host has locked. So numbers of the log are committed in their order.

A run holds an advisory lock of a connection of its own, and writes through that connection only. If the connection is
lost, the server gives the lock to another host; the run that lost it can write nothing any more.
"""

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError, OperationalError

from digest.errors import LockedError
from digest.store.backend import Backend, Capabilities, ServerFacts
from digest.text.format import named_time

# Seconds after which the other side counts as gone if it does not answer. Each side checks the other one: a host that
# lost its network gives its locks back, and a client whose server is gone does not wait for ever.
_SILENCE = 15
_CONNECT = 10
_KEEPALIVES = {"keepalives_idle": 5, "keepalives_interval": 5, "keepalives_count": 2}
_POOL: dict[str, Any] = {
    "pool_size": 5,
    "max_overflow": 15,
    "pool_timeout": 30,
    "pool_pre_ping": True,
    "pool_recycle": 1800,
}
_DRIVERS = ("psycopg", "psycopg2")  # those that take the options of libpq
_SESSION = (
    "SET TIME ZONE 'UTC'",
    "SET lock_timeout = '60s'",  # as long as a writer waits for another one in SQLite
    "SET tcp_keepalives_idle = 5",
    "SET tcp_keepalives_interval = 5",
    "SET tcp_keepalives_count = 2",
    f"SET tcp_user_timeout = '{_SILENCE}s'",
)
_NAME = 63  # bytes of the name of a connection

# The first number of our advisory locks; the second is the schema, as a database may hold several libraries.
_WRITER, _HOME = 0x64696701, 0x64696702
_SCHEMA = "hashtext(current_schema())"
_WAIT_TO_WRITE = text(f"SELECT pg_advisory_xact_lock({_WRITER}, {_SCHEMA})")
_TRY = text(f"SELECT pg_try_advisory_lock({_HOME}, {_SCHEMA})")
_NAME_CONNECTION = text("SELECT set_config('application_name', :name, false)")
_HOLDER = text(
    f"""SELECT a.application_name, a.backend_start FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
    WHERE l.locktype = 'advisory' AND l.granted AND l.classid::bigint = {_HOME} AND l.objsubid = 2
    AND l.objid::bigint = ({_SCHEMA}::bigint & 4294967295)
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"""  # noqa: S608 - constants
)
_FACTS = text("""SELECT current_setting('server_version_num')::int, current_setting('server_encoding'), clock_timestamp(),
    (SELECT reset_val FROM pg_settings WHERE name = 'TimeZone'),
    (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),
    current_setting('max_connections')::int, has_schema_privilege(current_schema(), 'CREATE'), pg_is_in_recovery(),
    current_setting('fsync') = 'on' AND current_setting('full_page_writes') = 'on'""")
_POLL = 0.1  # seconds

# What to do about an error, by a part of PostgreSQL's text.
_REMEDIES = {
    "too many clients": "raise max_connections of the server, or run fewer processes, then run again",
    "remaining connection slots": "raise max_connections of the server, or run fewer processes, then run again",
    "QueuePool limit": "too many requests use the database at once; run again, or add a process of digest serve",
    "password authentication failed": "check user and password of the setting database in digest.toml",
    "no password supplied": "add the password to the setting database in digest.toml, or to ~/.pgpass",
    "does not exist": "create the database: createdb NAME, or correct the setting database in digest.toml",
    "permission denied": "give the user of the setting database the right to create tables: see docs/postgresql.md",
    "lock timeout": "another program holds a lock for more than a minute; digest doctor names it; then run again",
    "disk full": "free some space on the server's disk, then run again",
    "No space left": "free some space on the server's disk, then run again",
    "read-only transaction": "the server is a standby or read-only; name the primary in digest.toml",
}
_LOST = (
    "connection",
    "server closed",
    "terminating",
    "starting up",
    "shutting down",
    "timeout expired",
    "SSL",
)


def server_engine(url: URL) -> Engine:
    """Return an engine for a server, with a pool of connections."""
    options: dict[str, Any] = {}
    if url.get_driver_name() in _DRIVERS:
        options = {"connect_timeout": _CONNECT, "tcp_user_timeout": _SILENCE * 1000}
        options |= {"application_name": _connection_name("digest")} | _KEEPALIVES
        options = {name: value for name, value in options.items() if name not in url.query}
    engine = create_engine(url, connect_args=options, **_POOL)

    @event.listens_for(engine, "connect")
    def _settings(connection: Any, _record: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("; ".join(_SESSION))
        connection.commit()

    return engine


def _connection_name(command: str) -> str:
    """Return a name for a connection, which the server shows: what, and which process on which host."""
    place = f" (process {os.getpid()} on {socket.gethostname()})"
    whole = command[: max(0, _NAME - len(place))] + place
    return whole.encode("ascii", "replace").decode()[:_NAME]


class ServerBackend(Backend):
    """A library on a PostgreSQL server."""

    capabilities = Capabilities(server=True)

    @contextmanager
    def transaction(self, *, write: bool, alone: bool) -> Iterator[Connection]:
        """See `Backend`. A reader sees one state of the library, and can change nothing."""
        with self.engine.connect() as connection:
            if not write:
                connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            with self.begun(connection, alone=write and alone):
                yield connection

    @contextmanager
    def begun(self, connection: Connection, *, alone: bool) -> Iterator[None]:
        with connection.begin():
            if alone:
                connection.execute(_WAIT_TO_WRITE)
            yield

    @contextmanager
    def exclusive(self, command: str, timeout: float) -> Iterator[Connection]:
        """See `Backend`. The server gives the lock back when the connection ends, for whatever reason."""
        with self.engine.connect() as connection:
            connection.detach()  # at its end it is closed, not returned to the pool with the lock
            with connection.begin():
                connection.execute(_NAME_CONNECTION, {"name": _connection_name(command)})
            deadline = time.monotonic() + timeout
            while not self._took(connection):
                if time.monotonic() >= deadline:
                    raise LockedError(
                        f"the library {self.name} is in use by {self._holder(connection)}; wait until it ends, or stop it"
                    )
                time.sleep(_POLL)
            yield connection

    def _took(self, connection: Connection) -> bool:
        with connection.begin():
            return bool(connection.scalar(_TRY))

    def _holder(self, connection: Connection) -> str:
        with connection.begin():
            row = connection.execute(_HOLDER).first()
        if row is None:
            return "another process"
        since = f", since {named_time(row.backend_start, 'UTC')})"
        return row.application_name.removesuffix(")") + since if row.application_name else "another process"

    def facts(self) -> ServerFacts:
        """See `Backend`."""
        with self.transaction(write=False, alone=False) as connection:
            found: list[Any] = list(connection.execute(_FACTS).one())
            held = connection.execute(_HOLDER).first()
        holder = None if held is None else str(held.application_name or "another process")
        return ServerFacts(*(*found, holder))

    def remedy(self, reason: str) -> str:
        """See `Backend`."""
        found = next((remedy for words, remedy in _REMEDIES.items() if words in reason), None)
        if found is None and any(words in reason for words in _LOST):
            found = "check that the server runs and can be reached (digest doctor), then run again"
        return found or super().remedy(reason)


def is_conflict(error: BaseException) -> bool:
    """Return whether another transaction was in the way, so that the same succeeds if it is tried again."""
    state = getattr(error.orig, "sqlstate", None) if isinstance(error, DBAPIError) else None
    return state in {"40001", "40P01"}  # serialization failure, deadlock


def is_lost(error: BaseException) -> bool:
    """Return whether the connection to the server was lost, or could not be made."""
    if not isinstance(error, DBAPIError):
        return False
    if error.connection_invalidated:
        return True
    # Where a connection cannot be made, the driver knows no state.
    state = getattr(error.orig, "sqlstate", "")
    return isinstance(error, OperationalError) and (state is None or state.startswith(("08", "57P")))
