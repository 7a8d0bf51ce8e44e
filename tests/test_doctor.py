"""The doctor: a healthy home, and each thing that can be wrong with one."""

import os
import sqlite3
from pathlib import Path

import pytest

from tests.homes import TestHome, call, page

NOW = "2026-11-17T09:00"


@pytest.fixture
def home(tmp_path: Path) -> TestHome:
    home = TestHome(tmp_path / "home")
    home.subscribe("fog", "lantern")
    home.put("2026-11-17.txt", page("Reading the fog by its lanterns", day="Nov 17"))
    home.run(NOW)
    (home.path / "backups").mkdir()
    home.call("backup", home.path / "backups" / "digest-2026-11-17.db")
    return home


def examined(home: TestHome, status: int, now: str = NOW) -> dict[str, list[dict[str, str]]]:
    done = home.call("doctor", "--json", "--now", now)
    assert done.status == status, done.out + done.err
    found: dict[str, list[dict[str, str]]] = {}
    for finding in done.json:
        found.setdefault(finding["check"], []).append(finding)
    return found


def test_a_healthy_home(home):
    found = examined(home, 0)
    assert set(found) == {"configuration", "subscriptions", "database", "templates", "clock"}
    assert {finding["state"] for findings in found.values() for finding in findings} == {"good"}
    shown = home.call("doctor", "--now", NOW)
    assert shown.out.rstrip().endswith("Nothing is wrong.")


def test_every_mistake_in_the_settings_and_the_rest_all_the_same(home):
    home.write("digest.toml", "titel = 'x'\nmax_file_mb = 0\n")
    home.subscribe("bad", "AND")
    found = examined(home, 1)
    assert len(found["configuration"]) == 2
    assert "did you mean 'title'" in found["configuration"][1]["message"]
    assert [each["state"] for each in found["subscriptions"]] == ["bad", "good"]
    assert found["templates"][0]["state"] == "good"
    assert "3 things to mend." in home.call("doctor", "--now", NOW).out


def test_a_new_home_without_anything(tmp_path):
    found = examined(TestHome(tmp_path / "home"), 0)
    assert found["subscriptions"][0]["remedy"] == "digest subscriptions add ID KEYWORD"
    (tmp_path / "bare").mkdir()
    bare = TestHome.__new__(TestHome)
    bare.path = tmp_path / "bare"
    assert [each["remedy"] for each in examined(bare, 0)["configuration"]] == ["make it", "make it"]
    assert not (tmp_path / "bare" / "digest.db").exists()


@pytest.mark.parametrize("content", [b"no database at all", b"SQLite format 3\0" + b"x" * 9000])
def test_a_damaged_library(home, content):
    (home.path / "digest.db").write_bytes(content)
    (finding,) = examined(home, 1)["database"]
    assert finding["state"] == "bad"
    assert finding["remedy"]


def test_a_library_damaged_inside(home):
    path = home.path / "digest.db"
    data = bytearray(path.read_bytes())
    for start in range(4096 * 4 + 100, len(data), 4096 * 3):
        data[start : start + 3000] = b"\xff" * 3000
    path.write_bytes(data)
    assert "restore" in examined(home, 1)["database"][-1]["remedy"]


def test_copies_that_are_old_or_missing(home):
    copy = home.path / "backups" / "digest-2026-11-17.db"
    os.utime(copy, (1_000_000_000, 1_000_000_000))
    assert "days old" in examined(home, 0)["database"][0]["message"]
    copy.unlink()
    assert "there is no copy" in examined(home, 0)["database"][0]["message"]
    home.write("digest.toml", "[schedule]\nbackups = 0\n")
    assert examined(home, 0)["database"][0]["state"] == "good"


def test_a_template_with_a_mistake(home):
    home.write("templates/issue.md", "# {{ issue.nonsense.more }}\n")
    (finding,) = examined(home, 1)["templates"]
    assert "issue.md" in finding["message"]


def test_a_clock_that_is_behind(home):
    (finding,) = examined(home, 1, "2026-11-16T09:00")["clock"]
    assert "the last run was at 2026-11-17 09:00 UTC" in finding["message"]
    assert examined(home, 0, "2026-11-17T08:57")["clock"][0]["state"] == "good"


def test_a_run_that_never_ended(home):
    database = sqlite3.connect(home.path / "digest.db")
    database.execute("update run set status = 'running'")
    database.commit()
    database.close()
    (finding,) = examined(home, 0, "2026-11-17T11:00")["clock"]
    assert finding["message"] == "run 1 never ended"


def test_no_home(tmp_path):
    assert call("doctor", "--home", tmp_path / "absent").status == 2
