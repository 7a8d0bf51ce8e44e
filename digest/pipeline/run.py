"""A run: ingest (read | diff) | match | decide (compose) | write (render | publish).

Pure functions decide; the pipeline reads values from the store, hands them to a decision, and applies the result
in transactions that a crash cannot split. Files on disk are made from stored content and stay pending until a run
has written them. Between the two halves, `begin` and `finish`, `digest.pipeline.delivery` sends what is in the
outbox, so that no mail waits for a page.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from time import perf_counter

from digest import __version__
from digest.compose.decide import AHEAD, Decision
from digest.home.identity import known_id
from digest.home.private import on_server
from digest.model import InvalidSubscription, Paper, Subscription
from digest.model.reports import FileReport, RunReport, SubscriptionReport
from digest.pipeline.channels import unreached
from digest.pipeline.context import RunContext
from digest.pipeline.cursors import completed, enrol_unseen, take_up, unknown
from digest.pipeline.decisions import Decided, apply, decide_batch, failed, papers_to_show, report_of
from digest.pipeline.ingest import owned, read_files
from digest.pipeline.matching import RunMatcher
from digest.pipeline.outputs import Written, site_context, write_pending
from digest.pipeline.rebuild import mark_missing
from digest.pipeline.set_aside import Boundary, ends_run, sentences
from digest.pipeline.source_health import failing_sources, stale_formats
from digest.pipeline.summaries import write_summaries
from digest.publish.history import PAGE, pages_with
from digest.store.store import Store, Transaction
from digest.text.keyphrases import keyphrases

# Subscriptions whose decisions share a transaction. Its statements take about a tenth of a second, for which a
# delivery that runs at the same time waits.
BATCH = 500
# Of more subscriptions than these, a report lists only those to which something happened.
LISTED = 1_000

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
    idle: int
    problems: tuple[str, ...]
    notes: tuple[str, ...]
    stages: dict[str, float]


def run(store: Store, context: RunContext, *, write: bool = True) -> RunReport:
    """Do one run and return its report.

    `write=False` writes no files and requests no summaries, for a rehearsal. Raises UsageError, StoreError.
    """
    return finish(store, begin(store, context, rehearsal=not write), write=write)


def begin(store: Store, context: RunContext, *, rehearsal: bool = False) -> Begun:
    """Read, match and decide; after this, mail can be delivered.

    Raises UsageError if the only subscription of the run is unknown, StoreError.
    """
    home, now = context.home, context.now
    context, problems = _open(store, context)
    boundary = Boundary.of(store)
    stages: dict[str, float] = {}
    with _timed(stages, "read"):
        files = _ingest(store, context, boundary)
    with _timed(stages, "match"):
        subscriptions, others = _chosen(store, context)
        library = owned(home, now)
        matcher = RunMatcher(
            store, library.has, model=home.settings.summary_model, boundary=boundary, home=home
        )
        matcher.match_all([each for each in _valid(subscriptions) if each.enabled])
        notes: tuple[str, ...] = ()
        if matcher.model and not rehearsal:
            batches = map(_valid, _batches(subscriptions))
            papers = (paper for batch in batches for paper in papers_to_show(matcher, batch, context))
            notes = write_summaries(home, store, papers, now=now)
        decided = _decide_all(matcher, subscriptions, context)
    boundary.save(store, now)
    made = {each.id for each in decided if each.issue}
    if silent := unreached(home, (each for each in _valid(subscriptions) if each.id in made)):
        notes = (*notes, silent)
    idle = 0 if others is None else others + len(subscriptions) - len(decided)
    return Begun(context, boundary, files, decided, idle, (*problems, *library.problems), notes, stages)


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
        idle=begun.idle,
    )
    _close(store, context, report)
    return report


def _open(store: Store, context: RunContext) -> tuple[RunContext, tuple[str, ...]]:
    """Take up subscription files, open a run in the ledger, enrol new subscriptions, and mark what it has to write.

    Returns the context of the run, and what is wrong with the folder of subscriptions.
    """
    only = context.options.only
    with store.begin() as tx:
        taken = take_up(context.home, tx, context.now)
        if only is not None and only not in tx.subscriptions.of([only]):
            raise unknown(only, tx.subscriptions.ids())
        full = context.options.all or only is not None or tx.subscriptions.count() <= LISTED
        context = replace(context.opened(tx), full=full)
        _mark_for_settings(tx, context)
        mark_missing(tx, context)
        _retry(tx, context)
        enrol_unseen(context.home, tx, context.now)
        if context.options.rewrite:
            _mark_everything(tx)
    return context, taken.problems


def _chosen(store: Store, context: RunContext) -> tuple[Subscriptions, int | None]:
    """Return the subscriptions that a run decides about, by id, and how many it leaves out; None if none is idle.

    If all are reported on, it decides about all. Otherwise it leaves out those that are not due, and for which
    there is nothing new in the log.
    """
    options, now = context.options, context.now
    with store.begin(write=False) as tx:
        table = tx.subscriptions
        if options.only is not None:
            rows = list(table.of([options.only]).values())
        elif options.among is not None:
            rows = list(table.of(options.among).values())
        elif context.full:
            rows = list(table.all())
        else:
            rows = list(table.concerned(now=now, end=tx.library.end(), ahead=now + AHEAD))
        left_out = None if context.full or options.among is not None else table.count() - len(rows)
    found = sorted(completed(rows, context.home.settings), key=lambda each: each.id)
    return found, left_out


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


def _mark_for_settings(tx: Transaction, context: RunContext) -> None:
    """Mark everything if a setting that files show has changed, such as `base_url` in addresses, or the home.

    After an update from a version that did not note the settings, mark only feeds and the archive's first page.
    """
    shown = asdict(site_context(context.home)) | {"feed_items": context.home.settings.feed_items}
    if context.home.settings.files != "auto":
        shown |= {"files": context.home.settings.files}
    if on_server(context.home):  # what another home has written since is not in this one
        shown |= {"home": known_id(context.home.path)}
    settings = json.dumps(shown, sort_keys=True)
    before = tx.pending_files.made_for(settings)
    if before is None:
        _mark_feeds(tx)
    elif before != settings:
        _mark_everything(tx)


def _mark_feeds(tx: Transaction) -> None:
    tx.pending_files.mark("index", "")
    tx.pending_files.mark_all("feed", ("all", *(cursor.subscription for cursor in tx.cursors.all())))
    last = tx.library.last_number()
    tx.pending_files.mark_all("history", map(str, pages_with(range(1, last + 1, PAGE), last)))


def _mark_everything(tx: Transaction) -> None:
    _mark_feeds(tx)
    tx.pending_files.mark_all("issue", map(str, tx.issues.ids()))
    tx.pending_files.mark_all("paper", (str(paper.number) for paper in tx.library.all_papers()))
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
    """Decide for all subscriptions, in their order, and apply the decisions batch by batch."""
    reports: list[SubscriptionReport] = []
    for batch in _batches(subscriptions):
        context.progress("matching", len(reports), len(subscriptions))
        decisions = _decide_some(matcher, batch, context)
        with matcher.store.begin(write=False) as tx:
            made = [name for name, each in decisions.items() if each.issue]
            bare = tx.on_disk.on_request(context.home.settings.files, made)
        reports += (
            report_of(decisions[each.id], each, bare)
            for each in batch
            if context.full or decisions[each.id].verdict.settles
        )
    return tuple(reports)


def _decide_some(
    matcher: RunMatcher, subscriptions: Subscriptions, context: RunContext
) -> dict[str, Decision]:
    """Decide for a batch and apply that; decide again for those whose cursors another process has moved."""
    valid = {each.id: each for each in _valid(subscriptions)}
    applied: dict[str, Decision] = {}
    while waiting := [each for each in subscriptions if each.id not in applied]:
        decided = decide_batch(matcher, waiting, context)
        applied |= {
            each.verdict.subscription: each for each in _applied(matcher.store, decided, valid, context)
        }
    return applied


def _applied(
    store: Store, decided: Sequence[Decided], subscriptions: Mapping[str, Subscription], context: RunContext
) -> list[Decision]:
    """Apply decisions in one transaction; without the one that cannot be stored, which is an error."""
    try:
        with store.begin() as tx:
            return apply(tx, decided, subscriptions, context)
    except Exception as error:
        if ends_run(error) or (len(decided) == 1 and decided[0].failure):
            raise
        if len(decided) == 1:
            name = decided[0].decision.verdict.subscription
            what = "its issue cannot be stored"
            return _applied(store, [failed(name, what, error)], subscriptions, context)
    half = len(decided) // 2
    return [
        *_applied(store, decided[:half], subscriptions, context),
        *_applied(store, decided[half:], subscriptions, context),
    ]


def _batches(subscriptions: Subscriptions) -> Iterator[Subscriptions]:
    return (subscriptions[start : start + BATCH] for start in range(0, len(subscriptions), BATCH))


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
