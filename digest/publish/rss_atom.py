"""RSS 2.0 and Atom, written by feedgen, which is imported on first use.

feedgen writes the frame of a feed and an entry once, with marks in place of texts; the feeds of all subscriptions are put
together from these. The bytes are those that feedgen writes for the whole feed (`whole`).
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache, lru_cache
from html import escape
from typing import TYPE_CHECKING, Any, NamedTuple

from digest.model import FeedItem, Paper
from digest.publish.feed import KEPT, Channel, Entry, bare_entry, categories_of, plain, reason_of, updated_of

if TYPE_CHECKING:
    from feedgen.feed import FeedGenerator

STYLES = {"xsl": "feed.xsl", "css": "feed.css"}  # the style sheets next to the feeds
_GENERATOR = "paper-digest"
_MEDIA_TYPES = {"rss": "application/rss+xml", "atom": "application/atom+xml"}
_CLOSING = {"rss": "  </channel>\n", "atom": "</feed>\n"}  # what follows the last entry begins with it


def rss(channel: Channel, items: Sequence[FeedItem]) -> bytes:
    """Return an RSS 2.0 feed of the items, in the order given (newest first).

    In titles and names `<` and `&` become `‹` and `＆` where they look like HTML.
    """
    return _spliced("rss", channel, items)


def atom(channel: Channel, items: Sequence[FeedItem]) -> bytes:
    """Return an Atom feed of the items, in the order given (newest first).

    Titles and names are as in `rss`.
    """
    return _spliced("atom", channel, items)


def whole(form: str, channel: Channel, entries: Sequence[Entry]) -> str:
    """Return a feed (`rss` or `atom`) that has no history as feedgen writes it, with our style sheets."""
    return _styled(_written(form, channel, channel.shown_title, channel.shown_description, entries), channel)


def _written(form: str, channel: Channel, title: str, description: str, entries: Sequence[Entry]) -> str:
    feed = _feed(channel, form, title, description)
    if form == "rss":
        feed.docs("https://www.rssboard.org/rss-specification")
        feed.load_extension("dc", atom=False, rss=True)
    for content in entries:
        entry = _entry(feed, content)
        names = [plain(name) for name in content.authors]
        if form == "rss":
            entry.dc.dc_creator(names)  # RSS's own author element must be an email address
        else:
            entry.author([{"name": name} for name in names])
    if form == "atom":
        return str(feed.atom_str(pretty=True), "utf-8")
    return _hexadecimal(str(feed.rss_str(pretty=True), "utf-8"))


def _styled(xml: str, channel: Channel) -> str:
    """Return a feed with its style sheets: one that makes a page of it, and one for browsers without XSLT."""
    declaration, line_end, rest = xml.partition("\n")
    above = "../" * channel.name.count("/")
    styles = "".join(
        f'<?xml-stylesheet type="text/{kind}" href="{above}{name}"?>\n' for kind, name in STYLES.items()
    )
    return f"{declaration}{line_end}{styles}{rest}"


def _history(form: str, channel: Channel) -> str:
    """Return the lines that link a feed to older and newer papers (RFC 5005)."""
    names = {"prev-archive": channel.older, "next-archive": channel.newer, "current": channel.current}
    indent, prefix = ("    ", "atom:") if form == "rss" else ("  ", "")
    lines = [
        f'<{prefix}link href="{_quoted("atom", channel.feed_url(form, name))}" rel="{rel}"/>'
        for rel, name in names.items()
        if name
    ]
    if channel.current:
        lines.append('<fh:archive xmlns:fh="http://purl.org/syndication/history/1.0"/>')
    return "".join(f"{indent}{line}\n" for line in lines)


def _hexadecimal(xml: str) -> str:
    """Return RSS with hexadecimal references, which readers treat as text and never as markup."""
    return xml.replace("&amp;", "&#x26;").replace("&lt;", "&#x3C;")


# --- put together from parts ---------------------------------------------------------------------------------

# Noncharacters, which no cleaned text contains, mark the places where texts are put in.
_NAME, _ID, _TITLE, _DESCRIPTION, _LINK, _AUTHOR, _CATEGORY, _REASON, _WHEN = map(chr, range(0xFDD0, 0xFDD9))
_MARKS = re.compile(f"([{_NAME}-{_WHEN}])")
_OWN = re.compile(f"([{_CATEGORY}-{_WHEN}])")  # what differs from feed to feed
# Dates in place of those of an entry.
_ENTERED, _UPDATED = datetime(1901, 1, 1, tzinfo=UTC), datetime(1902, 1, 1, tzinfo=UTC)


class _Frame(NamedTuple):
    """A feed without entries, with marks in place of what differs from channel to channel."""

    head: str
    tail: str


class _Shape(NamedTuple):
    """An entry with marks, and the lines of one author and of one category."""

    entry: str
    author: str
    category: str


class _Parts(NamedTuple):
    """An entry in parts, of which every second one is a mark, and the categories of the paper."""

    parts: tuple[bytes, ...]
    categories: tuple[str, ...]


def _spliced(form: str, channel: Channel, items: Sequence[FeedItem]) -> bytes:
    frame = _frame(form, channel.base_url, channel.language, _second(channel.updated))
    values = {
        _NAME: channel.name,
        _ID: channel.id,
        _TITLE: _text(form, plain(channel.shown_title)),
        _DESCRIPTION: _text(form, plain(channel.shown_description)),
    }
    found = [(_styled(_filled(frame.head, values), channel) + _history(form, channel)).encode()]
    for item in items:
        made = _parts(form, channel.base_url, channel.language, item.paper, item.entered, bool(item.terms))
        own = {
            _CATEGORY: b"".join([_category(form, each) for each in categories_of(item, made.categories)]),
            _REASON: _text(form, reason_of(item.terms, channel.language)).encode(),
            _WHEN: _date(form, updated_of(item)).encode(),
        }
        found += [own[part.decode()] if place % 2 else part for place, part in enumerate(made.parts)]
    found.append(frame.tail.encode())
    return b"".join(found)


@lru_cache(maxsize=64)
def _frame(form: str, base_url: str, language: str, updated: datetime) -> _Frame:
    channel = Channel(_NAME, "", "", base_url, _ID, updated, language)
    head, closing, tail = _written(form, channel, _TITLE, _DESCRIPTION, ()).rpartition(_CLOSING[form])
    return _Frame(head, closing + tail)


@cache
def _shape(form: str) -> _Shape:
    frame = _frame(form, "x", "en", _UPDATED)
    channel = Channel(_NAME, "", "", "x", _ID, _UPDATED)
    marked = Entry(_ID, _LINK, _TITLE, _DESCRIPTION, (_AUTHOR,), (_CATEGORY,), _ENTERED, _UPDATED)
    text = _written(form, channel, _TITLE, _DESCRIPTION, [marked])[len(frame.head) : -len(frame.tail)]
    author = re.search(rf" *<author>\n.*\n *</author>\n|.*{_AUTHOR}.*\n", text)
    category = re.search(rf".*{_CATEGORY}.*\n", text)
    assert author is not None
    assert category is not None
    entry = text.replace(author[0], _AUTHOR).replace(category[0], _CATEGORY)
    return _Shape(entry, author[0], category[0])


@lru_cache(maxsize=KEPT)
def _parts(form: str, base_url: str, language: str, paper: Paper, entered: datetime, gist: bool) -> _Parts:
    entry, shape = bare_entry(paper, entered, base_url, language, gist=gist), _shape(form)
    values = {
        _ID: entry.id,
        _LINK: _quoted(form, entry.link),
        _TITLE: _text(form, plain(entry.title)),
        _DESCRIPTION: f"{_text(form, entry.content)}{_REASON}",
        _AUTHOR: "".join(shape.author.replace(_AUTHOR, _text(form, plain(name))) for name in entry.authors),
    }
    text = shape.entry.replace(_date(form, _ENTERED), _date(form, entry.entered))
    parts = _OWN.split(_filled(text.replace(_date(form, _UPDATED), _WHEN), values))
    return _Parts(tuple(part.encode() for part in parts), entry.categories)


def _filled(marked: str, values: Mapping[str, str]) -> str:
    return "".join(
        [values.get(part, part) if place % 2 else part for place, part in enumerate(_MARKS.split(marked))]
    )


@lru_cache(maxsize=KEPT)
def _category(form: str, category: str) -> bytes:
    return _shape(form).category.replace(_CATEGORY, _quoted(form, plain(category))).encode()


def _text(form: str, text: str) -> str:
    """Return a text as feedgen writes it between tags."""
    escaped = escape(text, quote=False)
    return _hexadecimal(escaped) if form == "rss" else escaped


def _quoted(form: str, text: str) -> str:
    """Return a link or a category as feedgen writes it: in Atom as an attribute."""
    return _text(form, text).replace('"', "&quot;") if form == "atom" else _text(form, text)


@lru_cache(maxsize=256)
def _date(form: str, when: datetime) -> str:
    if form == "atom":
        return when.isoformat()
    from feedgen.util import formatRFC2822

    return str(formatRFC2822(when))


def _second(when: datetime) -> datetime:
    return when.astimezone(UTC).replace(microsecond=0)


# --- written by feedgen --------------------------------------------------------------------------------------


def _feed(channel: Channel, form: str, title: str, description: str) -> "FeedGenerator":
    from feedgen.feed import FeedGenerator

    feed = FeedGenerator()
    feed.id(channel.id)
    feed.title(plain(title))
    feed.description(plain(description))
    feed.language(channel.language)
    feed.generator(_GENERATOR)
    # Atom requires an author of the feed where an entry has none.
    feed.author({"name": plain(title)})
    # feedgen uses the last link as the page of the RSS feed.
    feed.link(href=channel.feed_url(form), rel="self", type=_MEDIA_TYPES[form])
    feed.link(href=channel.base_url, rel="alternate", type="text/html")
    # The default is the current time, and the bytes would differ every time.
    feed.updated(_second(channel.updated))
    return feed


def _entry(feed: "FeedGenerator", content: Entry) -> Any:
    entry = feed.add_entry(order="append")
    entry.id(content.id)
    entry.guid(content.id, permalink=False)
    entry.title(plain(content.title))
    entry.link(href=content.link, rel="alternate", type="text/html")
    entry.content(content.content, type="html")
    if content.categories:
        entry.category([{"term": plain(category)} for category in content.categories])
    entry.published(content.entered)
    entry.updated(content.updated)
    return entry
