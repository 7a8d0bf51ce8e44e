"""Messages on their way to recipients, and how each attempt ended."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

DeliveryStatus = Literal["pending", "leased", "sent", "deferred", "failed", "suppressed", "in_doubt"]

Stage = Literal["connect", "sender", "recipient", "data", "end", "service"]


@dataclass(frozen=True, slots=True)
class Delivery:
    """A line of the outbox: an issue on its way to one recipient by one channel.

    `issue` is the issue's key in the database, `number` its number in the subscription. `attempts`
    counts the tries so far, `doubts` how often one of them ended without the server's word. It is not
    tried before `due`; `reply` is the last answer.
    """

    id: int
    issue: int
    subscription: str
    number: int
    recipient: str
    channel: str
    status: DeliveryStatus
    attempts: int
    doubts: int
    queued: datetime
    due: datetime
    reply: str = ""
    settled: datetime | None = None  # when it came to its status


@dataclass(frozen=True, slots=True)
class Reply:
    """How far a try came, and the last word of the other side. `code` 0: there was none, `text` says why.

    `stage` names the step that failed; "end" is what follows the whole message, "service" all that another
    kind of server than one for mail says or fails to say.
    """

    stage: Stage
    code: int
    text: str = ""

    def __str__(self) -> str:
        return f"{self.code} {self.text}".strip() if self.code else self.text


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a try.

    `due` is when to try again (deferred). `suppress` says why the address gets no mail any
    more. `pause` says why the run stops: the fault is the sender's, every other message would meet it.
    """

    status: DeliveryStatus
    reply: str
    due: datetime | None = None
    suppress: str = ""
    pause: str = ""
