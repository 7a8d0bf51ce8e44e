"""What each command does, put together from the parts: the composition root.

The doors (`cli`) parse words and print; here a command becomes values in, values out. Parts that cost
time to import are imported where they are used.
"""

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from digest.errors import DigestError, UsageError
from digest.model import DigestFile, Home, Match, Rejected, Subscription
from digest.model.reports import DeliveryReport, FileReport, RunReport
from digest.services.workspace import Clock, open_library

if TYPE_CHECKING:
    from digest.fetch.fetch import FetchResult
    from digest.home.subscription_files import InvalidSubscription
    from digest.pipeline.ingest import Options, Progress
    from digest.pipeline.maintenance import MaintenanceReport
    from digest.store.store import Store


def run(
    home: Home,
    options: "Options",
    clock: Clock,
    *,
    dry_run: bool,
    words: Sequence[str],
    progress: "Progress",
    loaded: Sequence["Subscription | InvalidSubscription"] | None = None,
    then_deliver: bool = True,
) -> RunReport:
    """Do one pass of the pipeline on a home, holding its lock, then deliver. A dry run takes all back.

    `loaded` are its subscriptions, if they are at hand; without `then_deliver` mail waits in the outbox.
    """
    from digest.home.subscription_files import of_home
    from digest.pipeline import run as pipeline
    from digest.system.locks import hold

    def once(store: "Store", *, write: bool) -> RunReport:
        return pipeline.run(
            home,
            store,
            subscriptions,
            options,
            now=clock.now,
            started=clock.started,
            progress=progress,
            write=write,
        )

    with hold(home.path, command=shlex.join(["digest", *words])):
        if loaded is None:
            loaded = of_home(home)
        subscriptions = pipeline.chosen(loaded, options.only)
        if options.among is not None:
            subscriptions = tuple(each for each in subscriptions if each.id in options.among)
        with open_library(home, create=not dry_run) as store:
            if dry_run:
                with store.rehearse():
                    return replace(once(store, write=False), run=None)
            report = once(store, write=True)
    # The lock is given back: delivery may take long, and several may deliver side by side.
    if not (home.settings.channels and then_deliver):
        return report
    try:
        return replace(report, delivery=deliver(home, clock))
    except DigestError as error:  # the run itself is done and told
        return replace(report, delivery=DeliveryReport.none(str(error)))


def due(home: Home, loaded: Sequence["Subscription | InvalidSubscription"], clock: Clock) -> frozenset[str]:
    """Return which of these subscriptions are due now."""
    from digest.pipeline.run import due_now

    with open_library(home, create=True) as store:
        return due_now(store, loaded, clock.now)


def keep_up(home: Home, clock: Clock) -> "MaintenanceReport":
    """Do the upkeep of a home, holding its lock."""
    from digest.pipeline import maintenance as upkeep
    from digest.system.locks import hold

    with hold(home.path, command="digest schedule, upkeep"), open_library(home, create=True) as store:
        return upkeep.keep_up(home, store, clock.now)


def read_paths(
    home: Home, paths: Sequence[str], clock: Clock, captured: date | None
) -> Iterator[DigestFile | Rejected]:
    """Parse digest files, without looking at the library."""
    from digest import read

    zone = ZoneInfo(home.settings.timezone)
    for path in paths:
        for file in read.files_of(path) if Path(path).is_dir() else (path,):
            yield read.read(
                file,
                today=clock.now.astimezone(zone).date(),
                zone=zone,
                captured=captured,
                columns=home.settings.columns,
                max_bytes=home.settings.max_file_mb * 1024 * 1024,
            )


def fetch(
    home: Home, names: Sequence[str], since: date | None, clock: Clock, progress: "Progress"
) -> "Iterator[FetchResult]":
    """Fetch the sources of `digest.toml`, or only those named, into the inbox, and report on each.

    Raises UsageError for a name that is none.
    """
    from digest import __version__
    from digest.fetch.fetch import FetchOptions, agent_of
    from digest.fetch.fetch import fetch as fetch_all
    from digest.fetch.state import SourceStates
    from digest.fetch.web import Limits
    from digest.home.secrets import read_secret
    from digest.system.locks import hold

    settings = home.settings
    known = {source.name: source for source in settings.sources}
    for name in names:
        if name not in known:
            there = ", ".join(known) or "none yet; write [[sources]] in digest.toml, see docs/sources.md"
            raise UsageError(f"no source {name!r}; there are: {there}")
    options = FetchOptions(
        agent=agent_of(__version__, settings.contact, settings.base_url),
        now=clock.now,
        today=clock.now.astimezone(ZoneInfo(settings.timezone)).date(),
        since=since,
        limits=Limits(settings.max_file_mb * 1024 * 1024),
        password_of=lambda source: read_secret(
            home, "sources.password", source.password_env, source.password_file
        ),
    )
    home.inbox.mkdir(exist_ok=True)
    # A lock of the inbox, not of the home: a run need not wait for a slow server.
    with hold(home.inbox, command="digest fetch"):
        chosen = [known[name] for name in dict.fromkeys(names or known)]
        yield from fetch_all(chosen, SourceStates.load(home.inbox), options, progress)


def diff(home: Home, options: "Options", clock: Clock, progress: "Progress") -> tuple[FileReport, ...]:
    """Say what of these files is new, updated or seen before, without recording it."""
    from digest.pipeline.ingest import read_files

    with open_library(home, create=False) as store, store.rehearse():
        with store.begin() as tx:
            number = tx.ledger.open_run(started=clock.started, clock=clock.now)
        return tuple(read_files(home, store, options, run=number, now=clock.now, progress=progress))


def match(
    home: Home, query: str, options: "Options", clock: Clock, progress: "Progress"
) -> tuple[tuple[Match, ...], tuple[FileReport, ...]]:
    """Try a query on files, else on the library. Returns the matches, best first, and the files read.

    Raises QueryError.
    """
    from digest.match.prefilter import scanner
    from digest.match.query.parser import query_of
    from digest.match.reference import best_first
    from digest.pipeline.ingest import read_files

    find = scanner(query_of([query]))
    files: tuple[FileReport, ...] = ()
    with open_library(home, create=False, url="sqlite://" if options.paths else None) as store:
        if options.paths:
            with store.begin() as tx:
                number = tx.ledger.open_run(started=clock.started, clock=clock.now)
            files = tuple(read_files(home, store, options, run=number, now=clock.now, progress=progress))
        with store.begin(write=False) as tx:
            hits = map(find, tx.library.all_papers())
            return tuple(best_first(hit for hit in hits if hit is not None)), files


def deliver(home: Home, clock: Clock, *, dry_run: bool = False) -> DeliveryReport:
    """Empty the outbox; a dry run says what is in it."""
    from digest.pipeline import delivery as dispatch

    with open_library(home, create=not dry_run) as store:
        if dry_run:
            return dispatch.rehearse(home, store, now=clock.now)
        return dispatch.deliver(home, store, now=clock.now)


# --- JSON ----------------------------------------------------------------------------------------
