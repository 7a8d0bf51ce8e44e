"""Letters: emails to one person that are not issues."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

LetterKind = Literal["confirm", "welcome", "sign-in", "declined"]


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asked for, as letters and pages repeat it: texts as they were typed."""

    name: str
    keywords: tuple[str, ...]
    exclude: tuple[str, ...] = ()
    schedule: str = ""
    timezone: str = ""


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter as the outbox stores it.

    Its link is made when it is sent, from `subject` (the number of a request or of a reader) and `generation`, so
    that no code is stored. `considered` counts the papers among which a first issue found none.
    """

    kind: LetterKind
    language: str
    made: datetime
    subject: int
    generation: int = 0
    wishes: tuple[Wish, ...] = ()
    considered: int = 0
