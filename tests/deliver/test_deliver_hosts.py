"""Several hosts empty one outbox on a PostgreSQL server, which fails while they do: nothing is lost or sent twice."""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.deliver.mail_home import NOW, MailHome
from tests.deliver.smtp_server import ScriptedServer
from tests.postgres import Postgres

LATER = "2026-11-20T10:00"
READERS = 120


@pytest.fixture
def url(postgres: Postgres) -> str:
    return postgres.new_database()


def host(path: Path, url: str) -> MailHome:
    home = MailHome(path)
    home.write("digest.toml", "")
    return home


def queue(home: MailHome, url: str, readers: int = READERS) -> None:
    """Put a message for each reader into the outbox."""
    home.subscribe("kelp", "kelp", email=[f"reader{n}@x{n % 7}.test" for n in range(readers)])
    home.settings(1, top=f'database = "{url}"')
    home.run(NOW, status=1)
    home.call("outbox", "retry", "--all", "--now", NOW)


def started(home: MailHome, now: str = NOW) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "digest", "deliver", "--json", "--home", home.path, "--now", now],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


def ended(process: "subprocess.Popen[str]") -> dict[str, object]:
    out, err = process.communicate(timeout=180)
    assert process.returncode == 0, (out[-500:], err)
    report: dict[str, object] = json.loads(out)
    return report


def received(server: ScriptedServer) -> Counter[str]:
    return Counter(to for each in server.taken for to in each.recipients)


def each_once(server: ScriptedServer, readers: int = READERS) -> bool:
    return len(server.taken) == readers == len(received(server))


def wait_for(server: ScriptedServer, messages: int) -> None:
    deadline = time.monotonic() + 60
    while len(server.taken) < messages:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def slow(seconds: float = 0.02):
    def plan(_to: str, _before: int) -> str:
        time.sleep(seconds)
        return "accept"

    return plan


def test_three_hosts_empty_one_outbox(tmp_path, url):
    homes = [host(tmp_path / name, url) for name in ("one", "two", "three")]
    queue(homes[0], url)
    with ScriptedServer(plan=slow()) as server:
        for home in homes:
            home.settings(server.port, top=f'database = "{url}"')
        reports = [ended(each) for each in [started(home) for home in homes]]
    assert each_once(server)
    assert sum(int(str(each["sent"])) for each in reports) == READERS
    assert all(each["failed"] == each["in_doubt"] == 0 for each in reports)
    assert homes[1].deliver(LATER)["messages"] == []


def test_a_host_that_is_killed_leaves_its_leases_to_another(tmp_path, url):
    one, other = (host(tmp_path / name, url) for name in ("one", "two"))
    queue(one, url)
    with ScriptedServer(plan=slow()) as server:
        for home in (one, other):
            home.settings(server.port, top=f'database = "{url}"\nin_doubt = "hold"')
        process = started(one)
        wait_for(server, 20)
        process.kill()
        process.communicate()
        other.deliver(NOW, status=None)
        report = other.deliver(LATER, status=None)
    counts = received(server)
    assert max(counts.values()) == 1
    assert READERS - len(counts) <= int(str(report["in_doubt"])) <= 8  # those that were under way
    assert report["pending"] == 0


@pytest.mark.parametrize("mode", ["immediate", "fast"])
def test_a_server_that_is_restarted_during_a_delivery(tmp_path, url, postgres, mode):
    home = host(tmp_path / "one", url)
    queue(home, url)
    with ScriptedServer(plan=slow()) as server:
        home.settings(server.port, top=f'database = "{url}"')
        process = started(home)
        wait_for(server, 40)
        postgres.stop(mode)
        time.sleep(2)
        postgres.start()
        report = ended(process)
        assert each_once(server)
    assert (report["sent"], report["in_doubt"], report["pending"]) == (READERS, 0, 0)


@pytest.mark.parametrize("seconds", [3, pytest.param(20, marks=pytest.mark.torture)])
def test_a_network_that_is_cut_during_a_delivery(tmp_path, url, postgres, seconds):
    home = host(tmp_path / "one", url)
    queue(home, url)
    with ScriptedServer(plan=slow()) as server, postgres.cable(url) as cable:
        home.settings(server.port, top=f'database = "{cable.url}"')
        process = started(home)
        wait_for(server, 40)
        cable.cut.set()
        time.sleep(seconds)
        cable.cut.clear()
        report = ended(process)
        assert each_once(server)
    assert (report["sent"], report["in_doubt"], report["pending"]) == (READERS, 0, 0)
