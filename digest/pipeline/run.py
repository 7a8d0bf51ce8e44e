"""The story on one page:

    read | diff | match | compose | render | publish | deliver

`run` does all but the last for one home; `dispatch` delivers what `run` has queued. Deciding is done elsewhere, by pure functions (`diff`, `match`,
`compose`, `slots`); this module asks the store for values, hands them to a decision, and applies what
comes back, in transactions that a crash cannot halve:

* a digest file, its listings and their entries in the log are one transaction;
* an issue, the papers it serves, its place in the outbox and the cursor that moves are one transaction;
* files on disk are derived from stored content and written by every run until they are marked written.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, time, timedelta
from time import monotonic, perf_counter
from zoneinfo import ZoneInfo

from digest.compose.issue import MAX_UPDATED, Findings, compose, find, recent_enough
from digest.compose.slots import Slot, instant_of, latest_due, next_slot, parse_schedule
from digest.errors import UsageError
from digest.home.subscription_files import InvalidSubscription
from digest.i18n.catalogue import language
from digest.i18n.language import ENGLISH, Language
from digest.match.near_misses import NearMiss
from digest.model import Cursor, Entry, Home, Issue, Paper, Subscription, Verdict
from digest.model.reports import IssueReport, RunReport, SubscriptionReport
from digest.pipeline.channels import CHANNELS
from digest.pipeline.ingest import Options, Progress, owned, read_files, silent
from digest.pipeline.matching import RunMatcher
from digest.pipeline.outputs import issue_path, write_unwritten
from digest.pipeline.source_health import stale, troubles
from digest.pipeline.summaries import with_summaries, write_summaries
from digest.store.store import Store, Transaction

# A last slot so far ahead of the clock was used up by a wrong clock; less is waited out.
AHEAD = timedelta(days=2)
# Seconds in which decisions share a transaction; whoever delivers meanwhile waits so long at most.
TOGETHER = 0.2
# How long a subscription that asks for a weekly note may hear nothing.
WEEK = timedelta(days=7)


def run(
    home: Home,
    store: Store,
    subscriptions: Sequence[Subscription | InvalidSubscription],
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
            tx.pending_files.mark("feed", "all")
            tx.pending_files.mark("index", "")
        enrol(tx, [each for each in subscriptions if isinstance(each, Subscription)], now)
        if options.rewrite:
            _mark_all(tx)
    stages: dict[str, float] = {}
    with _timed(stages, "read"):
        files = tuple(read_files(home, store, options, run=number, now=now, progress=progress, tell=False))
        with store.begin() as tx:
            tx.title_terms.learn(tx.library.end())
    reports: list[SubscriptionReport] = []
    with _timed(stages, "match"):
        mine = owned(home, now)
        shelf = RunMatcher(store, mine.has, model=home.settings.summary_model)
        shelf.prepare([each for each in subscriptions if isinstance(each, Subscription) and each.enabled])
        notes: tuple[str, ...] = ()
        if shelf.model and write:  # a rehearsal asks nobody
            notes = write_summaries(home, store, _shown(shelf, subscriptions, options, now), now=now)
        with store.begin(write=False) as tx:  # nobody else moves them: this run holds the home
            cursors = {cursor.subscription: cursor for cursor in tx.cursors.all()}
        while len(reports) < len(subscriptions):
            progress("matching", len(reports), len(subscriptions))
            left = subscriptions[len(reports) :]
            reports += _serve(
                shelf, left, cursors, options, channels=home.settings.channels, run=number, now=now
            )
    with _timed(stages, "write"):
        written = write_unwritten(home, store, progress) if write else None
    report = RunReport(
        run=number,
        files=files,
        subscriptions=tuple(reports),
        feeds=written.feeds if written else (),
        problems=(*mine.problems, *(written.problems if written else ())),
        notes=notes,
        stale=(*stale(home, store, now), *(trouble.message for trouble in troubles(home, now))),
        stages=stages,
    )
    with store.begin() as tx:
        tx.ledger.close_run(
            number,
            ended=_later(started),
            status="part" if report.exit_status else "done",
            report=report,
        )
    return report


@contextmanager
def _timed(stages: dict[str, float], name: str) -> Iterator[None]:
    began = perf_counter()
    yield
    stages[name] = perf_counter() - began


def _later(started: datetime) -> datetime:
    return max(started, datetime.now(started.tzinfo))


def chosen(
    subscriptions: Sequence[Subscription | InvalidSubscription], only: str | None
) -> tuple[Subscription | InvalidSubscription, ...]:
    """Return the subscriptions a run is for: all, or one. Raises UsageError if that one is unknown."""
    if only is None:
        return tuple(subscriptions)
    found = tuple(subscription for subscription in subscriptions if subscription.id == only)
    if not found:
        known = ", ".join(subscription.id for subscription in subscriptions) or "none yet"
        raise UsageError(f"no subscription {only!r}; there are: {known}")
    return found


def enrol(tx: Transaction, subscriptions: Iterable[Subscription], now: datetime) -> None:
    """Set the cursors of subscriptions seen for the first time."""
    names = {cursor.subscription: cursor.name for cursor in tx.cursors.all()}
    for each in subscriptions:
        if names.get(each.id) != each.name:
            _enrol(tx, each, now, known=each.id in names)


def _enrol(tx: Transaction, subscription: Subscription, now: datetime, *, known: bool) -> None:
    """Set the cursor of a subscription `start` back in the library, or its new name."""
    if known:
        tx.cursors.rename(subscription.id, subscription.name)
    else:
        since = now - subscription.start
        position = tx.library.position_at(since) if subscription.start else tx.library.end()
        tx.cursors.add(
            subscription.id, subscription.name, position=position, since=since if position else None, at=now
        )


def _mark_all(tx: Transaction) -> None:
    tx.pending_files.mark("index", "")
    for name in ("all", *(cursor.subscription for cursor in tx.cursors.all())):
        tx.pending_files.mark("feed", name)
    for key in tx.issues.ids():
        tx.pending_files.mark("issue", str(key))
    for paper in tx.library.all_papers():
        tx.pending_files.mark("paper", str(paper.number))
    for decision in tx.identities.decisions():
        if decision.kind == "merged":  # its page leads to what it is part of now
            tx.pending_files.mark("paper", str(decision.part))


# --- match | compose -----------------------------------------------------------------------------


def _serve(
    shelf: RunMatcher,
    subscriptions: Sequence[Subscription | InvalidSubscription],
    cursors: Mapping[str, Cursor],
    options: Options,
    *,
    channels: Sequence[str],
    run: int,
    now: datetime,
) -> list[SubscriptionReport]:
    """Decide for the first subscriptions, at least one, and note the verdicts in the ledger, in one transaction.

    Making a transaction safe on disk costs more than most decisions, so those that are quick share one.
    """
    reports = []
    with shelf.store.begin() as tx:
        began, end = monotonic(), tx.library.end()
        for subscription in subscriptions:
            if isinstance(subscription, InvalidSubscription):
                report = SubscriptionReport(subscription.id, error=str(subscription))
            elif not subscription.enabled:
                report = SubscriptionReport(subscription.id, reason="disabled: enabled = false")
            else:
                cursor = cursors[subscription.id]
                report = _decide(
                    tx, shelf, subscription, cursor, end, options, channels=channels, run=run, now=now
                )
            reports.append(report)
            if monotonic() - began >= TOGETHER:
                break
        tx.ledger.add_verdicts(run, map(_verdict, reports))
    return reports


def _verdict(report: SubscriptionReport) -> Verdict:
    number = report.issue.number if report.issue else None
    return Verdict(
        report.id,
        report.considered,
        report.matched,
        number,
        report.reason,
        report.error,
        report.slot,
        report.interval,
        report.nearest,
    )


def _decide(
    tx: Transaction,
    shelf: RunMatcher,
    subscription: Subscription,
    cursor: Cursor,
    end: int,
    options: Options,
    *,
    channels: Sequence[str],
    run: int,
    now: datetime,
) -> SubscriptionReport:
    if cursor.last_slot and cursor.last_slot - now > AHEAD:
        tx.cursors.set_last_slot(subscription.id, last_slot=now)
        cursor = replace(cursor, last_slot=now)
    _feed(tx, shelf, subscription, cursor, end, run=run, now=now)
    findings = findings_of(tx, shelf, subscription, cursor.position, end, now=now)
    report = SubscriptionReport(
        subscription.id, findings.considered, findings.matched, interval=(cursor.position, end)
    )
    slot, waiting = _due(tx, subscription, cursor, findings, options, now)
    nearest: tuple[str, ...] = ()
    misses: tuple[NearMiss, ...] = ()
    if findings.considered and not findings.matched:
        misses = shelf.nearest(subscription, tx.library, cursor.position, end)
        nearest = _why_none(findings, misses, ENGLISH)
        report = replace(report, nearest=nearest)
    if waiting:
        return replace(report, reason=waiting)
    report = replace(report, slot=slot.instant if slot else None)
    if slot or findings.considered:
        tx.cursors.move(subscription.id, position=end, since=now, last_slot=slot.instant if slot else None)
    since, note = cursor.since, ""
    if not findings.matched:
        told = _unmatched(shelf.entries(tx.library, cursor.position, end))
        reason = "; ".join((told, *nearest[:1]))
        last = tx.issues.last_made(subscription.id) or cursor.enrolled
        if subscription.send_empty == "never" or not slot or now - last < WEEK:
            return replace(report, reason=reason)
        before, first = tx.ledger.considered_since(subscription.id, last)
        findings = replace(findings, considered=findings.considered + before)
        if first is not None:
            misses = shelf.nearest(subscription, tx.library, first, end)
            report = replace(report, nearest=_why_none(findings, misses, ENGLISH))
        told_why = _why_none(findings, misses, language(subscription.language))
        since, note = last, ". ".join(each[0].upper() + each[1:] for each in told_why)
    findings = ranked(tx, shelf, subscription, findings, (cursor.position, end), now=now)
    issue = compose(
        subscription,
        findings,
        number=cursor.issues + 1,
        slot=slot.instant.astimezone(ZoneInfo(subscription.timezone)).isoformat() if slot else None,
        made=now,
        since=since,
        note=note and f"{note}.",
    )
    key = tx.issues.add(
        issue,
        interval=(cursor.position, end),
        formats=subscription.formats,
        serves=[item.paper.number for item in (*findings.new, *findings.discover)],
        run=run,
    )
    for channel in channels:
        tx.outbox.add(key, CHANNELS[channel].recipients(subscription), channel=channel, at=now)
    return replace(report, issue=_made(issue, subscription))


def _unmatched(entries: Sequence[Entry]) -> str:
    """Say among which papers nothing matched."""
    new = {entry.paper for entry in entries if entry.kind == "new"}
    changed = {entry.paper for entry in entries} - new
    if not (new or changed):
        return "no new papers"
    counts = [f"{len(new)} new"] * bool(new) + [f"{len(changed)} revised"] * bool(changed)
    last = len(changed) or len(new)
    return f"no match among {' and '.join(counts)} paper{'' if last == 1 else 's'}"


def _why_none(findings: Findings, misses: Sequence[NearMiss], say: Language) -> tuple[str, ...]:
    """Say which matching papers are no part of an issue, and how others came near."""
    told = [miss.said(say=say) for miss in misses]
    if findings.old:
        number = say.number(findings.old)
        told.insert(
            0,
            say.gettext(
                "%(number)s matching were published longer ago than newer_than allows", number=number
            ),
        )
    if findings.before:
        number = say.number(findings.before)
        told.insert(0, say.gettext("%(number)s matching had been in an earlier issue", number=number))
    return tuple(told)


def _made(issue: Issue, subscription: Subscription) -> IssueReport:
    return IssueReport(
        number=issue.number,
        slot=issue.slot,
        new=tuple(item.paper.title for item in issue.new),
        updated=tuple(item.paper.title for item in issue.updated),
        more=len(issue.more_new),
        files={form: issue_path(issue, form) for form in subscription.formats},
        discover=tuple(item.paper.title for item in issue.discover),
    )


def ranked(
    tx: Transaction,
    shelf: RunMatcher,
    subscription: Subscription,
    findings: Findings,
    interval: tuple[int, int],
    *,
    now: datetime,
) -> Findings:
    """Return the findings of an interval in the reader's order, with what to discover and what rises."""
    found = shelf.tastes.ranked(tx, subscription, findings, now)
    found = replace(found, trends=shelf.trends(tx, subscription))
    if subscription.ranking.discover:
        numbers = sorted({entry.paper for entry in shelf.entries(tx.library, *interval)})
        found = shelf.tastes.discovered(tx, subscription, found, map(shelf.paper, numbers), now)
    return with_summaries(tx, shelf.model, found)


