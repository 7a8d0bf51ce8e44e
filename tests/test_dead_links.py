"""In a home whose archive is on this machine only, every link leads to a file that is there."""

import re
from datetime import UTC, datetime
from urllib.parse import unquote, urldefrag, urlsplit

import html5lib
import pytest

from digest.home.settings_file import open_home
from digest.render import SiteContext
from digest.services.templates import preview_page
from digest.services.workspace import Clock
from tests.homes import Card, TestHome, page

MARKDOWN_LINK = re.compile(r"\]\(([^)\s]+)\)")


@pytest.fixture
def home(tmp_path):
    made = TestHome(tmp_path)
    long = Card("Kites of great length", "A sentence about strings. " * 60)
    made.put("2026-10-01.txt", page(*(f"Kites number {n}" for n in range(12)), long, day="Oct 1"))
    made.subscribe("wind", "kites", max_papers=10, start="90 days")
    made.run("2026-10-01T09:00")
    return made


SEARCHES = ("https://arxiv.org/search/?", "https://scholar.google.com/scholar?")


def targets(text, suffix):
    if suffix == ".md":
        return [target.replace("&amp;", "&") for target in MARKDOWN_LINK.findall(text)]
    tree = html5lib.parse(text, namespaceHTMLElements=False)
    return [
        element.get("href") for element in tree.iter() if isinstance(element.tag, str) and element.get("href")
    ]


def test_links_lead_to_files(home):
    output = home.path / "output"
    files = [*output.rglob("*.html"), *output.rglob("*.md")]
    followed = set()
    for path in files:
        for target in targets(path.read_text("utf-8"), path.suffix):
            place, fragment = urldefrag(target)
            if place.startswith(SEARCHES) or (place == "search" and path.name == "index.html"):
                continue  # the search with operators is hidden where no server answers
            assert not urlsplit(place).scheme, f"{path}: {target}"
            found = (path.parent / unquote(place)) if place else path
            assert found.is_file(), f"{path}: {target}"
            followed.add(found.resolve())
            if fragment:
                assert f'id="{fragment}"' in found.read_text("utf-8"), f"{path}: {target}"
    names = {path.name for path in followed}
    assert {"index.html", "all.opml", "all.atom", "wind.rss", "2026-10-01-1.html"} <= names


def test_mails_and_feeds_keep_whole_addresses(home):
    output = home.path / "output"
    assert "http://localhost:8350/papers/" in (output / "feeds" / "wind.json").read_text("utf-8")
    assert "http://localhost:8350/issues/wind/" in (next(output.rglob("*.txt"))).read_text("utf-8")


def test_a_public_archive_is_linked_where_it_is(home):
    (home.path / "digest.toml").write_text('base_url = "https://digest.example.org/papers/"\n', "utf-8")
    home.put("2026-10-02.txt", page("Kites at last", day="Oct 2"))
    home.run("2026-10-02T09:00")
    newest = home.path / "output" / "site" / "issues" / "wind" / "2026-10-02-2.html"
    assert 'href="https://digest.example.org/papers/feeds/wind.atom"' in newest.read_text("utf-8")


def test_a_preview_far_from_the_home_leads_there(home):
    home.put("2026-10-02.txt", page("Kites at last", day="Oct 2"))
    home.run("2026-10-02T06:00")
    now = datetime(2026, 10, 3, tzinfo=UTC)
    shown = preview_page(open_home(str(home.path)), "wind", Clock(now, now))
    assert f'href="{(home.path / "output" / "site" / "papers").as_uri()}/' in shown


@pytest.mark.parametrize(
    ("place", "feed", "first"),
    [
        ("", "../feeds/wind.rss", "index.html"),
        ("../../", "../../../feeds/wind.rss", "../../index.html"),
        ("../../site/", "../../feeds/wind.rss", "../../site/index.html"),
    ],
)
def test_where_a_page_finds_feeds_and_archive(place, feed, first):
    seen = SiteContext().relative_to(place)
    assert (seen.feed_url("wind", "rss"), seen.home_url) == (feed, first)
    below = SiteContext(base_url="http://localhost:9000/digest/")
    assert below.relative_to(place) == below
