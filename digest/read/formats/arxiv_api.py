"""Responses of the arXiv API: Atom, or a recorded response `{"url", "status_code", "body"}` with Atom in it.

See https://info.arxiv.org/help/api/user-manual.html. The API reports an error as a feed with one entry whose
id is an address under `/api/errors`.
"""

import re
from typing import TYPE_CHECKING, Any

from digest.model import Listing
from digest.ports import Document, Fault, Parsed
from digest.read import normalize
from digest.read.parsing import html_tree, json_text, names
from digest.read.parsing.dates import day_of, newest
from digest.read.parsing.ids import arxiv_id, doi
from digest.read.parsing.standing import standing

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

name = "arxiv-api"
READS_BYTES = True

_SIGNATURE = re.compile(
    r"<id>\s*https?://(?:export\.)?arxiv\.org/(?:api/|\s*</id>)|arxiv\.org/api/query|arXiv Query:"
)


def sniff(document: Document) -> bool:
    """Claim an Atom feed with the id of the API, and a recorded response with such a feed."""
    inner = _recorded(document)
    if inner is not None:
        document = inner
    return html_tree.root_name(document) == "feed" and _SIGNATURE.search(html_tree.head(document)) is not None


def parse(document: Document) -> Parsed | Fault:
    """Read all entries, or return a fault for the response or the first invalid entry."""
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
            return Fault(reason, "save the complete response again", entry.sourceline)
        days.append(day_of(html_tree.text(html_tree.child(entry, "updated"))))
        listings.append(listing)
    return normalize.parsed(listings, carried=newest([*days, *(one.published for one in listings)]))


def _recorded(document: Document) -> Document | None:
    """Return the body of a recorded response as a document, or None for any other document."""
    value: Any = json_text.value_of(document)
    body = value.get("body") if isinstance(value, dict) else None
    if not isinstance(body, str) or not {"url", "status", "status_code"} & value.keys():
        return None
    # The declaration names the encoding of the original bytes, but the body is encoded as UTF-8 here.
    body = re.sub(r"\A\s*<\?xml[^>]*\?>", "", body)
    return Document(document.path, body.encode("utf-8", "replace"), body)


def _listing(entry: "Element") -> Listing | Fault | None:
    address = html_tree.text(html_tree.child(entry, "id"))
    summary = html_tree.text(html_tree.child(entry, "summary"))
    if "/api/errors" in address:
        return Fault(f"arXiv answered with an error: {summary}", "correct the request and fetch again")
    title = html_tree.text(html_tree.child(entry, "title"))
    arxiv, version = arxiv_id(address)
    if not title or arxiv is None:
        return None
    authors = list(html_tree.children(entry, "author"))
    people = names.clean(html_tree.text(html_tree.child(author, "name")) for author in authors)
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
        categories=normalize.unique_lines(
            [link.get("term") for link in html_tree.children(entry, "category")]
        ),
        arxiv=arxiv,
        doi=doi(html_tree.text(html_tree.child(entry, "doi"))),
        version=version,
        url=next((link.get("href") for link in links if link.get("rel") == "alternate"), address),
        status=standing("", summary, note),
    )
