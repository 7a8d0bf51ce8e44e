"""Answers of the arXiv API: Atom, or the Atom inside a recorded answer `{"url", "status_code", "body"}`.

The API is described at https://info.arxiv.org/help/api/user-manual.html. It reports errors as a feed with
one entry whose id lies under `/api/errors`.
"""

import re
from typing import TYPE_CHECKING, Any

from digest.model import Listing
from digest.ports import Document, Fault, Parsed
from digest.read import normalize
from digest.read.parsing import html_tree, json_text, names
from digest.read.parsing.arxiv_terms import is_withdrawn
from digest.read.parsing.dates import day_of, newest
from digest.read.parsing.ids import arxiv_id, doi

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

name = "arxiv-api"
READS_BYTES = True

_OWN = re.compile(
    r"<id>\s*https?://(?:export\.)?arxiv\.org/(?:api/|\s*</id>)|arxiv\.org/api/query|arXiv Query:"
)


def sniff(document: Document) -> bool:
    """Claim an Atom feed whose id is the API's, and a recorded answer with such a feed in it."""
    inner = _recorded(document)
    if inner is not None:
        document = inner
    return html_tree.root_name(document) == "feed" and _OWN.search(html_tree.head(document)) is not None


def parse(document: Document) -> Parsed | Fault:
    """Read every entry, or say what is wrong with the answer."""
    root = html_tree.xml(_recorded(document) or document)
    if isinstance(root, Fault):
        return root
    entries = list(html_tree.children(root, "entry"))
    days = [day_of(html_tree.text(html_tree.child(root, "updated")))]
    listings = []
    for number, entry in enumerate(entries, start=1):
        listing = _listing(entry)
        if isinstance(listing, Fault):
            return listing
        if listing is None:
            reason = f"entry {number} of {len(entries)} has no title or no arXiv id"
            return Fault(reason, "save the answer again, whole", entry.sourceline)
        days.append(day_of(html_tree.text(html_tree.child(entry, "updated"))))
        listings.append(listing)
    return normalize.parsed(listings, carried=newest([*days, *(one.published for one in listings)]))


def _recorded(document: Document) -> Document | None:
    """Return the body of a recorded answer as a document, None if the document is no such record."""
    value: Any = json_text.value_of(document)
    body = value.get("body") if isinstance(value, dict) else None
    if not isinstance(body, str) or not {"url", "status", "status_code"} & value.keys():
        return None
    # The declared encoding was that of the bytes; the text is written as UTF-8 here.
    body = re.sub(r"\A\s*<\?xml[^>]*\?>", "", body)
    return Document(document.path, body.encode("utf-8", "replace"), body)


def _listing(entry: "Element") -> Listing | Fault | None:
    place = html_tree.text(html_tree.child(entry, "id"))
    summary = html_tree.text(html_tree.child(entry, "summary"))
    if "/api/errors" in place:
        return Fault(f"arXiv answered with an error: {summary}", "mend the request, then fetch it again")
    title = html_tree.text(html_tree.child(entry, "title"))
    arxiv, version = arxiv_id(place)
    if not title or arxiv is None:
        return None
    authors = list(html_tree.children(entry, "author"))
    people = names.known(html_tree.text(html_tree.child(author, "name")) for author in authors)
    affiliations = (html_tree.text(html_tree.child(author, "affiliation")) for author in authors)
    note = html_tree.text(html_tree.child(entry, "comment"))
    links = list(html_tree.children(entry, "link"))
    return Listing(
        rank=0,
        title=title,
        abstract=summary,
        authors=people,
        author_count=len(people) or None,
        published=day_of(html_tree.text(html_tree.child(entry, "published"))),
        organization=next(filter(None, affiliations), None),
        categories=normalize.texts([link.get("term") for link in html_tree.children(entry, "category")]),
        arxiv=arxiv,
        doi=doi(html_tree.text(html_tree.child(entry, "doi"))),
        version=version,
        url=next((link.get("href") for link in links if link.get("rel") == "alternate"), place),
        withdrawn=is_withdrawn(summary, note),
    )
