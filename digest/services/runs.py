"""Runs and their parts: read, fetch, diff, match, run, deliver, maintain.

Services are the use cases behind every interface: one file per noun, values in, values out. Modules that
are slow to import are imported where they are used, to keep the start of the command line fast.
"""

import shlex
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Self
from zoneinfo import ZoneInfo

from digest.errors import DigestError, LockedError, UsageError
from digest.home.private import make_home_private
from digest.model import DigestFile, Home, Rejected
from digest.model.reports import DeliveryReport, FileReport, RunReport
from digest.services.lost_library import mark_library, need_library
from digest.services.subscriptions import need_subscription
from digest.services.tenancy import occupy
from digest.services.workspace import Clock, exclusive, locked_library, open_library

if TYPE_CHECKING:
    from digest.fetch.fetch import FetchResult
    from digest.pipeline.context import Options, Progress
    from digest.pipeline.maintenance import MaintenanceReport
    from digest.pipeline.run import Begun
    from digest.pipeline.searching import Found

# Seconds for which a delivery goes on alone before the files are written beside it.
_HEAD_START = 10.0


@dataclass(frozen=True, slots=True)
class RunRequest:
    """A run to do.

    `arguments` are the words after `digest` on the command line; other processes see them as the holder
    of the home's lock. A dry run records and sends nothing. `deliver=False` leaves mail in the outbox, and
    `decided` is called when it is there. `new_library` begins a new library where it is lost.
    """

    options: "Options"
    clock: Clock
    arguments: Sequence[str] = ("run",)
    dry_run: bool = False
    deliver: bool = True
    new_library: bool = False
    decided: Callable[[], None] = lambda: None


def run(home: Home, request: RunRequest, progress: "Progress") -> RunReport:
    """Run the pipeline: read, match and decide, then deliver, then write files and feeds.

    The home's lock is held for the first part and for the last, never by a delivery. A delivery that cannot start
    is part of the report. Raises UsageError, LockedError, StoreError.
    """
    from digest.pipeline import run as pipeline
    from digest.pipeline.context import RunContext

    clock = request.clock
    need_library(home, begin_again=request.new_library, dry_run=request.dry_run)
    context = RunContext(home, request.options, clock.now, clock.started, progress)
    command = shlex.join(["digest", *request.arguments])
    if request.options.only is not None:
        need_subscription(home, request.options.only)
    with locked_library(home, command=command, create=not request.dry_run) as store:
        if request.dry_run:
            with store.rehearse():
                return replace(pipeline.run(store, context, write=False), run=None)
        occupy(home, store, clock.now)
        begun = pipeline.begin(store, context)
        make_home_private(home, emails=mark_library(home, clock.started))
        if not (home.settings.channels and request.deliver):
            request.decided()
            return pipeline.finish(store, begun)
    with _Delivering(home, clock) as delivering:
        report = _finish(home, begun, command)
    return replace(report, delivery=delivering.report)


def _finish(home: Home, begun: "Begun", command: str) -> RunReport:
    """Write the files of a run; if another run holds the lock for too long, it writes them."""
    from digest.pipeline.run import finish

    try:
        with locked_library(home, command=command, create=False) as store:
            return finish(store, begun)
    except LockedError as error:
        with open_library(home, create=False) as store:
            return finish(
                store, begun, write=False, note=f"{error}; that run writes the files of this one, too"
            )


class _Delivering:
    """Delivers in a thread, ahead of the block; the block begins after `_HEAD_START` seconds at the latest.

    So no mail waits for a page, and a delivery that takes hours (a server may limit its pace) does not keep the
    pages that mails link to from being written. At the end of the block `report` is complete.
    """

    def __init__(self, home: Home, clock: Clock) -> None:
        self._home, self._clock = home, clock
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._deliver, name="delivery", daemon=True)
        self._defect: BaseException | None = None
        self.report: DeliveryReport | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        try:
            self._thread.join(_HEAD_START)
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self._thread.join()
        finally:
            self._stop()
        if kind is None and self._defect is not None:
            raise self._defect

    def _stop(self) -> None:
        """End the delivery after the messages that are under way."""
        self._stopping.set()
        self._thread.join()

    def _deliver(self) -> None:
        try:
            self.report = deliver(self._home, self._clock, stopping=self._stopping.is_set)
        except DigestError as error:  # the run itself has succeeded, and is recorded
            self.report = DeliveryReport.not_started(str(error))
        except BaseException as error:  # noqa: BLE001 - raised again by the thread of the run
            self._defect = error


