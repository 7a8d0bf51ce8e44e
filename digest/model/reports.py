"""What a run tells: values, and their JSON as scripts know it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from digest.model.deliveries import Delivery
from digest.model.issues import FORMS
from digest.model.papers import Rejected


@dataclass(frozen=True, slots=True)
class ListingReport:
    """A listing of a file: what the library makes of it."""

    title: str
    status: str
    first_seen: datetime | None
    file: str


@dataclass(frozen=True, slots=True)
class FileReport:
    """What became of a digest file. `remembered`: it was rejected in an earlier run and has not changed."""

    path: str
    source: str | None = None
    captured: date | None = None
    captured_guessed: bool = False
    new: int = 0
    updated: int = 0
    seen: int = 0
    note: str = ""
    rejected: Rejected | None = None
    remembered: bool = False
    papers: tuple[ListingReport, ...] = ()

    @property
    def listed(self) -> int:
        return self.new + self.updated + self.seen

    @property
    def failed(self) -> bool:
        return self.rejected is not None and not self.remembered

    def as_json(self) -> dict[str, Any]:
        rejected = self.rejected
        return {
            "path": self.path,
            "source": self.source,
            "captured": self.captured.isoformat() if self.captured else None,
            "captured_guessed": self.captured_guessed,
            "listed": self.listed,
            "new": self.new,
            "updated": self.updated,
            "seen": self.seen,
            "note": self.note,
            "rejected": None
            if rejected is None
            else {
                "reason": rejected.reason,
                "line": rejected.line,
                "remedy": rejected.remedy,
                "remembered": self.remembered,
            },
        }


@dataclass(frozen=True, slots=True)
class IssueReport:
    """An issue that was made. `files` maps each of its forms to a path relative to the home."""

    number: int
    slot: str | None
    new: tuple[str, ...]
    updated: tuple[str, ...]
    more: int
    files: Mapping[str, str]
    discover: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "slot": self.slot,
            "new": list(self.new),
            "updated": list(self.updated),
            "more": self.more,
            **{form: self.files.get(form) for form in FORMS},
            "discover": list(self.discover),
        }


@dataclass(frozen=True, slots=True)
class SubscriptionReport:
    """What a run decided for a subscription: an issue, or the reason for none, or the error in its file.

    `nearest` says how papers came near where none matched; `slot` (UTC) was used up, with an issue or
    without; `interval` is what was looked at, the positions (first, last] of the log.
    """

    id: str
    considered: int = 0
    matched: int = 0
    issue: IssueReport | None = None
    reason: str | None = None
    error: str | None = None
    nearest: tuple[str, ...] = ()
    slot: datetime | None = None
    interval: tuple[int, int] | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "considered": self.considered,
            "matched": self.matched,
            "issue": self.issue.as_json() if self.issue else None,
            "reason": self.reason,
            "error": self.error,
            "nearest": list(self.nearest),
        }


COUNTED = ("sent", "deferred", "failed", "suppressed", "in_doubt", "pending")


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What became of every message that was on its way.

    `counts` maps each status to its number; they add up to the number of `messages`. `pause` says why
    the run stopped early, `problems` what kept single messages from being made. `sendable` counts what a
    dry run would try.
    """

    counts: dict[str, int]
    messages: tuple[Delivery, ...]
    pause: str = ""
    problems: tuple[str, ...] = ()
    sendable: int | None = None

    @classmethod
    def none(cls, reason: str) -> "DeliveryReport":
        """Return the report of a delivery that could not begin."""
        return cls(dict.fromkeys(COUNTED, 0), (), reason)

    @property
    def exit_status(self) -> int:
        return 1 if self.counts["failed"] or self.counts["in_doubt"] or self.pause or self.problems else 0

    def as_json(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            **self.counts,
            "paused": self.pause or None,
            "problems": list(self.problems),
            "messages": [message_json(each) for each in self.messages],
        }
        return found if self.sendable is None else {**found, "would_send": self.sendable}


def message_json(delivery: Delivery) -> dict[str, Any]:
    """Return a message of the outbox as scripts see it."""
    status = "pending" if delivery.status == "leased" else delivery.status
    return {
        "subscription": delivery.subscription,
        "issue": delivery.number,
        "recipient": delivery.recipient,
        "status": status,
        "reply": delivery.reply or None,
        "id": delivery.id,
        "channel": delivery.channel,
        "attempts": delivery.attempts,
        "doubts": delivery.doubts,
        "due": delivery.due.isoformat() if status in ("pending", "deferred", "in_doubt") else None,
        "settled": delivery.settled.isoformat() if delivery.settled else None,
    }


@dataclass(frozen=True, slots=True)
class RunReport:
    """A whole run.

    `run` is None for a dry run; `problems` are what kept output from being written; `stale` names sources
    that bring nothing any more; `stages` the seconds that each stage took; `delivery` is None if no
    channel is configured.
    """

    run: int | None
    files: tuple[FileReport, ...]
    subscriptions: tuple[SubscriptionReport, ...]
    feeds: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())
    stale: tuple[str, ...] = ()
    stages: Mapping[str, float] = field(default_factory=dict)
    delivery: DeliveryReport | None = None

    @property
    def complaints(self) -> tuple[str, ...]:
        """Say what could not be done, but for the mail."""
        rejected = (str(file.rejected) for file in self.files if file.failed)
        flawed = (each.error for each in self.subscriptions if each.error)
        return (*rejected, *flawed, *self.problems)

    @property
    def exit_status(self) -> int:
        undelivered = self.delivery is not None and self.delivery.exit_status
        return 1 if self.complaints or undelivered else 0

    def as_json(self) -> dict[str, Any]:
        return {
            "run": self.run,
            "files": [file.as_json() for file in self.files],
            "subscriptions": [subscription.as_json() for subscription in self.subscriptions],
            "feeds": list(self.feeds),
            "problems": list(self.problems),
            "notes": list(self.notes),
            "stale": list(self.stale),
            "stages": {name: round(seconds, 3) for name, seconds in self.stages.items()},
            "delivery": self.delivery.as_json() if self.delivery else None,
        }


def diff_json(files: Iterable[FileReport]) -> dict[str, Any]:
    """Return the JSON of `digest diff`."""
    files = tuple(files)
    return {
        "files": [file.as_json() for file in files],
        "papers": [
            {
                "title": told.title,
                "status": told.status,
                "first_seen": told.first_seen.isoformat() if told.first_seen else None,
                "file": told.file,
            }
            for file in files
            for told in file.papers
        ],
    }


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found: `good`, `warning` (it works, but), `bad` or `skipped`, with what to do."""

    check: str
    state: Literal["good", "warning", "bad", "skipped"]
    message: str
    remedy: str = ""


def finding_json(finding: Finding) -> dict[str, str]:
    return {
        "check": finding.check,
        "state": finding.state,
        "message": finding.message,
        "remedy": finding.remedy,
    }
