"""Mail is neither lost nor repeated, whenever a run or a delivery is killed and whatever the server does.

A scripted server accepts, refuses, hangs up and falls silent at random, while the programs that talk to
it kill themselves at exact points or are killed at a moment. In the end every message was taken, refused
for good or is listed as doubtful, and nothing was taken twice but what was in doubt.
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

# Runs a command that kills itself when it comes to a point of one kind for the n-th time.
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
    """One home, its server, and what was done to it."""

    home: MailHome
    server: ScriptedServer
    script: Path
    chance: random.Random
    now: datetime = START
    kills: int = 0
    story: list[str] = field(default_factory=list)
    port: int | None = None  # of a server between us and `server`

    def words(self, command: str) -> list[str]:
        return [command, "--home", str(self.home.path), "--quiet", "--now", self.now.isoformat()]

    def killed(self, command: str) -> None:
        """Start a command and kill it, or let it kill itself; it may end before."""
        if self.chance.random() < 0.3:
            child = self._start(["-m", "digest", *self.words(command)])
            try:
                child.wait(self.chance.uniform(0.0, 0.6))
            except subprocess.TimeoutExpired:
                child.kill()
            point = "at a moment"
        else:
            kind, at = self.chance.choice(KINDS), self.chance.randint(1, 40)
            point = f"{kind}, the {at}th"
            child = self._start([str(self.script), kind, str(at), *self.words(command)])
        _, complaints = child.communicate()
        assert child.returncode in {0, 1, -signal.SIGKILL}, complaints
        assert "Traceback" not in complaints, complaints
        self.kills += child.returncode == -signal.SIGKILL
        self.story.append(f"{self.now} {command}, {point}: {child.returncode}")

    def undisturbed(self, command: str, *, status: int | None = None) -> None:
        child = self._start(["-m", "digest", *self.words(command)])
        _, complaints = child.communicate()
        assert child.returncode in ({0, 1} if status is None else {status}), complaints
        self.story.append(f"{self.now} {command}: {child.returncode}")

    def side_by_side(self) -> None:
        """Let two deliveries work on one outbox, and kill one of them."""
        first, second = (self._start(["-m", "digest", *self.words("deliver")]) for _ in range(2))
        time.sleep(self.chance.uniform(0.0, 0.5))
        first.kill()
        for child in (first, second):
            _, complaints = child.communicate()
            assert child.returncode in {0, 1, -signal.SIGKILL}, complaints
        self.kills += first.returncode == -signal.SIGKILL
        self.story.append(f"{self.now} two deliveries: {first.returncode}, {second.returncode}")

    @staticmethod
    def _start(command: list[str]) -> forked.Program:
        return forked.start(command, stdout=subprocess.DEVNULL)


def test_killed_deliveries_lose_and_repeat_nothing(tmp_path: Path) -> None:
    script = tmp_path / "killed.py"
    script.write_text(SCRIPT, "utf-8")
    kills, number, told_of = 0, 0, Counter[str]()
    while kills < KILLS:
        chance = random.Random(SEED + number)
        plan = planned(chance)
        home = MailHome(tmp_path / f"home-{number}")
        with ScriptedServer(plan=plan) as server:
            trial = Trial(home, server, script, chance)
            try:
                torment(trial)
                settle(trial)
                told_of += judged(trial)
            except BaseException:
                print(f"\nTORTURE_SEED={SEED + number}; what was done:", *trial.story, sep="\n  ")
                raise
        kills += trial.kills
        number += 1
        assert number <= KILLS, "the deliveries are hardly ever killed: the test tests nothing"
    print(f"\n{kills} kills in {number} homes: {dict(told_of)}; lost 0")
    assert told_of["sent"] > kills / 4


def planned(chance: random.Random) -> smtp_server.Plan:
    plans, weights = zip(*PLANS.items(), strict=True)
    return lambda _to, _before: chance.choices(plans, weights)[0]


def torment(trial: Trial) -> None:
    """Let pages arrive, and kill runs and deliveries of what they bring."""
    home, chance = trial.home, trial.chance
    seconds = 60 if trial.port else 1  # a scripted server stalls on purpose
    home.settings(trial.port or trial.server.port, f"timeout = {seconds}", f"final_timeout = {seconds}")
    for name, readers in READERS.items():
        home.subscribe(
            name, name, schedule="daily 08:00", email=[f"{reader}@{name}.test" for reader in readers]
        )
    for step in range(3):
        titles = [f"{name} study {step}" for name in READERS]
        home.put(f"2026-11-{16 + step}.txt", page(*titles, day=f"Nov {16 + step}"))
        for _ in range(chance.randint(2, 4)):
            trial.killed("run")
            trial.now += timedelta(minutes=chance.choice((0, 1, 20)))
        trial.undisturbed("run")
        for _ in range(chance.randint(1, 4)):
            trial.now += timedelta(minutes=chance.choice((0, 5, 30, 300)))
            trial.killed("deliver")
        if chance.random() < 0.5:
            trial.side_by_side()
        trial.now = START + timedelta(days=step + 1)


def settle(trial: Trial) -> None:
    """Deliver undisturbed to a server in a good mood until nothing waits any more."""
    trial.server.plan = lambda _to, _before: smtp_server.ACCEPT
    for _ in range(12):
        trial.undisturbed("deliver")
        trial.now += timedelta(hours=9)
        waiting = "status in ('pending', 'leased', 'deferred') or (status = 'in_doubt' and doubts = 1)"
        if trial.home.rows(f"select count(*) from outbox where {waiting}") == [(0,)]:
            return
    raise AssertionError(trial.home.rows("select * from outbox"))


def line_of(message: Taken) -> int:
    found = re.fullmatch(r"digest\+(\d+)-[a-z0-9]{24}@example\.org", message.sender)
    assert found, message.sender
    return int(found[1])


def judged(trial: Trial) -> Counter[str]:
    """Check that every message is accounted for, and return how many became what."""
    home = trial.home
    assert home.rows("pragma integrity_check") == [("ok",)]
    wanted = {
        (name, number, f"{reader}@{name}.test")
        for name, number in home.rows("select subscription, number from issue")
        for reader in READERS[name]
    }
    assert {name for name, _, _ in wanted} == set(READERS)
    lines = home.rows(
        "select outbox.id, subscription, number, recipient, status, doubts from outbox"
        " join issue on issue.id = outbox.issue"
    )
    assert {(name, number, to) for _, name, number, to, _, _ in lines} == wanted
    assert len(lines) == len(wanted)
    taken: dict[int, list[Taken]] = {}
    for message in trial.server.taken:
        taken.setdefault(line_of(message), []).append(message)
    assert taken.keys() <= {line[0] for line in lines}
    told_of: Counter[str] = Counter()
    hung_up = 0
    for key, _, _, recipient, status, doubts in lines:
        got = taken.get(key, [])
        told_of[status] += 1
        assert all(message.recipients == (recipient,) for message in got)
        assert len({message.data for message in got}) <= 1, "sent again, it is the same message"
        if status == "sent":
            assert got, f"{recipient}: lost"
        # Whatever came twice had been in doubt as often, and is listed for that.
        assert max(0, len(got) - 1) <= doubts <= 2
        assert status in {"sent", "failed", "suppressed", "in_doubt"}
        told_of["repeated"] += max(0, len(got) - 1)
        hung_up += sum(not message.told for message in got)
    listed = {each["id"] for each in home.call("outbox", "list", "--json").json}
    assert {line[0] for line in lines if line[4] != "sent" or line[5]} == listed
    assert told_of["repeated"] <= trial.kills + hung_up
    adds_up = "candidates = sent + deferred + failed + suppressed + in_doubt + pending"
    assert home.rows(f"select count(*) from delivery where ended is not null and not ({adds_up})") == [(0,)]
    return told_of
