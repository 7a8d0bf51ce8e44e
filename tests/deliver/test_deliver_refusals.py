"""One refused reader is one refused reader, and a refused sender suppresses nobody."""

from datetime import UTC, datetime

import pytest

from digest.deliver.retry_policy import outcome_of
from digest.model import Delivery, Reply
from tests.deliver.mail_home import MailHome
from tests.deliver.smtp_server import ACCEPT, ScriptedServer

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)


def statuses(report):
    return {each["recipient"]: each["status"] for each in report["messages"]}


def test_refused_readers_delay_nobody(home: MailHome):
    """Twelve readers, five of them refused for reasons of policy: the other seven get their mail at once."""
    readers = [f"r{n}@{'good' if n % 2 else f'bad{n}'}.test" for n in range(10)] + [
        "x@good.test",
        "y@good.test",
    ]
    home.queue(kelp=readers)

    def plan(to: str, _before: int) -> str:
        return ACCEPT if "good" in to else f"recipient 550 5.7.1 <{to}>: not from you"

    with ScriptedServer(plan=plan) as server:
        home.settings(server.port)
        report = home.deliver()
        assert (report["sent"], report["deferred"], report["paused"]) == (7, 5, None)
        home.deliver("2026-11-20T10:00")
        report = home.deliver("2026-11-20T12:00", status=1)
        assert report["failed"] == 5, report
        assert all("undeliverable, refused 3 times" in each["reply"] for each in report["messages"])
    assert home.rows("select count(*) from suppression") == [(0,)]


def test_three_domains_refused_in_the_same_words_pause(home: MailHome):
    home.queue(kelp=[f"r{n}@x{n}.test" for n in range(8)])
    with ScriptedServer(
        plan=lambda to, _: f"recipient 550 5.7.1 <{to}>: your address 192.0.2.9 is blocked"
    ) as server:
        home.settings(server.port)
        report = home.deliver(status=1)
        assert report["paused"].startswith("recipients in 3 domains were refused in the same words")
        assert (report["deferred"], report["pending"]) == (3, 5)
    with ScriptedServer() as server:
        home.settings(server.port)
        assert home.deliver("2026-11-20T12:00")["sent"] == 8


@pytest.mark.parametrize(
    "reply",
    [
        "550-Verification failed for <digest@example.org> No Such User Here; Sender verify failed",
        "550 5.1.1 User unknown",
    ],
)
@pytest.mark.parametrize("count", [4, 25])
def test_a_refused_sender_suppresses_nobody(home: MailHome, reply, count):
    home.queue(kelp=[f"r{n}@x.test" for n in range(count)])
    reply = reply.replace("550-", "550 ")
    with ScriptedServer(plan=lambda _to, _: f"recipient {reply}") as server:
        home.settings(server.port)
        report = home.deliver(status=None)
    assert home.rows("select count(*) from suppression") == [(0,)]
    if count > 10:
        assert report["paused"].startswith("all of the first 10 recipients were refused")
        assert report["pending"] == count - 10
        assert report["deferred"] == 10
        with ScriptedServer() as server:
            home.settings(server.port)
            assert home.deliver("2026-11-20T18:00")["sent"] == count


def test_a_reply_that_names_the_address_suppresses_it(home: MailHome):
    home.queue(kelp=["ada@x.test", "bob@x.test"])
    with ScriptedServer(plan=lambda to, _: f"recipient 550 5.1.1 <{to}>: User unknown") as server:
        home.settings(server.port)
        assert home.deliver(status=1)["failed"] == 2
    assert home.rows("select address from suppression order by 1") == [("ada@x.test",), ("bob@x.test",)]


def test_a_reply_that_names_another_address_suppresses_nobody(home: MailHome):
    home.queue(kelp=[f"r{n}@x.test" for n in range(4)])
    with ScriptedServer(
        plan=lambda to, _: (
            ACCEPT if to == "r3@x.test" else "recipient 550 5.1.1 <digest@example.org>: User unknown"
        )
    ) as server:
        home.settings(server.port)
        report = home.deliver()
    assert (report["sent"], report["deferred"]) == (1, 3)
    assert home.rows("select count(*) from suppression") == [(0,)]


def test_dead_addresses_before_the_first_accepted_one_are_suppressed(home: MailHome):
    home.queue(kelp=[f"gone{n}@x.test" for n in range(3)] + ["ada@x.test"])
    with ScriptedServer(plan=lambda to, _: "recipient 511 sorry, no mailbox here by that name (#5.1.1 - chkuser)" if "gone" in to else ACCEPT) as server:  # fmt: skip
        home.settings(server.port)
        report = home.deliver(status=1)
    assert (report["sent"], report["failed"]) == (1, 3)
    assert home.rows("select count(*) from suppression") == [(3,)]


