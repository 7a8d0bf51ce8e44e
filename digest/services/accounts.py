"""Subscribing on the web: requests, the emails that ask to confirm them, and what happens when somebody does.

A request does the same, whoever sends it and whichever address it names: it is stored, nothing else. What follows is
done later, by `work`, so that neither the words nor the time of a response say whether an address is known.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from digest.errors import UsageError
from digest.model import (
    Home,
    InvalidSubscription,
    Letter,
    Reader,
    Request,
    RequestKind,
    Subscription,
    SubscriptionRow,
    Wish,
)
from digest.services.workspace import Clock, open_library
from digest.signing import CONFIRM, reader_code, sign, verify_token
from digest.text.addresses import address_error, address_key, one_of_each

if TYPE_CHECKING:
    from digest.store.store import Transaction

VALID = timedelta(hours=48)  # how long a request can be confirmed
_WAITS = timedelta(days=30)  # how long one can wait for approval
_SILENT = timedelta(days=1)  # after an email, before a request for the same address causes another one
_HOUR = timedelta(hours=1)
_BATCH = 500
_MAIL_CHANNELS = ("smtp", "maildir")
_NETWORK = "network"


def secret_of(home: Home) -> bytes:
    """Return the secret that signs the codes of pages; the first call creates it."""
    with open_library(home, create=True) as store:
        with store.begin(write=False) as tx:
            known = tx.outbox.known_secret()
        if known is not None:
            return known
        with store.begin() as tx:
            return tx.outbox.secret()


def is_allowed(home: Home, address: str) -> bool:
    """Return whether an address may subscribe, by its domain."""
    web = home.settings.web
    if web.signup != "domains":
        return True
    domain = address_key(address).rpartition("@")[2]
    return any(domain == each or domain.endswith(f".{each}") for each in web.domains)


def request(home: Home, recipient: str, wish: Subscription | None, network: str, clock: Clock) -> bool:
    """Store a request to subscribe, or without a wish to sign in; return False if the network has sent too many.

    Raises StoreError.
    """
    secret = secret_of(home)
    hashed = sign(secret, _NETWORK, network)
    with open_library(home, create=True) as store, store.begin() as tx:
        if tx.accounts.made_by(hashed, since=clock.now - _HOUR) >= home.settings.web.requests_per_hour:
            return False
        kind: RequestKind = "sign-in" if wish is None else "subscribe"
        tx.accounts.request(kind, recipient, wish, network=hashed, at=clock.now)
    return True


def invite(home: Home, recipients: Sequence[str], values: Mapping[str, object], clock: Clock) -> int:
    """Ask people whether they want a subscription with these values; each of them confirms. Returns how many.

    Raises UsageError if nobody can sign up, or an address or a value is not valid; then nobody is asked.
    """
    from digest.home.subscription_files import check_values

    if home.settings.web.signup == "off":
        raise UsageError(
            'people cannot confirm while signup is "off"; set signup under [serve] in digest.toml'
        )
    wrong = [f"{each}: {error}" for each in recipients if (error := address_error(each))]
    wrong += [f"{each}: is not of an allowed domain" for each in recipients if not is_allowed(home, each)]
    if wrong or not recipients:
        raise UsageError("\n".join(wrong) or "name at least one address")
    wish = check_values("invitation", values, shown="invitation")
    if isinstance(wish, InvalidSubscription):
        raise UsageError(str(wish))
    hashed = sign(secret_of(home), _NETWORK, "invitation")
    with open_library(home, create=True) as store, store.begin() as tx:
        for each in one_of_each(recipients):
            tx.accounts.request("subscribe", each, replace(wish, id=""), network=hashed, at=clock.now)
    return len(one_of_each(recipients))


def work(home: Home, clock: Clock) -> bool:
    """Do what follows from requests: queue emails, greet new readers, delete old requests. Returns whether mail is due.

    Raises StoreError.
    """
    with open_library(home, create=False) as store:
        with store.begin(write=False) as tx:
            if not _anything_to_do(home, tx, clock):
                return False
        with store.begin() as tx:
            tx.accounts.expire(before=clock.now - VALID, waiting_before=clock.now - _WAITS)
            tx.outbox.forget_letters(before=clock.now - VALID)
            return bool(_mail_requests(home, tx, clock)) | _greet(home, tx, clock)


def _anything_to_do(home: Home, tx: "Transaction", clock: Clock) -> bool:
    return (
        tx.accounts.any_before(clock.now - VALID)
        or bool(_to_mail(home, tx, clock))
        or bool(tx.accounts.unwelcomed())
    )


def mail_channel(home: Home) -> str | None:
    """Return the channel by which letters are sent."""
    return next((name for name in home.settings.channels if name in _MAIL_CHANNELS), None)


def _to_mail(home: Home, tx: "Transaction", clock: Clock) -> tuple[Request, ...]:
    room = home.settings.web.mails_per_hour - tx.accounts.mailed(since=clock.now - _HOUR)
    limit = min(_BATCH, max(0, room))
    return tx.accounts.to_mail(silent_since=clock.now - _SILENT, limit=limit) if limit else ()


def _mail_requests(home: Home, tx: "Transaction", clock: Clock) -> int:
    """Queue the emails of requests; return how many."""
    channel, sent = mail_channel(home), 0
    if channel is None:
        return 0
    for each in _to_mail(home, tx, clock):
        letter = _letter_for(home, tx, each, clock)
        if letter is None:  # there is nobody to sign in
            tx.accounts.drop_requests([each.id])
            continue
        tx.outbox.add_letter(letter, each.recipient, channel=channel, at=clock.now)
        tx.accounts.set_mailed([each.id], clock.now)
        sent += 1
    return sent


def _letter_for(home: Home, tx: "Transaction", each: Request, clock: Clock) -> Letter | None:
    if each.wish is not None:
        language = each.wish.language or home.settings.language
        return Letter("confirm", language, clock.now, each.id, wishes=(wish_of(each.wish),))
    reader = tx.accounts.reader_with(each.recipient)
    if reader is None:
        return None
    return Letter("sign-in", reader.language, clock.now, reader.id, reader.generation)


def wish_of(subscription: Subscription) -> Wish:
    """Return a subscription as letters and pages repeat it."""
    return Wish(
        subscription.name,
        subscription.keywords,
        subscription.exclude,
        subscription.schedule,
        subscription.timezone,
    )


def _greet(home: Home, tx: "Transaction", clock: Clock) -> bool:
    """Greet the readers of new subscriptions that a run has seen; return whether an email was queued.

    A first issue greets by itself; where nothing matched, a letter says so.
    """
    channel, queued = mail_channel(home), False
    for subscription, number in tx.accounts.unwelcomed().items():
        cursor, reader = tx.cursors.get(subscription), tx.accounts.reader(number)
        row = tx.subscriptions.of([subscription]).get(subscription)
        if cursor is None or reader is None or row is None or not isinstance(row.value, Subscription):
            continue
        if not cursor.issues and cursor.last_slot is None:  # no run has decided about it yet
            continue
        if not cursor.issues and channel is not None:
            considered = tx.library.end() - (tx.library.position_at(clock.now - row.value.start))
            letter = Letter(
                "welcome",
                reader.language,
                clock.now,
                reader.id,
                reader.generation,
                (wish_of(row.value),),
                max(0, considered),
            )
            tx.outbox.add_letter(letter, reader.recipient, channel=channel, at=clock.now)
            queued = True
        tx.accounts.welcome(subscription, clock.now)
    return queued


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A request by its link. `done`: it was confirmed; `waits`: it waits for approval. `code` is the reader's page."""

    wish: Subscription
    done: bool = False
    waits: bool = False
    code: str = ""


