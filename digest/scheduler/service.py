"""The clock: `digest schedule`, half of `digest serve`, and the only importer of APScheduler.

One job makes a round every minute of UTC, where no clock is ever changed; whether anything is due then
is for `slots` to say. A file that arrives, or a clock that was set, makes a round at once. One process
leads a home; another waits in case it dies. Rounds and upkeep share one thread, so they never overlap;
mail and sources have threads of their own, so no slot waits for a slow server.
"""

import logging
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from queue import SimpleQueue
from typing import Any

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger

from digest.errors import DigestError, LockedError, UsageError
from digest.model import Home
from digest.scheduler.jobs import BounceJob, DeliveryJob, FetchJob
from digest.scheduler.tick import Stopped, Ticker
from digest.services import runs
from digest.services.metrics import Meters, Server
from digest.services.workspace import Clock
from digest.system import heartbeat
from digest.system.heartbeat import Heartbeat
from digest.system.locks import LEADER, hold

_UPKEEP_AT = {"hour": 3, "minute": 17}  # UTC: a quiet hour, and nobody's midnight
_LOOK_AGAIN = 0.1  # seconds after which an unfinished file is looked at again
_CLOCK_SET = 2.0  # seconds by which the clock may run differently from one second to the next
_PING_SECONDS = 10
_THREADS = ("default", "post", "returns", "fetch", "ping")
_RETURNS_SECOND = 45  # of each minute, when little else begins
_FETCH_SECOND = 30  # of each minute: what slots at full minutes are to bring is being asked for by then
_LEAVE_FETCH = 0.5  # seconds until an end is noticed; a fetch that is broken off goes on where it was


def serve(home: Home, *, machine: bool) -> int:
    """Make rounds until SIGTERM or SIGINT. `machine` writes the log as JSON to stdout."""
    service = Service(home, logger(machine=machine))
    service.stop_at_signals()
    service.run_in_turn()
    return 0


def logger(*, machine: bool) -> Any:
    """Set structured logging up: lines for people on stderr, or JSON on stdout."""
    renderer: Any = structlog.processors.JSONRenderer(ensure_ascii=False)
    if not machine:
        renderer = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    shared: list[Any] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
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
    logging.getLogger("apscheduler.scheduler").setLevel(
        logging.ERROR
    )  # a third round asked for is one too many
    return structlog.get_logger()