def _shown(
    shelf: RunMatcher,
    subscriptions: Iterable[Subscription | InvalidSubscription],
    options: Options,
    now: datetime,
) -> list[Paper]:
    """Return the papers that the issues of this run will show."""
    found: list[Paper] = []
    with shelf.store.begin(write=False) as tx:
        end = tx.library.end()
        for each in subscriptions:
            cursor = tx.cursors.get(each.id)
            if not isinstance(each, Subscription) or not each.enabled or cursor is None:
                continue
            findings = findings_of(tx, shelf, each, cursor.position, end, now=now)
            _, waiting = _due(tx, each, cursor, findings, options, now)
            if not waiting and findings.matched:
                findings = ranked(tx, shelf, each, findings, (cursor.position, end), now=now)
                items = (
                    *findings.new[: each.max_papers],
                    *findings.updated[:MAX_UPDATED],
                    *findings.discover,
                )
                found += [item.paper for item in items]
    return found


def _due(
    tx: Transaction,
    subscription: Subscription,
    cursor: Cursor,
    findings: Findings,
    options: Options,
    now: datetime,
) -> tuple[Slot | None, str]:
    """Return the slot to use up, and the reason to wait ("" if an issue is due)."""
    if options.force:
        return None, ""
    zone = ZoneInfo(subscription.timezone)
    if is_paused(subscription, now):
        return None, f"paused until {subscription.paused_until}"
    slot = _slot(tx, subscription, cursor, now)
    if slot or cursor.last_slot is None:
        return slot, ""
    upcoming = next_slot(parse_schedule(subscription.schedule), zone, max(now, cursor.last_slot))
    when = upcoming.instant.astimezone(zone).strftime("%a %Y-%m-%d %H:%M") if upcoming else "ever"
    reason = f"not due until {when} ({subscription.timezone})"
    if findings.considered:
        reason += f"; {findings.matched} of {findings.considered} waiting papers match"
    return None, reason


