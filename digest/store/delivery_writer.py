"""The writes of a delivery run for each message: `begin` and `settle` of the outbox.

For SQLite they are prepared once and run without SQLAlchemy, whose work per statement would cost more than
the write itself. They are compiled from the statements of `outbox`, so each exists only once.
"""

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Dialect, Executable
from sqlalchemy.dialects.sqlite import insert

from digest.model import Delivery, Outcome
from digest.store.columns import Moment, Plain
from digest.store.departures import ALL, Departures
from digest.store.outbox import BEGIN, SETTLE, begin_values, settle_values, suppress_values
from digest.store.schema import suppressions
from digest.text.addresses import address_key


class DeliveryWriter(Protocol):
    """Writes in a transaction; see the methods of `Outbox`."""

    def begin(self, key: int, holder: str, *, until: datetime) -> bool: ...

    def settle(
        self, delivery: Delivery, holder: str, outcome: Outcome, *, now: datetime, number: int
    ) -> bool: ...


Transactions = Callable[[], AbstractContextManager[DeliveryWriter]]


class _Prepared:
    """A compiled statement of SQLite; its values are texts, times, numbers and truth values."""

    def __init__(self, statement: Executable, dialect: Dialect) -> None:
        compiled: Any = statement.compile(dialect=dialect)  # type: ignore[attr-defined]
        self._sql, self._names = str(compiled), compiled.positiontup
        self._constants = dict(compiled.params)
        self._dialect = dialect

    def run(self, database: sqlite3.Connection, values: Mapping[str, object]) -> int:
        """Run the statement. Returns the number of rows that it changed."""
        given = {**self._constants, **values}
        stored = [
            _CONVERTERS[kind](given[name], self._dialect)
            if (kind := type(given[name])) in _CONVERTERS
            else given[name]
            for name in self._names
        ]
        return database.execute(self._sql, stored).rowcount


# By type of value: what the columns of the schema do.
_CONVERTERS: dict[type, Callable[[Any, Dialect], object]] = {
    datetime: Moment().process_bind_param,
    str: Plain().process_bind_param,
}


class SqliteDeliveryWriter:
    """Writes to a SQLite library, on one connection."""

    def __init__(
        self, database: sqlite3.Connection, dialect: Dialect, departures: Departures | None = None
    ) -> None:
        self._db, self._departures = database, departures
        suppress = insert(suppressions).on_conflict_do_nothing()
        self._begin, self._settle, self._suppress = (
            _Prepared(each, dialect) for each in (BEGIN, SETTLE, suppress)
        )

    @contextmanager
    def transaction(self) -> Iterator[DeliveryWriter]:
        """Open a transaction, committed at the end of the block, rolled back if the block raises."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield self
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self.commit()

    def commit(self) -> None:
        self._db.execute("COMMIT")

    def begin(self, key: int, holder: str, *, until: datetime) -> bool:
        return self._begin.run(self._db, begin_values(key, holder, until)) == 1

    def settle(
        self, delivery: Delivery, holder: str, outcome: Outcome, *, now: datetime, number: int
    ) -> bool:
        values = settle_values(delivery, holder, outcome, now=now, number=number)
        mine = self._settle.run(self._db, values) == 1
        if mine and outcome.suppress:
            if self._departures is not None:
                self._departures.add([(address_key(delivery.recipient), ALL)], now)
            self._suppress.run(self._db, suppress_values(delivery.recipient, outcome.suppress, now))
        return mine
