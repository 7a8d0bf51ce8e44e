"""The log of the library, the cursors in it, and the ledger of runs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the log. `what` names the fields revised or learnt."""

    position: int
    paper: int
    kind: str
    what: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class SourceBatch:
    """What one digest file brought: the papers it lists, and the newest date among them; `read` is when."""

    path: str
    source: str
    captured: date
    papers: frozenset[int]
    newest: date | None
    read: date | None = None


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A run as the ledger has it; `report` is what `digest run --json` printed, None if it never ended.

    `mail` counts the messages of its issues by what has become of them up to now.
    """

    id: int
    started: datetime
    clock: datetime
    ended: datetime | None
    status: str
    report: dict[str, Any] | None
    mail: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a run decided for a subscription: an issue (its number) or the reason for none.

    `slot` is the slot it used up, `interval` what it looked at: the positions (first, last] of the log.
    `nearest` tells how papers came near where none matched.
    """

    subscription: str
    considered: int
    matched: int
    issue: int | None
    reason: str | None
    error: str | None
    slot: datetime | None = None
    interval: tuple[int, int] | None = None
    nearest: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a subscription was served.

    `position` and `feed_position` are positions in the log; `since` is when the cursor came to stand
    there (None: at the beginning); `last_slot` the instant of the last slot used up; `issues` how many
    were made.
    """

    subscription: str
    name: str
    position: int
    since: datetime | None
    feed_position: int
    last_slot: datetime | None
    issues: int
    enrolled: datetime
