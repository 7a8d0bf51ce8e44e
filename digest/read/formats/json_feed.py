"""JSON Feed, versions 1 and 1.1: https://www.jsonfeed.org/version/1.1/."""

from typing import Any

from digest.model import Listing
from digest.ports import Document, Fault, Parsed
from digest.read import normalize
from digest.read.parsing import html_tree, json_text, names
from digest.read.parsing.dates import day_of, newest
from digest.read.parsing.ids import arxiv_id, doi, doi_in

name = "json-feed"


def sniff(document: Document) -> bool:
    """Claim JSON whose `version` is the address of this format."""
    value = json_text.value_of(document)
    version = value.get("version") if isinstance(value, dict) else None
    return isinstance(version, str) and "jsonfeed.org/version/" in version


def parse(document: Document) -> Parsed | Fault:
    """Read every item, or say which has no title."""
    items = json_text.value_of(document).get("items")
    if not isinstance(items, list):
        return Fault("the feed has no list of items", "save the feed again, whole")
    listings, days = [], []
    for number, item in enumerate(items, start=1):
        listing = _listing(item) if isinstance(item, dict) else None
        if listing is None or not listing.title:
            return Fault(
                f"item {number} of {len(items)} has no title", "this is no feed of papers; take it away"
            )
        listings.append(listing)
        days += [listing.published, day_of(item.get("date_modified"))]
    return normalize.parsed(listings, carried=newest(days))


def _listing(item: dict[str, Any]) -> Listing:
    authors = names.known(
        author.get("name") for author in _objects(item.get("authors") or [item.get("author")])
    )
    markup = item.get("content_html")
    text = normalize.line(item.get("content_text")) or html_tree.plain(
        markup if isinstance(markup, str) else ""
    )
    url = normalize.optional(item.get("url")) or normalize.optional(item.get("external_url"))
    places = [place for place in (url, normalize.line(item.get("id"))) if place]
    arxiv, version = next((found for place in places if (found := arxiv_id(place))[0]), (None, None))
    return Listing(
        rank=0,
        title=normalize.line(item.get("title")),
        abstract=text or normalize.line(item.get("summary")),
        authors=authors,
        author_count=len(authors) or None,
        published=day_of(item.get("date_published")),
        categories=normalize.texts(item.get("tags")),
        arxiv=arxiv,
        doi=next(filter(None, map(doi, places)), None) or (doi_in(url) if url and "doi" in url else None),
        version=version,
        url=url,
    )


def _objects(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
