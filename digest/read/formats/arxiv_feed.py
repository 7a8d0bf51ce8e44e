"""The daily feeds of rss.arxiv.org, as RSS and Atom, and the RSS that arXiv published before 2024.

Today, one `dc:creator` holds all authors, and the abstract follows `arXiv:2508.13428v1 Announce Type: cross`
and `Abstract:`; `arxiv:announce_type` repeats the type. Before 2024, the title ended with
`(arXiv:2104.01234v1 [cs.AI])`, and abstract and authors were HTML.
"""

import re
from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING

from digest.model import Listing
from digest.ports import Document, Fault, Parsed
from digest.read import normalize
from digest.read.parsing import html_tree, names
from digest.read.parsing.arxiv_terms import announced
from digest.read.parsing.dates import day_of, newest
from digest.read.parsing.ids import arxiv_id, doi, first_arxiv_id

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

name = "arxiv-feed"
READS_BYTES = True

_ROOTS = {"rss", "feed", "rdf"}
_SIGNATURE = re.compile(
    r"https?://(?:rss|export|www)?\.?arxiv\.org/(?:rss|atom)\b|updates on (?:the )?arXiv\.org", re.IGNORECASE
)
_HEAD = re.compile(r"arXiv:\S+\s+Announce Type:\s*(?P<type>[\w-]+)\s*(?:Abstract:\s*)?", re.IGNORECASE)
_OLD_TITLE = re.compile(
    r"\s*\(arXiv:(?P<id>\S+?)(?:\s*\[(?P<category>[\w.-]+)\])?(?P<updated>\s+UPDATED)?\)\s*\Z"
)
_ABS_ADDRESS = re.compile(r"arxiv\.org/abs/", re.IGNORECASE)


def sniff(document: Document) -> bool:
    """Claim a feed that mentions arXiv's feeds at its beginning."""
    return html_tree.root_name(document) in _ROOTS and _SIGNATURE.search(html_tree.head(document)) is not None


def parse(document: Document) -> Parsed | Fault:
    """Read all items, or return a fault for the first without a title or an arXiv id."""
    root = html_tree.xml(document)
    if isinstance(root, Fault):
        return root
    channel = html_tree.child(root, "channel")
    items = [
        *html_tree.children(root, "item", "entry"),
        *(html_tree.children(channel, "item") if channel is not None else ()),
    ]
    listings = []
    for number, item in enumerate(items, start=1):
        listing = _listing(item)
        if listing is None:
            reason = f"item {number} of {len(items)} has no title or no arXiv id"
            return Fault(reason, "save the complete feed again", item.sourceline)
        listings.append(listing)
    days = (day_of(text) for text in _dates(root if channel is None else channel))
    return normalize.parsed(listings, carried=newest([*days, *(one.published for one in listings)]))


def _dates(channel: "Element") -> Iterator[str]:
    for element in html_tree.children(channel, "updated", "pubDate", "lastBuildDate", "date"):
        yield html_tree.text(element)


def _listing(item: "Element") -> Listing | None:
    title = html_tree.text(html_tree.child(item, "title"))
    old = _OLD_TITLE.search(title)
    title = title[: old.start()].removesuffix(".") if old else title
    link = _link(item)
    guid = html_tree.text(html_tree.child(item, "guid", "id"))
    arxiv, version = first_arxiv_id((guid, old["id"] if old else "", link))
    if not title or arxiv is None:
        return None
    description = html_tree.text(html_tree.child(item, "description", "summary", "content"))
    head = _HEAD.match(
        description
    )  # plain text follows; without this head, the item has the HTML of the old feed
    abstract = description[head.end() :] if head else html_tree.html_to_text(description)
    kind = announced(html_tree.text(html_tree.child(item, "announce_type")) or (head["type"] if head else ""))
    authors = tuple(
        person
        for creator in html_tree.children(item, "creator")
        for person in names.split_tex_names(html_tree.html_to_text(html_tree.text(creator)))
    )
    terms = [
        element.get("term") or html_tree.text(element) for element in html_tree.children(item, "category")
    ]
    return Listing(
        rank=0,
        title=title,
        abstract=abstract,
        authors=authors,
        author_count=len(authors) or None,
        published=_published(item, kind),
        categories=normalize.unique_lines(terms or [old["category"] if old else ""]),
        arxiv=arxiv,
        doi=doi(html_tree.text(html_tree.child(item, "DOI", "doi"))),
        version=version or (arxiv_id(head[0].split()[0])[1] if head else None),
        url=link or None,
        announced="replace" if old and old["updated"] else kind,
    )


def _published(item: "Element", kind: str | None) -> date | None:
    """Return the date of announcement of a new paper or a cross-list; None for a replacement."""
    if kind in {"replace", "replace-cross"}:
        return None
    return day_of(html_tree.text(html_tree.child(item, "published", "pubDate", "date")))


def _link(item: "Element") -> str:
    """Return the address of an item, which RSS writes as text and Atom as an attribute."""
    found = [(link.get("href") or html_tree.text(link)).strip() for link in html_tree.children(item, "link")]
    return next((link for link in found if _ABS_ADDRESS.search(link)), next(iter(found), ""))
