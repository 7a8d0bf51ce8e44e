"""People who subscribed on the web, and what they asked for."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from digest.model.subscriptions import Subscription

RequestKind = Literal["subscribe", "sign-in"]


@dataclass(frozen=True, slots=True)
class Request:
    """Something that somebody who gave an address asked for on the web.

    `wish` is the subscription that is to be made, without an id; None to sign in. `network` is a keyed hash of the
    client's network. `mailed` is when the email that asks to confirm was queued, `confirmed` when its owner did, and
    `subscription` the id of the subscription that was made; a confirmed request without one waits for approval.
    """

    id: int
    kind: RequestKind
    recipient: str
    wish: Subscription | None
    network: str
    made: datetime
    mailed: datetime | None = None
    confirmed: datetime | None = None
    subscription: str = ""


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who confirmed an address. A higher `generation` makes older links to the reader's page invalid."""

    id: int
    recipient: str
    language: str
    generation: int
    made: datetime
