"""The feedback of readers: likes, dislikes, and seeds (papers from outside that they liked)."""

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
    """The verdict of a subscription's reader on a paper of the library: `like` or `dislike`."""

    subscription: str
    paper: int
    verdict: str
    at: datetime


class Feedback:
    """Votes are stored under the number that was voted on, so that a part that is split off keeps its vote.

    They are returned under the paper that the number is part of now; the latest vote on any of its parts
    counts.
    """

    def __init__(self, connection: Connection) -> None:
        self._db = connection
        self._identities = Identities(connection)

    def votes(self, *subscriptions: str) -> tuple[Vote, ...]:
        """Return the votes of these subscriptions, by subscription, in order of papers."""
        whole = func.coalesce(absorbed.c.root, feedback.c.paper)
        chosen = (
            select(feedback.c.subscription, whole, feedback.c.verdict, feedback.c.at)
            .outerjoin(absorbed, absorbed.c.paper == feedback.c.paper)
            .order_by(feedback.c.subscription, whole, feedback.c.at, feedback.c.paper)
        )
        latest = {
            (row[0], row[1]): Vote(*row)
            for chunk in chunks(sorted(subscriptions))
            for row in self._db.execute(chosen.where(feedback.c.subscription.in_(chunk)))
        }
        return tuple(latest.values())

    def vote(self, subscription: str, papers: Iterable[int], verdict: str, *, at: datetime) -> int:
        """Store a verdict on papers, instead of earlier ones. Returns the number of papers."""
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
        """Delete the votes on papers. Returns the number of papers that had one."""
        known = self._identities.papers(papers).values()
        before = len(self.votes(subscription))
        for chunk in chunks(number for paper in known for number in paper.numbers):
            where = (feedback.c.subscription == subscription) & feedback.c.paper.in_(chunk)
            self._db.execute(delete(feedback).where(where))
        return before - len(self.votes(subscription))

    def add_seeds(self, subscription: str, listings: Iterable[Listing], *, at: datetime) -> int:
        """Store papers that need not be in the library. Returns the number of new ones, by title."""
        known = {paper.title for paper in self.seeds(subscription).get(subscription, ())}
        fresh = {listing.title: listing for listing in listings if listing.title not in known}
        rows = [
            {"subscription": subscription, "record": encode(listing), "at": at} for listing in fresh.values()
        ]
        if rows:
            self._db.execute(insert(seeds), rows)
        return len(rows)

    def seeds(self, *subscriptions: str) -> dict[str, tuple[Paper, ...]]:
        """Return the seeds of those of these subscriptions that have any, as papers with negative numbers."""
        found: dict[str, list[Paper]] = {}
        for chunk in chunks(subscriptions):
            for row in self._db.execute(
                select(seeds).where(seeds.c.subscription.in_(chunk)).order_by(seeds.c.id)
            ):
                record = decode(Listing, row.record)
                paper = Paper(-row.id, "", record.title, record.abstract, row.at)
                found.setdefault(row.subscription, []).append(paper)
        return {name: tuple(papers) for name, papers in found.items()}