def is_paused(subscription: Subscription, now: datetime) -> bool:
    today = now.astimezone(ZoneInfo(subscription.timezone)).date()
    return subscription.paused_until is not None and today < subscription.paused_until


def _slot(tx: Transaction, subscription: Subscription, cursor: Cursor, now: datetime) -> Slot | None:
    """Return the latest slot since the last one used, if it was not used before the clock was put back."""
    slot = waiting_slot(subscription, cursor.last_slot, now)
    return None if slot and tx.ledger.used(subscription.id, slot.instant) else slot


def waiting_slot(subscription: Subscription, last: datetime | None, now: datetime) -> Slot | None:
    """Return the latest slot since the last one used. In a pause none is wanted, but for the first issue."""
    zone = ZoneInfo(subscription.timezone)
    slot = latest_due(parse_schedule(subscription.schedule), zone, last, now)
    if slot and last and subscription.paused_until:
        pause_ends = instant_of(datetime.combine(subscription.paused_until, time()), zone)
        return slot if slot.instant >= pause_ends else None
    return slot


def due_now(
    store: Store, subscriptions: Iterable[Subscription | InvalidSubscription], now: datetime
) -> frozenset[str]:
    """Return the subscriptions for which a run would use up a slot now, or begin."""
    with store.begin(write=False) as tx:
        cursors = {cursor.subscription: cursor for cursor in tx.cursors.all()}
        return frozenset(
            each.id
            for each in subscriptions
            if isinstance(each, Subscription) and _is_due(tx, each, cursors.get(each.id), now)
        )


