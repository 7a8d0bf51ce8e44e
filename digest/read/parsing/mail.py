"""E-mail messages in a file: one message (`.eml`, a file of a Maildir), or an mbox with several.

Headers are decoded by RFC 2047; one that cannot be decoded is kept as it is. Nothing here raises.
"""

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING

from digest.ports import Document
from digest.read import file_types
from digest.read.decode import decode
from digest.read.parsing.dates import day_of

if TYPE_CHECKING:
    from email.message import Message as Mail

_FROM_LINE = re.compile(rb"(?:\A|(?<=\n\n)|(?<=\n\r\n))From [^\r\n]+\r?\n(?=[A-Za-z-]+:)")
_QUOTED_FROM = re.compile(rb"^>(>*From )", re.MULTILINE)
_MOST_PARTS = 200


@dataclass(frozen=True, slots=True)
class Message:
    """A message: the line of the file on which it begins (from 1), its headers and its text parts.

    `cut` is set if the closing boundary is missing.
    """

    line: int
    subject: str
    sender: str
    sent: date | None
    plain: tuple[str, ...]
    html: tuple[str, ...]
    cut: bool


def messages(document: Document) -> tuple[Message, ...]:
    """Return the messages in a file; an empty tuple if the file is not mail."""
    return _messages(document.data) if is_mail(document) else ()


def is_mail(document: Document) -> bool:
    """Return whether a document is an email message or an mbox."""
    if _FROM_LINE.match(document.data):
        return True
    head = document.text if document.text is not None else document.data[:4000].decode("latin-1")
    return file_types.is_mail(head)


@lru_cache(maxsize=1)
def _messages(data: bytes) -> tuple[Message, ...]:
    starts = [match.start() for match in _FROM_LINE.finditer(data)] if _FROM_LINE.match(data) else []
    if not starts:
        return (_message(data.lstrip(b"\r\n"), 1),)
    found, line, previous = [], 1, 0
    for start, end in zip(starts, [*starts[1:], len(data)], strict=True):
        line += data.count(b"\n", previous, start)
        previous = start
        found.append(_message(_QUOTED_FROM.sub(rb"\1", data[start:end].partition(b"\n")[2]), line))
    return tuple(found)


def _message(data: bytes, line: int) -> Message:
    from email import message_from_bytes
    from email.errors import CloseBoundaryNotFoundDefect

    mail = message_from_bytes(data)
    parts = list(_parts(mail))
    return Message(
        line=line,
        subject=_header(mail, "Subject"),
        sender=_header(mail, "From"),
        sent=day_of(_header(mail, "Date")),
        plain=tuple(text for kind, text in parts if kind == "text/plain"),
        html=tuple(text for kind, text in parts if kind == "text/html"),
        cut=any(isinstance(defect, CloseBoundaryNotFoundDefect) for defect in mail.defects),
    )


def _parts(mail: "Mail") -> list[tuple[str, str]]:
    """Return type and text of the parts of a message, without attachments."""
    found: list[tuple[str, str]] = []
    try:
        for number, part in enumerate(mail.walk()):
            if number > _MOST_PARTS:
                break
            if not part.is_multipart() and part.get_content_disposition() != "attachment":
                found.append((part.get_content_type(), _text(part)))
    except (RecursionError, ValueError, TypeError, AttributeError, LookupError):
        return found  # the headers of a part cannot be parsed
    return found


def _text(part: "Mail") -> str:
    payload = part.get_payload(decode=True)
    data = payload if isinstance(payload, bytes) else b""
    charset = part.get_content_charset() or "utf-8"
    try:
        return data.decode(charset)
    except (LookupError, ValueError):
        return decode(data).text or data.decode("utf-8", "replace")


def _header(mail: "Mail", name: str) -> str:
    from email.errors import HeaderParseError
    from email.header import decode_header, make_header

    value = mail.get(name, "")
    try:
        text = str(make_header(decode_header(value)))
    except (HeaderParseError, LookupError, ValueError, TypeError, AttributeError):
        text = str(value)
    return " ".join(text.split())
