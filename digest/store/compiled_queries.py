"""Compiled queries, kept so that a million need not be read anew by every run."""

from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select

from digest.store.schema import programs


@dataclass(frozen=True, slots=True)
class Kept:
    """`queries` are the fingerprints of the queries in order, `body` is the program made of them."""

    queries: bytes
    body: bytes


class CompiledQueries:
    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def kept(self) -> Kept | None:
        row = self._db.execute(select(programs.c.queries, programs.c.body)).one_or_none()
        return None if row is None else Kept(*row)

    def keep(self, queries: bytes, body: bytes) -> None:
        """Keep this program in place of the one before."""
        self._db.execute(delete(programs))
        self._db.execute(insert(programs).values(queries=queries, body=body))
