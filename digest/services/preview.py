"""Previews: the issue a subscription would get now, what waits in the inbox, and what its keywords would have brought."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from digest.model import Home, Issue, Paper, Subscription
from digest.services.subscriptions import subscription_of
from digest.services.tuning import Difference, Interest, Tuning, difference, index_for, interests_of, tune
from digest.services.workspace import Clock, open_library

if TYPE_CHECKING:
    from digest.pipeline.matching import RunMatcher
    from digest.store import Library
    from digest.store.store import Store, Transaction

_DRAFT = "a draft"  # an id that no subscription can have


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to preview: a subscription, or a draft without one, and keywords or excludes to try in place of its own.

    `compare`: also with the keywords that the last run used.
    """

    subscription: str | None = None
    keywords: tuple[str, ...] | None = None
    exclude: tuple[str, ...] | None = None
    compare: bool = False

    def of(self, subscription: Subscription) -> Subscription:
        """Return a subscription with what is to be tried. Raises QueryError."""
        from digest.match.query.parser import query_of

        keywords = subscription.keywords if self.keywords is None else self.keywords
        exclude = subscription.exclude if self.exclude is None else self.exclude
        query_of(keywords, exclude)
        interests = subscription.interests if self.keywords is None else ()
        return replace(subscription, keywords=keywords, exclude=exclude, interests=interests)


@dataclass(frozen=True, slots=True)
class NextIssue:
    """The issue a subscription would get now; `issue` is None if nothing matches.

    `text` is the issue as plain text; `papers` counts the library. `begun`: a run has seen the subscription, so its
    `start` no longer counts; `last_issue` is the number of its last issue, or 0.
    """

    issue: Issue | None
    considered: int
    matched: int
    text: str
    papers: int
    begun: bool
    last_issue: int


@dataclass(frozen=True, slots=True)
class Unread:
    """What a run would read from the inbox: files with new or updated papers, new papers, and those that match.

    `rejected` counts the files that it would reject.
    """

    files: int = 0
    papers: int = 0
    matched: tuple[Paper, ...] = ()
    rejected: int = 0


@dataclass(frozen=True, slots=True)
class Preview:
    """A subscription as previewed, its next issue, the unread files, and its past weeks.

    `changes` compares with the keywords that the last run used, None if that was not asked for, or no run has used any.
    """

    subscription: Subscription
    next: NextIssue
    unread: Unread
    tuning: Tuning
    changes: Difference | None = None


def next_issue(home: Home, subscription_id: str, clock: Clock) -> NextIssue:
    """Compose the issue a subscription would get now; record nothing.

    Raises UsageError if the subscription is unknown or invalid.
    """
    subscription = subscription_of(home, subscription_id)
    with open_library(home, create=False) as store, store.rehearse():
        return _next_issue(home, store, subscription, clock)[0]


def preview(home: Home, wanted: Wanted, clock: Clock, *, weeks: int) -> Preview:
    """Compose the issue a subscription would get now, and count what waits and `weeks` past weeks; record nothing.

    Raises UsageError if the subscription is unknown or invalid, QueryError.
    """
    if wanted.subscription is None:
        settings = home.settings
        draft = Subscription(_DRAFT, "Draft", (), timezone=settings.timezone, language=settings.language)
        subscription = wanted.of(draft)
    else:
        subscription = wanted.of(subscription_of(home, wanted.subscription))
    with open_library(home, create=False) as store, store.rehearse():
        following, matcher = _next_issue(home, store, subscription, clock)
        # The keywords of a first library are tuned with what it will have.
        unread = None if following.papers else _unread(home, store, matcher, subscription, clock)
        with store.begin(write=False) as tx:
            before = _last_used(tx, wanted) if wanted.compare else ()
            tuning, changes = _past(tx.library, matcher, subscription, before, clock.now, weeks)
        unread = unread or _unread(home, store, matcher, subscription, clock)
    return Preview(subscription, following, unread, tuning, changes)


