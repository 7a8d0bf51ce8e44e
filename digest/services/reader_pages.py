"""Pages for readers: unsubscribing, and counting clicks.

Addresses contain signed tokens that only this home can make. Functions return None for any invalid token,
whatever is wrong with it, so that responses reveal nothing to guessers.
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from digest.model import Home, Subscription
from digest.model.subscriptions import ID
from digest.rank.clicks import Click
from digest.services.workspace import Clock, open_library
from digest.signing import read_unsubscribe_code, token, verify_token
from digest.store.leaving import Leaving, leaving
from digest.urls import click_page, paper_url

if TYPE_CHECKING:
    from digest.render.notice_pages import Notice
    from digest.store.store import Transaction

UNSUBSCRIBED = "unsubscribed on the web"  # the reason that `digest recipients list` shows
_STEM = re.compile(r"\d{4}-\d\d-\d\d-(\d{1,9})")


@dataclass(frozen=True, slots=True)
class UnsubscribeTarget:
    """The subject of an unsubscribe code: the masked address, and the subscription's name and language.

    `unsubscribed`: the address no longer gets mail of the subscription. `address` is "" where only its hash is known.
    """

    address: str
    name: str
    language: str
    unsubscribed: bool


def unsubscribe_target(home: Home, text: str) -> UnsubscribeTarget | None:
    """Return the subject of an unsubscribe code; change nothing."""
    with open_library(home, create=False) as store, store.begin(write=False) as tx:
        found = _read_code(tx, text)
        return None if found is None else _target(home, tx, found)


def unsubscribe(home: Home, text: str, clock: Clock) -> UnsubscribeTarget | None:
    """Unsubscribe who an unsubscribe code says, with effect on all mail that is not yet on its way.

    Where the library is a file, this waits for no run: it only appends to the file of departures, and
    `record_unsubscribe` takes that into the library afterwards. Raises StoreError.
    """
    with open_library(home, create=False) as store:
        write = not store.capabilities.single_file
        with store.begin(write=write) as tx:
            found = _read_code(tx, text)
            if found is None:
                return None
            tx.outbox.depart(found.departure, found.subscription, address=found.address, at=clock.now)
            if write:
                _record(tx, found, clock)
            return _target(home, tx, found, unsubscribed=True)


def record_unsubscribe(home: Home, text: str, clock: Clock) -> None:
    """Take what `unsubscribe` did into the library; this may wait for a run. Raises StoreError."""
    with open_library(home, create=False) as store, store.begin() as tx:
        if found := _read_code(tx, text):
            _record(tx, found, clock)


def _read_code(tx: "Transaction", text: str) -> Leaving | None:
    """Return who leaves what by a code; None for an invalid one."""
    code = read_unsubscribe_code(tx.outbox.known_secret(), tx.outbox.departure_keys(), text)
    return None if code is None else leaving(tx.outbox, code)


def _record(tx: "Transaction", found: Leaving, clock: Clock) -> None:
    if found.address is not None:
        tx.outbox.suppress(found.address, reason=UNSUBSCRIBED, at=clock.now, subscription=found.subscription)


def _target(
    home: Home, tx: "Transaction", found: Leaving, *, unsubscribed: bool = False
) -> UnsubscribeTarget:
    mail = found.mail
    if mail is None:
        unsubscribed = unsubscribed or tx.outbox.has_departed(found.departure)
        name, language = _named(home, found.subscription)
        return UnsubscribeTarget("", name, language, unsubscribed)
    unsubscribed = unsubscribed or tx.outbox.is_suppressed(mail.recipient, mail.subscription)
    issue = tx.issues.get(mail.issue).issue
    return UnsubscribeTarget(masked(mail.recipient), issue.name, issue.language, unsubscribed)


def _named(home: Home, subscription: str) -> tuple[str, str]:
    """Return the name and the language of a subscription from its file; its id where it has none."""
    found = _subscription(home, subscription)
    return (found.name, found.language) if found else (subscription, home.settings.language)


def _subscription(home: Home, subscription: str) -> Subscription | None:
    from digest.pipeline.cursors import one

    if not ID.fullmatch(subscription):
        return None
    with open_library(home, create=False) as store, store.begin(write=False) as tx:
        found = one(home, tx, subscription)
    return found if isinstance(found, Subscription) else None


def masked(address: str) -> str:
    """Return an address that its owner recognises, but that others who got the mail forwarded do not learn."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}…@{domain}"


