"""The feeds: the papers in the feed of each subscription."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, or_, select

from digest.store.pending_files import PendingFiles
from digest.store.schema import absorbed, feed_items
from digest.store.sql import chunks, papers_among


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """A paper in a subscription's feed, with the terms that matched it."""

    paper: int
    entered: datetime
    terms: tuple[str, ...]


class Feeds:
    """Feed items by subscription and paper."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection
        self._pending = PendingFiles(connection)

    def members(self, subscriptions: Sequence[str], papers: Iterable[int]) -> dict[str, set[int]]:
        """Return those of these papers that are in the feed of each of these subscriptions."""
        return papers_among(self._db, feed_items, subscriptions, papers)

    def add(self, new: Mapping[str, Iterable[tuple[int, Sequence[str]]]], *, run: int, at: datetime) -> None:
        """Add papers to feeds, by subscription, as pairs of a number and the terms that matched it."""
        rows = [
            {
                "subscription": subscription,
                "paper": paper,
                "run": run,
                "entered": at,
                "terms": json.dumps(list(terms)),
            }
            for subscription, papers in new.items()
            for paper, terms in papers
        ]
        if rows:
            self._db.execute(insert(feed_items), rows)
            self._pending.mark_all("feed", (str(row["subscription"]) for row in rows))

    def newest(self, subscription: str, limit: int) -> tuple[FeedEntry, ...]:
        """Return the newest items of a feed, newest first, without parts of papers that are in it, too."""
        other = feed_items.alias()
        whole = select(other.c.paper).where(
            other.c.subscription == subscription, other.c.paper == absorbed.c.root
        )
        rows = self._db.execute(
            select(feed_items)
            .outerjoin(absorbed, absorbed.c.paper == feed_items.c.paper)
            .where(feed_items.c.subscription == subscription, ~whole.exists())
            .order_by(feed_items.c.run.desc(), feed_items.c.paper.desc())
            .limit(limit)
        )
        return tuple(FeedEntry(row.paper, row.entered, tuple(json.loads(row.terms))) for row in rows)

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
