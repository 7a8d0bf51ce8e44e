"""Helpers for SQLAlchemy: long lists in chunks, insertion of missing rows, keys of new rows."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Connection, CursorResult, Insert, Table, func, or_, select
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from digest.store.schema import absorbed

T = TypeVar("T")

_SIZE = 500  # of values in one IN (...)
SUPPORTED = ("sqlite", "postgresql")  # dialects with INSERT … ON CONFLICT


def chunks(values: Iterable[T]) -> Iterator[list[T]]:
    """Yield the distinct values, in order, at most 500 at a time."""
    distinct = list(dict.fromkeys(values))
    for start in range(0, len(distinct), _SIZE):
        yield distinct[start : start + _SIZE]


def insert_missing(db: Connection, table: Table, row: Mapping[str, object]) -> bool:
    """Insert a row unless the table has one with the same key. Returns whether it was inserted."""
    return db.execute(_insert_missing(table, db.dialect.name), row).rowcount == 1


@cache  # SQLAlchemy builds a statement slower than SQLite executes it
def _insert_missing(table: Table, dialect: str) -> Insert:
    if dialect == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as postgresql_insert

        return postgresql_insert(table).on_conflict_do_nothing()
    return sqlite_insert(table).on_conflict_do_nothing()


def inserted_key(result: CursorResult[Any]) -> int:
    """Return the key that the database gave to the row that was just inserted."""
    key = result.inserted_primary_key
    assert key is not None, "the insertion of a single row returns its key"
    return int(key[0])


def papers_among(db: Connection, table: Table, subscription: str, papers: Iterable[int]) -> frozenset[int]:
    """Return those of these papers that a table contains, itself or a part of it, for a subscription."""
    whole = func.coalesce(absorbed.c.root, table.c.paper)
    chosen = (
        select(whole)
        .select_from(table.outerjoin(absorbed, absorbed.c.paper == table.c.paper))
        .where(table.c.subscription == subscription)
    )
    return frozenset(
        number
        for chunk in chunks(papers)
        for number in db.scalars(chosen.where(or_(table.c.paper.in_(chunk), absorbed.c.root.in_(chunk))))
    )
