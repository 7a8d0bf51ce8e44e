"""Reads bounces, feedback reports (RFC 5965) and unsubscribe emails. Pure.

A message refers to a line of the outbox by a signed token: in the return path of the sent message
(`bounces+<token>@`), in another header of that message, which reports quote, or in the subject of an unsubscribe
mail. Messages without a valid token have no effect.
"""

import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote

from digest.deliver.delivery_reports import (
    Recipient,
    is_warning,
    plain_report,
    recipients_in,
    report_of,
    texts_of,
)
from digest.deliver.diagnosis import address_of, judge, names_full_mailbox, refuses_dead_address
from digest.signing import (
    BOUNCE,
    CODE_LENGTH,
    MESSAGE,
    SHORTEST_CODE,
    UNSUBSCRIBE,
    UnsubscribeCode,
    read_unsubscribe_code,
    verify_token,
)
from digest.text import mail
from digest.text.mail import Part

Kind = Literal[
    "hard", "soft", "complaint", "unsubscribe", "delayed", "notice", "forged", "other", "unreadable"
]

_TOKEN = r"(\d{1,18}-[a-z2-7]{24})"  # noqa: S105 - a pattern
_RETURN = re.compile(rf"\+(\d{{1,18}}-[a-z2-7]{{{SHORTEST_CODE},{CODE_LENGTH}}})@", re.IGNORECASE)
_LEAVING = r"(?:\.[a-z0-9-]{1,64}\.[a-z2-7]{24}\.[a-z2-7]{24})?"  # who leaves what, after the token
_UNSUBSCRIBE = re.compile(
    rf"\bunsubscribe(?:\s|%20|[+_:<\"']|=20)+(?P<code>{_TOKEN}{_LEAVING})\b", re.IGNORECASE
)
# Where the headers of a sent message have its token: List-Unsubscribe, Message-ID and the return path.
_QUOTED = re.compile(rf"(?:unsubscribe(?:%20|/|\+| )|[.+]){_TOKEN}\b", re.IGNORECASE)
_ADDRESSED = (
    "To",
    "Delivered-To",
    "X-Original-To",
    "Envelope-To",
    "Cc",
    "X-Envelope-To",
    "Original-Recipient",
)
_AUTOMATIC = re.compile(
    r"automat\w*[- ](?:reply|response|antwort|answer)|auto[- ]?(?:reply|response|antwort|respuesta)|out of (?:the )?office|abwesen|réponse automatique|"
    r"respuesta automática|risposta automatica|resposta automática|automatisch antwoord|автоответ|自動応答|自动答复|自動回覆|\bvacation\b|on leave|away from",
    re.IGNORECASE,
)
_RETURNED_MAIL = re.compile(r"^Returned mail: (.*)", re.IGNORECASE)  # sendmail gives the reason there
_REASON = re.compile(r"^ *\(reason: (.{1,500})\) *$", re.MULTILINE)  # sendmail's, of the server that refused
_COMPLAINT = re.compile(r"^complaint about message from \d", re.IGNORECASE)  # Outlook.com's programme (JMRP)
# Subtypes of permanent bounces of Amazon SES: no such mailbox, or one that SES sends no mail to.
_SES_DEAD = frozenset({"NoEmail", "Suppressed", "OnAccountSuppressionList"})
# Types of feedback that tell nothing about the reader's wish (RFC 5965, 6430, 6591).
_NO_COMPLAINTS = frozenset({"not-spam", "auth-failure", "virus", "dmarc", "dkim"})
_REJECTED = re.compile(r"was automatically rejected:\s*(.{1,200})")
_ADDRESS = re.compile(r"[^<>\s,;:\"@]{1,64}@[^<>\s,;:\"@]{1,253}")
_LONGEST_REASON = 300
_LONGEST_SEARCHED = 400_000  # characters of a message in which a token is looked for
_MOST_TOKENS = 100


@dataclass(frozen=True, slots=True)
class Bounce:
    """What a message reports about a line of the outbox, None if it refers to none. `text` is the reason.

    `code` is that of a request to unsubscribe; it may say more than the line.
    """

    kind: Kind
    line: int | None = None
    text: str = ""
    code: UnsubscribeCode | None = None


def read_bounce(data: bytes, secret: bytes, keys: Collection[bytes] = ()) -> Bounce:
    """Classify a message, with the keys of departures. Raises nothing, whatever the bytes are."""
    try:
        return _classify_message(data, secret, keys)
    except Exception as error:  # noqa: BLE001 - anybody can send anything here, and it must not stop the mail
        return Bounce("unreadable", text=f"cannot be parsed ({type(error).__name__})")


