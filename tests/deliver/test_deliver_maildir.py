"""The channel `maildir`: each message once, complete, under its own name."""

import mailbox
from email import message_from_bytes

import pytest

from digest.deliver.maildir import MaildirChannel
from digest.deliver.message import Sender
from digest.errors import ChannelUnavailable
from digest.text.addresses import Mailbox
from tests.deliver.killing import COMMITS, is_killed
from tests.deliver.mail_home import NOW, MailHome
from tests.deliver.test_deliver_bounces import failed
from tests.homes import page

READERS = ["ada@x.test", "bob@x.test", "cem@x.test"]


def into(home: MailHome, *, channels: str = '"maildir"', top: str = "", more: str = "") -> None:
    home.write(
        "digest.toml",
        f'channels = [{channels}]\n{top}\n[maildir]\npath = "Mail"\n'
        f'from = "Paper Digest <digest@example.org>"\n{more}\n',
    )


def files(home: MailHome) -> list[str]:
    return sorted(
        path.relative_to(home.path / "Mail").as_posix() for path in (home.path / "Mail").rglob("*.*")
    )


def test_a_run_writes_a_message_for_each_recipient(home: MailHome):
    home.subscribe("kelp", "kelp", email=READERS)
    into(home)
    done = home.run(NOW)["delivery"]
    assert (done["sent"], {each["channel"] for each in done["messages"]}) == (3, {"maildir"})
    box = mailbox.Maildir(home.path / "Mail", create=False)
    found = {each["To"]: each for each in box}
    assert sorted(found) == READERS
    ada = found["ada@x.test"]
    assert ada["Return-Path"].startswith("<digest+1-") and ada["Delivered-To"] == "ada@x.test"
    assert "Kelp and the Slow Lamp" in ada.get_payload(0).get_payload(decode=True).decode()
    for path in (home.path / "Mail" / "new").iterdir():
        data = path.read_bytes()
        assert b"\r" not in data
        assert message_from_bytes(data)["Message-ID"] == f"<{path.name}@example.org>"
    assert home.deliver()["messages"] == []
    assert len(files(home)) == 3


def test_an_existing_message_is_not_written_again(home: MailHome):
    home.subscribe("kelp", "kelp", email=READERS)
    into(home)
    home.run(NOW)
    new, cur = (home.path / "Mail" / name for name in ("new", "cur"))
    first, second, third = sorted(new.iterdir())
    first.rename(cur / f"{first.name}:2,S")
    second.rename(cur / second.name)
    kept = third.stat().st_ino
    home.change("update outbox set status = 'pending', reply = ''")
    done = home.deliver()
    assert done["sent"] == 3
    assert all(each["reply"].endswith("exists already") for each in done["messages"])
    assert files(home) == sorted([f"cur/{first.name}:2,S", f"cur/{second.name}", f"new/{third.name}"])
    assert third.stat().st_ino == kept


POINTS = {"commit": COMMITS, "file": ("pathlib:Path.rename", "digest.deliver.maildir:sync_folder")}


@pytest.mark.parametrize("kind", POINTS)
def test_a_killed_delivery_run_loses_and_doubles_nothing(home: MailHome, tmp_path, kind):
    into(home)
    home.subscribe("kelp", "kelp", email=READERS)
    killed = 0
    for at in (1, 3, 4, 6, 8, 9, 11):
        killed += is_killed(tmp_path, POINTS[kind], at, "run", "--quiet", "--now", NOW, "--home", home.path)
    home.call("run", "--now", NOW)
    home.deliver(status=None)
    assert killed >= 2
    assert [name.split("/")[0] for name in files(home) if not name.startswith("tmp")] == ["new"] * 3
    assert home.rows("select distinct status from outbox") == [("sent",)]
    box = mailbox.Maildir(home.path / "Mail", create=False)
    assert sorted(each["To"] for each in box) == READERS


