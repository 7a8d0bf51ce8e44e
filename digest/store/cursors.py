"""The cursors: how far each subscription has been served."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from operator import attrgetter

from sqlalchemy import Connection, bindparam, select, update

from digest.model import Cursor
from digest.store.pending_files import PendingFiles
from digest.store.schema import cursors, issues, served
from digest.store.sql import chunks, execute_rows, insert_rows


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

    def ids(self) -> list[str]:
        """Return the ids of all subscriptions that have a cursor."""
        return list(self._db.scalars(select(cursors.c.subscription)))

    def of(self, subscriptions: Iterable[str]) -> dict[str, Cursor]:
        """Return the cursors of those of these subscriptions that have one."""
        return {
            row.subscription: Cursor(*row)
            for chunk in chunks(subscriptions)
            for row in self._db.execute(select(cursors).where(cursors.c.subscription.in_(chunk)))
        }

    def add(self, new: Sequence[Cursor]) -> None:
        """Add the cursors of new subscriptions."""
        if new:
            insert_rows(self._db, cursors, [dict(zip(_NAMES, _VALUES(each), strict=True)) for each in new])
            self._pending.mark_all("feed", (each.subscription for each in new))
            self._pending.mark("index", "")

    def rename(self, subscription: str, name: str) -> None:
        """Store the new name of a subscription."""
        self._db.execute(update(cursors).where(cursors.c.subscription == subscription).values(name=name))
        self._pending.mark("feed", subscription)
        self._pending.mark("index", "")

    def private(self) -> frozenset[str]:
        """Return the ids of the private subscriptions."""
        chosen = select(cursors.c.subscription).where(cursors.c.visibility == "private")
        return frozenset(self._db.scalars(chosen))

    def private_among(self, subscriptions: Iterable[str]) -> frozenset[str]:
        """Return those of these subscriptions that are private."""
        chosen = select(cursors.c.subscription).where(cursors.c.visibility == "private")
        return frozenset(
            name
            for chunk in chunks(subscriptions)
            for name in self._db.scalars(chosen.where(cursors.c.subscription.in_(chunk)))
        )

    def show(self, subscription: str, visibility: str) -> None:
        """Store who finds a subscription, and mark the pages and feeds that are to be written or removed for it."""
        self._db.execute(
            update(cursors).where(cursors.c.subscription == subscription).values(visibility=visibility)
        )
        self._pending.mark("feed", subscription)
        self._pending.mark("index", "")
        made = select(issues.c.id).where(issues.c.subscription == subscription)
        self._pending.mark_all("issue", map(str, self._db.scalars(made)))
        # The page of a paper names its issues.
        papers = select(served.c.paper).where(served.c.subscription == subscription)
        self._pending.mark_all("paper", map(str, self._db.scalars(papers)))

    def move(self, moved: Sequence[Cursor]) -> None:
        """Store the positions, the last slots and the numbers of issues of cursors."""
        execute_rows(self._db, _MOVE, [dict(zip(_NEW_NAMES, _VALUES(each), strict=True)) for each in moved])


_NAMES = tuple(each.name for each in fields(Cursor))
_NEW_NAMES = tuple(f"new_{name}" for name in _NAMES)
_VALUES = attrgetter(*_NAMES)
_MOVED = ("position", "since", "feed_position", "last_slot", "issues")
_MOVE = (
    update(cursors)
    .where(cursors.c.subscription == bindparam("new_subscription"))
    .values({name: bindparam(f"new_{name}") for name in _MOVED})
)
