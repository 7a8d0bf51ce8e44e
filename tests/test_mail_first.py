"""A run delivers before it writes pages and feeds, and holds no lock meanwhile."""

import json
import subprocess
import sys
import time

import pytest

from digest.services import runs
from tests.deliver.mail_home import MailHome
from tests.deliver.smtp_server import ACCEPT, ScriptedServer
from tests.homes import issue_of

NOW, LATER = "2026-11-20T09:00", "2026-11-20T10:00"


@pytest.fixture
def home(tmp_path):
    home = MailHome(tmp_path)
    home.subscribe("kelp", "kelp", email="ada@example.org")
    return home


def written(home):
    return sorted(path for path in home.output() if "/site/" in path or "/feeds/" in path)


def test_mail_goes_out_before_anything_is_written(home):
    seen = []

    def plan(_to, _before):
        seen.append(written(home))
        return ACCEPT

    with ScriptedServer(plan) as server:
        home.settings(server.port)
        report = home.run(NOW)
    assert report["delivery"]["sent"] == 1
    assert seen == [[]]
    assert written(home)
    assert report["feeds"]


def test_another_run_can_start_during_a_delivery(home):
    """It writes what the first has left, and the first ends as done."""
    reports = []

    def plan(_to, _before):
        home.subscribe("rope", "granite")
        words = ("run", "--json", "--now", NOW, "--only", "rope", "--home", str(home.path))
        done = subprocess.run([sys.executable, "-m", "digest", *words], capture_output=True, check=True)
        reports.append(json.loads(done.stdout))
        return ACCEPT

    with ScriptedServer(plan) as server:
        home.settings(server.port)
        first = home.run(NOW)
    assert first["delivery"]["sent"] == 1
    assert issue_of(reports[0], "rope")
    assert reports[0]["feeds"]
    assert home.rows("select status from run order by id") == [("done",), ("done",)]
    assert home.rows("select count(*) from unwritten") == [(0,)]


def test_a_slow_delivery_does_not_keep_the_pages_back(home, monkeypatch):
    monkeypatch.setattr(runs, "_HEAD_START", 0.1)
    seen = []

    def plan(_to, _before):
        until = time.monotonic() + 30
        while not (found := written(home)) and time.monotonic() < until:
            time.sleep(0.05)
        seen.append(found)
        return ACCEPT

    with ScriptedServer(plan) as server:
        home.settings(server.port)
        assert home.run(NOW)["delivery"]["sent"] == 1
    assert seen[0]


def test_a_delivery_that_fails_leaves_the_files_written(home, monkeypatch):
    def broken(*_arguments, **_more):
        raise RecursionError

    monkeypatch.setattr(runs, "deliver", broken)
    home.settings(1)
    with pytest.raises(RecursionError):
        home.run(NOW)
    assert written(home)
    assert home.rows("select status from run") == [("done",)]


def test_a_run_that_ends_after_its_mail_leaves_files_to_the_next(home, monkeypatch):
    from digest.pipeline import run as pipeline

    def broken(*_arguments, **_more):
        raise KeyboardInterrupt

    with ScriptedServer() as server:
        home.settings(server.port)
        with monkeypatch.context() as patch:
            patch.setattr(pipeline, "finish", broken)
            home.call("run", "--now", NOW)
        assert len(server.taken) == 1
        assert written(home) == []
        second = home.run(LATER)
        assert len(server.taken) == 1
    assert second["feeds"]
    assert home.rows("select status from run order by id") == [("interrupted",), ("done",)]


@pytest.mark.parametrize(("channels", "to", "note"), [
    ("", {"email": "ada@example.org"}, '1 recipient of subscription kelp gets no issues, as no channel in digest.toml serves this one; set channels = ["smtp"], or'),
    ("", {"email": ["a@example.org", "b@example.org"], "chat": ["team"]}, 'channels = ["smtp", "chat"], or'), ("maildir", {"email": "a@example.org", "chat": ["team"]}, 'set channels = ["maildir", "chat"], or'),
    ("", {}, ""), ("maildir", {"email": "a@example.org"}, ""),
])  # fmt: skip
def test_recipients_whom_no_channel_reaches_are_mentioned(home, channels, to, note):
    table = '[maildir]\npath = "box"\nfrom = "d@example.org"\n' if channels else ""
    home.write(
        "digest.toml", f'channels = {[channels] if channels else []}\n{table}[chat.team]\nurl_env = "TEAM"\n'
    )
    home.subscribe("kelp", "kelp", **to)
    doctor = [
        each["message"] + "; " + each["remedy"]
        for each in json.loads(home.call("doctor", "--json").out)
        if each["check"] == "subscriptions"
    ]
    for said in (home.run(NOW)["notes"], doctor):
        about = [each for each in said if "as no channel" in each]
        assert len(about) == bool(note)
        assert all(note in each for each in about), about
    assert not any("as no channel" in each for each in home.run(LATER)["notes"])
