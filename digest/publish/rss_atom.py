"""RSS 2.0 and Atom, written by feedgen, which is imported on first use."""

import re
from collections.abc import Sequence
from datetime import UTC
from html.entities import name2codepoint
from typing import TYPE_CHECKING, Any

from digest.model import FeedItem
from digest.publish.feed import Channel, Entry, entry_of

if TYPE_CHECKING:
    from feedgen.feed import FeedGenerator

_GENERATOR = "paper-digest"
# Titles and names are plain text, but some readers interpret tags and entities in them.
_TAG_LIKE = re.compile(r"<(?=[A-Za-z/!?][^<]*[>=/]|/)")
_ENTITY_LIKE = re.compile(r"&(?=(#?\w+))")


def rss(channel: Channel, items: Sequence[FeedItem]) -> bytes:
    """Return an RSS 2.0 feed of the items, in the order given (newest first).

    In titles and names `<` and `&` become `‹` and `＆` where they look like HTML.
    """
    feed = _feed(channel, "rss", "application/rss+xml")
    feed.docs("https://www.rssboard.org/rss-specification")
    feed.load_extension("dc", atom=False, rss=True)
    for item in items:
        content = entry_of(item, channel)
        entry = _entry(feed, content)
        # RSS's own author element must be an email address.
        entry.dc.dc_creator([_plain(name) for name in content.authors])
    # Hexadecimal references, which RSS readers treat as text and never as markup.
    return feed.rss_str(pretty=True).replace(b"&amp;", b"&#x26;").replace(b"&lt;", b"&#x3C;")  # type: ignore[no-any-return]


def atom(channel: Channel, items: Sequence[FeedItem]) -> bytes:
    """Return an Atom feed of the items, in the order given (newest first).

    Titles and names are as in `rss`.
    """
    feed = _feed(channel, "atom", "application/atom+xml")
    for item in items:
        content = entry_of(item, channel)
        entry = _entry(feed, content)
        entry.author([{"name": _plain(name)} for name in content.authors])
    return feed.atom_str(pretty=True)  # type: ignore[no-any-return]


def _feed(channel: Channel, form: str, media_type: str) -> "FeedGenerator":
    from feedgen.feed import FeedGenerator

    feed = FeedGenerator()
    feed.id(channel.id)
    feed.title(_plain(channel.shown_title))
    feed.description(_plain(channel.shown_description))
    feed.language(channel.language)
    feed.generator(_GENERATOR)
    # Atom requires an author of the feed where an entry has none.
    feed.author({"name": _plain(channel.shown_title)})
    # feedgen uses the last link as the page of the RSS feed.
    feed.link(href=channel.feed_url(form), rel="self", type=media_type)
    feed.link(href=channel.base_url, rel="alternate", type="text/html")
    # The default is the current time, and the bytes would differ every time.
    feed.updated(channel.updated.astimezone(UTC).replace(microsecond=0))
    return feed


def _entry(feed: "FeedGenerator", content: Entry) -> Any:
    entry = feed.add_entry(order="append")
    entry.id(content.id)
    entry.guid(content.id, permalink=False)
    entry.title(_plain(content.title))
    entry.link(href=content.link, rel="alternate", type="text/html")
    entry.content(content.content, type="html")
    if content.categories:
        entry.category([{"term": _plain(category)} for category in content.categories])
    entry.published(content.entered)
    entry.updated(content.updated)
    return entry


def _plain(text: str) -> str:
    """Return plain text that looks the same but cannot be interpreted as HTML."""
    return _ENTITY_LIKE.sub(_ampersand, _TAG_LIKE.sub("‹", text))


def _ampersand(match: re.Match[str]) -> str:
    name = match[1]
    return "＆" if name in name2codepoint or name == "apos" or not name.isalpha() else "&"
