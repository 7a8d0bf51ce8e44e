"""match | decide for one subscription: read from the store, decided by `digest.compose`, and applied.

A decision reads and writes only in the transaction that it is given, so a crash leaves all of it or nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from digest.compose.decide import (
    Due,
    explain_no_match,
    is_ahead,
    issue_due,
    no_match_reason,
    note_due,
    note_text,
)
from digest.compose.issue import MAX_UPDATED, Findings, compose, find, recent_enough, with_themes
from digest.compose.missed import missed_text, slots_after
from digest.home.subscription_files import InvalidSubscription
from digest.i18n.catalogue import language
from digest.i18n.language import ENGLISH, Language
from digest.match.near_misses import NearMiss
from digest.model import Cursor, Issue, Paper, Subscription
from digest.model.reports import IssueReport, SubscriptionReport
from digest.pipeline.channels import CHANNELS
from digest.pipeline.context import RunContext
from digest.pipeline.cursors import unused_slot
from digest.pipeline.matching import Interval, RunMatcher
from digest.pipeline.outputs import issue_path
from digest.pipeline.summaries import with_summaries
from digest.store.store import Transaction


@dataclass(frozen=True, slots=True)
class _Found:
    """The findings of an interval, with the near misses if nothing matched."""

    findings: Findings
    misses: tuple[NearMiss, ...] = ()

    def why_none(self, lang: Language) -> tuple[str, ...]:
        """Return why nothing matched, as sentences; none if something did."""
        return () if self.findings.matched else explain_no_match(self.findings, self.misses, lang)


def decide(
    tx: Transaction,
    matcher: RunMatcher,
    subscription: Subscription,
    cursor: Cursor,
    end: int,
    context: RunContext,
) -> SubscriptionReport:
    """Decide for a subscription up to the `end` of the log, apply that, and return what was decided and why.

    Papers enter its feed, its cursor moves, and it gets an issue if one is due.
    """
    now, interval, first = context.now, (cursor.position, end), cursor
    if is_ahead(cursor, now):
        tx.cursors.set_last_slot(subscription.id, last_slot=now)
        cursor = replace(cursor, last_slot=now)
    _add_to_feed(tx, matcher, subscription, cursor, end, context)
    found = _find(tx, matcher, subscription, interval, now)
    considered, matched = found.findings.considered, found.findings.matched
    report = SubscriptionReport(
        subscription.id, considered, matched, nearest=found.why_none(ENGLISH), interval=interval
    )
    due = _due(tx, subscription, cursor, found.findings, context)
    if due.waiting:
        return replace(report, reason=due.waiting)
    slot = due.slot.instant if due.slot else None
    report = replace(report, slot=slot)
    if slot or considered:
        tx.cursors.move(subscription.id, position=end, since=now, last_slot=slot)
    note = ""
    if not matched:
        last = tx.issues.last_made(subscription.id) or cursor.enrolled
        if not note_due(subscription, due.slot, last, now):
            reason = no_match_reason(matcher.load_interval(tx.library, interval))
            return replace(report, reason="; ".join((reason, *report.nearest[:1])))
        found = _since_last_issue(tx, matcher, subscription, found, last, end)
        report = replace(report, nearest=found.why_none(ENGLISH))
        note = note_text(found.why_none(language(subscription.language)))
        cursor = replace(cursor, since=last)
    note = " ".join(filter(None, (_missed(tx, subscription, first, due, now), note)))
    findings = ranked(tx, matcher, subscription, found.findings, interval, now=now)
    issue = compose(subscription, cursor, findings, made=now, slot=due.slot, note=note)
    issue = with_themes(issue, partial(matcher.themes, subscription.id))
    _add_issue(tx, subscription, issue, findings, interval, context)
    return replace(report, issue=_issue_report(issue, subscription))


def _missed(tx: Transaction, subscription: Subscription, cursor: Cursor, due: Due, now: datetime) -> str:
    """Return the sentence of an issue that stands for slots which no run used; "" for any other issue."""
    if not (due.slot and cursor.last_slot):
        return ""
    if slots_after(subscription, cursor.last_slot, due.slot.instant) < 2:
        return ""
    last, earlier = tx.ledger.verdicts_of(subscription.id, limit=1), tx.ledger.runs(limit=2)[1:]
    if not last:
        return ""
    clock = last[0][0].clock
    count = slots_after(subscription, max(clock, cursor.last_slot), due.slot.instant)
    if count < 2:  # it was disabled or paused, or its file was invalid
        return ""
    from digest.render.phrases import since

    lang, zone = language(subscription.language), subscription.timezone
    when = since(clock, now.astimezone(ZoneInfo(zone)).date(), zone, lang)
    no_run = [each.id for each in earlier] == [last[0][0].id]
    return missed_text(count, when, lang, no_run=no_run)


def _find(
    tx: Transaction, matcher: RunMatcher, subscription: Subscription, interval: Interval, now: datetime
) -> _Found:
    findings = findings_of(tx, matcher, subscription, interval, now=now)
    if findings.matched or not findings.considered:
        return _Found(findings)
    return _Found(findings, matcher.near_misses(subscription, tx.library, interval))


def _since_last_issue(
    tx: Transaction, matcher: RunMatcher, subscription: Subscription, found: _Found, last: datetime, end: int
) -> _Found:
    """Return what was found since the `last` issue was made, as a note is about all slots since then."""
    considered, first = tx.ledger.considered_since(subscription.id, last)
    findings = replace(found.findings, considered=found.findings.considered + considered)
    if first is None:
        return _Found(findings, found.misses)
    return _Found(findings, matcher.near_misses(subscription, tx.library, (first, end)))


def _due(
    tx: Transaction, subscription: Subscription, cursor: Cursor, findings: Findings, context: RunContext
) -> Due:
    """Return whether an issue is due; with `force` one always is, and it uses up no slot."""
    if context.options.force:
        return Due()
    slot = unused_slot(tx, subscription, cursor, context.now)
    return issue_due(subscription, cursor, findings, slot=slot, now=context.now)


def _add_to_feed(
    tx: Transaction,
    matcher: RunMatcher,
    subscription: Subscription,
    cursor: Cursor,
    end: int,
    context: RunContext,
) -> None:
    """Add the papers to a subscription's feed that its query accepts now, each once, due or not."""
    if cursor.feed_position >= end:
        return
    entries = matcher.load_interval(tx.library, (cursor.feed_position, end))
    numbers = {entry.paper for entry in entries}
    new = numbers - tx.feeds.members(subscription.id, numbers)
    accepted = [
        (hit.paper.number, tuple(dict.fromkeys(evidence.term for evidence in hit.evidence)))
        for hit in matcher.matches(subscription, sorted(new))
        if recent_enough(subscription, hit.paper, context.now)
    ]
    tx.feeds.add(subscription.id, accepted, run=context.number, at=context.now)
    tx.cursors.move_feed(subscription.id, position=end)


