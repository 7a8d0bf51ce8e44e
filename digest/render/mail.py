"""An issue as an email: a multipart/alternative message without recipient and unsubscribe token.

Headers are not written by `EmailMessage`, because its folding differs between versions of Python and it raises
on names that papers and readers do have.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email import base64mime
from email.utils import format_datetime

from digest.text.clean import clean, shorten

_PRINTABLE = re.compile(r"[ -~]*")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*")
_ADDRESS = re.compile(r"(?P<name>[^<>]*)<(?P<address>[^<>]*)>")
_ADDR_SPEC = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@[A-Za-z0-9.-]+"
)
_ESCAPED = b"=" + bytes(range(0x80, 0x100))
_SURROGATE = re.compile("[\ud800-\udfff]")
_NAME_LENGTH = 120
_SUBJECT_LENGTH = 250
_WORD_BYTES = 42  # of UTF-8 in an encoded word: 56 of base64, less than 75 with the delimiters


@dataclass(frozen=True, slots=True)
class Envelope:
    """The values of an email's headers.

    `to` is the name of a group without members, so the email contains no address of a reader. `list_id` and `stem`
    identify the list and the issue; with `host` they make List-Id and Message-ID, the same every time.
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
    key = f"{stem}.{list_id}@{host}"
    boundary = "=_" + hashlib.sha256(key.encode()).hexdigest()[:32]
    headers = (
        ("From", _sender(envelope.sender, host)),
        ("To", _group(to)),
        ("Subject", unstructured(shorten(_line(envelope.subject), _SUBJECT_LENGTH))),
        ("Date", format_datetime(envelope.date)),
        ("Message-ID", f"<{key}>"),
        ("List-Id", f"{phrase(to)} <{list_id}.{host}>"),
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
        # The encoder keeps the line ends of text, so they must be CRLF already.
        yield binascii.b2a_qp(data.replace(b"\n", b"\r\n"), istext=True).decode("ascii").removesuffix("\r\n")
    else:
        yield base64mime.body_encode(data, maxlinelen=76, eol="\r\n").removesuffix("\r\n")


def unstructured(text: str) -> str:
    """Return the folded value of a header of free text."""
    text = _line(text)
    if _PRINTABLE.fullmatch(text) and "=?" not in text:
        folded = _folded(text)
        if folded is not None:
            return folded
    return _encoded(text)


def _group(name: str) -> str:
    """Return a group without members; an encoded word must be followed by a blank."""
    shown = phrase(name)
    return f"{shown} :;" if shown.endswith("?=") else f"{shown}:;"


def phrase(text: str) -> str:
    """Return a display name, never empty."""
    text = shorten(_line(text), _NAME_LENGTH) or "Paper Digest"
    if _PRINTABLE.fullmatch(text) and "=?" not in text and len(text) < 64:
        if _ATOMS.fullmatch(text):
            return text
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return _encoded(text)


def _line(text: str) -> str:
    return " ".join(clean(text).split())


def _folded(text: str) -> str | None:
    """Return words in lines of at most 76 characters, or None if a word is longer than a line."""
    lines = [""]
    for word in text.split():
        if len(word) > 60:
            return None
        if lines[-1] and len(lines[-1]) + 1 + len(word) > 64:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return "\r\n ".join(lines)


def _encoded(text: str) -> str:
    """Return encoded words (RFC 2047), one a line; no character is split."""
    words, chunk = [], ""
    for char in text:
        if len((chunk + char).encode()) > _WORD_BYTES:
            words.append(chunk)
            chunk = ""
        chunk += char
    words.append(chunk)
    return "\r\n ".join(f"=?utf-8?b?{base64.b64encode(word.encode()).decode()}?=" for word in words)


def _sender(sender: str, host: str) -> str:
    """Return From; an invalid address is replaced by `digest@` the host."""
    line = _line(sender)
    found = _ADDRESS.fullmatch(line)
    name, address = (found["name"].strip().strip('"'), found["address"].strip()) if found else ("", line)
    if _ADDR_SPEC.fullmatch(address):
        return f"{phrase(name)} <{address}>" if name else address
    return f"{phrase(name or address)} <digest@{host}>"


def _token(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9-]+", "-", text)[:100].strip("-") or "issue"
