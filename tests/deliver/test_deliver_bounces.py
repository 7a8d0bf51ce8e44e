"""Bounces are classified, and have an effect only with a valid token."""

import mailbox as mailboxes
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.deliver.bounces import Bounce, read_bounce
from digest.signing import BOUNCE, UNSUBSCRIBE, token
from tests.deliver.mail_home import NOW, MailHome
from tests.deliver.smtp_server import ScriptedServer, Taken
from tests.homes import page

SECRET = b"secret"
OURS = f"bounces+{token(SECRET, BOUNCE, 12)}@example.org"


def report(*fields: str, to: str = OURS, kind: str = "delivery-status", head: str = "") -> bytes:
    """Return a report as mail servers send it."""
    return (
        f"Return-Path: <>\nFrom: MAILER-DAEMON@mx.test (Mail Delivery System)\nTo: {to}\n{head}"
        "Subject: Undelivered Mail Returned to Sender\nMIME-Version: 1.0\n"
        f'Content-Type: multipart/report; report-type={kind}; boundary="XX"\n\n'
        "--XX\nContent-Type: text/plain\n\nThis is the mail system. I'm sorry: 5.1.1 is only mentioned here.\n\n"
        f"--XX\nContent-Type: message/{kind}\n\n"
        + ("" if "feedback" in kind else "Reporting-MTA: dns; mx.test\n\n")
        + "\n".join(fields)
        + "\n\n"
        "--XX\nContent-Type: message/rfc822\n\nFrom: digest@example.org\nSubject: Kelp: 3 new papers\n\nbody\n\n--XX--\n"
    ).encode()


def failed(status: str, diagnosis: str = "", action: str = "failed") -> bytes:
    return report(
        "Final-Recipient: rfc822; ada@reader.test", f"Action: {action}", f"Status: {status}", f"Diagnostic-Code: {diagnosis}"
    )  # fmt: skip


def plain(text: str, *head: str, to: str = OURS) -> bytes:
    return "\n".join([f"To: {to}", "From: postmaster@mx.test", *head, "", text]).encode()


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (failed("5.1.1", "smtp; 550 5.1.1 <ada@reader.test>: Recipient address rejected: User unknown"), "hard"),
        (failed("5.1.1"), "hard"),
        (failed("5.1.10", "smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup"), "hard"),
        (failed("5.0.0", "smtp; 550-5.1.1 The email account that you tried to reach does not exist."), "hard"),
        (failed("5.0.0", "smtp; 550 no such user here"), "hard"),
        (failed("5.2.1", "smtp; 550 5.2.1 The account is disabled"), "hard"),
        (failed("5.1.1", "smtp; 550 5.1.1 <digest@example.org>: User unknown in local recipient table"), "soft"),
        (failed("5.2.2", "smtp; 552 5.2.2 The email account is over quota"), "soft"),
        (failed("5.0.0", "smtp; 552 mailbox full"), "soft"),
        (failed("4.4.7", "smtp; 421 delivery temporarily suspended"), "soft"),
        (failed("5.7.1", "smtp; 550 5.7.1 rejected as spam"), "soft"),
        (failed("5.4.4", "X-Postfix; Host or domain name not found"), "hard"),
        (failed("4.4.3", "X-Postfix; Host or domain name not found. Name service error: Host not found, try again"), "soft"),
        (failed("4.4.1", "", action="delayed"), "delayed"),
        (failed("2.0.0", "", action="relayed"), "notice"),
        (report("Arrival-Date: today"), "soft"),
        (report("Feedback-Type: abuse", "Version: 1", kind="feedback-report"), "complaint"),
        (report("Feedback-Type: abuse", f"Original-Mail-From: <{OURS}>", kind="feedback-report", to="fbl@example.org"), "complaint"),
        (plain("Hi. This is the qmail-send program.\n<ada@reader.test>:\nSorry, no mailbox here by that name. (#5.1.1)"), "hard"),
        (plain("The following address failed:\n  ada@reader.test\n    Unknown user: ada"), "hard"),
        (plain("Mailbox is full / Blocks limit exceeded"), "soft"),
        (plain("I am on holiday; 5.1.1 is my room.", "Auto-Submitted: auto-replied"), "notice"),
        (plain("Thank you for the digest!"), "other"),
        (b"", "other"),
        (failed("5.1.1").replace(OURS.encode(), b"digest@example.org"), "other"),
        (failed("5.1.1").replace(b"+12-", b"+13-"), "forged"),
        (plain("x", f"Subject: unsubscribe {token(SECRET, UNSUBSCRIBE, 12)}", to="digest@example.org"), "unsubscribe"),
        (plain("x", f"Subject: Re: UNSUBSCRIBE  {token(SECRET, UNSUBSCRIBE, 12).upper()}"), "unsubscribe"),
        (plain("x", f"Subject: unsubscribe {token(SECRET, BOUNCE, 12)}"), "forged"),
        (plain("x", "Subject: unsubscribe please"), "other"),
    ],
)  # fmt: skip
def test_kinds_of_bounces(data, kind):
    bounce = read_bounce(data, SECRET)
    assert bounce.kind == kind, bounce
    assert bounce.line == (None if kind == "forged" or (kind == "other" and not bounce.line) else 12)


def test_the_reason_is_one_short_line():
    text = read_bounce(failed("5.1.1", "smtp; 550 5.1.1\n nobody\n here " + "x" * 999), SECRET).text
    assert text.startswith("5.1.1 smtp; 550 5.1.1 nobody here xxx")
    assert len(text) == 300


