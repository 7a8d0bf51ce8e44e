"""Requests made on the web: one email per address and day, valid for two days, and what confirming does."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest.home.settings_file import open_home
from digest.model import Subscription
from digest.services import accounts
from digest.services.workspace import Clock, open_library
from digest.signing import CONFIRM, token
from tests.homes import TestHome, page

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
ADA = "Ada@Example.org"
WISH = Subscription("", "Kelp", ("kelp",), schedule="daily 08:00", timezone="UTC", language="en")
SETTINGS = """
base_url = "https://papers.example.org/"
channels = ["maildir"]
[maildir]
path = "mail"
from = "digest@example.org"
[serve]
signup = "{signup}"
requests_per_hour = 3
mails_per_hour = 4
"""


def at(hours=0.0):
    return Clock.at(NOON + timedelta(hours=hours))


def made(path, signup="open"):
    home = TestHome(path)
    home.put("2026-11-16.txt", page("Kelp and the Slow Lamp", "Lamps of Nine Piers"))
    home.write("digest.toml", SETTINGS.format(signup=signup))
    return home


@pytest.fixture
def home(tmp_path):
    return made(tmp_path / "home")


def opened(home):
    return open_home(str(home.path))


def ask(home, address=ADA, network="192.0.2.0/24", hours=0.0, wish=WISH):
    done = accounts.request(opened(home), address, wish, network, at(hours))
    accounts.work(opened(home), at(hours))
    return done


def letters(home):
    """Return the kind and recipient of each letter in the outbox."""
    with open_library(opened(home), create=False) as store, store.begin(write=False) as tx:
        return [(each.letter.kind, each.recipient) for each in tx.outbox.everything() if each.letter]


def code_of(home, number=1):
    with open_library(opened(home), create=False) as store, store.begin(write=False) as tx:
        return token(tx.outbox.secret(), CONFIRM, number)


def mails(home):
    return [path.read_text() for path in sorted((home.path / "mail").rglob("new/*"))]


def test_one_email_per_address_and_day(home):
    for hours, address in enumerate([ADA, ADA, ADA.lower()]):
        assert ask(home, address, hours=hours)
    assert letters(home) == [("confirm", ADA)]
    accounts.work(opened(home), at(23.9))
    assert len(letters(home)) == 1
    accounts.work(opened(home), at(24.1))
    assert len(letters(home)) == 2


def test_a_network_has_a_limit_and_all_emails_together_have_one(home):
    assert [ask(home, f"a{number}@example.org") for number in range(5)] == [True] * 3 + [False] * 2
    assert [ask(home, f"b{number}@example.org", "198.51.100.0/24") for number in range(3)] == [True] * 3
    assert len(letters(home)) == 4  # the others wait
    accounts.work(opened(home), at(1.1))
    assert len(letters(home)) == 6
    assert ask(home, "a9@example.org", hours=1.1)


def test_a_request_that_nobody_confirms_is_deleted_with_its_email(home):
    ask(home)
    code = code_of(home)
    assert accounts.confirmation(opened(home), code, at(47.9)) is not None
    assert accounts.confirmation(opened(home), code, at(48.1)) is None
    accounts.work(opened(home), at(48.1))
    assert letters(home) == []
    with open_library(opened(home), create=False) as store, store.begin(write=False) as tx:
        assert tx.accounts.find_request(1) is None


def test_confirming_makes_a_private_subscription_and_the_next_run_its_first_issue(home):
    ask(home)
    code = code_of(home)
    assert not accounts.confirmation(opened(home), code, at(1)).done
    found = accounts.confirm(opened(home), code, at(1))
    assert found.done and not found.waits and found.code
    assert accounts.confirm(opened(home), code, at(2)).code == found.code  # a second time changes nothing
    (listed,) = home.call("subscriptions", "list", "--json").json
    assert listed["id"].startswith("web-")
    report = home.run("2026-11-20T13:05")
    (each,) = report["subscriptions"]
    assert each["issue"]["number"] == 1 and each["issue"]["html"] is None
    assert accounts.work(opened(home), at(2)) is False  # the issue greets


def test_a_welcome_says_that_nothing_matched(home):
    ask(home, wish=Subscription("", "Otters", ("otters",), timezone="UTC", language="de"))
    accounts.confirm(opened(home), code_of(home), at(1))
    accounts.work(opened(home), at(1))
    assert letters(home) == [("confirm", ADA)]  # no run has looked yet
    home.run("2026-11-20T13:05")
    assert accounts.work(opened(home), at(2))
    assert letters(home) == [("confirm", ADA), ("welcome", ADA)]
    accounts.work(opened(home), at(3))
    assert len(letters(home)) == 2


def test_a_request_waits_for_approval(tmp_path):
    home = made(tmp_path / "home", "approval")
    ask(home)
    found = accounts.confirm(opened(home), code_of(home), at(1))
    assert found.waits and not found.code
    (waiting,) = accounts.waiting_requests(opened(home))
    accounts.work(opened(home), at(200))
    assert accounts.approve(opened(home), waiting.id, at(201))
    assert not accounts.approve(opened(home), waiting.id, at(201))
    assert len(home.call("subscriptions", "list", "--json").json) == 1


def test_a_declined_request_is_deleted_and_its_sender_told(tmp_path):
    home = made(tmp_path / "home", "approval")
    ask(home)
    accounts.confirm(opened(home), code_of(home), at(1))
    assert accounts.decline(opened(home), 1, at(2))
    assert letters(home)[-1] == ("declined", ADA)
    assert accounts.waiting_requests(opened(home)) == ()


def test_only_readers_get_a_link_to_their_page(home):
    ask(home, "nobody@example.org", wish=None)
    assert letters(home) == []
    ask(home, hours=2)
    accounts.confirm(opened(home), code_of(home, 2), at(2))
    ask(home, "ada@example.org", wish=None, hours=3)
    assert letters(home) == [("confirm", ADA), ("sign-in", "ada@example.org")]
    home.call("deliver", "--now", "2026-11-20T15:00")
    assert any(re.search(r"papers\.example\.org/manage/1-[a-z2-7]{24}", mail) for mail in mails(home))


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 60), st.booleans()), max_size=12))
def test_no_address_ever_gets_more_than_one_email_of_a_kind_a_day(tmp_path_factory, requests):
    home = made(tmp_path_factory.mktemp("accounts") / "home")
    for name, hours, sign_in in sorted(requests, key=lambda each: each[1]):
        ask(home, f"{name}@example.org", f"net {name}{hours}", hours, None if sign_in else WISH)
    with open_library(opened(home), create=False) as store, store.begin(write=False) as tx:
        sent = [(each.letter.kind, each.recipient, each.queued) for each in tx.outbox.everything()]
    for kind, recipient, queued in sent:
        near = [
            one for one in sent if one[:2] == (kind, recipient) and abs(one[2] - queued) < timedelta(hours=24)
        ]
        assert len(near) == 1
