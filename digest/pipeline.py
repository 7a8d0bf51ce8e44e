"""The story on one page:

    read | diff | match | compose | render | publish

`run` does it all for one home. Deciding is done elsewhere, by pure functions (`diff`, `match`,
`compose`, `slots`); this module asks the store for values, hands them to a decision, and applies what
comes back, in transactions that a crash cannot halve:

* a digest file, its listings and their entries in the log are one transaction;
* an issue, the papers it serves and the cursor that moves are one transaction, per subscription;
* files on disk are derived from stored content and written by every run until they are marked written.
"""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from digest.compose import Findings, compose, find, recent_enough
from digest.errors import UsageError
from digest.intake import Options, Progress, read_files, silent
from digest.model import Home, Subscription
from digest.report import IssueReport, RunReport, SubscriptionReport
from digest.shelf import Shelf
from digest.slots import Slot, due_slots, next_slot, parse_schedule
from digest.store import Store, Transaction
from digest.store.desk import Cursor
from digest.store.ledger import Verdict
from digest.subscriptions import Flawed
from digest.write import issue_path, write_unwritten


def run(
    home: Home,
    store: Store,
    subscriptions: Sequence[Subscription | Flawed],
    options: Options,
    *,
    now: datetime,
    started: datetime,
    progress: Progress = silent,
    write: bool = True,
) -> RunReport:
    """Do one pass of the pipeline and return what happened.

    `now` is the clock every decision sees, `started` the machine's own for the ledger. `write=False`
    leaves the disk alone (for a rehearsal). Raises StoreError.
    """
    with store.begin() as tx:
        number = tx.ledger.open_run(started=started, clock=now)
        if number == 1:
            tx.desk.mark_unwritten("feed", "all")
            tx.desk.mark_unwritten("index", "")
        for subscription in subscriptions:
            if isinstance(subscription, Subscription):
                enrol(tx, subscription, now)
        if options.rewrite:
            _mark_all(tx)
    files = tuple(read_files(home, store, options, run=number, now=now, progress=progress, tell=False))
    shelf = Shelf(store)
    shelf.prepare([each for each in subscriptions if isinstance(each, Subscription) and each.enabled])
    reports = []
    for done, subscription in enumerate(subscriptions):
        progress("matching", done, len(subscriptions))
        reports.append(_serve(shelf, subscription, options, run=number, now=now))
    written = write_unwritten(home, store, progress) if write else None
    report = RunReport(
        run=number,
        files=files,
        subscriptions=tuple(reports),
        feeds=written.feeds if written else (),
        problems=written.problems if written else (),
        notes=_notes(home),
    )
    with store.begin() as tx:
        tx.ledger.close_run(
            number,
            ended=_later(started),
            status="part" if report.exit_status else "done",
            report=report.as_json(),
        )
    return report


def _later(started: datetime) -> datetime:
    return max(started, datetime.now(started.tzinfo))


def _notes(home: Home) -> tuple[str, ...]:
    if home.settings.channels:
        return ("this version writes files only; the channels in digest.toml are not used yet",)
    return ()


def chosen(
    subscriptions: Sequence[Subscription | Flawed], only: str | None
) -> tuple[Subscription | Flawed, ...]:
    """Return the subscriptions a run is for: all, or one. Raises UsageError if that one is unknown."""
    if only is None:
        return tuple(subscriptions)
    found = tuple(subscription for subscription in subscriptions if subscription.id == only)
    if not found:
        known = ", ".join(subscription.id for subscription in subscriptions) or "none yet"
        raise UsageError(f"no subscription {only!r}; there are: {known}")
    return found


def enrol(tx: Transaction, subscription: Subscription, now: datetime) -> None:
    """Set the cursor of a subscription seen for the first time, `start` back in the library."""
    cursor = tx.desk.cursor(subscription.id)
    if cursor is None:
        since = now - subscription.start
        position = tx.library.position_at(since) if subscription.start else tx.library.end()
        tx.desk.enrol(
            subscription.id, subscription.name, position=position, since=since if position else None, at=now
        )
    elif cursor.name != subscription.name:
        tx.desk.rename(subscription.id, subscription.name)


def _mark_all(tx: Transaction) -> None:
    tx.desk.mark_unwritten("index", "")
    for name in ("all", *(cursor.subscription for cursor in tx.desk.cursors())):
        tx.desk.mark_unwritten("feed", name)
    for key in tx.desk.issue_keys():
        tx.desk.mark_unwritten("issue", str(key))
    for paper in tx.library.all_papers():
        tx.desk.mark_unwritten("paper", str(paper.number))


# --- match | compose -----------------------------------------------------------------------------


def _serve(
    shelf: Shelf, subscription: Subscription | Flawed, options: Options, *, run: int, now: datetime
) -> SubscriptionReport:
    """Decide for one subscription, in one transaction, and note the verdict in the ledger."""
    with shelf.store.begin() as tx:
        if isinstance(subscription, Flawed):
            report = SubscriptionReport(subscription.id, error=str(subscription))
        elif not subscription.enabled:
            report = SubscriptionReport(subscription.id, reason="disabled: enabled = false")
        else:
            report = _decide(tx, shelf, subscription, options, run=run, now=now)
        tx.ledger.add_verdict(run, _verdict(report))
        return report


