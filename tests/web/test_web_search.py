"""The search page of the server: the query language over the whole library, with excerpts, filters and pages."""

import json
import re
from html import unescape
from urllib.parse import urlencode

import pytest

from digest.services import library_index
from digest.services.library_index import LibraryIndex
from tests.homes import Card, page, prose

NOW = "2026-11-20T09:00"


@pytest.fixture(autouse=True)
def always_look(monkeypatch):
    monkeypatch.setattr(library_index, "LOOK_EVERY", 0.0)


@pytest.fixture
def searched(home, site):
    home.subscribe("lamps", "title:jetty")
    home.subscribe("secret", "bread", visibility="private")
    cards = [Card(f"Rope number {n}") for n in range(25)]
    long = (
        prose("x") + " " + "More words follow here. " * 30 + "At last a wharf appears. " + "And more. " * 40
    )
    cards += [Card("Lamps <of> the jetty"), Card("Bread of the baker"), Card("A long story", long)]
    home.put("2026-11-16-more.txt", page(*cards))
    home.run(NOW)

    def ask(query: str = "", **more: object) -> str:
        got = site.ask("/search?" + urlencode({"q": query, **more}))
        assert got.status == 200, got.text
        return got.text

    return ask


def titles(text: str) -> list[str]:
    found = re.findall(r'<h2 dir="auto"><a href="[^"]+">(.*?)</a>', text)
    return [unescape(re.sub("<[^>]+>", "", each)) for each in found]


def test_the_whole_query_language(searched):
    assert titles(searched("title:jetty")) == ["Lamps <of> the jetty"]
    assert "<mark>Lamps</mark> &lt;of&gt; the jetty" in searched("title:lamps -rope title:lamp*")
    assert titles(searched('title:"the baker" OR ="wharf"')) == ["A long story", "Bread of the baker"]
    assert "0 papers" in searched("walrus")
    assert titles(searched("walrus")) == []


def test_an_excerpt_shows_where_it_matches(searched):
    shown = searched("wharf")
    assert "<mark>wharf</mark>" in shown
    assert "… " in shown
    assert len(re.search(r'<p dir="auto">(.*?)</p>', shown)[1]) < 500


def test_pages(searched):
    first = searched("title:rope")
    assert "25 papers, newest first" in first
    assert titles(first)[0] == "Rope number 24"
    after = unescape(re.search(r'href="(\?[^"]+)" rel="next"', first)[1])
    assert after == "?q=title%3Arope&page=2"
    second = searched("title:rope", page=2)
    assert titles(second) == [f"Rope number {n}" for n in range(4, -1, -1)]
    assert 'rel="prev"' in second
    assert 'rel="next"' not in second
    for odd in ("0", "-1", "x", "9" * 30, "٣"):
        assert titles(searched("title:rope", page=odd)) == titles(first)


def test_filters_count_what_they_leave(searched):
    every = searched()
    assert len(titles(every)) == 20
    assert titles(searched(subscription="lamps", q="")) != []
    assert titles(searched("title:(lamps OR bread)", subscription="lamps")) == ["Lamps <of> the jetty"]
    assert titles(searched("title:jetty", year="1999")) == []
    assert titles(searched("title:jetty", source="daily-papers-page")) == ["Lamps <of> the jetty"]
    assert titles(searched("title:jetty", source="none")) == []
    assert re.search(r'<option value="2026">2026 \(\d+\)</option>', every)


def test_private_subscriptions_are_not_offered(searched):
    assert "secret" not in searched()
    assert titles(searched(subscription="secret")) == []


def test_a_mistake_is_shown_with_its_place(searched, site):
    got = site.ask("/search?" + urlencode({"q": 'a AND <b "'}))
    assert got.status == 400
    assert 'role="alert"' in got.text
    assert "&lt;b" in got.text
    assert "<b " not in got.text.partition("<main>")[2]


def test_a_word_that_no_paper_has_names_the_nearest(searched):
    assert "“lamps” rather than “lampz”" in unescape(searched("lampz"))


def test_papers_of_a_later_run_are_found(searched, home):
    assert titles(searched("title:walrus")) == []
    home.put("2026-11-17-b.txt", page("A walrus", day="Nov 17"))
    home.run("2026-11-21T09:00")
    assert titles(searched("title:walrus")) == ["A walrus"]


def test_the_page_is_for_readers_only_and_works_without_papers(home, site):
    got = site.ask("/search")
    assert got.status == 200
    assert got.headers["x-robots-tag"] == "noindex"
    assert "Disallow: /search" in site.ask("/robots.txt").text
    assert "<script" not in got.text


def test_while_the_index_is_built_the_page_says_so(home, site, monkeypatch):
    monkeypatch.setattr("digest.services.archive_search._WAIT", 0.0)
    monkeypatch.setattr(LibraryIndex, "_build", lambda _self: None)
    got = site.ask("/search?q=x")
    assert (got.status, got.headers["retry-after"]) == (503, "5")


def test_the_first_page_links_to_the_search_where_there_is_one(searched, site):
    assert '<p class="server" hidden><a href="search">' in site.ask("/").text
    script = site.ask("/search.js")
    assert (script.body, script.headers["content-type"]) == (b"server();\n", "text/javascript; charset=utf-8")


def test_formulas_are_readable_and_samples_are_marked(searched, home):
    abstract = r"We remove 93\% of the $\alpha$-variance between two data centres, and replay the rest of it in a day."
    listed = {"title": r"Replay of $\beta$ in harbours", "abstract": abstract, "source": "x", "rank": 1}
    home.put("2026-11-17-t.jsonl", json.dumps(listed) + "\n")
    home.run("2026-11-21T09:00")
    shown = unescape(searched("title:replay"))
    assert "<mark>Replay</mark> of β in harbours" in shown
    assert "93% of the α-variance" in shown
