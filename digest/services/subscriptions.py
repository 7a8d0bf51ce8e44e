"""The subscriptions of a home: list, check, add."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from digest.errors import UsageError
from digest.model import Home, Subscription
from digest.services.workspace import Clock, iso, open_library

if TYPE_CHECKING:
    from digest.home.subscription_files import InvalidSubscription


def subscription_of(home: Home, subscription_id: str) -> Subscription:
    """Return a subscription by its id. Raises UsageError if it is unknown or has mistakes."""
    from digest.home.subscription_files import of_home

    found = {each.id: each for each in of_home(home)}
    if subscription_id not in found:
        known = ", ".join(found) or "none yet; add one with: digest subscriptions add"
        raise UsageError(f"no subscription {subscription_id!r}; there are: {known}")
    subscription = found[subscription_id]
    if not isinstance(subscription, Subscription):
        raise UsageError(str(subscription))
    return subscription


@dataclass(frozen=True, slots=True)
class SubscriptionStatus:
    """A subscription as it stands: its file, and what the library knows of it.

    `overdue` is a slot that has passed and that no run has used up yet.
    """

    subscription: "Subscription | InvalidSubscription"
    issues: int
    last_slot: datetime | None
    next_slot: datetime | None
    waiting: int
    overdue: datetime | None = None


def subscription_statuses(home: Home, clock: Clock) -> tuple[SubscriptionStatus, ...]:
    """Return every subscription of a home, with how many entries of the log wait for it."""
    from digest.compose.decide import is_paused, waiting_slot
    from digest.compose.slots import next_slot, parse_schedule
    from digest.home.subscription_files import of_home

    found = of_home(home)
    result = []
    with open_library(home, create=False) as store, store.begin(write=False) as tx:
        end = tx.library.end()
        cursors = {cursor.subscription: cursor for cursor in tx.cursors.all()}
        for each in found:
            cursor = cursors.get(each.id)
            upcoming, passed = None, None
            if isinstance(each, Subscription) and each.enabled:
                last = cursor.last_slot if cursor else None
                after = _not_before(each, max(clock.now, last or clock.now))
                upcoming = next_slot(parse_schedule(each.schedule), ZoneInfo(each.timezone), after)
                if last and not is_paused(each, clock.now):
                    passed = waiting_slot(each, last, clock.now)
            result.append(
                SubscriptionStatus(
                    each,
                    cursor.issues if cursor else 0,
                    cursor.last_slot if cursor else None,
                    upcoming.instant if upcoming else None,
                    end - cursor.position if cursor else 0,
                    passed.instant if passed else None,
                )
            )
    return tuple(result)


def _not_before(subscription: Subscription, now: datetime) -> datetime:
    """Return the moment after which a slot can be used: now, or the end of a pause."""
    if subscription.paused_until is None:
        return now
    midnight = datetime.combine(subscription.paused_until, time(), ZoneInfo(subscription.timezone))
    return max(now, midnight.astimezone(UTC) - timedelta(microseconds=1))


def check_subscriptions(
    home: Home,
) -> tuple[tuple["Subscription | InvalidSubscription", tuple[str, ...]], ...]:
    """Check every subscription file; with each the warnings.

    They are about fields that no source fills so far, and about words that were perhaps meant as operators.
    """
    from digest.home.subscription_files import of_home
    from digest.match.query.lint import hints
    from digest.match.query.parser import DEFAULT_SCOPE, positive_atoms, query_of

    found = of_home(home)
    with open_library(home, create=False) as store, store.begin(write=False) as tx:
        filled = tx.library.filled_fields()
    result: list[tuple[Subscription | InvalidSubscription, tuple[str, ...]]] = []
    for each in found:
        warnings: tuple[str, ...] = ()
        if isinstance(each, Subscription):
            atoms = positive_atoms(query_of(each.keywords, each.exclude))
            used = {name for atom in atoms if atom.fields != DEFAULT_SCOPE for name in atom.fields}
            warnings = tuple(
                f"{each.id}: no source read so far fills the field {name!r}; a term on it cannot match yet"
                for name in sorted(used - filled if filled else ())
            )
            said = (hint for keyword in (*each.keywords, *each.exclude) for hint in hints(keyword))
            warnings += tuple(f"{each.id}: {hint}" for hint in said)
            rooms = (name for name in each.chat if home.settings.room(name) is None)
            warnings += tuple(f"{each.id}: chat: there is no [chat.{name}] in digest.toml" for name in rooms)
        result.append((each, warnings))
    return tuple(result)


def add_subscription(home: Home, subscription_id: str, values: dict[str, object]) -> Path:
    """Write a new subscription file. Raises UsageError if the id is taken or a value is wrong."""
    from digest.home.subscription_files import InvalidSubscription, check, new_text
    from digest.system.files import write_whole

    path = home.subscriptions / f"{subscription_id}.toml"
    if path.exists():
        raise UsageError(f"{path}: there is such a subscription; choose another id or edit that file")
    text = new_text(values)
    checked = check(subscription_id, text, shown=subscription_id, timezone=home.settings.timezone)
    if isinstance(checked, InvalidSubscription):
        raise UsageError(str(checked))
    write_whole(path, text.encode())
    return path


def status_json(standing: SubscriptionStatus) -> dict[str, object]:
    each = standing.subscription
    subscription = each if isinstance(each, Subscription) else None
    return {
        "id": each.id,
        "name": subscription.name if subscription else None,
        "error": None if subscription else str(each),
        "enabled": subscription.enabled if subscription else None,
        "issues": standing.issues,
        "last_slot": iso(standing.last_slot),
        "next_slot": iso(standing.next_slot),
        "overdue": iso(standing.overdue),
        "waiting": standing.waiting,
    }
