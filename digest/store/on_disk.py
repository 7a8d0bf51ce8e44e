"""Which subscriptions have files: the others are for people who read mail, and their pages are made on request."""

from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, Connection, exists, false, select, true, update

from digest.store.cursors import Cursors
from digest.store.pending_files import PendingFiles
from digest.store.schema import cursors, issues, served, subscriptions
from digest.store.sql import chunks

_row = subscriptions.alias("on_request")  # the table itself may be that of the outer statement


def is_on_request(subscription: ColumnElement[str], files: str) -> ColumnElement[bool]:
    """Return the condition that the files of a subscription are made on request, with the setting `files`."""
    if files != "auto":
        return true() if files == "none" else false()
    # Without a file, and with an address.
    return exists().where(_row.c.id == subscription, _row.c.state.is_(None), _row.c.mailed)


class OnDisk:
    """What of subscriptions and issues is on disk. `files` is the setting of that name: auto, all or none."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection
        self._pending = PendingFiles(connection)

    def on_request(self, files: str, ids: Iterable[str]) -> frozenset[str]:
        """Return those of these subscriptions whose files are made on request."""
        if files != "auto":
            return frozenset(ids if files == "none" else ())
        chosen = select(subscriptions.c.id).where(is_on_request(subscriptions.c.id, files))
        return frozenset(
            name
            for chunk in chunks(ids)
            for name in self._db.scalars(chosen.where(subscriptions.c.id.in_(chunk)))
        )

    def count_on_request(self, files: str) -> int:
        """Return how many subscriptions have no files."""
        return len(self.on_request(files, self._db.scalars(select(subscriptions.c.id))))

    def with_files(self, files: str) -> dict[str, str]:
        """Return the names of the subscriptions with files that a run has seen, by id."""
        chosen = select(cursors.c.subscription, cursors.c.name)
        found = self._db.execute(chosen.where(~is_on_request(cursors.c.subscription, files)))
        return {row.subscription: row.name for row in found}

    def listed(self, files: str) -> dict[str, str]:
        """Return the names of those of them that are public, by id, sorted."""
        chosen = select(cursors.c.subscription, cursors.c.name).order_by(cursors.c.subscription)
        public = cursors.c.visibility == "public"
        found = self._db.execute(chosen.where(public, ~is_on_request(cursors.c.subscription, files)))
        return {row.subscription: row.name for row in found}

    def drop(self, files: str) -> None:
        """Mark no feeds and issues as pending that are made on request, or that were removed because of their age.

        Feeds of private subscriptions stay pending, as files of theirs have to be removed.
        """
        pending = frozenset(self._pending.keys("feed")) - {"all"}
        feeds = self.on_request(files, pending)
        self._pending.clear("feed", feeds - Cursors(self._db).private_among(feeds))
        without = is_on_request(issues.c.subscription, files) | issues.c.pruned
        for chunk in chunks(map(int, self._pending.keys("issue"))):
            chosen = select(issues.c.id).where(issues.c.id.in_(chunk), without)
            self._pending.clear("issue", map(str, self._db.scalars(chosen)))

    def older(self, day: str, limit: int) -> list[tuple[int, str, int, str]]:
        """Return key, subscription, number and day of issues made before a day whose files were not removed yet."""
        chosen = select(issues.c.id, issues.c.subscription, issues.c.number, issues.c.day)
        old = chosen.where(issues.c.day < day, ~issues.c.pruned).order_by(issues.c.id).limit(limit)
        return [(row.id, row.subscription, row.number, row.day) for row in self._db.execute(old)]

    def set_pruned(self, keys: Sequence[int], *, pruned: bool) -> None:
        """Note that the files of issues were removed, or are there again; the pages that link to them are pending."""
        for chunk in chunks(keys):
            self._db.execute(update(issues).where(issues.c.id.in_(chunk)).values(pruned=pruned))
            papers = self._db.scalars(select(served.c.paper).where(served.c.issue.in_(chunk)).distinct())
            self._pending.mark_all("paper", map(str, papers))
        self._pending.mark("index", "")
