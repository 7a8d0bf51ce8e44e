"""The subscriptions of a home: status, check, add."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from digest.errors import StoreError, UsageError
from digest.model import Home, InvalidSubscription, Subscription
from digest.services.workspace import Clock, open_library
from digest.text.format import iso

if TYPE_CHECKING:
    from digest.store.store import Transaction


def subscription_of(home: Home, subscription_id: str) -> Subscription:
    """Return a subscription by its id. Raises UsageError if it is unknown or its file is invalid."""
    from digest.pipeline.cursors import current_rows, one, unknown

    with open_library(home, create=False) as store, store.begin(write=False) as tx:
        found = one(home, tx, subscription_id)
        if found is None:
            raise unknown(subscription_id, [each.value.id for each in current_rows(home, tx)])
    if not isinstance(found, Subscription):
        raise UsageError(str(found))
    return found


def subscriptions_now(home: Home) -> tuple[Subscription | InvalidSubscription, ...]:
    """Return all subscriptions by id as their files and the library have them now; if it cannot be opened, the files."""
    from digest.pipeline.cursors import current

    try:
        with open_library(home, create=False) as store, store.begin(write=False) as tx:
            return tuple(current(home, tx))
    except StoreError:
        with open_library(home, create=False, url="sqlite://") as store, store.begin(write=False) as tx:
            return tuple(current(home, tx))


def need_subscription(home: Home, subscription_id: str) -> None:
    """Raise UsageError if no subscription has this id."""
    from digest.pipeline.cursors import current_rows, one, unknown

    with open_library(home, create=False) as store, store.begin(write=False) as tx:
        if one(home, tx, subscription_id) is None:
            raise unknown(subscription_id, [each.value.id for each in current_rows(home, tx)])


@dataclass(frozen=True, slots=True)
class SubscriptionStatus:
    """A subscription and its state in the library.

    Slots are instants in UTC. `overdue` is a slot that has passed and that no run has used yet. `waiting`
    counts the entries of the log after its cursor.
    """

    subscription: Subscription | InvalidSubscription
    issues: int
    last_slot: datetime | None
    next_slot: datetime | None
    waiting: int
    overdue: datetime | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Which subscriptions to list: those with `text` in their id, name or addresses, after an id, at most so many."""

    text: str = ""
    after: str = ""
    limit: int | None = None

    def of(
        self, found: Iterable[Subscription | InvalidSubscription]
    ) -> list[Subscription | InvalidSubscription]:
        """Return those of these subscriptions, which are sorted by id, that are on the page."""
        wanted = (each for each in found if each.id > self.after and self._has_text(each))
        return list(islice(wanted, self.limit))

    def _has_text(self, each: Subscription | InvalidSubscription) -> bool:
        texts = (each.id, each.name, *each.email) if isinstance(each, Subscription) else (each.id,)
        return any(self.text.casefold() in text.casefold() for text in texts)


EVERY = Page()
STATES = ("active", "paused", "off", "invalid")


def subscription_statuses(home: Home, clock: Clock, page: Page = EVERY) -> tuple[SubscriptionStatus, ...]:
    """Return the status of the subscriptions of a home, valid or not, in the order of their ids."""
    from digest.pipeline.cursors import current

    with open_library(home, create=False) as store, store.begin(write=False) as tx:
        return statuses_of(tx, page.of(current(home, tx, page.after)), clock)


def statuses_of(
    tx: "Transaction", found: Sequence[Subscription | InvalidSubscription], clock: Clock
) -> tuple[SubscriptionStatus, ...]:
    """Return the status of each of these subscriptions."""
    from digest.compose.decide import is_paused, waiting_slot
    from digest.compose.slots import next_slot, parse_schedule

    result = []
    end = tx.library.end()
    cursors = tx.cursors.of(each.id for each in found)
    for each in found:
        cursor = cursors.get(each.id)
        upcoming = overdue = None
        if isinstance(each, Subscription) and each.enabled:
            last = cursor.last_slot if cursor else None
            after = _end_of_pause(each, max(clock.now, last or clock.now))
            upcoming = next_slot(parse_schedule(each.schedule), ZoneInfo(each.timezone), after)
            if last and not is_paused(each, clock.now):
                overdue = waiting_slot(each, last, clock.now)
        result.append(
            SubscriptionStatus(
                each,
                cursor.issues if cursor else 0,
                cursor.last_slot if cursor else None,
                upcoming.instant if upcoming else None,
                end - cursor.position if cursor else 0,
                overdue.instant if overdue else None,
            )
        )
    return tuple(result)


def state_of(each: Subscription | InvalidSubscription, now: datetime) -> str:
    """Return one of STATES."""
    from digest.compose.decide import is_paused

    if not isinstance(each, Subscription):
        return "invalid"
    if not each.enabled:
        return "off"
    return "paused" if each.paused_until is not None and is_paused(each, now) else "active"


def _end_of_pause(subscription: Subscription, now: datetime) -> datetime:
    """Return the moment after which slots count: the end of the pause, or now."""
    if subscription.paused_until is None:
        return now
    midnight = datetime.combine(subscription.paused_until, time(), ZoneInfo(subscription.timezone))
    return max(now, midnight.astimezone(UTC) - timedelta(microseconds=1))


def add_subscription(home: Home, subscription_id: str, values: dict[str, object]) -> Path:
    """Write a new subscription file and return its path. Raises UsageError if the id is taken or a value invalid."""
    from digest.home.subscription_files import check, new_text
    from digest.system.files import write_whole

    path = home.subscriptions / f"{subscription_id}.toml"
    if path.exists():
        raise UsageError(f"{path}: the file already exists; choose another id, or edit the file")
    with open_library(home, create=False) as store, store.begin(write=False) as tx:
        row = tx.subscriptions.of([subscription_id]).get(subscription_id)
    if row and not row.stamp:
        raise UsageError(
            f"the library has a subscription {subscription_id!r} without a file; choose another id"
        )
    text = new_text(values)
    checked = check(subscription_id, text, shown=subscription_id, timezone=home.settings.timezone)
    if isinstance(checked, InvalidSubscription):
        # The file does not exist yet, so that messages cannot name its lines.
        raise UsageError("\n".join(str(replace(each, where=subscription_id)) for each in checked.problems))
    write_whole(path, text.encode())
    return path


def status_json(status: SubscriptionStatus) -> dict[str, object]:
    """Return a status as `digest subscriptions list --json` prints it."""
    each = status.subscription
    subscription = each if isinstance(each, Subscription) else None
    return {
        "id": each.id,
        "name": subscription.name if subscription else None,
        "error": None if subscription else str(each),
        "enabled": subscription.enabled if subscription else None,
        "issues": status.issues,
        "last_slot": iso(status.last_slot),
        "next_slot": iso(status.next_slot),
        "overdue": iso(status.overdue),
        "waiting": status.waiting,
    }