@given(
    st.binary(max_size=300)
    | st.tuples(
        st.binary(max_size=60),
        st.sampled_from([OURS.encode(), b"Content-Type: message/delivery-status\n\n", b"\n\n", b"Subject: "]),
        st.binary(max_size=60),
    ).map(b"To: ".join)
)
def test_any_bytes_are_accepted(data):
    assert isinstance(read_bounce(data, SECRET), Bounce)


# --- in a home


def sent_home(home: MailHome) -> tuple[dict[str, str], list[Taken]]:
    """Send an issue to two readers; return the return address of each reader, and the messages."""
    home.queue(kelp=["ada@x.test", "bob@x.test"], lamps=["ada@x.test"])
    with ScriptedServer() as server:
        home.settings(server.port, more='[bounces]\naddress = "back@example.org"\nmailbox = "Maildir"')
        (home.path / "Maildir" / "new").mkdir(parents=True)
        (home.path / "Maildir" / "cur").mkdir()
        assert home.deliver()["sent"] == 3
    return {each.recipients[0]: each.sender for each in server.taken[:2]}, server.taken


def test_a_hard_bounce_suppresses_the_address(home: MailHome):
    paths, _ = sent_home(home)
    assert paths["ada@x.test"].startswith("back+1-")
    bounce = failed("5.1.1", "smtp; 550 5.1.1 gone").replace(OURS.encode(), paths["ada@x.test"].encode())
    home.write("Maildir/new/1.a", bounce)
    home.write("Maildir/new/2.b", b"To: back@example.org\n\nhello")
    assert home.call("bounces", "--quiet").status == 0
    assert {path.name for path in (home.path / "Maildir").rglob("*.?*")} == {"1.a:2,S", "2.b"}
    (line,) = home.call("outbox", "list", "--json").json
    assert (line["recipient"], line["status"], line["reply"]) == (
        "ada@x.test", "failed", "bounced: 5.1.1 smtp; 550 5.1.1 gone",
    )  # fmt: skip
    home.put("2026-11-17.txt", page("Kelp Again", day="Nov 17"))
    home.settings(1)
    statuses = home.run("2026-11-21T09:00", status=1)["delivery"]["messages"]
    assert [each["status"] for each in statuses].count("suppressed") == 2  # of both subscriptions
    # The same report read again stops nobody whom the operator has allowed again.
    assert home.call("recipients", "unsuppress", "ada@x.test").status == 0
    assert "hard" in home.call("bounces", home.path / "Maildir").out
    assert home.rows("select count(*) from suppression") == [(0,)]


def test_messages_that_another_program_has_moved_to_cur_are_processed_once(home: MailHome):
    paths, _ = sent_home(home)
    bounce = failed("5.1.1", "smtp; 550 5.1.1 gone").replace(OURS.encode(), paths["ada@x.test"].encode())
    home.write("Maildir/cur/1.a:2,S", bounce)
    home.write("Maildir/new/2.b", b"To: back@example.org\n\nhello")
    assert home.call("bounces").out.count("hard") == 1
    assert home.rows("select address from suppression") == [("ada@x.test",)]
    (home.path / "Maildir" / "new" / "2.b").rename(home.path / "Maildir" / "cur" / "2.b:2,S")
    assert home.call("bounces", "--json").json == []


def test_unsubscribing_by_mail_affects_one_subscription_before_the_next_mail(home: MailHome):
    _, taken = sent_home(home)
    letter = next(each.data.decode() for each in taken if "lamps" in each.data.decode().split("\r\n\r\n")[0])
    subject = letter.split("?subject=")[1].split(">")[0].replace("%20", " ")
    home.write("Maildir/new/1.a", f"To: back@example.org\nSubject: {subject}\n\n")
    home.put("2026-11-17.txt", page("Kelp Again", day="Nov 17"))
    with ScriptedServer() as server:
        home.settings(server.port, more='[bounces]\naddress = "back@example.org"\nmailbox = "Maildir"')
        messages = home.run("2026-11-21T09:00")["delivery"]["messages"]
    assert [(each["subscription"], each["recipient"], each["status"]) for each in messages] == [
        ("kelp", "ada@x.test", "sent"), ("kelp", "bob@x.test", "sent"), ("lamps", "ada@x.test", "suppressed"),
    ]  # fmt: skip


def test_an_mbox_and_a_single_message(home: MailHome, tmp_path: Path):
    paths, _ = sent_home(home)
    box = mailboxes.mbox(tmp_path / "box")
    for path in paths.values():
        box.add(failed("5.1.1").replace(OURS.encode(), path.encode()))
    box.close()
    single = tmp_path / "single.eml"
    single.write_bytes(failed("5.1.1"))
    found = home.call("bounces", "--json", tmp_path / "box", single).json
    assert [(each["kind"], each["recipient"]) for each in found] == [
        ("hard", "ada@x.test"), ("hard", "bob@x.test"), ("forged", None),
    ]  # fmt: skip


def test_paths_that_cannot_be_read(home: MailHome, tmp_path: Path):
    assert "name a Maildir" in home.call("bounces").err
    assert "is a folder but not a Maildir" in home.call("bounces", tmp_path).err
    done = home.call("bounces", tmp_path / "absent", "--now", NOW)
    assert done.status == 2
    assert "cannot be read (No such file" in done.err
