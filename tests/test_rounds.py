"""Rounds within this process: what one looks at, what it leaves, what it outlives."""

import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from apscheduler.schedulers.background import BackgroundScheduler

from digest.errors import DigestError
from digest.home.settings_file import open_home
from digest.read.inbox_watcher import QUIET, InboxWatcher, being_written
from digest.scheduler.service import Service
from digest.scheduler.tick import Stopped, Ticker
from digest.services.metrics import LATE, Meters, exposition
from digest.services.workspace import Clock
from digest.system import heartbeat
from digest.system.locks import LEADER, hold
from tests.homes import TestHome, page

LAMPS = [f"Lantern number {n} of the pier" for n in range(4)]


@pytest.fixture
def home(tmp_path: Path) -> TestHome:
    home = TestHome(tmp_path / "home")
    home.subscribe("lamp", "lantern")
    home.subscribe("monthly", "lantern", schedule="monthly 1 08:00")
    return home


@pytest.fixture
def rounds(home: TestHome) -> Ticker:
    return Ticker(open_home(str(home.path)), stopping=lambda: False)


def at(text: str) -> Clock:
    moment = datetime.fromisoformat(text).replace(tzinfo=UTC)
    return Clock(moment, moment)


# --- rounds --------------------------------------------------------------------------------------


def test_a_round_without_anything_to_do_makes_no_run(home, rounds):
    assert rounds.go(at("2026-11-17T09:00")).due == {"lamp", "monthly"}
    done = rounds.go(at("2026-11-17T09:01"))
    assert (done.due, done.arrived, done.report) == (frozenset(), (), None)
    assert home.rows("select count(*) from run") == [(1,)]


def test_a_slot_concerns_its_subscription_and_a_file_all_of_them(home, rounds):
    rounds.go(at("2026-11-17T09:00"))
    home.put("1.txt", page(LAMPS[0]))
    time.sleep(2 * QUIET)
    done = rounds.go(at("2026-11-17T10:00"))
    assert [each.id for each in done.report.subscriptions] == ["lamp", "monthly"]
    assert [file.path for file in done.report.files] == ["inbox/1.txt"]
    done = rounds.go(at("2026-11-18T08:00"))
    assert [each.id for each in done.report.subscriptions] == ["lamp"]
    assert done.report.files == ()
    assert done.report.subscriptions[0].issue.new == (LAMPS[0],)


def test_what_could_not_be_done_is_done_in_the_next_round(home, rounds, monkeypatch):
    home.put("1.txt", page(LAMPS[0]))
    time.sleep(2 * QUIET)
    (home.path / "digest.db").mkdir()
    with pytest.raises(DigestError):
        rounds.go(at("2026-11-17T09:00"))
    (home.path / "digest.db").rmdir()
    assert rounds.go(at("2026-11-17T09:01")).report.files[0].new == 1


def test_a_round_stops_between_two_transactions(home, monkeypatch):
    monkeypatch.setattr("digest.pipeline.run.TOGETHER", 0.0)
    asked = iter([False, True])
    rounds = Ticker(open_home(str(home.path)), stopping=lambda: next(asked, False))
    with pytest.raises(Stopped):
        rounds.go(at("2026-11-17T09:00"))
    assert home.rows("select count(*) from verdict where subscription = 'monthly'") == [(0,)]
    done = rounds.go(at("2026-11-17T09:01"))
    assert done.due == {"monthly"}
    assert home.rows("select status from run order by id") == [("interrupted",), ("done",)]


def test_a_paused_or_disabled_subscription_is_not_due(home, rounds):
    rounds.go(at("2026-11-17T09:00"))
    home.subscribe("lamp", "lantern", paused_until="2026-11-20")
    assert rounds.go(at("2026-11-18T09:00")).due == frozenset()
    home.subscribe("lamp", "lantern", enabled=False)
    assert rounds.go(at("2026-11-21T09:00")).due == frozenset()
    home.subscribe("lamp", "AND")
    assert rounds.go(at("2026-11-21T09:01")).due == frozenset()
    home.subscribe("lamp", "lantern")
    assert rounds.go(at("2026-11-21T09:02")).due == {"lamp"}


def test_settings_are_read_again_while_they_are_in_order(home, rounds):
    home.write("digest.toml", "title = 'Piers'\n")
    assert rounds.refresh() is None
    home.write("digest.toml", "titel = 'x'\n")
    assert "did you mean 'title'" in str(rounds.refresh())
    assert rounds.home.settings.title == "Piers"


# --- new files in the inbox ----------------------------------------------------------------------


def test_a_file_is_complete_when_it_is_quiet_and_nobody_writes_it(tmp_path):
    path = tmp_path / "1.txt"
    watcher = InboxWatcher(str(tmp_path))
    now = time.time()
    with path.open("w") as writer:
        writer.write("half")
        writer.flush()
        assert being_written(str(path))
        for monotonic in (0.0, 9.0):
            assert watcher.poll(wall=now, monotonic=monotonic) == ((), True)
    assert not being_written(str(path))
    assert watcher.poll(wall=now, monotonic=9.1) == ((str(path),), False)
    path.write_text("changed")
    assert watcher.poll(wall=now, monotonic=9.2) == ((), True)
    assert watcher.poll(wall=now, monotonic=9.2 + QUIET) == ((str(path),), False)
    watcher.mark_read((str(path),))
    assert watcher.poll(wall=now, monotonic=20.0) == ((), False)
    path.unlink()
    assert watcher.poll(wall=now, monotonic=21.0) == ((), False)
    path.write_text("changed")
    assert watcher.poll(wall=now + 60, monotonic=22.0) == ((str(path),), False)


