"""What stops a delivery run early, and what does not."""

import sqlite3
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.deliver.retry_policy import GIVE_UP, outcome_of, retry_at
from digest.deliver.throttle import Throttle
from digest.home.settings_file import open_home
from digest.model import Delivery, Reply, Stage
from digest.pipeline.channels import CHANNELS
from digest.pipeline.set_aside import Boundary
from digest.services.workspace import open_library
from digest.store.delivery_writer import SqliteDeliveryWriter
from tests.deliver import smtp_server
from tests.deliver.mail_home import NOW as MAIL_NOW
from tests.deliver.mail_home import MailHome
from tests.deliver.smtp_server import ScriptedServer

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)


def test_ten_lost_connections_in_a_row_stop_the_run(home: MailHome):
    home.queue(kelp=[f"r{n}@x.test" for n in range(15)])
    with ScriptedServer(plan=lambda _to, _before: smtp_server.HANG_UP_AFTER) as server:
        home.settings(server.port)
        report = home.deliver(status=1)
    assert report["paused"].startswith("10 attempts in a row got no reply; the last: the connection was lost")
    assert (report["in_doubt"], report["pending"]) == (10, 5)


def test_a_template_error_defers_its_mail(home: MailHome):
    home.queue(kelp=["a@x.test"])
    home.write("templates/subject.txt", "{{ issue.nonsense.more }}")
    with ScriptedServer() as server:
        home.settings(server.port)
        report = home.deliver(status=1)
        assert report["deferred"] == 1
        assert "subject.txt" in report["problems"][0]
        (home.path / "templates" / "subject.txt").unlink()
        assert home.deliver("2026-11-20T10:00")["sent"] == 1


def test_an_invalid_address_in_the_outbox_is_never_given_to_a_server(home: MailHome):
    """As an older version may have queued it: subscriptions with such addresses are invalid now."""
    home.queue(kelp=["ab@x.test", "c@x.test"])
    home.change(
        "update outbox set recipient = 'a..b@x.test', address = recipient where recipient = 'ab@x.test'"
    )
    with ScriptedServer() as server:
        home.settings(server.port)
        report = home.deliver(status=1)
    assert [each["status"] for each in report["messages"]] == ["failed", "sent"]
    assert not any("a..b" in command for command in server.commands)
    assert "correct it in the subscription" in report["messages"][0]["reply"]
    # What our own check refuses is never held against the recipient.
    assert not any(each["suppressed"] for each in home.call("recipients", "list", "--json").json)


def test_invalid_addresses_are_not_taken_for_a_server_that_fails(home: MailHome):
    home.queue(kelp=[f"ab{number}@x.test" for number in range(30)] + ["ok@x.test"])
    home.change("update outbox set recipient = 'a..' || id || '@x.test' where recipient like 'ab%'")
    with ScriptedServer() as server:
        home.settings(server.port)
        report = home.deliver(status=1)
    assert (report["failed"], report["sent"]) == (30, 1)


def test_readers_with_a_name(home: MailHome):
    """The server gets the address, the reader's To has the name."""
    home.queue(kelp=["Chloé Dupont <chloe@x.test>", '"Lovelace, Ada" <ada@x.test>', "bob@x.test"])
    home.call("recipients", "suppress", "Bob <bob@x.test>")
    with ScriptedServer() as server:
        home.settings(server.port)
        report = home.deliver()
    assert (report["sent"], report["suppressed"]) == (2, 1)
    assert {each["recipient"] for each in report["messages"]} == {"chloe@x.test", "ada@x.test", "bob@x.test"}
    shown = {message_from_bytes(taken.data, policy=policy.default)["To"] for taken in server.taken}
    assert shown == {"Chloé Dupont <chloe@x.test>", '"Lovelace, Ada" <ada@x.test>'}


def test_a_database_error_stops_the_run(home: MailHome, monkeypatch):
    home.queue(kelp=["a@x.test", "b@x.test"])

    def full(*_arguments, **_more):
        raise sqlite3.OperationalError("database or disk is full")

    with ScriptedServer() as server:
        home.settings(server.port)
        with monkeypatch.context() as patch:
            patch.setattr(SqliteDeliveryWriter, "settle", full)
            done = home.call("deliver", "--now", MAIL_NOW)
        assert done.status == 1
        assert "full; free some space on the disk" in done.err
        # Messages sent while nothing could be recorded are in doubt, and no others.
        handed_over = len(server.taken)
        later = home.deliver(status=1)
        assert (later["in_doubt"], later["sent"]) == (handed_over, 2 - handed_over)


def test_a_lease_that_another_holder_has_taken_is_not_used(home: MailHome, monkeypatch):
    home.queue(kelp=["a@x.test"])
    monkeypatch.setattr(SqliteDeliveryWriter, "begin", lambda *_, **__: False)
    with ScriptedServer() as server:
        home.settings(server.port)
        assert home.deliver()["pending"] == 1
    assert server.taken == []