def test_both_channels_have_a_line_each_and_a_bounce_is_assigned(home: MailHome):
    home.subscribe("kelp", "kelp", email=["ada@x.test"])
    into(
        home,
        channels='"maildir", "smtp"',
        more='[smtp]\nhost = "127.0.0.1"\nport = 1\ntls = "none"\nfrom = "Other <o@example.org>"',
    )
    done = home.run(NOW, status=1)["delivery"]
    assert {each["channel"]: each["status"] for each in done["messages"]} == {
        "maildir": "sent",
        "smtp": "deferred",
    }
    assert "127.0.0.1:1: cannot be reached" in done["paused"]
    (line,) = (home.path / "Mail" / "new").iterdir()
    message = message_from_bytes(line.read_bytes())
    assert message["From"] == "Other <o@example.org>"
    bounce = (
        failed("5.1.1")
        .replace(b"To: bounces", b"X: bounces")
        .replace(b"From: M", f"To: {message['Return-Path'].strip('<>')}\nFrom: M".encode())
    )
    assert "hard" in home.call("bounces", home.write("b.eml", bounce)).out


def test_an_invalid_address_and_a_suppressed_one(home: MailHome):
    home.queue(kelp=["ab@x.test", "bob@x.test"])
    home.change(
        "update outbox set recipient = 'a..b@x.test', address = recipient where recipient = 'ab@x.test'"
    )
    home.change("update outbox set channel = 'maildir'")
    into(home)
    home.call("recipients", "suppress", "bob@x.test")
    done = home.deliver(NOW, status=1)
    assert [each["status"] for each in done["messages"]] == ["failed", "suppressed"]
    assert files(home) == []


def test_a_disk_error_defers_the_message(home: MailHome):
    home.subscribe("kelp", "kelp", email=READERS)
    into(home)
    for name in ("tmp", "new", "cur"):
        (home.path / "Mail" / name).mkdir(parents=True)
    for name in range(3):
        (home.path / "Mail" / "tmp" / str(name)).mkdir()
    (home.path / "Mail" / "tmp").rename(home.path / "Mail" / "gone")
    home.write("Mail/tmp", "no folder")
    done = home.run(NOW, status=1)["delivery"]
    assert "Mail: a Maildir cannot be created there (File exists); check maildir.path" in done["paused"]
    assert {each["status"] for each in done["messages"]} == {"deferred", "pending"}
    (home.path / "Mail" / "tmp").unlink()
    home.call("outbox", "retry", "--all", "--now", NOW)
    assert home.deliver()["sent"] == 3


def test_a_lost_lease_and_a_file_that_cannot_be_written(tmp_path):
    class Said:
        body = b"x\r\n"

        def headers_for(self, *_):
            return b"Subject: x\r\n\r\n"

        def message_id(self, _):
            return "a.b@example.org"

    class Line:
        id, recipient = 1, "ada@x.test"

    address = Mailbox("d", "example.org")
    channel = MaildirChannel(tmp_path / "Mail", Sender(address, address, b"s"), lambda _: Said())
    link = channel.open()
    assert link.send(Line, lambda: False) is None
    assert not any(path.is_file() for path in (tmp_path / "Mail").rglob("*"))
    (tmp_path / "Mail" / "tmp" / "a.b").mkdir()
    answer = link.send(Line, lambda: True)
    assert (answer.stage, answer.code) == ("data", 0)
    assert "cannot be written (Is a directory)" in answer.text
    with pytest.raises(ChannelUnavailable, match="a Maildir cannot be created there"):
        MaildirChannel(tmp_path / "absent" / "Mail", channel.sender, channel.mail_of).open()


def test_the_doctor_checks_the_maildir(home: MailHome):
    home.put("2026-11-17.txt", page("Kelp Again", day="Nov 17"))
    into(home)
    found = {each["check"]: each["state"] for each in home.call("doctor", "--json", "--now", NOW).json}
    assert (found["maildir"], found["from"], found["smtp"]) == ("good", "good", "skipped")
    home.write("digest.toml", (home.path / "digest.toml").read_text().replace('"Mail"', '"none/Mail"'))
    found = {each["check"]: each["state"] for each in home.call("doctor", "--json", "--now", NOW).json}
    assert found["maildir"] == "bad"
