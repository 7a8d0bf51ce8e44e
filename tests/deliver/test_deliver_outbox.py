"""From the outbox to a scripted server."""

import pytest

from digest.system.locks import boot_id
from tests.deliver import smtp_server
from tests.deliver.mail_home import NOW, MailHome
from tests.deliver.smtp_server import ScriptedServer
from tests.homes import page

pytestmark = pytest.mark.usefixtures("both_databases")


def test_every_recipient_gets_one_message(home: MailHome):
    home.queue(kelp=["a@x.test", "b@x.test"], lamps=["a@x.test"])
    with ScriptedServer() as server:
        home.settings(server.port)
        report = home.deliver()
        assert home.deliver()["messages"] == []
    assert (report["sent"], report["pending"], report["paused"]) == (3, 0, None)
    assert [(m["subscription"], m["issue"], m["recipient"], m["status"]) for m in report["messages"]] == [
        ("kelp", 1, "a@x.test", "sent"), ("kelp", 1, "b@x.test", "sent"), ("lamps", 1, "a@x.test", "sent"),
    ]  # fmt: skip
    assert report["messages"][0]["reply"] == "250 2.0.0 taken as 1A2B3C"
    assert sorted(each.recipients for each in server.taken) == [("a@x.test",), ("a@x.test",), ("b@x.test",)]
    assert len({each.data for each in server.taken}) == 3
    assert server.connections == 1


def test_a_run_delivers_its_issues(home: MailHome):
    home.subscribe("kelp", "kelp", email=["a@x.test"])
    with ScriptedServer() as server:
        home.settings(server.port)
        report = home.run(NOW)
        assert report["delivery"]["sent"] == 1
        home.put("2026-11-17.txt", page("Kelp Again", day="Nov 17"))
        assert home.run("2026-11-21T09:00", "--dry-run")["delivery"] is None
        assert home.run("2026-11-21T09:00")["delivery"]["sent"] == 1
        assert home.run("2026-11-21T09:00")["delivery"]["messages"] == []
    assert len(server.taken) == 2


def test_a_run_that_cannot_deliver_is_reported(home: MailHome, monkeypatch):
    monkeypatch.delenv("DIGEST_TEST_PASSWORD", raising=False)
    home.subscribe("kelp", "kelp", email=["a@x.test"])
    home.settings(1, 'user = "me"', 'password_env = "DIGEST_TEST_PASSWORD"')
    report = home.run(NOW, status=1)
    assert report["subscriptions"][0]["issue"]["number"] == 1
    assert "DIGEST_TEST_PASSWORD is not set" in report["delivery"]["paused"]
    assert home.rows("select status from outbox") == [("pending",)]


def test_a_missing_mailbox_does_not_stop_delivery(home: MailHome):
    home.queue(kelp=["a@x.test"])
    with ScriptedServer() as server:
        home.settings(server.port, more='[bounces]\nmailbox = "gone"')
        report = home.deliver(status=1)
    assert report["sent"] == 1
    assert "gone: cannot be read" in report["problems"][0]


def test_without_a_channel_nothing_is_queued(home: MailHome):
    home.subscribe("kelp", "kelp", email=["a@x.test"])
    assert home.run(NOW)["delivery"] is None
    assert home.rows("select * from outbox") == []
    assert home.deliver()["messages"] == []


@pytest.mark.parametrize(
    ("plan", "status", "exit_", "paused"),
    [
        ("recipient 450 4.2.0 greylisted", "deferred", 0, False),
        ("end 451 4.3.0 later", "deferred", 0, False),
        ("recipient 421 4.7.0 too busy", "deferred", 0, False),
        ("recipient 552 5.2.2 mailbox full", "deferred", 0, False),
        ("recipient 550 5.1.1 nobody here", "failed", 1, False),
        ("recipient 550 No such user here", "failed", 1, False),
        ("recipient 554 5.0.0 no", "failed", 1, False),
        ("end 550 5.7.515 not authenticated", "deferred", 1, True),
        ("data 554 5.3.2 not now", "deferred", 1, True),
        (smtp_server.HANG_UP_AFTER, "in_doubt", 1, False),
        (smtp_server.HANG_UP_AFTER_LOSING, "in_doubt", 1, False),
        (smtp_server.STALL_AFTER, "in_doubt", 1, False),
    ],
)
def test_outcomes_of_replies(home: MailHome, plan, status, exit_, paused):
    home.queue(kelp=["bad@x.test", "good@y.test"])
    with ScriptedServer(plan=lambda to, _: plan if to.startswith("bad") else smtp_server.ACCEPT) as server:
        home.settings(server.port, "timeout = 1", "final_timeout = 1")
        report = home.deliver(status=exit_)
    assert report["messages"][0]["status"] == status
    assert bool(report["paused"]) is paused
    # One that was refused for our fault stops the others; any other does not.
    assert report["messages"][1]["status"] == ("pending" if paused else "sent")
    assert report[status] == 1
    assert home.rows("select count(*) from suppression") == [(int("5.1.1" in plan or "No such" in plan),)]


