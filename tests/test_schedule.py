"""`digest schedule` as a process: runs, arriving files, a second process, shutdown, monitoring."""

import http.server
import json
import signal
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.clocks import TIMEOUT, Scheduler
from tests.homes import TestHome, page

FOG, TIDE = "Reading the fog by its lanterns", "Tide tables for short piers"


@pytest.fixture
def home(tmp_path: Path) -> TestHome:
    home = TestHome(tmp_path / "home")
    home.subscribe("fog", "lantern")
    return home


def test_due_work_is_done_at_once_and_the_shutdown_is_clean(home):
    home.put("1.txt", page(FOG))
    with Scheduler(home) as clock:
        run = clock.until("run")
        assert run["issues"] == {"fog": 1}
        assert set(run) >= {"read_seconds", "match_seconds", "write_seconds", "timestamp", "level"}
        assert clock.stop() == 0
        assert clock.seen[-1]["event"] == "stopped"
    assert home.rows("select status from run") == [("done",)]
    assert home.rows("select count(*) from unwritten") == [(0,)]


def test_a_file_that_arrives_is_read_when_it_is_complete(home):
    with Scheduler(home) as clock:
        clock.until("run", files=0)
        whole = page(FOG, TIDE)
        slow = (home.path / "inbox" / "slow.txt").open("w", encoding="utf-8")
        slow.write(whole[:200])
        slow.flush()
        home.put("draft.part", whole)
        home.put("quick.txt", page(TIDE))
        assert clock.until("run")["new"] == 1  # only the quick one
        slow.write(whole[200:])
        slow.close()
        assert clock.until("run")["new"] == 1
        (home.path / "inbox" / "draft.part").rename(home.path / "inbox" / "draft.txt")
        assert clock.until("run")["new"] == 0
        clock.stop()
    assert {path for (path,) in home.rows("select path from file")} == {"inbox/quick.txt", "inbox/slow.txt"}
    assert home.rows("select count(*) from reject") == [(0,)]


def test_a_first_issue_waits_for_a_file_being_written(home):
    with (home.path / "inbox" / "1.txt").open("w") as file:
        file.write(page(FOG))
        file.flush()
        with Scheduler(home) as clock:
            clock.until("started")
            time.sleep(2)
            assert "run" not in [line["event"] for line in clock.seen]
            file.close()
            assert clock.until("run")["issues"] == {"fog": 1}
            assert clock.stop() == 0


def test_a_rejected_file_is_logged_once(home):
    with Scheduler(home) as clock:
        clock.until("run")
        home.put("bad.txt", "nothing that anybody would call a list of papers\n")
        assert "inbox/bad.txt" in clock.until("rejected")["reason"]
        home.put("1.txt", page(FOG))
        assert clock.until("run")["files"] == 1
        clock.stop()


def test_another_process_waits_and_takes_over(home):
    with Scheduler(home) as first:
        first.until("run")
        with Scheduler(home) as second:
            assert "is in use by digest schedule (process " in second.until("waiting")["reason"]
            home.put("1.txt", page(FOG))
            assert first.until("run")["new"] == 1
            first.process.send_signal(signal.SIGKILL)
            second.until("started")
            home.put("2.txt", page(TIDE))
            second.until("run", new=1)
            assert second.stop() == 0
            assert "run" not in [line["event"] for line in second.seen if line.get("new") is None]


def test_a_waiting_process_can_be_stopped(home):
    with Scheduler(home) as first:
        first.until("started")
        with Scheduler(home) as second:
            second.until("waiting")
            assert second.stop() == 0
        assert first.stop() == 0


def test_a_run_that_is_stopped_ends_its_transaction_and_the_next_continues(home):
    for number in range(80):
        home.subscribe(f"s{number}", "lantern", f"title:tide{number}", formats=["text"])
    home.put("1.txt", page(FOG, TIDE))
    with Scheduler(home) as clock:
        clock.until("started")
        deadline = time.monotonic() + 120
        while not (home.path / "digest.db").exists() or not _served(home):
            assert clock.process.poll() is None
            assert time.monotonic() < deadline
        assert clock.stop() == 0
    served = _served(home)
    assert home.rows("pragma integrity_check") == [("ok",)]
    if served < 81:
        assert home.rows("select status from run order by id desc limit 1") == [("running",)]
        assert "interrupted" in [line["event"] for line in clock.seen]
    home.call("run", "--quiet")
    assert _served(home) == 81
    assert home.rows("select count(*) from run where status = 'running'") == [(0,)]
    assert home.rows("select count(*), count(distinct subscription) from issue") == [(81, 81)]


def _served(home: TestHome) -> int:
    if not home.rows("select 1 from sqlite_master where name = 'issue'"):
        return 0
    return int(home.rows("select count(*) from issue")[0][0])


