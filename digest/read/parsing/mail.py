"""Email messages in a file: one message (`.eml`, a file of a Maildir), or an mbox with several.

Messages inside messages, attached or forwarded, are messages of their own. Nothing here raises.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from digest.ports import Document
from digest.read import file_types
from digest.read.decode import decode
from digest.read.parsing.dates import day_of
from digest.text import mail
from digest.text.mail import Part

_FROM_LINE = re.compile(rb"(?:\A|(?<=\n\n)|(?<=\n\r\n))From [^\r\n]+\r?\n(?=[A-Za-z-]+:)")
_OUTLOOK = (".msg", "winmail.dat")
_QUOTED_FROM = re.compile(rb"^>(>*From )", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Message:
    """A message: the line of the file on which the outermost one begins (from 1), its headers and its text parts.

    `cut` is set if the closing boundary is missing. `problem` says which limit the outermost message exceeds.
    `wraps` is set if other messages are inside this one; they follow it. `unread` names attached messages in a format
    that is not read: Outlook's `.msg` and `winmail.dat`.
    """

    line: int
    subject: str
    sender: str
    sent: date | None
    plain: tuple[str, ...]
    html: tuple[str, ...]
    cut: bool = False
    problem: str = ""
    wraps: bool = False
    unread: tuple[str, ...] = ()


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
        return tuple(_message(data.lstrip(b"\r\n"), 1))
    found: list[Message] = []
    line, previous = 1, 0
    for start, end in zip(starts, [*starts[1:], len(data)], strict=True):
        line += data.count(b"\n", previous, start)
        previous = start
        found += _message(_QUOTED_FROM.sub(rb"\1", data[start:end].partition(b"\n")[2]), line)
    return tuple(found)


def _message(data: bytes, line: int) -> Iterator[Message]:
    """Yield a message, and then the messages inside it, in their order."""
    root = mail.parse(data)
    for message in root.messages():
        own = list(message.own_parts())
        yield Message(
            line=line,
            subject=message.get("Subject"),
            sender=message.get("From"),
            sent=day_of(message.get("Date")),
            plain=tuple(_text(part) for part in own if part.kind == "text/plain" and not part.parts),
            html=tuple(_text(part) for part in own if part.kind == "text/html"),
            cut=any(part.cut for part in own),
            problem=root.problem,
            wraps=any(part.wraps for part in own),
            unread=tuple(part.filename for part in own if part.filename.lower().endswith(_OUTLOOK)),
        )


def _text(part: Part) -> str:
    data = part.content()
    found = mail.decode_charset(data, part.parameters.get("charset", "").strip("'") or "utf-8")
    return found if found is not None else decode(data).text or data.decode("utf-8", "replace")