def test_what_is_no_file_is_not_waited_for(tmp_path):
    (tmp_path / "gone.txt").symlink_to("nowhere")
    assert InboxWatcher(str(tmp_path)).poll(wall=0, monotonic=0) == ((), False)
    assert InboxWatcher(str(tmp_path / "absent")).poll(wall=0, monotonic=0) == ((), False)
    assert not being_written(str(tmp_path / "absent"))


# --- the service ----------------------------------------------------------------------------------


class Log:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.events: list[tuple[str, dict]] = []
        self.told = threading.Condition()

    def _note(self, event: str, **facts: object) -> None:
        with self.told:
            self.events.append((event, facts))
            self.told.notify_all()

    info = warning = error = _note

    def wait(self, event: str, **facts: object) -> dict:
        def found() -> list[dict]:
            return [
                told for name, told in self.events
                if name == event and all(told.get(key) == value for key, value in facts.items())
            ]  # fmt: skip

        with self.told:
            assert self.told.wait_for(found, 60), self.events
            return found()[0]


def served(home: TestHome, script) -> Log:
    """Run a service in this process while a script acts on its home; then stop it."""
    log = Log()
    service = Service(open_home(str(home.path)), log)

    def act() -> None:
        try:
            script(service, log)
        finally:
            service.stop.set()

    actor = threading.Thread(target=act)
    actor.start()
    with service.leading() as leads:
        if leads:
            service.run()
    actor.join()
    return log


def test_a_service_from_start_to_end(home):
    def script(service: Service, log: Log) -> None:
        log.wait("run", issues={})
        home.put("1.txt", page(*LAMPS))
        log.wait("run", new=4)
        service.keep_up()
        assert log.wait("upkeep")["backup"]

    log = served(home, script)
    assert log.events[-1] == ("stopping", {})
    assert list((home.path / "backups").glob("*.db"))


def test_a_service_outlives_what_it_meets(home, monkeypatch):
    def script(service: Service, log: Log) -> None:
        log.wait("run", issues={})
        (home.path / "digest.db").rename(home.path / "aside.db")
        (home.path / "digest.db").mkdir()
        service.round()
        service.keep_up()
        assert "unable to open" in log.wait("failed", job="round")["reason"]
        log.wait("failed", job="upkeep")
        (home.path / "digest.db").rmdir()
        monkeypatch.setattr(Ticker, "go", lambda *_: 1 / 0)
        service.round()
        assert isinstance(log.wait("defect", job="round")["exc_info"], ZeroDivisionError)
        assert not service.meters.well
        assert heartbeat.read(home.path).wrong == service.meters.wrong == "division by zero"

    served(home, script)


def test_a_round_that_ends_while_the_clock_is_being_stopped(home, monkeypatch):
    """It asks for the delivery of what it made, and the scheduler, on its way out, does not answer."""
    told, ending = Service._tell, threading.Event()

    def tell(self: Service, report: object, seconds: float) -> None:
        told(self, report, seconds)
        assert ending.wait(60)
        time.sleep(0.3)  # by then the scheduler waits for this round

    monkeypatch.setattr(Service, "_tell", tell)
    monkeypatch.setattr(
        BackgroundScheduler, "shutdown", lambda *args, f=BackgroundScheduler.shutdown, **more: (ending.set(), f(*args, **more))
    )  # fmt: skip
    log = served(home, lambda _service, log: log.wait("run"))
    assert log.events[-1] == ("stopping", {})


def test_a_signal_that_comes_while_the_event_is_held():
    """The loop holds the event's lock nearly all the time: a handler that set it would often hang."""
    script = (
        "from digest.scheduler.service import Service\n"
        "service = Service(None, None); service.stop_at_signals(); print('ready', flush=True)\n"
        "while not service.stop.wait(0): pass\n"
    )
    for _ in range(3):
        process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.terminate()
        process.communicate(timeout=60)
        assert process.returncode == 0


def test_a_service_that_is_stopped_before_its_turn(home):
    with hold(home.path, command="digest schedule", file=LEADER):
        log = served(home, lambda _service, log: log.wait("waiting"))
    assert [event for event, _ in log.events] == ["waiting"]


def test_health_is_that_of_the_leader():
    meters = Meters(began=1000.0)
    assert meters.healthy(1e9)
    meters.leads = True
    assert meters.healthy(1000.0 + LATE - 1)
    assert not meters.healthy(1000.0 + LATE)
    meters.end_round("the library is gone", done=False)
    assert not meters.healthy(1000.0 + LATE)
    assert (meters.well, meters.wrong, meters.rounds[False]) == (False, "the library is gone", 1)
    meters.end_round("a file was set aside", done=True)
    assert meters.last_round is not None and meters.last_done is not None
    assert meters.healthy(meters.last_done)
    assert not meters.healthy(meters.last_done + LATE)


def test_figures_of_a_home_without_a_library(home):
    text = exposition(open_home(str(home.path)), Meters(), 0.0)
    assert "\ndigest_papers 0\n" in text
    assert not (home.path / "digest.db").exists()