@pytest.mark.parametrize(
    "reply",
    [
        "550 5.4.5 Daily user sending limit exceeded. For more information on Gmail sending limits go to https://support.google.com/a/answer/166852",
        "554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException; message sending quota",
        "554 5.2.252 SendAsDenied; digest@example.org not allowed to send as other@example.org",
        "554 Message rejected: Email address is not verified. The following identities failed the check in region EU-WEST-1: digest@example.org",
        "550 The from address does not match a verified Sender Identity. Mail cannot be sent until this error is resolved.",
        "550 5.4.6 Unusual sending activity detected. Please try after sometime",
        "550 Domain example.org has exceeded the max emails per hour (25/25 (100%)) allowed. Message discarded.",
    ],
)
@pytest.mark.parametrize("stage", ["end", "recipient"])
def test_limits_of_the_account_pause_and_defer(home: MailHome, reply, stage):
    readers = [f"r{n}@x.test" for n in range(6)]
    home.queue(kelp=readers)
    with ScriptedServer(plan=lambda to, _: ACCEPT if to in readers[:2] else f"{stage} {reply}") as server:
        home.settings(server.port)
        report = home.deliver(status=1)
        assert (report["sent"], report["deferred"], report["pending"]) == (2, 1, 3)
        assert reply[:20] in report["paused"]
    with ScriptedServer() as server:
        home.settings(server.port)
        assert home.deliver("2026-11-20T18:00")["sent"] == 4
    assert home.rows("select count(*) from suppression") == [(0,)]


def test_retry_all_covers_what_failed_because_of_the_account(home: MailHome):
    """A limit that lasts for five days, but not a message that bounced, was dropped or was refused for itself."""
    readers = [f"r{n}@x.test" for n in range(5)]
    replies = {readers[1]: "recipient 550 5.1.1 no such user", readers[2]: "end 554 5.6.0 broken message"}
    limit = "end 550 5.4.5 Daily user sending limit exceeded"
    home.queue(kelp=readers)
    with ScriptedServer(plan=lambda to, _: ACCEPT if to == readers[0] else replies.get(to, limit)) as server:
        home.settings(server.port)
        for day in range(20, 30):
            home.deliver(f"2026-11-{day}T09:00", status=None)
    statuses = home.rows("select status, count(*) from outbox group by status order by 1")
    assert statuses == [("failed", 4), ("sent", 1)]
    chosen = home.call("outbox", "retry", "--all", "--json", "--now", "2026-11-30T09:00").json
    assert [each["recipient"] for each in chosen] == readers[3:]
    with ScriptedServer() as server:
        home.settings(server.port)
        assert home.deliver("2026-11-30T09:00")["sent"] == 2
    home.change("update outbox set status = 'failed', reply = 'given up after 5 days: x'")
    assert home.call("outbox", "retry", "--all", "--json", "--now", "2027-03-01T09:00").json == []
    home.change("update outbox set reply = 'bounced: given up after 5 days'")
    assert home.call("outbox", "retry", "--all", "--json", "--now", "2026-11-30T09:00").json == []


def test_a_quoted_local_part_gets_mail(home: MailHome):
    home.queue(kelp=['"a b"@x.test', '"ada"@x.test'])
    with ScriptedServer() as server:
        home.settings(server.port)
        assert home.deliver()["sent"] == 2
    assert [each.recipients for each in server.taken] == [('"a b"@x.test',), ("ada@x.test",)]
    assert b'\r\nTo: "a b"@x.test\r\n' in server.taken[0].data


@pytest.mark.parametrize(
    "text",
    [
        "5.2.1 The user you are trying to contact is receiving mail at a rate that prevents additional messages",
        "5.2.122 The recipient has exceeded their limit for the number of messages they can receive per hour",
        "5.7.1 too many recipients this hour",
    ],
)
def test_a_busy_recipient_is_neither_dead_nor_a_reason_to_pause(text):
    line = Delivery(1, 1, "s", 1, "a@b.test", "smtp", "leased", 1, 0, NOW, NOW)
    outcome = outcome_of(Reply("recipient", 550, text), line, now=NOW, jitter=0.5)
    assert not outcome.suppress
    assert not outcome.pause


def test_after_an_outage_deliver_tries_what_it_stopped(home: MailHome):
    home.queue(kelp=["ada@x.test", "bob@x.test"])
    home.settings(1)
    for hour in ("09", "10", "11", "12"):
        assert home.deliver(f"2026-11-20T{hour}:00", status=1)["sent"] == 0
    with ScriptedServer() as server:
        home.settings(server.port)
        assert home.deliver("2026-11-20T12:01")["sent"] == 2
