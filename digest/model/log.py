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
    """A run's decision for a subscription: the number of an issue, or the reason for not having one.

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

    @property
    def settles(self) -> bool:
        """Whether something happened: an issue, a used slot or an error. Only such decisions are kept."""
        return self.slot is not None or self.issue is not None or self.error is not None


@dataclass(frozen=True, slots=True)
class SetAside:
    """A paper on which a stage failed, and which that stage leaves out from then on, in part or as a whole.

    `stage` is one of `match`, `rank`, `themes`, `near`, `words`, `issue`, `page`, `feed` and `search`; `subject`
    is the subscription concerned, "" for all. `part` is what is left out: the `abstract`, the `text` (all but the
    number of the paper) or the `whole` paper. `paper` is 0, and `title` is empty, where no paper was to blame.
    """

    paper: int
    title: str
    stage: str
    subject: str
    part: str
    reason: str

    def __str__(self) -> str:
        doing = _STAGES.get(self.stage, self.stage)
        where = f"{doing} for {self.subject}" if self.subject else doing
        if not self.paper:
            return f"{where} was left out: {self.reason}"
        return f"paper {self.paper} ({self.title}): {_PARTS[self.part]} left out of {where}: {self.reason}"


_STAGES = {
    "match": "matching",
    "rank": "ranking",
    "themes": "the themes of issues",
    "near": "the near misses",
    "words": "the search for trends",
    "trends": "the search for trends",
    "issue": "issues",
    "page": "its page in the archive",
    "feed": "feeds",
    "search": "the archive's search",
}
_PARTS = {"abstract": "its abstract is", "text": "its text is", "whole": "it is"}


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a subscription has been served.

    `position` (of issues) and `feed_position` are positions in the log. `since` is when the cursor reached
    `position`, None at the beginning of the log. `last_slot` is the time of the last slot that was used up,
    `issues` the number of issues made. `visibility` is that of the subscription, and stays when its file is gone.
    """

    subscription: str
    name: str
    position: int
    since: datetime | None
    feed_position: int
    last_slot: datetime | None
    issues: int
    enrolled: datetime
    visibility: str = "public"
