"""Feeds are ranked within a run, and say what each paper is about and why it is there."""

import json
from datetime import UTC, datetime

import feedparser
import pytest

from digest.model import FeedItem, Paper
from digest.publish import FORMS, Channel
from tests.homes import TestHome, page

NOW = datetime(2026, 3, 12, 7, 0, tzinfo=UTC)
CHANNEL = Channel(
    "tea", "Tea", "", "https://digest.example.org/", "urn:uuid:5f0c1e6a-7d1b-5a36-9a55-0b7d6d1f9c00", NOW
)
ABSTRACT = (
    "Brewing takes many steps. We propose Kettle, a one-step <sampler> that keeps the flavour of its teacher. "
    "Kettle is 14 times faster than the best baseline."
)


def item(number, place, **values):
    paper = Paper(number, f"urn:uuid:{number}", f"Pot {number}", ABSTRACT, NOW, arxiv=f"2603.0000{number}")
    return FeedItem(paper, NOW, NOW, ("one-step", "kettle*"), place=place, **values)


def read(form, data):
    """Return title, HTML and categories of the entries, in the order of the feed."""
    if form == "json":
        return [
            (each["title"], each["content_html"], each.get("tags", [])) for each in json.loads(data)["items"]
        ]
    return [
        (
            each.title,
            each.content[0].value if form == "atom" else each.summary,
            [tag.term for tag in each.get("tags", [])],
        )
        for each in feedparser.parse(data, sanitize_html=False).entries
    ]


@pytest.mark.parametrize("form", ["rss", "atom", "json"])
def test_an_entry_has_gist_reason_and_theme(form):
    ((title, content, tags),) = read(form, FORMS[form](CHANNEL, [item(1, 1, about=("green tea",))]))
    gist, abstract, reason = content.removeprefix("<p>").removesuffix("</p>").split("</p><p>")
    assert (title, tags) == ("Pot 1", ["green tea", "one-step", "kettle*"])
    assert gist.startswith("We propose Kettle, a one-step &lt;sampler&gt;") and "14 times" in gist
    assert abstract.startswith("Brewing takes")
    assert reason == "Why it is here: <strong>one-step</strong>, <strong>kettle*</strong>"


def test_readers_that_sort_by_time_keep_the_order():
    items = [item(3, 1), item(1, 2), item(9, 3)]
    times = [each.updated for each in feedparser.parse(FORMS["atom"](CHANNEL, items)).entries]
    assert times == sorted(times, reverse=True) and len(set(times)) == 3


def test_the_feed_of_all_papers_has_no_reasons():
    (found,) = json.loads(FORMS["json"](CHANNEL, [FeedItem(item(1, 1).paper, NOW, NOW)]))["items"]
    assert "Why it is here" not in found["content_html"] and found["content_html"].startswith("<p>Brewing")


@pytest.fixture
def home(tmp_path):
    home = TestHome(tmp_path / "home")
    home.put("2026-11-16.txt", page("Pier", "Fog at the Pier", "Kelp", "Fog and Kelp at the Pier"))
    return home


def titles(home, name, form="json"):
    return [each[0] for each in read(form, home.output()[f"output/feeds/{name}.{form}"])]


def test_a_feed_has_the_order_of_the_issue_then_older_runs(home):
    home.subscribe("mine", "title:pier", "title:fog", "title:kelp")
    home.run("2026-11-16T09:00")
    first = titles(home, "mine")
    assert first[0] == "Fog and Kelp at the Pier" and len(first) == 4
    issue = home.call("run", "--json").json
    home.put("2026-11-17.txt", page("Kelp Again", "Fog and Kelp Again", day="Nov 17"))
    report = home.run("2026-11-17T07:00")  # not due
    assert report["subscriptions"][0]["issue"] is None and issue
    assert titles(home, "mine") == ["Fog and Kelp Again", "Kelp Again", *first]
    assert titles(home, "mine", "rss") == titles(home, "mine")


def test_interests_are_categories_also_before_an_issue_is_due(home):
    home.write(
        "subscriptions/mine.toml",
        '[[interests]]\nname = "Ports"\nkeywords = ["title:pier"]\n[[interests]]\nname = "Weeds"\nkeywords = ["title:kelp"]\n',
    )
    home.run("2026-11-16T09:00")
    home.put("2026-11-17.txt", page("Kelp of a Pier", day="Nov 17"))
    home.run("2026-11-17T07:00")
    tags = {title: found for title, _, found in read("json", home.output()["output/feeds/mine.json"])}
    assert tags["Kelp of a Pier"][:2] == ["Ports", "Weeds"]
    assert tags["Fog and Kelp at the Pier"][:2] == ["Ports", "Weeds"] and tags["Pier"][0] == "Ports"


@pytest.mark.parametrize("form", ["rss", "atom", "json"])
def test_a_feed_of_issues_has_an_entry_for_each(home, form):
    home.subscribe("mine", "title:pier", "title:fog", name="Ports", feed="issues")
    home.run("2026-11-16T09:00")
    home.put("2026-11-17.txt", page("Fog of <Lenses>", day="Nov 17"))
    home.run("2026-11-17T07:00")  # not due
    assert len(titles(home, "mine", form)) == 1
    home.run("2026-11-17T09:00")
    data = home.output()[f"output/feeds/mine.{form}"]
    assert titles(home, "mine", form) == ["Ports, Tuesday 17 November 2026", "Ports, Monday 16 November 2026"]
    assert (
        b"Fog of" in data and b"issues/mine/2026-11-17-2.html" in data and b"Fog and Kelp at the Pier" in data
    )
    before = home.output()
    home.run("2026-11-17T09:05", "--rewrite")
    assert home.output() == before
