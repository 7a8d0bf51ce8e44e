"""No mail is lost or repeated, whenever a run or a delivery is killed and whatever the server does.

A scripted server accepts, rejects, hangs up and stalls at random. Its clients kill themselves at exact points or
are killed at a random time. In the end, every message was accepted, rejected permanently, or is listed as in
doubt, and only messages in doubt were sent twice.
"""

import os
import random
import re
import signal
import subprocess
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests import forked
from tests.deliver import smtp_server
from tests.deliver.mail_home import MailHome
from tests.deliver.smtp_server import ScriptedServer, Taken
from tests.homes import page

pytestmark = pytest.mark.torture

KILLS = {"sample": 100, "full": 1000}.get(os.environ.get("TORTURE", ""), 12)
SEED = int(os.environ["TORTURE_SEED"])

# Runs a command that kills itself when it reaches a point of a kind for the n-th time.
SCRIPT = """
import os, signal, smtplib, sys
from collections import Counter

kind, at = sys.argv[1], int(sys.argv[2])
calls = Counter()


def reach(name):
    calls[name] += 1
    if name == kind and calls[name] == at:
        os.kill(os.getpid(), signal.SIGKILL)


def around(owner, name, before, after):
    whole = getattr(owner, name)

    def wrapped(*args, **more):
        if before:
            reach(before)
        result = whole(*args, **more)
        if after:
            reach(after)
        return result

    setattr(owner, name, wrapped)


from sqlalchemy.engine.default import DefaultDialect
from digest.cli.main import main
from digest.store.delivery_writer import SqliteDeliveryWriter

around(SqliteDeliveryWriter, "commit", "before a commit", "after a commit")
around(DefaultDialect, "do_commit", "before a commit", "after a commit")
around(smtplib.SMTP, "send", "before a command", "after a command")
around(smtplib.SMTP, "getreply", None, "after an answer")
sys.exit(main(sys.argv[3:]))
"""
KINDS = ("before a commit", "after a commit", "before a command", "after a command", "after an answer")

PLANS = {
    smtp_server.ACCEPT: 60,
    "recipient 450 4.2.0 greylisted": 8,
    "end 451 4.3.0 not now": 6,
    "recipient 550 5.1.1 no such user": 3,
    "end 554 5.6.0 no": 2,
    smtp_server.HANG_UP_BEFORE: 7,
    smtp_server.HANG_UP_AFTER: 5,
    smtp_server.HANG_UP_AFTER_LOSING: 4,
    smtp_server.STALL_BEFORE: 1,
    smtp_server.STALL_AFTER: 1,
}
READERS = {"kelp": ("ann", "bob", "cem"), "lamp": ("ann", "dee"), "pier": ("eve", "bob")}
START = datetime.fromisoformat("2026-11-16T09:00+00:00")


@dataclass
class Trial:
    """A home, its server, and the steps so far."""

    home: MailHome
    server: ScriptedServer
    script: Path
    rng: random.Random
    now: datetime = START
    kills: int = 0
    steps: list[str] = field(default_factory=list)
    port: int | None = None  # the port of a server between the home and `server`

    def arguments(self, command: str) -> list[str]:
        return [command, "--home", str(self.home.path), "--quiet", "--now", self.now.isoformat()]

    def run_and_kill(self, command: str) -> None:
        """Start a command and kill it, or let it kill itself, unless it completes before."""
        if self.rng.random() < 0.3:
            child = self._start(["-m", "digest", *self.arguments(command)])
            try:
                child.wait(self.rng.uniform(0.0, 0.6))
            except subprocess.TimeoutExpired:
                child.kill()
            point = "at a random time"
        else:
            kind, at = self.rng.choice(KINDS), self.rng.randint(1, 40)
            point = f"{kind}, the {at}th"
            child = self._start([str(self.script), kind, str(at), *self.arguments(command)])
        _, errors = child.communicate()
        assert child.returncode in {0, 1, -signal.SIGKILL}, errors
        assert "Traceback" not in errors, errors
        self.kills += child.returncode == -signal.SIGKILL
        self.steps.append(f"{self.now} {command}, {point}: {child.returncode}")

    def run(self, command: str, *, status: int | None = None) -> None:
        child = self._start(["-m", "digest", *self.arguments(command)])
        _, errors = child.communicate()
        assert child.returncode in ({0, 1} if status is None else {status}), errors
        self.steps.append(f"{self.now} {command}: {child.returncode}")

    def side_by_side(self) -> None:
        """Start two deliveries of the same outbox, and kill one of them."""
        first, second = (self._start(["-m", "digest", *self.arguments("deliver")]) for _ in range(2))
        time.sleep(self.rng.uniform(0.0, 0.5))
        first.kill()
        for child in (first, second):
            _, errors = child.communicate()
            assert child.returncode in {0, 1, -signal.SIGKILL}, errors
        self.kills += first.returncode == -signal.SIGKILL
        self.steps.append(f"{self.now} two deliveries: {first.returncode}, {second.returncode}")

    @staticmethod
    def _start(command: list[str]) -> forked.Program:
        return forked.start(command, stdout=subprocess.DEVNULL)