def confirmation(home: Home, text: str, clock: Clock) -> Confirmation | None:
    """Return the request that a link to confirm names; None if the link is invalid or too old. Changes nothing."""
    with open_library(home, create=False) as store, store.begin(write=False) as tx:
        found = _requested(tx, text, clock)
        return None if found is None else _state(tx, found)


def confirm(home: Home, text: str, clock: Clock) -> Confirmation | None:
    """Confirm the request that a link names; None if the link is invalid or too old. A second time changes nothing.

    The subscription is made at once, or, with `signup = "approval"`, when the operator approves it. Raises StoreError.
    """
    with open_library(home, create=False) as store, store.begin() as tx:
        found = _requested(tx, text, clock)
        if found is None:
            return None
        if tx.accounts.confirm(found.id, clock.now) and home.settings.web.signup != "approval":
            _make(home, tx, found, clock)
        return _state(tx, tx.accounts.find_request(found.id) or found)


def _requested(tx: "Transaction", text: str, clock: Clock) -> Request | None:
    secret = tx.outbox.known_secret()
    number = verify_token(secret, CONFIRM, text) if secret else None
    found = tx.accounts.find_request(number) if number is not None else None
    if found is None or found.wish is None or found.mailed is None or clock.now - found.made > VALID:
        return None
    return found


