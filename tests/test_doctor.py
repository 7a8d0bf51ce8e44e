"""`digest doctor`: a healthy home, and each problem that it finds."""

import json
import os
import socket
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import stamina

from digest.system import heartbeat
from digest.system.heartbeat import Heartbeat
from digest.system.locks import LEADER, SERVERS, hold, liveness_file
from tests.homes import TestHome, call, page

NOW = "2026-11-17T09:00"


@pytest.fixture
def home(tmp_path: Path) -> TestHome:
    home = TestHome(tmp_path / "home")
    home.subscribe("fog", "lantern")
    home.put("2026-11-17.txt", page("Reading the fog by its lanterns", day="Nov 17"))
    home.run(NOW)
    (home.path / "backups").mkdir(mode=0o700)
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
    assert set(found) == {
        "configuration",
        "subscriptions",
        "database",
        "modes",
        "templates",
        "clock",
        "schedule",
    }
    assert {finding["state"] for findings in found.values() for finding in findings} == {"good"}
    shown = home.call("doctor", "--now", NOW)
    assert shown.out.rstrip().endswith("No problems found.")


def test_invalid_settings_do_not_keep_the_other_checks_from_running(home):
    home.write("digest.toml", "titel = 'x'\nmax_file_mb = 0\n")
    home.subscribe("bad", "AND")
    found = examined(home, 2)
    assert len(found["configuration"]) == 2
    assert "did you mean 'title'" in found["configuration"][1]["message"]
    assert [each["state"] for each in found["subscriptions"]] == ["bad", "good"]
    assert found["templates"][0]["state"] == "good"
    assert "3 problems found." in home.call("doctor", "--now", NOW).out


def test_an_empty_home(tmp_path):
    found = examined(TestHome(tmp_path / "home"), 0)
    assert found["subscriptions"][0]["remedy"] == "add one: digest subscriptions add ID KEYWORD"
    (tmp_path / "bare").mkdir()
    bare = TestHome.__new__(TestHome)
    bare.path = tmp_path / "bare"
    assert [each["remedy"] for each in examined(bare, 0)["configuration"]] == ["create it", "create it"]
    assert not (tmp_path / "bare" / "digest.db").exists()


@pytest.mark.parametrize("content", [b"no database at all", b"SQLite format 3\0" + b"x" * 9000])
def test_a_damaged_library(home, content):
    (home.path / "digest.db").write_bytes(content)
    (finding,) = examined(home, 1)["database"]
    assert finding["state"] == "bad"
    assert finding["remedy"]


def test_a_library_with_damaged_pages(home):
    path = home.path / "digest.db"
    data = bytearray(path.read_bytes())
    for start in range(4096 * 4 + 100, len(data), 4096):
        data[start : start + 3000] = b"\xff" * 3000
    path.write_bytes(data)
    assert "restore" in examined(home, 1)["database"][-1]["remedy"]


def test_backups_that_are_old_or_missing(home):
    copy = home.path / "backups" / "digest-2026-11-17.db"
    os.utime(copy, (1_000_000_000, 1_000_000_000))
    assert "days old" in examined(home, 0)["database"][0]["message"]
    copy.unlink()
    assert "the library has no backup" in examined(home, 0)["database"][0]["message"]
    home.write("digest.toml", "[schedule]\nbackups = 0\n")
    assert examined(home, 0)["database"][0]["state"] == "good"


def test_a_backup_that_was_asked_for_counts_wherever_it_is(home, tmp_path):
    (home.path / "backups" / "digest-2026-11-17.db").unlink()
    elsewhere = tmp_path / "disk" / "library.db"
    elsewhere.parent.mkdir()
    assert home.call("backup", elsewhere).status == 0
    found = examined(home, 0)["database"]
    assert {each["state"] for each in found} == {"good"}
    assert found[0]["message"].startswith(f"the newest backup, {elsewhere}, was made ")
    elsewhere.parent.rename(tmp_path / "taken away")
    (finding, _) = examined(home, 0)["database"]
    assert finding["state"] == "warning"
    assert f"{elsewhere} of " in finding["message"]
    assert "cannot be found" in finding["message"]
    assert home.call("backup", home.path / "backups" / "mine.db").status == 0
    assert "the newest backup, backups/mine.db, was made " in examined(home, 0)["database"][0]["message"]


def test_a_lost_library_is_restored_from_the_backup_that_was_asked_for(home, tmp_path):
    assert home.call("backup", tmp_path / "mine.db").status == 0
    (home.path / "digest.db").unlink()
    (finding,) = examined(home, 1)["database"]
    assert f"digest restore {tmp_path / 'mine.db'}" in finding["remedy"]