@pytest.mark.parametrize("plan", [smtp_server.HANG_UP_BEFORE, smtp_server.STALL_BEFORE])
def test_an_error_before_the_end_is_not_a_delivery(home: MailHome, plan):
    """A small message is with the system before the trouble shows: then nobody can know."""
    home.queue(kelp=["bad@x.test", "good@y.test"])
    with ScriptedServer(
        plan=lambda to, n: plan if to.startswith("bad") and not n else smtp_server.ACCEPT
    ) as server:
        home.settings(server.port, "timeout = 1", "final_timeout = 1")
        report = home.deliver(status=None)
        assert report["messages"][0]["status"] in {"deferred", "in_doubt"}
        assert report["messages"][1]["status"] == "sent"
        assert home.deliver("2026-11-20T10:00")["sent"] == 1
    assert len(server.data_of("bad@x.test")) == 1


def test_a_suppressed_address_gets_no_more_mail(home: MailHome):
    home.queue(kelp=["Gone@x.test", "b@x.test"])
    with ScriptedServer(
        plan=lambda to, _: "recipient 550 5.1.1 no" if "one" in to else smtp_server.ACCEPT
    ) as server:
        home.settings(server.port)
        assert home.deliver(status=1)["failed"] == 1
        home.put("2026-11-17.txt", page("Kelp Again", day="Nov 17"))
        delivery = home.run("2026-11-21T09:00")["delivery"]
        assert (delivery["sent"], delivery["suppressed"]) == (1, 1)
        assert delivery["messages"][0]["reply"] == "550 5.1.1 no"
        assert server.tries["Gone@x.test"] == 1
        listed = home.call("recipients", "list", "--json").json
        assert [(each["address"], each["suppressed"], each["sent"]) for each in listed] == [
            ("b@x.test", False, 2), ("gone@x.test", True, 0),
        ]  # fmt: skip
        assert home.call("recipients", "unsuppress", "GONE@x.test").status == 0
        assert home.call("recipients", "unsuppress", "gone@x.test").status == 2


def test_an_address_can_be_suppressed_for_one_subscription(home: MailHome):
    home.queue(kelp=["a@x.test"], lamps=["a@x.test"])
    assert home.call("recipients", "suppress", "A@x.test", "--subscription", "lamps").status == 0
    with ScriptedServer() as server:
        home.settings(server.port)
        report = home.deliver()
    assert [each["status"] for each in report["messages"]] == ["sent", "suppressed"]


def test_a_message_in_doubt_is_sent_again_once_with_the_same_message_id(home: MailHome):
    home.queue(kelp=["a@x.test"])
    with ScriptedServer(plan=lambda _to, _before: smtp_server.HANG_UP_AFTER) as server:
        home.settings(server.port)
        assert home.deliver(status=1)["in_doubt"] == 1
        assert len(server.taken) == 1  # not again in the same run
        assert home.deliver(status=1)["in_doubt"] == 1
        assert home.deliver("2026-11-22T12:00", status=1)["in_doubt"] == 1
        assert len(server.taken) == 2
        assert server.taken[0].data == server.taken[1].data
        server.plan = lambda _to, _before: smtp_server.ACCEPT
        (line,) = home.call("outbox", "list", "--json").json
        assert (line["status"], line["doubts"]) == ("in_doubt", 2)
        assert home.call("outbox", "retry", line["id"], "--now", "2026-11-22T12:00").status == 0
        assert home.deliver("2026-11-22T12:00")["sent"] == 1
    (line,) = home.call("outbox", "list", "--json").json
    assert (line["status"], line["doubts"]) == ("sent", 2)


def test_a_message_in_doubt_is_held_if_configured(home: MailHome):
    home.queue(kelp=["a@x.test"])
    with ScriptedServer(plan=lambda _to, _before: smtp_server.HANG_UP_AFTER) as server:
        home.settings(server.port, top='in_doubt = "hold"')
        assert home.deliver(status=1)["in_doubt"] == 1
        assert home.deliver("2026-11-23T09:00", status=1)["in_doubt"] == 1
    assert len(server.taken) == 1
    assert home.call("outbox", "drop", "--all").status == 0
    assert home.deliver("2026-11-23T09:00")["messages"] == []


