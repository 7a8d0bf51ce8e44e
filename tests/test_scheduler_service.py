"""The scheduler service within this process: start, failures, end, health and metrics."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from apscheduler.schedulers.background import BackgroundScheduler

from digest.home.settings_file import open_home
from digest.scheduler.service import Service
from digest.scheduler.tick import Ticker
from digest.services.metrics import LATE, Meters, exposition
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


class Log:
    """Keeps the events that are logged."""

    def __init__(self) -> None:
        self.events: list[tuple[str, dict]] = []
        self.changed = threading.Condition()

    def _add(self, event: str, **facts: object) -> None:
        with self.changed:
            self.events.append((event, facts))
            self.changed.notify_all()

    info = warning = error = _add

    def wait(self, event: str, **facts: object) -> dict:
        def found() -> list[dict]:
            return [
                logged for name, logged in self.events
                if name == event and all(logged.get(key) == value for key, value in facts.items())
            ]  # fmt: skip

        with self.changed:
            assert self.changed.wait_for(found, 60), self.events
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
        service.maintain()
        assert log.wait("upkeep")["backup"]

    log = served(home, script)
    assert log.events[-1] == ("stopping", {})
    assert list((home.path / "backups").glob("*.db"))


def test_a_service_survives_failures(home, monkeypatch):
    def script(service: Service, log: Log) -> None:
        log.wait("run", issues={})
        (home.path / "digest.db").rename(home.path / "aside.db")
        (home.path / "digest.db").mkdir()
        service.tick()
        service.maintain()
        assert "unable to open" in log.wait("failed", job="round")["reason"]
        log.wait("failed", job="upkeep")
        (home.path / "digest.db").rmdir()
        monkeypatch.setattr(Ticker, "tick", lambda *_: 1 / 0)
        service.tick()
        assert isinstance(log.wait("defect", job="round")["exc_info"], ZeroDivisionError)
        deadline = time.monotonic() + 30
        # The heart beats after the message, and a round of the clock that began earlier may end later.
        while heartbeat.read(home.path).error != "division by zero" and time.monotonic() < deadline:
            service.tick()
            time.sleep(0.05)
        assert heartbeat.read(home.path).error == "division by zero"
        assert not service.meters.ok
        assert service.meters.error == "division by zero"

    served(home, script)


def test_a_tick_that_ends_during_the_shutdown(home, monkeypatch):
    """It asks the scheduler for a delivery, but the scheduler is shutting down and would block."""
    log_run, ending = Service._log_run, threading.Event()

    def log_and_wait(self: Service, report: object, seconds: float) -> None:
        log_run(self, report, seconds)
        assert ending.wait(60)
        time.sleep(0.3)  # by then the scheduler waits for this tick

    monkeypatch.setattr(Service, "_log_run", log_and_wait)
    monkeypatch.setattr(
        BackgroundScheduler, "shutdown", lambda *args, f=BackgroundScheduler.shutdown, **more: (ending.set(), f(*args, **more))
    )  # fmt: skip
    log = served(home, lambda _service, log: log.wait("run"))
    assert log.events[-1] == ("stopping", {})


def test_a_signal_while_the_event_is_locked():
    """The loop holds the lock of the event nearly all the time; a handler that set it would often deadlock."""
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


def test_a_service_that_is_stopped_before_it_leads(home):
    with hold(home.path, command="digest schedule", file=LEADER):
        log = served(home, lambda _service, log: log.wait("waiting"))
    assert [event for event, _ in log.events] == ["waiting"]


def test_only_a_leader_can_be_unhealthy():
    meters = Meters(started=1000.0)
    assert meters.healthy(1e9)
    meters.leads = True
    assert meters.healthy(1000.0 + LATE - 1)
    assert not meters.healthy(1000.0 + LATE)
    meters.end_round("the library is gone", done=False)
    assert not meters.healthy(1000.0 + LATE)
    assert (meters.ok, meters.error, meters.rounds[False]) == (False, "the library is gone", 1)
    meters.end_round("a file was set aside", done=True)
    assert meters.last_round is not None and meters.last_done is not None
    assert meters.healthy(meters.last_done)
    assert not meters.healthy(meters.last_done + LATE)


def test_metrics_of_a_home_without_a_library(home):
    text = exposition(open_home(str(home.path)), Meters(), 0.0)
    assert "\ndigest_papers 0\n" in text
    assert not (home.path / "digest.db").exists()
