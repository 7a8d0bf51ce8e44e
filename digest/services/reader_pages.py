"""Pages for readers: unsubscribing, and counting clicks.

Addresses contain signed tokens that only this home can make. Functions return None for any invalid token,
whatever is wrong with it, so that responses reveal nothing to guessers.
"""

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from digest.deliver.message import UNSUBSCRIBE
from digest.model import Home, Subscription
from digest.model.subscriptions import ID
from digest.rank.clicks import Click
from digest.services.workspace import Clock, open_library
from digest.signing import token, verify_token
from digest.urls import click_page, paper_url

if TYPE_CHECKING:
    from digest.render.notice_pages import Notice
    from digest.store.store import Transaction

UNSUBSCRIBED = "unsubscribed on the web"  # the reason that `digest recipients list` shows
_STEM = re.compile(r"\d{4}-\d\d-\d\d-(\d{1,9})")


@dataclass(frozen=True, slots=True)
class UnsubscribeTarget:
    """The subject of an unsubscribe token: the masked address, and the subscription's name and language.

    `unsubscribed`: the address no longer gets mail of the subscription.
    """

    address: str
    name: str
    language: str
    unsubscribed: bool


def unsubscribe_target(home: Home, text: str) -> UnsubscribeTarget | None:
    """Return the subject of an unsubscribe token; change nothing."""
    with open_library(home, create=False) as store, store.begin(write=False) as tx:
        return _unsubscribe_target(tx, text, None)


def unsubscribe(home: Home, text: str, clock: Clock) -> UnsubscribeTarget | None:
    """Unsubscribe the address of a token from its subscription."""
    with open_library(home, create=False) as store, store.begin() as tx:
        return _unsubscribe_target(tx, text, clock)


def _unsubscribe_target(tx: "Transaction", text: str, clock: Clock | None) -> UnsubscribeTarget | None:
    line = verify_token(tx.outbox.secret(), UNSUBSCRIBE, text)
    found = tx.outbox.lines([line]) if line is not None else ()
    if not found:
        return None
    mail = found[0]
    suppressed = tx.outbox.is_suppressed(mail.recipient, mail.subscription)
    if clock and not suppressed:
        tx.outbox.suppress(mail.recipient, reason=UNSUBSCRIBED, at=clock.now, subscription=mail.subscription)
    issue = tx.issues.get(mail.issue).issue
    return UnsubscribeTarget(
        masked(mail.recipient), issue.name, issue.language, suppressed or clock is not None
    )


def masked(address: str) -> str:
    """Return an address that its owner recognises, but that others who got the mail forwarded do not learn."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}…@{domain}"


def counts_clicks(home: Home, subscription: str) -> bool:
    """Return whether a subscription counts clicks; False if it is unknown or invalid."""
    from digest.home.subscription_files import load

    path = home.subscriptions / f"{subscription}.toml"
    if not ID.fullmatch(subscription) or not path.is_file():
        return False
    settings = home.settings
    found = load(path, timezone=settings.timezone, language=settings.language)
    return isinstance(found, Subscription) and found.ranking.clicks


def tracked_page_version(home: Home, subscription: str, stem: str) -> tuple[str, ...] | None:
    """Return a value that changes when the page that `tracked_page` returns does; None if it returns None.

    The page on disk has the same content, made with the same templates and settings.
    """
    if _STEM.fullmatch(stem) is None or not counts_clicks(home, subscription):
        return None
    with open_library(home, create=False) as store, store.begin(write=False) as tx:
        secret = tx.outbox.secret()
    try:
        content = (home.output / "site" / "issues" / subscription / f"{stem}.html").read_bytes()
    except OSError:
        return None
    return subscription, stem, hashlib.sha256(content).hexdigest(), hashlib.sha256(secret).hexdigest()


def tracked_page(home: Home, subscription: str, stem: str) -> str | None:
    """Return the archive page of an issue with titles that count clicks; None if clicks are not counted.

    `stem` is the page's file name without suffix.
    """
    from digest.pipeline.outputs import renderer_for

    named = _STEM.fullmatch(stem)
    if named is None or not counts_clicks(home, subscription):
        return None
    with open_library(home, create=False) as store, store.begin(write=False) as tx:
        issue = tx.issues.numbered(subscription, int(named[1]))
        secret = tx.outbox.secret()
    if issue is None or issue.stem != stem:
        return None

    def tracked(paper: int) -> str:
        return "../../" + click_page(subscription, token(secret, _purpose(subscription), paper))

    return renderer_for(home).archive(issue, tracked)


def click_target(home: Home, subscription: str, text: str) -> tuple[int, str] | None:
    """Return the number of the paper of a click token, and its URL, relative to the click's address."""
    with open_library(home, create=False) as store, store.begin(write=False) as tx:
        number = verify_token(tx.outbox.secret(), _purpose(subscription), text)
        papers = tx.library.papers([number]) if number is not None else {}
    return next(((number, paper_url(paper, "../../")) for number, paper in papers.items()), None)


def record_click(home: Home, subscription: str, paper: int, clock: Clock) -> bool:
    """Record a click if the subscription counts them; return whether it was recorded."""
    if not counts_clicks(home, subscription):
        return False
    with open_library(home, create=False) as store, store.begin() as tx:
        return tx.clicks.note(Click(subscription, paper, clock.now))


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
