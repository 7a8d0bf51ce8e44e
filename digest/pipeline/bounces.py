"""Bounces: messages from a Maildir, mbox or IMAP folder are recorded, and their addresses are suppressed.

The effect of a message and the record that it was read are one transaction, and a message has an effect only
once, however often it is read. So nothing is lost or done twice, wherever the process stops.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from digest.deliver.bounces import Bounce, read_bounce
from digest.deliver.returned_mail import (
    existing,
    maildir_files,
    mark_read,
    message_name,
    messages_in,
)
from digest.errors import DigestError
from digest.fetch import imap
from digest.fetch.errors import FetchError
from digest.home.secrets import ca_file_of, read_secret
from digest.model import Delivery, Home, ImapBox
from digest.store import Outbox
from digest.store.leaving import leaving
from digest.store.store import Store, Transaction

# Days back for which a mailbox is read for the first time; older messages are not about mail of this home.
_FIRST_DAYS = 30
_LARGEST = 20 * 1024 * 1024  # bytes; larger than any report with the message that it quotes


@dataclass(frozen=True, slots=True)
class ProcessedMessage:
    """A processed message: where it is, what it reports, and the delivery that it is about, if known."""

    place: str
    bounce: Bounce
    line: Delivery | None

    @property
    def unreadable(self) -> bool:
        """Return whether the message could not be parsed; it is skipped from then on."""
        return self.bounce.kind == "unreadable"


@dataclass(frozen=True, slots=True)
class BounceReport:
    """The processed messages, and why others could not be read."""

    found: tuple[ProcessedMessage, ...]
    problems: tuple[str, ...] = ()


def process_paths(store: Store, paths: Sequence[Path], *, now: datetime) -> tuple[ProcessedMessage, ...]:
    """Process all messages in these files and folders. Raises UsageError."""
    processor = BounceProcessor(store, now)
    return tuple(processor.process(str(file), data) for path in paths for file, data in messages_in(path))


def process_new(
    home: Home, store: Store, *, now: datetime, stopping: Callable[[], bool] = lambda: False
) -> BounceReport:
    """Process new messages in the mailboxes of `[bounces]`, until `stopping`. Problems are returned, not raised."""
    bounces, processor = home.settings.bounces, BounceProcessor(store, now)
    mailboxes: list[Iterator[ProcessedMessage]] = []
    if bounces.mailbox:
        mailboxes.append(_from_files(home.path / bounces.mailbox, processor))
    if bounces.imap:
        mailboxes.append(_from_server(home, bounces.imap, processor))
    found: list[ProcessedMessage] = []
    problems: list[str] = []
    for mailbox in mailboxes:
        try:
            found += _until(stopping, mailbox)
        except FetchError as error:
            problems.append(f"bounces.imap: {error}; run digest doctor")
        except DigestError as error:
            problems.append(str(error))
    problems += [f"{each.place}: {each.bounce.text}; it was skipped" for each in found if each.unreadable]
    return BounceReport(tuple(found), tuple(problems))


def _until(stopping: Callable[[], bool], mailbox: Iterable[ProcessedMessage]) -> Iterator[ProcessedMessage]:
    for each in mailbox:
        yield each
        if stopping():
            return


def _from_files(path: Path, processor: "BounceProcessor") -> Iterator[ProcessedMessage]:
    if path.is_dir():
        recent = maildir_files(path, since=(processor.now - timedelta(days=_FIRST_DAYS)).timestamp())
        messages = existing(processor.unread(recent))
    else:
        messages = messages_in(path)
    for file, data in messages:
        found = processor.process(str(file), data, name=message_name(file) if path.is_dir() else "")
        if found.bounce.kind not in {"other", "forged"}:
            mark_read(file)
        yield found


def _from_server(home: Home, box: ImapBox, processor: "BounceProcessor") -> Iterator[ProcessedMessage]:
    """Process the messages above the last uid, which is recorded together with the effect of each."""
    box, password = opened_by(home, box)
    last, valid = processor.read_up_to(box)
    since = None if last else (processor.now - timedelta(days=_FIRST_DAYS)).date()
    large = 0
    for uid, validity, data in imap.messages(
        box, password, after=last, validity=valid, since=since, max_bytes=_LARGEST
    ):
        large += data is None
        yield processor.process(f"{box.name}/{uid}", data or b"", mark=(box, uid, validity))
    if large:
        were = "message was" if large == 1 else "messages were"
        raise FetchError(f"{large} {were} skipped as too large for a bounce")


def opened_by(home: Home, box: ImapBox) -> tuple[ImapBox, str]:
    """Return the settings to open a folder with, and its password. Raises UsageError if they cannot be read."""
    if box.ca_file:
        box = replace(box, ca_file=ca_file_of(home, "bounces.imap", box.ca_file))
    return box, read_secret(home, "bounces.imap.password", box.password_env, box.password_file)


class BounceProcessor:
    """Reads single messages and records their effect on the outbox and on suppressed addresses."""

    def __init__(self, store: Store, now: datetime) -> None:
        self._store, self.now = store, now
        with store.begin() as tx:
            self._secret, self._keys = tx.outbox.secret(), tx.outbox.departure_keys()

    def read_up_to(self, box: ImapBox) -> tuple[int, int]:
        """Return the last uid that was read from a folder, and its uid validity."""
        with self._store.begin(write=False) as tx:
            return tx.bounces.read_up_to(box.name)

    def unread(self, files: Sequence[Path]) -> list[Path]:
        """Return the files of a Maildir that were not processed under their names yet."""
        digests = {file: _name_digest(message_name(file)) for file in files}
        with self._store.begin(write=False) as tx:
            known = tx.bounces.known(digests.values())
        return [file for file, digest in digests.items() if digest not in known]

    def process(
        self, place: str, data: bytes, mark: tuple[ImapBox, int, int] | None = None, name: str = ""
    ) -> ProcessedMessage:
        """Record the effect of a message.

        For one on a server its folder, uid and validity are recorded as read, for one in a Maildir its name.
        """
        bounce = read_bounce(data, self._secret, self._keys)
        unreadable = bounce.kind == "unreadable"
        write = (
            mark is not None or bool(name) or bounce.line is not None or bounce.code is not None or unreadable
        )
        with self._store.begin() if write else nullcontext() as tx:
            line = _about(tx, bounce) if tx else None
            if tx and line and bounce.kind in _EFFECTS and self._is_new(tx, data):
                _EFFECTS[bounce.kind](tx.outbox, line, bounce, self.now)
            elif tx and not line and bounce.code and bounce.code.departure and self._is_new(tx, data):
                tx.outbox.depart(bounce.code.departure, bounce.code.subscription, address=None, at=self.now)
            if tx and unreadable and not self._is_new(tx, data):
                bounce = Bounce("other")  # it was reported when it was read first
            if tx and name:
                tx.bounces.first_time(_name_digest(name), at=self.now)
            if tx and mark:
                box, uid, validity = mark
                tx.bounces.note(box.name, uid, validity)
        return ProcessedMessage(place, bounce, line)

    def _is_new(self, tx: Transaction, data: bytes) -> bool:
        """Record a message; return False if it was recorded before."""
        # A server may change line endings; it is still the same message.
        digest = hashlib.sha256(data.replace(b"\r\n", b"\n")).hexdigest()
        return tx.bounces.first_time(digest, at=self.now)


def _name_digest(name: str) -> str:
    return hashlib.sha256(b"maildir\0" + name.encode("utf-8", "surrogateescape")).hexdigest()


def _about(tx: Transaction, bounce: Bounce) -> Delivery | None:
    if bounce.code is not None:
        found = leaving(tx.outbox, bounce.code)
        return found.mail if found else None
    lines = tx.outbox.lines([bounce.line]) if bounce.line is not None else ()
    return lines[0] if lines else None


def _bounced(outbox: Outbox, line: Delivery, bounce: Bounce, now: datetime) -> None:
    outbox.bounce(line.id, bounce.text, now=now)
    outbox.suppress(line.recipient, reason=f"bounced: {bounce.text}", at=now)


def _complained(outbox: Outbox, line: Delivery, bounce: Bounce, now: datetime) -> None:
    outbox.suppress(line.recipient, reason=bounce.text, at=now)


def _unsubscribed(outbox: Outbox, line: Delivery, bounce: Bounce, now: datetime) -> None:
    outbox.suppress(line.recipient, reason=bounce.text, at=now, subscription=line.subscription)


_EFFECTS: dict[str, Callable[[Outbox, Delivery, Bounce, datetime], None]] = {
    "hard": _bounced,
    "complaint": _complained,
    "unsubscribe": _unsubscribed,
}