def test_every_finding_is_on_stdout_in_order_with_a_label(home):
    home.subscribe("bad", "AND")
    shown = home.call("doctor", "--now", NOW)
    labels = [line[:6] for line in shown.out.splitlines() if not line.startswith("  ")]
    assert labels[:3] == ["ok    ", "bad   ", "ok    "]
    assert shown.err == ""
    quiet = home.call("doctor", "--quiet", "--now", NOW)
    assert (quiet.out, quiet.err[:20]) == ("", "bad   subscriptions:")


def test_an_invalid_template(home):
    home.write("templates/issue.md", "# {{ issue.nonsense.more }}\n")
    (finding,) = examined(home, 1)["templates"]
    assert "issue.md" in finding["message"]


def test_a_clock_that_is_behind(home):
    (finding,) = examined(home, 1, "2026-11-16T09:00")["clock"]
    assert "the last run was at Tue 2026-11-17 09:00 (UTC)" in finding["message"]
    assert examined(home, 0, "2026-11-17T08:57")["clock"][0]["state"] == "good"


def test_a_run_that_did_not_finish(home):
    database = sqlite3.connect(home.path / "digest.db")
    database.execute("update run set status = 'running'")
    database.commit()
    database.close()
    (finding,) = examined(home, 0, "2026-11-17T11:00")["clock"]
    assert finding["message"] == "run 1 did not finish"


def set_fetch_state(home: TestHome, **memory: object) -> None:
    home.write("digest.toml", '[[sources]]\nname = "sea"\nkind = "feed"\nurl = "https://sea.example/feed"\n')
    home.put(".fetched.json", json.dumps({"sea": memory}))


HOUR_AGO, DAYS_AGO = "2026-11-17T08:00:00+00:00", "2026-11-10T08:00:00+00:00"


@pytest.mark.parametrize(
    ("memory", "status", "state", "message"),
    [
        ({"asked": HOUR_AGO, "changed": HOUR_AGO}, 0, "good", "1 source, no problems"),
        ({}, 0, "warning", "the source sea has not been fetched yet"),
        ({"asked": HOUR_AGO}, 0, "warning", "the source sea has returned nothing yet"),
        ({"asked": HOUR_AGO, "changed": DAYS_AGO}, 0, "warning", "has returned nothing new since 2026-11-10"),
        (
            {"asked": HOUR_AGO, "failing": HOUR_AGO, "error": "404"},
            1,
            "warning",
            "the source sea could not be fetched: 404",
        ),
        (
            {"asked": HOUR_AGO, "failing": DAYS_AGO, "error": "404"},
            1,
            "bad",
            "the source sea could not be fetched: 404 (since Tue 2026-11-10 08:00)",
        ),
    ],
)
def test_a_source(home, memory, status, state, message):
    set_fetch_state(home, **memory)
    finding, *others = examined(home, status)["sources"]
    assert finding["state"] == state
    assert finding["message"].endswith(message)
    assert ("digest fetch --source sea" in finding["remedy"]) == (state != "good")
    assert [each["state"] for each in others] == (["bad"] if "error" in memory else [])


def set_fetch_states(home: TestHome, **errors: tuple[str, bool]) -> None:
    """Let each source have failed an hour ago with an error, "" for none, perhaps without reaching a server."""
    sources = (
        f'[[sources]]\nname = "{name}"\nkind = "feed"\nurl = "https://{name}.example/"\n' for name in errors
    )
    home.write("digest.toml", "".join(sources))
    states = {
        name: {
            "asked": HOUR_AGO,
            "changed": HOUR_AGO,
            "failing": HOUR_AGO if error else "",
            "error": error,
            "unreachable": unreachable,
        }
        for name, (error, unreachable) in errors.items()
    }
    home.put(".fetched.json", json.dumps(states))


def test_no_source_could_be_fetched(home):
    set_fetch_states(home, sea=("no address", True), air=("refused", True))
    offline = examined(home, 1)["sources"]
    assert [each["state"] for each in offline] == ["warning", "warning", "bad"]
    assert all("check the network connection" in each["remedy"] for each in offline)
    assert not any("digest.toml" in each["remedy"] for each in offline)
    set_fetch_states(home, sea=("no address", True), air=("status 404", False))
    mixed = examined(home, 1)["sources"]
    assert [each["state"] for each in mixed] == ["warning", "warning", "bad"]
    assert "server may be down" in mixed[0]["remedy"]
    assert "digest.toml" in mixed[1]["remedy"]
    set_fetch_states(home, sea=("no address", True), air=("", False))
    assert [each["state"] for each in examined(home, 0)["sources"]] == ["warning"]


def test_offline_is_said_after_a_fetch_without_network(home, monkeypatch):
    def no_network(*_arguments: object, **_options: object) -> None:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", no_network)
    set_fetch_states(home, sea=("", False), air=("", False))
    with stamina.set_testing(True, attempts=1):
        assert home.call("fetch", "--now", NOW).status == 1
    assert "check the network connection" in examined(home, 1)["sources"][-1]["remedy"]


