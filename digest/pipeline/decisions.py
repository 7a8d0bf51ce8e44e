"""match | decide | apply for a batch of subscriptions.

What the store knows of a batch is read in a few statements, `digest.compose.decide` decides without the store, and
the decisions are applied in one transaction, so that a crash leaves all of a decision or nothing.
"""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from digest.compose.decide import (
    Candidate,
    Decision,
    Found,
    Moment,
    decide,
    gets_issue,
    is_ahead,
    waits,
    wants_note,
)
from digest.compose.issue import (
    MAX_UPDATED,
    Findings,
    find,
    in_order_of,
    recent_enough,
    with_interests,
    with_themes,
)
from digest.compose.missed import missed_text, slots_after
from digest.errors import DigestError
from digest.i18n.catalogue import language
from digest.model import (
    Cursor,
    FeedPaper,
    InvalidSubscription,
    Issue,
    Match,
    Paper,
    RunRecord,
    Subscription,
    Verdict,
)
from digest.model.reports import IssueReport, SubscriptionReport
from digest.pipeline.channels import channel_kind
from digest.pipeline.context import RunContext
from digest.pipeline.cursors import schedule, unused_slots
from digest.pipeline.matching import RunMatcher
from digest.pipeline.outputs import issue_path
from digest.pipeline.ranking import NOBODY, readers, rooms
from digest.pipeline.set_aside import reason_of
from digest.pipeline.summaries import known_summaries, with_summaries
from digest.store.issue_content import encode_issue
from digest.store.issues import NewIssue
from digest.store.store import Transaction


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision that is ready to be applied, with the content of its issue as it is stored.

    `failure` is why none could be made.
    """

    decision: Decision
    content: bytes = b""
    failure: Exception | None = None


class _Failures:
    """The subscriptions for which deciding failed, for a reason that lies in this program or in a paper."""

    def __init__(self) -> None:
        self.found: dict[str, Decided] = {}

    @contextmanager
    def isolated(self, subscription: str) -> Iterator[None]:
        """Set a subscription aside if the block raises; the others go on."""
        try:
            yield
        except DigestError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the others go on
            self.found[subscription] = failed(subscription, "no decision could be made", error)


def failed(subscription: str, what: str, error: Exception) -> Decided:
    """Return the decision for a subscription for which something failed: an error, and nothing else."""
    text = (
        f"{subscription}: {what} ({reason_of(error)}); its position is "
        "unchanged, so the next run tries again; report this as a bug of paper-digest"
    )
    return Decided(Decision(Verdict(subscription, 0, 0, None, None, text)), failure=error)


def decide_batch(
    matcher: RunMatcher, subscriptions: Sequence[Subscription | InvalidSubscription], context: RunContext
) -> list[Decided]:
    """Return what the run does for each of these subscriptions, in their order. Nothing is changed yet.

    Where no decision can be made because of single papers, it is made without them.
    """
    decided = _decided(matcher, subscriptions, context)
    failed = [
        each
        for each, one in zip(subscriptions, decided, strict=True)
        if one.failure and _set_culprits_aside(matcher, each, context, one.failure)
    ]
    again = {one.decision.verdict.subscription: one for one in _decided(matcher, failed, context)}
    return [again.get(one.decision.verdict.subscription, one) for one in decided]


def _set_culprits_aside(
    matcher: RunMatcher,
    subscription: Subscription | InvalidSubscription,
    context: RunContext,
    reason: Exception,
) -> bool:
    """Set aside the papers with which alone no decision can be made; return whether there are any.

    None are set aside if the decision fails without any paper, too, or with every one of them.
    """

    def fails(*numbers: int) -> bool:
        matcher.only = frozenset(numbers)
        return _decided(matcher, [subscription], context)[0].failure is not None

    numbers = matcher.matched(subscription.id)
    try:
        culprits = [] if fails() else [number for number in numbers if fails(number)]
    finally:
        matcher.only = None
    if len(culprits) == len(numbers):
        return False
    for number in culprits:
        matcher.boundary.set_aside("match", subscription.id, matcher.paper(number), reason)
    return bool(culprits)


def _decided(
    matcher: RunMatcher, subscriptions: Sequence[Subscription | InvalidSubscription], context: RunContext
) -> list[Decided]:
    """Return the decision for each of these subscriptions; one that cannot be made is an error."""
    wanted = [each for each in subscriptions if isinstance(each, Subscription) and each.enabled]
    failures = _Failures()
    moment, pairs = search_all(matcher, wanted, context, failures)
    due = _due(pairs, moment, failures)
    ranked = {pair[0].subscription.id: pair for pair in rank_all(matcher, due, moment, failures)}
    decided = dict(failures.found)
    for candidate, found in pairs:
        name = candidate.subscription.id
        with failures.isolated(name):
            decision = decide(*ranked.get(name, (candidate, found)), moment)
            decided[name] = _with_content(matcher, candidate.subscription, decision)
    decided |= failures.found
    return [decided.get(each.id) or _idle(each) for each in subscriptions]


def _due(pairs: "Sequence[Pair]", moment: Moment, failures: _Failures) -> "list[Pair]":
    """Return the candidates that get an issue, without those for which that cannot be said."""
    due = []
    for candidate, found in pairs:
        with failures.isolated(candidate.subscription.id):
            if gets_issue(candidate, found, moment):
                due.append((candidate, found))
    return due


def _with_content(matcher: RunMatcher, subscription: Subscription, decision: Decision) -> Decided:
    """Return a decision with its whole issue, ready to be applied."""
    if decision.issue is None:
        return Decided(decision)
    issue = completed(matcher, subscription, decision.issue)
    feed = in_order_of(issue, decision.feed)
    return Decided(replace(decision, issue=issue, feed=feed), encode_issue(issue))


def completed(matcher: RunMatcher, subscription: Subscription, issue: Issue) -> Issue:
    """Return an issue with what its sections are made by: the interests of each paper, or themes."""
    if issue.interests:
        return with_interests(issue, partial(matcher.interests, subscription))
    return with_themes(issue, partial(matcher.themes, subscription.id))


def _idle(subscription: Subscription | InvalidSubscription) -> Decided:
    """Return the decision for a subscription that is invalid or disabled."""
    if isinstance(subscription, InvalidSubscription):
        return Decided(Decision(Verdict(subscription.id, 0, 0, None, None, str(subscription))))
    return Decided(Decision(Verdict(subscription.id, 0, 0, None, "disabled: enabled = false", None)))


# --- what a batch finds ------------------------------------------------------------------------------------


Pair = tuple[Candidate, Found]


def search_all(
    matcher: RunMatcher, subscriptions: Sequence[Subscription], context: RunContext, failures: _Failures
) -> tuple[Moment, list[Pair]]:
    """Return what the run found for each of these subscriptions, without those for which that failed."""
    with matcher.store.begin(write=False) as tx:
        moment = Moment(context.now, tx.library.end(), context.options.force, context.full)
        candidates = load_candidates(tx, matcher, subscriptions, moment)
    pairs = []
    for candidate in candidates:
        with failures.isolated(candidate.subscription.id):
            pairs.append((candidate, search(matcher, candidate, moment)))
    return moment, pairs


def load_candidates(
    tx: Transaction, matcher: RunMatcher, subscriptions: Sequence[Subscription], moment: Moment
) -> list[Candidate]:
    """Read what the store knows of these subscriptions, and load the papers of their intervals."""
    ids = [each.id for each in subscriptions]
    cursors = tx.cursors.of(ids)
    slots = (
        {}
        if moment.force
        else unused_slots(tx, _asked(tx, subscriptions, cursors, moment), cursors, moment.now)
    )
    papers, feed_papers = set[int](), set[int]()
    for cursor in cursors.values():
        papers |= matcher.load(tx.library, (cursor.position, moment.end)).papers
        feed_papers |= matcher.load(tx.library, (cursor.feed_position, moment.end)).papers
    served = tx.issues.served(ids, papers)
    in_feed = tx.feeds.members(ids, feed_papers)
    found = [
        Candidate(
            each,
            cursors[each.id],
            slots.get(each.id),
            frozenset(served.get(each.id, ())),
            frozenset(in_feed.get(each.id, ())),
        )
        for each in subscriptions
    ]
    return _with_missed_slots(tx, _with_quiet_times(tx, matcher, found, moment), moment)


def _asked(
    tx: Transaction,
    subscriptions: Sequence[Subscription],
    cursors: Mapping[str, Cursor],
    moment: Moment,
) -> Sequence[Subscription]:
    """Return the subscriptions that may have an unused slot: all of them, if all are reported on."""
    if moment.full:
        return subscriptions
    due = tx.subscriptions.due_among(cursors, now=moment.now)
    return [each for each in subscriptions if each.id in due or is_ahead(cursors[each.id], moment.now)]


def _with_quiet_times(
    tx: Transaction, matcher: RunMatcher, candidates: list[Candidate], moment: Moment
) -> list[Candidate]:
    """Add to those candidates that may get a note what happened since their last issues."""
    asking = [each.subscription.id for each in candidates if each.slot and wants_note(each.subscription)]
    if not asking:
        return candidates
    last = tx.issues.last_made(asking)
    since = {
        each.subscription.id: last.get(each.subscription.id, each.cursor.enrolled) for each in candidates
    }
    quiet = tx.ledger.considered_since({name: since[name] for name in asking})
    for _, first in quiet.values():
        if first is not None:
            matcher.load(tx.library, (first, moment.end))
    return [
        replace(
            each, last_issue=last.get(each.subscription.id), quiet=quiet.get(each.subscription.id, (0, None))
        )
        for each in candidates
    ]


def _with_missed_slots(tx: Transaction, candidates: list[Candidate], moment: Moment) -> list[Candidate]:
    """Add the sentence on missed slots to those candidates whose issue covers slots that no run used."""
    late = {
        each.subscription.id
        for each in candidates
        if each.slot
        and each.cursor.last_slot
        and slots_after(each.subscription, each.cursor.last_slot, each.slot.instant) > 1
    }
    if not late:
        return candidates
    served, before = tx.ledger.last_runs(tx.subscriptions.since(late)), tx.ledger.run_before()
    return [
        replace(each, missed=_missed(each, served[each.subscription.id], before, moment.now))
        if each.subscription.id in served and each.subscription.id in late
        else each
        for each in candidates
    ]


def _missed(candidate: Candidate, last: RunRecord, before: RunRecord | None, now: datetime) -> str:
    """Return the sentence on missed slots, given the last run of a subscription and the last run of all; "" for none."""
    subscription, cursor = candidate.subscription, candidate.cursor
    assert candidate.slot
    assert cursor.last_slot
    count = slots_after(subscription, max(last.clock, cursor.last_slot), candidate.slot.instant)
    if count < 2:  # it was disabled or paused, or its file was invalid
        return ""
    from digest.render.phrases import since

    lang, zone = language(subscription.language), subscription.timezone
    when = since(last.clock, now.astimezone(ZoneInfo(zone)).date(), zone, lang)
    return missed_text(count, when, lang, no_run=before is not None and before.id == last.id)


def search(matcher: RunMatcher, candidate: Candidate, moment: Moment) -> Found:
    """Return what the intervals of a candidate contain for it."""
    subscription = candidate.subscription
    interval = (candidate.cursor.position, moment.end)
    feed = _for_feed(matcher, candidate, moment)
    if not moment.full and waits(candidate, moment):
        return Found(Findings(0, (), ()), feed=feed)
    findings = find_matches(matcher, candidate, interval, moment.now)
    unmatched = matcher.interval(interval).unmatched
    if findings.matched:
        return Found(findings, unmatched, feed)
    misses = matcher.near_misses(subscription, interval) if findings.considered else ()
    first = candidate.quiet[1]
    quiet = None if first is None else matcher.near_misses(subscription, (first, moment.end))
    return Found(findings, unmatched, feed, misses, quiet)


def find_matches(
    matcher: RunMatcher, candidate: Candidate, interval: tuple[int, int], now: datetime
) -> Findings:
    """Return what an interval of the log, which is loaded, contains for a candidate."""
    loaded, served = matcher.interval(interval), candidate.served
    accepted = matcher.matches(candidate.subscription, loaded.papers)
    matches = [
        hit
        for hit in accepted
        if hit.paper.number in served or recent_enough(candidate.subscription, hit.paper, now)
    ]
    return find(
        loaded.entries,
        matches=matches,
        served=frozenset(served & loaded.papers),
        papers={number: matcher.paper(number) for number in served & loaded.papers},
        old=len(accepted) - len(matches),
    )


def _for_feed(matcher: RunMatcher, candidate: Candidate, moment: Moment) -> tuple[FeedPaper, ...]:
    """Return the papers that enter a candidate's feed, each once, due or not, best first."""
    position = candidate.cursor.feed_position
    if position >= moment.end:
        return ()
    new = matcher.interval((position, moment.end)).papers - candidate.in_feed
    return tuple(
        FeedPaper(hit.paper.number, _terms(hit), _interests(matcher, candidate.subscription, hit.paper))
        for hit in matcher.matches(candidate.subscription, new)
        if recent_enough(candidate.subscription, hit.paper, moment.now)
    )


