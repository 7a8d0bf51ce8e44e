"""The channel `chat`: a short form of the issue, sent to a room of a chat service through apprise.

The URL of a room contains a secret, and the messages of apprise may quote it: they are never passed on.
Replies are derived from them instead.
"""

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from html import escape
from typing import TYPE_CHECKING

from digest.errors import ChannelUnavailable, UsageError
from digest.model import Delivery, Reply

if TYPE_CHECKING:
    from apprise import NotifyBase

Compact = Callable[[Delivery, Callable[[str, str], bool]], tuple[str, str]]

_LONGEST = 4_000  # characters; chat messages are short, whatever the service allows
_TIMEOUT = 30.0  # seconds
_STATUS = re.compile(r"error=(\d{3})\b")
# Errors of the HTTP library before a connection was established: nothing can have been delivered.
_NOT_CONNECTED = ("Max retries exceeded", "Failed to establish", "Name or service not known")


@dataclass(frozen=True, slots=True)
class ChatChannel:
    """Sends the title and the text that `compact` returns for a delivery to the room that is its recipient.

    `room_url` returns the URL of a room and raises UsageError if it is missing. `compact` gets a function
    that tells whether a title and a text are short enough.
    """

    room_url: Callable[[str], str]
    compact: Compact
    connections: int = 1
    domain_connections: int = 0
    domain_per_minute: int = 0
    longest_attempt: timedelta = timedelta(seconds=10 * _TIMEOUT)  # a service may need several requests

    def open(self) -> "ChatLink":
        return ChatLink(self)


class ChatLink:
    """Keeps rooms open, so that apprise respects the rate limit of each service."""

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
        title, text = self._channel.compact(delivery, lambda *message: _fits(room, *message))
        if not begin():
            return None
        try:
            with _captured_log() as log:
                accepted = room.notify(body=text, title=title, body_format="text")
        except Exception as error:  # noqa: BLE001 - apprise may raise anything; its text may quote the URL
            return Reply("end", 0, f"apprise failed to send the message ({type(error).__name__})")
        return Reply("end", 200, "accepted by the service") if accepted else _failure(log)

    def _room(self, name: str) -> "NotifyBase":
        if name not in self._rooms:
            self._rooms[name] = open_room(name, self._channel.room_url(name))
        return self._rooms[name]

    def quit(self) -> None:
        pass


def open_room(name: str, address: str) -> "NotifyBase":
    """Return a room, without connecting to it.

    Raises UsageError for an invalid URL, ChannelUnavailable without apprise.
    """
    try:
        from apprise import Apprise
    except ImportError as error:
        raise ChannelUnavailable(
            "the channel chat needs apprise, which is not installed; install it with: pip install 'paper-digest[chat]'"
        ) from error
    with _captured_log():
        room = Apprise.instantiate(address)
    if room is None:
        raise UsageError(
            f"digest.toml: chat.{name}: its variable or file does not contain a URL that apprise supports; "
            "see https://github.com/caronc/apprise/wiki"
        )
    if len(room) > 1:
        raise UsageError(
            f"digest.toml: chat.{name}: its URL names {len(room)} rooms; use a table [chat.NAME] for each"
        )
    room.socket_read_timeout = max(room.socket_read_timeout, _TIMEOUT)
    return room


def _fits(room: "NotifyBase", title: str, text: str) -> bool:
    """Return whether title and text fit into one message, even if the service escapes characters."""
    longest = min(_LONGEST, room.body_maxlen)
    return len(escape(f"{title}\r\n{text}")) <= longest


def _failure(log: list[str]) -> Reply:
    """Return the reply of a failed attempt, from the log of apprise."""
    status = next((int(found[1]) for line in log if (found := _STATUS.search(line))), 0)
    if status:
        return Reply("service", status, "refused by the service")
    error = next((line for line in log if "Socket Exception" in line), None)
    if error is not None and not any(text in error for text in _NOT_CONNECTED):
        return Reply("end", 0, "the connection was lost after the message was sent")
    return Reply("service", 0, "the service cannot be reached" if error else "refused by the service")


@contextmanager
def _captured_log() -> Iterator[list[str]]:
    """Collect what apprise logs in the block, and keep it out of all other logs: it may quote secrets."""
    messages: list[str] = []

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            messages.append(record.getMessage())

    logger, collector = logging.getLogger("apprise"), Collector(logging.DEBUG)
    before = logger.level, logger.propagate
    logger.addHandler(collector)
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    try:
        yield messages
    finally:
        logger.removeHandler(collector)
        logger.level, logger.propagate = before
