"""Feedback by the links in a mail: a page with buttons, stored when one of them is pressed."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from digest.match.query.parser import query_of
from digest.match.reference import analyse, match
from digest.model import Home, Paper, Subscription, SubscriptionRow
from digest.services.workspace import Clock, open_library

if TYPE_CHECKING:
    from digest.store.store import Transaction

VERDICTS = ("like", "dislike", "undo")


@dataclass(frozen=True, slots=True)
class Opinion:
    """A paper and its subscription. `verdict` is `like`, `dislike` or ""; `keywords` are those that find the paper."""

    subscription: Subscription
    paper: Paper
    verdict: str
    keywords: tuple[str, ...]


def opinion(home: Home, folder: str, number: int) -> Opinion | None:
    """Return the paper and the subscription of a link; None for any invalid one. Changes nothing."""
    with open_library(home, create=False) as store, store.begin(write=False) as tx:
        return _opinion(home, tx, folder, number)


def _opinion(home: Home, tx: "Transaction", folder: str, number: int) -> Opinion | None:
    from digest.pipeline.cursors import complete
    from digest.pipeline.privacy import feedback_subscription

    name = feedback_subscription(tx, folder)
    row = tx.subscriptions.of([name]).get(name) if name else None
    root = tx.identities.roots([number]).get(number)
    paper = tx.library.papers([root]).get(root) if root is not None else None
    if row is None or paper is None or not isinstance(row.value, Subscription):
        return None
    verdicts = {vote.paper: vote.verdict for vote in tx.feedback.votes(row.value.id)}
    analysed = analyse(paper)
    found = [each for each in row.value.keywords if match(query_of([each]), analysed) is not None]
    subscription = complete(row.value, home.settings)
    return Opinion(subscription, paper, verdicts.get(paper.number, ""), tuple(found))


def give_opinion(home: Home, folder: str, number: int, verdict: str, clock: Clock) -> Opinion | None:
    """Store `like` or `dislike`, or `undo` it; return what is stored then. Raises StoreError."""
    with open_library(home, create=False) as store, store.begin() as tx:
        found = _opinion(home, tx, folder, number)
        if found is None or verdict not in VERDICTS:
            return None
        if verdict == "undo":
            tx.feedback.withdraw(found.subscription.id, [found.paper.number])
        else:
            tx.feedback.vote(found.subscription.id, [found.paper.number], verdict, at=clock.now)
        return _opinion(home, tx, folder, number)


def mute(home: Home, folder: str, number: int, keyword: str, clock: Clock) -> Opinion | None:
    """Remove a keyword of the subscription that finds the paper; the last one stays. Raises StoreError."""
    from digest.pipeline.cursors import store_rows

    with open_library(home, create=False) as store, store.begin() as tx:
        found = _opinion(home, tx, folder, number)
        if found is None:
            return None
        row = tx.subscriptions.of([found.subscription.id])[found.subscription.id].value
        assert isinstance(row, Subscription), "_opinion returns None for others"
        kept = tuple(each for each in row.keywords if each != keyword)
        if keyword in found.keywords and kept and not row.interests:
            store_rows(home, tx, [SubscriptionRow(replace(row, keywords=kept))], clock.now)
        return _opinion(home, tx, folder, number)
