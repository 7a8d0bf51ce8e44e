"""The channel `maildir`: one message per recipient, written to a Maildir for another program.

A message is written to `tmp`, then moved to `new`, under a name that depends on its Message-ID. So a message
that is delivered again is the same file, and one that was moved to `cur` is recognised.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from digest.deliver.message import PreparedMail, Sender
from digest.deliver.smtp_channel import INVALID_ADDRESS
from digest.errors import ChannelUnavailable
from digest.model import Delivery, Reply
from digest.system.files import private_file, sync_folder
from digest.text.addresses import mailbox

_FOLDERS = ("tmp", "new", "cur")


@dataclass(frozen=True, slots=True)
class MaildirChannel:
    """Writes the mail that `mail_of` returns for a delivery to the Maildir at `path`."""

    path: Path
    sender: Sender
    mail_of: Callable[[Delivery], PreparedMail]
    connections: int = 1
    domain_connections: int = 0
    domain_per_minute: int = 0
    longest_attempt: timedelta = timedelta(minutes=1)  # a file system that takes longer is broken

    def open(self) -> "MaildirLink":
        # Files that were read have flags after their names.
        read = {name.partition(":")[0] for name in prepare_maildir(self.path)}
        return MaildirLink(self, frozenset(read))


def prepare_maildir(path: Path) -> list[str]:
    """Create the folders of a Maildir where missing and return the names in `cur`.

    Raises ChannelUnavailable.
    """
    try:
        path.mkdir(mode=0o700, exist_ok=True)
        for name in _FOLDERS:
            (path / name).mkdir(mode=0o700, exist_ok=True)
        return [each.name for each in (path / "cur").iterdir()]
    except OSError as error:
        raise ChannelUnavailable(
            f"{path}: a Maildir cannot be created there ({error.strerror}); check maildir.path and its permissions"
        ) from error


class MaildirLink:
    """A Maildir while it is written to.

    `read` are the names of the messages that were read, without flags.
    """

    def __init__(self, channel: MaildirChannel, read: frozenset[str]) -> None:
        self._channel, self._read = channel, read

    @property
    def usable(self) -> bool:
        return True

    def send(self, delivery: Delivery, begin: Callable[[], bool]) -> Reply | None:
        to = mailbox(delivery.recipient)
        if to is None:
            return INVALID_ADDRESS
        mail, sender = self._channel.mail_of(delivery), self._channel.sender
        # Like a delivering server: the envelope in headers, and the line ends of this system.
        envelope = f"Return-Path: <{sender.return_path(delivery)}>\r\nDelivered-To: {to}\r\n"
        data = (envelope.encode() + mail.headers_for(to, delivery) + mail.body).replace(b"\r\n", b"\n")
        name = mail.message_id(delivery).partition("@")[0]
        try:
            if name in self._read or (self._channel.path / "new" / name).exists():
                return Reply("end", 250, f"{name} exists already")
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
        draft.unlink(missing_ok=True)
        private_file(draft)
        with draft.open("r+b") as file:
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
