"""stdout is for the answer: with --json it has JSON and nothing else, whatever goes wrong on the way."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.homes import Card, TestHome, below, page
from tests.test_docs import subcommands

NOW = "2026-11-20T09:00"
# What each command is called with, in a home in which something fails everywhere.
ARGUMENTS: dict[str, list[str]] = {
    "admin password": [],
    "run": [],
    "export": ["everything"],
    "import": ["nothing"],
    "database copy": ["digest.db", "copy-of-digest.db"],
    "fetch": [],
    "read": ["inbox/2026-11-16.txt", "inbox/broken.txt", "inbox/none.txt"],
    "diff": [],
    "match": ["kelp or -lamps", "inbox"],
    "preview": ["tea"],
    "why": ["tea", "1"],
    "ledger": [],
    "subscriptions list": [],
    "subscriptions check": [],
    "subscriptions add": ["more", "kelp"],
    "subscriptions import": ["absent.csv"],
    "subscriptions export": [],
    "subscriptions remove": ["absent"],
    "sources list": [],
    "sources add": ["https://feeds.example.org/kelp.xml"],
    "sources import": ["absent.opml"],
    "feedback": ["tea", "like", "1"],
    "suggest": ["1"],
    "deliver": [],
    "outbox list": [],
    "outbox retry": ["--all"],
    "outbox drop": ["1"],
    "bounces": ["returned"],
    "recipients list": [],
    "recipients suppress": ["ada@reader.test"],
    "recipients unsuppress": ["ada@reader.test"],
    "library show": ["1"],
    "library search": ["kelp"],
    "library export": [],
    "library merges": [],
    "library doubts": [],
    "library merge": ["1", "2"],
    "library split": ["1"],
    "templates list": [],
    "templates export": ["issue.html"],
    "templates check": [],
    "init": ["new"],
    "doctor": [],
    "backup": ["copy.db"],
    "render": ["tea"],
    "restore": ["absent.db"],
}
SERVICES = {"serve", "schedule"}  # their answer is their log, in JSON lines
SETTINGS = """\
channels = ["smtp"]
library = ["absent.bib"]
[smtp]
host = "127.0.0.1"
port = 9
tls = "none"
from = "digest@example.org"
[[sources]]
name = "down"
kind = "feed"
url = "http://127.0.0.1:9/feed?key=SECRET"
private = true
[[sources]]
name = "mail"
kind = "imap"
host = "127.0.0.1"
port = 9
tls = "none"
user = "ada"
password_env = "NO_SUCH_VARIABLE"
"""


@pytest.fixture(scope="module")
def failing(tmp_path_factory) -> Path:
    """Return a home with a rejected file, an invalid subscription, a dead source and a dead mail server."""
    home = TestHome(tmp_path_factory.mktemp("home"))
    home.subscribe("tea", "kelp or lamps", email=["ada@reader.test"])
    home.write("subscriptions/broken.toml", 'keywords = ["(kelp"]\n')
    home.put("2026-11-16.txt", page(Card("Kelp and Lamps", below=below()), "Lamps of the Pier"))
    home.put("broken.txt", "no papers at all\n")
    home.write("returned/new/1", "From: x\n\nno report\n")
    home.write("templates/issue.html", "{{ nothing.of.this }}")
    home.write("digest.toml", SETTINGS)
    home.call("run", "--now", NOW)
    return home.path


def test_every_command_has_arguments():
    assert set(subcommands()) == set(ARGUMENTS) | SERVICES


@pytest.mark.parametrize("command", ARGUMENTS)
def test_json_is_all_that_a_command_writes_to_stdout(failing, command, tmp_path):
    import shutil

    home = tmp_path / "home"
    shutil.copytree(failing, home)
    words = [*command.split(), *ARGUMENTS[command], "--json", "--now", NOW]
    done = subprocess.run(
        [sys.executable, "-m", "digest", "--home", ".", *words],
        cwd=home,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode in (0, 1, 2), done.stderr
    assert "Traceback" not in done.stderr
    for line in done.stdout.splitlines() if command in _LINES else [done.stdout] * bool(done.stdout):
        json.loads(line)
    assert done.stdout or done.returncode == 2 or command in _LINES, done.stderr
    assert "SECRET" not in done.stdout + done.stderr
    for line in done.stderr.splitlines():
        assert not line.startswith(("{", "[")), line


# They print a JSON object per line, one per listing, match, paper or row.
_LINES = {"read", "match", "library search", "library export", "library merges", "library doubts"}


def test_people_read_that_a_request_is_tried_again(failing):
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            _ON_A_TERMINAL,
            "--home",
            str(failing),
            "fetch",
            "--source",
            "down",
            "--now",
            NOW,
        ],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert "down: no connection; trying again in" in done.stderr
    assert "stamina" not in done.stdout + done.stderr


# The command with stderr taken for a terminal, and short waits.
_ON_A_TERMINAL = """
import sys
from digest.fetch import web
from dataclasses import replace
sys.stderr.isatty = lambda: True
real = web.Limits.__init__
def brief(self, *arguments, **more):
    real(self, *arguments, **{**more, "first_wait": 0.2, "longest_wait": 0.2, "jitter": 0})
web.Limits.__init__ = brief
from digest.cli.main import main
sys.exit(main(sys.argv[1:]))
"""
