"""What a server's reply means for a message, its recipient and the rest of the delivery run. Pure.

Codes are those of RFC 5321, 4.2 and of RFC 3463 with IANA's registry of enhanced status codes. The class
(4 or 5) comes from the reply code, the subject from the enhanced status code.
"""

import re
from datetime import datetime, timedelta

from digest.model import Delivery, Outcome, Reply

FIRST_RETRY = timedelta(minutes=15)
LONGEST_WAIT = timedelta(hours=8)
GIVE_UP = timedelta(days=5)
_JITTER = 0.25

# The mailbox or the domain does not exist, or accepts no mail at all: the address is suppressed.
NO_SUCH_ADDRESS = {"1.1", "1.2", "1.3", "1.6", "1.10", "2.1"}
# The sender's address is invalid.
_BAD_SENDER = {"1.7", "1.8"}
MAILBOX_FULL = {"2.2"}
_ENHANCED = re.compile(r"[245]\.(\d{1,3}\.\d{1,3})\b")
UNKNOWN_USER = re.compile(
    r"(user|recipient|mailbox|address|account)\b.{0,20}(unknown|not found|does(n't| not) exist|invalid)"
    r"|(unknown|no such|invalid) (user|recipient|mailbox|address)",
    re.IGNORECASE,
)


def outcome_of(reply: Reply, delivery: Delivery, *, now: datetime, jitter: float) -> Outcome:
    """Return the outcome of an attempt with this reply. `jitter` is from 0 to 1 and spreads retries."""
    text = str(reply)
    again = retry_at(delivery, now=now, jitter=jitter)
    if 200 <= reply.code < 300:
        return Outcome("sent", text)
    if reply.code == 0 and reply.stage == "end":
        return Outcome("in_doubt", text)
    if reply.stage == "address":  # our own check, which is never held against the recipient
        return Outcome("failed", text)
    if reply.stage == "connect":
        return _deferred(delivery, text, again, now, pause=text)
    # The codes of a chat service are not a reason to give up: a token may be renewed, a room may be created.
    if reply.stage == "service":
        return _deferred(delivery, text, again, now)
    subject = _subject(reply)
    if reply.code < 500 or subject in MAILBOX_FULL or (reply.code == 552 and not subject):
        return _deferred(delivery, text, again, now)
    if reply.stage == "sender" or subject in _BAD_SENDER or subject.partition(".")[0] in {"3", "7"}:
        return _deferred(delivery, text, again, now, pause=text)
    if subject in NO_SUCH_ADDRESS or (not subject and _is_unknown_user(reply)):
        return Outcome("failed", text, suppress=text)
    return Outcome("failed", text)


def retry_at(delivery: Delivery, *, now: datetime, jitter: float) -> datetime:
    """Return the time of the next attempt: after 15 minutes, then twice as long each time, up to 8 hours."""
    doublings = min(max(delivery.attempts - 1, 0), 10)
    wait = min(FIRST_RETRY * (1 << doublings), LONGEST_WAIT)
    again = now + wait * (1 + _JITTER * (2 * jitter - 1))
    last = delivery.queued + GIVE_UP
    return min(again, last) if now < last else again


def _deferred(delivery: Delivery, reply: str, again: datetime, now: datetime, pause: str = "") -> Outcome:
    if now >= delivery.queued + GIVE_UP:
        return Outcome("failed", f"given up after {GIVE_UP.days} days: {reply}", pause=pause)
    return Outcome("deferred", reply, due=again, pause=pause)


def _subject(reply: Reply) -> str:
    """Return subject and detail of the enhanced status code, such as `1.1`; "" without one."""
    found = _ENHANCED.match(reply.text)
    return found[1] if found else ""


def _is_unknown_user(reply: Reply) -> bool:
    """Return whether a reply without enhanced status code means that there is no such mailbox."""
    return reply.stage == "recipient" and reply.code == 550 and bool(UNKNOWN_USER.search(reply.text))
