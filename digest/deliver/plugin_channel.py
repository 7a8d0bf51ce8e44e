"""A channel of a plug-in: one message at a time, through `digest.ports.ChannelPlugIn`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from digest.deliver.message import PreparedMail
from digest.errors import MissingError
from digest.model import Delivery, Reply
from digest.ports import ChannelPlugIn, Message, PlugInSettings
from digest.text.addresses import mailbox


@dataclass(frozen=True, slots=True)
class PlugInChannel:
    """Sends the message that `message_of` returns for a delivery."""

    plug_in: ChannelPlugIn
    settings: PlugInSettings
    message_of: Callable[[Delivery], Message]
    connections: int = 1
    domain_connections: int = 0
    domain_per_minute: int = 0
    longest_attempt: timedelta = timedelta(minutes=5)  # docs/plugins.md asks for less

    def open(self) -> "PlugInLink":
        return PlugInLink(self)


class PlugInLink:
    """The plug-in keeps connections itself, if it needs any."""

    def __init__(self, channel: PlugInChannel) -> None:
        self._channel = channel

    @property
    def usable(self) -> bool:
        return True

    def send(self, delivery: Delivery, begin: Callable[[], bool]) -> Reply | None:
        channel = self._channel
        message = channel.message_of(delivery)
        if not begin():
            return None
        try:
            reply: object = channel.plug_in.send(delivery.recipient, message, channel.settings)
        except MissingError as error:  # a secret: nothing can have been sent
            return Reply("connect", 0, str(error))
        if not isinstance(reply, Reply):
            raise TypeError(f"its plug-in returned {type(reply).__name__}, not a Reply")
        return reply

    def quit(self) -> None:
        pass


def mime_of(mail: PreparedMail, delivery: Delivery) -> bytes:
    """Return a mail as its recipient gets it; nothing if the recipient is not an email address."""
    to = mailbox(delivery.recipient)
    return b"" if to is None else mail.headers_for(to, delivery) + mail.body
