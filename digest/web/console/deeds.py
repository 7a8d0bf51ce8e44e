"""What the forms of the console do, each with what is recorded of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from urllib.parse import quote

from digest.errors import UsageError
from digest.model import Home
from digest.services import accounts, mail, subscription_changes
from digest.services.test_mail import send_test_mail
from digest.services.workspace import Clock
from digest.web.forms import Form


@dataclass(frozen=True, slots=True)
class Done:
    """What was done to what; `then` is the page to show next, with the note of this name."""

    note: str
    then: str
    action: str
    subject: str = ""
    detail: str = ""


Path = Mapping[str, str]  # the parameters in the path of the address
Deed = Callable[[Home, Path, Form], Done]

# What the next page says.
NOTES = {
    "saved": "The subscription is saved. The next run uses it.",
    "paused": "The subscription is paused.",
    "resumed": "The pause is over.",
    "on": "The subscription is on.",
    "off": "The subscription is off.",
    "deleted": "The subscription is deleted.",
    "suppressed": "This address gets no more mail.",
    "allowed": "This address gets mail again.",
    "retried": "The messages are due now. The next delivery sends them.",
    "dropped": "The messages are given up.",
    "approved": "The subscription is made. The next run makes its first issue.",
    "declined": "The request is deleted, and its sender is notified.",
    "invited": "The invitations are queued. Each person has two days to confirm.",
    "tested": "The server has accepted the test mail. What it said is under Actions.",
}


_DIGITS = 18  # of the greatest number of a row


def _page(name: str) -> str:
    return f"/subscriptions/{quote(name, safe='')}"


def _save(home: Home, path: Path, form: Form) -> Done:
    name, text = path["id"], next(iter(form.fields.get("text", ())), "")
    before = subscription_changes.text_of(home, name).text
    subscription_changes.change_subscription(home, name, text, known=form.text("known"))
    return Done("saved", _page(name), "changed a subscription", name, _difference(before, text))


def _difference(before: str, after: str) -> str:
    """Return the lines that a change removed and added."""
    old, new = before.splitlines(), after.splitlines()
    lines = [f"- {line}" for line in old if line not in new] + [
        f"+ {line}" for line in new if line not in old
    ]
    return "\n".join(lines)


def _pause(home: Home, path: Path, form: Form) -> Done:
    try:
        until = date.fromisoformat(form.text("until"))
    except ValueError:
        raise UsageError(f"{form.text('until')!r} is not a valid date; use YYYY-MM-DD") from None
    subscription_changes.pause(home, path["id"], until)
    return Done("paused", _page(path["id"]), "paused a subscription", path["id"], f"until {until}")


def _resume(home: Home, path: Path, _form: Form) -> Done:
    subscription_changes.pause(home, path["id"], None)
    return Done("resumed", _page(path["id"]), "ended a pause", path["id"])


def _on(home: Home, path: Path, _form: Form) -> Done:
    subscription_changes.enable(home, path["id"], enabled=True)
    return Done("on", _page(path["id"]), "turned a subscription on", path["id"])


def _off(home: Home, path: Path, _form: Form) -> Done:
    subscription_changes.enable(home, path["id"], enabled=False)
    return Done("off", _page(path["id"]), "turned a subscription off", path["id"])


def _delete(home: Home, path: Path, form: Form) -> Done:
    if form.text("sure") != "yes":
        raise UsageError("tick the box to delete the subscription for good")
    text = subscription_changes.text_of(home, path["id"]).text
    subscription_changes.delete(home, path["id"])
    return Done("deleted", "/subscriptions", "deleted a subscription", path["id"], text)


def _suppress(home: Home, _path: Path, form: Form) -> Done:
    address, reason = form.text("address"), form.text("reason") or "by the operator"
    mail.suppress(home, address, subscription="", reason=reason, clock=Clock.at(None))
    return Done("suppressed", "/readers", "suppressed an address", address, reason)


def _allow(home: Home, _path: Path, form: Form) -> Done:
    address = form.text("address")
    mail.unsuppress(home, address)
    return Done("allowed", "/readers", "allowed an address", address)


def _change_mail(home: Home, _path: Path, form: Form) -> Done:
    """Make messages due now, or give them up."""
    chosen = [int(each) for each in form.lines("id") if each.isascii() and each.isdigit()]
    clock, what = Clock.at(None), form.text("do")
    if what != "retry-all" and not chosen:
        raise UsageError("choose messages first")
    if what == "drop":
        changed = mail.drop(home, chosen, everything=False, clock=clock)
        note, action = "dropped", "gave up messages"
    else:
        changed = mail.retry(home, [] if what == "retry-all" else chosen, everything=not chosen, clock=clock)
        note, action = "retried", "made messages due"
    to = ", ".join(f"{each.id} ({each.recipient})" for each in changed[:20])
    return Done(note, "/mail", action, str(len(changed)), to)


def _approve(home: Home, path: Path, form: Form) -> Done:
    """Approve a request, or decline it."""
    number, decline = _number(path["number"]), form.has("decline")
    waiting = {each.id: each for each in accounts.waiting_requests(home)}
    decide = accounts.decline if decline else accounts.approve
    if number not in waiting or not decide(home, number, Clock.at(None)):
        raise UsageError("this request no longer waits; somebody has decided, or it was too old")
    found = waiting[number]
    asked = ", ".join(found.wish.keywords) if found.wish else ""
    if decline:
        return Done("declined", "/requests", "declined a request", found.recipient, asked)
    return Done("approved", "/requests", "approved a request", found.recipient, asked)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS else 0


def _invite(home: Home, _path: Path, form: Form) -> Done:
    """Invite people to a subscription; each of them confirms."""
    values: dict[str, object] = {"name": form.text("name"), "keywords": list(form.lines("keywords"))}
    if schedule := form.text("schedule"):
        values["schedule"] = schedule
    found = accounts.invite(home, form.lines("addresses"), values, Clock.at(None))
    return Done(
        "invited",
        "/requests",
        "invited people",
        f"{found} to {values['name']}",
        ", ".join(form.lines("addresses")),
    )


def _test_mail(home: Home, _path: Path, form: Form) -> Done:
    address = form.text("address")
    return Done("tested", "", "sent a test mail", address, send_test_mail(home, address, Clock.at(None)))


# The addresses of the forms below /admin, and what they do.
DEEDS: Mapping[str, Deed] = {
    "/subscriptions/{id}": _save,
    "/subscriptions/{id}/pause": _pause,
    "/subscriptions/{id}/resume": _resume,
    "/subscriptions/{id}/on": _on,
    "/subscriptions/{id}/off": _off,
    "/subscriptions/{id}/delete": _delete,
    "/readers/suppress": _suppress,
    "/readers/allow": _allow,
    "/mail/change": _change_mail,
    "/requests/{number}": _approve,
    "/invitations": _invite,
    "/test-mail": _test_mail,
}