def _state(tx: "Transaction", found: Request) -> Confirmation:
    assert found.wish is not None, "only requests to subscribe are confirmed"
    if found.confirmed is None:
        return Confirmation(found.wish)
    reader = tx.accounts.owner(found.subscription) if found.subscription else None
    if reader is None:
        return Confirmation(found.wish, done=True, waits=not found.subscription)
    code = reader_code(tx.outbox.secret(), reader.id, reader.generation)
    return Confirmation(found.wish, done=True, code=code)


def _make(home: Home, tx: "Transaction", found: Request, clock: Clock) -> Reader:
    """Make the subscription of a request, and its reader; the next run makes the first issue."""
    from digest.pipeline.cursors import store_rows

    assert found.wish is not None, "only requests to subscribe are confirmed"
    language = found.wish.language or home.settings.language
    reader = tx.accounts.need_reader(found.recipient, language, clock.now)
    subscription = replace(found.wish, id=_new_id(tx), email=(found.recipient,), visibility="private")
    store_rows(home, tx, [SubscriptionRow(subscription)], clock.now)
    tx.accounts.own(subscription.id, reader.id)
    tx.accounts.set_subscription(found.id, subscription.id)
    return reader


def _new_id(tx: "Transaction") -> str:
    """Return an id that no subscription has or had; it says nothing about the reader."""
    while True:
        found = "web-" + "".join(secrets.choice("abcdefghijkmnpqrstuvwxyz23456789") for _ in range(12))
        if not tx.subscriptions.ever_among([found]):
            return found


def waiting_requests(home: Home) -> tuple[Request, ...]:
    """Return the confirmed requests that wait for approval, oldest first."""
    with open_library(home, create=False) as store, store.begin(write=False) as tx:
        return tx.accounts.waiting()


def approve(home: Home, number: int, clock: Clock) -> bool:
    """Make the subscription of a request that waits for approval. Returns False if the request does not exist."""
    with open_library(home, create=False) as store, store.begin() as tx:
        found = tx.accounts.find_request(number)
        if found is None or found.confirmed is None or found.subscription:
            return False
        _make(home, tx, found, clock)
        return True


def decline(home: Home, number: int, clock: Clock) -> bool:
    """Delete a request that waits for approval, and notify its sender. Returns False if the request does not exist."""
    with open_library(home, create=False) as store, store.begin() as tx:
        found = tx.accounts.find_request(number)
        if found is None or found.confirmed is None or found.subscription or found.wish is None:
            return False
        language = found.wish.language or home.settings.language
        letter = Letter("declined", language, clock.now, found.id, wishes=(wish_of(found.wish),))
        if channel := mail_channel(home):
            tx.outbox.add_letter(letter, found.recipient, channel=channel, at=clock.now)
        tx.accounts.drop_requests([found.id])
        return True