def test_a_source_that_is_no_longer_fetched(home):
    set_fetch_state(home, asked=DAYS_AGO, changed=HOUR_AGO)
    (finding,) = examined(home, 0)["sources"]
    assert finding["message"] == "the source sea was last fetched Tue 2026-11-10 08:00"


def test_files_that_bring_nothing_new(home):
    for day in range(18, 23):
        home.put(f"2026-11-{day}.txt", page(f"Lantern {day}", day=f"Nov {day}"))
    home.run("2026-11-22T09:00")
    (finding,) = examined(home, 0, "2026-12-20T09:00")["sources"]
    assert "nothing since 2026-11-22" in finding["message"]


def clock_of(home: TestHome, now: str, status: int = 0) -> dict[str, str]:
    (finding,) = examined(home, status, now)["schedule"]
    return finding


def test_slots_without_a_schedule(home):
    assert clock_of(home, NOW)["message"].startswith("digest schedule has never run here")
    assert clock_of(home, "2026-11-18T09:59")["state"] == "good"  # cron may start a run every hour
    found = clock_of(home, "2026-11-19T11:00")
    assert found["state"] == "warning"
    assert found["message"].startswith("1 subscription is overdue (fog since Thu 2026-11-19 08:00)")
    assert "digest run" in found["remedy"]
    heartbeat.write(home.path, Heartbeat(datetime(2026, 11, 18, 7, 59, tzinfo=UTC)))
    assert "(last round Wed 2026-11-18 07:59)" in clock_of(home, "2026-11-19T11:00")["message"]
    assert "not running (last round Wed 2026-11-18 07:59)" in clock_of(home, NOW)["message"]
    (home.path / ".digest.schedule.json").write_text("[]")
    assert clock_of(home, NOW)["message"].startswith("digest schedule has never run here")


def test_a_schedule_that_runs_hangs_or_fails(home):
    with hold(home.path, command="digest schedule", file=LEADER):
        found = clock_of(home, NOW, 1)
        assert "has not completed a round yet" in found["message"]
        heartbeat.write(home.path, Heartbeat(datetime.now(UTC)))
        found = clock_of(home, NOW)
        assert found["state"] == "good"
        assert f"digest schedule (process {os.getpid()} on " in found["message"]
        heartbeat.write(home.path, Heartbeat(datetime.now(UTC), "the disk is full"))
        found = clock_of(home, NOW)
        assert found["state"] == "warning"
        assert found["message"].endswith("failed: the disk is full")
        heartbeat.write(home.path, Heartbeat(datetime.now(UTC) - timedelta(minutes=10)))
        assert "has not completed a round since" in clock_of(home, NOW, 1)["message"]
    heartbeat.write(home.path, Heartbeat(datetime.now(UTC)))
    with hold(home.path, command="digest serve", file=LEADER):
        found = clock_of(home, NOW)
        assert (found["state"], found["message"][:21]) == ("good", "digest serve (process")
    with hold(home.path, command="digest restore", file=LEADER):
        assert clock_of(home, NOW)["message"].startswith(
            "the schedule is waiting for digest restore (process"
        )


@pytest.mark.parametrize(
    ("base_url", "serve", "running", "state", "parts"),
    [
        ("", "port = 9001", "", None, ()),
        ("http://localhost:9001", "port = 9001", "", None, ()),
        ("https://digest.example.org", "port = 9001", "", None, ()),
        (
            "http://localhost:8350",
            "port = 9001",
            "",
            "warning",
            ("would listen", ":9001/", "localhost:8350/"),
        ),
        ("", "", "http://127.0.0.1:8360/", "warning", ("listens", ":8360/", "localhost:8350/")),
        ("", "", "http://127.0.0.1:8350/", "good", ("listens",)),
        ("https://digest.example.org", "", "http://127.0.0.1:8350/", "good", ("a proxy",)),
    ],
)
def test_links_are_compared_with_where_pages_are_served(home, base_url, serve, running, state, parts):
    setting = f'base_url = "{base_url}"\n' if base_url else ""
    home.write("digest.toml", f"{setting}[serve]\n{serve}\n")
    if running:
        with liveness_file(home.path, "7", SERVERS, running):
            found = examined(home, 0)
    else:
        found = examined(home, 0)
    assert [each["state"] for each in found.get("serve", ())] == ([state] if state else [])
    assert all(part in found["serve"][0]["message"] for part in parts)
    if state == "warning":
        assert "http://localhost:9001/" in found["serve"][0]["remedy"] or running


def test_the_folder_of_the_home_is_named(home, monkeypatch):
    monkeypatch.chdir(home.path)
    (finding,) = json.loads(call("doctor", "--json", "--now", NOW).out)[:1]
    assert str(home.path) in finding["message"]


def test_no_home(tmp_path):
    assert call("doctor", "--home", tmp_path / "absent").status == 2
