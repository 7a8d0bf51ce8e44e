"""What readers said of papers: liked, disliked, and the seeds they brought along."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select

from digest.model import Listing, Paper
from digest.store.codec import decode, encode
from digest.store.identities import Identities
from digest.store.schema import absorbed, feedback, seeds
from digest.store.sql import chunks


@dataclass(frozen=True, slots=True)
class Vote:
    """What a subscription's reader said of a paper of the library; `verdict` is `like` or `dislike`."""

    subscription: str
    paper: int
    verdict: str
    at: datetime


class Feedback:
    """Votes are kept under the number that was voted on, so that a paper that is split off again has its own;
    read, they are votes on the paper that this number is part of, where the latest counts.
    """

    def __init__(self, connection: Connection) -> None:
        self._db = connection
        self._identities = Identities(connection)

    def votes(self, subscription: str | None = None) -> tuple[Vote, ...]:
        """Return the votes of one subscription or of all, in the order of the papers."""
        whole = func.coalesce(absorbed.c.root, feedback.c.paper)
        chosen = (
            select(feedback.c.subscription, whole, feedback.c.verdict, feedback.c.at)
            .outerjoin(absorbed, absorbed.c.paper == feedback.c.paper)
            .order_by(feedback.c.subscription, whole, feedback.c.at, feedback.c.paper)
        )
        if subscription is not None:
            chosen = chosen.where(feedback.c.subscription == subscription)
        latest = {(row[0], row[1]): Vote(*row) for row in self._db.execute(chosen)}
        return tuple(latest.values())

    def vote(self, subscription: str, papers: Iterable[int], verdict: str, *, at: datetime) -> int:
        """Note a verdict on papers, in place of what was said of them before; return of how many."""
        known = self._identities.papers(papers)
        numbers = tuple({paper.number: number for number, paper in known.items()}.values())
        self.withdraw(subscription, numbers)
        rows = [
            {"subscription": subscription, "paper": number, "verdict": verdict, "at": at}
            for number in numbers
        ]
        if rows:
            self._db.execute(insert(feedback), rows)
        return len(rows)

    def withdraw(self, subscription: str, papers: Iterable[int]) -> int:
        """Forget what was said of papers; return of how many something was."""
        known = self._identities.papers(papers).values()
        before = len(self.votes(subscription))
        for chunk in chunks(number for paper in known for number in paper.numbers):
            where = (feedback.c.subscription == subscription) & feedback.c.paper.in_(chunk)
            self._db.execute(delete(feedback).where(where))
        return before - len(self.votes(subscription))

    def add_seeds(self, subscription: str, listings: Iterable[Listing], *, at: datetime) -> int:
        """Keep papers that need not be in the library; return how many were not kept before."""
        known = {paper.title for paper in self.seeds(subscription)}
        fresh = {listing.title: listing for listing in listings if listing.title not in known}
        rows = [
            {"subscription": subscription, "record": encode(listing), "at": at} for listing in fresh.values()
        ]
        if rows:
            self._db.execute(insert(seeds), rows)
        return len(rows)

    def seeds(self, subscription: str) -> tuple[Paper, ...]:
        """Return a subscription's seeds as papers, their numbers below 0."""
        rows = self._db.execute(
            select(seeds).where(seeds.c.subscription == subscription).order_by(seeds.c.id)
        )
        found = ((row.id, decode(Listing, row.record), row.at) for row in rows)
        return tuple(Paper(-key, "", said.title, said.abstract, at) for key, said, at in found)

    def seeded(self) -> frozenset[str]:
        """Return the subscriptions that have seeds."""
        return frozenset(self._db.scalars(select(seeds.c.subscription).distinct()))

    def drop_seeds(self, subscription: str) -> int:
        """Forget a subscription's seeds; return how many there were."""
        return self._db.execute(delete(seeds).where(seeds.c.subscription == subscription)).rowcount
