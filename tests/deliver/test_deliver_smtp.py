"""One SMTP connection: TLS, login, and exact replies."""

import smtplib
import socket
from dataclasses import replace

import pytest

from digest.deliver.smtp_session import Server, open_session
from digest.errors import ChannelUnavailable
from digest.model import Reply, Smtp
from digest.text.addresses import Mailbox
from tests.deliver import smtp_server
from tests.deliver.mail_home import MailHome
from tests.deliver.smtp_server import ScriptedServer

TO = Mailbox("ada", "reader.test")
HEAD, BODY = b"Subject: x\r\n\r\n", b"hello\r\n..dots\r\n"


def smtp(server: ScriptedServer, **more) -> Smtp:
    return Smtp("127.0.0.1", server.port, **{"timeout": 5, "final_timeout": 1, "sender": "d@x.test", **more})


def send(
    server: ScriptedServer, body: bytes = BODY, to: Mailbox = TO, begin=lambda: True, **more
) -> Reply | None:
    session = open_session(Server(smtp(server, **{"tls": "none", **more})))
    try:
        return session.send("b@x.test", to, HEAD, body, begin)
    finally:
        session.quit()


@pytest.mark.parametrize("kind", ["starttls", "implicit"])
def test_tls(tls, kind):
    with ScriptedServer(tls=tls.context, implicit=kind == "implicit") as server:
        answer = send(server, tls=kind, ca_file=tls.ca_file)
    assert str(answer) == "250 2.0.0 taken as 1A2B3C"
    assert server.taken[0].data == b"Subject: x\r\n\r\nhello\r\n.dots\r\n"


