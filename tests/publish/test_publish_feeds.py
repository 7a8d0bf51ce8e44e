import html
import json
import os
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import feedparser
import pytest
from feed_rules import problems
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import texts

from digest.model import FeedItem, Paper
from digest.publish import FORMS, Channel, atom, json_feed, rss, rss_atom
from digest.publish.feed import entry_of
from digest.publish.json_feed import whole as whole_json
from digest.text.clean import clean
from digest.text.math import shown

GOLDEN = Path(__file__).parent.parent / "golden"
NOW = datetime(2026, 3, 12, 7, 0, 5, 678, tzinfo=UTC)
CHANNEL = Channel(
    name="tea",
    title="Tea & one-step brewing",
    description="New papers for: one-step or tea",
    base_url="https://digest.example.org/",
    id="urn:uuid:5f0c1e6a-7d1b-5a36-9a55-0b7d6d1f9c00",
    updated=NOW,
)


def paper(number, **values):
    values = {"title": f"Pot number {number}", "abstract": f"Pot {number} is a one-step pot.", **values}
    return Paper(number, f"urn:uuid:{uuid.UUID(int=number + 2**64)}", first_seen=NOW, **values)


ITEMS = (
    FeedItem(
        paper(
            3,
            title="Kettles: k < n & more",
            authors=("Ada Steep", "Ben Darjeeling"),
            categories=("cs.LG",),
            arxiv="2603.01234",
        ),
        NOW,
        NOW,
        ("one-step", '"green tea"~2', "one-step"),
    ),
    FeedItem(paper(2, title="茶壶 with <b>tags</b> &amp; x<y", abstract="a < b\x00, <script>"), NOW, NOW),
    FeedItem(
        paper(1, title="", abstract="", url="https://pots.example.org/1?a=1&b=(2)"),
        NOW - timedelta(days=1),
        NOW,
    ),
)


def check_golden(name, data):
    path = GOLDEN / name
    if os.environ.get("UPDATE_GOLDEN") == "1":
        path.write_bytes(data)
    assert data == path.read_bytes(), f"{name} has changed; if it should, run the tests with UPDATE_GOLDEN=1"


@pytest.mark.parametrize("form", FORMS)
def test_golden(form):
    data = FORMS[form](CHANNEL, ITEMS)
    check_golden(f"feed.{form}", data)
    assert FORMS[form](CHANNEL, ITEMS) == data


@pytest.mark.parametrize("form", ["rss", "atom"])
@pytest.mark.parametrize("items", [ITEMS, (), ITEMS[1:2]])
def test_rules_of_validators(form, items):
    data = FORMS[form](CHANNEL, items)
    assert problems(data, form=form, url=CHANNEL.feed_url(form), now=NOW) == []


@pytest.mark.parametrize("form", ["rss", "atom"])
def test_feedparser_reads_back_what_was_written(form):
    feed = feedparser.parse(FORMS[form](CHANNEL, ITEMS))
    assert not feed.bozo
    assert feed.feed.title == html.escape(CHANNEL.title) or feed.feed.title == CHANNEL.title
    assert feed.feed.link == CHANNEL.base_url
    first, second, third = feed.entries
    assert [entry.id for entry in feed.entries] == [item.paper.uid for item in ITEMS]
    assert html.unescape(first.title) == "Kettles: k < n & more"
    assert [author.name for author in first.authors] == ["Ada Steep", "Ben Darjeeling"]
    assert [tag.term for tag in first.tags] == ["one-step", "green tea", "cs.LG"]
    assert first.link == "https://arxiv.org/abs/2603.01234"
    assert first.published_parsed[:6] == (2026, 3, 12, 7, 0, 5)
    assert second.link == "https://digest.example.org/papers/2.html"
    assert html.unescape(second.title) == "茶壶 with ‹b>tags‹/b> ＆amp; x<y"
    assert second.summary == "<p>a &lt; b□, &lt;script&gt;</p>"
    assert third.title == "Untitled paper"
    assert third.link == "https://pots.example.org/1?a=1&b=%282%29"
    assert third.published_parsed[:3] == (2026, 3, 11)


def test_atom_has_the_times_of_entry_and_update():
    feed = feedparser.parse(atom(CHANNEL, ITEMS))
    assert feed.entries[2].updated_parsed[:3] == (2026, 3, 12)
    assert feed.entries[2].published_parsed[:3] == (2026, 3, 11)


def test_json_feed_keeps_titles_as_they_are():
    feed = json.loads(json_feed(CHANNEL, ITEMS))
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["feed_url"] == "https://digest.example.org/feeds/tea.json"
    assert [item["title"] for item in feed["items"]][:2] == [ITEMS[0].paper.title, ITEMS[1].paper.title]
    assert feed["items"][0]["authors"] == [{"name": "Ada Steep"}, {"name": "Ben Darjeeling"}]
    assert feed["items"][0]["tags"] == ["one-step", "green tea", "cs.LG"]
    assert all(isinstance(item["id"], str) and item["content_html"] for item in feed["items"])
    assert "authors" not in feed["items"][1]


@pytest.mark.parametrize(
    ("status", "words"), [("retracted", "Retracted"), ("removed", "Removed"), ("", "Withdrawn")]
)
def test_an_entry_says_that_its_paper_is_withdrawn(status, words):
    item = replace(ITEMS[0], paper=replace(ITEMS[0].paper, withdrawn=True, status=status))
    assert (
        f"<p><strong>{words}</strong></p>"
        in json.loads(json_feed(CHANNEL, [item]))["items"][0]["content_html"]
    )
    for form in ("rss", "atom"):
        assert (
            f"<strong>{words}</strong>" in feedparser.parse(FORMS[form](CHANNEL, [item])).entries[0].summary
        )


