"""The background of themes, stored so that not every run counts the terms of thousands of papers again."""

from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select

from digest.store.schema import backgrounds


@dataclass(frozen=True, slots=True)
class StoredBackground:
    """A background as bytes, and the first and the last number of its papers."""

    first: int
    last: int
    body: bytes


class Backgrounds:
    """At most one background."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def load(self) -> StoredBackground | None:
        """Return the stored background, or None."""
        columns = (backgrounds.c.first, backgrounds.c.last, backgrounds.c.body)
        row = self._db.execute(select(*columns)).first()
        return None if row is None else StoredBackground(*row)

    def save(self, background: StoredBackground) -> None:
        """Replace the stored background."""
        self._db.execute(delete(backgrounds))
        self._db.execute(
            insert(backgrounds).values(first=background.first, last=background.last, body=background.body)
        )