def test_retries_grow_and_end_after_five_days(home: MailHome):
    home.queue(kelp=["a@x.test"])
    waits = []
    with ScriptedServer(plan=lambda _to, _before: "recipient 450 4.2.0 later") as server:
        home.settings(server.port)
        now = "2026-11-20T09:00:00+00:00"
        for _ in range(40):
            report = home.deliver(now, status=None)
            (message,) = report["messages"]
            if message["status"] != "deferred":
                break
            waits.append((now, message["due"]))
            now = message["due"]
    assert message["status"] == "failed"
    assert message["reply"].startswith("given up after 5 days: 450 4.2.0 later")
    assert waits[0][1] < "2026-11-20T10:00"
    assert now.startswith("2026-11-25T09:00")
    assert 15 < len(waits) < 40


def test_an_unreachable_server_stops_the_run_and_nothing_is_lost(home: MailHome):
    home.queue(kelp=["a@x.test", "b@x.test", "c@x.test"])
    home.settings(1)
    report = home.deliver(status=1)
    assert (report["deferred"], report["pending"]) == (1, 2)
    assert "127.0.0.1:1: cannot be reached" in report["paused"]
    with ScriptedServer() as server:
        home.settings(server.port)
        assert home.deliver("2026-11-20T10:00")["sent"] == 3


def test_a_dry_run_changes_nothing(home: MailHome):
    home.queue(kelp=["a@x.test", "b@x.test"])
    home.call("recipients", "suppress", "b@x.test")
    before = home.dump()
    with ScriptedServer() as server:
        home.settings(server.port)
        report = home.deliver(NOW, "--dry-run")
    assert (report["pending"], report["suppressed"], report["would_send"]) == (1, 1, 1)
    assert home.dump() == before
    assert server.connections == 0


def test_an_expired_lease_is_recovered(home: MailHome):
    home.queue(kelp=["a@x.test", "b@x.test"])
    home.change(
        "update outbox set status = 'leased', holder = 'elsewhere', leased_until = '2026-11-20T09:05:00.000000Z'"
    )
    home.change("update outbox set begun = true where recipient = 'a@x.test'")
    with ScriptedServer() as server:
        home.settings(server.port)
        assert home.deliver("2026-11-20T09:04")["pending"] == 2
        report = home.deliver("2026-11-20T09:06", status=1)
        assert (report["sent"], report["in_doubt"]) == (1, 1)
        assert home.deliver("2026-11-20T10:06")["sent"] == 1


def test_writes_that_a_power_cut_may_have_lost_are_in_doubt(home: MailHome):
    home.queue(kelp=["a@x.test", "b@x.test"])
    home.change(
        "update outbox set status = 'leased', holder = '1-ab@0123', leased_until = '2026-11-20T09:05:00.000000Z'"
    )
    home.change(
        f"update outbox set holder = '1-ab@{boot_id()}' where recipient = 'b@x.test'"
    )  # which only its process left
    with ScriptedServer() as server:
        home.settings(server.port)
        report = home.deliver("2026-11-20T09:06", status=1)
        assert (report["sent"], report["in_doubt"]) == (1, 1)
        assert home.deliver("2026-11-20T10:06")["sent"] == 1
    assert sorted(each.recipients for each in server.taken) == [("a@x.test",), ("b@x.test",)]


def test_several_connections_and_limits_of_a_domain(home: MailHome):
    home.queue(kelp=[f"r{n}@{'xy'[n % 2]}.test" for n in range(30)])
    with ScriptedServer() as server:
        home.settings(server.port, "connections = 4", "domain_connections = 1", "domain_per_minute = 6000")
        assert home.deliver()["sent"] == 30
    assert len(server.taken) == 30
    assert server.most_at_once <= 2


def test_a_connection_sends_a_limited_number_of_messages(home: MailHome):
    home.queue(kelp=[f"r{n}@x.test" for n in range(7)])
    with ScriptedServer() as server:
        home.settings(server.port, "messages_per_connection = 3")
        assert home.deliver()["sent"] == 7
    assert server.connections == 3


def test_the_ledger_of_deliveries_adds_up(home: MailHome):
    home.queue(kelp=["a@x.test", "b@x.test"])
    with ScriptedServer(
        plan=lambda to, _: "recipient 450 4.2.0 later" if "a@" in to else smtp_server.ACCEPT
    ) as server:
        home.settings(server.port)
        home.deliver()
    rows = home.rows("select candidates, sent, deferred, failed, suppressed, in_doubt, pending from delivery")
    assert rows[-1] == (2, 1, 1, 0, 0, 0, 0)
    assert all(row[0] == sum(row[1:]) for row in rows)