def test_each_channel_has_its_own_length_of_lease(home: MailHome):
    """The timeouts of the mail server say nothing about other channels."""
    home.write(
        "digest.toml",
        'channels = ["maildir"]\n[maildir]\npath = "mail"\nfrom = "d@example.org"\n'
        '[smtp]\nhost = "127.0.0.1"\ntls = "none"\nfrom = "d@example.org"\nfinal_timeout = 90000\n',
    )
    opened = open_home(str(home.path))
    with open_library(opened, create=True) as store:
        lengths = {
            name: CHANNELS[name].open(opened, store, Boundary()).longest_attempt
            for name in ("smtp", "maildir", "chat")
        }
    assert lengths["maildir"] < lengths["chat"] < timedelta(minutes=10)
    assert lengths["smtp"] > timedelta(seconds=90000)


# --- decisions


def line(attempts: int = 1, age: timedelta = timedelta(0)) -> Delivery:
    return Delivery(1, 1, "s", 1, "a@b.c", "smtp", "leased", attempts, 0, NOW - age, NOW)


STAGES = st.sampled_from(list(Stage.__args__))
CODES = st.just(0) | st.integers(200, 599)
TEXTS = st.text(max_size=20) | st.from_regex(r"[245]\.\d{1,2}\.\d{1,2} .*", fullmatch=True)


@given(
    stage=STAGES,
    code=CODES,
    text=TEXTS,
    attempts=st.integers(1, 50),
    hours=st.integers(0, 200),
    jitter=st.floats(0, 1),
)
def test_every_reply_has_an_outcome(stage, code, text, attempts, hours, jitter):
    delivery = line(attempts, timedelta(hours=hours))
    outcome = outcome_of(Reply(stage, code, text), delivery, now=NOW, jitter=jitter)
    assert (outcome.status == "sent") == (200 <= code < 300)
    assert (outcome.status == "in_doubt") == (code == 0 and stage == "end")
    assert not (outcome.suppress and outcome.pause)
    if outcome.status == "deferred":
        assert NOW < outcome.due <= max(delivery.queued + GIVE_UP, NOW + timedelta(minutes=1))
        assert hours < 120
    if stage == "address" and not 200 <= code < 300:
        assert (outcome.status, outcome.suppress, outcome.pause) == ("failed", "", "")
    elif outcome.status == "failed" and code < 500:
        assert hours >= 120
    if outcome.suppress:
        assert outcome.status == "failed"
        assert code >= 500


@given(jitter=st.floats(0, 1))
def test_the_first_retry_is_within_an_hour_and_the_later_ones_further_apart(jitter):
    assert timedelta(minutes=10) < retry_at(line(), now=NOW, jitter=jitter) - NOW < timedelta(hours=1)
    waits = [retry_at(line(n), now=NOW, jitter=0.5) - NOW for n in range(1, 12)]
    assert waits == sorted(waits)
    assert waits[-1] == timedelta(hours=8)


@pytest.mark.parametrize(
    ("text", "status", "ends"),
    [
        ("5.1.1 x", "failed", "address"), ("5.1.10 x", "failed", "address"), ("5.2.1 x", "failed", "address"),
        ("5.2.2 x", "deferred", ""), ("5.7.1 x", "deferred", "run"), ("5.3.4 x", "deferred", "run"), ("5.1.8 x", "deferred", "run"),
        ("5.6.0 x", "failed", ""), ("nonsense", "failed", ""), ("5.1.15 x", "failed", ""),
    ],
)  # fmt: skip
def test_what_a_refusal_stops(text, status, ends):
    outcome = outcome_of(Reply("end", 550, text), line(), now=NOW, jitter=0)
    assert outcome.status == status
    assert ("address" if outcome.suppress else "run" if outcome.pause else "") == ends


def test_a_throttle_counts_and_spaces():
    throttle = Throttle(at_once=2, per_minute=30)
    assert throttle.limited
    throttle.begin("x", 100.0)
    assert throttle.blocked(100.0) == {"x"}
    assert throttle.wait(100.0) == 2.0
    assert throttle.blocked(102.0) == frozenset()
    throttle.begin("x", 102.0)
    assert throttle.blocked(110.0) == {"x"}  # two are active
    throttle.end("x")
    assert throttle.blocked(110.0) == frozenset()
    assert not Throttle(at_once=0, per_minute=0).limited


@given(at_once=st.integers(0, 3), steps=st.lists(st.sampled_from("abc"), max_size=30))
def test_a_throttle_never_exceeds_its_limit(at_once, steps):
    throttle, active = Throttle(at_once=at_once, per_minute=0), []
    for domain in steps:
        if domain in throttle.blocked(0.0):
            active.remove(domain)
            throttle.end(domain)
        else:
            active.append(domain)
            throttle.begin(domain, 0.0)
        assert not at_once or active.count(domain) <= at_once