def _verdict(report: SubscriptionReport) -> Verdict:
    number = report.issue.number if report.issue else None
    return Verdict(report.id, report.considered, report.matched, number, report.reason, report.error)


def _decide(
    tx: Transaction, shelf: Shelf, subscription: Subscription, options: Options, *, run: int, now: datetime
) -> SubscriptionReport:
    cursor = tx.desk.cursor(subscription.id)
    assert cursor is not None, "enrolled at the start of the run"
    end = tx.library.end()
    _feed(tx, shelf, subscription, cursor, end, run=run, now=now)
    findings = findings_of(tx, shelf, subscription, cursor.position, end, now=now)
    slot, waiting = _due(subscription, cursor, findings, options, now)
    if waiting:
        return SubscriptionReport(subscription.id, findings.considered, findings.matched, reason=waiting)
    if slot or findings.considered:
        tx.desk.move(subscription.id, position=end, since=now, last_slot=slot.instant if slot else None)
    if not findings.matched:
        reason = (
            f"no match among {findings.considered} new papers" if findings.considered else "no new papers"
        )
        return SubscriptionReport(subscription.id, findings.considered, 0, reason=reason)
    findings = ranked(tx, shelf, subscription, findings, (cursor.position, end), now=now)
    issue = compose(
        subscription,
        findings,
        number=cursor.issues + 1,
        slot=slot.instant.astimezone(ZoneInfo(subscription.timezone)).isoformat() if slot else None,
        made=now,
        since=cursor.since,
    )
    tx.desk.add_issue(
        issue,
        interval=(cursor.position, end),
        formats=subscription.formats,
        serves=[item.paper.number for item in (*findings.new, *findings.discover)],
        run=run,
    )
    paths = {form: issue_path(issue, form) for form in subscription.formats}
    made = IssueReport(
        number=issue.number,
        slot=issue.slot,
        new=tuple(item.paper.title for item in issue.new),
        updated=tuple(item.paper.title for item in issue.updated),
        more=len(issue.more_new),
        **paths,
    )
    return SubscriptionReport(subscription.id, findings.considered, findings.matched, issue=made)


def ranked(
    tx: Transaction,
    shelf: Shelf,
    subscription: Subscription,
    findings: Findings,
    interval: tuple[int, int],
    *,
    now: datetime,
) -> Findings:
    """Return the findings of an interval in the reader's order, with what to discover."""
    found = shelf.tastes.ranked(tx, subscription, findings, now)
    if not subscription.ranking.discover:
        return found
    numbers = sorted({entry.paper for entry in shelf.entries(tx.library, *interval)})
    return shelf.tastes.discovered(tx, subscription, found, map(shelf.paper, numbers), now)


def _due(
    subscription: Subscription, cursor: Cursor, findings: Findings, options: Options, now: datetime
) -> tuple[Slot | None, str]:
    """Return the slot to use up, and the reason to wait ("" if an issue is due)."""
    zone = ZoneInfo(subscription.timezone)
    if options.force:
        return None, ""
    if subscription.paused_until and now.astimezone(zone).date() < subscription.paused_until:
        return None, f"paused until {subscription.paused_until}"
    schedule = parse_schedule(subscription.schedule)
    slots = due_slots(schedule, zone, cursor.last_slot, now)
    if slots or cursor.last_slot is None:
        return (slots[-1] if slots else None), ""
    upcoming = next_slot(schedule, zone, max(now, cursor.last_slot))
    when = upcoming.instant.astimezone(zone).strftime("%a %Y-%m-%d %H:%M") if upcoming else "ever"
    reason = f"not due until {when} ({subscription.timezone})"
    if findings.considered:
        reason += f"; {findings.matched} of {findings.considered} waiting papers match"
    return None, reason


def _feed(
    tx: Transaction,
    shelf: Shelf,
    subscription: Subscription,
    cursor: Cursor,
    end: int,
    *,
    run: int,
    now: datetime,
) -> None:
    """Let the papers that the query accepts now enter the feed, each once."""
    if cursor.feed_position >= end:
        return
    numbers = {entry.paper for entry in shelf.entries(tx.library, cursor.feed_position, end)}
    fresh = numbers - tx.desk.in_feed(subscription.id, numbers)
    accepted = [
        (hit.paper.number, tuple(dict.fromkeys(evidence.term for evidence in hit.evidence)))
        for hit in shelf.matches(subscription, sorted(fresh))
        if recent_enough(subscription, hit.paper, now)
    ]
    tx.desk.add_to_feed(subscription.id, accepted, run=run, at=now)
    tx.desk.move_feed(subscription.id, position=end)


def findings_of(
    tx: Transaction,
    shelf: Shelf,
    subscription: Subscription,
    first: int,
    last: int,
    *,
    now: datetime,
) -> Findings:
    """Return what the interval (first, last] of the log holds for a subscription."""
    entries = shelf.entries(tx.library, first, last)
    numbers = {entry.paper for entry in entries}
    served = tx.desk.served(subscription.id, numbers)
    matches = [
        hit
        for hit in shelf.matches(subscription, sorted(numbers))
        if hit.paper.number in served or recent_enough(subscription, hit.paper, now)
    ]
    return find(entries, matches=matches, served=served, papers={n: shelf.paper(n) for n in served})
