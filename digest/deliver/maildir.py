"""The channel `maildir`: a mail per recipient, put into a Maildir, for another program to read or to send on.

A message is written whole into `tmp`, then renamed into `new`, under a name that is its Message-ID's: put
there again, it is the same file, and one that its reader has moved to `cur` is there already.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from digest.deliver.message import PreparedMail, Sender
from digest.deliver.smtp_channel import NO_ADDRESS
from digest.errors import ChannelUnavailable
from digest.model import Delivery, Reply
from digest.system.files import sync_folder
from digest.text.addresses import mailbox

_FOLDERS = ("tmp", "new", "cur")


@dataclass(frozen=True, slots=True)
class MaildirChannel:
    """Puts what `mailing_of` makes of the issue of a delivery into the Maildir at `path`."""

    path: Path
    sender: Sender
    mailing_of: Callable[[Delivery], PreparedMail]
    connections: int = 1
    domain_connections: int = 0
    domain_per_minute: int = 0

    def open(self) -> "MaildirLink":
        # What a reader has moved has flags behind its name.
        read = {name.partition(":")[0] for name in names_read(self.path)}
        return MaildirLink(self, frozenset(read))


def names_read(path: Path) -> list[str]:
    """Make a Maildir's folders, where they are absent, and return what is in `cur`. Raises Unopened."""
    try:
        path.mkdir(mode=0o700, exist_ok=True)
        for name in _FOLDERS:
            (path / name).mkdir(mode=0o700, exist_ok=True)
        return [each.name for each in (path / "cur").iterdir()]
    except OSError as error:
        raise ChannelUnavailable(
            f"{path}: cannot be made a Maildir ({error.strerror}); check maildir.path and its permissions"
        ) from error


class MaildirLink:
    def __init__(self, channel: MaildirChannel, read: frozenset[str]) -> None:
        self._channel, self._read = channel, read

    @property
    def usable(self) -> bool:
        return True

    def send(self, delivery: Delivery, begin: Callable[[], bool]) -> Reply | None:
        to = mailbox(delivery.recipient)
        if to is None:
            return NO_ADDRESS
        mailing, sender = self._channel.mailing_of(delivery), self._channel.sender
        # As a server that delivers would: first where it comes back to, lines as this system ends them.
        envelope = f"Return-Path: <{sender.return_path(delivery)}>\r\nDelivered-To: {to}\r\n"
        data = (envelope.encode() + mailing.head(to, delivery) + mailing.body).replace(b"\r\n", b"\n")
        name = mailing.message_id(delivery).partition("@")[0]
        try:
            if name in self._read or (self._channel.path / "new" / name).exists():
                return Reply("end", 250, f"{name} is there already")
            draft = self._write(name, data)
            if not begin():
                draft.unlink(missing_ok=True)
                return None
            self._publish(draft)
        except OSError as error:
            return Reply("data", 0, f"{self._channel.path}: cannot be written ({error.strerror})")
        return Reply("end", 250, f"{name} written")

    def _write(self, name: str, data: bytes) -> Path:
        draft = self._channel.path / "tmp" / name
        with draft.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        return draft

    def _publish(self, draft: Path) -> None:
        new = self._channel.path / "new"
        draft.rename(new / draft.name)
        sync_folder(new)

    def quit(self) -> None:
        pass
