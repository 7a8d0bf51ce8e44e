"""The feed of every new paper is bounded, and its older papers follow in pages (RFC 5005, section 4)."""

import json
from xml.etree import ElementTree as ET

import feedparser
import pytest
from feed_rules import ATOM, problems
from hypothesis import given
from hypothesis import strategies as st

from digest.publish import history
from tests.homes import TestHome

FH = "{http://purl.org/syndication/history/1.0}archive"
DAYS = {"2026-10-01": 7, "2026-10-20": 5, "2026-11-19": 2, "2026-11-20": 2}


def listing(number, day):
    return json.dumps(
        {
            "title": f"Lantern {number} at pier {number * 7919}",
            "abstract": f"The light of lantern {number} was seen {number * 31} times by the keepers of the harbour.",
            "authors": ["Ada Steep"],
            "published": day,
            "ids": {"arxiv": None, "doi": f"10.5555/lantern.{number}"},
        }
    )


def read(home, day, count):
    start = home.rows("select count(*) from paper")[0][0] if (home.path / "digest.db").exists() else 0
    home.put(f"{day}.jsonl", "".join(listing(start + n, day) + "\n" for n in range(1, count + 1)))
    return home.run(f"{day}T09:00")


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home whose feed holds at least 3 papers, and its pages 3 each: 16 papers, of which 4 are recent."""
    for module in ("digest.publish.history", "digest.pipeline.outputs", "digest.pipeline.run"):
        monkeypatch.setattr(f"{module}.PAGE", 3)
    home = TestHome(tmp_path / "home")
    home.write("digest.toml", 'base_url = "https://x.example.org/d/"\n')
    for day, count in DAYS.items():
        read(home, day, count)
    return home


def chain(home, form):
    """Follow the links to older papers, as a feed reader does; returns the titles of each document."""
    name, found = "all", []
    while name:
        data = (home.path / "output" / "feeds" / f"{name}.{form}").read_bytes()
        if form == "json":
            feed = json.loads(data)
            assert feed["feed_url"] == f"https://x.example.org/d/feeds/{name}.json"
            titles, older = [item["title"] for item in feed["items"]], feed.get("next_url", "")
        else:
            feed = feedparser.parse(data)
            assert not feed.bozo
            links = {each.rel: each.href for each in feed.feed.links}
            assert links["self"] == f"https://x.example.org/d/feeds/{name}.{form}"
            assert (
                ("current" in links) == (ET.fromstring(data).find(f".//{FH}") is not None) == (name != "all")
            )
            titles, older = [entry.title for entry in feed.entries], links.get("prev-archive", "")
        found.append(titles)
        name = older.removeprefix("https://x.example.org/d/feeds/").removesuffix(f".{form}")
    return found


@pytest.mark.parametrize("form", ["rss", "atom", "json"])
def test_readers_find_every_paper_once_they_follow_the_links(home, form):
    documents = chain(home, form)
    assert len(documents[0]) == 4  # of the last 7 days
    assert all(len(each) == 3 for each in documents[1:])
    assert {title for each in documents for title in each} == {
        f"Lantern {number} at pier {number * 7919}" for number in range(1, 17)
    }


@pytest.mark.parametrize("form", ["rss", "atom"])
def test_pages_are_valid_and_link_both_ways(home, form):
    from datetime import UTC, datetime

    for page in range(1, 6):
        url = f"https://x.example.org/d/feeds/all/{page}.{form}"
        data = (home.path / f"output/feeds/all/{page}.{form}").read_bytes()
        assert problems(data, form=form, url=url, now=datetime(2027, 1, 1, tzinfo=UTC)) == []
        links = {each.get("rel"): each.get("href") for each in ET.fromstring(data).iter(f"{ATOM}link")}
        assert links["current"] == f"https://x.example.org/d/feeds/all.{form}"
        near = {
            "prev-archive": page - 1 if page > 1 else None,
            "next-archive": page + 1 if page < 5 else None,
        }
        for rel, other in near.items():
            assert links.get(rel) == (other and f"https://x.example.org/d/feeds/all/{other}.{form}")


def test_a_page_is_written_once(home):
    before = home.output()
    report = read(home, "2026-11-21", 1)
    changed = {name for name, data in home.output().items() if before.get(name) != data and "/feeds/" in name}
    assert changed == {f"output/feeds/all.{form}" for form in ("rss", "atom", "json", "opml")} - {
        "output/feeds/all.opml"
    }
    assert sorted(report["feeds"]) == sorted(changed)
    report = read(home, "2026-11-22", 1)  # completes page 6
    assert {name.split("/")[-1].split(".")[0] for name in report["feeds"]} == {"all", "5", "6"}


def test_a_changed_paper_changes_its_page(home):
    again = listing(2, "2026-10-01").replace("was seen", "of the long pier was never seen again")
    home.put("again.jsonl", again + "\n")
    home.run("2026-11-23T09:00")
    for form in ("rss", "atom", "json"):
        assert "never seen again" in (home.path / f"output/feeds/all/1.{form}").read_text()


@pytest.mark.parametrize(
    "change", ['base_url = "https://y.example.org/"\n', 'title = "Lamps"\n', 'language = "de"\n']
)
def test_a_changed_setting_reaches_every_file_in_the_next_run(home, tmp_path, change):
    home.subscribe("lamps", "lantern")
    home.run("2026-11-24T09:00")
    home.write(
        "digest.toml",
        ('base_url = "https://x.example.org/d/"\n' if "base_url" not in change else "") + change,
    )
    home.run("2026-11-24T09:01")
    changed = home.output()
    home.run("2026-11-24T09:02")
    assert home.output() == changed
    home.run("2026-11-24T09:03", "--rewrite")
    assert home.output() == changed
    if "base_url" in change:
        assert not any(b"x.example.org" in data for data in changed.values())


@given(st.sets(st.integers(1, 5000)), st.integers(0, 5000))
def test_pages_that_change_are_complete_and_next_to_changed_papers(numbers, last):
    pages = history.pages_with(numbers, last)
    assert all(page * history.PAGE <= last for page in pages)
    for number in numbers:
        page = history.page_of(number)
        assert number in history.numbers_of(page)
        assert page * history.PAGE > last or page in pages
