"""Messages in a mail folder on an IMAP server; the folder is opened read-only."""

import imaplib
import re
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date
from io import BufferedReader
from typing import Any, cast

from digest.fetch.errors import FetchError
from digest.model import ImapBox
from digest.urls import hide, is_loopback

_LONGEST_LINE = 1_000_000  # as imaplib
_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")
_TIMEOUT = 30.0  # seconds for a packet
_STEP = 120.0  # seconds for a command and its reply, however slowly the server sends
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def messages(
    box: ImapBox, password: str, *, after: int, validity: int, since: date | None, max_bytes: int
) -> Iterator[tuple[int, int, bytes | None]]:
    """Yield UID, UIDVALIDITY and bytes (None: too large) of each message with a UID above `after`, by UID.

    If the UIDVALIDITY of the folder is no longer `validity`, its UIDs are new, and all messages are read;
    `since` excludes those received before that day. Raises FetchError.
    """
    with _opened(box, password) as client:
        found = client.untagged_responses.get("UIDVALIDITY", [b"0"])[-1]
        current = int(found) if isinstance(found, bytes) and found.isdigit() else 0
        first = after + 1 if current == validity else 1
        criteria = ["UID", f"{first}:*"]
        if since is not None:
            criteria += ["SINCE", f"{since.day}-{_MONTHS[since.month - 1]}-{since.year}"]
        data = _data_of(client.uid("SEARCH", *criteria), "the folder cannot be searched")
        uids = sorted(
            {int(uid) for part in data if isinstance(part, bytes) for uid in part.split() if uid.isdigit()}
        )
        for uid in (uid for uid in uids if uid >= first):  # `9:*` always includes the last message
            yield uid, current, _message(client, uid, max_bytes)


def count_messages(box: ImapBox, password: str) -> int:
    """Return the number of messages in a folder. Raises FetchError."""
    with _opened(box, password) as client:
        found = client.untagged_responses.get("EXISTS", [b"0"])[-1]
        return int(found) if isinstance(found, bytes) and found.isdigit() else 0


def _quoted(text: str) -> str:
    """Return a text as a quoted string of IMAP; imaplib quotes only the password."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _message(client: imaplib.IMAP4, uid: int, max_bytes: int) -> bytes | None:
    """Return the bytes of a message, None if there are more than `max_bytes`."""
    data = _data_of(client.uid("FETCH", str(uid), "(RFC822.SIZE)"), "a message cannot be read")
    size = next(
        (int(match[1]) for part in data if isinstance(part, bytes) and (match := _SIZE.search(part))), 0
    )
    if size > max_bytes:
        return None
    parts = _data_of(client.uid("FETCH", str(uid), "(BODY.PEEK[])"), "a message cannot be read")
    content = next((part[1] for part in parts if isinstance(part, tuple) and len(part) > 1), None)
    if not isinstance(content, bytes):
        raise FetchError(f"the server sent no message for UID {uid}", temporary=True)
    return content


class _Timed(imaplib.IMAP4):
    """A connection on which each command ends in time; imaplib has only a timeout for each packet.

    Every command begins with `send` (or the greeting) and is read by `read` and `readline` until it is answered.
    """

    _end: float | None = None

    def send(self, data: Any) -> None:
        self._end = time.monotonic() + _STEP
        super().send(data)

    def read(self, size: int) -> bytes:
        parts, missing = [], size
        while missing and (part := self._next(missing)):
            parts.append(part)
            missing -= len(part)
        return b"".join(parts)

    def readline(self) -> bytes:
        line = bytearray()
        while not line.endswith(b"\n"):
            if len(line) > _LONGEST_LINE:
                raise self.error("the server sent a line that is too long")
            waiting = self._waiting()
            part = self._next(waiting.find(b"\n") + 1 or len(waiting))
            if not part:
                break
            line += part
        return bytes(line)

    def _waiting(self) -> bytes:
        """Return what has arrived, at least a byte, without taking it; b"" at the end."""
        now = time.monotonic()
        self._end = self._end or now + _STEP
        if now > self._end:
            raise TimeoutError("the server took too long to answer")
        found: bytes = self._arriving.peek(1)
        return found

    def _next(self, most: int) -> bytes:
        """Return what has arrived, at most so many bytes; b"" at the end."""
        return self._arriving.read1(min(most, len(self._waiting())))

    @property
    def _arriving(self) -> BufferedReader:
        return cast(BufferedReader, self.file)


class _Plain(_Timed):
    """An unencrypted connection, or one before STARTTLS."""


class _Tls(_Timed, imaplib.IMAP4_SSL):
    """A connection that is encrypted from the start."""


@contextmanager
def _opened(box: ImapBox, password: str) -> Iterator[imaplib.IMAP4]:
    """Connect, log in, and open the folder read-only. Raises FetchError."""
    if not password.isascii():  # the error of imaplib would quote a part of the password
        raise FetchError(
            "the password contains non-ASCII characters, which LOGIN cannot send; choose another password"
        )
    with _connected(box) as client:
        try:
            _data_of(client.login(_quoted(box.user), password), "the login was refused")
        except imaplib.IMAP4.error as error:  # a server may quote the command in its reply
            raise imaplib.IMAP4.error(hide(str(error), [password])) from None
        _data_of(
            client.select(f'"{box.folder}"', readonly=True), f"the folder {box.folder!r} cannot be opened"
        )
        yield client


@contextmanager
def _connected(box: ImapBox) -> Iterator[imaplib.IMAP4]:
    connected = False
    try:
        context = ssl.create_default_context(cafile=box.ca_file or None)
        if box.tls == "implicit":
            client: imaplib.IMAP4 = _Tls(box.host, box.port, ssl_context=context, timeout=_TIMEOUT)
        else:
            client = _Plain(box.host, box.port, timeout=_TIMEOUT)
            if box.tls == "starttls":
                _start_tls(client, box, context)
        connected = True
        try:
            yield client
        finally:
            with suppress(imaplib.IMAP4.error, OSError):
                client.logout()
    except (imaplib.IMAP4.error, OSError, ValueError) as error:
        reason = str(error) or type(error).__name__
        unreachable = not connected and isinstance(error, OSError) and not isinstance(error, ssl.SSLError)
        raise FetchError(f"{box.host}: {reason}", temporary=True, unreachable=unreachable) from error


def _start_tls(client: imaplib.IMAP4, box: ImapBox, context: ssl.SSLContext) -> None:
    if "STARTTLS" not in client.capabilities:
        here = 'as it is on this machine, set tls = "none"'
        remedy = here if is_loopback(box.host) else 'use tls = "implicit" with its port (often 993)'
        raise FetchError(f"{box.host}: does not support STARTTLS; {remedy}")
    client.starttls(context)


def _data_of(response: tuple[str, Any], error: str) -> list[Any]:
    """Return the data of a response. Raises FetchError with the text `error` if its status is not OK."""
    status, data = response
    if status != "OK":
        raise FetchError(error)
    return list(data)
