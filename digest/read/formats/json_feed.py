"""JSON Feed, versions 1 and 1.1: https://www.jsonfeed.org/version/1.1/."""

from typing import Any

from digest.model import Listing
from digest.ports import Document, Fault, Parsed
from digest.read import normalize
from digest.read.parsing import html_tree, json_text, names
from digest.read.parsing.dates import day_of, newest
from digest.read.parsing.ids import first_arxiv_id, first_doi

name = "json-feed"


def sniff(document: Document) -> bool:
    """Claim JSON whose `version` is the address of a version of this format."""
    value = json_text.value_of(document)
    version = value.get("version") if isinstance(value, dict) else None
    return isinstance(version, str) and "jsonfeed.org/version/" in version


def parse(document: Document) -> Parsed | Fault:
    """Read all items with a title, or return a fault if all lack one."""
    items = json_text.value_of(document).get("items")
    if not isinstance(items, list):
        return Fault("the feed has no list of items", "save the complete feed again")
    listings, days = [], []
    for number, item in enumerate(items, start=1):
        listing = _listing(item) if isinstance(item, dict) else None
        if listing is None:
            reason = f"item {number} of {len(items)} is not an object"
            return Fault(reason, "correct the item, or remove this file if it does not list papers")
        listings.append(listing)
        days += [listing.published, day_of(item.get("date_modified"))]
    if listings and not any(listing.title for listing in listings):
        reason = f"item 1 of {len(items)} has no title"
        return Fault(reason, "correct the item, or remove this file if it does not list papers")
    return normalize.parsed(listings, carried=newest(days), unit="item")


def _listing(item: dict[str, Any]) -> Listing:
    authors = names.clean(
        author.get("name") for author in _objects(item.get("authors") or [item.get("author")])
    )
    markup = item.get("content_html")
    text = normalize.one_line(item.get("content_text")) or html_tree.html_to_text(
        markup if isinstance(markup, str) else ""
    )
    url = normalize.optional_line(item.get("url")) or normalize.optional_line(item.get("external_url"))
    addresses = [url, normalize.one_line(item.get("id"))]
    arxiv, version = first_arxiv_id(addresses)
    return Listing(
        rank=0,
        title=normalize.one_line(item.get("title")),
        abstract=text or normalize.one_line(item.get("summary")),
        authors=authors,
        author_count=len(authors) or None,
        published=day_of(item.get("date_published")),
        categories=normalize.unique_lines(item.get("tags")),
        arxiv=arxiv,
        doi=first_doi(addresses),
        version=version,
        url=url,
    )


def _objects(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
