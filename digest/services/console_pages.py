"""What the pages of the console show: each a part of a table, found by text and state."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from digest.model import Delivery, Home, InvalidSubscription, Subscription
from digest.services.subscriptions import Page, SubscriptionStatus, state_of, statuses_of
from digest.services.workspace import Clock, open_library
from digest.text.addresses import address_key

if TYPE_CHECKING:
    from digest.model import RunRecord
    from digest.model.log import Verdict
    from digest.store.outbox import Suppression
    from digest.store.store import Transaction

ROWS = 50  # of a page
_LATEST = 20  # messages of one subscription
# What the mail page can be limited to, and the statuses that this means.
MAIL: Mapping[str, tuple[str, ...]] = {
    "open": ("pending", "leased", "deferred", "in_doubt"),
    "failed": ("failed",),
    "bounced": ("bounced",),
    "sent": ("sent",),
    "all": (),
}


@dataclass(frozen=True, slots=True)
class Figures:
    """The state of a home in numbers. `mail` counts the messages by status."""

    subscriptions: int
    readers: int
    suppressed: int
    papers: int
    mail: Mapping[str, int]
    failing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reader:
    """An address, the subscriptions that have it, the mail that it was sent, and why it gets none, if so."""

    address: str
    subscriptions: tuple[str, ...]
    sent: int
    held: "tuple[Suppression, ...]"


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """A source: its last error, "" if it works, and when it was last asked, last had something new, began to fail."""

    name: str
    kind: str
    address: str
    error: str
    asked: datetime | None
    changed: datetime | None
    failing: datetime | None


def figures(home: Home) -> Figures:
    """Return the state of a home in numbers."""
    with open_library(home, create=False) as store, store.begin(write=False) as tx:
        found = _known(home, tx)
        readers = {address_key(each) for one in found if isinstance(one, Subscription) for each in one.email}
        suppressed = {each.address for each in tx.outbox.suppressions()}
        papers, mail = tx.library.count(), tx.outbox_pages.counts()
    failing = tuple(each.name for each in source_health(home) if each.error)
    return Figures(len(found), len(readers), len(suppressed), papers, mail, failing)


def subscription_page(
    home: Home, clock: Clock, page: Page, state: str = ""
) -> tuple[tuple[SubscriptionStatus, ...], int]:
    """Return the subscriptions of a page, those of a state only if one is named, and how many there are on all pages."""

    def in_state(each: Subscription | InvalidSubscription) -> bool:
        whole = _completed(each, home) if isinstance(each, Subscription) and each.paused_until else each
        return state_of(whole, clock.now) == state

    with open_library(home, create=False) as store, store.begin(write=False) as tx:
        every = Page(page.text).of(each for each in _known(home, tx) if not state or in_state(each))
        shown = [_completed(each, home) for each in Page(after=page.after, limit=page.limit).of(every)]
        return statuses_of(tx, shown, clock), len(every)


def _known(home: Home, tx: "Transaction") -> list[Subscription | InvalidSubscription]:
    """Return all subscriptions by id, without the home's defaults, which take as long as all the rest."""
    from digest.pipeline.cursors import current_rows

    return [each.value for each in current_rows(home, tx)]


def _completed(each: Subscription | InvalidSubscription, home: Home) -> Subscription | InvalidSubscription:
    from digest.pipeline.cursors import complete

    return complete(each, home.settings) if isinstance(each, Subscription) else each


def subscription_status(home: Home, clock: Clock, name: str) -> SubscriptionStatus | None:
    """Return the status of one subscription, None if it is unknown."""
    from digest.pipeline.cursors import one

    with open_library(home, create=False) as store, store.begin(write=False) as tx:
        found: Subscription | InvalidSubscription | None = one(home, tx, name)
        return None if found is None else statuses_of(tx, [found], clock)[0]


def mail_of(home: Home, name: str) -> tuple[Delivery, ...]:
    """Return the latest messages of a subscription, newest first."""
    with open_library(home, create=False) as store, store.begin(write=False) as tx:
        found = tx.outbox_pages.page(text=name, limit=10 * _LATEST)
        return tuple(each for each in found if each.subscription == name)[:_LATEST]


def mail_page(
    home: Home, *, text: str, state: str, before: int | None, limit: int
) -> tuple[tuple[Delivery, ...], int]:
    """Return the messages of a page, newest first, and how many there are on all pages."""
    statuses = MAIL[state]
    with open_library(home, create=False) as store, store.begin(write=False) as tx:
        found = tx.outbox_pages.page(text=text, statuses=statuses, before=before, limit=limit)
        return found, tx.outbox_pages.count(text=text, statuses=statuses)


def reader_page(
    home: Home, *, text: str, state: str, after: str, limit: int
) -> tuple[tuple[Reader, ...], int]:
    """Return the readers of a page, by address, and how many there are on all pages.

    `state` is "" for all, or "suppressed".
    """
    with open_library(home, create=False) as store, store.begin(write=False) as tx:
        subscriptions: dict[str, list[str]] = {}
        for each in _known(home, tx):
            for address in each.email if isinstance(each, Subscription) else ():
                subscriptions.setdefault(address_key(address), []).append(each.id)
        held: dict[str, list[Suppression]] = {}
        for found in tx.outbox.suppressions():
            held.setdefault(found.address, []).append(found)
        every = sorted({*subscriptions, *held} if state != "suppressed" else held)
        every = [each for each in every if text.casefold() in each]
        shown = [each for each in every if each > after][:limit]
        sent = tx.outbox_pages.sent_to(shown)
    return tuple(
        Reader(each, tuple(subscriptions.get(each, ())), sent.get(each, (0, 0))[1], tuple(held.get(each, ())))
        for each in shown
    ), len(every)


@dataclass(frozen=True, slots=True)
class RunPage:
    """A run, the counts of its mail, and a part of its verdicts, by subscription."""

    record: "RunRecord"
    verdicts: "tuple[Verdict, ...]"


def run_page(home: Home, number: int, *, after: str, limit: int) -> RunPage | None:
    """Return a run and its verdicts on subscriptions after an id; None if the run is unknown."""
    with open_library(home, create=False) as store, store.begin(write=False) as tx:
        found = tx.ledger.run(number)
        if found is None:
            return None
        mail = tx.outbox.counted_by_run([number]).get(number, {})
        return RunPage(replace(found, mail=mail), tx.ledger.verdicts_in(number, after=after, limit=limit))


def source_health(home: Home) -> Sequence[SourceHealth]:
    """Return the sources of a home in the order of `digest.toml`, with what became of the last attempts."""
    from digest.fetch.state import SourceStates
    from digest.services.sources import SourceStatus

    states = SourceStates.load(home.inbox)
    return [
        SourceHealth(
            source.name,
            source.kind,
            SourceStatus(source, None).address,
            state.error,
            *(state.time_of(name) for name in ("asked", "changed", "failing")),
        )
        for source in home.settings.sources
        for state in [states.of(source.name)]
    ]