def _is_due(tx: Transaction, subscription: Subscription, cursor: Cursor | None, now: datetime) -> bool:
    if not subscription.enabled:
        return False
    if cursor is None:
        return True
    if is_paused(subscription, now):
        return False
    ahead = cursor.last_slot is not None and cursor.last_slot - now > AHEAD
    return ahead or _slot(tx, subscription, cursor, now) is not None


def _feed(
    tx: Transaction,
    shelf: RunMatcher,
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
    fresh = numbers - tx.feeds.members(subscription.id, numbers)
    accepted = [
        (hit.paper.number, tuple(dict.fromkeys(evidence.term for evidence in hit.evidence)))
        for hit in shelf.matches(subscription, sorted(fresh))
        if recent_enough(subscription, hit.paper, now)
    ]
    tx.feeds.add(subscription.id, accepted, run=run, at=now)
    tx.cursors.move_feed(subscription.id, position=end)


def findings_of(
    tx: Transaction,
    shelf: RunMatcher,
    subscription: Subscription,
    first: int,
    last: int,
    *,
    now: datetime,
) -> Findings:
    """Return what the interval (first, last] of the log holds for a subscription."""
    entries = shelf.entries(tx.library, first, last)
    numbers = {entry.paper for entry in entries}
    served = tx.issues.served(subscription.id, numbers)
    accepted = shelf.matches(subscription, sorted(numbers))
    matches = [
        hit for hit in accepted if hit.paper.number in served or recent_enough(subscription, hit.paper, now)
    ]
    return find(
        entries,
        matches=matches,
        served=served,
        papers={n: shelf.paper(n) for n in served},
        old=len(accepted) - len(matches),
    )
