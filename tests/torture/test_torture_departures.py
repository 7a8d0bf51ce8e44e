"""Who got the answer "You are unsubscribed" gets no more mail, whatever happens next.

Readers unsubscribe one after another while another process holds the library for writing. Each time, the server is
killed right after an answer, the end of the file of departures may be torn as a power cut would, the library is lost,
kept or restored from a backup, and a run sends new papers.
"""

import contextlib
import email
import http.client
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deliver.mail_home import MailHome
from tests.deliver.smtp_server import ScriptedServer
from tests.homes import page

pytestmark = pytest.mark.torture

ROUNDS = {"sample": 12, "full": 100}.get(os.environ.get("TORTURE", ""), 3)
SEED = int(os.environ["TORTURE_SEED"])
READERS = [f"reader{number}@example.org" for number in range(6)]
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
SERVE = """
import sys, time
from digest.home.settings_file import open_home
from digest.scheduler.service import Service, logger
from digest.web.server import page_listener

with page_listener(Service(open_home(sys.argv[1]), logger(machine=True)), "127.0.0.1", 0) as listener:
    print(listener.port, flush=True)
    time.sleep(600)
"""


class Torture:
    def __init__(self, home: MailHome, seed: int) -> None:
        self.home, self.chance = home, random.Random(seed)
        self.codes: dict[str, str] = {}
        self.day = 1

    def run(self, *arguments: str) -> set[str]:
        """Send a new paper; return who got it."""
        self.day += 1
        now = f"2026-11-{self.day:02}T09:00"
        self.home.put(f"{now[:10]}.txt", page(f"Kelp and lamp {self.day}", day=f"Nov {self.day}"))
        with ScriptedServer() as server:
            self.home.settings(server.port, top='base_url = "https://papers.example.org/"')
            self.home.run(now, *arguments)
        for taken in server.taken:
            header = email.message_from_bytes(taken.data)["List-Unsubscribe"]
            (self.codes[taken.recipients[0]],) = re.findall(r"/unsubscribe/([^>]*)>", header)
        return {taken.recipients[0] for taken in server.taken}

    def leave(self, readers: list[str]) -> None:
        """Unsubscribe readers while another process writes, and kill the server after the last answer."""
        command = [sys.executable, "-c", SERVE, str(self.home.path)]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert server.stdout is not None
        port = int(server.stdout.readline())
        try:
            with contextlib.closing(
                sqlite3.connect(self.home.path / "digest.db", isolation_level=None)
            ) as run:
                run.execute("begin immediate")
                for reader in readers:
                    client = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
                    path = f"/unsubscribe/{self.codes[reader]}"
                    client.request("POST", path, b"List-Unsubscribe=One-Click", FORM)
                    assert client.getresponse().status == 200
                    client.close()
                server.send_signal(signal.SIGKILL)
                run.execute("rollback")
        finally:
            server.kill()
            server.wait()
            server.stdout.close()

    def harm(self, copy: Path) -> tuple[str, ...]:
        """Do something to the home; return the arguments that the next run needs."""
        if self.chance.random() < 0.5:  # another departure was being written
            with (self.home.path / "state" / "suppressions").open("ab") as file:
                line = b"2026-11-28T13:05:11Z left abcdefghijklmnopqrstuvwx\n"
                file.write(line[: self.chance.randrange(1, len(line))])
        kind = self.chance.choice(["keep", "lose", "empty", "restore"])
        if kind in {"lose", "empty", "restore"}:
            for path in self.home.path.glob("digest.db*"):
                path.unlink()
        if kind == "empty":
            (self.home.path / "digest.db").touch()
        if kind == "restore":
            assert self.home.call("restore", copy).status == 0
        return ("--new-library",) if kind in {"lose", "empty"} else ()


@pytest.mark.parametrize("number", range(ROUNDS))
def test_who_has_left_gets_no_more_mail(tmp_path, number):
    torture = Torture(MailHome(tmp_path / "home"), SEED + number)
    torture.home.subscribe("kelp", "kelp", email=READERS)
    assert torture.run() == set(READERS)
    copy = tmp_path / "copy.db"
    assert torture.home.call("backup", copy).status == 0
    staying = set(READERS)
    while len(staying) > 1:
        leaving = torture.chance.sample(sorted(staying), torture.chance.randint(1, 2))
        torture.leave(leaving)
        staying -= set(leaving)
        arguments = torture.harm(copy)
        assert torture.run(*arguments) == staying, f"TORTURE_SEED={SEED}"
    shutil.rmtree(torture.home.path)
