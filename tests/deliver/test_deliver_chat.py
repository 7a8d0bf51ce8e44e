"""The channel `chat`, against local servers that behave like chat services."""

import json
import logging
import socket
import sys
import threading
from contextlib import contextmanager, suppress
from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.deliver.chat import ChatChannel, open_room
from digest.errors import ChannelUnavailable, UsageError
from digest.model import Delivery, Reply
from digest.render import Renderer
from tests.deliver.mail_home import NOW, MailHome
from tests.homes import page
from tests.render.render_sample import FRAME, ISSUE
from tests.servers import HttpReply, http_server

SECRET = "s3cr3t-t0ken"


@pytest.fixture
def chatting(home: MailHome, monkeypatch):
    """Return what subscribes and sets the address of the room `team`."""

    def prepare(address: str, *, rooms: tuple[str, ...] = ("team",), top: str = "") -> None:
        monkeypatch.setenv("DIGEST_TEST_TEAM", address)
        home.subscribe("kelp", "kelp", chat=list(rooms))
        home.write("digest.toml", f'channels = ["chat"]\n{top}\n[chat.team]\nurl_env = "DIGEST_TEST_TEAM"\n')

    return prepare


def host(url: str) -> str:
    return url.removeprefix("http://")


def sent(home: MailHome, status: int = 0) -> dict:
    return home.run(NOW, status=status)["delivery"]


