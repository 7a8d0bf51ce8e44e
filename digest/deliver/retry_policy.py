"""What a server's answer means for a message, its recipient and the rest of the run. Pure.

Codes are those of RFC 5321, 4.2 and of RFC 3463 with IANA's registry of enhanced status codes. The class
(4 or 5) is the reply code's; the enhanced code tells what it is about.
"""

import re
from datetime import datetime, timedelta

from digest.model import Delivery, Outcome, Reply

FIRST_RETRY = timedelta(minutes=15)
LONGEST_WAIT = timedelta(hours=8)
GIVE_UP = timedelta(days=5)
_JITTER = 0.25

# There is no such mailbox or domain, or it takes no mail at all: nobody should write there again.
NO_SUCH_ADDRESS = {"1.1", "1.2", "1.3", "1.6", "1.10", "2.1"}
# The address we send from is wrong.
_BAD_SENDER = {"1.7", "1.8"}
MAILBOX_FULL = {"2.2"}
_ENHANCED = re.compile(r"[245]\.(\d{1,3}\.\d{1,3})\b")
UNKNOWN_USER = re.compile(
    r"(user|recipient|mailbox|address|account)\b.{0,20}(unknown|not found|does(n't| not) exist|invalid)"
    r"|(unknown|no such|invalid) (user|recipient|mailbox|address)",
    re.IGNORECASE,
)


def judge(answer: Reply, delivery: Delivery, *, now: datetime, jitter: float) -> Outcome:
    """Decide what becomes of a delivery after this answer. `chance` is from 0 to 1 and spreads retries."""
    reply = str(answer)
    again = retry_at(delivery, now=now, jitter=jitter)
    if 200 <= answer.code < 300:
        return Outcome("sent", reply)
    if answer.code == 0 and answer.stage == "end":
        return Outcome("in_doubt", reply)
    if answer.stage == "connect":
        return _later(delivery, reply, again, now, pause=reply)
    about = _about(answer)
    if answer.stage == "service":  # its codes tell too little to give up: a token may be renewed, a room made
        return _later(delivery, reply, again, now)
    if answer.code < 500 or about in MAILBOX_FULL or (answer.code == 552 and not about):
        return _later(delivery, reply, again, now)
    if answer.stage == "sender" or about in _BAD_SENDER or about.partition(".")[0] in {"3", "7"}:
        return _later(delivery, reply, again, now, pause=reply)
    if about in NO_SUCH_ADDRESS or (not about and _says_unknown(answer)):
        return Outcome("failed", reply, suppress=reply)
    return Outcome("failed", reply)


def retry_at(delivery: Delivery, *, now: datetime, jitter: float) -> datetime:
    """Return when to try again: 15 minutes after the first try, then twice as long each time, up to 8 hours."""
    doublings = min(max(delivery.attempts - 1, 0), 10)
    wait = min(FIRST_RETRY * (1 << doublings), LONGEST_WAIT)
    again = now + wait * (1 + _JITTER * (2 * jitter - 1))
    last = delivery.queued + GIVE_UP
    return min(again, last) if now < last else again


def _later(delivery: Delivery, reply: str, again: datetime, now: datetime, pause: str = "") -> Outcome:
    if now >= delivery.queued + GIVE_UP:
        return Outcome("failed", f"given up after {GIVE_UP.days} days: {reply}", pause=pause)
    return Outcome("deferred", reply, due=again, pause=pause)


def _about(answer: Reply) -> str:
    """Return what an enhanced status code is about, such as `1.1`; "" if there is none."""
    found = _ENHANCED.match(answer.text)
    return found[1] if found else ""


def _says_unknown(answer: Reply) -> bool:
    """Say whether a server without enhanced codes says that there is no such mailbox."""
    return answer.stage == "recipient" and answer.code == 550 and bool(UNKNOWN_USER.search(answer.text))
