"""The subscriptions of a home as rows, their cursors, and which are due.

The files in `subscriptions/` are what people write; the library has a row for each of them, and for each subscription
that has no file. A run takes up the files that have changed.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from heapq import merge
from pathlib import Path
from zoneinfo import TZPATH

from digest import __version__
from digest.compose.decide import AHEAD, next_due, set_right, waiting_slot
from digest.compose.slots import Slot
from digest.errors import UsageError
from digest.home.identity import is_gone, known_id
from digest.home.private import on_server
from digest.home.subscription_files import FileChanges, changes, read_row
from digest.model import (
    Cursor,
    FileStamp,
    Home,
    InvalidSubscription,
    Settings,
    Subscription,
    SubscriptionRow,
)
from digest.store.store import Store, Transaction
from digest.store.subscriptions import UNSEEN
from digest.store.tenancy import Tenant

Known = Subscription | InvalidSubscription

# If more than half of at least so many files disappear at once, that is taken for an accident.
_MANY = 10
_NAMED = 20  # ids in a message


@dataclass(frozen=True, slots=True)
class TakenUp:
    """What `take_up` did: whether any subscription changed, and what is wrong with the folder."""

    changed: bool = False
    problems: tuple[str, ...] = ()


def take_up(home: Home, tx: Transaction, now: datetime) -> TakenUp:
    """Store the subscription files that have changed, and end the subscriptions whose files are gone."""
    zones = f"{home.settings.timezone} {_zone_rules()}"
    version, old_zones = tx.subscriptions.reader()
    owner = _owner(home)
    stamps = tx.subscriptions.stamps(owner)
    if version != __version__:  # other rules may apply: check all of them again
        stamps = {name: FileStamp("", "") for name in stamps}
    found = changes(home.subscriptions, stamps)
    problem, taken = _accident(home, found, len(stamps)), _taken(home, tx, found, now)
    rows = [replace(each, owner=owner) for each in found.changed if each.value.id not in taken]
    store_rows(home, tx, rows, now)
    tx.subscriptions.stamp(found.touched)
    gone = () if problem else found.gone
    tx.subscriptions.remove(gone)
    if (version, old_zones) != (__version__, zones):
        tx.subscriptions.set_reader(__version__, zones)
        if old_zones != zones:
            _schedule_again(home, tx)
    problems = filter(None, (problem, *(taken[name] for name in sorted(taken))))
    return TakenUp(bool(rows or gone), tuple(problems))


def _accident(home: Home, found: FileChanges, known: int) -> str:
    """Return what is wrong if the folder, or most of its files, is missing, probably by accident; "" if not."""
    folder = home.subscriptions.name
    if found.missing and known:
        return (
            f"{folder}/ is missing, but the library knows {known} of its files; no subscription was ended; "
            "mount or restore the folder"
        )
    if known >= _MANY and 2 * len(found.gone) > known:
        return (
            f"{len(found.gone)} of {known} files in {folder}/ have disappeared; no subscription was ended; "
            "restore the files, or, to end their subscriptions, remove at most half of the files before each run"
        )
    return ""


def _owner(home: Home) -> str | None:
    """Return the id by which a library on a server knows whose files are whose; None where a library has one home."""
    return known_id(home.path) if on_server(home) else None


def home_with_file(
    home: Home,
    tx: Transaction,
    row: SubscriptionRow,
    now: datetime,
    homes: Mapping[str, Tenant] | None = None,
) -> Tenant | None:
    """Return the other home that has the file of a subscription; None if it is this one, or is gone.

    `homes` are those of the library, if the caller has asked already.
    """
    if not row.stamp or row.owner is None or _owner(home) in {row.owner, None}:
        return None
    other = (tx.tenancy.homes() if homes is None else homes).get(row.owner)
    gone = other is None or other.until <= now or is_gone(other.host, other.path, other.home)
    return None if gone else other


def _taken(home: Home, tx: Transaction, found: FileChanges, now: datetime) -> dict[str, str]:
    """Return why some of the changed files are not taken up, by id; "" for those that another home has like this.

    Their ids are those of subscriptions without a file, or with a file of another home.
    """
    reasons: dict[str, str] = {}
    rows = tx.subscriptions.of(each.value.id for each in found.changed)
    homes = tx.tenancy.homes() if on_server(home) else {}
    for each in found.changed:
        name, row = each.value.id, rows.get(each.value.id)
        shown = f"{home.subscriptions.name}/{name}.toml"
        if row is None:
            continue
        if not row.stamp:
            reasons[name] = (
                f"{shown}: the library has a subscription {name!r} without a file; rename the file"
            )
        elif other := home_with_file(home, tx, row, now, homes):
            same = each.stamp and each.stamp.digest and each.stamp.digest == row.stamp.digest
            reasons[name] = (
                ""
                if same
                else f"{shown}: differs from the file of the home {other.path} on {other.host}, which is used; "
                "make both alike, or rename this one"
            )
    return reasons


def store_rows(
    home: Home,
    tx: Transaction,
    rows: Sequence[SubscriptionRow],
    now: datetime,
    ever: Collection[str] | None = None,
) -> None:
    """Store subscriptions, with the times at which they are due, and the changed names of known ones.

    `ever` are those of their ids that are or were in use, if the caller has asked already.
    """
    if ever is None:
        ever = tx.subscriptions.ever_among(each.value.id for each in rows)
    cursors, known = tx.cursors.of(ever), tx.subscriptions.since(ever)
    due: dict[str, datetime | None] = {}
    for each in rows:
        if isinstance(each.value, Subscription):
            cursor = cursors.get(each.value.id)
            due[each.value.id] = next_due(complete(each.value, home.settings), cursor) if cursor else UNSEEN
            if cursor and cursor.name != each.value.name:
                tx.cursors.rename(each.value.id, each.value.name)
            if cursor and cursor.visibility != each.value.visibility:
                tx.cursors.show(each.value.id, each.value.visibility)
    tx.subscriptions.put(rows, due, now, known)


def _schedule_again(home: Home, tx: Transaction) -> None:
    """Compute again when all subscriptions are due, as their time zones have changed."""
    valid = [each.value for each in tx.subscriptions.all() if isinstance(each.value, Subscription)]
    cursors = tx.cursors.of(each.id for each in valid)
    tx.subscriptions.set_due(
        {
            each.id: next_due(complete(each, home.settings), cursors[each.id])
            for each in valid
            if each.id in cursors
        }
    )


@cache
def _zone_rules() -> str:
    """Return the version of the time zone rules of this machine; "" if unknown."""
    for folder in TZPATH:
        try:
            with Path(folder, "tzdata.zi").open(encoding="ascii") as file:
                return file.readline().strip()
        except (OSError, ValueError):
            continue
    return ""


def complete(subscription: Subscription, settings: Settings) -> Subscription:
    """Return a subscription with the home's time zone and language, where it does not set its own."""
    if subscription.timezone and subscription.language:
        return subscription
    return replace(
        subscription,
        timezone=subscription.timezone or settings.timezone,
        language=subscription.language or settings.language,
    )


