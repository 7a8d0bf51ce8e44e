"""A run: ingest (read | diff) | match | decide (compose) | write (render | publish).

Pure functions decide; the pipeline reads values from the store, hands them to a decision, and applies the result
in transactions that a crash cannot split. Files on disk are made from stored content and stay pending until a run
has written them. Between the two halves, `begin` and `finish`, `digest.pipeline.delivery` sends what is in the
outbox, so that no mail waits for a page.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from time import monotonic, perf_counter

from digest import __version__
from digest.errors import DigestError
from digest.home.subscription_files import InvalidSubscription
from digest.model import Cursor, Paper, Subscription, Verdict
from digest.model.reports import FileReport, RunReport, SubscriptionReport
from digest.pipeline.context import RunContext
from digest.pipeline.cursors import enrol
from digest.pipeline.decisions import decide, papers_to_show
from digest.pipeline.ingest import owned, read_files
from digest.pipeline.matching import RunMatcher
from digest.pipeline.outputs import Written, write_pending
from digest.pipeline.set_aside import Boundary, sentences
from digest.pipeline.source_health import failing_sources, stale_formats
from digest.pipeline.summaries import write_summaries
from digest.store.store import Store, Transaction
from digest.text.keyphrases import keyphrases

# Seconds for which decisions share a transaction. Committing one to disk costs more than most decisions, but a
# delivery that runs at the same time waits this long at most.
TOGETHER = 0.2

Subscriptions = Sequence[Subscription | InvalidSubscription]


@dataclass(frozen=True, slots=True)
class Begun:
    """A run whose decisions are in the library, and whose files remain to be written.

    A run that ends here loses nothing: what to send is in the outbox, and what to write is marked.
    """

    context: RunContext
    boundary: Boundary
    files: tuple[FileReport, ...]
    subscriptions: tuple[SubscriptionReport, ...]
    problems: tuple[str, ...]
    notes: tuple[str, ...]
    stages: dict[str, float]


def run(store: Store, subscriptions: Subscriptions, context: RunContext, *, write: bool = True) -> RunReport:
    """Do one run for these subscriptions and return its report.

    `write=False` writes no files and requests no summaries, for a rehearsal. Raises StoreError.
    """
    return finish(store, begin(store, subscriptions, context, rehearsal=not write), write=write)


def begin(
    store: Store, subscriptions: Subscriptions, context: RunContext, *, rehearsal: bool = False
) -> Begun:
    """Read, match and decide; after this, mail can be delivered. Raises StoreError."""
    home, now = context.home, context.now
    context = _open(store, subscriptions, context)
    boundary = Boundary.of(store)
    stages: dict[str, float] = {}
    with _timed(stages, "read"):
        files = _ingest(store, context, boundary)
    with _timed(stages, "match"):
        library = owned(home, now)
        matcher = RunMatcher(store, library.has, model=home.settings.summary_model, boundary=boundary)
        matcher.match_all([each for each in _valid(subscriptions) if each.enabled])
        notes: tuple[str, ...] = ()
        if matcher.model and not rehearsal:
            notes = write_summaries(home, store, papers_to_show(matcher, subscriptions, context), now=now)
        decided = _decide_all(matcher, subscriptions, context)
    boundary.save(store, now)
    return Begun(context, boundary, files, decided, library.problems, notes, stages)


def finish(store: Store, begun: Begun, *, write: bool = True, note: str = "") -> RunReport:
    """Write what is marked, close the run in the ledger, and return its report. Raises StoreError.

    `write=False` leaves the writing to another run; `note` is added to the report.
    """
    context, boundary, stages = begun.context, Boundary.of(store), dict(begun.stages)
    home, now = context.home, context.now
    with _timed(stages, "write"):
        written = write_pending(home, store, context.progress, boundary) if write else Written()
    boundary.save(store, now)
    set_aside = sentences([*begun.boundary.found, *boundary.found])
    report = RunReport(
        run=context.number,
        files=begun.files,
        subscriptions=begun.subscriptions,
        feeds=written.feeds,
        problems=(*begun.problems, *dict.fromkeys(set_aside), *written.problems),
        notes=(*begun.notes, *((note,) if note else ())),
        stale=(*stale_formats(home, store, now), *(each.message for each in failing_sources(home, now))),
        stages=stages,
    )
    _close(store, context, report)
    return report


def _open(store: Store, subscriptions: Subscriptions, context: RunContext) -> RunContext:
    """Open a run in the ledger, enrol new subscriptions, and mark what it has to write in any case."""
    with store.begin() as tx:
        context = context.opened(tx)
        if context.number == 1:
            tx.pending_files.mark("feed", "all")
            tx.pending_files.mark("index", "")
        _retry(tx, context)
        enrol(tx, _valid(subscriptions), context.now)
        if context.options.rewrite:
            _mark_everything(tx)
    return context


def _retry(tx: Transaction, context: RunContext) -> None:
    """Try again what another version of the program set aside, or everything if all is written again."""
    version = None if context.options.rewrite else __version__
    again = {
        each.paper
        for each in tx.set_aside.retry(version=version, run=context.number, at=context.now)
        if each.paper
    }
    for paper in sorted(again):
        tx.pending_files.mark("paper", str(paper))
    for name in tx.feeds.containing(again):
        tx.pending_files.mark("feed", name)


def _mark_everything(tx: Transaction) -> None:
    tx.pending_files.mark("index", "")
    for name in ("all", *(cursor.subscription for cursor in tx.cursors.all())):
        tx.pending_files.mark("feed", name)
    for key in tx.issues.ids():
        tx.pending_files.mark("issue", str(key))
    for paper in tx.library.all_papers():
        tx.pending_files.mark("paper", str(paper.number))
    for decision in tx.identities.decisions():
        if decision.kind == "merged":  # the page of a merged paper redirects to the other one
            tx.pending_files.mark("paper", str(decision.part))


def _ingest(store: Store, context: RunContext, boundary: Boundary) -> tuple[FileReport, ...]:
    """Read the digest files into the library, and learn the terms of new titles."""

    def terms(number: int, title: str) -> tuple[str, ...]:
        paper, none = Paper(number, "", title, "", context.now), ()
        return boundary.one("words", paper, lambda each: tuple(keyphrases(each.title)), otherwise=none)

    files = tuple(read_files(store, context, with_papers=False))
    with store.begin() as tx:
        tx.title_terms.learn(tx.library.end(), terms)
    return files


def _decide_all(
    matcher: RunMatcher, subscriptions: Subscriptions, context: RunContext
) -> tuple[SubscriptionReport, ...]:
    """Decide for all subscriptions, in their order."""
    with matcher.store.begin(
        write=False
    ) as tx:  # only this run, which holds the lock of the home, moves them
        cursors = {cursor.subscription: cursor for cursor in tx.cursors.all()}
    reports: list[SubscriptionReport] = []
    failed: dict[str, str] = {}
    while len(reports) < len(subscriptions):
        context.progress("matching", len(reports), len(subscriptions))
        try:
            reports += _decide_some(matcher, subscriptions[len(reports) :], cursors, context, failed)
        except _DecisionError as error:  # its transaction is rolled back: decide again for the others
            failed[error.subscription] = str(error)
    return tuple(reports)


class _DecisionError(Exception):
    """Deciding for one subscription failed, for a reason that lies in this program or in a paper."""

    def __init__(self, subscription: str, error: Exception) -> None:
        self.subscription = subscription
        super().__init__(
            f"{subscription}: no decision could be made ({type(error).__name__}: {error}); its position is "
            "unchanged, so the next run tries again; report this as a bug of paper-digest"
        )


def _decide_some(
    matcher: RunMatcher,
    subscriptions: Subscriptions,
    cursors: Mapping[str, Cursor],
    context: RunContext,
    failed: Mapping[str, str],
) -> list[SubscriptionReport]:
    """Decide for the first subscriptions, at least one, and add the verdicts to the ledger, in one transaction.

    `failed` maps subscriptions for which this failed before to the reason. Raises _DecisionError for another one.
    """
    reports = []
    with matcher.store.begin() as tx:
        began, end = monotonic(), tx.library.end()
        for subscription in subscriptions:
            if isinstance(subscription, InvalidSubscription):
                report = SubscriptionReport(subscription.id, error=str(subscription))
            elif subscription.id in failed:
                report = SubscriptionReport(subscription.id, error=failed[subscription.id])
            elif not subscription.enabled:
                report = SubscriptionReport(subscription.id, reason="disabled: enabled = false")
            else:
                try:
                    report = decide(tx, matcher, subscription, cursors[subscription.id], end, context)
                except DigestError:
                    raise
                except Exception as error:
                    raise _DecisionError(subscription.id, error) from error
            reports.append(report)
            if monotonic() - began >= TOGETHER:
                break
        tx.ledger.add_verdicts(context.number, map(_verdict, reports))
    return reports


def _verdict(report: SubscriptionReport) -> Verdict:
    return Verdict(
        report.id,
        report.considered,
        report.matched,
        report.issue.number if report.issue else None,
        report.reason,
        report.error,
        report.slot,
        report.interval,
        report.nearest,
    )


def _close(store: Store, context: RunContext, report: RunReport) -> None:
    """Close a run in the ledger."""
    ended = max(context.started, datetime.now(context.started.tzinfo))  # the clock may have been put back
    status = "part" if report.exit_status else "done"
    with store.begin() as tx:
        tx.ledger.close_run(context.number, ended=ended, status=status, report=report)


def _valid(subscriptions: Subscriptions) -> list[Subscription]:
    return [each for each in subscriptions if isinstance(each, Subscription)]


@contextmanager
def _timed(stages: dict[str, float], name: str) -> Iterator[None]:
    """Record the seconds that a stage takes."""
    began = perf_counter()
    yield
    stages[name] = perf_counter() - began
