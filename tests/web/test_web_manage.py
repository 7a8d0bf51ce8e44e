"""A reader's own page: changes by its buttons only, and a deletion after which nothing is left."""

import contextlib
import json
import re
import sqlite3
from urllib.parse import urlencode

import pytest

from digest.home.settings_file import open_home
from digest.model import Subscription
from digest.services import accounts
from digest.services.feedback import give_feedback
from digest.services.workspace import Clock, open_library
from digest.signing import CONFIRM, reader_code, token
from tests.deliver.mail_home import MailHome
from tests.web.conftest import serving

FORM = "application/x-www-form-urlencoded"
ADA = "Ada.Unmistakable@Example.org"
WISH = Subscription(
    "", "kelp", ("kelp",), schedule="daily 08:00", timezone="UTC", language="en", max_papers=20
)


def opened(home):
    return open_home(str(home.path))


def subscribe(home, address=ADA, wish=WISH, number=1):
    """Let somebody subscribe and confirm; return the code of the reader's page."""
    accounts.request(opened(home), address, wish, f"net {number}", Clock.at(None))
    accounts.work(opened(home), Clock.at(None))
    with open_library(opened(home), create=False) as store, store.begin(write=False) as tx:
        code = token(tx.outbox.secret(), CONFIRM, number)
    return accounts.confirm(opened(home), code, Clock.at(None)).code


@pytest.fixture
def home(tmp_path):
    home = MailHome(tmp_path / "home")
    home.write(
        "digest.toml",
        'channels = ["maildir"]\n[maildir]\npath = "mail"\nfrom = "digest@example.org"\n[serve]\nsignup = "open"\n',
    )
    home.run("2026-11-20T09:00")
    return home


@pytest.fixture
def code(home):
    found = subscribe(home)
    home.run()
    return found


@pytest.fixture
def site(home):
    with serving(home) as site:
        yield site


def one(home):
    """Return the settings of the only subscription."""
    (line,) = home.call("subscriptions", "export", "--format", "jsonl").lines
    return line


def act(site, code, **fields):
    page = site.ask(f"/manage/{code}").text
    stamp = re.search(r'name="stamp" value="([^"]+)"', page)[1]
    name = re.search(r'name="subscription" value="([^"]+)"', page)
    given = {"stamp": stamp, "subscription": name[1] if name else "", **fields}
    return site.ask(f"/manage/{code}", "POST", urlencode(given).encode(), Content_Type=FORM)


def test_the_page_shows_what_the_reader_has_and_changes_nothing(home, site, code):
    before = home.rows("select * from subscription")
    page = site.ask(f"/manage/{code}")
    assert page.status == 200 and page.headers["cache-control"] == "no-store"
    assert "Unmistakable" in page.text and "daily 08:00" in page.text
    assert home.rows("select * from subscription") == before
    (link,) = re.findall(r'href="(http://localhost:8350/private/[^"]+)"', page.text)
    assert site.ask(link.removeprefix("http://localhost:8350")).status == 200


def test_buttons_change_the_subscription(home, site, code):
    assert act(site, code, action="weekly").headers["location"] == "?done=weekly"
    assert one(home)["schedule"] == "mon 08:00"
    act(site, code, action="fewer")
    assert one(home)["max_papers"] == 10
    act(site, code, action="pause")
    assert one(home)["paused_until"]
    assert "End the pause" in site.ask(f"/manage/{code}?done=pause").text
    act(site, code, action="resume")
    assert "paused_until" not in one(home)


def test_keywords_are_changed_after_a_look_at_what_they_bring(home, site, code):
    fields = {
        "keywords": "granite",
        "exclude": "",
        "days": "fri",
        "time": "09:30",
        "timezone": "Europe/Paris",
    }
    page = act(site, code, action="try", **fields)
    assert "<mark>Granite</mark>" in page.text and one(home)["keywords"] == ["kelp"]
    assert act(site, code, action="save", **{**fields, "keywords": "(granite"}).status == 422
    assert act(site, code, action="save", **fields).status == 303
    now = one(home)
    assert (now["keywords"], now["schedule"], now["name"]) == (["granite"], "fri 09:30", "granite")
    assert now["email"] == [ADA] and now["visibility"] == "private"


def test_feedback_can_be_undone(home, site, code):
    subscription = one(home)["id"]
    give_feedback(opened(home), subscription, "like", ["1"], Clock.at(None))
    page = site.ask(f"/manage/{code}").text
    assert "more like this" in page
    act(site, code, action="undo", paper="1")
    assert "more like this" not in site.ask(f"/manage/{code}").text