def counts_clicks(home: Home, subscription: str) -> bool:
    """Return whether a subscription counts clicks; False if it is unknown or invalid."""
    found = _subscription(home, subscription)
    return found is not None and found.ranking.clicks


def tracked_page_version(home: Home, subscription: str, stem: str) -> tuple[str, ...] | None:
    """Return a value that changes when the page that `tracked_page` returns does; None if it returns None.

    The page on disk has the same content, made with the same templates and settings.
    """
    if _STEM.fullmatch(stem) is None or not counts_clicks(home, subscription):
        return None
    secret = _secret(home)
    try:
        content = (home.output / "site" / "issues" / subscription / f"{stem}.html").read_bytes()
    except OSError:
        return None
    return subscription, stem, hashlib.sha256(content).hexdigest(), hashlib.sha256(secret).hexdigest()


def tracked_page(home: Home, subscription: str, stem: str) -> str | None:
    """Return the archive page of an issue with titles that count clicks; None if clicks are not counted.

    `stem` is the page's file name without suffix.
    """
    from digest.pipeline import rendering
    from digest.pipeline.outputs import renderer_for
    from digest.pipeline.set_aside import Boundary

    number, link_to = number_of_stem(stem), link_counter(home, subscription)
    if number is None or link_to is None:
        return None
    with open_library(home, create=False) as store, store.begin(write=False) as tx:
        issue = tx.issues.numbered(subscription, number)
        boundary = Boundary(tx.set_aside.all())
    if issue is None or issue.stem != stem:
        return None
    renderer = renderer_for(home)
    return rendering.issue(boundary, issue, lambda each: renderer.archive(each, link_to))


def number_of_stem(stem: str) -> int | None:
    """Return the number of an issue from the stem of its files; None if it is not such a stem."""
    named = _STEM.fullmatch(stem)
    return int(named[1]) if named else None


def link_counter(home: Home, subscription: str) -> Callable[[int], str] | None:
    """Return a function that gives the address of a paper, by number, from an issue's page; it counts the click.

    None if the subscription does not count clicks.
    """
    if not counts_clicks(home, subscription):
        return None
    secret, purpose = _secret(home), _purpose(subscription)
    return lambda paper: "../../" + click_page(subscription, token(secret, purpose, paper))


def click_target(home: Home, subscription: str, text: str) -> tuple[int, str] | None:
    """Return the number of the paper of a click token, and its URL, relative to the click's address."""
    with open_library(home, create=False) as store, store.begin(write=False) as tx:
        secret = tx.outbox.known_secret()
        number = verify_token(secret, _purpose(subscription), text) if secret else None
        papers = tx.library.papers([number]) if number is not None else {}
    return next(((number, paper_url(paper, "../../")) for number, paper in papers.items()), None)


def record_click(home: Home, subscription: str, paper: int, clock: Clock) -> bool:
    """Record a click if the subscription counts them; return whether it was recorded."""
    if not counts_clicks(home, subscription):
        return False
    with open_library(home, create=False) as store, store.begin() as tx:
        return tx.clicks.note(Click(subscription, paper, clock.now))


def _secret(home: Home) -> bytes:
    with open_library(home, create=False) as store:
        with store.begin(write=False) as tx:
            known = tx.outbox.known_secret()
        if known is not None:
            return known
        with store.begin() as tx:
            return tx.outbox.secret()


def _purpose(subscription: str) -> str:
    return f"click:{subscription}"


def empty_archive(home: Home) -> str:
    """Return the start page of an archive without issues."""
    from digest.pipeline.outputs import renderer_for

    return renderer_for(home).index([])


def notice_page(home: Home, notice: "Notice") -> str:
    """Return a notice as an HTML page."""
    from digest.pipeline.outputs import renderer_for

    return renderer_for(home).notice(notice)
