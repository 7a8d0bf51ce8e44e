"""The issue as a mail: a multipart/alternative message with neither recipient nor token.

Headers are written here, not by `EmailMessage`: its folding differs between versions of Python, and it
raises on names that a paper or a reader may well have.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator
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
_WORD_BYTES = 42  # of UTF-8 in an encoded word: 56 of base64, with its frame under 75


def message(
    *,
    subject: str,
    sender: str,
    to: str,
    list_id: str,
    host: str,
    stem: str,
    date: datetime,
    text: str,
    html: str,
) -> bytes:
    """Return the bytes of a mail: lines end in CRLF and are short, headers are ASCII.

    `to` is the name of a group without members, so no address is in it. `list_id` and `stem` name the
    list and the issue; with `host` they make List-Id and Message-ID, the same each time.
    """
    list_id, stem = _token(list_id), _token(stem)
    key = f"{stem}.{list_id}@{host}"
    boundary = "=_" + hashlib.sha256(key.encode()).hexdigest()[:32]
    headers = (
        ("From", _sender(sender, host)),
        ("To", _group(to)),
        ("Subject", unstructured(shorten(_line(subject), _SUBJECT_LENGTH))),
        ("Date", format_datetime(date)),
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
    # Quoted-printable shows through for Latin scripts; for others base64 is shorter.
    readable = (len(data) - len(data.translate(None, _ESCAPED))) * 6 <= len(data)
    yield f'Content-Type: text/{kind}; charset="utf-8"'
    yield f"Content-Transfer-Encoding: {'quoted-printable' if readable else 'base64'}"
    yield ""
    if readable:
        # In text the encoder keeps line ends, so that they are CRLF before it.
        yield binascii.b2a_qp(data.replace(b"\n", b"\r\n"), istext=True).decode("ascii").removesuffix("\r\n")
    else:
        yield base64mime.body_encode(data, maxlinelen=76, eol="\r\n").removesuffix("\r\n")


def unstructured(text: str) -> str:
    """Return the value of a header that is free text, folded."""
    text = _line(text)
    if _PRINTABLE.fullmatch(text) and "=?" not in text:
        words = _folded_words(text)
        if words is not None:
            return words
    return _encoded(text)


def _group(name: str) -> str:
    """Return a group without members; an encoded word must have a blank behind it."""
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


def _folded_words(text: str) -> str | None:
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
    """Return encoded words (RFC 2047), each whole characters, a line each."""
    words, chunk = [], ""
    for char in text:
        if len((chunk + char).encode()) > _WORD_BYTES:
            words.append(chunk)
            chunk = ""
        chunk += char
    words.append(chunk)
    return "\r\n ".join(f"=?utf-8?b?{base64.b64encode(word.encode()).decode()}?=" for word in words)


def _sender(sender: str, host: str) -> str:
    """Return From; an address that is none becomes `digest@` the host."""
    line = _line(sender)
    found = _ADDRESS.fullmatch(line)
    name, address = (found["name"].strip().strip('"'), found["address"].strip()) if found else ("", line)
    if _ADDR_SPEC.fullmatch(address):
        return f"{phrase(name)} <{address}>" if name else address
    return f"{phrase(name or address)} <digest@{host}>"


def _token(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9-]+", "-", text)[:100].strip("-") or "issue"