def findings_of(
    tx: Transaction, matcher: RunMatcher, subscription: Subscription, interval: Interval, *, now: datetime
) -> Findings:
    """Return what an interval of the log contains for a subscription."""
    entries = matcher.load_interval(tx.library, interval)
    numbers = {entry.paper for entry in entries}
    served = tx.issues.served(subscription.id, numbers)
    accepted = matcher.matches(subscription, sorted(numbers))
    matches = [
        hit for hit in accepted if hit.paper.number in served or recent_enough(subscription, hit.paper, now)
    ]
    return find(
        entries,
        matches=matches,
        served=served,
        papers={number: matcher.paper(number) for number in served},
        old=len(accepted) - len(matches),
    )


def ranked(
    tx: Transaction,
    matcher: RunMatcher,
    subscription: Subscription,
    findings: Findings,
    interval: Interval,
    *,
    now: datetime,
) -> Findings:
    """Return the findings of an interval in the reader's order, with papers to discover, trends and summaries."""
    found = matcher.ranked(tx, subscription, findings, now)
    found = replace(found, trends=matcher.trends(tx, subscription))
    if subscription.ranking.discover:
        numbers = sorted({entry.paper for entry in matcher.load_interval(tx.library, interval)})
        found = matcher.discovered(tx, subscription, found, numbers, now)
    return with_summaries(tx, matcher.model, found)


def _add_issue(
    tx: Transaction,
    subscription: Subscription,
    issue: Issue,
    findings: Findings,
    interval: Interval,
    context: RunContext,
) -> None:
    """Add an issue with the papers that it serves, and put it into the outbox for every channel."""
    key = tx.issues.add(
        issue,
        interval=interval,
        formats=subscription.formats,
        serves=[item.paper.number for item in (*findings.new, *findings.discover)],
        run=context.number,
    )
    for channel in context.home.settings.channels:
        tx.outbox.add(key, CHANNELS[channel].recipients(subscription), channel=channel, at=context.now)


def _issue_report(issue: Issue, subscription: Subscription) -> IssueReport:
    paths = {form: issue_path(issue, form) for form in subscription.formats}
    return IssueReport(
        number=issue.number,
        slot=issue.slot,
        new=tuple(item.paper.title for item in issue.new),
        updated=tuple(item.paper.title for item in issue.updated),
        more=len(issue.more_new),
        discover=tuple(item.paper.title for item in issue.discover),
        files=paths,
    )


def papers_to_show(
    matcher: RunMatcher, subscriptions: Iterable[Subscription | InvalidSubscription], context: RunContext
) -> list[Paper]:
    """Return the papers that the issues of this run will show, before any of them is made."""
    papers: list[Paper] = []
    with matcher.store.begin(write=False) as tx:
        end = tx.library.end()
        for each in subscriptions:
            cursor = tx.cursors.get(each.id)
            if isinstance(each, Subscription) and each.enabled and cursor is not None:
                papers += _papers_of(tx, matcher, each, cursor, end, context)
    return papers


def _papers_of(
    tx: Transaction,
    matcher: RunMatcher,
    subscription: Subscription,
    cursor: Cursor,
    end: int,
    context: RunContext,
) -> list[Paper]:
    """Return the papers that the issue of a subscription will show; none if it gets no issue."""
    interval = (cursor.position, end)
    findings = findings_of(tx, matcher, subscription, interval, now=context.now)
    due = _due(tx, subscription, cursor, findings, context)
    if due.waiting or not findings.matched:
        return []
    findings = ranked(tx, matcher, subscription, findings, interval, now=context.now)
    new, updated = findings.new[: subscription.max_papers], findings.updated[:MAX_UPDATED]
    return [item.paper for item in (*new, *updated, *findings.discover)]
