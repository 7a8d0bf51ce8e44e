"""The style sheet by which browsers show a feed as a page."""

import html

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from strategies import texts
from test_publish_feeds import CHANNEL, NOW, PIECES, paper

from digest.model import FeedItem
from digest.publish import FORMS
from digest.render import Renderer, SiteContext
from digest.text.clean import clean
from digest.text.math import shown

SITE = SiteContext("Tea & <more>", "https://digest.example.org/", "", "UTC", "de")
STYLE = etree.XSLT(etree.fromstring(Renderer(None, SITE).style("feed.xsl").encode()))


def page_of(form, items):
    return STYLE(etree.fromstring(FORMS[form](CHANNEL, items))).getroot()


@pytest.mark.parametrize("form", ["rss", "atom"])
def test_a_feed_is_a_page(form):
    found = paper(
        3, title="Kettles: k < n", authors=("Ada Steep", "דוד"), arxiv="2603.01234", abstract="a < b & c"
    )
    page = page_of(form, [FeedItem(found, NOW, NOW)])
    assert page.get("lang") == "de"
    assert page.findtext(".//h1") == "Tea & one-step brewing"
    assert page.findtext(".//code") == CHANNEL.feed_url(form)
    assert page.findtext(".//header/a") == "Tea & <more>"
    (link,) = page.findall(".//article/h2/a")
    assert (link.text, link.get("href")) == ("Kettles: k < n", "https://arxiv.org/abs/2603.01234")
    assert [each.text for each in page.findall(".//article/p/bdi")] == ["Ada Steep", "דוד"]
    assert page.find(".//article/p").xpath("string()").split("·")[1].strip() in {"2026-03-12", "12 Mar 2026"}
    assert page.find(".//div/p").xpath("string()").strip() == "a < b & c"
    assert page.find(".//footer/a") is None


TEXT = texts() | st.lists(st.sampled_from(PIECES), max_size=8).map("".join)


@settings(max_examples=60, deadline=None)
@given(TEXT, TEXT)
def test_any_text_shows_as_it_is(title, abstract):
    for form in ("rss", "atom"):
        page = page_of(form, [FeedItem(paper(1, title=title, abstract=abstract), NOW, NOW)])
        text = clean(shown(abstract)).strip().replace("\ufffd", "□")
        seen = page.find(".//div/p").xpath("string()")
        if text:
            assert "".join(seen.split()) == "".join(text.split())
        assert not list(page.find(".//article").iter("script", "img", "b"))


def test_a_text_of_entities_is_shown_in_part():
    page = page_of("atom", [FeedItem(paper(1, title="Kettles", abstract="'<&" * 6000), NOW, NOW)])
    seen = page.find(".//div/p").xpath("string()").strip()
    assert seen.startswith("'<&'<&")
    assert seen.endswith("…")
    assert html.escape(seen[:-1])[:1900] == html.escape("'<&" * 6000)[:1900]
