"""The ledger: what each run did, and why."""

import json
from collections.abc import Iterable
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
from digest.store.schema import Moment, cursors, files, issues, outbox, papers, rejects, runs, verdicts
from digest.store.sql import inserted_key


@dataclass(frozen=True, slots=True)
class Figures:
    """What the library amounts to, for a monitor. `outbox` counts its messages by status."""

    runs: tuple[tuple[str, int], ...]
    papers: int
    issues: int
    subscriptions: int
    rejected: int
    sources: tuple[tuple[str, datetime], ...]
    outbox: tuple[tuple[str, int], ...]
    oldest_pending: datetime | None


class Ledger:
    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def open_run(self, *, started: datetime, clock: datetime) -> int:
        """Begin a run; a run that never ended is marked as interrupted. Returns its number."""
        self._db.execute(update(runs).where(runs.c.status == "running").values(status="interrupted"))
        result = self._db.execute(insert(runs).values(started=started, clock=clock, status="running"))
        return inserted_key(result)

    def close_run(self, run: int, *, ended: datetime, status: str, report: dict[str, Any]) -> None:
        self._db.execute(
            update(runs).where(runs.c.id == run).values(ended=ended, status=status, report=json.dumps(report))
        )

    def add_verdicts(self, run: int, found: Iterable[Verdict]) -> None:
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
        if rows:
            self._db.execute(insert(verdicts), rows)

    def used(self, subscription: str, slot: datetime) -> bool:
        """Tell whether a run used this slot up: at its very instant, not folded into a later one."""
        chosen = select(verdicts.c.run).where(verdicts.c.subscription == subscription)
        return self._db.execute(chosen.where(verdicts.c.slot == slot)).first() is not None

    def considered_since(self, subscription: str, moment: datetime) -> tuple[int, int | None]:
        """Count the papers that slots after a moment used up, and return the position they began at."""
        chosen = select(func.sum(verdicts.c.considered), func.min(verdicts.c.first))
        of_it = (verdicts.c.subscription == subscription) & verdicts.c.slot.is_not(None)
        considered, first = self._db.execute(
            chosen.join(runs, runs.c.id == verdicts.c.run).where(of_it, runs.c.clock > moment)
        ).one()
        return int(considered or 0), first

    def forget(self, *, before: datetime) -> int:
        """Remove old details: reports, and verdicts that used up no slot and made no issue.

        What stays says which slots were used and which issues made. Returns how many were removed.
        """
        old = select(runs.c.id).where(runs.c.clock < before)
        idle = verdicts.c.slot.is_(None) & verdicts.c.issue.is_(None)
        gone = self._db.execute(delete(verdicts).where(verdicts.c.run.in_(old), idle)).rowcount
        told = runs.c.report.is_not(None) & (runs.c.clock < before)
        return gone + self._db.execute(update(runs).where(told).values(report=None)).rowcount

    def reject(self, rejected: Rejected, *, run: int, reader: str) -> None:
        """Remember a rejected file by its content (if it had any)."""
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
        """Return why a file with these bytes was rejected by this version of the program, if it was."""
        row = self._db.execute(
            select(rejects).where(rejects.c.digest == digest, rejects.c.reader == reader)
        ).one_or_none()
        return None if row is None else Rejected(row.path, row.reason, row.remedy, row.line, row.digest)

    def runs(self, *, limit: int | None = None) -> tuple[RunRecord, ...]:
        """Return the runs, newest first."""
        rows = self._db.execute(select(runs).order_by(runs.c.id.desc()).limit(limit))
        return tuple(_run(row) for row in rows)

    def run(self, number: int) -> RunRecord | None:
        row = self._db.execute(select(runs).where(runs.c.id == number)).one_or_none()
        return None if row is None else _run(row)

    def figures(self) -> Figures:
        """Return the figures of the whole library."""
        last_read = func.max(runs.c.clock, type_=runs.c.clock.type)
        brought = select(files.c.source, last_read).join(runs, runs.c.id == files.c.run)
        waits = outbox.c.status.in_(("pending", "leased", "deferred"))
        return Figures(
            runs=self._pairs(select(runs.c.status, func.count()).group_by(runs.c.status)),
            papers=self._count(papers),
            issues=self._count(issues),
            subscriptions=self._count(cursors),
            rejected=self._count(rejects),
            sources=self._pairs(brought.group_by(files.c.source)),
            outbox=self._pairs(select(outbox.c.status, func.count()).group_by(outbox.c.status)),
            oldest_pending=self._db.scalar(select(func.min(outbox.c.queued, type_=Moment())).where(waits)),
        )

    def _pairs(self, chosen: Select[Any]) -> tuple[tuple[Any, Any], ...]:
        return tuple(sorted((row[0], row[1]) for row in self._db.execute(chosen)))

    def _count(self, table: Table) -> int:
        return int(self._db.scalar(select(func.count()).select_from(table)) or 0)

    def began(self) -> datetime:
        """Return the clock of the first run."""
        row = self._db.execute(select(runs).order_by(runs.c.id).limit(1)).one()
        return _run(row).clock

    def verdicts_of(
        self,
        subscription: str,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        settled: bool = False,
        limit: int | None = None,
    ) -> tuple[tuple[RunRecord, Verdict], ...]:
        """Return what was decided for a subscription, run by run, newest first; by the runs' clocks.

        `settled` leaves out what used up no slot, made no issue and met no error. The records come without
        their reports.
        """
        chosen = (
            select(runs.c.id, runs.c.started, runs.c.clock, runs.c.ended, runs.c.status, verdicts)
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
        return tuple(
            (RunRecord(row.id, row.started, row.clock, row.ended, row.status, None), _verdict(row))
            for row in self._db.execute(chosen)
        )


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
