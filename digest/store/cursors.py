"""The cursors: how far each subscription has been served."""

from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from digest.model import Cursor
from digest.store.pending_files import PendingFiles
from digest.store.schema import cursors


class Cursors:
    """A cursor per subscription that was seen by a run."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection
        self._pending = PendingFiles(connection)

    def get(self, subscription: str) -> Cursor | None:
        """Return the cursor of a subscription, None if it is new."""
        row = self._db.execute(select(cursors).where(cursors.c.subscription == subscription)).one_or_none()
        return None if row is None else Cursor(*row)

    def all(self) -> tuple[Cursor, ...]:
        """Return all cursors, by subscription."""
        return tuple(
            Cursor(*row) for row in self._db.execute(select(cursors).order_by(cursors.c.subscription))
        )

    def add(
        self, subscription: str, name: str, *, position: int, since: datetime | None, at: datetime
    ) -> None:
        """Set the cursor of a new subscription; `position` counts for issues and for its feed."""
        self._db.execute(
            insert(cursors).values(
                subscription=subscription,
                name=name,
                position=position,
                since=since,
                feed_position=position,
                last_slot=None,
                issues=0,
                enrolled=at,
            )
        )
        self._pending.mark("feed", subscription)
        self._pending.mark("index", "")

    def rename(self, subscription: str, name: str) -> None:
        """Store the new name of a subscription."""
        self._db.execute(update(cursors).where(cursors.c.subscription == subscription).values(name=name))
        self._pending.mark("feed", subscription)
        self._pending.mark("index", "")

    def move(self, subscription: str, *, position: int, since: datetime, last_slot: datetime | None) -> None:
        """Move a cursor to `position`; `last_slot` None keeps the last slot."""
        values: dict[str, object] = {"position": position, "since": since}
        if last_slot is not None:
            values["last_slot"] = last_slot
        self._db.execute(update(cursors).where(cursors.c.subscription == subscription).values(values))

    def set_last_slot(self, subscription: str, *, last_slot: datetime) -> None:
        """Set the last slot, when a wrong clock had set it far ahead."""
        self._db.execute(
            update(cursors).where(cursors.c.subscription == subscription).values(last_slot=last_slot)
        )

    def move_feed(self, subscription: str, *, position: int) -> None:
        """Move the feed's position."""
        self._db.execute(
            update(cursors).where(cursors.c.subscription == subscription).values(feed_position=position)
        )
