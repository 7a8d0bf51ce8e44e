"""What readers said of papers: liked, disliked, and the seeds they brought along."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from digest.model import Listing, Paper
from digest.store.codec import decode, encode
from digest.store.schema import feedback, seeds


@dataclass(frozen=True, slots=True)
class Vote:
    """What a subscription's reader said of a paper of the library; `verdict` is `like` or `dislike`."""

    subscription: str
    paper: int
    verdict: str
    at: datetime


class Feedback:
    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def votes(self, subscription: str | None = None) -> tuple[Vote, ...]:
        """Return the votes of one subscription or of all, in the order of the papers."""
        chosen = select(feedback).order_by(feedback.c.subscription, feedback.c.paper)
        if subscription is not None:
            chosen = chosen.where(feedback.c.subscription == subscription)
        return tuple(Vote(*row) for row in self._db.execute(chosen))

    def vote(self, subscription: str, papers: Iterable[int], verdict: str, *, at: datetime) -> None:
        """Note a verdict on papers, in place of what was said of them before."""
        numbers = dict.fromkeys(papers)
        self.withdraw(subscription, numbers)
        rows = [
            {"subscription": subscription, "paper": number, "verdict": verdict, "at": at}
            for number in numbers
        ]
        if rows:
            self._db.execute(insert(feedback), rows)

    def withdraw(self, subscription: str, papers: Iterable[int]) -> int:
        """Forget what was said of papers; return of how many something was."""
        where = feedback.c.subscription == subscription
        return sum(
            self._db.execute(delete(feedback).where(where, feedback.c.paper == number)).rowcount
            for number in papers
        )

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
