"""What a server's reply means for a message, its recipient and the rest of the delivery run. Pure.

Codes are those of RFC 5321, 4.2 and of RFC 3463 with IANA's registry of enhanced status codes. The class
(4 or 5) comes from the reply code, the subject from the enhanced status code.
"""

from datetime import datetime, timedelta

from digest.deliver.diagnosis import (
    MAILBOX_FULL,
    address_of,
    codes_in,
    judge,
    limits_the_account,
    names_full_mailbox,
    speaks_of_sender,
)
from digest.model import Delivery, Outcome, Reply

FIRST_RETRY = timedelta(minutes=15)
LONGEST_WAIT = timedelta(hours=8)
GIVE_UP = timedelta(days=5)
GIVEN_UP = "given up after"  # how the reason begins
_JITTER = 0.25
_BAD_SENDER = {"1.7", "1.8"}  # the address of the sender is invalid

REFUSALS = 3  # attempts at a recipient whom the server refuses for another reason than a dead address


def outcome_of(
    reply: Reply, delivery: Delivery, *, now: datetime, jitter: float, alone: bool = True
) -> Outcome:
    """Return the outcome of an attempt with this reply.

    `jitter` is from 0 to 1 and spreads retries. `alone`: a recipient that was refused before, since when others were
    accepted.
    """
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
    return _refused(reply, delivery, again, now, alone=alone)


def _refused(reply: Reply, delivery: Delivery, again: datetime, now: datetime, *, alone: bool) -> Outcome:
    """Return the outcome of a refusal.

    What is said of the sender or of the account pauses the delivery run. At RCPT it may be about the recipient
    alone: `digest.deliver.refusals` pauses the run if others meet the same.
    """
    text, subject = str(reply), _subject(reply)
    if reply.code < 500 or (reply.code == 552 and not subject):
        return _deferred(delivery, text, again, now)
    if reply.stage == "sender" or limits_the_account(reply.text):
        return _deferred(delivery, text, again, now, pause=text)
    about = address_of(reply.text)
    of_other = bool(about) and about != delivery.recipient.lower()
    if not of_other and judge(_status(reply), reply.text) == "hard":
        return Outcome("failed", text, suppress=text)
    if subject in MAILBOX_FULL or names_full_mailbox(reply.text):
        return _deferred(delivery, text, again, now)
    of_sender = of_other or speaks_of_sender(reply.text) or subject in _BAD_SENDER
    of_policy = subject.partition(".")[0] in {"3", "7"}
    if reply.stage != "recipient":
        return (
            _deferred(delivery, text, again, now, text) if of_sender or of_policy else Outcome("failed", text)
        )
    if of_sender or (of_policy and (delivery.attempts < REFUSALS or not alone)):
        return _deferred(delivery, text, again, now)
    return Outcome(
        "failed", f"undeliverable, refused {delivery.attempts} times: {text}" if of_policy else text
    )


def failed_because_of_us(delivery: Delivery) -> bool:
    """Return whether a message has failed although nothing says that its recipient is at fault.

    It was given up after days without a success, or refused for the sender or for a limit of the account.
    """
    if delivery.status != "failed" or delivery.reply.startswith("bounced: "):
        return False
    reply = delivery.reply
    return reply.startswith(GIVEN_UP) or limits_the_account(reply) or speaks_of_sender(reply)


def retry_at(delivery: Delivery, *, now: datetime, jitter: float) -> datetime:
    """Return the time of the next attempt: after 15 minutes, then twice as long each time, up to 8 hours."""
    doublings = min(max(delivery.attempts - 1, 0), 10)
    wait = min(FIRST_RETRY * (1 << doublings), LONGEST_WAIT)
    again = now + wait * (1 + _JITTER * (2 * jitter - 1))
    last = delivery.queued + GIVE_UP
    return min(again, last) if now < last else again


def _deferred(delivery: Delivery, reply: str, again: datetime, now: datetime, pause: str = "") -> Outcome:
    if now >= delivery.queued + GIVE_UP:
        return Outcome("failed", f"{GIVEN_UP} {GIVE_UP.days} days: {reply}", pause=pause)
    return Outcome("deferred", reply, due=again, pause=pause)


def _subject(reply: Reply) -> str:
    """Return subject and detail of the enhanced status code, such as `1.1`; "" without one."""
    return _status(reply)[2:]


def _status(reply: Reply) -> str:
    """Return the enhanced status code at the beginning of a reply; "" without one."""
    first = reply.text.partition(" ")[0]
    found = codes_in(first)
    return ".".join(found[0]) if found else ""
