"""What remains to be written to disk: a crash loses nothing, the next run writes it."""

from collections.abc import Iterable
from typing import Literal

from sqlalchemy import Connection, bindparam, delete, insert, select

from digest.store.schema import unwritten
from digest.store.sql import chunks

Kind = Literal["issue", "feed", "paper", "index"]

# Executed for each paper of a file: built once, since SQLAlchemy builds slower than SQLite executes.
_IS_UNWRITTEN = select(unwritten).where(
    unwritten.c.kind == bindparam("kind"), unwritten.c.key == bindparam("key")
)
_MARK_UNWRITTEN = insert(unwritten)


class PendingFiles:
    """Issues (by key), feeds (by name), pages of papers (by number) and archive pages that are not written yet."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def mark(self, kind: Kind, key: str) -> None:
        row = {"kind": kind, "key": key}
        if not self._db.execute(_IS_UNWRITTEN, row).first():
            self._db.execute(_MARK_UNWRITTEN, row)

    def clear(self, kind: Kind, keys: Iterable[str]) -> None:
        for chunk in chunks(keys):
            self._db.execute(delete(unwritten).where(unwritten.c.kind == kind, unwritten.c.key.in_(chunk)))

    def keys(self, kind: Kind) -> tuple[str, ...]:
        return tuple(
            self._db.scalars(
                select(unwritten.c.key).where(unwritten.c.kind == kind).order_by(unwritten.c.key)
            )
        )