def test_killed_deliveries_lose_and_repeat_nothing(tmp_path: Path) -> None:
    script = tmp_path / "killed.py"
    script.write_text(SCRIPT, "utf-8")
    kills, number, statuses = 0, 0, Counter[str]()
    while kills < KILLS:
        rng = random.Random(SEED + number)
        plan = random_plan(rng)
        home = MailHome(tmp_path / f"home-{number}")
        with ScriptedServer(plan=plan) as server:
            trial = Trial(home, server, script, rng)
            try:
                deliver_with_kills(trial)
                finish(trial)
                statuses += check_outcome(trial)
            except BaseException:
                print(f"\nTORTURE_SEED={SEED + number}; steps:", *trial.steps, sep="\n  ")
                raise
        kills += trial.kills
        number += 1
        assert number <= KILLS, "too few deliveries were killed"
    print(f"\n{kills} kills in {number} homes: {dict(statuses)}; lost 0")
    assert statuses["sent"] > kills / 4


def random_plan(rng: random.Random) -> smtp_server.Plan:
    plans, weights = zip(*PLANS.items(), strict=True)
    return lambda _to, _before: rng.choices(plans, weights)[0]


def deliver_with_kills(trial: Trial) -> None:
    """Add pages, and kill runs and deliveries."""
    home, rng = trial.home, trial.rng
    seconds = 60 if trial.port else 1  # a scripted server stalls on purpose
    home.settings(trial.port or trial.server.port, f"timeout = {seconds}", f"final_timeout = {seconds}")
    for name, readers in READERS.items():
        home.subscribe(
            name, name, schedule="daily 08:00", email=[f"{reader}@{name}.test" for reader in readers]
        )
    for step in range(3):
        titles = [f"{name} study {step}" for name in READERS]
        home.put(f"2026-11-{16 + step}.txt", page(*titles, day=f"Nov {16 + step}"))
        for _ in range(rng.randint(2, 4)):
            trial.run_and_kill("run")
            trial.now += timedelta(minutes=rng.choice((0, 1, 20)))
        trial.run("run")
        for _ in range(rng.randint(1, 4)):
            trial.now += timedelta(minutes=rng.choice((0, 5, 30, 300)))
            trial.run_and_kill("deliver")
        if rng.random() < 0.5:
            trial.side_by_side()
        trial.now = START + timedelta(days=step + 1)


def finish(trial: Trial) -> None:
    """Deliver without kills to a server that accepts everything, until nothing is pending."""
    trial.server.plan = lambda _to, _before: smtp_server.ACCEPT
    for _ in range(12):
        trial.run("deliver")
        trial.now += timedelta(hours=9)
        waiting = "status in ('pending', 'leased', 'deferred') or (status = 'in_doubt' and doubts = 1)"
        if trial.home.rows(f"select count(*) from outbox where {waiting}") == [(0,)]:
            return
    raise AssertionError(trial.home.rows("select * from outbox"))


def line_of(message: Taken) -> int:
    found = re.fullmatch(r"digest\+(\d+)-[a-z0-9]{24}@example\.org", message.sender)
    assert found, message.sender
    return int(found[1])


def check_outcome(trial: Trial) -> Counter[str]:
    """Check the final status of every message, and return the number of messages by status."""
    home = trial.home
    assert home.rows("pragma integrity_check") == [("ok",)]
    expected = {
        (name, number, f"{reader}@{name}.test")
        for name, number in home.rows("select subscription, number from issue")
        for reader in READERS[name]
    }
    assert {name for name, _, _ in expected} == set(READERS)
    lines = home.rows(
        "select outbox.id, subscription, number, recipient, status, doubts from outbox"
        " join issue on issue.id = outbox.issue"
    )
    assert {(name, number, to) for _, name, number, to, _, _ in lines} == expected
    assert len(lines) == len(expected)
    taken: dict[int, list[Taken]] = {}
    for message in trial.server.taken:
        taken.setdefault(line_of(message), []).append(message)
    assert taken.keys() <= {line[0] for line in lines}
    statuses: Counter[str] = Counter()
    hung_up = 0
    for key, _, _, recipient, status, doubts in lines:
        got = taken.get(key, [])
        statuses[status] += 1
        assert all(message.recipients == (recipient,) for message in got)
        assert len({message.data for message in got}) <= 1, "a repeated message must be identical"
        if status == "sent":
            assert got, f"{recipient}: lost"
        # A message that was sent again had been in doubt as often.
        assert max(0, len(got) - 1) <= doubts <= 2
        assert status in {"sent", "failed", "suppressed", "in_doubt"}
        statuses["repeated"] += max(0, len(got) - 1)
        hung_up += sum(not message.replied for message in got)
    listed = {each["id"] for each in home.call("outbox", "list", "--json").json}
    assert {line[0] for line in lines if line[4] != "sent" or line[5]} == listed
    assert statuses["repeated"] <= trial.kills + hung_up
    adds_up = "candidates = sent + deferred + failed + suppressed + in_doubt + pending"
    assert home.rows(f"select count(*) from delivery where ended is not null and not ({adds_up})") == [(0,)]
    return statuses
