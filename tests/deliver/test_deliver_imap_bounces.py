"""Bounces in an IMAP folder: each is processed once, and none is lost if reading is interrupted."""

from contextlib import contextmanager

import pytest

from digest.errors import ConfigError
from digest.home.settings_file import load_settings, open_home
from digest.scheduler.jobs import BounceJob
from digest.services.workspace import Clock
from tests.clocks import Scheduler
from tests.deliver.killing import COMMITS, is_killed
from tests.deliver.mail_home import NOW, MailHome
from tests.deliver.smtp_server import ScriptedServer
from tests.deliver.test_deliver_bounces import OURS, failed, report
from tests.servers import Mailbox, imap_server

READERS = ["ada@x.test", "bob@x.test", "cem@x.test"]
STOPPED = "select address, subscription from suppression order by 1"


def box_settings(box: Mailbox, *lines: str) -> str:
    inside = "\n".join(('tls = "none"', *lines) if not any("tls =" in each for each in lines) else lines)
    return (
        f'[bounces]\naddress = "back@example.org"\n[bounces.imap]\nhost = "127.0.0.1"\nport = {box.port}\n'
        f'user = "back"\npassword_env = "DIGEST_TEST_BOX"\n{inside}'
    )


@contextmanager
def mailbox(home: MailHome, monkeypatch):
    """Send an issue to three readers; yield the mailbox, and the return address of each reader."""
    monkeypatch.setenv("DIGEST_TEST_BOX", "geheim")
    home.queue(kelp=READERS)
    with imap_server(Mailbox({})) as box:
        with ScriptedServer() as server:
            home.settings(server.port, more=box_settings(box))
            assert home.deliver()["sent"] == 3
        paths = {each.recipients[0]: each.sender.encode() for each in server.taken}
        yield box, paths


def hard(path: bytes) -> bytes:
    return failed("5.1.1", "smtp; 550 5.1.1 gone").replace(OURS.encode(), path)


def complaint(path: bytes) -> bytes:
    return report("Feedback-Type: abuse", kind="feedback-report").replace(OURS.encode(), path)


def kinds(home: MailHome) -> list[str]:
    done = home.call("bounces", "--json", "--now", NOW)
    assert done.status == 0, done
    return [each["kind"] for each in done.json]


def test_each_report_is_read_once_and_the_folder_is_not_changed(home: MailHome, monkeypatch):
    with mailbox(home, monkeypatch) as (box, paths):
        box.mails |= {4: b"Subject: hello\n\n", 9: hard(paths["ada@x.test"])}
        done = home.call("bounces", "--json", "--now", NOW)
        assert [(each["kind"], each["recipient"]) for each in done.json] == [
            ("other", None),
            ("hard", "ada@x.test"),
        ]
        assert done.json[1]["file"] == f"imap://back@127.0.0.1:{box.port}/INBOX/9"
        assert home.rows(STOPPED) == [("ada@x.test", "")]
        assert home.rows("select status from outbox where address = 'ada@x.test'") == [("failed",)]
        assert kinds(home) == []
        box.mails[12] = complaint(paths["bob@x.test"])
        assert "12" in home.call("bounces", "--now", NOW).out
        assert home.rows(STOPPED) == [("ada@x.test", ""), ("bob@x.test", "")]
        # New UIDs: all messages are read again, without effect.
        for address in ("ada@x.test", "bob@x.test"):
            assert home.call("recipients", "unsuppress", address).status == 0
        box.validity = 7
        assert kinds(home) == ["other", "hard", "complaint"]
        assert home.rows(STOPPED) == []
        assert home.rows("select uid, validity from mailbox") == [(12, 7)]
    assert 'EXAMINE "INBOX"' in box.commands  # never SELECT: nothing is marked as read
    assert "UID SEARCH UID 1:* SINCE 21-Oct-2026" in box.commands
    assert all("PEEK" in line or "SIZE" in line for line in box.commands if "FETCH" in line)
    assert not any("geheim" in line for line in home.dump())