def _classify_message(data: bytes, secret: bytes, keys: Collection[bytes]) -> Bounce:
    message = mail.parse(data)
    if message.problem:
        return Bounce("unreadable", text=message.problem)
    if message.kind.startswith("multipart/") and not message.parts:  # its boundary is missing
        message.body = data.replace(b"\r\n", b"\n").partition(b"\n\n")[2]
    if (unsubscribe := _UNSUBSCRIBE.search(_subject(message))) is not None:
        return _unsubscribed(read_unsubscribe_code(secret, keys, unsubscribe["code"]))
    kind, text = _classify(message)
    if kind == "other" and (code := _unsubscribed_in_body(message, secret, keys)) is not None:
        return _unsubscribed(code)
    line, claimed = _line_of(message, data, secret, quoted=kind != "other")
    if line is None:
        return Bounce("forged" if claimed else "other")
    return Bounce(kind, line, " ".join(text.split())[:_LONGEST_REASON])


def _unsubscribed(code: UnsubscribeCode | None) -> Bounce:
    return Bounce("unsubscribe", code.line, "unsubscribed by mail", code) if code else Bounce("forged")


def _unsubscribed_in_body(message: Part, secret: bytes, keys: Collection[bytes]) -> UnsubscribeCode | None:
    """Return the code of a request to unsubscribe that is in the text, on a line of its own."""
    for text in texts_of(message):
        for line in text.splitlines()[:50]:
            if (found := _UNSUBSCRIBE.fullmatch(line.lstrip("\t <\"'").rstrip("\t >\"'."))) is not None:
                return read_unsubscribe_code(secret, keys, found["code"])
    return None


def _line_of(message: Part, data: bytes, secret: bytes, *, quoted: bool) -> tuple[int | None, bool]:
    """Return the line that a message is about, and whether it claims to be about any.

    With `quoted`, it is also found by a token in the message that is returned.
    """
    tokens = [token for text in _return_addresses(message) for token in _RETURN.findall(text)]
    for each in tokens:
        if (line := verify_token(secret, BOUNCE, each, shortest=SHORTEST_CODE)) is not None:
            return line, True
    if not quoted:
        return None, bool(tokens)
    for number, each in enumerate(_quoted_tokens(message, data)):
        if number > _MOST_TOKENS:
            break
        for purpose in (BOUNCE, UNSUBSCRIBE, MESSAGE):
            if (line := verify_token(secret, purpose, each)) is not None:
                return line, True
    return None, bool(tokens)


def _return_addresses(message: Part) -> Iterator[str]:
    """Yield the texts that may contain the return path of the message that was sent."""
    for name in _ADDRESSED:
        yield from message.values(name)
    for part in message.walk():
        if part.kind == "message/feedback-report":
            yield _content(part)
        if part is not message:  # the returned message
            yield part.get("Return-Path")


def _quoted_tokens(message: Part, data: bytes) -> Iterator[str]:
    """Yield what may be tokens, from the bytes of a message and from its parts in their encodings."""
    yield from _QUOTED.findall(data[:_LONGEST_SEARCHED].decode("latin-1"))
    for part in message.walk():
        if not part.parts and part.get("Content-Transfer-Encoding"):
            yield from _QUOTED.findall(_content(part)[:_LONGEST_SEARCHED])


def _content(part: Part) -> str:
    return part.content().decode("utf-8", "replace")


def _classify(message: Part) -> tuple[Kind, str]:
    """Return what kind of message this is, whoever it is about, and the reason."""
    for part in message.own_parts():
        if part.kind == "message/feedback-report":
            return _classify_feedback(part)
        if part.kind.startswith("message/") and "disposition-notification" in part.kind:
            return "notice", "a receipt"
    recipients = report_of(message)
    texts = texts_of(message)
    if recipients is not None:
        if not recipients:  # it is a report by its structure, and says the rest in words
            return _classify_plain(message, plain_report(message) or "\n".join(texts))
        return _classify_report(recipients, texts, _own_addresses(message))
    if (notification := _json_notification(texts)) is not None:
        return _classify_notification(notification)
    subject = _subject(message)
    if _COMPLAINT.search(subject) and any(each.kind == "message/rfc822" for each in message.own_parts()):
        return "complaint", "marked as spam by the reader"
    plain = plain_report(message)
    if plain is None or (_AUTOMATIC.search(subject) and not message.get("X-Failed-Recipients")):
        automatic = _is_automatic(message) or bool(_AUTOMATIC.search(subject))
        return ("notice", "an automatic reply") if automatic else ("other", "")
    return _classify_plain(message, plain)


def _is_automatic(message: Part) -> bool:
    submitted = message.get("Auto-Submitted").lower()
    return submitted.startswith("auto") or any(
        message.get(name) for name in ("X-Autoreply", "X-Autorespond", "X-Auto-Response-Suppress")
    )