def _interests(matcher: RunMatcher, subscription: Subscription, paper: Paper) -> tuple[str, ...]:
    if len(subscription.interests) < 2:
        return ()
    return tuple(subscription.interests[place].name for place in matcher.interests(subscription, paper))


def _terms(hit: Match) -> tuple[str, ...]:
    return tuple(dict.fromkeys(evidence.term for evidence in hit.evidence))


def rank_all(
    matcher: RunMatcher, pairs: Sequence[Pair], moment: Moment, failures: _Failures | None = None
) -> list[Pair]:
    """Return the candidates with their findings in the readers' order, with papers to discover, trends, summaries."""
    failures = failures or _Failures()
    subscriptions = [candidate.subscription for candidate, _ in pairs]
    with matcher.store.begin(write=False) as tx:
        known, room = readers(tx, subscriptions), rooms(tx, subscriptions, moment.now)
        matcher.tastes.prepare(tx, subscriptions, known)
        matcher.load_trends(tx, subscriptions)
    ranked = []
    for candidate, found in pairs:
        subscription = candidate.subscription
        reader = known.get(subscription.id, NOBODY)
        with failures.isolated(subscription.id):
            findings = matcher.ranked(subscription, reader, found.findings, moment.now)
            findings = replace(findings, trends=matcher.trends(subscription))
            if room.get(subscription.id, 0) > 0:
                numbers = matcher.interval((candidate.cursor.position, moment.end)).papers - candidate.served
                findings = matcher.discovered(subscription, reader, findings, numbers, moment.now)
                findings = replace(findings, discover=findings.discover[: room[subscription.id]])
            ranked.append((candidate, replace(found, findings=findings)))
    if not matcher.model:
        return ranked
    with matcher.store.begin(write=False) as tx:
        summaries = known_summaries(tx, matcher.model, [found.findings for _, found in ranked])
    return [
        (candidate, replace(found, findings=with_summaries(matcher.model, summaries, found.findings)))
        for candidate, found in ranked
    ]