def test_an_mbox_that_is_read_again_has_no_effect(home: MailHome, monkeypatch):
    with mailbox(home, monkeypatch) as (_, paths):
        file = home.write("box", b"From x\n" + complaint(paths["ada@x.test"]))
        for stopped in ([("ada@x.test", "")], []):
            assert home.call("bounces", file).status == 0
            assert home.rows(STOPPED) == stopped
            home.call("recipients", "unsuppress", "ada@x.test")


def test_a_delivery_run_reads_bounces_first_and_continues_without_them(home: MailHome, monkeypatch):
    with mailbox(home, monkeypatch) as (box, paths):
        box.mails[1] = hard(paths["ada@x.test"])
        home.call("outbox", "retry", "--all")
        assert home.deliver()["messages"] == []
        assert home.rows(STOPPED) == [("ada@x.test", "")]
        box.refused = "LOGIN"
        home.queue(lamps=["bob@x.test", "ada@x.test"])
        with ScriptedServer() as server:
            home.settings(server.port, more=box_settings(box))
            done = home.deliver(status=1)
        assert done["sent"] == 1  # the other is suppressed
        assert (
            done["problems"]
            == ["bounces.imap: 127.0.0.1: LOGIN command error: NO [b'not today']; run digest doctor"]
            or "not today" in done["problems"][0]
        )
        assert "geheim" not in str(done)


def test_a_killed_command_loses_nothing_and_does_nothing_twice(home: MailHome, monkeypatch, tmp_path):
    with mailbox(home, monkeypatch) as (box, paths):
        box.mails |= {uid: complaint(paths[reader]) for uid, reader in enumerate(READERS, 1)}
        stopped: list[str] = []
        killed = 0
        for at in range(1, 22, 2):
            points = (*COMMITS, "digest.fetch.imap:_message")
            killed += is_killed(tmp_path, points, at, "bounces", "--quiet", "--now", NOW, "--home", home.path)
            # Whoever is stopped is allowed again: stopped twice, it would show.
            for (address,) in home.rows("select address from suppression"):
                stopped.append(address)
                home.call("recipients", "unsuppress", address)
        assert kinds(home) == []
    assert sorted(stopped) == READERS
    assert killed >= 3


def test_a_server_with_another_certificate(home: MailHome, monkeypatch, tls):
    with (
        mailbox(home, monkeypatch) as (_, paths),
        imap_server(Mailbox({1: hard(paths["ada@x.test"])}), tls.context) as box,
    ):
        home.settings(1, more=box_settings(box, 'tls = "implicit"'))
        done = home.call("bounces")
        assert done.status == 1
        assert "certificate" in done.err
        home.settings(1, more=box_settings(box, 'tls = "implicit"', 'ca_file = "absent.pem"'))
        assert "bounces.imap.ca_file: the file" in home.call("bounces").err
        home.settings(1, more=box_settings(box, 'tls = "implicit"', f'ca_file = "{tls.ca_file}"'))
        assert kinds(home) == ["hard"]


def test_the_password(home: MailHome, monkeypatch):
    with mailbox(home, monkeypatch) as (box, _):
        monkeypatch.delenv("DIGEST_TEST_BOX")
        done = home.call("bounces")
        assert (
            done.status,
            "bounces.imap.password_env: the variable DIGEST_TEST_BOX is not set" in done.err,
        ) == (1, True)
        text = (
            (home.path / "digest.toml")
            .read_text()
            .replace('password_env = "DIGEST_TEST_BOX"', 'password_file = "word"')
        )
        home.write("digest.toml", text)
        assert "word cannot be read (No such file" in home.call("bounces").err
        home.write("word", b"\xff")
        assert "word cannot be read (not UTF-8)" in home.call("bounces").err
        home.write("word", "gehëim\n")
        error = home.call("bounces").err
        assert "choose another password" in error and "ë" not in error
        home.write("word", "geheim\n")
        assert kinds(home) == []
    assert 'LOGIN "back" "geheim"' in box.commands


