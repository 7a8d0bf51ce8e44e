"""A reader's own page: what the reader has, changes of it, everything that is stored, and its deletion.

Every function takes the code of the page's address, and returns None or False for any invalid one.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from digest.home.subscription_tables import values_of
from digest.model import Home, Issue, Letter, Paper, Reader, Subscription, SubscriptionRow
from digest.services.accounts import mail_channel
from digest.services.workspace import Clock, open_library
from digest.signing import is_reader_code, reader_in
from digest.text.addresses import address_key
from digest.text.format import iso

if TYPE_CHECKING:
    from digest.store.store import Transaction

_ISSUES = 12  # the newest ones that the page lists
_PAUSE = timedelta(days=30)
_FEWEST = 3
Change = Callable[[Subscription, Clock], Subscription]


@dataclass(frozen=True, slots=True)
class OwnIssue:
    """An issue: its day, the number of its papers, and the address of its page."""

    day: date
    papers: int
    url: str


@dataclass(frozen=True, slots=True)
class Owned:
    """A subscription of a reader, its newest issues, and the papers with feedback, each with `like` or `dislike`."""

    subscription: Subscription
    issues: tuple[OwnIssue, ...]
    votes: tuple[tuple[Paper, str], ...]


@dataclass(frozen=True, slots=True)
class OwnPage:
    """What a reader has."""

    reader: Reader
    owned: tuple[Owned, ...]


def own_page(home: Home, code: str) -> OwnPage | None:
    """Return what the reader has whose code this is. Changes nothing."""
    from digest.pipeline.privacy import private_places

    with open_library(home, create=False) as store:
        with store.begin(write=False) as tx:
            reader = _reader(tx, code)
            if reader is None:
                return None
            subscriptions = _subscriptions(home, tx, reader)
        place = private_places(store, home.settings.base_url)
        with store.begin(write=False) as tx:
            owned = tuple(_owned(tx, each, place(each.id)) for each in subscriptions)
    return OwnPage(reader, owned)


def _reader(tx: "Transaction", code: str) -> Reader | None:
    number, secret = reader_in(code), tx.outbox.known_secret()
    reader = tx.accounts.reader(number) if number is not None and secret is not None else None
    if reader is None or secret is None or not is_reader_code(secret, reader.id, reader.generation, code):
        return None
    return reader


def _subscriptions(home: Home, tx: "Transaction", reader: Reader) -> list[Subscription]:
    from digest.pipeline.cursors import complete

    rows = tx.subscriptions.of(tx.accounts.subscriptions_of(reader.id))
    return [
        complete(row.value, home.settings) for row in rows.values() if isinstance(row.value, Subscription)
    ]


def _owned(tx: "Transaction", subscription: Subscription, place: str) -> Owned:
    cursor = tx.cursors.get(subscription.id)
    last = cursor.issues if cursor else 0
    numbered = [tx.issues.numbered(subscription.id, number) for number in range(last, 0, -1)[:_ISSUES]]
    votes = tx.feedback.votes(subscription.id)
    papers = tx.library.papers(vote.paper for vote in votes)
    return Owned(
        subscription,
        tuple(_own_issue(each, place) for each in numbered if each is not None),
        tuple((papers[vote.paper], vote.verdict) for vote in votes if vote.paper in papers),
    )


def _own_issue(issue: Issue, place: str) -> OwnIssue:
    papers = len(issue.new) + len(issue.more_new) + len(issue.updated) + len(issue.more_updated)
    return OwnIssue(issue.day, papers, f"{place}{issue.stem}.html" if place else "")


def change(home: Home, code: str, subscription: str, how: Change, clock: Clock) -> bool:
    """Change one of the reader's subscriptions; its id, addresses and visibility stay. Raises StoreError."""
    from digest.pipeline.cursors import complete, store_rows

    with open_library(home, create=False) as store, store.begin() as tx:
        reader = _reader(tx, code)
        if reader is None or subscription not in tx.accounts.subscriptions_of(reader.id):
            return False
        row = tx.subscriptions.of([subscription]).get(subscription)
        if row is None or not isinstance(row.value, Subscription):
            return False
        old = row.value
        new = replace(
            how(complete(old, home.settings), clock),
            id=old.id,
            email=old.email,
            names=old.names,
            visibility=old.visibility,
        )
        store_rows(home, tx, [SubscriptionRow(new)], clock.now)
        return True


def with_wish(wish: Subscription) -> Change:
    """Return a change to what somebody typed; what the form does not show stays."""

    def changed(old: Subscription, _clock: Clock) -> Subscription:
        return replace(
            old,
            name=wish.name,
            keywords=wish.keywords,
            exclude=wish.exclude,
            interests=(),
            schedule=wish.schedule,
            timezone=wish.timezone,
            max_papers=wish.max_papers,
            language=wish.language,
        )

    return changed


def weekly(old: Subscription, _clock: Clock) -> Subscription:
    """Return a subscription that is due on Mondays, at its hour."""
    return replace(old, schedule=f"mon {time_of(old.schedule)}")


def is_weekly(subscription: Subscription) -> bool:
    """Return whether a subscription is due on one day of the week."""
    days = subscription.schedule.split(" ")[0]
    return days in {"mon", "tue", "wed", "thu", "fri", "sat", "sun"}


def time_of(schedule: str) -> str:
    """Return the first time of day of a schedule; 08:00 for one that names none."""
    last = schedule.rpartition(" ")[2].partition(",")[0]
    hour, colon, minute = last.partition(":")
    valid = colon and hour.isdigit() and minute.isdigit()
    return last if valid else "08:00"


