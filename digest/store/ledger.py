"""The ledger: the runs, and their verdicts on subscriptions and files."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    Row,
    Select,
    Table,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from digest.model import Rejected, RunRecord, Verdict
from digest.model.reports import RunReport
from digest.store.columns import Moment
from digest.store.presence import BEGUN
from digest.store.schema import cursors, files, issues, outbox, papers, rejects, runs, secrets, verdicts
from digest.store.sql import chunks, insert_missing, insert_rows, inserted_key


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of the library for monitoring.

    `runs` and `outbox` are numbers by status, `sources` the time of the last file of each source,
    `oldest_pending` the time at which the oldest unsent message was queued.
    """

    runs: tuple[tuple[str, int], ...]
    papers: int
    issues: int
    subscriptions: int
    rejected: int
    sources: tuple[tuple[str, datetime], ...]
    outbox: tuple[tuple[str, int], ...]
    oldest_pending: datetime | None


class Ledger:
    """Runs by number, their verdicts by subscription, and rejected files by content."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def open_run(self, *, started: datetime, clock: datetime, only: str | None = None) -> int:
        """Begin a run, for all subscriptions or for one; one that did not end is marked as interrupted.

        Returns its number.
        """
        self._db.execute(update(runs).where(runs.c.status == "running").values(status="interrupted"))
        result = self._db.execute(
            insert(runs).values(started=started, clock=clock, status="running", only=only)
        )
        return inserted_key(result)

    def close_run(self, run: int, *, ended: datetime, status: str, report: RunReport) -> None:
        """End a run with its status, `done` or `part`, and its report, without what there is for each subscription."""
        text = json.dumps(report.summary_json())
        self._db.execute(update(runs).where(runs.c.id == run).values(ended=ended, status=status, report=text))

    def add_verdicts(self, run: int, found: Iterable[Verdict]) -> None:
        """Store the verdicts of a run, at most one per subscription."""
        rows = [
            {
                "run": run,
                "subscription": verdict.subscription,
                "considered": verdict.considered,
                "matched": verdict.matched,
                "issue": verdict.issue,
                "reason": verdict.reason,
                "error": verdict.error,
                "slot": verdict.slot,
                "first": verdict.interval[0] if verdict.interval else None,
                "last": verdict.interval[1] if verdict.interval else None,
                "nearest": json.dumps(verdict.nearest) if verdict.nearest else None,
            }
            for verdict in found
        ]
        insert_rows(self._db, verdicts, rows)

    def used(self, slots: Mapping[str, datetime]) -> frozenset[str]:
        """Return those subscriptions whose given slot a run used up, this very one and not a later one instead."""
        return frozenset(
            row.subscription
            for chunk in chunks(slots)
            for row in self._db.execute(
                select(verdicts.c.subscription, verdicts.c.slot).where(
                    verdicts.c.subscription.in_(chunk),
                    verdicts.c.slot.in_({slots[subscription] for subscription in chunk}),
                )
            )
            if row.slot == slots[row.subscription]
        )

    def considered_since(self, moments: Mapping[str, datetime]) -> dict[str, tuple[int, int | None]]:
        """Return how many papers the slots of each subscription after a time considered, and their first position."""
        found: dict[str, tuple[int, int | None]] = {}
        for chunk in chunks(moments):
            chosen = (
                select(verdicts.c.subscription, verdicts.c.considered, verdicts.c.first, runs.c.clock)
                .join(runs, runs.c.id == verdicts.c.run)
                .where(verdicts.c.subscription.in_(chunk), verdicts.c.slot.is_not(None))
                .where(runs.c.clock > min(moments[subscription] for subscription in chunk))
            )
            for row in self._db.execute(chosen):
                if row.clock > moments[row.subscription]:
                    considered, first = found.get(row.subscription, (0, None))
                    firsts = [each for each in (first, row.first) if each is not None]
                    found[row.subscription] = considered + row.considered, min(firsts, default=None)
        return found

    def last_runs(self, since: Mapping[str, datetime]) -> dict[str, RunRecord]:
        """Return the last run before the current one, without report, that included each of these subscriptions.

        A run for all included those that were known by its clock; a run that settled something always did.
        """
        last = select(verdicts.c.subscription, func.max(verdicts.c.run)).group_by(verdicts.c.subscription)
        newest = {
            subscription: run
            for chunk in chunks(since)
            for subscription, run in self._db.execute(last.where(verdicts.c.subscription.in_(chunk)))
        }
        records = {
            row.id: _record(row)
            for chunk in chunks(newest.values())
            for row in self._db.execute(select(*_WITHOUT_REPORT).where(runs.c.id.in_(chunk)))
        }
        found = {subscription: records[run] for subscription, run in newest.items()}
        complete = runs.c.status.in_(("done", "part")) & runs.c.only.is_(None)
        row = self._db.execute(
            select(*_WITHOUT_REPORT).where(complete).order_by(runs.c.id.desc()).limit(1)
        ).one_or_none()
        if row is not None:
            for subscription, moment in since.items():
                if moment <= row.clock and (subscription not in found or found[subscription].id < row.id):
                    found[subscription] = _record(row)
        return found

    def run_before(self) -> RunRecord | None:
        """Return the run before the newest one, without its report."""
        chosen = select(*_WITHOUT_REPORT).order_by(runs.c.id.desc()).offset(1).limit(1)
        row = self._db.execute(chosen).one_or_none()
        return None if row is None else _record(row)

    def runs_of(
        self,
        subscription: str,
        *,
        since: datetime,
        until: datetime | None = None,
        limit: int | None = None,
    ) -> tuple[RunRecord, ...]:
        """Return the complete runs that included a subscription, newest first, without reports.

        Their clocks are in [since, until).
        """
        included = or_(runs.c.only.is_(None), runs.c.only == subscription)
        complete = runs.c.status.in_(("done", "part")) & (runs.c.clock >= since)
        chosen = select(*_WITHOUT_REPORT).where(included, complete).order_by(runs.c.id.desc()).limit(limit)
        if until is not None:
            chosen = chosen.where(runs.c.clock < until)
        return tuple(map(_record, self._db.execute(chosen)))

    def mark_begun(self) -> None:
        """Record that an operator has begun this library in place of a lost one."""
        insert_missing(self._db, secrets, {"name": BEGUN, "value": b""})

    def forget(self, *, before: datetime) -> int:
        """Delete the details of runs before a time: reports, and verdicts without slot and issue.

        The used slots and the issues remain in the ledger. Returns the number of reports and verdicts
        deleted.
        """
        old = select(runs.c.id).where(runs.c.clock < before)
        idle = verdicts.c.slot.is_(None) & verdicts.c.issue.is_(None)
        deleted = self._db.execute(delete(verdicts).where(verdicts.c.run.in_(old), idle)).rowcount
        reported = runs.c.report.is_not(None) & (runs.c.clock < before)
        return deleted + self._db.execute(update(runs).where(reported).values(report=None)).rowcount

    def reject(self, rejected: Rejected, *, run: int, reader: str) -> None:
        """Store a rejected file by its content, if it could be read.

        `reader` is the version of the program.
        """
        if rejected.digest is not None:
            self._db.execute(delete(rejects).where(rejects.c.digest == rejected.digest))
        self._db.execute(
            insert(rejects).values(
                digest=rejected.digest,
                path=rejected.path,
                reason=rejected.reason,
                remedy=rejected.remedy,
                line=rejected.line,
                reader=reader,
                run=run,
            )
        )

    def rejection(self, digest: str, *, reader: str) -> Rejected | None:
        """Return the rejection of a file with this SHA-256 by this `reader`, or None."""
        row = self._db.execute(
            select(rejects).where(rejects.c.digest == digest, rejects.c.reader == reader)
        ).one_or_none()
        return None if row is None else Rejected(row.path, row.reason, row.remedy, row.line, row.digest)

    def runs(self, *, limit: int | None = None, before: int | None = None) -> tuple[RunRecord, ...]:
        """Return the runs, newest first; those before a run if it is named."""
        chosen = select(runs).order_by(runs.c.id.desc()).limit(limit)
        rows = self._db.execute(chosen if before is None else chosen.where(runs.c.id < before))
        return tuple(_run(row) for row in rows)

    def run(self, number: int) -> RunRecord | None:
        """Return a run, or None if the number is unknown."""
        row = self._db.execute(select(runs).where(runs.c.id == number)).one_or_none()
        return None if row is None else _run(row)

    def figures(self) -> Figures:
        """Return the figures of the library."""
        last_read = func.max(runs.c.clock, type_=runs.c.clock.type)
        last_files = select(files.c.source, last_read).join(runs, runs.c.id == files.c.run)
        unsent = outbox.c.status.in_(("pending", "leased", "deferred"))
        return Figures(
            runs=self._pairs(select(runs.c.status, func.count()).group_by(runs.c.status)),
            papers=self._count(papers),
            issues=self._count(issues),
            subscriptions=self._count(cursors),
            rejected=self._count(rejects),
            sources=self._pairs(last_files.group_by(files.c.source)),
            outbox=self._pairs(select(outbox.c.status, func.count()).group_by(outbox.c.status)),
            oldest_pending=self._db.scalar(select(func.min(outbox.c.queued, type_=Moment())).where(unsent)),
        )

    def _pairs(self, chosen: Select[Any]) -> tuple[tuple[Any, Any], ...]:
        return tuple(sorted((row[0], row[1]) for row in self._db.execute(chosen)))

    def _count(self, table: Table) -> int:
        return int(self._db.scalar(select(func.count()).select_from(table)) or 0)

    def began(self) -> datetime:
        """Return the clock of the first run; there must be one."""
        row = self._db.execute(select(runs).order_by(runs.c.id).limit(1)).one()
        return _run(row).clock

    def verdicts_in(self, run: int, *, after: str = "", limit: int | None = None) -> tuple[Verdict, ...]:
        """Return the verdicts of a run, by subscription: what settled something, and in older libraries the others.

        Those on subscriptions after this id, at most `limit`.
        """
        of_run = (verdicts.c.run == run) & (verdicts.c.subscription > after)
        chosen = select(verdicts).where(of_run).order_by(verdicts.c.subscription).limit(limit)
        return tuple(map(_verdict, self._db.execute(chosen)))

    def verdicts_of(
        self,
        subscription: str,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        settled: bool = False,
        limit: int | None = None,
    ) -> tuple[tuple[RunRecord, Verdict], ...]:
        """Return the runs, without reports, and their verdicts on a subscription, newest first.

        `since` and `until` limit the clocks of the runs. `settled` excludes verdicts without slot, issue and
        error.
        """
        chosen = (
            select(*_WITHOUT_REPORT, verdicts)
            .join(verdicts, verdicts.c.run == runs.c.id)
            .where(verdicts.c.subscription == subscription)
            .order_by(runs.c.id.desc())
            .limit(limit)
        )
        if settled:
            settles = (verdicts.c.slot, verdicts.c.issue, verdicts.c.error)
            chosen = chosen.where(or_(*(column.is_not(None) for column in settles)))
        if since is not None:
            chosen = chosen.where(runs.c.clock >= since)
        if until is not None:
            chosen = chosen.where(runs.c.clock < until)
        return tuple((_record(row), _verdict(row)) for row in self._db.execute(chosen))


_WITHOUT_REPORT = (runs.c.id, runs.c.started, runs.c.clock, runs.c.ended, runs.c.status)


def _record(row: Any) -> RunRecord:
    return RunRecord(row.id, row.started, row.clock, row.ended, row.status, None)


def _run(row: Row[Any]) -> RunRecord:
    report = None if row.report is None else json.loads(row.report)
    return RunRecord(row.id, row.started, row.clock, row.ended, row.status, report)


def _verdict(row: Row[Any]) -> Verdict:
    return Verdict(
        subscription=row.subscription,
        considered=row.considered,
        matched=row.matched,
        issue=row.issue,
        reason=row.reason,
        error=row.error,
        slot=row.slot,
        interval=None if row.first is None else (row.first, row.last),
        nearest=tuple(json.loads(row.nearest or "[]")),
    )
