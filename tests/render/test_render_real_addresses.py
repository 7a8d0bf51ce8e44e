"""The addresses in the abstracts of a real month stay whole in every form, wherever terms match."""

import gzip
import html
import json
import re
from datetime import UTC, date, datetime

import feedparser
import html5lib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from digest.model import Evidence, FeedItem, Issue, Item, Paper
from digest.publish import FORMS, Channel
from digest.render import Renderer, SiteContext
from digest.text.direction import without_isolates
from digest.text.links import addresses
from digest.text.math import readable
from digest.urls import web_url

NOON = datetime(2025, 6, 1, 12, tzinfo=UTC)
RENDERER = Renderer(None, SiteContext())
CHANNEL = Channel(
    "all", "All", "All", "https://x.test/", "urn:uuid:5f0c1e6a-7d1b-5a36-9a55-0b7d6d1f9c00", NOON
)


@pytest.fixture(scope="module")
def real(shared):
    """Return a function of the papers of the months whose abstract has an address: title and abstract, by number."""
    found = []
    for path in sorted((shared / "arxiv-days").glob("papers_*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                paper = json.loads(line)
                if "http" in paper["summary"] or "www." in paper["summary"]:
                    found.append((paper["title"], " ".join(paper["summary"].split())))
    assert len(found) > 1000
    return lambda number: found[number % len(found)]  # hypothesis would print a list


@settings(max_examples=150, deadline=None)
@given(
    chosen=st.integers(0, 10_000),
    drawn=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 10_000)), max_size=4),
)
def test_addresses_of_real_abstracts_stay_whole(real, chosen, drawn):
    title, abstract = real(chosen)
    text = readable(abstract).text
    whole = [text[start:end] for start, end in addresses(text)]
    # A match on a part of an address, where a mark would cut into it, and others anywhere.
    places = [(found.start() + 3, found.end() - 1) for found in re.finditer(r"https?://\S+", abstract)]
    places += [(one % len(abstract), other % len(abstract)) for one, other in drawn]
    evidence = tuple(Evidence("kelp", "abstract", "", min(place), max(place)) for place in places)
    paper = Paper(1, "urn:uuid:5f0c1e6a-7d1b-5a36-9a55-0b7d6d1f9c01", title, abstract, NOON)
    issue = Issue(
        subscription="kelp",
        name="Kelp",
        number=1,
        day=date(2025, 6, 1),
        made=NOON,
        timezone="UTC",
        since=NOON,
        slot=None,
        considered=1,
        new=(Item(paper, 1.0, evidence),),
        updated=(),
    )
    check_whole(issue, whole)
    check_feeds(FeedItem(paper, NOON, NOON), whole)


def check_whole(issue, whole):
    markdown, archive = RENDERER.markdown(issue), RENDERER.archive(issue)
    linked = {
        link.get("href")
        for page in (archive, MarkdownIt("commonmark").render(markdown))
        for link in html5lib.parse(page, namespaceHTMLElements=False).iter("a")
    }
    mail, text = RENDERER.html(issue), without_isolates(RENDERER.text(issue))
    lines = {word for line in text.splitlines() for word in line.split()}
    for address in whole:
        assert html.escape(address, quote=False) in archive
        if "://" in address:
            assert address in markdown
            assert web_url(address) in {web_url(each) for each in linked}
        # Emails show a part of the abstract: what they show of an address is all of it.
        for shown in (html.unescape(re.sub(r"<[^>]+>", "\0", mail)), " ".join(sorted(lines))):
            if address[:20] in shown:
                assert address in shown


def check_feeds(item, whole):
    for form in ("rss", "atom"):
        (entry,) = feedparser.parse(FORMS[form](CHANNEL, [item])).entries
        texts = "".join(html5lib.parseFragment(entry.summary).itertext())
        assert all(address in texts for address in whole)
    (found,) = json.loads(FORMS["json"](CHANNEL, [item]))["items"]
    texts = "".join(html5lib.parseFragment(found["content_html"]).itertext())
    assert all(address in texts for address in whole)
