"""Small helpers around SQLAlchemy: long lists in pieces, the key of a new row."""

from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from sqlalchemy import CursorResult

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
