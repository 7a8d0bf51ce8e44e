"""Ticks of the schedule within this process: what is due, what waits, what is tried again."""

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from digest.errors import DigestError
from digest.home.settings_file import open_home
from digest.read.inbox_watcher import QUIET
from digest.scheduler.tick import Stopped, Ticker
from digest.services.workspace import Clock
from tests.homes import TestHome, page

LAMPS = [f"Lantern number {n} of the pier" for n in range(4)]


@pytest.fixture
def home(tmp_path: Path) -> TestHome:
    home = TestHome(tmp_path / "home")
    home.subscribe("lamp", "lantern")
    home.subscribe("monthly", "lantern", schedule="monthly 1 08:00")
    return home


@pytest.fixture
def ticker(home: TestHome) -> Ticker:
    return Ticker(open_home(str(home.path)), stopping=lambda: False)


def at(text: str) -> Clock:
    moment = datetime.fromisoformat(text).replace(tzinfo=UTC)
    return Clock(moment, moment)


def test_a_tick_with_nothing_due_makes_no_run(home, ticker):
    assert ticker.tick(at("2026-11-17T09:00")).due == {"lamp", "monthly"}
    done = ticker.tick(at("2026-11-17T09:01"))
    assert (done.due, done.arrived, done.report) == (frozenset(), (), None)
    assert home.rows("select count(*) from run") == [(1,)]


def test_a_slot_runs_its_subscription_and_a_file_runs_all(home, ticker):
    ticker.tick(at("2026-11-17T09:00"))
    home.put("1.txt", page(LAMPS[0]))
    time.sleep(2 * QUIET)
    done = ticker.tick(at("2026-11-17T10:00"))
    assert [each.id for each in done.report.subscriptions] == ["lamp", "monthly"]
    assert [file.path for file in done.report.files] == ["inbox/1.txt"]
    done = ticker.tick(at("2026-11-18T08:00"))
    assert [each.id for each in done.report.subscriptions] == ["lamp"]
    assert done.report.files == ()
    assert done.report.subscriptions[0].issue.new == (LAMPS[0],)


def test_a_failed_tick_is_repeated_by_the_next(home, ticker, monkeypatch):
    home.put("1.txt", page(LAMPS[0]))
    time.sleep(2 * QUIET)
    (home.path / "digest.db").mkdir()
    with pytest.raises(DigestError):
        ticker.tick(at("2026-11-17T09:00"))
    (home.path / "digest.db").rmdir()
    assert ticker.tick(at("2026-11-17T09:01")).report.files[0].new == 1


def test_a_tick_stops_between_two_transactions(home, monkeypatch):
    monkeypatch.setattr("digest.pipeline.run.BATCH", 1)
    answers = iter([False, True])
    ticker = Ticker(open_home(str(home.path)), stopping=lambda: next(answers, False))
    with pytest.raises(Stopped):
        ticker.tick(at("2026-11-17T09:00"))
    assert home.rows("select count(*) from verdict where subscription = 'monthly'") == [(0,)]
    done = ticker.tick(at("2026-11-17T09:01"))
    assert done.due == {"monthly"}
    assert home.rows("select status from run order by id") == [("interrupted",), ("done",)]


def test_a_paused_or_disabled_subscription_is_not_due(home, ticker):
    ticker.tick(at("2026-11-17T09:00"))
    home.subscribe("lamp", "lantern", paused_until="2026-11-20")
    assert ticker.tick(at("2026-11-18T09:00")).due == frozenset()
    home.subscribe("lamp", "lantern", enabled=False)
    assert ticker.tick(at("2026-11-21T09:00")).due == frozenset()
    home.subscribe("lamp", "AND")
    assert ticker.tick(at("2026-11-21T09:01")).due == frozenset()
    home.subscribe("lamp", "lantern")
    assert ticker.tick(at("2026-11-21T09:02")).due == {"lamp"}


def test_settings_are_read_again_and_invalid_ones_ignored(home, ticker):
    home.write("digest.toml", "title = 'Piers'\n")
    assert ticker.refresh() is None
    home.write("digest.toml", "titel = 'x'\n")
    assert "did you mean 'title'" in str(ticker.refresh())
    assert ticker.home.settings.title == "Piers"