def test_the_doctor_checks_mailboxes(home: MailHome, monkeypatch):
    def findings() -> list[tuple[str, str]]:
        found = home.call("doctor", "--json", "--now", NOW).json
        return [(each["state"], each["message"]) for each in found if each["check"] == "bounces"]

    with mailbox(home, monkeypatch) as (box, _):
        box.mails |= {1: b"x", 2: b"y"}
        assert findings() == [("good", f"imap://back@127.0.0.1:{box.port}/INBOX: 2 messages")]
        box.refused = "EXAMINE"
        assert findings() == [("bad", "the folder 'INBOX' cannot be opened")]
        assert not any("FETCH" in line for line in box.commands[-3:])
    home.settings(1, more='[bounces]\nmailbox = "Maildir"')
    assert findings()[0][0] == "bad"
    (home.path / "Maildir" / "new").mkdir(parents=True)
    assert findings() == [("good", "Maildir: 0 new messages")]
    home.settings(1)
    assert findings()[0][0] == "skipped"


@pytest.mark.parametrize(("lines", "words"), [
    ('host = "imap.example.org"\nuser = "a"', "imap.user: has no password"),
    ('host = "imap.example.org"\npassword_env = "X"', "imap.user: is missing"),
    ('user = "a"\npassword_env = "X"', "imap.host: is missing"),
    ('host = "imap.example.org"\nuser = "a"\npassword_env = "X"\ntls = "none"', "mail would travel unencrypted"),
    ('host = "imap.example.org"\nuser = "a"\npassword_env = "X"\nfolder = "a\\"b"', "imap.folder: 'a\"b' is not a valid folder name"),
])  # fmt: skip
def test_invalid_settings(tmp_path, lines, words):
    path = tmp_path / "digest.toml"
    path.write_text(f"[bounces.imap]\n{lines}\n", "utf-8")
    with pytest.raises(ConfigError) as caught:
        load_settings(path)
    assert words in str(caught.value)
    assert "digest.toml:" in str(caught.value)


def test_the_scheduler_reads_bounces_though_no_mail_is_due(home: MailHome, monkeypatch):
    with mailbox(home, monkeypatch) as (box, paths):
        opened, clock = open_home(str(home.path)), Clock.at(None)
        box.mails[1] = hard(paths["ada@x.test"])
        job = BounceJob(lambda: False)
        assert [each.bounce.kind for each in job.run(opened, clock).found] == ["hard"]
        assert job.run(opened, clock) is None  # five minutes are not over
        box.mails |= {2: complaint(paths["bob@x.test"]), 3: complaint(paths["cem@x.test"])}
        stopped = BounceJob(lambda: True).run(opened, clock)  # it ends with the message at hand
        assert len(stopped.found) == 1
        assert len(BounceJob(lambda: False, interval=0.0).run(opened, clock).found) == 1
    home.settings(1)
    assert BounceJob(lambda: False).run(open_home(str(home.path)), clock) is None


def test_a_mail_that_is_too_large_for_a_report(home: MailHome, monkeypatch):
    monkeypatch.setattr("digest.pipeline.bounces._LARGEST", 5_000)
    with mailbox(home, monkeypatch) as (box, paths):
        box.mails |= {1: b"x" * 9_000, 2: hard(paths["ada@x.test"])}
        done = home.call("bounces", "--now", NOW)
        assert done.status == 1
        assert "1 message was skipped as too large for a bounce" in done.err
        assert home.rows(STOPPED) == [("ada@x.test", "")]
        assert kinds(home) == []


def test_the_scheduler_logs_bounces(home: MailHome, monkeypatch):
    with mailbox(home, monkeypatch) as (box, paths):
        box.mails |= {1: hard(paths["ada@x.test"]), 2: b"hello"}
        with Scheduler(home) as clock:
            event = clock.until("returns")
            assert (event["hard"], event["other"], event["level"]) == (1, 1, "info")
            assert clock.stop() == 0
    assert home.rows(STOPPED) == [("ada@x.test", "")]
