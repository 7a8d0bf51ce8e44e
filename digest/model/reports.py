"""The results of commands, and their JSON as scripts read it and as the ledger stores it.

`from_json` also reads reports of older versions: a key that is missing has its default.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any, Literal

from digest.model.deliveries import Delivery
from digest.model.issues import FORMS
from digest.model.papers import Rejected

_UNKNOWN = datetime.min.replace(tzinfo=UTC)  # a time that the JSON of a message leaves out


@dataclass(frozen=True, slots=True)
class ListingReport:
    """A listing of a file, and its status in the library: `new`, `updated` or `seen`."""

    title: str
    status: str
    first_seen: datetime | None
    file: str


@dataclass(frozen=True, slots=True)
class FileReport:
    """The result of reading a digest file.

    `remembered`: rejected in an earlier run and unchanged since. `problems` name papers that could not be recorded.
    `unfinished`: a program is still writing the file, so it was not read.
    """

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
    problems: tuple[str, ...] = ()
    unfinished: bool = False

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
            "problems": list(self.problems),
            "unfinished": self.unfinished,
            "rejected": None
            if rejected is None
            else {
                "reason": rejected.reason,
                "line": rejected.line,
                "remedy": rejected.remedy,
                "remembered": self.remembered,
            },
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "FileReport":
        path, captured, rejected = value["path"], value.get("captured"), value.get("rejected")
        return cls(
            path,
            source=value.get("source"),
            captured=date.fromisoformat(captured) if captured else None,
            captured_guessed=value.get("captured_guessed", False),
            new=value.get("new", 0),
            updated=value.get("updated", 0),
            seen=value.get("seen", 0),
            note=value.get("note", ""),
            problems=tuple(value.get("problems", ())),
            unfinished=value.get("unfinished", False),
            rejected=Rejected(path, rejected["reason"], rejected.get("remedy", ""), rejected.get("line"))
            if rejected
            else None,
            remembered=bool(rejected and rejected.get("remembered")),
        )


@dataclass(frozen=True, slots=True)
class IssueReport:
    """An issue that a run made; `files` maps each of its forms to a path relative to the home."""

    number: int
    slot: str | None
    new: tuple[str, ...]
    updated: tuple[str, ...]
    more: int
    files: Mapping[str, str]
    discover: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        others = {form: path for form, path in self.files.items() if form not in FORMS}
        return {
            "number": self.number,
            "slot": self.slot,
            "new": list(self.new),
            "updated": list(self.updated),
            "more": self.more,
            **{form: self.files.get(form) for form in FORMS},
            "discover": list(self.discover),
            **({"other_forms": others} if others else {}),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "IssueReport":
        return cls(
            number=value["number"],
            slot=value.get("slot"),
            new=tuple(value.get("new", ())),
            updated=tuple(value.get("updated", ())),
            more=value.get("more", 0),
            files={form: value[form] for form in FORMS if value.get(form)} | value.get("other_forms", {}),
            discover=tuple(value.get("discover", ())),
        )


@dataclass(frozen=True, slots=True)
class SubscriptionReport:
    """What a run decided for a subscription: an issue, the reason for none, or the error in its file.

    `nearest` describes the near misses where nothing matched. `slot` (UTC) is the slot that was used up,
    with or without an issue; `interval` the positions (first, last] of the log that were considered.
    Neither of these two is part of the JSON.
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

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "SubscriptionReport":
        issue = value.get("issue")
        return cls(
            value["id"],
            considered=value.get("considered", 0),
            matched=value.get("matched", 0),
            issue=IssueReport.from_json(issue) if issue else None,
            reason=value.get("reason"),
            error=value.get("error"),
            nearest=tuple(value.get("nearest", ())),
        )


COUNTED = ("sent", "deferred", "failed", "suppressed", "in_doubt", "pending")


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """The result of a delivery run, for every message that was open when it began.

    `counts` maps each status to its number of messages; they add up to `messages`. `pause` is the reason
    why the delivery stopped early ("": it did not), `problems` say why single messages could not be
    made. `sendable` is how many messages a dry run would send, None unless it was one.
    """

    counts: dict[str, int]
    messages: tuple[Delivery, ...]
    pause: str = ""
    problems: tuple[str, ...] = ()
    sendable: int | None = None

    @classmethod
    def not_started(cls, reason: str) -> "DeliveryReport":
        """Return the report of a delivery run that could not start."""
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

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "DeliveryReport":
        return cls(
            {status: value.get(status, 0) for status in COUNTED},
            tuple(message_from_json(each) for each in value.get("messages", ())),
            pause=value.get("paused") or "",
            problems=tuple(value.get("problems", ())),
            sendable=value.get("would_send"),
        )


def message_status(delivery: Delivery) -> str:
    """Return the status of a message as it is shown: one that is being sent right now is pending."""
    return "pending" if delivery.status == "leased" else delivery.status


