"""Feedback from a mail: the links of a whole mail change nothing by GET, the buttons of their pages do."""

import re
from urllib.parse import urlencode, urlsplit

import pytest

from digest.model import Subscription
from digest.services.workspace import open_library
from tests.web.conftest import serving
from tests.web.test_web_manage import ADA, FORM, home, one, opened, subscribe  # noqa: F401 - a fixture

WISH = Subscription("", "piers", ("kelp", "granite"), schedule="daily 08:00", timezone="UTC", language="en")


@pytest.fixture
def mail(home):  # noqa: F811
    """Return the first mail that a reader gets, as text."""
    from email import message_from_bytes
    from email.policy import default

    subscribe(home, wish=WISH)
    home.run()
    home.call("deliver")
    found = [
        message_from_bytes(path.read_bytes(), policy=default) for path in (home.path / "mail").rglob("new/*")
    ]
    (issue,) = [each for each in found if each["List-Id"]]
    return issue.get_body(("html",)).get_content(), issue.get_body(("plain",)).get_content()


def links(text):
    return [urlsplit(each).path for each in re.findall(r'href="(http://localhost:8350/[^"#]*)', text)]


def votes(home):  # noqa: F811
    with open_library(opened(home), create=False) as store, store.begin(write=False) as tx:
        return [(each.paper, each.verdict) for each in tx.feedback.votes(one(home)["id"])]


def press(site, path, **fields):
    stamp = re.search(r'name="stamp" value="([^"]+)"', site.ask(path).text)[1]
    return site.ask(path, "POST", urlencode({"stamp": stamp, **fields}).encode(), Content_Type=FORM)


def test_following_every_link_of_a_mail_changes_nothing(home, mail):  # noqa: F811
    html, text = mail
    found = links(html)
    assert sum(path.startswith("/feedback/") for path in found) == 2
    assert sum(path.startswith("/manage/") for path in found) == 1
    assert "/manage/1-" in text
    before = one(home)
    with serving(home) as site:
        for path in found:
            for method in ("GET", "HEAD"):
                assert site.ask(path, method).status == 200
    assert one(home) == before and votes(home) == []


def test_buttons_store_feedback_and_undo_it(home, mail):  # noqa: F811
    path = next(each for each in links(mail[0]) if each.startswith("/feedback/"))
    number = int(path.rpartition("/")[2])
    with serving(home) as site:
        assert "come first" in press(site, path, action="like").text
        assert votes(home) == [(number, "like")]
        press(site, path, action="dislike")
        assert votes(home) == [(number, "dislike")]
        press(site, path, action="undo")
        assert votes(home) == []
        assert press(site, path, action="nonsense").status == 404
        assert site.ask(path, "POST", b"action=like", Content_Type=FORM).status == 400
    assert votes(home) == []


def test_a_keyword_can_be_muted_but_not_the_last_one(home, mail):  # noqa: F811
    path = next(each for each in links(mail[0]) if each.startswith("/feedback/"))
    with serving(home) as site:
        assert "Mute kelp" in site.ask(path).text
        assert "no longer looks" in press(site, path, mute="kelp").text
        assert one(home)["keywords"] == ["granite"]
        assert "Mute" not in press(site, path, mute="granite").text
    assert one(home)["keywords"] == ["granite"] and one(home)["email"] == [ADA]


def test_wrong_links_reveal_nothing(home, mail):  # noqa: F811
    path = next(each for each in links(mail[0]) if each.startswith("/feedback/"))
    folder = path.split("/")[2]
    name, _, code = folder.partition(".")
    with serving(home) as site:
        for wrong in (
            f"{name}.{'a' * 24}/1",
            f"{name}/1",
            f"x.{code}/1",
            f"{folder}/999",
            f"{folder}/{10**30}",
            f"{folder}/x",
        ):
            assert site.ask(f"/feedback/{wrong}").status == 404
