"""Helpers for SQLAlchemy: long lists in chunks, insertion of missing rows, keys of new rows."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Column, Connection, CursorResult, Dialect, Insert, Table, bindparam, insert, select
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


def insert_all_missing(db: Connection, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
    """Insert those rows whose key the table does not have."""
    if rows:
        db.execute(_insert_missing(table, db.dialect.name), rows)


def insert_rows(db: Connection, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
    """Insert many rows, which all have the same columns.

    Where the driver takes values by position, as SQLite's does, they are prepared column by column: SQLAlchemy's
    work for each row would cost several times as much as storing it.
    """
    if not rows:
        return
    statement: Any = insert(table).values({name: bindparam(name) for name in rows[0]})
    compiled = statement.compile(dialect=db.dialect)
    if not compiled.positional:
        db.execute(insert(table), rows)
        return
    columns = [
        _prepared(db.dialect, table.c[name], [row[name] for row in rows]) for name in compiled.positiontup
    ]
    db.exec_driver_sql(str(compiled), list(zip(*columns, strict=True)))


def _prepared(dialect: Dialect, column: Column[Any], values: list[object]) -> list[object]:
    """Return the values of a column as the driver takes them; what many rows share is prepared once."""
    prepare = column.type.dialect_impl(dialect).bind_processor(dialect)
    if prepare is None:
        return values
    found: list[object] = []
    last, result = object(), None
    for value in values:
        if value is not last:
            last, result = value, prepare(value)
        found.append(result)
    return found


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


def papers_among(
    db: Connection, table: Table, subscriptions: Iterable[str], papers: Iterable[int]
) -> dict[str, set[int]]:
    """Return which of these papers a table contains, itself or a part of it, by subscription.

    The table is searched by paper, as new papers are in few rows or none.
    """
    wanted, whole = set(subscriptions), whole_papers(db, papers)
    found: dict[str, set[int]] = {}
    if not wanted:
        return found
    between = table.c.subscription.between(min(wanted), max(wanted))
    chosen = select(table.c.subscription, table.c.paper)
    for chunk in chunks(whole):
        for subscription, paper in db.execute(chosen.where(table.c.paper.in_(chunk), between)):
            if subscription in wanted:
                found.setdefault(subscription, set()).add(whole[paper])
    return found


def whole_papers(db: Connection, papers: Iterable[int]) -> dict[int, int]:
    """Return these papers and their parts, by number, each with the paper that it belongs to."""
    found = {paper: paper for paper in papers}
    for chunk in chunks(tuple(found)):
        parts = select(absorbed.c.paper, absorbed.c.root).where(absorbed.c.root.in_(chunk))
        found |= {row.paper: row.root for row in db.execute(parts)}
    return found