def message_json(delivery: Delivery) -> dict[str, Any]:
    """Return a message of the outbox as `digest outbox list --json` prints it."""
    status = message_status(delivery)
    return {
        "subscription": delivery.subscription or None,
        "issue": delivery.number or None,
        "recipient": delivery.recipient,
        "status": status,
        "reply": delivery.reply or None,
        "id": delivery.id,
        "channel": delivery.channel,
        "attempts": delivery.attempts,
        "doubts": delivery.doubts,
        "due": delivery.due.isoformat() if status in ("pending", "deferred", "in_doubt") else None,
        "settled": delivery.settled.isoformat() if delivery.settled else None,
        "letter": delivery.letter.kind if delivery.letter else None,
    }


def message_from_json(value: Mapping[str, Any]) -> Delivery:
    """Return a message from its JSON, which has neither its issue's database key nor when it was queued."""
    due, settled = value.get("due"), value.get("settled")
    return Delivery(
        id=value.get("id", 0),
        issue=0,
        subscription=value["subscription"] or "",
        number=value["issue"] or 0,
        recipient=value["recipient"],
        channel=value.get("channel", ""),
        status=value["status"],
        attempts=value.get("attempts", 0),
        doubts=value.get("doubts", 0),
        queued=_UNKNOWN,
        due=datetime.fromisoformat(due) if due else _UNKNOWN,
        reply=value.get("reply") or "",
        settled=datetime.fromisoformat(settled) if settled else None,
    )


@dataclass(frozen=True, slots=True)
class RunReport:
    """The result of a whole run.

    `run` is None for a dry run. `problems` say which output could not be written, `notes` what was done
    less well than asked for, `stale` which sources return nothing new. `stages` are the seconds that
    each stage took. `delivery` is None if no channel is configured. `idle` counts the subscriptions that are not
    among `subscriptions`, as nothing happened to them.
    """

    run: int | None
    files: tuple[FileReport, ...]
    subscriptions: tuple[SubscriptionReport, ...]
    feeds: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()
    stages: Mapping[str, float] = field(default_factory=dict)
    delivery: DeliveryReport | None = None
    idle: int = 0

    @property
    def complaints(self) -> tuple[str, ...]:
        """Return what could not be done, except for the delivery."""
        rejected = (str(file.rejected) for file in self.files if file.failed)
        invalid = (each.error for each in self.subscriptions if each.error)
        unrecorded = (problem for file in self.files for problem in file.problems)
        return (*rejected, *unrecorded, *invalid, *self.problems)

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
            "idle": self.idle,
        }

    def summary_json(self) -> dict[str, Any]:
        """Return the report for the ledger, which has rows for the rest: it does not grow with subscriptions."""
        settled = [each for each in self.subscriptions if each.issue or each.slot or each.error]
        return {
            **replace(self, subscriptions=(), feeds=()).as_json(),
            "idle": self.idle + len(self.subscriptions) - len(settled),
            "issues": sum(each.issue is not None for each in settled),
            "errors": sum(each.error is not None for each in settled),
            "feeds_written": len(self.feeds),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "RunReport":
        delivery = value.get("delivery")
        return cls(
            value.get("run"),
            tuple(FileReport.from_json(each) for each in value.get("files", ())),
            tuple(SubscriptionReport.from_json(each) for each in value.get("subscriptions", ())),
            feeds=tuple(value.get("feeds", ())),
            problems=tuple(value.get("problems", ())),
            notes=tuple(value.get("notes", ())),
            stale=tuple(value.get("stale", ())),
            stages=dict(value.get("stages", {})),
            delivery=DeliveryReport.from_json(delivery) if delivery else None,
            idle=value.get("idle", 0),
        )


def diff_json(files: Iterable[FileReport]) -> dict[str, Any]:
    """Return the JSON of `digest diff`."""
    files = tuple(files)
    return {
        "files": [file.as_json() for file in files],
        "papers": [
            {
                "title": listing.title,
                "status": listing.status,
                "first_seen": listing.first_seen.isoformat() if listing.first_seen else None,
                "file": listing.file,
            }
            for file in files
            for listing in file.papers
        ],
    }


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of a check: `good`, `warning` (it works, but could be better), `bad` or `skipped`.

    `exit_status` is that of `digest doctor` if the result is `bad`: 2 for a mistake in digest.toml.
    """

    check: str
    state: Literal["good", "warning", "bad", "skipped"]
    message: str
    remedy: str = ""
    exit_status: int = 1


def finding_json(finding: Finding) -> dict[str, str]:
    """Return a finding as `digest doctor --json` prints it."""
    return {
        "check": finding.check,
        "state": finding.state,
        "message": finding.message,
        "remedy": finding.remedy,
    }
