"""docs/operations.md is correct: its commands work as written, and its settings are the known ones."""

import re
import shlex
from datetime import UTC, datetime
from pathlib import Path

import pytest

from digest.deliver.diagnosis import judge
from digest.deliver.retry_policy import outcome_of
from digest.errors import ConfigError
from digest.home.settings_file import load_settings
from digest.model import Delivery, Reply
from tests.deliver import smtp_server
from tests.deliver.mail_home import NOW, MailHome
from tests.deliver.smtp_server import ScriptedServer

TEXT = (Path(__file__).parents[2] / "docs" / "operations.md").read_text("utf-8").split("\n## Delivery\n")[1]
COMMANDS = re.findall(r"^    (digest .*)$", TEXT, re.MULTILINE)
TOML = re.findall(r"^```toml\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


def test_the_commands_work_as_written(home: MailHome, monkeypatch):
    monkeypatch.chdir(home.path)
    home.subscribe("kelp", "kelp", email=["reader@example.org", "doubtful@example.org"])
    (home.path / "Maildir" / "new").mkdir(parents=True)
    plan = lambda to, _: smtp_server.HANG_UP_AFTER if "doubtful" in to else smtp_server.ACCEPT  # noqa: E731
    with ScriptedServer(plan=plan) as server:
        local = f'host = "127.0.0.1"\nport = {server.port}\ntls = "none"'
        login = re.compile(r"^(user|password_env) = .*\n", re.MULTILINE)
        home.write("digest.toml", login.sub("", TOML[0].replace('host = "mail.example.org"', local)))
        done_by = {command: home.call(*shlex.split(command)[1:], "--now", NOW) for command in COMMANDS}
    assert len(COMMANDS) == 12
    for command, done in done_by.items():
        # A message in doubt is not settled, so the status is 1.
        assert done.status == (
            1 if command in {"digest run", "digest deliver"} or "dry-run" in command else 0
        ), done
        assert done.out, command
    assert "No problems found." in done_by["digest doctor"].out
    assert "in_doubt" in done_by["digest outbox list"].out
    assert "reader@example.org" not in done_by["digest outbox list"].out
    assert "reader@example.org" in done_by["digest outbox list --all"].out
    assert "dropped by the operator" in done_by["digest outbox drop 2"].out


REPLIES = re.findall(
    r"^\| (RCPT|MAIL|the message) \| `(\d+) (.+?)` \| (\w+) \| (.*?) ?\|$", TEXT, re.MULTILINE
)
RETURNED = re.findall(r"^\| (a .+) \| `(hard|soft)` \|", TEXT, re.MULTILINE)
WHEN = datetime(2026, 11, 20, 9, tzinfo=UTC)
STAGES = {"RCPT": "recipient", "MAIL": "sender", "the message": "end"}


@pytest.mark.parametrize(("answers", "code", "text", "status", "also"), REPLIES)
def test_replies_have_the_effects_shown(answers, code, text, status, also):
    line = Delivery(1, 1, "kelp", 1, "ada@reader.test", "smtp", "leased", 1, 0, WHEN, WHEN)
    outcome = outcome_of(Reply(STAGES[answers], int(code), text), line, now=WHEN, jitter=0.5, alone=False)
    assert outcome.status == status
    assert bool(outcome.suppress) == ("no more mail" in also)
    assert bool(outcome.pause) == ("stops" in also)


def test_the_tables_are_found():
    assert len(REPLIES) == 11
    assert sum(row.count("`") // 2 for row, _ in RETURNED) == 7


@pytest.mark.parametrize(
    ("reply", "kind"), [(reply, kind) for row, kind in RETURNED for reply in re.findall(r"`(.+?)`", row)]
)
def test_returned_mail_is_of_the_kinds_shown(reply, kind):
    status = re.search(r"5\.\d\.\d", reply)
    assert judge(status[0] if status else "5.0.0", f"smtp; {reply}") == kind


@pytest.mark.parametrize("block", TOML)
def test_the_settings_shown_are_valid(tmp_path, block):
    path = tmp_path / "digest.toml"
    path.write_text(block, "utf-8")
    load_settings(path)


@pytest.mark.parametrize("table", ["smtp", "dkim", "bounces", "bounces.imap", "maildir", "chat.NAME"])
def test_the_keys_of_each_table_are_the_known_ones(tmp_path, table):
    path = tmp_path / "digest.toml"
    path.write_text(f"[{table.lower()}]\nzzzzzzzz = 1\n", "utf-8")
    with pytest.raises(ConfigError) as caught:
        load_settings(path)
    known = set(re.search(r"known keys: (.*)", str(caught.value))[1].split(", "))
    section = TEXT.split(f"### Settings: `[{table}]`\n", 1)[1].split("\n#")[0]
    documented = {
        key
        for line in re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
        for key in re.findall(r"`(\w+)`", line)
    }
    assert documented == known
