"""Mails of an IMAP folder that came since the last time; the folder is opened for reading only."""

import imaplib
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date
from typing import Any

from digest.fetch.errors import FetchError
from digest.model import ImapBox

_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")
_SECONDS = 30.0
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def mails(
    place: ImapBox, password: str, *, after: int, validity: int, since: date | None, max_bytes: int
) -> Iterator[tuple[int, int, bytes | None]]:
    """Return uid, validity and bytes of each mail with a uid above `after`; None for one that is too large.

    A folder whose validity has changed has given out its uids anew, and is read from its beginning.
    Raises FetchError.
    """
    with _opened(place, password) as box:
        found = box.untagged_responses.get("UIDVALIDITY", [b"0"])[-1]
        current = int(found) if isinstance(found, bytes) and found.isdigit() else 0
        first = after + 1 if current == validity else 1
        words = ["UID", f"{first}:*"]
        if since is not None:
            words += ["SINCE", f"{since.day}-{_MONTHS[since.month - 1]}-{since.year}"]
        listed = _ask(box.uid("SEARCH", *words), "the folder cannot be searched")
        uids = sorted(
            {int(uid) for part in listed if isinstance(part, bytes) for uid in part.split() if uid.isdigit()}
        )
        for uid in (uid for uid in uids if uid >= first):  # `9:*` is the last mail, whatever its uid
            yield uid, current, _mail(box, uid, max_bytes)


def count(place: ImapBox, password: str) -> int:
    """Return how many mails are in a folder. Raises FetchError."""
    with _opened(place, password) as box:
        told = box.untagged_responses.get("EXISTS", [b"0"])[-1]
        return int(told) if isinstance(told, bytes) and told.isdigit() else 0


def _quoted(text: str) -> str:
    """Return a text as IMAP quotes it; imaplib does so with the password only."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _mail(box: imaplib.IMAP4, uid: int, max_bytes: int) -> bytes | None:
    head = _ask(box.uid("FETCH", str(uid), "(RFC822.SIZE)"), "a mail cannot be read")
    size = next(
        (int(match[1]) for part in head if isinstance(part, bytes) and (match := _SIZE.search(part))), 0
    )
    if size > max_bytes:
        return None
    parts = _ask(box.uid("FETCH", str(uid), "(BODY.PEEK[])"), "a mail cannot be read")
    data = next((part[1] for part in parts if isinstance(part, tuple) and len(part) > 1), None)
    if not isinstance(data, bytes):
        raise FetchError(f"the server sent no mail for uid {uid}", passing=True)
    return data


@contextmanager
def _opened(place: ImapBox, password: str) -> Iterator[imaplib.IMAP4]:
    """Connect, log in, and open the folder for reading only. Raises FetchError."""
    if not password.isascii():  # the library would quote the letter that it cannot send
        raise FetchError("the password has letters that LOGIN cannot carry; choose one in plain ASCII")
    with _connected(place) as box:
        _ask(box.login(_quoted(place.user), password), "the login was refused")
        _ask(box.select(f'"{place.folder}"', readonly=True), f"there is no folder {place.folder!r}")
        yield box


@contextmanager
def _connected(place: ImapBox) -> Iterator[imaplib.IMAP4]:
    try:
        context = ssl.create_default_context(cafile=place.ca_file or None)
        if place.tls == "implicit":
            box: imaplib.IMAP4 = imaplib.IMAP4_SSL(
                place.host, place.port, ssl_context=context, timeout=_SECONDS
            )
        else:
            box = imaplib.IMAP4(place.host, place.port, timeout=_SECONDS)
            if place.tls == "starttls":
                box.starttls(context)
        try:
            yield box
        finally:
            with suppress(imaplib.IMAP4.error, OSError):
                box.logout()
    except (imaplib.IMAP4.error, OSError, ValueError) as problem:
        reason = str(problem) or type(problem).__name__
        raise FetchError(f"{place.host}: {reason}", passing=True) from problem


def _ask(answer: tuple[str, Any], refused: str) -> list[Any]:
    status, data = answer
    if status != "OK":
        raise FetchError(refused)
    return list(data)
