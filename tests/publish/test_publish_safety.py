"""No text of a paper becomes active content in a feed reader."""

import json
from datetime import UTC, datetime

import feedparser
import html5lib
import pytest

from digest.model import FeedItem, Paper
from digest.publish import FORMS, Channel

NOW = datetime(2026, 3, 12, 7, tzinfo=UTC)
ATTACKS = (
    "<script>alert(1)</script>",
    "]]><script>alert(1)</script><![CDATA[",
    "<img src=x onerror=alert(1)>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "<a href='javascript:alert(1)'>x</a>",
    r"\href{javascript:alert(1)}{x} \url{javascript:alert(1)}",
    "$<svg/onload=alert(1)>_{x}$",
    "<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a 'b'>]>&a;",
    "\x00\x0b\ud800\ufffe\u202eright to left",
    "x" * 10_000,
)


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("form", FORMS)
def test_text_of_papers_stays_text(form, attack):
    channel = Channel(
        "tea", attack, attack, "https://x.test/", "urn:uuid:5f0c1e6a-7d1b-5a36-9a55-0b7d6d1f9c00", NOW
    )
    paper = Paper(
        1,
        "urn:uuid:5f0c1e6a-7d1b-5a36-9a55-0b7d6d1f9c01",
        title=attack,
        abstract=attack,
        first_seen=NOW,
        authors=(attack,),
        categories=(attack,),
        url=attack,
        doi=attack,
    )
    data = FORMS[form](channel, [FeedItem(paper, NOW, NOW, (attack,))])
    if form == "json":
        item = json.loads(data)["items"][0]
        content, link = item["content_html"], item["url"]
    else:
        read = feedparser.parse(data, sanitize_html=False)
        assert not read.bozo
        entry = read.entries[0]
        content = entry.content[0].value if form == "atom" else entry.summary
        link = entry.link
        assert "<script" not in read.entries[0].title and "<img" not in read.entries[0].title
    tree = html5lib.parseFragment(content, namespaceHTMLElements=False)
    assert {element.tag for element in tree.iter()} <= {"DOCUMENT_FRAGMENT", "p", "strong"}
    assert all(not element.attrib for element in tree.iter())
    assert link.startswith("https://")
