"""What the web pages do besides showing files: leaving a subscription, and counting what is opened.

Tokens in addresses carry what is meant, and only this home can make them. A token that is no good is `None`
here, whatever is wrong with it: an answer tells nothing to who guesses.
"""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from digest.deliver.message import UNSUBSCRIBE
from digest.model import Home, Subscription
from digest.rank.clicks import Click
from digest.services.workspace import Clock, open_library
from digest.signing import number_of, token
from digest.urls import click_page, paper_url

if TYPE_CHECKING:
    from digest.render.notice_pages import Notice
    from digest.store.store import Transaction

LEFT = "unsubscribed on the web"  # the reason that `digest recipients list` shows
_ID = re.compile(r"[a-z0-9-]{1,64}")
_STEM = re.compile(r"\d{4}-\d\d-\d\d-(\d{1,9})")


@dataclass(frozen=True, slots=True)
class UnsubscribeTarget:
    """Whom a token is of: an address as it may be shown, and the name of the subscription and its language.

    `gone`: it gets no mail of it (any more).
    """

    address: str
    name: str
    language: str
    gone: bool


def unsubscribe_target(home: Home, text: str) -> UnsubscribeTarget | None:
    """Return whom the token of an unsubscribe link is of. Changes nothing."""
    with open_library(home, create=False) as store, store.begin() as tx:
        return _unsubscribe_target(tx, text, None)


def unsubscribe(home: Home, text: str, clock: Clock) -> UnsubscribeTarget | None:
    """Let whom the token is of get no more mail of its subscription."""
    with open_library(home, create=False) as store, store.begin() as tx:
        return _unsubscribe_target(tx, text, clock)


def _unsubscribe_target(tx: "Transaction", text: str, leaving: Clock | None) -> UnsubscribeTarget | None:
    line = number_of(tx.outbox.secret(), UNSUBSCRIBE, text)
    found = tx.outbox.lines([line]) if line is not None else ()
    if not found:
        return None
    mail = found[0]
    gone = tx.outbox.is_suppressed(mail.recipient, mail.subscription)
    if leaving and not gone:
        tx.outbox.suppress(mail.recipient, reason=LEFT, at=leaving.now, subscription=mail.subscription)
    issue = tx.issues.get(mail.issue).issue
    return UnsubscribeTarget(masked(mail.recipient), issue.name, issue.language, gone or leaving is not None)


def masked(address: str) -> str:
    """Return an address so that its owner knows it, and who was forwarded the mail does not learn it."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}…@{domain}"


# --- what is opened ------------------------------------------------------------------------------


def counts_clicks(home: Home, subscription: str) -> bool:
    """Tell whether a subscription counts what is opened from its pages."""
    from digest.home.subscription_files import load

    path = home.subscriptions / f"{subscription}.toml"
    if not _ID.fullmatch(subscription) or not path.is_file():
        return False
    settings = home.settings
    found = load(path, timezone=settings.timezone, language=settings.language)
    return isinstance(found, Subscription) and found.ranking.clicks


def counting_page(home: Home, subscription: str, stem: str) -> str | None:
    """Return an issue's page with titles that count being opened. None where nothing is counted.

    It is the page that the archive has, made anew from the same stored content.
    """
    from digest.pipeline.outputs import renderer_for

    named = _STEM.fullmatch(stem)
    if named is None or not counts_clicks(home, subscription):
        return None
    with open_library(home, create=False) as store, store.begin() as tx:
        issue = tx.issues.numbered(subscription, int(named[1]))
        secret = tx.outbox.secret()
    if issue is None or issue.stem != stem:
        return None

    def through(paper: int) -> str:
        return "../../" + click_page(subscription, token(secret, _purpose(subscription), paper))

    return renderer_for(home).archive(issue, through)


def click_target(home: Home, subscription: str, text: str) -> tuple[int, str] | None:
    """Return which paper a link leads to, and where that is, seen from the link."""
    with open_library(home, create=False) as store, store.begin() as tx:
        number = number_of(tx.outbox.secret(), _purpose(subscription), text)
        papers = tx.library.papers([number]) if number is not None else {}
    return next(((number, paper_url(paper, "../../")) for number, paper in papers.items()), None)


def record_click(home: Home, subscription: str, paper: int, clock: Clock) -> bool:
    """Note that a paper was opened, if the subscription counts that."""
    if not counts_clicks(home, subscription):
        return False
    with open_library(home, create=False) as store, store.begin() as tx:
        return tx.clicks.note(Click(subscription, paper, clock.now))


def _purpose(subscription: str) -> str:
    return f"click:{subscription}"


# --- pages ---------------------------------------------------------------------------------------


def empty_archive(home: Home) -> str:
    """Return the first page of an archive that no run has written yet."""
    from digest.pipeline.outputs import renderer_for

    return renderer_for(home).index([])


def notice_page(home: Home, notice: "Notice") -> str:
    """Return a short page."""
    from digest.pipeline.outputs import renderer_for

    return renderer_for(home).notice(notice)
