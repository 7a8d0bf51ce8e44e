"""The feeds: the papers in the feed of each subscription."""

import json
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, exists, func, or_, select

from digest.model import FeedPaper
from digest.store.on_disk import is_on_request
from digest.store.pending_files import PendingFiles
from digest.store.schema import absorbed, cursors, feed_items
from digest.store.sql import chunks, insert_rows, papers_among


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """A paper in a subscription's feed, as `FeedPaper` and `FeedItem` describe it."""

    paper: int
    entered: datetime
    terms: tuple[str, ...]
    about: tuple[str, ...] = ()
    place: int = 0


class Feeds:
    """Feed items by subscription and paper."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection
        self._pending = PendingFiles(connection)

    def members(self, subscriptions: Sequence[str], papers: Iterable[int]) -> dict[str, set[int]]:
        """Return those of these papers that are in the feed of each of these subscriptions."""
        return papers_among(self._db, feed_items, subscriptions, papers)

    def add(
        self,
        new: Mapping[str, Sequence[FeedPaper]],
        *,
        run: int,
        at: datetime,
        on_request: Container[str] = (),
    ) -> None:
        """Add papers to feeds, by subscription, the best first.

        The feeds of the subscriptions in `on_request` are not marked as pending.
        """
        rows = [
            {
                "subscription": subscription,
                "paper": paper,
                "run": run,
                "entered": at,
                "terms": json.dumps(list(terms)),
                "place": place,
                "about": json.dumps(list(about), ensure_ascii=False),
            }
            for subscription, papers in new.items()
            for place, (paper, terms, about) in enumerate(papers, 1)
        ]
        if rows:
            insert_rows(self._db, feed_items, rows)
            self._pending.mark_all(
                "feed", (name for name, papers in new.items() if papers and name not in on_request)
            )

    def newest(self, subscription: str, limit: int) -> tuple[FeedEntry, ...]:
        """Return the newest items of a feed, the last run's first, best first, without parts of papers that are in it, too."""
        rows = self._db.execute(_NEWEST, {"subscription": subscription, "limit": limit})
        return tuple(
            FeedEntry(
                row.paper,
                row.entered,
                tuple(json.loads(row.terms)),
                tuple(json.loads(row.about)) if row.about != "[]" else (),
                row.place,
            )
            for row in rows
        )

    def entered(self, files: str) -> dict[str, list[tuple[datetime, int]]]:
        """Return the times at which papers entered the feed of each public subscription, with their numbers.

        Only of subscriptions with files on disk; `files` is the setting of that name.
        """
        found: dict[str, list[tuple[datetime, int]]] = {}
        joined = feed_items.join(cursors, cursors.c.subscription == feed_items.c.subscription)
        counts = select(feed_items.c.subscription, feed_items.c.entered, func.count()).select_from(joined)
        counts = counts.where(
            cursors.c.visibility == "public", ~is_on_request(feed_items.c.subscription, files)
        )
        for row in self._db.execute(counts.group_by(feed_items.c.subscription, feed_items.c.entered)):
            found.setdefault(row[0], []).append((row[1], row[2]))
        return found

    def public(self, files: str, limit: int) -> dict[str, str]:
        """Return the ids and names of the public subscriptions with files on disk and papers in their feeds, by name.

        `files` is the setting of that name.
        """
        has_papers = exists().where(feed_items.c.subscription == cursors.c.subscription)
        chosen = (
            select(cursors.c.subscription, cursors.c.name)
            .where(
                cursors.c.visibility == "public", has_papers, ~is_on_request(cursors.c.subscription, files)
            )
            .order_by(cursors.c.name, cursors.c.subscription)
        )
        return {row[0]: row[1] for row in self._db.execute(chosen.limit(limit))}

    def papers_of(self, subscription: str) -> list[int]:
        """Return the numbers of all papers that entered the feed of a subscription."""
        chosen = select(feed_items.c.paper).where(feed_items.c.subscription == subscription)
        return list(self._db.scalars(chosen))

    def containing(self, papers: Iterable[int]) -> frozenset[str]:
        """Return the subscriptions with any of these papers in their feeds."""
        return frozenset(
            name
            for chunk in chunks(papers)
            for name in self._db.scalars(
                select(feed_items.c.subscription)
                .outerjoin(absorbed, absorbed.c.paper == feed_items.c.paper)
                .where(or_(feed_items.c.paper.in_(chunk), absorbed.c.root.in_(chunk)))
                .distinct()
            )
        )


# Built once, as SQLAlchemy builds a statement slower than the database executes it.
_OTHER = feed_items.alias()
_WHOLE = select(_OTHER.c.paper).where(
    _OTHER.c.subscription == feed_items.c.subscription, _OTHER.c.paper == absorbed.c.root
)
_NEWEST = (
    select(
        *(feed_items.c[name] for name in ("paper", "entered", "terms", "about", "place")),
    )
    .outerjoin(absorbed, absorbed.c.paper == feed_items.c.paper)
    .where(feed_items.c.subscription == bindparam("subscription"), ~_WHOLE.exists())
    .order_by(feed_items.c.run.desc(), feed_items.c.place, feed_items.c.paper.desc())
    .limit(bindparam("limit"))
)
