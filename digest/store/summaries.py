"""Summaries written by language models, by their keys (see `digest.summarize.key_of`)."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, select

from digest.store.schema import summaries
from digest.store.sql import chunks, insert_missing


class Summaries:
    """A summary per key; a key depends on prompt, model, title and abstract."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def known(self, keys: Iterable[str]) -> dict[str, str]:
        """Return the stored summaries among these keys, by key."""
        return {
            row.key: row.text
            for chunk in chunks(keys)
            for row in self._db.execute(select(summaries).where(summaries.c.key.in_(chunk)))
        }

    def keep(self, key: str, text: str, *, model: str, at: datetime) -> None:
        """Store a summary, unless the key has one."""
        insert_missing(self._db, summaries, {"key": key, "text": text, "model": model, "at": at})
