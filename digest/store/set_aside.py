"""Papers on which a stage failed: what later runs leave out without trying again."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select

from digest.model import SetAside
from digest.store.schema import entries, set_aside
from digest.store.sql import chunks, insert_missing


class PapersSetAside:
    """What was set aside, by paper, stage and subject, until the paper or the version of the program changes."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def all(self) -> tuple[SetAside, ...]:
        """Return everything that is set aside, by paper."""
        return tuple(map(_set_aside, self._db.execute(_ALL)))

    def add(self, found: Iterable[SetAside], *, version: str, at: datetime) -> None:
        """Set aside; what is set aside already keeps its reason."""
        for each in found:
            insert_missing(
                self._db,
                set_aside,
                {
                    "paper": each.paper,
                    "title": each.title,
                    "stage": each.stage,
                    "subject": each.subject,
                    "part": each.part,
                    "reason": each.reason,
                    "version": version,
                    "at": at,
                },
            )

    def forget(self, papers: Iterable[int]) -> None:
        """Try these papers again: their text has changed."""
        for chunk in chunks(papers):
            self._db.execute(delete(set_aside).where(set_aside.c.paper.in_(chunk)))

    def retry(self, *, version: str | None = None, run: int, at: datetime) -> tuple[SetAside, ...]:
        """Try again what other versions of the program set aside, or everything if `version` is None.

        Returns what it was. A paper that was left out of matching gets an entry in the log, so that it is new to the
        subscriptions whose queries accept it.
        """
        old = set_aside.c.version != version if version is not None else set_aside.c.paper >= 0
        found = tuple(map(_set_aside, self._db.execute(_ALL.where(old))))
        if not found:
            return ()
        self._db.execute(delete(set_aside).where(old))
        for paper in sorted({each.paper for each in found if each.stage == "match"}):
            newest = (
                select(entries.c.file).where(entries.c.paper == paper).order_by(entries.c.position.desc())
            )
            file = self._db.scalar(newest.limit(1))
            row = {"paper": paper, "kind": "learnt", "what": "", "at": at, "file": file, "run": run}
            self._db.execute(insert(entries).values(row))
        return found


_ALL = select(set_aside).order_by(set_aside.c.paper, set_aside.c.stage, set_aside.c.subject)


def _set_aside(row: Row[Any]) -> SetAside:
    return SetAside(row.paper, row.title, row.stage, row.subject, row.part, row.reason)
