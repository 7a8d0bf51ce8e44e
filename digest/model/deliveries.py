"""Messages to recipients, and the results of attempts to deliver them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from digest.model.letters import Letter

DeliveryStatus = Literal["pending", "leased", "sent", "deferred", "failed", "suppressed", "in_doubt"]

Stage = Literal["connect", "sender", "recipient", "data", "end", "service", "address"]


@dataclass(frozen=True, slots=True)
class Delivery:
    """A line of the outbox: an issue, or a letter, for one recipient on one channel.

    `issue` is the issue's key in the database, `number` its number in the subscription; for a `letter` they are 0,
    and `subscription` is "". `attempts` counts the
    attempts so far, `doubts` those that ended in doubt, without a reply. The next attempt is not made before
    `due`; `reply` is the last reply, `settled` the time of the last outcome.
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
    settled: datetime | None = None
    letter: Letter | None = None

    def __str__(self) -> str:
        what = f"letter {self.letter.kind}" if self.letter else f"issue {self.number} of {self.subscription}"
        return f"{what} for {self.recipient}"


@dataclass(frozen=True, slots=True)
class Reply:
    """The last reply in an attempt. `code` is 0 if the server did not reply; `text` then says why.

    `stage` is the step of the dialogue: "end" follows the whole message, "service" stands for every step of a
    service that is not a mail server, "address" for our own check of the address, before any step.
    """

    stage: Stage
    code: int
    text: str = ""

    def __str__(self) -> str:
        return f"{self.code} {self.text}".strip() if self.code else self.text


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of an attempt.

    `due` is the time of the next attempt (deferred). `suppress` is the reason to suppress the address,
    `pause` the reason to stop the delivery run: an error on the sender's side, which all other messages would
    meet.
    """

    status: DeliveryStatus
    reply: str
    due: datetime | None = None
    suppress: str = ""
    pause: str = ""
