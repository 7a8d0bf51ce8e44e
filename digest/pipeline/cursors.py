"""The subscriptions of a run and their cursors: enrolment, and which are due."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from digest.compose.decide import is_ahead, is_paused, waiting_slot
from digest.compose.slots import Slot
from digest.errors import UsageError
from digest.home.subscription_files import InvalidSubscription
from digest.model import Cursor, Subscription
from digest.store.store import Store, Transaction


def chosen(
    subscriptions: Sequence[Subscription | InvalidSubscription], only: str | None
) -> tuple[Subscription | InvalidSubscription, ...]:
    """Return the subscriptions of a run: all, or the one called `only`. Raises UsageError if it is unknown."""
    if only is None:
        return tuple(subscriptions)
    found = tuple(subscription for subscription in subscriptions if subscription.id == only)
    if not found:
        known = ", ".join(subscription.id for subscription in subscriptions)
        remedy = f"use one of: {known}" if known else "add it: digest subscriptions add"
        raise UsageError(f"no subscription {only!r}; {remedy}")
    return found


def enrol(tx: Transaction, subscriptions: Iterable[Subscription], now: datetime) -> None:
    """Add cursors for new subscriptions, `start` back in the library, and update changed names."""
    names = {cursor.subscription: cursor.name for cursor in tx.cursors.all()}
    for each in subscriptions:
        if each.id not in names:
            _add_cursor(tx, each, now)
        elif names[each.id] != each.name:
            tx.cursors.rename(each.id, each.name)


def _add_cursor(tx: Transaction, subscription: Subscription, now: datetime) -> None:
    since = now - subscription.start
    position = tx.library.position_at(since) if subscription.start else tx.library.end()
    tx.cursors.add(
        subscription.id, subscription.name, position=position, since=since if position else None, at=now
    )


def unused_slot(tx: Transaction, subscription: Subscription, cursor: Cursor, now: datetime) -> Slot | None:
    """Return the latest slot since the last one used, unless the ledger shows that it was used.

    It was if the clock has been put back since.
    """
    slot = waiting_slot(subscription, cursor.last_slot, now)
    return None if slot and tx.ledger.used(subscription.id, slot.instant) else slot


def due_now(
    store: Store, subscriptions: Iterable[Subscription | InvalidSubscription], now: datetime
) -> frozenset[str]:
    """Return the ids of the subscriptions that a run would enrol now or for which it would use up a slot."""
    with store.begin(write=False) as tx:
        cursors = {cursor.subscription: cursor for cursor in tx.cursors.all()}
        return frozenset(
            each.id
            for each in subscriptions
            if isinstance(each, Subscription) and _is_due(tx, each, cursors.get(each.id), now)
        )


def _is_due(tx: Transaction, subscription: Subscription, cursor: Cursor | None, now: datetime) -> bool:
    if not subscription.enabled:
        return False
    if cursor is None:
        return True
    if is_paused(subscription, now):
        return False
    return is_ahead(cursor, now) or unused_slot(tx, subscription, cursor, now) is not None
