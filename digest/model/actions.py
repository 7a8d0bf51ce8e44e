"""What operators did in the console."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Action:
    """An action of an operator: what was done to what, and from which network.

    `action` is a short phrase such as "paused", `subject` the id, address or number that it concerns ("" for none),
    and `detail` what else matters, for people.
    """

    id: int
    at: datetime
    client: str
    action: str
    subject: str = ""
    detail: str = ""
