"""The channel `smtp`: a mail per recipient, handed over to a server."""

from collections.abc import Callable
from dataclasses import dataclass

from digest.deliver.message import PreparedMail, Sender
from digest.deliver.smtp_session import Server, Session, open_session
from digest.model import Delivery, Reply
from digest.text.addresses import mailbox

NO_ADDRESS = Reply("recipient", 550, "5.1.3 this is no address that mail can go to")


@dataclass(frozen=True, slots=True)
class SmtpChannel:
    """Sends what `mailing_of` makes of the issue of a delivery."""

    server: Server
    sender: Sender
    mailing_of: Callable[[Delivery], PreparedMail]

    @property
    def connections(self) -> int:
        return self.server.smtp.connections

    @property
    def domain_connections(self) -> int:
        return self.server.smtp.domain_connections

    @property
    def domain_per_minute(self) -> int:
        return self.server.smtp.domain_per_minute

    def open(self) -> "SmtpLink":
        return SmtpLink(self, open_session(self.server))


class SmtpLink:
    def __init__(self, channel: SmtpChannel, session: Session) -> None:
        self._channel, self._session = channel, session

    @property
    def usable(self) -> bool:
        limit = self._channel.server.smtp.messages_per_connection
        return self._session.usable and self._session.sent < limit

    def send(self, delivery: Delivery, begin: Callable[[], bool]) -> Reply | None:
        to = mailbox(delivery.recipient)
        if to is None:
            return NO_ADDRESS
        mailing = self._channel.mailing_of(delivery)
        return self._session.send(
            self._channel.sender.return_path(delivery),
            to,
            mailing.head(to, delivery),
            mailing.wire_body,
            begin,
        )

    def quit(self) -> None:
        self._session.quit()
