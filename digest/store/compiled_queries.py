"""Compiled queries, stored so that not every run compiles a million of them again."""

from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select

from digest.store.schema import programs


@dataclass(frozen=True, slots=True)
class StoredProgram:
    """A compiled program. `queries` are the 16-byte fingerprints of its queries, in order."""

    queries: bytes
    body: bytes


class CompiledQueries:
    """At most one program."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def load(self) -> StoredProgram | None:
        """Return the stored program, or None."""
        row = self._db.execute(select(programs.c.queries, programs.c.body)).one_or_none()
        return None if row is None else StoredProgram(*row)

    def save(self, queries: bytes, body: bytes) -> None:
        """Replace the stored program."""
        self._db.execute(delete(programs))
        self._db.execute(insert(programs).values(queries=queries, body=body))
