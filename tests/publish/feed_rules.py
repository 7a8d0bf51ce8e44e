"""The rules of the W3C feed validator that apply to our feeds."""

import re
from datetime import datetime
from email.utils import parsedate_to_datetime
from html.entities import name2codepoint

import html5lib
from lxml import etree

ATOM = "{http://www.w3.org/2005/Atom}"
HISTORY = {"prev-archive", "next-archive", "current"}
DC = "{http://purl.org/dc/elements/1.1/}"
_URN = re.compile(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_URL = re.compile(r"https?://[!-~]+")
_BAD = re.compile("[\x80-\x9f\ufffd]")
_HTML = {
    "a",
    "b",
    "i",
    "p",
    "br",
    "em",
    "img",
    "script",
    "strong",
    "div",
    "span",
    "title",
    "style",
    "svg",
    "iframe",
}


def problems(data, *, form, url, now):
    """Return what is wrong with a feed (`rss` or `atom`) that is published at `url`."""
    root = etree.fromstring(data)
    found = _atom(root, url, now) if form == "atom" else _rss(root, url, now, data)
    texts = [text for each in root.iter() for text in (each.text or "", *each.attrib.values())]
    return [*found, *(f"bad character in {text!r}" for text in texts if _BAD.search(text))]


def _rss(root, url, now, data):
    channel = root.find("channel")
    for name in ("title", "link", "description", "lastBuildDate"):
        if not (channel.findtext(name) or "").strip():
            yield f"channel without {name}"
    links = [link for link in channel.findall(f"{ATOM}link") if link.get("rel") not in HISTORY]
    if [(link.get("rel"), link.get("href")) for link in links] != [("self", url)]:
        yield "self link"
    if channel.findtext("link") == url:
        yield "the channel links to the feed"
    yield from _dates([channel.findtext("lastBuildDate")], parsedate_to_datetime, now)
    guids = []
    for item in channel.findall("item"):
        guid = item.find("guid")
        guids.append(guid.text)
        if guid.get("isPermaLink") != "false":
            yield "guid is marked as a link"
        if not _URL.fullmatch(item.findtext("link") or ""):
            yield f"link {item.findtext('link')!r}"
        if item.find("author") is not None:
            yield "author, which must be an email address"
        yield from _dates([item.findtext("pubDate")], parsedate_to_datetime, now)
        yield from _html(item.findtext("description"))
    yield from _ids(guids)
    plain = [
        *channel.iter("title"),
        *channel.iter("category"),
        *channel.iter(f"{DC}creator"),
        channel.find("description"),
    ]
    yield from _plain(each.text for each in plain)
    if b"&lt;" in data or b"&amp;" in data:
        yield "character data that readers may take for markup"


def _atom(root, url, now):
    links = {link.get("rel"): link.get("href") for link in root.findall(f"{ATOM}link")}
    if (
        links.get("self") != url
        or not _URL.fullmatch(links.get("alternate", ""))
        or links["alternate"] == url
    ):
        yield f"links {links}"
    entries = root.findall(f"{ATOM}entry")
    for each in (root, *entries):
        for name in ("id", "title", "updated"):
            if len(each.findall(ATOM + name)) != 1 or not each.findtext(ATOM + name).strip():
                yield f"{each.tag} without {name}"
        yield from _dates([each.findtext(ATOM + "updated")], datetime.fromisoformat, now)
    if not root.findtext(f"{ATOM}author/{ATOM}name"):
        yield "no author"
    for entry in entries:
        alternates = [
            link for link in entry.findall(f"{ATOM}link") if link.get("rel", "alternate") == "alternate"
        ]
        if len(alternates) != 1 or not _URL.fullmatch(alternates[0].get("href")):
            yield "alternate link"
        content = entry.find(f"{ATOM}content")
        if content is None or content.get("type") != "html" or not content.text:
            yield "content"
        else:
            yield from _html(content.text)
        yield from _dates([entry.findtext(f"{ATOM}published")], datetime.fromisoformat, now)
    yield from _ids([root.findtext(f"{ATOM}id"), *(entry.findtext(f"{ATOM}id") for entry in entries)])
    updated = [entry.findtext(f"{ATOM}updated") for entry in entries]
    if len(updated) != len(set(updated)):
        yield "entries updated in the same instant"
    yield from _plain(each.text for name in ("title", "name", "subtitle") for each in root.iter(ATOM + name))
    yield from _plain(each.get("term") for each in root.iter(f"{ATOM}category"))


def _dates(texts, parse, now):
    for text in texts:
        when = parse(text)
        if when.tzinfo is None or when > now:
            yield f"date {text}"


def _ids(ids):
    for each in ids:
        if not _URN.fullmatch(each or ""):
            yield f"id {each!r}"
    if len(ids) != len(set(ids)):
        yield "an id twice"


def _plain(texts):
    for text in texts:
        if not (text or "").strip():
            yield "an empty text"
            continue
        if any(tag.lower() in _HTML for tag in re.findall(r"</(\w+)>", text)):
            yield f"HTML in {text!r}"
        for name in re.findall(r"&(#?\w+)", text):
            if name in name2codepoint or name == "apos" or not name.isalpha():
                yield f"an entity in {text!r}"


def _html(content):
    tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parseFragment(content)
    tags = [each.tag for each in tree.iter()][1:]
    if not {"p"} <= {*tags} <= {"p", "strong"} or any(each.attrib for each in tree.iter()):
        yield f"markup in {content!r}"
