"""The log of the library, the cursors on it, and the ledger of runs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the log. `kind` is `new`, `updated` or `learnt`; `what` names the fields that changed."""

    position: int
    paper: int
    kind: str
    what: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class SourceBatch:
    """The content of one digest file: the numbers of its papers, and the newest date of publication.

    `captured` is the day of capture, `read` the day of the run that read the file.
    """

    path: str
    source: str
    captured: date
    papers: frozenset[int]
    newest: date | None
    read: date | None = None


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A run in the ledger. `report` is the output of `digest run --json`, None if the run did not finish.

    `started` and `ended` are real times, `clock` is the time that the run went by (`--now`). `mail` counts
    the messages of its issues by their present status.
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
    """A run's decision for a subscription: the number of an issue, or the reason why there is none.

    `slot` is the slot that was used up, `interval` the positions (first, last] of the log that were
    considered. `nearest` describes near misses where no paper matched.
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
    """How far a subscription has been served.

    `position` (of issues) and `feed_position` are positions in the log. `since` is when the cursor reached
    `position`, None at the beginning of the log. `last_slot` is the time of the last slot that was used up,
    `issues` the number of issues made.
    """

    subscription: str
    name: str
    position: int
    since: datetime | None
    feed_position: int
    last_slot: datetime | None
    issues: int
    enrolled: datetime
