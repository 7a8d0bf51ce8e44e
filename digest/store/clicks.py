"""Clicks on papers in the archive, for subscriptions that count them: only the paper and the time."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select

from digest.rank.clicks import AGAIN, Click
from digest.store.identities import Identities
from digest.store.schema import absorbed, clicks
from digest.store.sql import chunks


class Clicks:
    """Clicks are stored under the number that was clicked on, and returned under its present paper."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection
        self._identities = Identities(connection)

    def note(self, click: Click) -> bool:
        """Store a click. Returns False for a repeated click on the same paper within `AGAIN`."""
        same = (clicks.c.subscription == click.subscription) & (clicks.c.paper == click.paper)
        if self._db.execute(select(clicks).where(same, clicks.c.at > click.at - AGAIN)).first():
            return False
        self._db.execute(
            insert(clicks).values(subscription=click.subscription, paper=click.paper, at=click.at)
        )
        return True

    def of(self, *subscriptions: str) -> tuple[Click, ...]:
        """Return the clicks of these subscriptions, by subscription, in order of time."""
        whole = func.coalesce(absorbed.c.root, clicks.c.paper)
        chosen = (
            select(clicks.c.subscription, whole, clicks.c.at)
            .outerjoin(absorbed, absorbed.c.paper == clicks.c.paper)
            .order_by(clicks.c.subscription, clicks.c.at, clicks.c.paper)
        )
        return tuple(
            Click(*row)
            for chunk in chunks(sorted(subscriptions))
            for row in self._db.execute(chosen.where(clicks.c.subscription.in_(chunk)))
        )

    def withdraw(self, subscription: str, papers: Iterable[int] | None = None) -> int:
        """Delete the clicks on these papers, or all.

        Returns the number of papers whose clicks were deleted.
        """
        of_subscription = clicks.c.subscription == subscription
        before = self._papers(subscription)
        if papers is None:
            self._db.execute(delete(clicks).where(of_subscription))
        else:
            known = self._identities.papers(papers).values()
            for chunk in chunks(number for paper in known for number in paper.numbers):
                self._db.execute(delete(clicks).where(of_subscription, clicks.c.paper.in_(chunk)))
        return before - self._papers(subscription)

    def forget(self, *, before: datetime) -> int:
        """Delete the clicks before a time. Returns their number."""
        return self._db.execute(delete(clicks).where(clicks.c.at < before)).rowcount

    def _papers(self, subscription: str) -> int:
        return len({click.paper for click in self.of(subscription)})
