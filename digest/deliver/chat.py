"""The channel `chat`: an issue in short, sent to a room of a chat service through apprise.

A room's address holds its secret: it is known here only, and nothing that apprise says is passed on, as it
may quote the address. What is told is what is known of how far a try came.
"""

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from digest.errors import ChannelUnavailable, UsageError
from digest.model import Delivery, Reply

if TYPE_CHECKING:
    from apprise import NotifyBase

Compact = Callable[[Delivery, Callable[[str, str], bool]], tuple[str, str]]

_LONGEST = 4_000  # characters; a message in a chat is read at a glance, whatever the service allows
_SECONDS = 30.0  # that an answer may take
_STATUS = re.compile(r"error=(\d{3})\b")
# What the HTTP library says of a connection that never was: nothing can have been delivered.
_NOT_MADE = ("Max retries exceeded", "Failed to establish", "Name or service not known")


@dataclass(frozen=True, slots=True)
class ChatChannel:
    """Sends what `compact` makes of the issue of a delivery to the room that is its recipient.

    `address_of` gives the address of a room, and raises UsageError where there is none. `compact` takes a
    function that tells whether a title and a text are short enough.
    """

    room_url: Callable[[str], str]
    compact: Compact
    connections: int = 1
    domain_connections: int = 0
    domain_per_minute: int = 0

    def open(self) -> "ChatLink":
        return ChatLink(self)


class ChatLink:
    """Rooms stay open, so that apprise keeps the pace that each service asks for."""

    def __init__(self, channel: ChatChannel) -> None:
        self._channel = channel
        self._rooms: dict[str, NotifyBase] = {}

    @property
    def usable(self) -> bool:
        return True

    def send(self, delivery: Delivery, begin: Callable[[], bool]) -> Reply | None:
        try:
            room = self._room(delivery.recipient)
        except UsageError as error:
            return Reply("service", 0, str(error))
        title, text = self._channel.compact(delivery, lambda *said: _fits(room, *said))
        if not begin():
            return None
        try:
            with _overheard() as said:
                taken = room.notify(body=text, title=title, body_format="text")
        except Exception as error:  # noqa: BLE001 - of one of a hundred services; its words may quote the address
            return Reply("end", 0, f"apprise failed while it sent the message ({type(error).__name__})")
        return Reply("end", 200, "taken by the service") if taken else _failure(said)

    def _room(self, name: str) -> "NotifyBase":
        if name not in self._rooms:
            self._rooms[name] = open_room(name, self._channel.room_url(name))
        return self._rooms[name]

    def quit(self) -> None:
        pass


def open_room(name: str, address: str) -> "NotifyBase":
    """Return a room that can be sent to. Connects to nothing. Raises UsageError, Unopened."""
    try:
        from apprise import Apprise
    except ImportError as error:
        raise ChannelUnavailable(
            "the channel chat needs apprise, which is not installed; pip install 'paper-digest[chat]'"
        ) from error
    with _overheard():
        room = Apprise.instantiate(address)
    if room is None:
        raise UsageError(
            f"digest.toml: chat.{name}: what its variable or file holds is no address that apprise knows; "
            "see https://github.com/caronc/apprise/wiki"
        )
    if len(room) > 1:
        raise UsageError(
            f"digest.toml: chat.{name}: its address names {len(room)} rooms; write a [chat.NAME] for each"
        )
    room.socket_read_timeout = max(room.socket_read_timeout, _SECONDS)
    return room


def _fits(room: "NotifyBase", title: str, text: str) -> bool:
    """Say whether a message is one for the service, even if it must escape or join what is given."""
    longest = min(_LONGEST, room.body_maxlen)
    return len(escape(f"{title}\r\n{text}")) <= longest


def _failure(said: list[str]) -> Reply:
    """Say how far a try came that did not end well, from what apprise logged of it."""
    status = next((int(found[1]) for line in said if (found := _STATUS.search(line))), 0)
    if status:
        return Reply("service", status, "the service refused it")
    broken = next((line for line in said if "Socket Exception" in line), None)
    if broken is not None and not any(words in broken for words in _NOT_MADE):
        return Reply("end", 0, "the connection was lost after the message was sent")
    return Reply("service", 0, "the service could not be reached" if broken else "the service refused it")


@contextmanager
def _overheard() -> Iterator[list[str]]:
    """Collect what apprise logs in the block, and keep it from every log of ours: it may quote secrets."""
    said: list[str] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.append(record.getMessage())

    logger, listener = logging.getLogger("apprise"), Listener(logging.DEBUG)
    before = logger.level, logger.propagate
    logger.addHandler(listener)
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    try:
        yield said
    finally:
        logger.removeHandler(listener)
        logger.level, logger.propagate = before