def test_all_that_is_stored_can_be_taken_away(home, site, code):
    found = json.loads(site.ask(f"/manage/{code}.json").text)
    assert found["address"] == ADA
    (subscription,) = found["subscriptions"]
    assert subscription["settings"]["keywords"] == ["kelp"]
    assert len(subscription["issues"]) == len(subscription["messages"]) == 1


def test_a_replaced_link_stops_the_old_one(home, site, code):
    assert act(site, code, action="revoke").status == 200
    assert site.ask(f"/manage/{code}").status == 404
    with open_library(opened(home), create=False) as store, store.begin(write=False) as tx:
        new = reader_code(tx.outbox.secret(), 1, 2)
    assert site.ask(f"/manage/{new}").status == 200


@pytest.mark.parametrize("wrong", ["1", "2-" + "a" * 24, "1-" + "a" * 24, "x", "9" * 50])
def test_wrong_codes_reveal_nothing(site, code, wrong):
    assert site.ask(f"/manage/{wrong}").status == 404
    assert site.ask(f"/manage/{wrong}.json").status == 404
    posted = site.ask(f"/manage/{wrong}", "POST", b"action=erase&sure=yes", Content_Type=FORM)
    assert posted.status == 404 and "Unmistakable" not in posted.text


def test_a_form_without_the_stamp_of_the_page_changes_nothing(home, site, code):
    for body in (b"action=erase&sure=yes", b"action=erase&sure=yes&stamp=1-a"):
        assert site.ask(f"/manage/{code}", "POST", body, Content_Type=FORM).status == 400
    assert act(site, code, action="erase").status == 422  # the box is not ticked
    assert one(home)


def test_nobody_can_change_the_subscription_of_another_reader(home, site, code):
    other = subscribe(home, "eve@example.org", number=2)
    mine, theirs = (
        re.search(r'name="subscription" value="([^"]+)"', site.ask(f"/manage/{each}").text)[1]
        for each in (code, other)
    )
    assert mine != theirs
    for action in ("weekly", "leave", "save", "undo"):
        assert act(site, other, action=action, subscription=mine, paper="1").status == 404
    with contextlib.closing(sqlite3.connect(home.path / "digest.db")) as database:
        assert database.execute("select count(*) from owned").fetchone() == (2,)


def traces(home, *words):
    """Return the files of a home that contain one of these words, in any case, its database after VACUUM."""
    with contextlib.closing(sqlite3.connect(home.path / "digest.db")) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.execute("VACUUM")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    files = [path for path in home.path.rglob("*") if path.is_file() and "mail" not in path.parts]
    return [
        path.name
        for path in files
        if any(word.lower().encode() in path.read_bytes().lower() for word in words)
    ]


def test_a_deletion_leaves_nothing_but_a_hash(home, site, code):
    subscription = one(home)["id"]
    home.call("deliver")
    give_feedback(opened(home), subscription, "like", ["1"], Clock.at(None))
    assert traces(home, "unmistakable") == ["digest.db"]
    assert act(site, code, action="erase", sure="yes").status == 200
    home.call("backup", str(home.path / "new.backup"))
    assert traces(home, "unmistakable") == []
    assert traces(home, subscription) == []
    assert (home.path / "state" / "suppressions").read_text().count(" left ") == 1
    assert site.ask(f"/manage/{code}").status == 404
    assert home.call("run", "--json").status == 0
    assert subscribe(home, number=2)  # its owner can return


def test_leaving_one_subscription_keeps_the_others(home, site, code):
    accounts.request(opened(home), ADA, Subscription("", "g", ("granite",)), "n", Clock.at(None))
    assert act(site, code, action="leave").status == 303
    assert home.call("subscriptions", "list", "--json").json == []
    assert "You have no subscriptions here." in site.ask(f"/manage/{code}").text


def test_signing_in_answers_alike_for_every_address(home, site, code):
    stamp = re.search(r'name="stamp" value="([^"]+)"', site.ask("/manage").text)[1]
    found = [
        site.ask("/manage", "POST", urlencode({"stamp": stamp, "email": email}).encode(), Content_Type=FORM)
        for email in (ADA, "nobody@example.org")
    ]
    assert [each.status for each in found] == [200, 200]
    assert found[0].body == found[1].body
    assert site.ask("/manage", "POST", b"email=a", Content_Type=FORM).status == 422
