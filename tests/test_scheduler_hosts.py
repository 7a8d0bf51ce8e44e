"""Several hosts run the schedule on one library on a server: one leads, another takes over, and nothing is sent twice."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from digest.services.leadership import leader_of, leading
from tests.deliver.mail_home import MailHome
from tests.deliver.smtp_server import ScriptedServer
from tests.homes import page
from tests.postgres import Postgres

LEASE = "[schedule]\nlease = 1\nwatch = true\n"


@pytest.fixture
def url(postgres: Postgres) -> str:
    return postgres.new_database()


class Host:
    """A home with a process of `digest schedule`; `log` are the events of that process."""

    def __init__(self, path: Path, url: str, port: int) -> None:
        self.home = MailHome(path)
        (path / "inbox" / "2026-11-16.txt").unlink()
        self.home.settings(port, top=f'database = "{url}"\nin_doubt = "hold"', more=LEASE)
        self.home.subscribe("kelp", "kelp", email=["a@x.test"], schedule="* * * * *")
        self.log: list[dict] = []
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "digest", "schedule", "--json", "--home", self.home.path],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        threading.Thread(target=self._read, args=(self.process,), daemon=True).start()

    def _read(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None
        with process.stdout:
            for line in process.stdout:
                self.log.append(json.loads(line))

    def events(self, name: str) -> int:
        return sum(each["event"] == name for each in self.log)

    def kill(self, number: int = signal.SIGKILL) -> None:
        self.process.send_signal(number)
        self.process.wait()


def wait(condition, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture
def server():
    with ScriptedServer() as server:
        yield server


@pytest.fixture
def hosts(tmp_path, url, server):
    made = [Host(tmp_path / name, url, server.port) for name in ("one", "two")]
    yield made
    for each in made:
        if each.process.poll() is None:
            each.kill(signal.SIGTERM)


def leader(hosts: list[Host]) -> Host:
    wait(lambda: any(each.events("started") for each in hosts))
    return next(each for each in hosts if each.events("started"))


def test_one_leads_and_the_other_takes_over(hosts, server):
    first = leader(hosts)
    other = next(each for each in hosts if each is not first)
    wait(lambda: other.events("waiting"))
    assert "the schedule is led by digest schedule (process" in other.log[-1]["reason"]
    done = other.home.call("doctor", "--json")
    (found,) = [each for each in done.json if each["check"] == "schedule"]
    assert found["message"].startswith("digest schedule (process")
    first.home.put("1.txt", page("Kelp one"))
    wait(lambda: len(server.taken) == 1)
    first.kill()
    wait(lambda: other.events("started"), seconds=10)
    other.home.put("2.txt", page("Kelp two"))
    wait(lambda: any(each["event"] == "run" and each["new"] == 1 for each in other.log))
    other.kill(signal.SIGTERM)
    assert other.process.returncode == 0


def test_a_leader_that_was_stopped_loses_the_lead(hosts):
    first = leader(hosts)
    other = next(each for each in hosts if each is not first)
    wait(lambda: other.events("waiting"))
    first.process.send_signal(signal.SIGSTOP)
    wait(lambda: other.events("started"), seconds=10)
    first.process.send_signal(signal.SIGCONT)
    wait(lambda: first.events("lost"), seconds=10)
    wait(lambda: first.events("waiting"), seconds=10)
    other.kill(signal.SIGTERM)
    wait(lambda: first.events("started") == 2, seconds=10)


def test_a_lead_that_ends_is_given_back_at_once(tmp_path, url):
    from digest.errors import LockedError
    from digest.home.settings_file import open_home

    home = MailHome(tmp_path / "home")
    home.settings(1, top=f'database = "{url}"', more="[schedule]\nlease = 600\n")
    opened = open_home(str(home.path))
    with leading(opened, "digest schedule") as leads:
        assert leads()
        assert leader_of(opened) is not None
        with pytest.raises(LockedError, match="led by digest schedule"), leading(opened, "digest serve"):
            pass
    assert leader_of(opened) is None
    with leading(opened, "digest serve"):
        assert leader_of(opened)[0].startswith("digest serve (process")


@pytest.mark.torture
def test_a_leader_that_is_killed_at_random_moments(hosts, server):
    """Each round, both inboxes get the same file, and the leader is killed; each issue is sent at most once."""
    chance = random.Random(int(os.environ.get("TORTURE_SEED", "0")))
    rounds = int(os.environ.get("TORTURE_ROUNDS", "200" if os.environ.get("TORTURE") == "full" else "3"))
    for number in range(rounds):
        for host in hosts:
            host.home.put(f"{number}.txt", page(f"Kelp of pier {number}", f"Kelp and lamp {number}"))
        time.sleep(chance.random() * 3)
        victim = hosts[number % 2]
        victim.kill()
        victim.start()
    wait(lambda: any(each.events("started") for each in hosts))
    time.sleep(70 if rounds > 3 else 5)
    sent = Counter(each.data.split(b"Message-ID: ")[1].split(b"\r\n")[0] for each in server.taken)
    assert not sent or max(sent.values()) == 1
    done = hosts[0].home.call("ledger", "--json")
    numbers = [each["run"] for each in done.json]
    assert len(numbers) == len(set(numbers))
