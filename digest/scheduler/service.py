"""The scheduler of `digest schedule` and `digest serve`; the only importer of APScheduler.

It ticks every minute of UTC, which has no clock changes, and at once when a file arrives or the clock is
set; `slots` decides what is due. One process leads a home, others wait to take over. Ticks and maintenance
share a thread, so they never overlap; mail, bounces and sources have their own, so no slot waits for a server.
"""

import json
import logging
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from queue import SimpleQueue
from typing import Any
from urllib.parse import urlsplit

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger

from digest.errors import DigestError, LockedError, ServerLostError, UsageError
from digest.home.secrets import ping_of
from digest.model import Home
from digest.model.reports import RunReport
from digest.scheduler.jobs import BounceJob, DeliveryJob, FetchJob
from digest.scheduler.tick import Stopped, Ticker
from digest.services import runs
from digest.services.accounts import work
from digest.services.leadership import Leads, leading
from digest.services.metrics import Meters
from digest.services.workspace import Clock
from digest.system import heartbeat
from digest.system.heartbeat import Heartbeat
from digest.text.terminal import printable, printable_in_line, printable_json

# Serves /metrics and /healthz at (host, port) for the block; yields the port. Raises UsageError.
MetricsServer = Callable[[tuple[str, int], Home, Meters], AbstractContextManager[int]]

_MAINTENANCE_AT = {"hour": 3, "minute": 17}  # UTC: a quiet hour, and midnight in few time zones
_UNFINISHED_FILE_DELAY = 0.1  # seconds until the next tick while a file is being written
_CLOCK_JUMP = 2.0  # seconds of difference between wall and monotonic time from which the clock was set
_PING_TIMEOUT = 10  # seconds
_EXECUTORS = ("default", "delivery", "bounces", "fetch", "ping")  # a thread each
_BOUNCES_SECOND = 45  # of each minute, when little else starts
_FETCH_SECOND = 30  # of each minute, so that papers are there when slots at full minutes are due
_FETCH_STOP_DELAY = 0.5  # seconds; an interrupted fetch is resumed by the next one
_DELIVERY_FAILED = "mail has failed; see: digest outbox list"


def serve(home: Home, metrics_server: MetricsServer, *, machine: bool) -> int:
    """Run the schedule until SIGTERM or SIGINT, and return the exit status. `machine` logs JSON to stdout."""
    service = Service(home, logger(machine=machine), metrics_server=metrics_server)
    service.stop_at_signals()
    service.run_when_leader()
    return 0


def logger(*, machine: bool) -> Any:
    """Configure structured logging: readable lines on stderr, or JSON on stdout. Returns the logger."""
    renderer: Any = structlog.processors.JSONRenderer(_printable_json)
    if not machine:
        renderer = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    shared: list[Any] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _printable_event,
    ]
    stream = sys.stdout if machine else sys.stderr
    structlog.configure(
        processors=[*shared, renderer],
        logger_factory=structlog.PrintLoggerFactory(stream),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processor=renderer, foreign_pre_chain=shared))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    # Its warning that a job has its maximum of instances is normal: a further tick was not needed.
    logging.getLogger("apscheduler.scheduler").setLevel(logging.ERROR)
    return structlog.get_logger()


def _printable_json(event: Any, **more: Any) -> str:
    return printable_json(json.dumps(event, ensure_ascii=False, **more))


def _printable_event(_log: Any, _method: str, event: Any) -> Any:
    """Return an event whose texts a terminal only shows; only a traceback has several lines."""
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = printable(value) if name == "exception" else printable_in_line(value)
    return event


@dataclass(frozen=True, slots=True)
class _Ending:
    """What looks like an event that is set when the schedule ends."""

    is_set: Callable[[], bool]


