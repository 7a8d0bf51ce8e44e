"""Pages of private subscriptions: at addresses that only those who got the link know."""

import re

import pytest

from tests.deliver.mail_home import NOW
from tests.web.conftest import path_of


@pytest.fixture
def link(home):
    """Return the link of a mail to the page of its issue."""
    home.write("subscriptions/kelp.toml", 'keywords = ["kelp"]\nvisibility = "private"\n')
    home.run(NOW)
    text = home.output()["output/issues/kelp/2026-11-20-1.txt"].decode()
    (found,) = re.findall(r"http://localhost:8350/private/\S+", text)
    return path_of(found)


def test_the_link_of_a_private_issue_leads_to_its_page(site, link):
    got = site.ask(link)
    assert got.status == 200
    assert "the Slow Lamp" in got.text
    assert got.headers["cache-control"] == "private, no-cache"
    assert "noindex" in got.headers["x-robots-tag"]
    assert got.headers["referrer-policy"] == "no-referrer"
    assert site.ask(link, If_None_Match=got.headers["etag"]).status == 304
    assert site.ask(link, "HEAD").body == b""


def test_nobody_gets_in_without_the_code(home, site, link):
    folder, stem = link.removeprefix("/private/").split("/")
    code = folder.partition(".")[2]
    wrong = ("a" if code[0] != "a" else "b") + code[1:]
    for path in (
        f"/private/kelp.{wrong}/{stem}", f"/private/kelp.{code[:12]}/{stem}", f"/private/kelp./{stem}",
        f"/private/kelp/{stem}", f"/private/other.{code}/{stem}", f"/private/{folder}/2026-11-20-2.html",
        f"/private/{folder}/2026-11-21-1.html", f"/private/kelp.%C3%A9{code[2:]}/{stem}", "/issues/kelp/" + stem,
        "/feeds/kelp.atom",
    ):  # fmt: skip
        got = site.ask(path)
        assert got.status == 404, path
        assert "kelp" not in got.text.lower().replace(path.lower(), "")
    home.write("subscriptions/kelp.toml", 'keywords = ["kelp"]\n')
    home.run("2026-11-20T09:30")
    assert site.ask(link).status == 404  # public now: the page is in the archive
    assert site.ask("/issues/kelp/" + stem).status == 200


def test_clicks_are_counted_on_private_pages(home, site, link):
    home.write(
        "subscriptions/kelp.toml",
        'keywords = ["kelp"]\nvisibility = "private"\n[ranking]\nclicks = true\n',
    )
    (path, *_) = re.findall(r'href="\.\./\.\./(r/kelp/[^"]*)"', site.ask(link).text)
    assert site.ask(f"/{path}").status == 303


@pytest.mark.parametrize("clicks", [False, True])
def test_pages_made_on_request_stay_private(home, site, clicks):
    row = f"kelp,kelp,a@example.org,private,{str(clicks).lower()}\n"
    home.write("rows.csv", "id,keywords,email,visibility,ranking.clicks\n" + row)
    home.call("subscriptions", "import", home.path / "rows.csv")
    home.run(NOW)
    assert home.rows("select count(*) from issue") == [(1,)]
    for path in ("/issues/kelp/2026-11-20-1.html", "/feeds/kelp.atom", "/feeds/kelp.json"):
        assert site.ask(path).status == 404