def paused(old: Subscription, clock: Clock) -> Subscription:
    """Return a subscription that is paused for a month."""
    return replace(old, paused_until=(clock.now.astimezone(ZoneInfo(old.timezone)) + _PAUSE).date())


def resumed(old: Subscription, _clock: Clock) -> Subscription:
    """Return a subscription that is not paused."""
    return replace(old, paused_until=None)


def fewer(old: Subscription, _clock: Clock) -> Subscription:
    """Return a subscription with half as many papers in an email."""
    return replace(old, max_papers=fewer_papers(old))


def fewer_papers(subscription: Subscription) -> int:
    """Return how many papers an email has at most after `fewer`."""
    return max(min(_FEWEST, subscription.max_papers), subscription.max_papers // 2)


def undo_feedback(home: Home, code: str, subscription: str, paper: int) -> bool:
    """Delete the feedback on a paper. Raises StoreError."""
    with open_library(home, create=False) as store, store.begin() as tx:
        reader = _reader(tx, code)
        if reader is None or subscription not in tx.accounts.subscriptions_of(reader.id):
            return False
        tx.feedback.withdraw(subscription, [paper])
        return True


def revoke(home: Home, code: str, clock: Clock) -> bool:
    """Make all links to the page invalid, and mail another one. Raises StoreError."""
    with open_library(home, create=False) as store, store.begin() as tx:
        reader = _reader(tx, code)
        if reader is None:
            return False
        tx.accounts.revoke(reader.id)
        letter = Letter("sign-in", reader.language, clock.now, reader.id, reader.generation + 1)
        if channel := mail_channel(home):
            tx.outbox.add_letter(letter, reader.recipient, channel=channel, at=clock.now)
        return True


def everything(home: Home, code: str) -> dict[str, Any] | None:
    """Return all that is stored about a reader, for JSON."""
    with open_library(home, create=False) as store, store.begin(write=False) as tx:
        reader = _reader(tx, code)
        if reader is None:
            return None
        found = {"address": reader.recipient, "since": iso(reader.made), "language": reader.language}
        subscriptions = _subscriptions(home, tx, reader)
        return {**found, "subscriptions": [_stored(tx, each) for each in subscriptions]}


def _stored(tx: "Transaction", subscription: Subscription) -> dict[str, Any]:
    cursor = tx.cursors.get(subscription.id)
    numbers = range(1, (cursor.issues if cursor else 0) + 1)
    issues = [tx.issues.numbered(subscription.id, number) for number in numbers]
    votes, clicks = tx.feedback.votes(subscription.id), tx.clicks.of(subscription.id)
    lines = tx.outbox.of_issues(subscription.id, numbers) if numbers else ()
    return {
        "settings": {"id": subscription.id, **values_of(subscription)},
        "issues": [
            {
                "number": each.number,
                "day": each.day.isoformat(),
                "papers": [one.paper.title for one in each.new],
            }
            for each in issues
            if each is not None
        ],
        "feedback": [{"paper": each.paper, "verdict": each.verdict, "at": iso(each.at)} for each in votes],
        "clicks": [{"paper": each.paper, "at": iso(each.at)} for each in clicks],
        "messages": [
            {"issue": each.number, "status": each.status, "queued": iso(each.queued), "reply": each.reply}
            for each in lines
        ],
    }


def leave(home: Home, code: str, subscription: str, clock: Clock) -> bool:
    """End one of the reader's subscriptions and delete everything about it. Raises StoreError."""
    return _erase(home, code, clock, only=subscription)


def erase(home: Home, code: str, clock: Clock) -> bool:
    """Delete everything about a reader. What remains are hashes that stop mail of a restored backup. Raises StoreError."""
    return _erase(home, code, clock)


def _erase(home: Home, code: str, clock: Clock, only: str = "") -> bool:
    with open_library(home, create=False) as store:
        with store.begin() as tx:
            reader = _reader(tx, code)
            if reader is None:
                return False
            ended = [each for each in tx.accounts.subscriptions_of(reader.id) if only in {"", each}]
            if only and not ended:
                return False
            tx.outbox.departure_key()  # from here on, departures can be noted
            left = [] if only else _left(tx, reader.recipient)
            codes = [
                (each, tx.outbox.departure_codes(reader.recipient, each))
                for each in dict.fromkeys((*ended, *left))
            ]
            tx.erasure.erase(ended, "" if only else reader.recipient)
            for subscription, known in codes:
                for each in known:
                    tx.outbox.depart(each, subscription, address=None, at=clock.now)
        _remove_files(home, ended)
    return True


def _left(tx: "Transaction", address: str) -> list[str]:
    """Return what an address gets no mail of ("" for all), as rows name it."""
    known = address_key(address)
    return [each.subscription for each in tx.outbox.suppressions() if each.address == known]


def _remove_files(home: Home, subscriptions: list[str]) -> None:
    from digest.pipeline.privacy import withdraw

    for each in subscriptions:
        withdraw(home.output, each)
        shutil.rmtree(home.output / "issues" / each, ignore_errors=True)


def pause_end(subscription: Subscription, now: datetime) -> date | None:
    """Return until when a subscription is paused, None if it is not."""
    until = subscription.paused_until
    return until if until and until > now.astimezone(ZoneInfo(subscription.timezone)).date() else None