def due(home: Home, clock: Clock, *, files_changed: bool) -> tuple[frozenset[str], bool]:
    """Return the ids of those subscriptions that a run would serve now, and whether their files are taken up.

    With `files_changed`, the subscription files that have changed are taken up before, unless a run is under way.
    """
    from digest.pipeline.cursors import due_now, take_up
    from digest.pipeline.outputs import write_concealed

    need_library(home)
    with open_library(home, create=True) as store:
        occupy(home, store, clock.now)
        taken_up = not files_changed
        if files_changed:
            try:
                with exclusive(home, store, command="digest schedule, subscriptions", timeout=0):
                    with store.begin() as tx:
                        take_up(home, tx, clock.now)
                    write_concealed(home, store)  # what fails stays marked; the run reports it
                taken_up = True
            except LockedError:
                pass  # the run takes them up, or the next tick
        return due_now(store, clock.now), taken_up


def maintain(home: Home, clock: Clock) -> "MaintenanceReport":
    """Do the daily maintenance of a home while holding its lock: backup, clean-up, compaction."""
    from digest.pipeline import maintenance

    need_library(home)
    with locked_library(home, command="digest schedule, upkeep", create=True) as store:
        occupy(home, store, clock.now)
        return maintenance.run_maintenance(home, store, clock.now)


def read_paths(
    home: Home, paths: Sequence[str], clock: Clock, captured: date | None
) -> Iterator[DigestFile | Rejected]:
    """Parse digest files, and those of folders, in the order given, without using the library."""
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
    """Fetch the named sources of `digest.toml`, or all, into the inbox, and yield what each returned.

    Raises UsageError for an unknown name, LockedError while another process fetches.
    """
    from digest import __version__
    from digest.fetch.fetch import FetchOptions, agent_of
    from digest.fetch.fetch import fetch as fetch_all
    from digest.fetch.state import SourceStates
    from digest.fetch.web import Limits
    from digest.home.secrets import plugin_settings, read_secret, url_of
    from digest.system.locks import hold

    settings = home.settings
    known = {source.name: source for source in settings.sources}
    for name in names:
        if name not in known:
            remedy = (
                f"use one of: {', '.join(known)}" if known else "add one with: digest sources add ADDRESS"
            )
            raise UsageError(f"the source {name!r} does not exist; {remedy}")
    options = FetchOptions(
        agent=agent_of(__version__, settings.contact, settings.base_url),
        now=clock.now,
        today=clock.now.astimezone(ZoneInfo(settings.timezone)).date(),
        since=since,
        limits=Limits(settings.max_file_mb * 1024 * 1024),
        password_of=lambda source: read_secret(
            home, "sources.password", source.password_env, source.password_file
        ),
        url_of=lambda source: url_of(home, source),
        settings_of=lambda source: plugin_settings(home, f"sources.{source.name}", source.options),
        timezone=settings.timezone,
    )
    home.inbox.mkdir(exist_ok=True)
    # The lock is the inbox's, not the home's, so that a slow server delays no run.
    with hold(home.inbox, command="digest fetch"):
        chosen = [known[name] for name in dict.fromkeys(names or known)]
        yield from fetch_all(chosen, SourceStates.load(home.inbox), options, progress)


def diff(home: Home, options: "Options", clock: Clock, progress: "Progress") -> tuple[FileReport, ...]:
    """Return which listings of the digest files are new, updated or seen before; record nothing."""
    from digest.pipeline.context import RunContext
    from digest.pipeline.ingest import read_files

    context = RunContext(home, options, clock.now, clock.started, progress)
    with open_library(home, create=False) as store, store.rehearse():
        with store.begin() as tx:
            context = context.opened(tx)
        return tuple(read_files(store, context))


def match(
    home: Home, query: str, options: "Options", clock: Clock, progress: "Progress"
) -> tuple["Found", tuple[FileReport, ...]]:
    """Match a query against the files of `options`, or else the library.

    Returns what was found, and the reports of the files read. Raises QueryError.
    """
    from digest.match.query.parser import query_of
    from digest.pipeline import searching
    from digest.pipeline.context import RunContext
    from digest.pipeline.ingest import read_files

    parsed = query_of([query])
    files: tuple[FileReport, ...] = ()
    with open_library(home, create=False, url="sqlite://" if options.paths else None) as store:
        if options.paths:
            context = RunContext(home, options, clock.now, clock.started, progress)
            with store.begin() as tx:
                context = context.opened(tx)
            files = tuple(read_files(store, context))
        with store.begin(write=False) as tx:
            return searching.search(parsed, tx.library.all_papers), files


def deliver(
    home: Home,
    clock: Clock,
    *,
    dry_run: bool = False,
    new_library: bool = False,
    stopping: Callable[[], bool] = lambda: False,
) -> DeliveryReport:
    """Deliver the messages of the outbox that are due, until `stopping`; a dry run only reports them.

    `new_library` begins a new library where it is lost.
    """
    from digest.pipeline import delivery

    need_library(home, begin_again=new_library, dry_run=dry_run)
    with open_library(home, create=not dry_run) as store:
        if dry_run:
            return delivery.rehearse(home, store, now=clock.now)
        occupy(home, store, clock.now)
        return delivery.deliver(home, store, now=clock.now, stopping=stopping, resume=True)