def test_an_update_keeps_the_id_and_raises_only_what_it_should():
    later = FeedItem(ITEMS[0].paper, NOW, NOW + timedelta(hours=1), ITEMS[0].terms)
    before, after = (feedparser.parse(atom(CHANNEL, [item])).entries[0] for item in (ITEMS[0], later))
    assert (before.id, before.published) == (after.id, after.published)
    assert before.updated < after.updated


def test_items_keep_their_order():
    numbers = [5, 1, 9, 3]
    items = [FeedItem(paper(number), NOW, NOW) for number in numbers]
    for build in (rss, atom):
        assert [entry.title for entry in feedparser.parse(build(CHANNEL, items)).entries] == [
            f"Pot number {number}" for number in numbers
        ]


PIECES = (
    *(
        "<b>",
        "</b>",
        "<script>alert(1)</script>",
        "&amp;",
        "&lt;",
        "&#39;",
        "&",
        "<",
        ">",
        "]]>",
        "<!--",
        "<?x",
    ),
    *(
        "</",
        "&pi",
        "x<y",
        "k < n",
        "<img src=x onerror=alert(1)",
        "\ufffd",
        "\x85",
        "\u202e",
        "\ud800",
        "\x00",
    ),
    *("'", '"', " ", "é", "a"),
)
ANY = texts() | st.lists(st.sampled_from(PIECES), max_size=8).map("".join)


@settings(max_examples=80, deadline=None)
@given(
    titles=st.tuples(ANY, ANY),
    items=st.lists(
        st.tuples(
            ANY,
            ANY,
            st.lists(ANY, max_size=2),
            st.lists(ANY, max_size=2),
            st.none() | ANY | ANY.map("https://x.test/".__add__),
            ANY,
        ),
        max_size=3,
    ),
)
def test_any_text_makes_a_valid_feed(titles, items):
    channel = Channel("all", *titles, CHANNEL.base_url, CHANNEL.id, NOW)
    feed_items = [
        FeedItem(
            paper(
                number,
                title=title,
                abstract=abstract,
                authors=tuple(authors),
                categories=tuple(categories),
                url=url,
                doi=doi,
            ),
            NOW,
            NOW,
            tuple(categories),
        )
        for number, (title, abstract, authors, categories, url, doi) in enumerate(items)
    ]
    for form in ("rss", "atom"):
        data = FORMS[form](channel, feed_items)
        assert problems(data, form=form, url=channel.feed_url(form), now=NOW) == []
        assert len(feedparser.parse(data).entries) == len(items)
    feed_json = json.loads(json_feed(channel, feed_items))
    for (title, *_), item in zip(items, feed_json["items"], strict=True):
        assert item["title"] == (clean(shown(title)).strip().replace("\ufffd", "□") or "Untitled paper")


def test_times_are_in_utc():
    zone = datetime.fromisoformat("2026-03-12T08:00:05+01:00")
    assert rss(CHANNEL, [FeedItem(paper(1), zone, zone)]) == rss(
        CHANNEL, [FeedItem(paper(1), zone.astimezone(UTC), zone.astimezone(UTC))]
    )


HOSTILE = (
    texts()
    | st.text()
    | st.sampled_from(
        [
            '"',
            "\ufdd0",
            "\ufdd0\ufdd1\ufdd2\ufdd3\ufdd4",
            "&lt;b>",
            "a\n\t\rb",
            "</feed>",
            "  </channel>\n",
            "]",
            "'",
        ]
    )
)
FEED_ITEMS = st.builds(
    FeedItem,
    st.builds(
        paper,
        st.integers(1, 5),
        title=HOSTILE,
        abstract=HOSTILE,
        authors=st.lists(HOSTILE, max_size=2).map(tuple),
        categories=st.lists(HOSTILE, max_size=2).map(tuple),
    ),
    st.sampled_from([NOW, NOW - timedelta(days=1)]),
    st.sampled_from([NOW, NOW + timedelta(hours=1)]),
    st.lists(HOSTILE, max_size=3).map(tuple),
)


@given(
    st.lists(FEED_ITEMS, max_size=4),
    HOSTILE,
    HOSTILE,
    st.sampled_from(["en", "de"]),
    st.sampled_from(["https://digest.example.org/", "https://x.test/a&b/"]),
)
@settings(max_examples=150)
def test_a_feed_put_together_is_the_feed_written_whole(items, title, description, language, base_url):
    channel = replace(
        CHANNEL, title=title, description=description, language=language, base_url=base_url, name="a-1"
    )
    entries = [entry_of(item, base_url, language) for item in items]
    for form in ("rss", "atom"):
        assert FORMS[form](channel, items).decode() == rss_atom.whole(form, channel, entries)
    assert json_feed(channel, items).decode() == whole_json(channel, entries)


def test_feedgen_is_not_run_for_each_paper_and_feed(monkeypatch):
    made = []
    monkeypatch.setattr(rss_atom, "_entry", lambda *args, real=rss_atom._entry: made.append(1) or real(*args))
    items = [FeedItem(paper(each, title=f"A pot seen once {each}"), NOW, NOW) for each in range(5)]
    for name in ("a", "b", "c"):
        atom(replace(CHANNEL, name=name), [replace(item, terms=(name,)) for item in items])
    assert len(made) <= 1