@contextmanager
def raw_server(reply: bytes | None):
    """Accept connections, read a request, answer with these bytes (None: never), hang up."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.05)

        def serve() -> None:
            while not over.is_set():
                with suppress(OSError):
                    client, _ = listener.accept()
                    with client:
                        client.settimeout(5)
                        data = b""
                        while b"\r\n\r\n" not in data:
                            data += client.recv(65536)
                        if reply is None:
                            over.wait(5)
                        else:
                            client.sendall(reply)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            over.set()
            thread.join()


def test_a_short_issue_goes_to_the_room_once(home: MailHome, chatting):
    with http_server([HttpReply()]) as server:
        chatting(f"json://{host(server.url)}/{SECRET}")
        done = sent(home)
        assert home.deliver()["messages"] == []
    (asked,) = server.requests
    sent_message = json.loads(asked.body)
    assert sent_message["title"] == "kelp: Kelp and the Slow Lamp, Granite Under Kelp: A Pier Study"
    assert "1. Kelp and the Slow Lamp\n" in sent_message["message"]
    assert "http://localhost:8350/papers/1.html" in sent_message["message"]
    assert "Why it is here:" in sent_message["message"]
    (line,) = done["messages"]
    assert (line["recipient"], line["channel"], line["status"], line["reply"]) == (
        "team", "chat", "sent", "200 accepted by the service",
    )  # fmt: skip
    assert not any(SECRET in line for line in home.dump())
    assert SECRET not in str(done)
    home.change("update outbox set status = 'pending'")
    columns = "issue, recipient, address, domain, channel, status, attempts, doubts, queued, due, begun, delivery, reply"
    with pytest.raises(Exception, match="UNIQUE"):
        home.change(f"insert into outbox ({columns}) select {columns} from outbox")


def test_the_message_is_in_the_language_of_the_subscription(home: MailHome, chatting):
    with http_server([HttpReply()]) as server:
        chatting(f"json://{host(server.url)}")
        home.subscribe("kelp", "kelp", chat=["team"], language="de")
        sent(home)
    sent_message = json.loads(server.requests[0].body)
    assert sent_message["title"] == "kelp: Kelp and the Slow Lamp, Granite Under Kelp: A Pier Study"
    assert "Grund: kelp im Titel" in sent_message["message"]


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 503])
def test_a_refusal_is_deferred(home: MailHome, chatting, status, caplog, capfd):
    with http_server([HttpReply(status, b"no " + SECRET.encode()), HttpReply()]) as server:
        chatting(f"json://{host(server.url)}/{SECRET}")
        with caplog.at_level(logging.DEBUG):
            done = sent(home)
        assert [(each["status"], each["reply"]) for each in done["messages"]] == [
            ("deferred", f"{status} refused by the service")
        ]
        assert home.deliver("2026-11-20T09:10")["deferred"] == 1
        assert home.deliver("2026-11-20T10:00")["sent"] == 1
    ours = "".join(record.getMessage() for record in caplog.records if not record.name.startswith("urllib3"))
    assert SECRET not in ours + capfd.readouterr().err


def test_an_unreachable_service_is_tried_again(home: MailHome, chatting):
    chatting(f"json://127.0.0.1:1/{SECRET}")
    done = sent(home)
    assert [(each["status"], each["reply"]) for each in done["messages"]] == [
        ("deferred", "the service cannot be reached")
    ]
    assert done["paused"] is None


@pytest.mark.parametrize("reply", [b"", None])
def test_a_lost_reply_is_in_doubt(home: MailHome, chatting, reply, monkeypatch):
    monkeypatch.setattr("digest.deliver.chat._TIMEOUT", 0.3)
    with raw_server(reply) as port:
        chatting(f"json://127.0.0.1:{port}/?rto=0.3")
        done = sent(home, status=1)
        (line,) = done["messages"]
        assert (line["status"], line["reply"]) == (
            "in_doubt",
            "the connection was lost after the message was sent",
        )
    with http_server([HttpReply()]) as server:
        chatting(f"json://{host(server.url)}")
        assert home.deliver("2026-11-20T09:01")["sent"] == 1
        assert len(server.requests) == 1
    (listed,) = home.call("outbox", "list", "--json").json
    assert (listed["recipient"], listed["doubts"]) == ("team", 1)


def test_ntfy_and_a_room_together_with_mail(home: MailHome, chatting, monkeypatch):
    with http_server(lambda _: HttpReply(200, b"{}", {"Content-Type": "application/json"})) as server:
        chatting(f"ntfy://{host(server.url)}/papers", top="")
        home.subscribe("kelp", "kelp", chat=["team"], email=["ada@x.test"])
        text = (home.path / "digest.toml").read_text().replace('["chat"]', '["maildir", "chat"]')
        home.write("digest.toml", text + '[maildir]\npath = "Mail"\nfrom = "d@example.org"\n')
        done = sent(home)
    assert {(each["channel"], each["recipient"]) for each in done["messages"]} == {
        ("maildir", "ada@x.test"),
        ("chat", "team"),
    }
    assert done["sent"] == 2
    assert b"Kelp and the Slow Lamp" in server.requests[0].body


def test_invalid_rooms(home: MailHome, chatting, monkeypatch):
    chatting("json://127.0.0.1:1/", rooms=("team", "staff"))
    home.write("digest.toml", 'channels = ["chat"]\n[chat.team]\nurl_file = "room"\n')
    done = {each["recipient"]: each for each in sent(home)["messages"]}
    assert (
        done["staff"]["reply"] == "digest.toml: [chat.staff] is missing, but a subscription uses it; add it"
    )
    assert "chat.team.url_file" in done["team"]["reply"]
    assert {each["status"] for each in done.values()} == {"deferred"}
    assert "kelp: chat: digest.toml has no table [chat.staff]" in str(
        home.call("subscriptions", "check", "--json").json
    )
    home.write("room", f"bogus://{SECRET}\n")
    home.call("outbox", "drop", done["staff"]["id"])
    reply = next(each["reply"] for each in home.deliver("2026-11-20T12:00")["messages"])
    assert "does not contain a URL that apprise supports" in reply and SECRET not in reply
    found = [each for each in home.call("doctor", "--json", "--now", NOW).json if each["check"] == "chat"]
    assert [each["state"] for each in found] == ["bad"]
    home.write("room", "json://127.0.0.1:1/")
    found = [each for each in home.call("doctor", "--json", "--now", NOW).json if each["check"] == "chat"]
    assert [(each["state"], each["message"]) for each in found] == [("good", "team: JSON")]
    with http_server([HttpReply()]) as server:
        home.write("room", f"json://{host(server.url)}/")
        assert home.call("recipients", "suppress", "team").status == 0
        assert home.call("recipients", "suppress", "nobody").status == 2
        home.call("outbox", "retry", "--all", "--now", NOW)
        assert [each["status"] for each in home.deliver()["messages"]] == ["suppressed"]
        assert server.requests == []


def test_a_url_of_several_rooms_and_a_missing_package(monkeypatch):
    several = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#one/#two"
    with pytest.raises(UsageError, match=r"chat\.team: its URL names 2 rooms"):
        open_room("team", several)
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(ChannelUnavailable, match=r"pip install 'paper-digest\[chat\]'"):
        open_room("team", "json://x")


def test_a_lost_lease_sends_nothing():
    with http_server([HttpReply()]) as server:
        channel = ChatChannel(lambda _: f"json://{host(server.url)}", lambda *_: ("title", "text"))
        line = Delivery(1, 1, "s", 1, "team", "chat", "leased", 1, 0, None, None)  # type: ignore[arg-type]
        assert channel.open().send(line, lambda: False) is None
        assert server.requests == []


def test_an_error_of_apprise_is_in_doubt(monkeypatch):
    channel = ChatChannel(lambda _: f"json://127.0.0.1:1/{SECRET}", lambda *_: ("title", "text"))
    line = Delivery(1, 1, "s", 1, "team", "chat", "leased", 1, 0, None, None)  # type: ignore[arg-type]
    link = channel.open()
    monkeypatch.setattr(type(link._room("team")), "notify", lambda *_, **__: {}[SECRET])
    assert link.send(line, lambda: True) == Reply("end", 0, "apprise failed to send the message (KeyError)")


@pytest.mark.parametrize(("service", "limit"), [
    ("discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js", 2000), ("tgram://123456789:abcdefg_hijklmnop/12315544/", 4000),
    ("rocket://user:pass@localhost/#room", 1000), ("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/", 4000),
])  # fmt: skip
def test_a_message_respects_the_limit_of_its_service(home: MailHome, service, limit):
    titles = [
        f"Kelp <{number}> & the & Slow & Lamps of a Very Long Pier, Seen from Afar" for number in range(20)
    ]
    home.put("2026-11-18.txt", page(*titles, day="Nov 18"))
    home.subscribe("kelp", "kelp")
    home.run(NOW)
    made: list[tuple[str, str]] = []
    from digest.deliver.chat import _fits
    from digest.home.settings_file import open_home
    from digest.pipeline.outputs import renderer_for
    from digest.store.engine import open_store

    store = open_store("sqlite:///digest.db", home=home.path)
    with store.begin(write=False) as tx:
        issue = tx.issues.get(1).issue
    store.close()
    room = open_room("team", service)
    made.append(renderer_for(open_home(str(home.path))).chat(issue, lambda *message: _fits(room, *message)))
    title, text = made[0]
    assert len(escape(f"{title}\r\n{text}")) <= limit
    assert len(text) > limit * 0.6
    assert text.rsplit("\n", 1)[1].startswith("and ") and "on the web: http://" in text


@given(st.integers(0, 5000))
def test_there_is_a_link_with_any_limit(limit):
    title, text = Renderer(None, FRAME).chat(ISSUE, lambda *message: len("".join(message)) <= limit)
    assert "https://" in text
    assert "\n" not in title
    if limit > 400:
        assert len(title + text) <= limit


def test_an_invalid_room_name_in_a_subscription(home: MailHome):
    home.subscribe("kelp", "kelp", chat=["slack://secret"])
    done = home.call("subscriptions", "check")
    assert done.status == 2
    assert "is not a valid room name; use the NAME" in done.out + done.err
