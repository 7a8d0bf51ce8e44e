"""Mail in the ledger and in `digest why`: sent, waiting, refused, never queued."""

import pytest

from tests.deliver.mail_home import MailHome
from tests.deliver.smtp_server import ACCEPT, ScriptedServer

pytestmark = pytest.mark.usefixtures("both_databases")

REPLIES = {"bo": "recipient 451 4.3.0 come back later", "cy": "recipient 550 5.1.1 nobody here"}


def plan(recipient: str, _before: int) -> str:
    return REPLIES.get(recipient.partition("@")[0], ACCEPT)


def deliver(home: MailHome) -> None:
    with ScriptedServer(plan=plan) as server:
        home.settings(server.port)
        home.subscribe("tea", "kelp", email=[f"{name}@reader.test" for name in ("ada", "bo", "cy", "di")])
        home.subscribe("plain", "kelp")
        home.run(status=1)


def test_the_ledger_counts_mail_by_status(home):
    deliver(home)
    run = home.call("ledger", "--run", 1, "--json").json
    wanted = {"sent": 2, "deferred": 1, "failed": 1, "suppressed": 0, "in_doubt": 0, "pending": 0}
    assert run["mail"] == wanted
    delivery = run["report"]["delivery"]
    assert {name: delivery[name] for name in wanted} == wanted
    assert [each["status"] for each in delivery["messages"]] == ["sent", "deferred", "failed", "sent"]
    assert "2 sent, 1 deferred, 1 failed" in home.call("ledger", "--run", 1).out
    assert "2 sent, 1 deferred, 1 failed" in home.call("ledger").out
    with ScriptedServer() as server:
        home.settings(server.port)
        home.deliver("2026-11-20T12:00")
    (later,) = home.call("ledger", "--json").json
    assert (later["mail"]["sent"], later["mail"]["deferred"]) == (3, 0)


def test_why_reports_the_mail_of_an_issue(home):
    deliver(home)
    shown = home.call("why", "tea", "2026-11-20").out
    assert "mail of issue 1 to 2 recipients: sent Fri 2026-11-20 09:00" in shown
    assert "mail of issue 1 to bo@reader.test: deferred until Fri 2026-11-20 09:" in shown
    assert "come back later" in shown
    assert "mail of issue 1 to cy@reader.test: failed Fri 2026-11-20 09:00: " in shown
    (decided,) = home.call("why", "tea", "--json").json["decided"]
    assert [each["status"] for each in decided["mail"]] == ["sent", "deferred", "failed", "sent"]
    assert decided["mail"][0]["settled"].startswith("2026-11-20T09:00")


def test_why_reports_waiting_mail_within_a_screen(home):
    home.queue(tea=[f"r{number}@reader.test" for number in range(30)])
    shown = home.call("why", "tea").out
    assert "queued since" in shown
    assert "and 24 more: digest outbox list" in shown
    assert len(shown.splitlines()) < 24


def test_why_reports_that_there_is_no_mail_with_a_remedy(home):
    home.subscribe("tea", "kelp", email="ada@reader.test")
    home.subscribe("plain", "kelp")
    home.run()
    assert "digest.toml sets no channels" in home.call("why", "tea").out
    assert "no email address" in home.call("why", "plain").out
    home.settings(1)
    assert "when the issues were made, a channel or an address was missing" in home.call("why", "tea").out
    home.subscribe("tea", "AND")
    assert "mail" not in home.call("why", "tea").out