@dataclass(slots=True)
class Service:
    """The schedule of a home while it runs; `command` is shown to other processes as the lock's holder."""

    home: Home
    log: Any
    command: str = "digest schedule"
    stop: threading.Event = field(default_factory=threading.Event)
    meters: Meters = field(default_factory=Meters)
    metrics_server: MetricsServer | None = None
    _scheduler: Any = None
    _ticker: Any = None
    _delivery_job: Any = None
    _bounce_job: Any = None
    _fetch_job: FetchJob = field(default_factory=FetchJob)
    _delivery_ok: bool = True  # since the last tick
    _stop_lock: Any = field(default_factory=threading.Lock)
    _waiting: bool = False
    _leads: Leads = lambda: True
    _serves_metrics: bool = False

    def stop_at_signals(self) -> None:
        """Make SIGTERM and SIGINT set `stop`.

        A signal handler may interrupt `stop.wait()` while it holds the event's lock, so it must not set the
        event itself. Putting an item into a SimpleQueue is safe in a handler.
        """
        received: SimpleQueue[int] = SimpleQueue()

        def set_stop() -> None:
            received.get()
            self.stop.set()

        threading.Thread(target=set_stop, name="signals", daemon=True).start()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda number, _frame: received.put(number))

    def run_when_leader(self) -> None:
        """Wait until this process leads the home, then run the schedule until `stop` is set."""
        while not self.stop.is_set():
            with self.leading() as leads:
                if leads:
                    self.run()
        self.log.info("stopped")

    @contextmanager
    def leading(self) -> Iterator[bool]:
        """Wait until this process leads the home, and lead it for the block; yields False if stopped before."""
        with ExitStack() as held:
            while not (self.stop.is_set() or self.meters.leads):
                try:
                    self._leads = held.enter_context(leading(self.home, self.command))
                    self.meters.leads = True
                except (LockedError, ServerLostError) as error:
                    self._serve_metrics(held, optional=True)
                    self._wait_for_leader(error)
            if self.meters.leads:
                self._serve_metrics(held, optional=False)
            yield self.meters.leads
        self.meters.leads = self._waiting = self._serves_metrics = False

    def _wait_for_leader(self, reason: DigestError) -> None:
        if not self._waiting:
            self.log.info("waiting", reason=str(reason))
        self._waiting = True
        self.stop.wait(1)

    def _ending(self) -> bool:
        """Return whether the schedule ends here: it was stopped, or another process may lead it now."""
        return self.stop.is_set() or not self._leads()

    def run(self) -> None:
        """Run the schedule until `stop` is set, or the lead is lost. A run in progress completes its transaction first."""
        self._fetch_job.busy = bool(self.home.settings.sources)  # the first slots wait for the first fetch
        self._ticker = Ticker(
            self.home,
            stopping=self._ending,
            fetching=lambda: self._fetch_job.busy,
            progressed=self.meters.progressed,
            decided=lambda: self._run_now("deliver"),
        )
        self._delivery_job, self._bounce_job = DeliveryJob(self._ending), BounceJob(self._ending)
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={name: ThreadPoolExecutor(1) for name in _EXECUTORS},
            # A late job is still run, but only once.
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )
        # Job ids are part of the log: `failed` and `defect` name them.
        self._every_minute(self.tick, "round", "default")
        self._every_minute(self.deliver, "deliver", "delivery")
        self._every_minute(self.process_bounces, "returns", "bounces", second=_BOUNCES_SECOND)
        self._every_minute(self.fetch, "fetch", "fetch", second=_FETCH_SECOND)
        self._scheduler.add_job(self.maintain, CronTrigger(**_MAINTENANCE_AT, timezone=UTC), id="upkeep")
        self._scheduler.start()
        watcher = threading.Thread(target=self._watch_inbox, daemon=True)
        watcher.start()
        self.log.info("started", home=str(self.home.path))
        self._watch_clock()
        if not self.stop.is_set():
            self.log.warning(
                "lost", reason="the lease of the schedule has ended; another process may lead it now"
            )
        self.log.info("stopping")
        with self._stop_lock:
            pass  # from now on `_unless_stopping` does nothing
        self._scheduler.shutdown(wait=True)
        watcher.join(5)

    def _every_minute(self, job: Callable[[], None], name: str, executor: str, *, second: int = 0) -> None:
        # Two instances, although the executor runs one at a time: the second is queued while the first runs.
        self._scheduler.add_job(
            job,
            CronTrigger(second=second, timezone=UTC),
            id=name,
            executor=executor,
            next_run_time=datetime.now(UTC),
            max_instances=2,
        )

    def _serve_metrics(self, held: ExitStack, *, optional: bool) -> None:
        """Serve metrics if the settings ask for it; `optional` while the leader may use the address."""
        address = self.home.settings.schedule.metrics
        if address is None or self.metrics_server is None or self._serves_metrics:
            return
        try:
            port = held.enter_context(self.metrics_server(address, self.home, self.meters))
        except UsageError:
            if optional:
                return
            raise
        self._serves_metrics = True
        self.log.info("metrics", host=address[0], port=port)

    def tick(self) -> None:
        """Do one tick. Errors are logged, and the next tick tries again."""
        began, config_error = time.monotonic(), ""
        try:
            if error := self._ticker.refresh():
                self.log.error("settings", problems=[str(problem) for problem in error.problems])
                config_error = str(error)
            result = self._ticker.tick(Clock.at(None))
        except Stopped as stopped:
            self.log.info("interrupted", reason=str(stopped))
            return
        except Exception as error:  # noqa: BLE001 - the service must survive any failure of a tick
            self._log_failure("round", error)
            self._end_tick(str(error) or type(error).__name__, done=False)
            return
        report = result.report
        if report:
            self._log_run(report, time.monotonic() - began)
        if result.unfinished and not self.stop.wait(_UNFINISHED_FILE_DELAY):
            self._run_now("round")
            return
        self._end_tick("; ".join(filter(None, (config_error, *(report.complaints if report else ())))))

    def _log_failure(self, job: str, error: Exception) -> None:
        """Log an expected failure with its message, a defect with its traceback."""
        if isinstance(error, DigestError):
            self.log.error("failed", job=job, reason=str(error))
        else:
            self.log.error("defect", job=job, exc_info=error)

    def _log_run(self, report: RunReport, seconds: float) -> None:
        issues = [each for each in report.subscriptions if each.issue]
        self.meters.count_run(report)
        self.log.info(
            "run",
            run=report.run,
            files=len(report.files),
            new=sum(file.new for file in report.files),
            considered=len(report.subscriptions),
            issues={each.id: each.issue.number for each in issues if each.issue},
            seconds=round(seconds, 3),
            **{f"{name}_seconds": round(took, 3) for name, took in report.stages.items()},
        )
        for file in report.files:
            if file.failed:
                self.log.error("rejected", reason=str(file.rejected))
        for each in report.subscriptions:
            if each.error:
                self.log.error("subscription", id=each.id, reason=each.error)
        for problem in report.problems:
            self.log.error("unwritten", reason=problem)
        for complaint in report.stale:
            self.log.warning("stale", reason=complaint)

    def _end_tick(self, error: str, *, done: bool = True) -> None:
        if not (error or self._delivery_ok):
            error = _DELIVERY_FAILED
        self._delivery_ok = True
        self.meters.end_round(error, done=done)
        heartbeat.write(self.home.path, Heartbeat(datetime.now(UTC), error))
        if url := self._ping_url():
            address = f"{url}/fail" if error else url
            self._unless_stopping(
                lambda: self._scheduler.add_job(
                    self._ping, args=[address], executor="ping", id="ping", replace_existing=True
                )
            )

    def _ping_url(self) -> str | None:
        try:
            return ping_of(self._ticker.home)
        except UsageError as error:
            self.log.warning("ping", reason=str(error))
            return None

    def _ping(self, url: str) -> None:
        """Ping a dead man's switch, which raises an alarm when pings stop."""
        from urllib.request import urlopen

        try:
            with urlopen(url, timeout=_PING_TIMEOUT) as response:  # noqa: S310 - the settings accept http(s) only
                response.read(1024)
        except (OSError, ValueError) as error:
            self.log.warning("ping", host=urlsplit(url).hostname, reason=str(error))

    def deliver(self) -> None:
        """Deliver the mail that is due, also of requests. If that fails, the next tick counts as failed."""
        try:
            work(self._ticker.home, Clock.at(None))
            report = self._delivery_job.run(self._ticker.home, Clock.at(None))
        except Exception as error:  # noqa: BLE001 - as in `tick`
            self._log_failure("deliver", error)
            self._end_delivery(ok=False)
            return
        if report is None:
            return
        ok = not report.exit_status
        facts = {**report.counts, "paused": report.pause or None}
        if ok:
            self.log.info("delivery", **facts)
        else:
            self.log.error("delivery", **facts)
        for problem in report.problems:
            self.log.error("undelivered", reason=problem)
        for each in report.messages:
            if each.status == "failed":
                self.log.error("undelivered", id=each.id, subscription=each.subscription, reason=each.reply)
        self._end_delivery(ok=ok)

    def _end_delivery(self, *, ok: bool) -> None:
        self.meters.deliveries[ok] += 1
        self._delivery_ok = self._delivery_ok and ok

    def process_bounces(self) -> None:
        """Process new bounces, if it is time."""
        try:
            done = self._bounce_job.run(self._ticker.home, Clock.at(None))
        except Exception as error:  # noqa: BLE001 - as in `tick`
            self._log_failure("returns", error)
            return
        if done is None:
            return
        if done.found:
            self.log.info("returns", **Counter(each.bounce.kind for each in done.found))
        for problem in done.problems:
            self.log.error("returns", reason=problem)

    def fetch(self) -> None:
        """Fetch the sources that are due, then tick to read what they returned.

        A thread does the work, so that a slow server does not delay the end of the process.
        """
        worker = threading.Thread(target=self._fetch, daemon=True)
        worker.start()
        while worker.is_alive() and not self._ending():
            worker.join(_FETCH_STOP_DELAY)

    def _fetch(self) -> None:
        fetched = False
        try:
            for done in self._fetch_job.run(self._ticker.home, Clock.at(None)):
                fetched = True
                name = done.source.name
                self.meters.fetches[name, done.error is None] += 1
                if done.error:
                    self.log.error("fetch", source=name, files=len(done.files), reason=done.error)
                else:
                    self.log.info("fetch", source=name, files=len(done.files), unchanged=done.unchanged)
        except Exception as error:  # noqa: BLE001 - as in `tick`
            self._log_failure("fetch", error)
        if fetched or self._ticker.waiting:
            self._run_now("round")

    def maintain(self) -> None:
        """Do the daily maintenance."""
        try:
            done = runs.maintain(self._ticker.home, Clock.at(None))
        except Exception as error:  # noqa: BLE001 - as in `tick`
            self._log_failure("upkeep", error)
        else:
            self.log.info(
                "upkeep",
                backup=str(done.backup) if done.backup else None,
                removed=done.copies_removed + done.files_removed + done.details_removed,
            )

    def people_wait(self) -> None:
        """Make first issues and deliver mail that pages have caused, now instead of in the next minute.

        A process that does not lead the home leaves it to the one that does.
        """
        if self._scheduler is not None and self._scheduler.running:
            self._run_now("round")
            self._run_now("deliver")

    def _run_now(self, job: str) -> None:
        self._unless_stopping(lambda: self._scheduler.modify_job(job, next_run_time=datetime.now(UTC)))

    def _unless_stopping(self, call_scheduler: Callable[[], object]) -> None:
        """Call the scheduler, unless `stop` is set.

        During its shutdown the scheduler holds its lock until all jobs have ended, so a job that called it
        then would deadlock.
        """
        with self._stop_lock:
            if not self._ending():
                call_scheduler()

    def _watch_inbox(self) -> None:
        if not (self.home.settings.schedule.watch and self.home.inbox.is_dir()):
            return
        from watchfiles import watch

        started = False
        for changes in watch(
            self.home.inbox,
            stop_event=_Ending(self._ending),
            debounce=100,
            step=50,
            recursive=False,
            rust_timeout=200,
            yield_on_timeout=True,
            watch_filter=None,
            raise_interrupt=False,
        ):
            if changes or not started:  # files may have arrived before the watch began
                self._run_now("round")
            started = True

    def _watch_clock(self) -> None:
        """Wait for `stop`. When the clock was set, or the machine slept, tick and reschedule maintenance."""
        drift = time.time() - time.monotonic()
        while not self.stop.wait(1) and not self._ending():
            now = time.time() - time.monotonic()
            if abs(now - drift) > _CLOCK_JUMP:
                self._scheduler.reschedule_job("upkeep", trigger=CronTrigger(**_MAINTENANCE_AT, timezone=UTC))
                self._run_now("round")
            drift = now