@dataclass(slots=True)
class Service:
    """A home's clock while it runs; `command` is what another process is told holds the home."""

    home: Home
    log: Any
    command: str = "digest schedule"
    stop: threading.Event = field(default_factory=threading.Event)
    meters: Meters = field(default_factory=Meters)
    _scheduler: Any = None
    _rounds: Any = None
    _post: Any = None
    _returns: Any = None
    _fetches: FetchJob = field(default_factory=FetchJob)
    _posted_well: bool = True
    _gate: Any = field(default_factory=threading.Lock)
    _waiting: bool = False
    _listens: bool = False

    def stop_at_signals(self) -> None:
        """Let SIGTERM and SIGINT end it.

        A handler interrupts whatever is at work, itself and the waiting for `stop` too, whose lock it must not
        ask for. What it may do is put something into a SimpleQueue.
        """
        asked: SimpleQueue[int] = SimpleQueue()

        def heed() -> None:
            asked.get()
            self.stop.set()

        threading.Thread(target=heed, name="signals", daemon=True).start()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda number, _frame: asked.put(number))

    def run_in_turn(self) -> None:
        """Wait until this process leads the home, then make rounds until it is asked to stop."""
        with self.leading() as leads:
            if leads:
                self.run()
        self.log.info("stopped")

    @contextmanager
    def leading(self) -> Iterator[bool]:
        """Wait until this process leads the home; False if it is stopped before."""
        with ExitStack() as held:
            while not (self.stop.is_set() or self.meters.leads):
                try:
                    held.enter_context(hold(self.home.path, command=self.command, timeout=0, file=LEADER))
                    self.meters.leads = True
                except LockedError as error:
                    self._listen(held, patient=True)
                    self._wait_for_turn(error)
            if self.meters.leads:
                self._listen(held, patient=False)
            yield self.meters.leads

    def _wait_for_turn(self, reason: LockedError) -> None:
        if not self._waiting:
            self.log.info("waiting", reason=str(reason))
        self._waiting = True
        self.stop.wait(1)

    def run(self) -> None:
        """Make rounds until asked to stop; a round at work ends its transaction first."""
        # The first slots wait for the first fetch.
        self._fetches.busy = bool(self.home.settings.sources)
        self._rounds = Ticker(
            self.home,
            stopping=self.stop.is_set,
            fetching=lambda: self._fetches.busy,
            alive=self.meters.got_further,
        )
        self._post, self._returns = DeliveryJob(self.stop.is_set), BounceJob(self.stop.is_set)
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={name: ThreadPoolExecutor(1) for name in _THREADS},
            # A job that is late is still to be done, and once.
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )
        self._every_minute(self.round, "round", "default")
        self._every_minute(self.deliver, "deliver", "post")
        self._every_minute(self.collect, "returns", "returns", second=_RETURNS_SECOND)
        self._every_minute(self.fetch, "fetch", "fetch", second=_FETCH_SECOND)
        self._scheduler.add_job(self.keep_up, CronTrigger(**_UPKEEP_AT, timezone=UTC), id="upkeep")
        self._scheduler.start()
        watcher = threading.Thread(target=self._watch_inbox, daemon=True)
        watcher.start()
        self.log.info("started", home=str(self.home.path))
        self._watch_clock()
        self.log.info("stopping")
        with self._gate:
            pass  # who asks from now on is not heard any more
        self._scheduler.shutdown(wait=True)
        watcher.join(5)

    def _every_minute(self, job: Callable[[], None], name: str, executor: str, *, second: int = 0) -> None:
        # Asked for while it is at work, another follows it: two instances, though only one can be at work.
        self._scheduler.add_job(
            job,
            CronTrigger(second=second, timezone=UTC),
            id=name,
            executor=executor,
            next_run_time=datetime.now(UTC),
            max_instances=2,
        )

    def _listen(self, held: ExitStack, *, patient: bool) -> None:
        """Serve metrics; a `patient` process does without while its leader has the address."""
        address = self.home.settings.schedule.metrics
        if address is None or self._listens:
            return
        try:
            server = held.enter_context(Server(address, self.home, self.meters))
        except UsageError:
            if patient:
                return
            raise
        self._listens = True
        self.log.info("metrics", host=address[0], port=server.port)

    # --- jobs

    def round(self) -> None:
        """Make one round; what goes wrong is told, and the next round tries again."""
        began, mistakes = time.monotonic(), ""
        try:
            if error := self._rounds.refresh():
                self.log.error("settings", problems=[str(problem) for problem in error.problems])
                mistakes = str(error)
            done = self._rounds.go(Clock.at(None))
        except Stopped as stopped:
            self.log.info("interrupted", reason=str(stopped))
            return
        except Exception as error:  # noqa: BLE001 - a service outlives what one round meets
            self._failed("round", error)
            self._end_round(str(error) or type(error).__name__, done=False)
            return
        if done.report:
            self._tell(done.report, time.monotonic() - began)
            self._now("deliver")
        if done.unfinished and not self.stop.wait(_LOOK_AGAIN):
            self._now("round")
            return
        self._end_round("; ".join(filter(None, (mistakes, *(done.report.complaints if done.report else ())))))

    def _failed(self, what: str, error: Exception) -> None:
        """Log an expected failure in its own words, a defect with its traceback."""
        if isinstance(error, DigestError):
            self.log.error("failed", job=what, reason=str(error))
        else:
            self.log.error("defect", job=what, exc_info=error)

    def _tell(self, report: Any, seconds: float) -> None:
        issues = [each for each in report.subscriptions if each.issue]
        self.meters.count(report)
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

    def _end_round(self, wrong: str, *, done: bool = True) -> None:
        if not (wrong or self._posted_well):
            wrong = "mail has failed; see: digest outbox list"
        well, self._posted_well = not wrong, True
        self.meters.end_round(wrong, done=done)
        heartbeat.write(self.home.path, Heartbeat(datetime.now(UTC), wrong))
        url = self._rounds.home.settings.schedule.ping
        if url:
            address = url if well else f"{url}/fail"
            self._ask(
                lambda: self._scheduler.add_job(
                    self._ping, args=[address], executor="ping", id="ping", replace_existing=True
                )
            )

    def _ping(self, url: str) -> None:
        """Tell a dead man's switch that rounds are made; it raises the alarm when it hears nothing."""
        from urllib.request import urlopen

        try:
            with urlopen(url, timeout=_PING_SECONDS) as answer:  # noqa: S310 - config accepts http(s) only
                answer.read(1024)
        except (OSError, ValueError) as error:
            self.log.warning("ping", url=url, reason=str(error))

    def deliver(self) -> None:
        """Deliver what is due; the next round tells a dead man's switch if that failed."""
        try:
            report = self._post.go(self._rounds.home, Clock.at(None))
        except Exception as error:  # noqa: BLE001 - as in a round
            self._failed("deliver", error)
            self._end_delivery(well=False)
            return
        if report is None:
            return
        well = not report.exit_status
        facts = {**report.counts, "paused": report.pause or None}
        if well:
            self.log.info("delivery", **facts)
        else:
            self.log.error("delivery", **facts)
        for problem in report.problems:
            self.log.error("undelivered", reason=problem)
        for each in report.messages:
            if each.status == "failed":
                self.log.error("undelivered", id=each.id, subscription=each.subscription, reason=each.reply)
        self._end_delivery(well=well)

    def _end_delivery(self, *, well: bool) -> None:
        self.meters.deliveries[well] += 1
        self._posted_well = self._posted_well and well

    def collect(self) -> None:
        """Read what came back."""
        try:
            done = self._returns.go(self._rounds.home, Clock.at(None))
        except Exception as error:  # noqa: BLE001 - as in a round
            self._failed("returns", error)
            return
        if done is None:
            return
        if done.found:
            self.log.info("returns", **Counter(each.bounce.kind for each in done.found))
        for problem in done.problems:
            self.log.error("returns", reason=problem)

    def fetch(self) -> None:
        """Ask the sources whose time has come, then have read what they brought.

        In a thread that the end of the process need not wait for: a server may be very slow.
        """
        worker = threading.Thread(target=self._fetch, daemon=True)
        worker.start()
        while worker.is_alive() and not self.stop.is_set():
            worker.join(_LEAVE_FETCH)

    def _fetch(self) -> None:
        came = False
        try:
            for done in self._fetches.go(self._rounds.home, Clock.at(None)):
                came = True
                name, well = done.source.name, done.error is None
                self.meters.fetches[name, well] += 1
                if done.error:
                    self.log.error("fetch", source=name, files=len(done.files), reason=done.error)
                else:
                    self.log.info("fetch", source=name, files=len(done.files), unchanged=done.unchanged)
        except Exception as error:  # noqa: BLE001 - as in a round
            self._failed("fetch", error)
        if came or self._rounds.waits:
            self._now("round")  # of what came, and of slots that waited for it

    def keep_up(self) -> None:
        """Do the daily upkeep."""
        try:
            done = runs.keep_up(self._rounds.home, Clock.at(None))
        except Exception as error:  # noqa: BLE001 - as in a round
            self._failed("upkeep", error)
        else:
            self.log.info(
                "upkeep",
                backup=str(done.backup) if done.backup else None,
                removed=done.copies_removed + done.files_removed + done.details_removed,
            )

    # --- what makes a round before its minute

    def _now(self, job: str) -> None:
        self._ask(lambda: self._scheduler.modify_job(job, next_run_time=datetime.now(UTC)))

    def _ask(self, ask: Callable[[], object]) -> None:
        """Ask the scheduler for something, unless the end has come.

        While it shuts down it holds its lock until all jobs have ended: one that waited for that lock to ask
        for the next would never end.
        """
        with self._gate:
            if not self.stop.is_set():
                ask()

    def _watch_inbox(self) -> None:
        if not (self.home.settings.schedule.watch and self.home.inbox.is_dir()):
            return
        from watchfiles import watch

        watched = False
        for changes in watch(
            self.home.inbox,
            stop_event=self.stop,
            debounce=100,
            step=50,
            recursive=False,
            rust_timeout=200,
            yield_on_timeout=True,
            watch_filter=None,
            raise_interrupt=False,
        ):
            if changes or not watched:  # what came before the watch began is looked for once
                self._now("round")
            watched = True

    def _watch_clock(self) -> None:
        """Wait for the end; when the clock is set, or the machine slept, make a round and plan anew."""
        drift = time.time() - time.monotonic()
        while not self.stop.wait(1):
            now = time.time() - time.monotonic()
            if abs(now - drift) > _CLOCK_SET:
                self._scheduler.reschedule_job("upkeep", trigger=CronTrigger(**_UPKEEP_AT, timezone=UTC))
                self._now("round")
            drift = now
