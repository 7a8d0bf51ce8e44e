"""Small helpers around SQLAlchemy: long lists in pieces, the key of a new row."""

from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from sqlalchemy import Connection, CursorResult, Table, func, or_, select

from digest.store.schema import absorbed

T = TypeVar("T")

_SIZE = 500  # of values in one IN (...)


def chunks(values: Iterable[T]) -> Iterator[list[T]]:
    """Yield the distinct values, in order, at most 500 at a time."""
    whole = list(dict.fromkeys(values))
    for start in range(0, len(whole), _SIZE):
        yield whole[start : start + _SIZE]


def inserted_key(result: CursorResult[Any]) -> int:
    """Return the key the database gave to the row just inserted."""
    key = result.inserted_primary_key
    assert key is not None, "a single-row insert gives its key"
    return int(key[0])


def papers_among(db: Connection, table: Table, subscription: str, papers: Iterable[int]) -> frozenset[int]:
    """Return which of these papers, or which with a part, a table has for a subscription."""
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