def papers_to_show(
    matcher: RunMatcher, subscriptions: Sequence[Subscription], context: RunContext
) -> Iterator[Paper]:
    """Yield the papers that the issues of these subscriptions will show, before any of them is made."""
    failures = _Failures()
    enabled = [each for each in subscriptions if each.enabled]
    moment, pairs = search_all(matcher, enabled, context, failures)
    due = [pair for pair in _due(pairs, moment, failures) if pair[1].findings.matched]
    for candidate, found in rank_all(matcher, due, moment, failures):
        findings = found.findings
        new, updated = findings.new[: candidate.subscription.max_papers], findings.updated[:MAX_UPDATED]
        yield from (item.paper for item in (*new, *updated, *findings.discover))


# --- applying ----------------------------------------------------------------------------------------------


def apply(
    tx: Transaction,
    decided: Iterable[Decided],
    subscriptions: Mapping[str, Subscription],
    context: RunContext,
) -> list[Decision]:
    """Apply decisions in a transaction. Returns those that were applied.

    A decision is refused if its cursor has moved since it was made, as another process was there: it must be made
    again.
    """
    wanted = list(decided)
    stored = tx.cursors.of(each.decision.verdict.subscription for each in wanted if each.decision.expected)
    agreed = [
        each
        for each in wanted
        if each.decision.expected is None
        or stored.get(each.decision.verdict.subscription) == each.decision.expected
    ]
    decisions = [each.decision for each in agreed]
    bare = tx.on_disk.on_request(
        context.home.settings.files, (each.verdict.subscription for each in decisions)
    )
    tx.feeds.add(
        {each.verdict.subscription: each.feed for each in decisions},
        run=context.number,
        at=context.now,
        on_request=bare,
    )
    tx.cursors.move([each.cursor for each in decisions if each.cursor and each.cursor != each.expected])
    _add_issues(tx, agreed, subscriptions, context, bare)
    tx.ledger.add_verdicts(context.number, (each.verdict for each in decisions if each.verdict.settles))
    if not context.options.force:
        _schedule(tx, decisions, subscriptions, context)
    return decisions


