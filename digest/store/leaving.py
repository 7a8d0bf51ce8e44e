"""Who an unsubscribe code takes off which subscription, as far as a library knows."""

from dataclasses import dataclass

from digest.model import Delivery
from digest.signing import UnsubscribeCode
from digest.store.outbox import Outbox


@dataclass(frozen=True, slots=True)
class Leaving:
    """Who leaves what: the code of the departure, and the line of the outbox where the library has it.

    `departure` is "" in codes of older versions, which say no more than the line.
    """

    subscription: str
    departure: str
    mail: Delivery | None

    @property
    def address(self) -> str | None:
        return self.mail.recipient if self.mail else None


def leaving(outbox: Outbox, code: UnsubscribeCode) -> Leaving | None:
    """Return who leaves what by a valid code; None if the code needs a line that does not exist."""
    lines = outbox.lines([code.line]) if code.line is not None else ()
    mail = lines[0] if lines else None
    if not code.departure:
        return Leaving(mail.subscription, "", mail) if mail else None
    # After a restore, the line may be that of another message.
    if mail and code.departure not in outbox.departure_codes(mail.recipient, mail.subscription):
        mail = None
    return Leaving(code.subscription, code.departure, mail)