@pytest.mark.parametrize("kind", ["starttls", "implicit", "none"])
def test_nothing_waits_for_delayed_acknowledgements(tls, kind, monkeypatch):
    """Each write leaves at once, first of all the end of a message, which is written apart from its content."""
    options = []
    unobserved = smtplib.SMTP.send

    def observed(client, data):
        options.append(client.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        return unobserved(client, data)

    monkeypatch.setattr(smtplib.SMTP, "send", observed)
    secure = {} if kind == "none" else {"ca_file": tls.ca_file}
    with ScriptedServer(tls=tls.context if secure else None, implicit=kind == "implicit") as server:
        send(server, tls=kind, **secure)
    assert len(options) >= 4
    assert all(options)


@pytest.mark.parametrize("kind", ["starttls", "implicit"])
def test_an_untrusted_certificate_is_refused(tls, kind):
    with ScriptedServer(tls=tls.context, implicit=kind == "implicit") as server:
        with pytest.raises(ChannelUnavailable, match="TLS failed: self-signed certificate"):
            send(server, tls=kind)
        assert not any(command.startswith(("MAIL", "AUTH")) for command in server.commands)


def test_without_tls_there_is_no_mail_and_no_password():
    with ScriptedServer(password="secret") as server:
        with pytest.raises(
            ChannelUnavailable, match=r'does not support STARTTLS.*set tls = "none" under \[smtp\]'
        ):
            open_session(Server(smtp(server, user="me"), "secret"))
        assert {command.split()[0] for command in server.commands} == {"ehlo"}


def test_login(tls):
    with ScriptedServer(tls=tls.context, password="s3cret") as server:
        settings = smtp(server, user="me", ca_file=tls.ca_file)
        open_session(Server(settings, "s3cret")).quit()
        with pytest.raises(ChannelUnavailable, match="login as 'me' failed: 535") as caught:
            open_session(Server(settings, "wr0ng"))
        assert "wr0ng" not in str(caught.value) + repr(Server(settings, "wr0ng"))
    with (
        ScriptedServer(tls=tls.context) as server,
        pytest.raises(ChannelUnavailable, match="does not support login"),
    ):
        open_session(Server(replace(settings, port=server.port), "s3cret"))


def test_a_greeting_that_refuses_the_connection():
    with ScriptedServer(greeting="554 no") as server, pytest.raises(ChannelUnavailable, match="554 no"):
        send(server)


@pytest.mark.parametrize(
    ("plan", "stage", "code"),
    [
        ("sender 550 5.7.1 no", "recipient", 550), ("recipient 450 4.2.0 no", "recipient", 450), ("data 554 5.3.0 no", "data", 554),
        ("end 552 5.3.4 no", "end", 552), (smtp_server.HANG_UP_AFTER, "end", 0), (smtp_server.STALL_AFTER, "end", 0),
    ],
)  # fmt: skip
def test_replies_name_their_stage(plan, stage, code):
    with ScriptedServer(plan=lambda _to, _before: plan) as server:
        answer = send(server)
    assert answer is not None
    assert (answer.stage, answer.code) == (stage, code)


@pytest.mark.parametrize("plan", [smtp_server.HANG_UP_BEFORE, smtp_server.STALL_BEFORE])
def test_a_large_message_that_breaks_off_was_not_accepted(plan):
    """More than the system holds for us: what was not read cannot have been taken."""
    with ScriptedServer(plan=lambda _to, _before: plan) as server:
        answer = send(server, BODY * 2_000_000, timeout=2)
    assert answer is not None
    assert (answer.stage, answer.code) == ("data", 0)
    assert server.taken == []


def test_a_reply_before_the_end_is_used():
    with ScriptedServer(plan=lambda _to, _before: smtp_server.REFUSE_EARLY) as server:
        heard = server.refused_early
        answer = send(server, begin=lambda: heard.wait(5))
    assert answer == Reply("data", 552, "5.3.4 too big")
    assert server.taken == []


def test_without_permission_the_end_is_not_sent():
    with ScriptedServer() as server:
        assert send(server, begin=lambda: False) is None
    assert server.taken == []


def test_international_addresses_need_smtputf8():
    to = Mailbox("é", "reader.test")
    with ScriptedServer() as server:
        assert str(send(server, to=to)).startswith("250")
        assert "SMTPUTF8" in server.taken[0].options
        assert server.taken[0].recipients == ("é@reader.test",)
    with ScriptedServer(extensions=()) as server:
        assert str(send(server, to=to)).startswith("553 5.6.7")


def test_several_messages_over_one_connection_after_a_refusal():
    plans = iter(["recipient 550 5.1.1 no", smtp_server.ACCEPT, "end 451 4.0.0 no", smtp_server.ACCEPT])
    with ScriptedServer(plan=lambda _to, _before: next(plans)) as server:
        session = open_session(Server(smtp(server, tls="none")))
        codes = [session.send("b@x.test", TO, HEAD, BODY, lambda: True).code for _ in range(4)]
        assert session.usable
        session.quit()
        assert codes == [550, 250, 451, 250]
    assert server.connections == 1


def test_the_password_comes_from_the_variable_or_the_file(home: MailHome, tls, monkeypatch):
    home.queue(kelp=["a@x.test"])
    with ScriptedServer(tls=tls.context, password="s3cret") as server:
        common = ('tls = "starttls"', f'ca_file = "{tls.ca_file}"', 'user = "me"')
        home.settings(server.port, *common, 'password_env = "DIGEST_TEST_PASSWORD"')
        monkeypatch.delenv("DIGEST_TEST_PASSWORD", raising=False)
        done = home.call("deliver")
        assert done.status == home.call("doctor").status == 1
        assert "the variable DIGEST_TEST_PASSWORD is not set" in done.err
        assert "DIGEST_TEST_PASSWORD is not set" in home.deliver(status=1)["paused"]
        monkeypatch.setenv("DIGEST_TEST_PASSWORD", "wr0ng")
        report = home.deliver(status=1)
        assert "login as 'me' failed: 535" in report["paused"]
        monkeypatch.setenv("DIGEST_TEST_PASSWORD", "s3cret")
        assert home.deliver("2026-11-20T10:00")["sent"] == 1
        home.settings(server.port, *common, 'password_file = "secret"')
        assert "secret cannot be read (No such file or directory)" in home.call("deliver").err
        home.write("secret", "s3cret\n")
        home.call("outbox", "retry", "--all")
        assert home.deliver()["messages"] == []
    assert not any("s3cret" in line or "wr0ng" in line for line in home.dump())