def test_every_invalid_setting_is_reported_at_the_start(home):
    home.write(
        "digest.toml",
        "titel = 'x'\nmax_file_mb = 0\n[schedule]\nbackups = -1\nmetrics = 'x'\nping = 'ftp://x'\n",
    )
    done = home.call("schedule")
    assert done.status == 2
    for word in ("titel", "max_file_mb", "schedule.backups", "schedule.metrics", "schedule.ping"):
        assert word in done.err


def test_settings_that_become_invalid_leave_the_old_in_force(home):
    home.write("digest.toml", "title = 'x'\n")
    with Scheduler(home) as clock:
        clock.until("run")
        home.write("digest.toml", "titel = 'x'\n")
        home.subscribe("bad", "AND")
        home.put("1.txt", page(FOG))
        assert "did you mean 'title'" in clock.until("settings")["problems"][0]
        assert clock.until("run")["new"] == 1
        assert "subscriptions/bad.toml" in clock.until("subscription", id="bad")["reason"]
        clock.stop()


def test_the_clock_cannot_be_fixed(home):
    done = home.call("schedule", "--now", "2026-01-01")
    assert done.status == 2
    assert "omit --now" in done.err


def test_an_address_that_is_in_use(home):
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as taken:
        home.write("digest.toml", f"[schedule]\nmetrics = '127.0.0.1:{taken.server_address[1]}'\n")
        with Scheduler(home) as clock:
            assert clock.process.wait(TIMEOUT) == 2
            assert "schedule.metrics: cannot listen" in clock.errors()


class Switch(http.server.BaseHTTPRequestHandler):
    """A dead man's switch that keeps the paths of its requests."""

    def do_GET(self) -> None:
        self.server.paths.append(self.path)
        self.server.rang.set()
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *words: object) -> None:
        pass


def test_a_dead_mans_switch_is_pinged_after_each_round(home):
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Switch) as switch:
        switch.paths, switch.rang = [], threading.Event()
        threading.Thread(target=switch.serve_forever, daemon=True).start()
        home.write("digest.toml", f"[schedule]\nping = 'http://127.0.0.1:{switch.server_address[1]}/abc'\n")
        with Scheduler(home) as clock:
            assert switch.rang.wait(TIMEOUT)
            home.put("bad.txt", "no list of papers\n")
            clock.until("rejected")
            while "/abc/fail" not in switch.paths:
                switch.rang.clear()
                assert switch.rang.wait(TIMEOUT)
            clock.stop()
        switch.shutdown()
    assert set(switch.paths) == {"/abc", "/abc/fail"}


def test_a_switch_that_cannot_be_reached_stops_nothing(home):
    home.write("digest.toml", "[schedule]\nping = 'http://127.0.0.1:9/abc'\n")
    with Scheduler(home) as clock:
        assert clock.until("ping")["host"] == "127.0.0.1"  # the path is a secret
        home.put("1.txt", page(FOG))
        clock.until("run", new=1)
        assert clock.stop() == 0


def free_port() -> int:
    with http.server.HTTPServer(("127.0.0.1", 0), Switch) as server:
        return int(server.server_address[1])


def fetch(port: int, path: str) -> tuple[int, str, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=TIMEOUT) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers["Content-Type"], error.read().decode()


def test_a_waiting_process_is_healthy(home):
    first, second = free_port(), free_port()
    home.write("digest.toml", f"[schedule]\nmetrics = '{first}'\n")
    with Scheduler(home) as leader:
        leader.until("run")
        with Scheduler(home) as twin:  # the same address: no metrics until it leads
            twin.until("waiting")
            home.write("digest.toml", f"[schedule]\nmetrics = '{second}'\n")
            with Scheduler(home) as other:
                other.until("waiting")
                status, _, health = fetch(second, "/healthz")
                assert (status, json.loads(health)["leader"]) == (200, False)
                assert "digest_leader 0" in fetch(second, "/metrics")[2]
                assert other.stop() == 0
            leader.kill()
            twin.until("metrics", port=first)
            assert json.loads(fetch(first, "/healthz")[2])["leader"] is True
            assert twin.stop() == 0


def test_metrics_and_health(home):
    port = free_port()
    home.write("digest.toml", f"[schedule]\nmetrics = '{port}'\n")
    with Scheduler(home) as clock:
        clock.until("started")
        home.put("1.txt", page(FOG, TIDE))
        clock.until("run", new=2)
        status, kind, text = fetch(port, "/metrics?x=1")
        assert (status, kind) == (200, "text/plain; version=0.0.4; charset=utf-8")
        found = {
            (sample.name, *sample.labels.values()): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }
        assert found["digest_papers",] == 2
        assert found["digest_leader",] == 1
        assert found["digest_runs_total", "done"] >= 1
        assert found["digest_source_last_success_timestamp_seconds", "daily-papers-page"] > 1e9
        assert found["digest_stage_seconds_total", "match"] > 0
        assert fetch(port, "/healthz")[0] == 200
        assert fetch(port, "/")[0] == 404
        (home.path / "digest.db").replace(home.path / "gone.db")
        (home.path / "digest.db").mkdir()
        assert fetch(port, "/metrics")[0] == 500
        clock.stop()