def completed(rows: Iterable[SubscriptionRow], settings: Settings) -> Iterator[Known]:
    """Yield the subscriptions of rows, valid ones with the home's defaults."""
    for each in rows:
        yield complete(each.value, settings) if isinstance(each.value, Subscription) else each.value


def rows_after(home: Home, tx: Transaction, after: str = "") -> Iterator[SubscriptionRow]:
    """Yield the subscriptions after an id, by id, as their files and the library have them now; change nothing.

    Those that the library has are read as they are asked for.
    """
    stamps = tx.subscriptions.stamps(_owner(home))
    if tx.subscriptions.reader()[0] != __version__:
        stamps = {name: FileStamp("", "") for name in stamps}
    found = changes(home.subscriptions, stamps)
    taken = _taken(home, tx, found, datetime.now(UTC))
    changed = {each.value.id: each for each in found.changed if each.value.id not in taken}
    left_out = {*changed, *(() if _accident(home, found, len(stamps)) else found.gone)}
    stored = (each for each in tx.subscriptions.all(after=after) if each.value.id not in left_out)
    new = (changed[name] for name in sorted(changed) if name > after)
    return merge(stored, new, key=lambda each: each.value.id)


def current_rows(home: Home, tx: Transaction) -> list[SubscriptionRow]:
    """Return all subscriptions by id as their files and the library have them now; change nothing."""
    return list(rows_after(home, tx))


def current(home: Home, tx: Transaction, after: str = "") -> Iterator[Known]:
    """Yield the subscriptions of `rows_after`, with the home's defaults."""
    return completed(rows_after(home, tx, after), home.settings)


def one(home: Home, tx: Transaction, name: str) -> Known | None:
    """Return the subscription with this id as its file or the library has it now, or None."""
    row = tx.subscriptions.of([name]).get(name)
    if row is None or (row.stamp and row.owner in {_owner(home), None}):
        path = home.subscriptions / f"{name}.toml"
        if Path(name).name != name or not path.exists():
            return None
        row = read_row(path)
    return next(completed([row], home.settings))


def unknown(name: str, known: Sequence[str]) -> UsageError:
    """Return the error for an id that no subscription has, with the nearest id that there is."""
    from difflib import get_close_matches

    if near := get_close_matches(name, known, 1):
        remedy = f"did you mean {near[0]!r}?"
    elif known:
        remedy = f"use one of: {', '.join(known[:_NAMED])}{', …' if len(known) > _NAMED else ''}"
    else:
        remedy = "add one: digest subscriptions add ID KEYWORD"
    return UsageError(f"the subscription {name!r} does not exist; {remedy}")


def enrol(tx: Transaction, subscriptions: Sequence[Subscription], now: datetime) -> None:
    """Add cursors for those subscriptions that have none, `start` back in the library."""
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
            new.append(Cursor(each.id, each.name, position, since, position, None, 0, now, each.visibility))
    tx.cursors.add(new)
    by_id = {each.id: each for each in subscriptions}
    tx.subscriptions.set_due({each.subscription: next_due(by_id[each.subscription], each) for each in new})


def enrol_unseen(home: Home, tx: Transaction, now: datetime) -> None:
    """Add cursors for the subscriptions that no run has seen yet."""
    rows = completed(tx.subscriptions.unseen().values(), home.settings)
    enrol(tx, [each for each in rows if isinstance(each, Subscription)], now)


def schedule(
    tx: Transaction,
    cursors: Mapping[str, Cursor],
    subscriptions: Mapping[str, Subscription],
    moved: Iterable[str],
    now: datetime,
) -> None:
    """Store when subscriptions are due next: those of `cursors` about whose slots up to `now` a run has decided.

    `moved` are those whose last slot has changed, whether they were due or not.
    """
    due = tx.subscriptions.due_among(cursors, now=now) | frozenset(moved)
    tx.subscriptions.set_due({name: next_due(subscriptions[name], cursors[name], now) for name in due})


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


def due_now(store: Store, now: datetime) -> frozenset[str]:
    """Return the ids of the subscriptions that a run would enrol now or for which it would use up a slot."""
    with store.begin(write=False) as tx:
        return tx.subscriptions.due(now=now, ahead=now + AHEAD)
