"""The subscriptions of a run and their cursors: enrolment, and which are due."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from digest.compose.decide import is_ahead, is_paused, set_right, waiting_slot
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


def enrol(tx: Transaction, subscriptions: Sequence[Subscription], now: datetime) -> None:
    """Add cursors for new subscriptions, `start` back in the library, and update changed names."""
    known = tx.cursors.of(each.id for each in subscriptions)
    starts: dict[timedelta, int] = {}
    new = []
    for each in subscriptions:
        if each.id not in known:
            if each.start not in starts:
                starts[each.start] = (
                    tx.library.position_at(now - each.start) if each.start else tx.library.end()
                )
            position = starts[each.start]
            since = now - each.start if position else None
            new.append(Cursor(each.id, each.name, position, since, position, None, 0, now))
        elif known[each.id].name != each.name:
            tx.cursors.rename(each.id, each.name)
    tx.cursors.add(new)


def unused_slots(
    tx: Transaction, subscriptions: Iterable[Subscription], cursors: Mapping[str, Cursor], now: datetime
) -> dict[str, Slot]:
    """Return the latest slot of each subscription since the last one used, where there is one.

    A slot that the ledger shows as used is not among them: it is later than the last one only if the clock has
    been put back since.
    """
    found = {}
    for each in subscriptions:
        slot = waiting_slot(each, set_right(cursors[each.id], now).last_slot, now)
        if slot:
            found[each.id] = slot
    for name in tx.ledger.used({name: slot.instant for name, slot in found.items()}):
        del found[name]
    return found


def due_now(
    store: Store, subscriptions: Iterable[Subscription | InvalidSubscription], now: datetime
) -> frozenset[str]:
    """Return the ids of the subscriptions that a run would enrol now or for which it would use up a slot."""
    enabled = [each for each in subscriptions if isinstance(each, Subscription) and each.enabled]
    with store.begin(write=False) as tx:
        cursors = tx.cursors.of(each.id for each in enabled)
        waiting = [each for each in enabled if each.id in cursors and not is_paused(each, now)]
        slots = unused_slots(tx, waiting, cursors, now)
    new = {each.id for each in enabled if each.id not in cursors}
    ahead = {each.id for each in waiting if is_ahead(cursors[each.id], now)}
    return frozenset(new | ahead | slots.keys())
