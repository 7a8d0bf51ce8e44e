"""SQLite: settings of a connection, and how a transaction begins."""

from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event

_BUSY_SECONDS = 60


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


_MOST_STATEMENTS = 1000
_STATEMENTS = _Statements()  # a service opens a store in every round


def _sqlite(url: str, **options: Any) -> Engine:
    engine = create_engine(
        url,
        connect_args={"timeout": _BUSY_SECONDS},
        execution_options={"compiled_cache": _STATEMENTS},
        **options,
    )

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
