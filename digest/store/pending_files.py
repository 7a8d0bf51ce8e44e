"""Files that remain to be written: after a crash, the next run writes them."""

from collections.abc import Iterable
from typing import Literal, get_args

from sqlalchemy import Connection, delete, insert, select

from digest.store.schema import unwritten, written_for
from digest.store.sql import chunks, insert_all_missing, insert_missing

Kind = Literal["issue", "feed", "history", "paper", "index"]
KINDS: tuple[Kind, ...] = get_args(Kind)


class PendingFiles:
    """Issues (by key), feeds (by name), pages of their history and of papers (by number), and archive pages."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def mark(self, kind: Kind, key: str) -> None:
        """Note that a file must be written."""
        insert_missing(self._db, unwritten, {"kind": kind, "key": key})

    def mark_all(self, kind: Kind, keys: Iterable[str]) -> None:
        """Note that files must be written."""
        insert_all_missing(self._db, unwritten, [{"kind": kind, "key": key} for key in dict.fromkeys(keys)])

    def clear(self, kind: Kind, keys: Iterable[str]) -> None:
        """Note that files were written."""
        for chunk in chunks(keys):
            self._db.execute(delete(unwritten).where(unwritten.c.kind == kind, unwritten.c.key.in_(chunk)))

    def made_for(self, settings: str) -> str | None:
        """Note the settings that files are written with from now on; return those before, None if unknown."""
        before = self._db.scalar(select(written_for.c.settings))
        if before != settings:
            self._db.execute(delete(written_for))
            self._db.execute(insert(written_for).values(settings=settings))
        return before

    def keys(self, kind: Kind) -> tuple[str, ...]:
        """Return the keys of the files of a kind that must be written, sorted."""
        return tuple(
            self._db.scalars(
                select(unwritten.c.key).where(unwritten.c.kind == kind).order_by(unwritten.c.key)
            )
        )
