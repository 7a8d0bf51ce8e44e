"""Daily maintenance: backups, pruning, compaction, and their settings."""

import os
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from digest.home.settings_file import load_settings, open_home
from digest.model import ScheduleSettings
from digest.services.runs import maintain
from digest.services.workspace import Clock
from tests.homes import TestHome, issue_of, page

LAMPS = [f"Lantern number {n} of the pier" for n in range(4)]


@pytest.fixture
def home(tmp_path: Path) -> TestHome:
    home = TestHome(tmp_path / "home")
    home.subscribe("lamp", "lantern", schedule="monthly 17 08:00")
    for number, month in enumerate(("08", "09", "10", "11")):
        home.put(f"2026-{month}-17.txt", page(LAMPS[number], day="Aug 17"))
        home.run(f"2026-{month}-17T09:00")
        home.run(f"2026-{month}-17T10:00")
    return home


def kept(home: TestHome, settings: str, day: str = "2026-11-20"):
    home.write("digest.toml", f"[schedule]\n{settings}\n")
    now = datetime.fromisoformat(f"{day}T03:17").replace(tzinfo=UTC)
    return maintain(open_home(str(home.path)), Clock(now, now))


def test_one_backup_a_day_and_a_limited_number(home):
    for day in range(20, 25):
        done = kept(home, "backups = 2", f"2026-11-{day}")
        assert done.backup == home.path / "backups" / f"digest-2026-11-{day}.db"
    assert done.copies_removed == 1
    assert kept(home, "backups = 2", "2026-11-24").backup is None
    assert sorted(path.name for path in (home.path / "backups").iterdir()) == [
        "digest-2026-11-23.db",
        "digest-2026-11-24.db",
    ]
    assert home.call("restore", home.path / "backups" / "digest-2026-11-23.db").status == 0


def test_no_backups(home):
    done = kept(home, "backups = 0")
    assert (done.backup, done.copies_removed) == (None, 0)
    assert not (home.path / "backups").exists()


def test_old_issue_files_are_removed_and_the_archive_stays(home):
    before = home.output()
    assert kept(home, "backups = 0").files_removed == 0
    assert home.output() == before
    done = kept(home, 'keep_output = "60 days"')
    removed = before.keys() - home.output().keys()
    assert done.files_removed == len(removed) == 6
    assert all(
        path.startswith(("output/issues/lamp/2026-08", "output/issues/lamp/2026-09")) for path in removed
    )
    home.run("2026-11-21T09:00")
    assert before.keys() - home.output().keys() == removed
    home.run("2026-11-21T09:00", "--rewrite")
    assert home.output().keys() == before.keys()


def test_drafts_left_by_a_crash_are_removed(home):
    old = home.write("output/issues/lamp/.x.html.part", "half")
    home.write("output/feeds/.y.rss.part", "at work")
    os.utime(old, (1_000_000_000, 1_000_000_000))
    assert kept(home, "").files_removed == 1
    assert not old.exists()


def test_old_details_of_the_ledger_are_removed_and_slots_stay(home):
    slots = home.rows("select subscription, slot, issue from verdict where slot is not null")
    done = kept(home, 'keep_ledger = "30 days"')
    assert done.details_removed == 6  # reports of three months; runs without a slot leave no verdict
    assert home.rows("select subscription, slot, issue from verdict where slot is not null") == slots
    assert home.rows("select count(*) from run where report is not null") == [(2,)]
    assert home.call("ledger").status == home.call("ledger", "--run", "1").status == 0
    assert kept(home, 'keep_ledger = "forever"').details_removed == 0
    assert issue_of(home.run("2026-11-21T09:00"), "lamp") is None


def test_the_library_is_compacted(home):
    home.rows("create table big (x)")
    database = sqlite3.connect(home.path / "digest.db")
    database.executemany("insert into big values (?)", [("x" * 4000,)] * 2000)
    database.execute("delete from big")
    database.commit()
    database.close()
    before = (home.path / "digest.db").stat().st_size
    kept(home, "backups = 0")
    assert (home.path / "digest.db").stat().st_size < before / 2


@pytest.mark.parametrize(("text", "expected"), [
    ("", ScheduleSettings()), ("watch = false\nbackups = 0", ScheduleSettings(watch=False, backups=0)),
    ("metrics = '9464'", ScheduleSettings(metrics=("127.0.0.1", 9464))), ("metrics = '[::1]:9464'", ScheduleSettings(metrics=("::1", 9464))),
    ("ping = 'https://hc.example.org/abc'", ScheduleSettings(ping="https://hc.example.org/abc")),
    ("keep_output = '2 weeks'\nkeep_ledger = 'forever'", ScheduleSettings(keep_output=timedelta(14), keep_ledger=None)),
])  # fmt: skip
def test_settings(tmp_path, text, expected):
    path = tmp_path / "digest.toml"
    path.write_text(f"[schedule]\n{text}\n", "utf-8")
    assert load_settings(path).schedule == expected


@pytest.mark.parametrize(("text", "message"), [
    ("backups = -1", "schedule.backups: -1 is too small; use 0 or more"), ("metrics = '99999'", 'use an address such as "127.0.0.1:9464"'),
    ("metrics = 'x:y'", "schedule.metrics"), ("ping = 'ftp://x'", "schedule.ping"), ("keep_output = 'x'", "schedule.keep_output: 'x' is not a valid time span"),
    ("kep_output = 'x'", "did you mean 'keep_output'"), ("watch = 1", "schedule.watch: 1 is not true or false"),
])  # fmt: skip
def test_invalid_settings(tmp_path, text, message):
    path = tmp_path / "digest.toml"
    path.write_text(f"[schedule]\n{text}\n", "utf-8")
    with pytest.raises(Exception, match=r"digest.toml:2: schedule") as caught:
        load_settings(path)
    assert message in str(caught.value)
