"""An issue as an email: a multipart/alternative message without recipient and unsubscribe token.

Headers are not written by `EmailMessage`, because its folding differs between versions of Python and it raises
on names that papers and readers do have.
"""

import binascii
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email import base64mime
from email.utils import format_datetime

from digest.text.addresses import mailbox
from digest.text.clean import shorten
from digest.text.headers import one_line, phrase, unstructured

_ADDRESS = re.compile(r"(?P<name>[^<>]*)<(?P<address>[^<>]*)>")
_ESCAPED = b"=" + bytes(range(0x80, 0x100))
_SURROGATE = re.compile("[\ud800-\udfff]")
_SUBJECT_LENGTH = 250
# An mbox begins a message at such a line, so programs that write one change it, and signatures no longer agree.
_FROM = re.compile(r"^From( [^\r\n]*)", re.MULTILINE)
_LONGEST_LINE = 76  # of quoted-printable (RFC 2045, 6.7)


@dataclass(frozen=True, slots=True)
class Envelope:
    """The values of an email's headers.

    `to` is the name of a group without members, so the email contains no address of a reader. `list_id` and `stem`
    identify the list and the issue; with `host` they make List-Id and Message-ID, the same every time. Letters have
    no `list_id`.
    """

    subject: str
    sender: str
    to: str
    date: datetime
    list_id: str
    stem: str
    host: str


def message(envelope: Envelope, text: str, html: str) -> bytes:
    """Return the bytes of an email: short lines that end in CRLF, headers in ASCII."""
    host, to = envelope.host, envelope.to
    list_id, stem = _token(envelope.list_id), _token(envelope.stem)
    key = f"{stem}.{list_id}@{host}" if envelope.list_id else f"{stem}@{host}"
    boundary = "=_" + hashlib.sha256(key.encode()).hexdigest()[:32]
    headers = (
        ("From", _sender(envelope.sender, host)),
        ("To", _group(to)),
        ("Subject", unstructured(shorten(one_line(envelope.subject), _SUBJECT_LENGTH))),
        ("Date", format_datetime(envelope.date)),
        ("Message-ID", f"<{key}>"),
        *((("List-Id", f"{phrase(to)} <{list_id}.{host}>"),) if envelope.list_id else ()),
        ("Auto-Submitted", "auto-generated"),
        ("MIME-Version", "1.0"),
        ("Content-Type", f'multipart/alternative;\r\n boundary="{boundary}"'),
    )
    lines = [f"{name}: {value}" for name, value in headers]
    for kind, content in (("plain", text), ("html", html)):
        lines += ["", f"--{boundary}", *_part(kind, content)]
    lines += ["", f"--{boundary}--", ""]
    return "\r\n".join(lines).encode("ascii")


def _part(kind: str, content: str) -> Iterator[str]:
    content = content.replace("\r\n", "\n").replace("\r", "\n")
    try:
        data = content.encode()
    except UnicodeEncodeError:  # a lone surrogate
        data = _SURROGATE.sub("\ufffd", content).encode()
    # Quoted-printable stays readable for Latin scripts; for others base64 is shorter.
    readable = (len(data) - len(data.translate(None, _ESCAPED))) * 6 <= len(data)
    yield f'Content-Type: text/{kind}; charset="utf-8"'
    yield f"Content-Transfer-Encoding: {'quoted-printable' if readable else 'base64'}"
    yield ""
    if readable:
        # The encoder keeps the line ends of text and breaks long lines with the first that it finds: all are CRLF.
        lines = data.replace(b"\n", b"\r\n") if b"\n" in data else data + b"\r\n"
        encoded = binascii.b2a_qp(lines, istext=True).decode("ascii")
        yield _FROM.sub(_without_from, encoded.removesuffix("\r\n"))
    else:
        yield base64mime.body_encode(data, maxlinelen=76, eol="\r\n").removesuffix("\r\n")


def _without_from(line: re.Match[str]) -> str:
    """Return an encoded line that does not begin with `From `, in at most 76 characters as before."""
    rest = line[1]
    return f"=46rom{rest}" if len(rest) <= _LONGEST_LINE - len("=46rom") else f"=46rom=\r\n{rest}"


def _group(name: str) -> str:
    """Return a group without members; an encoded word must be followed by a blank."""
    shown = phrase(name)
    return f"{shown} :;" if shown.endswith("?=") else f"{shown}:;"


def _sender(sender: str, host: str) -> str:
    """Return From, its domain in ASCII; an address that no header can hold is replaced by `digest@` the host."""
    line = one_line(sender)
    found = _ADDRESS.fullmatch(line)
    name, address = (found["name"].strip().strip('"'), found["address"].strip()) if found else ("", line)
    valid = mailbox(address)
    if valid is not None and not valid.international:
        return f"{phrase(name)} <{valid}>" if name else str(valid)
    return f"{phrase(name or address)} <digest@{host}>"


def _token(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9-]+", "-", text)[:100].strip("-") or "issue"
