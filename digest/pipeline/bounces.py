"""What comes back: read from where it arrives, and noted, so that who cannot be reached gets no more mail.

    Maildir, mbox, IMAP folder → message → bounce → outbox and suppressions

What a message does and that it was read is one transaction, and a message does something only once,
however often it is read. So nothing is lost or done twice, whenever this ends.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from digest.deliver.bounces import Bounce, read_bounce
from digest.deliver.returned_mail import mark_read, messages_in
from digest.errors import DigestError
from digest.fetch import imap
from digest.fetch.errors import FetchError
from digest.home.secrets import ca_file_of, read_secret
from digest.model import Delivery, Home, ImapBox
from digest.store import Outbox
from digest.store.store import Store, Transaction

# A mailbox that was never read is read so many days back: what is older is about no mail of ours.
_FIRST_DAYS = 30
_LARGEST = 20 * 1024 * 1024  # bytes: reports quote the message they are about


@dataclass(frozen=True, slots=True)
class Returned:
    """A message that came back: where it lies, what it is, and the line of the outbox it is about."""

    place: str
    bounce: Bounce
    line: Delivery | None


@dataclass(frozen=True, slots=True)
class Collected:
    """What came back, and why some of it could not be read."""

    found: tuple[Returned, ...]
    problems: tuple[str, ...] = ()


def read_places(store: Store, paths: Sequence[Path], *, now: datetime) -> tuple[Returned, ...]:
    """Read all that came back to these places. Raises UsageError."""
    desk = _Desk(store, now)
    return tuple(desk.take(str(file), data) for path in paths for file, data in messages_in(path))


def collect(
    home: Home, store: Store, *, now: datetime, stopping: Callable[[], bool] = lambda: False
) -> Collected:
    """Read what is new where the settings say that mail comes back to, or till `stopping`."""
    bounces, desk = home.settings.bounces, _Desk(store, now)
    ways: list[Iterator[Returned]] = []
    if bounces.mailbox:
        ways.append(_from_files(home.path / bounces.mailbox, desk))
    if bounces.imap:
        ways.append(_from_server(home, bounces.imap, desk))
    found: list[Returned] = []
    problems: list[str] = []
    for way in ways:
        try:
            found += _until(stopping, way)
        except FetchError as error:
            problems.append(f"bounces.imap: {error}; digest doctor helps")
        except DigestError as error:
            problems.append(str(error))
    return Collected(tuple(found), tuple(problems))


def _until(stopping: Callable[[], bool], way: Iterable[Returned]) -> Iterator[Returned]:
    for each in way:
        yield each
        if stopping():
            return


def _from_files(path: Path, desk: "_Desk") -> Iterator[Returned]:
    for file, data in messages_in(path, unread=True):
        found = desk.take(str(file), data)
        if found.bounce.kind not in {"other", "forged"}:
            mark_read(file)
        yield found


def _from_server(home: Home, box: ImapBox, desk: "_Desk") -> Iterator[Returned]:
    """Read the mails above the last uid, which is noted with what each of them does."""
    box, password = opened_by(home, box)
    last, valid = desk.read_up_to(box)
    since = None if last else (desk.now - timedelta(days=_FIRST_DAYS)).date()
    large = 0
    for uid, validity, data in imap.messages(
        box, password, after=last, validity=valid, since=since, max_bytes=_LARGEST
    ):
        large += data is None
        yield desk.take(f"{box.name}/{uid}", data or b"", mark=(box, uid, validity))
    if large:
        raise FetchError(f"{large} mails are too large for reports, and were not read")


def opened_by(home: Home, box: ImapBox) -> tuple[ImapBox, str]:
    """Return a folder as it is opened, with its password. Raises UsageError if that cannot be had."""
    if box.ca_file:
        box = replace(box, ca_file=ca_file_of(home, "bounces.imap", box.ca_file))
    return box, read_secret(home, "bounces.imap.password", box.password_env, box.password_file)


class _Desk:
    """Where each message is judged and what it says is noted."""

    def __init__(self, store: Store, now: datetime) -> None:
        self._store, self.now = store, now
        with store.begin() as tx:
            self._secret = tx.outbox.secret()

    def read_up_to(self, box: ImapBox) -> tuple[int, int]:
        with self._store.begin(write=False) as tx:
            return tx.bounces.read_up_to(box.name)

    def take(self, place: str, data: bytes, mark: tuple[ImapBox, int, int] | None = None) -> Returned:
        """Note what a message says, and with it, for one on a server, that it was read."""
        bounce = read_bounce(data, self._secret)
        write = mark is not None or bounce.line is not None
        with self._store.begin() if write else nullcontext() as tx:
            line = _about(tx, bounce) if tx else None
            if tx and line and bounce.kind in _DEEDS:
                # A server may change line ends; the message is the same.
                digest = hashlib.sha256(data.replace(b"\r\n", b"\n")).hexdigest()
                if tx.bounces.first_time(digest, at=self.now):
                    _DEEDS[bounce.kind](tx.outbox, line, bounce, self.now)
            if tx and mark:
                box, uid, validity = mark
                tx.bounces.note(box.name, uid, validity)
        return Returned(place, bounce, line)


def _about(tx: Transaction, bounce: Bounce) -> Delivery | None:
    lines = tx.outbox.lines([bounce.line]) if bounce.line is not None else ()
    return lines[0] if lines else None


def _unreachable(outbox: Outbox, line: Delivery, bounce: Bounce, now: datetime) -> None:
    outbox.bounce(line.id, bounce.text, now=now)
    outbox.suppress(line.recipient, reason=f"bounced: {bounce.text}", at=now)


def _complained(outbox: Outbox, line: Delivery, bounce: Bounce, now: datetime) -> None:
    outbox.suppress(line.recipient, reason=bounce.text, at=now)


def _left(outbox: Outbox, line: Delivery, bounce: Bounce, now: datetime) -> None:
    outbox.suppress(line.recipient, reason=bounce.text, at=now, subscription=line.subscription)


_DEEDS: dict[str, Callable[[Outbox, Delivery, Bounce, datetime], None]] = {
    "hard": _unreachable,
    "complaint": _complained,
    "unsubscribe": _left,
}
