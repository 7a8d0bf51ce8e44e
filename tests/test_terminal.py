"""What comes from outside gives a terminal no orders: every command, with hostile titles, names of files and replies."""

import io
import json
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.cli.console import Screen
from digest.text.terminal import printable, printable_in_line, printable_json
from tests.deliver.smtp_server import ScriptedServer
from tests.homes import TestHome, call
from tests.test_stdout import ARGUMENTS

NOW = "2026-11-20T09:00"
# A title of a window, a colour, a C1 sequence, an override, an isolate, marks, a line of its own, columns of its own.
EVIL = "\x1b]0;owned\x07\x1b[31m\x9b2J\u202eevil\u202c\u2066\u2067\u200e\u200f\u061c\u2028\rforged: a\nforged: b\tend"
LINE = "\u202eevil\u202c\u2066\u200f\u061c"  # where control characters are a mistake
SHALOM = "שלום مرحبا"
ORDERS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
NAME = "2026-11-18" + EVIL.replace("/", "") + ".txt"
PAPERS = [
    {
        "title": f"Kelp {about} {EVIL} {SHALOM}",
        "abstract": f"Kelp {EVIL} grows. {SHALOM}",
        "authors": [f"Ada {EVIL}", "Ben"],
        "author_count": 2,
        "organization": EVIL,
        "categories": [EVIL],
        "published": "2026-11-17",
        "venue": EVIL,
        "ids": {"arxiv": None, "doi": f"10.1000/{number}a\x9b\u202eb"},
        "url": f"https://x.test/{number}{EVIL}",
        "source": EVIL,
    }
    for number, about in enumerate(("Forests of the North", "and Lamps"), 1)
]
SETTINGS = """\
title = {evil}
channels = ["smtp"]
[smtp]
host = "127.0.0.1"
port = {port}
tls = "none"
from = "digest@example.org"
[[sources]]
name = "down"
kind = "feed"
url = "http://127.0.0.1:9/feed"
private = true
"""
SPECIAL = {
    "read": ["inbox", f"none{EVIL}"],
    "diff": ["inbox", f"none{EVIL}"],
    "match": [f"kelp OR {EVIL.split(maxsplit=1)[0]}", "inbox"],
    "why": ["tea", "1"],
    "subscriptions add": [f"more{EVIL}", "kelp"],
    "subscriptions import": [f"absent{EVIL}.csv"],
    "subscriptions remove": [f"absent{EVIL}"],
    "sources add": [f"https://x.test/{EVIL}"],
    "feedback": ["tea", "like", f"kelp {EVIL}"],
    "library show": [f"Kelp {EVIL}"],
    "library search": [f"kelp OR ({EVIL}"],
    "outbox list": [],
    "templates export": [EVIL],
    "restore": [f"absent{EVIL}.db"],
    "bounces": [f"returned{EVIL}"],
    "recipients suppress": [EVIL],
}


@pytest.fixture(scope="module")
def hostile(tmp_path_factory) -> Iterator[Path]:
    """Return a home into which everything from outside brings orders, with a server that answers so."""

    def plan(recipient: str, _before: int) -> str:
        return (
            f"recipient 550 5.1.1 {EVIL.replace(chr(10), '').replace(chr(13), '')}"
            if recipient.startswith("ada")
            else "accept"
        )

    with ScriptedServer(plan) as server:
        home = TestHome(tmp_path_factory.mktemp("home"))
        home.subscribe("tea", "kelp", name=f"Tea {LINE}", email=["ada@reader.test", "ben@reader.test"])
        home.write("subscriptions/broken.toml", f"keywords = [{json.dumps('(kelp ' + EVIL)}]\n")
        home.write(f"subscriptions/odd{EVIL}.toml", 'keywords = ["kelp"]\n')
        home.put("2026-11-17.jsonl", "".join(json.dumps(each) + "\n" for each in PAPERS))
        home.put(NAME, f"no papers {EVIL}\n")
        home.write("digest.toml", SETTINGS.format(port=server.port, evil=json.dumps(f"Digest {LINE}")))
        done = home.call("run", "--now", NOW)
        assert done.status == 1, done.err
        assert home.rows("select count(*) from paper") == [(2,)]
        yield home.path


@pytest.mark.parametrize("mode", ["", "--json"])
@pytest.mark.parametrize("command", ARGUMENTS)
def test_no_command_passes_an_order_on(hostile, command, mode, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    home = TestHome(tmp_path / "home")
    shutil.copytree(hostile, home.path, dirs_exist_ok=True)
    words = [*command.split(), *SPECIAL.get(command, ARGUMENTS[command])]
    words = [str(home.path / each) if each == "inbox" else each for each in words]
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{EVIL} as a password\n"))
    done = home.call(*words, *filter(None, [mode]), "--now", NOW)
    assert done.status in (0, 1, 2), done.err
    assert "Traceback" not in done.err
    for text in (done.out, done.err):
        assert not ORDERS.search(text), ORDERS.search(text)
        assert not re.search(r"^forged:", text, re.MULTILINE), text
    if command in {"match", "library show", "library search"} and not mode and done.status == 0:
        assert SHALOM in done.out


@pytest.mark.parametrize("mode", ["", "--json"])
def test_titles_in_other_directions_are_shown(hostile, mode):
    done = call("library", "search", "kelp", *filter(None, [mode]), "--home", hostile)
    assert SHALOM in done.out


@given(st.text())
def test_what_a_terminal_obeys_is_taken_away_and_nothing_else(text):
    shown = printable(text)
    assert not ORDERS.search(shown.replace("\t", ""))
    assert [each for each in shown if each != "\ufffd"] == [
        each for each in text if each != "\ufffd" and (each == "\t" or not ORDERS.match(each))
    ]
    assert "\n" not in printable_in_line(text)
    assert json.loads(printable_json(json.dumps(text, ensure_ascii=False))) == text


def test_a_value_begins_no_line(capsys):
    screen = Screen(quiet=False, machine=False)
    screen.error("a\nforged: b\n  query\n  ^")
    screen.message("a\nforged: b", "note: ")
    screen.line("a\nforged: b")
    screen.table(("name",), [("a\nforged: b\tc",)])
    screen.fields([("name", "a\nforged: b")])
    shown = capsys.readouterr()
    assert shown.err == "digest: a\n  forged: b\n  query\n  ^\nnote: a\n  forged: b\n"
    assert shown.out == "a\n  forged: b\nname\na forged: b c\nname  a forged: b\n"