def _next_issue(
    home: Home, store: "Store", subscription: Subscription, clock: Clock
) -> tuple[NextIssue, "RunMatcher"]:
    from digest.compose.decide import Moment
    from digest.compose.issue import compose
    from digest.pipeline import rendering
    from digest.pipeline.cursors import enrol
    from digest.pipeline.decisions import completed, load_candidates, rank_all, search
    from digest.pipeline.ingest import owned
    from digest.pipeline.matching import RunMatcher
    from digest.pipeline.outputs import renderer_for

    with store.begin() as tx:
        begun = tx.cursors.get(subscription.id) is not None
        enrol(tx, [subscription], clock.now)
        matcher = RunMatcher(store, owned(home, clock.now).has, model=home.settings.summary_model, home=home)
        moment = Moment(clock.now, tx.library.end(), force=True)
        (candidate,) = load_candidates(tx, matcher, [subscription], moment)
        ((_, found),) = rank_all(matcher, [(candidate, search(matcher, candidate, moment))], moment)
        findings = found.findings
        composed = compose(subscription, candidate.cursor, findings, made=clock.now)
        issue = completed(matcher, subscription, composed)
        papers = tx.library.count()
    text = rendering.issue(matcher.boundary, issue, renderer_for(home).text) if findings.matched else ""
    shown = issue if findings.matched else None
    last = candidate.cursor.issues
    return NextIssue(shown, findings.considered, findings.matched, text, papers, begun, last), matcher


def _last_used(tx: "Transaction", wanted: Wanted) -> tuple[Interest, ...]:
    """Return the keywords of a subscription that the last run used; none if no run has used any."""
    if wanted.subscription is None:
        return ()
    row = tx.subscriptions.of([wanted.subscription]).get(wanted.subscription)
    used = row.value if row else None
    return interests_of(used) if isinstance(used, Subscription) else ()


def _past(
    library: "Library",
    matcher: "RunMatcher",
    subscription: Subscription,
    before: tuple[Interest, ...],
    now: datetime,
    weeks: int,
) -> tuple[Tuning, Difference | None]:
    from digest.compose.issue import recent_enough
    from digest.match.spelling import Vocabulary

    interests = interests_of(subscription)
    index = index_for(
        [*interests, *before],
        library.all_papers(),
        matcher.boundary,
        load=library.papers,
        admits=lambda paper: recent_enough(subscription, paper, paper.first_seen),
    )
    zone = subscription.timezone
    tuning = tune(index, interests, now, zone=zone, weeks=weeks, words=Vocabulary(library.all_papers()))
    if not before:
        return tuning, None
    return tuning, difference(index, before, interests, now, zone=zone, weeks=weeks)


def _unread(
    home: Home, store: "Store", matcher: "RunMatcher", subscription: Subscription, clock: Clock
) -> Unread:
    """Read the inbox as a run would, in a transaction that is rolled back."""
    from digest.compose.issue import recent_enough
    from digest.match.prefilter import scanner
    from digest.match.query.interests import query_for
    from digest.pipeline.context import Options, RunContext
    from digest.pipeline.ingest import read_files

    context = RunContext(home, Options(), clock.now, clock.started)
    with store.begin() as tx:
        context, end = context.opened(tx), tx.library.end()
    reports = tuple(read_files(store, context, with_papers=False))
    with store.begin(write=False) as tx:
        log = tx.library.entries(end, tx.library.end())
        papers = tx.library.papers(entry.paper for entry in log if entry.kind == "new")
    find = scanner(query_for(subscription))
    matched = tuple(
        paper
        for paper in papers.values()
        if recent_enough(subscription, paper, clock.now)
        and matcher.boundary.one("match", paper, find, otherwise=None)
    )
    files = sum(bool(each.new or each.updated) for each in reports)
    return Unread(files, len(papers), matched, sum(each.failed for each in reports))
