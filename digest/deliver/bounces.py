"""What comes back: delivery reports (RFC 3464), complaints (RFC 5965), unsubscriptions by mail. Pure.

A message says which line of the outbox it is about by a signed token: in the return address that we gave
(`bounces+<token>@`), or in the subject of an unsubscription. Who cannot make the token is not believed.
"""

import email
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from typing import Literal

from digest.deliver.message import BOUNCE, UNSUBSCRIBE
from digest.deliver.retry_policy import MAILBOX_FULL, NO_SUCH_ADDRESS, UNKNOWN_USER
from digest.signing import verify_token

Kind = Literal["hard", "soft", "complaint", "unsubscribe", "delayed", "notice", "forged", "other"]

_TOKEN = r"(\d{1,18}-[a-z2-7]{24})"  # noqa: S105 - the form of one
_RETURN = re.compile(rf"\+{_TOKEN}@", re.IGNORECASE)
_LEAVE = re.compile(rf"\bunsubscribe\s+{_TOKEN}\b", re.IGNORECASE)
_CODE = re.compile(r"\b([45])\.(\d{1,3}\.\d{1,3})\b")
_FULL = re.compile(r"(mailbox|quota|storage).{0,30}(full|exceeded|over)|over quota", re.IGNORECASE)
_ADDRESSED = ("To", "Delivered-To", "X-Original-To", "Envelope-To", "Cc")
_SHOWN = 300
_READ = 20_000  # characters of a report without structure


@dataclass(frozen=True, slots=True)
class Bounce:
    """What a message says about a line of the outbox (None: about none of ours). `text` is its reason."""

    kind: Kind
    line: int | None = None
    text: str = ""


def read_bounce(data: bytes, secret: bytes) -> Bounce:
    """Say what a message is. Raises nothing, whatever the bytes are."""
    message = email.message_from_bytes(data)
    leave = _LEAVE.search(_text(message.get("Subject")))
    if leave:
        line = verify_token(secret, UNSUBSCRIBE, leave[1])
        return Bounce("forged") if line is None else Bounce("unsubscribe", line, "unsubscribed by mail")
    tokens = [token for text in _return_addresses(message) for token in _RETURN.findall(text)]
    if not tokens:
        return Bounce("other")
    line = next(
        (found for token in tokens if (found := verify_token(secret, BOUNCE, token)) is not None), None
    )
    if line is None:
        return Bounce("forged")
    kind, text = _judged(message)
    return Bounce(kind, line, " ".join(text.split())[:_SHOWN])


def _return_addresses(message: Message) -> Iterator[str]:
    """Yield the texts that may hold the return address which we gave."""
    for name in _ADDRESSED:
        yield from map(_text, message.get_all(name, []))
    for part in message.walk():
        if part.get_content_type() == "message/feedback-report":
            for block in _blocks(part):
                yield _text(block.get("Original-Mail-From"))
        if part is not message:  # the message that came back
            yield _text(part.get("Return-Path"))


def _judged(message: Message) -> tuple[Kind, str]:
    for part in message.walk():
        if part.get_content_type() == "message/feedback-report":
            return "complaint", "marked as spam by its reader"
        if part.get_content_type() == "message/delivery-status":
            return _report(part)
    if _text(message.get("Auto-Submitted")).lower().startswith("auto-replied") or message.get("X-Autoreply"):
        return "notice", "an automatic answer"
    text = _body(message)
    found = _CODE.search(text)
    if not found and not UNKNOWN_USER.search(text) and not _FULL.search(text):
        return "other", ""
    return _class_of(found[0] if found else "", text)


def _report(part: Message) -> tuple[Kind, str]:
    """Judge a delivery report by the block of its recipient (RFC 3464, 2.3)."""
    for block in _blocks(part):
        action = _text(block.get("Action")).strip().lower()
        if not action:
            continue
        status, diagnosis = _text(block.get("Status")), _text(block.get("Diagnostic-Code"))
        if action == "delayed":
            return "delayed", f"{status} {diagnosis}"
        if action != "failed":
            return "notice", action
        # The other server's own code says more than a general one.
        own = _CODE.search(diagnosis)
        code = own[0] if own and (status.endswith(".0.0") or not _CODE.search(status)) else status
        return _class_of(code, f"{status} {diagnosis}")
    return "other", "a report without a recipient"


def _class_of(code: str, text: str) -> tuple[Kind, str]:
    found = _CODE.search(code)
    about = found[2] if found else ""
    permanent = found is None or found[1] == "5"
    if about in MAILBOX_FULL or (about in {"", "0.0"} and _FULL.search(text)):
        return "soft", text
    if permanent and (about in NO_SUCH_ADDRESS or (about in {"", "0.0"} and UNKNOWN_USER.search(text))):
        return "hard", text
    return "soft", text


def _blocks(part: Message) -> Iterator[Message]:
    """Yield the blocks of fields that a report consists of."""
    payload = part.get_payload()
    if isinstance(payload, list):
        yield from (block for block in payload if isinstance(block, Message))
    elif isinstance(payload, str):
        yield email.message_from_string(payload)


def _body(message: Message) -> str:
    for part in message.walk():
        if part.get_content_maintype() == "text":
            content = part.get_payload(decode=True)
            if isinstance(content, bytes):
                return content[:_READ].decode("utf-8", "replace")
    return ""


def _text(value: object) -> str:
    return "" if value is None else str(value)
