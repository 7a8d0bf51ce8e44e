"""The channel `smtp`: one message per recipient, sent to a mail server."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from digest.deliver.message import PreparedMail, Sender
from digest.deliver.smtp_session import Server, Session, open_session
from digest.model import Delivery, Reply
from digest.text.addresses import mailbox

# Subscriptions are checked; an older version may have queued such an address.
INVALID_ADDRESS = Reply("address", 0, "skipped: not a valid email address; correct it in the subscription")


@dataclass(frozen=True, slots=True)
class SmtpChannel:
    """Sends the mail that `mail_of` returns for a delivery."""

    server: Server
    sender: Sender
    mail_of: Callable[[Delivery], PreparedMail]

    @property
    def connections(self) -> int:
        return self.server.smtp.connections

    @property
    def domain_connections(self) -> int:
        return self.server.smtp.domain_connections

    @property
    def domain_per_minute(self) -> int:
        return self.server.smtp.domain_per_minute

    @property
    def longest_attempt(self) -> timedelta:
        # A connection, TLS, login, MAIL, RCPT and DATA, and the end of the message have a timeout each.
        smtp = self.server.smtp
        return timedelta(seconds=6 * smtp.timeout + smtp.final_timeout)

    def open(self) -> "SmtpLink":
        return SmtpLink(self, open_session(self.server))


class SmtpLink:
    """A connection, closed after `messages_per_connection` messages."""

    def __init__(self, channel: SmtpChannel, session: Session) -> None:
        self._channel, self._session = channel, session

    @property
    def usable(self) -> bool:
        limit = self._channel.server.smtp.messages_per_connection
        return self._session.usable and self._session.sent < limit

    def send(self, delivery: Delivery, begin: Callable[[], bool]) -> Reply | None:
        to = mailbox(delivery.recipient)
        if to is None:
            return INVALID_ADDRESS
        mail = self._channel.mail_of(delivery)
        return self._session.send(
            self._channel.sender.return_path(delivery),
            to,
            mail.headers_for(to, delivery),
            mail.wire_body,
            begin,
        )

    def quit(self) -> None:
        self._session.quit()
