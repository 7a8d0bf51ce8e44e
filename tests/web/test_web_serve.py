"""`digest serve` as a process: pages with and without the schedule, shutdown, ports in use."""

import signal
import socket
import subprocess
import sys

import pytest

from tests.clocks import TIMEOUT, Scheduler
from tests.homes import TestHome, page
from tests.web.conftest import Log, Site

FOG, TIDE = "Reading the fog by its lanterns", "Tide tables for short piers"


@pytest.fixture
def home(tmp_path):
    home = TestHome(tmp_path / "home")
    home.subscribe("fog", "lantern")
    return home


def site_of(process):
    url = process.until("serving")["url"]
    return Site(int(url.rstrip("/").rpartition(":")[2]), Log())


def test_pages_and_schedule_in_one_process(home):
    home.put("1.txt", page(FOG))
    with Scheduler(home, "serve", "--port", "0") as process:
        site = site_of(process)
        assert process.until("elsewhere")["base_url"] == "http://localhost:8350/"
        assert process.until("run")["issues"] == {"fog": 1}
        assert FOG in site.ask("/papers/1.html").text
        assert site.ask("/healthz").status == 200
        assert "digest_leader 1.0" in site.ask("/metrics").text
        home.put("2.txt", page(TIDE))
        process.until("run", new=1)
        assert site.ask("/papers/2.html").status == 200
        assert process.stop() == 0
    assert process.seen[-1]["event"] == "stopped"
    assert home.rows("select count(*) from run where status = 'running'") == [(0,)]


def test_pages_only(home):
    home.put("1.txt", page(FOG))
    home.run()
    with Scheduler(home, "serve", "--port", "0", "--no-schedule") as process:
        site = site_of(process)
        assert FOG in site.ask("/papers/1.html").text
        assert site.ask("/healthz").status == 200
        with Scheduler(home) as clock:  # the server does not lead
            clock.until("started")
            assert clock.stop() == 0
        process.process.send_signal(signal.SIGINT)
        assert process.stop() == 0


def test_a_waiting_process_serves_pages(home):
    with Scheduler(home) as clock:
        clock.until("started")
        with Scheduler(home, "serve", "--port", "0") as process:
            site = site_of(process)
            process.until("waiting")
            assert site.ask("/healthz").status == 200
            assert clock.stop() == 0
            process.until("started")
            assert process.stop() == 0


def test_a_port_in_use_is_an_error_with_a_remedy(home):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = home.call("serve", "--port", port)
        assert done.status == 2
        assert f"127.0.0.1 port {port}: the port is in use" in done.err
        assert "--port" in done.err
        home.write("digest.toml", f'[serve]\nhost = "127.0.0.1"\nport = {port}\n')
        assert home.call("serve", "--no-schedule").status == 2
    home.write("digest.toml", '[serve]\nhost = "nowhere.invalid"\n')
    assert "nowhere.invalid" in home.call("serve").err


@pytest.mark.parametrize("words", [("--port", "70000"), ("--port", "x"), ("--now", "2026-11-20")])
def test_invalid_arguments(home, words):
    assert home.call("serve", *words).status == 2


@pytest.mark.parametrize(
    "text", ["[serve]\nport = 0\n", "[serve]\nhost = ''\n", "[serve]\nprot = 1\n", "serve = 1\n"]
)
def test_invalid_settings(home, text):
    home.write("digest.toml", text)
    done = home.call("serve")
    assert done.status == 2
    assert "serve" in done.err


def test_a_folder_without_a_home_is_refused(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "digest", "serve"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert done.returncode == 2
    assert "is not a home" in done.stderr


def test_only_serving_loads_a_server():
    """The command line and the scheduler start without Starlette and uvicorn."""
    code = "import digest.cli.main, digest.scheduler.service, sys; print(sorted({'starlette', 'uvicorn', 'digest.web'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
