"""Helpers for SQLAlchemy: long lists in chunks, insertion of missing rows, keys of new rows."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import Connection, CursorResult, Dialect, Insert, Table, bindparam, insert, select
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import TypeEngine

from digest.store.schema import absorbed

T = TypeVar("T")

_SIZE = 500  # of values in one IN (...)
_COPIED = 100  # rows from which COPY is faster than INSERT
SUPPORTED = ("sqlite", "postgresql")  # dialects with INSERT … ON CONFLICT


def chunks(values: Iterable[T]) -> Iterator[list[T]]:
    """Yield the distinct values, in order, at most 500 at a time."""
    distinct = list(dict.fromkeys(values))
    for start in range(0, len(distinct), _SIZE):
        yield distinct[start : start + _SIZE]


def insert_missing(db: Connection, table: Table, row: Mapping[str, object]) -> bool:
    """Insert a row unless the table has one with the same key. Returns whether it was inserted."""
    return db.execute(_insert_missing(table, db.dialect.name, tuple(row)), row).rowcount == 1


def insert_all_missing(db: Connection, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
    """Insert those rows whose key the table does not have."""
    if rows:
        execute_rows(db, _insert_missing(table, db.dialect.name, tuple(rows[0])), rows)


def insert_rows(db: Connection, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
    """Insert many rows, which all have the same columns."""
    if len(rows) >= _COPIED and _can_copy(db.dialect):
        _copy_rows(db, table, rows)
    elif rows:
        execute_rows(db, _insertion(table, tuple(rows[0])), rows)


def execute_rows(db: Connection, statement: Any, rows: Sequence[Mapping[str, object]]) -> None:
    """Execute an insertion or an update once for each row, which has the values of its parameters.

    Where the driver takes values by position, as SQLite's does, they are prepared column by column: SQLAlchemy's
    work for each row would cost several times as much as storing it.
    """
    if not rows:
        return
    compiled = _compiled(statement, db.dialect)
    if not compiled.positional:
        db.execute(statement, rows)
        return
    columns = [
        _prepared(db.dialect, compiled.binds[name].type, [row[name] for row in rows])
        for name in compiled.positiontup
    ]
    db.exec_driver_sql(str(compiled), list(zip(*columns, strict=True)))


def _can_copy(dialect: Dialect) -> bool:
    return (dialect.name, dialect.driver) == ("postgresql", "psycopg")


def _copy_rows(db: Connection, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
    """Insert many rows by PostgreSQL's COPY. Raises DBAPIError, as other statements do."""
    import psycopg

    names = list(rows[0])
    columns = [_prepared(db.dialect, table.c[name].type, [row[name] for row in rows]) for name in names]
    quoted = db.dialect.identifier_preparer.quote
    statement = f"COPY {quoted(table.name)} ({', '.join(map(quoted, names))}) FROM STDIN"
    driver: Any = (
        db.connection.dbapi_connection
    )  # the other attribute is lost where the pool gave the connection away
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for row in zip(*columns, strict=True):
                copy.write_row(row)
    except psycopg.Error as error:
        lost = driver.closed or driver.broken
        raise DBAPIError.instance(
            statement, None, error, psycopg.Error, connection_invalidated=lost, dialect=db.dialect
        ) from error


def _prepared(dialect: Dialect, kind: TypeEngine[Any], values: list[object]) -> list[object]:
    """Return the values of a column as the driver takes them; what many rows share is prepared once."""
    prepare = kind.dialect_impl(dialect).bind_processor(dialect)
    if prepare is None:
        return values
    found: list[object] = []
    last, result = object(), None
    for value in values:
        if value is not last:
            last, result = value, prepare(value)
        found.append(result)
    return found


# SQLAlchemy builds and compiles a statement slower than SQLite executes it.
@lru_cache(maxsize=64)
def _insertion(table: Table, names: tuple[str, ...]) -> Insert:
    return insert(table).values({name: bindparam(name) for name in names})


@lru_cache(maxsize=64)
def _compiled(statement: Any, dialect: Dialect) -> Any:
    return statement.compile(dialect=dialect)


@lru_cache(maxsize=64)
def _insert_missing(table: Table, dialect: str, names: tuple[str, ...]) -> Insert:
    values: dict[str, Any] = {name: bindparam(name) for name in names}
    if dialect == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as postgresql_insert

        return postgresql_insert(table).values(values).on_conflict_do_nothing()
    return sqlite_insert(table).values(values).on_conflict_do_nothing()


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
