"""The pages of the console: from a request's query to the values of a template."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException

from digest.errors import UsageError
from digest.model import Delivery, Home, InvalidSubscription, Subscription
from digest.services import accounts, console, console_pages, ledger, subscription_changes
from digest.services.console_pages import ROWS
from digest.services.subscriptions import STATES, Page, SubscriptionStatus, state_of
from digest.services.workspace import Clock
from digest.text.format import local_time

if TYPE_CHECKING:
    from digest.model import RunRecord
    from digest.model.log import Verdict

Values = dict[str, Any]
_MOST_SHOWN = 200  # rows of a table without pages
_NAMED = 3  # readers of a subscription in a table
_MAIL_STATES = {
    "open": "open",
    "failed": "failed",
    "bounced": "returned",
    "sent": "sent",
    "all": "all",
}
_DIGITS = 18  # of the greatest number of a row
_BAD = {"failed", "in_doubt"}


@dataclass(frozen=True, slots=True)
class Shown:
    """A page: its template and values."""

    template: str
    values: Values


def overview(home: Home, _query: QueryParams) -> Shown:
    found = console_pages.figures(home)
    open_mail = sum(found.mail.get(each, 0) for each in console_pages.MAIL["open"])
    facts = [
        ("Subscriptions", f"{found.subscriptions:,}", "/subscriptions"),
        ("Readers", f"{found.readers:,}", "/readers"),
        ("Suppressed addresses", f"{found.suppressed:,}", "/readers?state=suppressed"),
        ("Open mails", f"{open_mail:,}", "/mail"),
        ("Failed mails", f"{found.mail.get('failed', 0):,}", "/mail?state=failed"),
        ("Failing sources", f"{len(found.failing):,}", "/sources"),
        ("Papers", f"{found.papers:,}", ""),
    ]
    records = ledger.runs(home, limit=5)
    return Shown("overview.html", {"facts": facts, "runs": [_run_row(home, each) for each in records]})


def runs(home: Home, query: QueryParams) -> Shown:
    records = ledger.runs(home, limit=ROWS + 1, before=_number(query, "before"))
    rows = [_run_row(home, each) for each in records[:ROWS]]
    return Shown("runs.html", {"runs": rows, "next": rows[-1]["id"] if len(records) > ROWS else None})


def run(home: Home, number: str, query: QueryParams) -> Shown:
    known = number.isascii() and number.isdigit() and len(number) <= _DIGITS
    after = query.get("after", "")
    found = console_pages.run_page(home, int(number), after=after, limit=ROWS + 1) if known else None
    if found is None:
        raise HTTPException(404)
    record = found.record
    rows = [
        {
            "id": each.subscription,
            "considered": each.considered,
            "matched": each.matched,
            "outcome": _outcome(each),
        }
        for each in found.verdicts[:ROWS]
    ]
    return Shown(
        "run.html",
        {
            "run": _run_row(home, record),
            "files": ((record.report or {}).get("files") or [])[:_MOST_SHOWN] if not after else [],
            "subscriptions": rows,
            "next": _next(query, after=found.verdicts[ROWS - 1].subscription)
            if len(found.verdicts) > ROWS
            else "",
        },
    )


def _outcome(verdict: "Verdict") -> str:
    return f"Issue {verdict.issue}" if verdict.issue else verdict.error or verdict.reason or ""


def _run_row(home: Home, record: "RunRecord") -> Values:
    report = record.report or {}
    files = report.get("files") or []
    mail = ", ".join(
        f"{number} {status.replace('_', ' ')}" for status, number in record.mail.items() if number
    )
    issues = report.get("issues")
    if issues is None:
        issues = sum(1 for each in report.get("subscriptions") or () if each.get("issue"))
    return {
        "id": record.id,
        "when": local_time(record.clock, home.settings.timezone),
        "status": record.status,
        "fine": record.status in {"done", "running"},
        "files": len(files),
        "new": sum(each.get("new", 0) for each in files),
        "issues": issues,
        "mail": mail,
    }


def subscriptions(home: Home, query: QueryParams) -> Shown:
    state = _choice(query, "state", STATES)
    page = Page(query.get("q", ""), query.get("after", ""), ROWS + 1)
    found, total = console_pages.subscription_page(home, Clock.at(None), page, state)
    rows = [_subscription_row(home, each) for each in found[:ROWS]]
    return Shown(
        "subscriptions.html",
        {
            **_found(query, state, [("", "all"), *((each, each) for each in STATES)]),
            "rows": rows,
            "total": total,
            "next": _next(query, after=rows[-1]["id"]) if len(found) > ROWS else "",
        },
    )


def _subscription_row(home: Home, status: SubscriptionStatus) -> Values:
    each, zone = status.subscription, home.settings.timezone
    valid = isinstance(each, Subscription)
    readers = each.email if isinstance(each, Subscription) else ()
    more = f" and {len(readers) - _NAMED} more" if len(readers) > _NAMED else ""
    return {
        "id": each.id,
        "name": each.name if isinstance(each, Subscription) else "",
        "readers": ", ".join(readers[:_NAMED]) + more,
        "schedule": each.schedule if isinstance(each, Subscription) else "",
        "state": state_of(each, Clock.at(None).now),
        "issues": status.issues,
        "next": local_time(status.next_slot, zone) if status.next_slot and valid else "",
        "problems": str(each) if isinstance(each, InvalidSubscription) else "",
    }


def subscription(home: Home, name: str, text: str | None = None) -> Shown:
    """Show one subscription; `text` is a text with mistakes to show again."""
    clock = Clock.at(None)
    status = console_pages.subscription_status(home, clock, name)
    if status is None:
        raise HTTPException(404)
    try:
        known = subscription_changes.text_of(home, name)
    except UsageError as error:  # its file is not UTF-8, or in another home
        stored, own = str(error), None
    else:
        stored = f"subscriptions/{known.file.name}" if known.file else "the library"
        own = known.text
    return Shown(
        "subscription.html",
        {
            "each": _subscription_row(home, status),
            "stored": stored,
            "text": own if text is None else text,
            "known": subscription_changes.version(own or ""),
            "until": (clock.now + timedelta(days=30)).date().isoformat(),
            "mails": [_mail_row(home, each) for each in console_pages.mail_of(home, name)],
        },
    )


def readers(home: Home, query: QueryParams) -> Shown:
    state = _choice(query, "state", ("suppressed",))
    text, after = query.get("q", ""), query.get("after", "")
    found, total = console_pages.reader_page(home, text=text, state=state, after=after, limit=ROWS + 1)
    zone = home.settings.timezone
    rows = [
        {
            "address": each.address,
            "subscriptions": each.subscriptions,
            "sent": each.sent,
            "held": [
                {
                    "subscription": held.subscription,
                    "reason": held.reason,
                    "since": local_time(held.at, zone),
                }
                for held in each.held
            ],
        }
        for each in found[:ROWS]
    ]
    return Shown(
        "readers.html",
        {
            **_found(query, state, [("", "all"), ("suppressed", "suppressed")]),
            "rows": rows,
            "total": total,
            "next": _next(query, after=found[ROWS - 1].address) if len(found) > ROWS else "",
        },
    )


def mail(home: Home, query: QueryParams) -> Shown:
    state = _choice(query, "state", tuple(_MAIL_STATES)) or "open"
    found, total = console_pages.mail_page(
        home, text=query.get("q", ""), state=state, before=_number(query, "before"), limit=ROWS + 1
    )
    rows = [_mail_row(home, each) for each in found[:ROWS]]
    return Shown(
        "outbox.html",
        {
            **_found(query, state, list(_MAIL_STATES.items())),
            "rows": rows,
            "total": total,
            "next": _next(query, before=str(rows[-1]["id"])) if len(found) > ROWS else "",
        },
    )


def _mail_row(home: Home, each: Delivery) -> Values:
    returned = each.reply.startswith("bounced: ")
    return {
        "id": each.id,
        "recipient": each.recipient,
        "subscription": each.subscription,
        "number": each.number,
        "letter": each.letter.kind if each.letter else "",
        "status": "returned" if returned else each.status.replace("_", " "),
        "tone": " bad" if returned or each.status in _BAD else "",
        "attempts": each.attempts,
        "when": local_time(each.settled or each.queued, home.settings.timezone),
        "reply": each.reply.removeprefix("bounced: "),
        "open": each.status not in {"sent", "leased"},
    }


def requests(home: Home, _query: QueryParams) -> Shown:
    zone, mode = home.settings.timezone, home.settings.web.signup
    rows = [
        {
            "id": each.id,
            "recipient": each.recipient,
            "keywords": each.wish.keywords if each.wish else (),
            "schedule": each.wish.schedule if each.wish else "",
            "when": local_time(each.confirmed, zone) if each.confirmed else "",
        }
        for each in accounts.waiting_requests(home)
    ]
    return Shown("requests.html", {"rows": rows[:_MOST_SHOWN], "total": len(rows), "mode": mode})


def sources(home: Home, _query: QueryParams) -> Shown:
    zone = home.settings.timezone
    rows = [
        {
            "name": each.name,
            "kind": each.kind,
            "address": each.address,
            "error": each.error,
            **{
                name: local_time(moment, zone) if moment else ""
                for name, moment in (
                    ("asked", each.asked),
                    ("changed", each.changed),
                    ("failing", each.failing),
                )
            },
        }
        for each in console_pages.source_health(home)
    ]
    return Shown("sources.html", {"rows": rows})


def actions(home: Home, query: QueryParams) -> Shown:
    before = _number(query, "before")
    found = console.actions(home, limit=ROWS + 1, before=before, text=query.get("q", ""))
    rows = [
        {
            "id": each.id,
            "when": local_time(each.at, home.settings.timezone),
            "action": each.action,
            "subject": each.subject,
            "detail": each.detail,
            "client": each.client,
        }
        for each in found[:ROWS]
    ]
    more = _next(query, before=str(rows[-1]["id"])) if len(found) > ROWS else ""
    return Shown("actions.html", {"q": query.get("q", ""), "rows": rows, "next": more})


# The pages of the navigation: path, handler.
PAGES: Mapping[str, Callable[[Home, QueryParams], Shown]] = {
    "": overview,
    "/subscriptions": subscriptions,
    "/readers": readers,
    "/requests": requests,
    "/mail": mail,
    "/runs": runs,
    "/sources": sources,
    "/actions": actions,
}
NAMES = {
    "": "Overview",
    "/subscriptions": "Subscriptions",
    "/readers": "Readers",
    "/requests": "Requests",
    "/mail": "Mail",
    "/runs": "Runs",
    "/sources": "Sources",
    "/actions": "Actions",
}


def _found(query: QueryParams, state: str, states: list[tuple[str, str]]) -> Values:
    return {"q": query.get("q", ""), "state": state, "states": states}


def _choice(query: QueryParams, name: str, known: tuple[str, ...]) -> str:
    value = query.get(name, "")
    return value if value in known else ""


def _number(query: QueryParams, name: str) -> int | None:
    text = query.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


def _next(query: QueryParams, **place: str) -> str:
    """Return the query of the next page."""
    kept = {name: query[name] for name in ("q", "state") if query.get(name)}
    return urlencode({**kept, **place})
