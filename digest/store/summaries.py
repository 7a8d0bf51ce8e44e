"""Summaries that a model wrote, by what it was asked."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, insert, select

from digest.store.schema import summaries
from digest.store.sql import chunks


class Summaries:
    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def known(self, keys: Iterable[str]) -> dict[str, str]:
        """Return the summaries that are there, by key."""
        return {
            row.key: row.text
            for chunk in chunks(keys)
            for row in self._db.execute(select(summaries).where(summaries.c.key.in_(chunk)))
        }

    def keep(self, key: str, text: str, *, model: str, at: datetime) -> None:
        """Keep a summary, unless there is one."""
        if not self.known([key]):
            self._db.execute(insert(summaries).values(key=key, text=text, model=model, at=at))