def _schedule(
    tx: Transaction,
    decisions: Iterable[Decision],
    subscriptions: Mapping[str, Subscription],
    context: RunContext,
) -> None:
    """Store when the subscriptions are due next about which something was decided."""
    decided = [(each.expected, each.cursor) for each in decisions if each.expected and each.cursor]
    moved = [new.subscription for old, new in decided if old.last_slot != new.last_slot]
    cursors = {new.subscription: new for _, new in decided}
    schedule(tx, cursors, subscriptions, moved, context.now)


def _add_issues(
    tx: Transaction,
    decided: Sequence[Decided],
    subscriptions: Mapping[str, Subscription],
    context: RunContext,
    on_request: Container[str],
) -> None:
    """Add issues with the papers that they serve, and put them into the outbox for every channel."""
    new = [
        NewIssue(
            issue,
            each.content,
            each.decision.verdict.interval or (0, 0),
            subscriptions[issue.subscription].formats,
            each.decision.serves,
        )
        for each in decided
        if (issue := each.decision.issue) is not None
    ]
    keys = tx.issues.add(new, run=context.number, on_request=on_request)
    names = (each.issue.subscription for each in new)
    of_issues = [name for name in names if subscriptions[name].feed == "issues" and name not in on_request]
    tx.pending_files.mark_all("feed", of_issues)
    for channel in context.home.settings.channels:
        recipients = channel_kind(context.home, channel).recipients
        lines = (
            (key, recipients(subscriptions[each.issue.subscription]))
            for key, each in zip(keys, new, strict=True)
        )
        tx.outbox.add(lines, channel=channel, at=context.now)


# --- reporting ---------------------------------------------------------------------------------------------


def report_of(
    decision: Decision, subscription: Subscription | InvalidSubscription, on_request: Container[str] = ()
) -> SubscriptionReport:
    """Return a decision as it is reported; the issues of subscriptions in `on_request` have no files."""
    verdict, issue = decision.verdict, decision.issue
    return SubscriptionReport(
        verdict.subscription,
        verdict.considered,
        verdict.matched,
        issue=issue_report(issue, () if subscription.id in on_request else subscription.formats)
        if issue and isinstance(subscription, Subscription)
        else None,
        reason=verdict.reason,
        error=verdict.error,
        nearest=verdict.nearest,
        slot=verdict.slot,
        interval=verdict.interval,
    )


def issue_report(issue: Issue, formats: Iterable[str]) -> IssueReport:
    """Return an issue as it is reported, with the files of its formats."""
    paths = {form: issue_path(issue, form) for form in formats}
    return IssueReport(
        number=issue.number,
        slot=issue.slot,
        new=tuple(item.paper.title for item in issue.new),
        updated=tuple(item.paper.title for item in issue.updated),
        more=len(issue.more_new),
        discover=tuple(item.paper.title for item in issue.discover),
        files=paths,
    )
