"""Reads bounces (RFC 3464), complaints (RFC 5965) and unsubscribe emails. Pure.

A message refers to a line of the outbox by a signed token: in the return path of the sent message
(`bounces+<token>@`), or in the subject of an unsubscribe mail. Messages without a valid token have no effect.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from digest.deliver.retry_policy import MAILBOX_FULL, NO_SUCH_ADDRESS, UNKNOWN_USER
from digest.signing import BOUNCE, UNSUBSCRIBE, verify_token
from digest.text import mail
from digest.text.mail import Part

Kind = Literal[
    "hard", "soft", "complaint", "unsubscribe", "delayed", "notice", "forged", "other", "unreadable"
]

_TOKEN = r"(\d{1,18}-[a-z2-7]{24})"  # noqa: S105 - a pattern
_RETURN = re.compile(rf"\+{_TOKEN}@", re.IGNORECASE)
_UNSUBSCRIBE_SUBJECT = re.compile(rf"\bunsubscribe\s+{_TOKEN}\b", re.IGNORECASE)
_CODE = re.compile(r"\b([45])\.(\d{1,3}\.\d{1,3})\b")
_FULL = re.compile(r"(mailbox|quota|storage).{0,30}(full|exceeded|over)|over quota", re.IGNORECASE)
_ADDRESSED = ("To", "Delivered-To", "X-Original-To", "Envelope-To", "Cc")
_LONGEST_REASON = 300
_LONGEST_READ = 20_000  # characters of a bounce without delivery report


@dataclass(frozen=True, slots=True)
class Bounce:
    """What a message reports about a line of the outbox, None if it refers to none. `text` is the reason."""

    kind: Kind
    line: int | None = None
    text: str = ""


def read_bounce(data: bytes, secret: bytes) -> Bounce:
    """Classify a message. Raises nothing, whatever the bytes are."""
    try:
        return _classify_message(data, secret)
    except Exception as error:  # noqa: BLE001 - anybody can send anything here, and it must not stop the mail
        return Bounce("unreadable", text=f"cannot be parsed ({type(error).__name__})")


def _classify_message(data: bytes, secret: bytes) -> Bounce:
    message = mail.parse(data)
    if message.problem:
        return Bounce("unreadable", text=message.problem)
    unsubscribe = _UNSUBSCRIBE_SUBJECT.search(message.get("Subject"))
    if unsubscribe:
        line = verify_token(secret, UNSUBSCRIBE, unsubscribe[1])
        return Bounce("forged") if line is None else Bounce("unsubscribe", line, "unsubscribed by mail")
    tokens = [token for text in _return_addresses(message) for token in _RETURN.findall(text)]
    if not tokens:
        return Bounce("other")
    line = next(
        (found for token in tokens if (found := verify_token(secret, BOUNCE, token)) is not None), None
    )
    if line is None:
        return Bounce("forged")
    kind, text = _classify(message)
    return Bounce(kind, line, " ".join(text.split())[:_LONGEST_REASON])


def _return_addresses(message: Part) -> Iterator[str]:
    """Yield the texts that may contain the return path of the message that was sent."""
    for name in _ADDRESSED:
        yield from message.values(name)
    for part in message.walk():
        if part.kind == "message/feedback-report":
            for block in mail.header_blocks(part):
                yield block.get("Original-Mail-From")
        if part is not message:  # the returned message
            yield part.get("Return-Path")


def _classify(message: Part) -> tuple[Kind, str]:
    """Return the kind of a message that has a valid token, and the reason."""
    for part in message.walk():
        if part.kind == "message/feedback-report":
            return "complaint", "marked as spam by the reader"
        if part.kind == "message/delivery-status":
            return _classify_report(part)
    if message.get("Auto-Submitted").lower().startswith("auto-replied") or message.get("X-Autoreply"):
        return "notice", "an automatic reply"
    text = _body(message)
    found = _CODE.search(text)
    if not found and not UNKNOWN_USER.search(text) and not _FULL.search(text):
        return "other", ""
    return _hard_or_soft(found[0] if found else "", text)


def _classify_report(part: Part) -> tuple[Kind, str]:
    """Return kind and reason of a delivery report, from the block of its recipient (RFC 3464, 2.3)."""
    for block in mail.header_blocks(part):
        action = block.get("Action").strip().lower()
        if not action:
            continue
        status, diagnostic = block.get("Status"), block.get("Diagnostic-Code")
        if action == "delayed":
            return "delayed", f"{status} {diagnostic}"
        if action != "failed":
            return "notice", action
        # The code in the reply of the other server is more specific than a general status.
        specific = _CODE.search(diagnostic)
        code = specific[0] if specific and (status.endswith(".0.0") or not _CODE.search(status)) else status
        return _hard_or_soft(code, f"{status} {diagnostic}")
    return "other", "a report without a recipient"


def _hard_or_soft(code: str, text: str) -> tuple[Kind, str]:
    found = _CODE.search(code)
    subject = found[2] if found else ""
    general = subject in {"", "0.0"}
    permanent = found is None or found[1] == "5"
    if subject in MAILBOX_FULL or (general and _FULL.search(text)):
        return "soft", text
    if permanent and (subject in NO_SUCH_ADDRESS or (general and UNKNOWN_USER.search(text))):
        return "hard", text
    return "soft", text


def _body(message: Part) -> str:
    """Return the beginning of the first text part."""
    for part in message.walk():
        if part.kind.startswith("text/") and not part.parts:
            return part.content()[:_LONGEST_READ].decode("utf-8", "replace")
    return ""