def _classify_feedback(part: Part) -> tuple[Kind, str]:
    found = re.search(r"^feedback-type\s*:[\s\"']*([a-z_-]+)", _content(part), re.IGNORECASE | re.MULTILINE)
    kind = found[1].lower().replace("_", "-") if found else "abuse"
    if kind in _NO_COMPLAINTS:
        return "notice", f"a report of the type {kind}"
    return "complaint", "marked as spam by the reader"


def _own_addresses(message: Part) -> frozenset[str]:
    """Return the addresses, in lower case, from which the returned message was sent."""
    returned = [each for each in message.messages() if each is not message]
    texts = [each.get(name) for each in returned for name in ("From", "Return-Path", "Sender")]
    return frozenset(each.lower() for text in texts for each in _ADDRESS.findall(text[:1000]))


def _speaks_of(own: frozenset[str], recipient: Recipient) -> bool:
    """Return whether the reply about a recipient names an address of the sender instead."""
    about = address_of(recipient.diagnostic)
    return about in own and about not in recipient.final.lower()


def _classify_report(
    recipients: tuple[Recipient, ...], texts: list[str], own: frozenset[str] = frozenset()
) -> tuple[Kind, str]:
    """Return kind and reason of a delivery report (RFC 3464, 2.3). `own` are addresses of the sender."""
    if not recipients:
        return "other", "a report without a recipient"
    failed = [each for each in recipients if each.failed]
    if failed:
        # Of an address with several members, one that is dead does not make it a dead address.
        reached = any(each.action in {"delivered", "relayed"} for each in recipients)
        verdicts = [
            "soft" if _speaks_of(own, each) else judge(each.status, each.diagnostic, texts) for each in failed
        ]
        # Dovecot returns a mail that does not fit into a full mailbox with the status of an unknown one.
        full = any(names_full_mailbox(each) for text in texts for each in _REJECTED.findall(text))
        dead = not (reached or full) and all(verdict == "hard" for verdict in verdicts)
        return "hard" if dead else "soft", failed[0].text
    for each in recipients:
        if each.action.startswith("delay"):
            # "Delivery time expired" (RFC 3463, X.4.7).
            return "soft" if "4.4.7" in each.status else "delayed", each.text
    return "notice", next((each.action for each in recipients if each.action), "a report without an action")


def _classify_plain(message: Part, text: str) -> tuple[Kind, str]:
    """Return kind and reason of a report without RFC 3464, or with its fields in the text.

    A warning is soft here: that the server still tries is certain only from the field Action.
    """
    failed = [each for each in recipients_in(text) if each.action.startswith("fail")]
    if failed:
        return _classify_report(tuple(failed), [text])
    if is_warning(message, text):
        return "soft", text
    if verdicts := [judge("", each) for each in _REASON.findall(text)]:
        return ("hard" if set(verdicts) == {"hard"} else "soft"), text
    reasons = _RETURNED_MAIL.findall(_subject(message))
    dead = any(judge("", each) == "hard" for each in reasons) or any(
        map(refuses_dead_address, text.splitlines())
    )
    return "hard" if dead else judge("", text), text


def _json_notification(texts: list[str]) -> dict[str, object] | None:
    """Return the notification of Amazon SES in a mail of Amazon SNS, or None."""
    for text in texts:
        if text.lstrip().startswith("{"):
            found = _json_object(text.lstrip())
            found = _json_object(str(found["Message"])) if "Message" in found else found
            if "notificationType" in found or "eventType" in found:
                return found
    return None


def _json_object(text: str) -> dict[str, object]:
    """Return the JSON object at the start of a text, whose strings may be folded, or {}."""
    try:
        found, _ = json.JSONDecoder(strict=False).raw_decode(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _classify_notification(notification: dict[str, object]) -> tuple[Kind, str]:
    kind = str(notification.get("notificationType") or notification.get("eventType")).lower()
    if kind == "complaint":
        return "complaint", "marked as spam by the reader"
    bounce = notification.get("bounce")
    if kind != "bounce" or not isinstance(bounce, dict):
        return "notice", kind
    listed = bounce.get("bouncedRecipients")
    first = next((each for each in listed if isinstance(each, dict)), {}) if isinstance(listed, list) else {}
    status, text = str(first.get("status") or ""), str(first.get("diagnosticCode") or "")
    subtype = str(bounce.get("bounceSubType") or "")
    # "General" is a hard bounce without a reason, which a report of the server may have given all the same.
    unsaid = {"General", ""} if not (status or text) else set()
    if bounce.get("bounceType") == "Permanent" and subtype in _SES_DEAD | unsaid:
        return "hard", f"{status} {text}".strip() or "a permanent failure without a reason (Amazon SES)"
    return judge(status, text or subtype), f"{status} {text}"


def _subject(message: Part) -> str:
    return unquote(message.get("Subject"))
