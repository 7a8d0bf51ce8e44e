"""arXiv metadata as JSON Lines or a JSON list: arXiv's snapshot, and files of daily crawlers.

The snapshot has the authors as one string, `categories` separated by spaces, and dated versions. Crawlers
write lists and call the abstract `summary`. All have an arXiv id, a title and categories.
"""

from collections.abc import Iterator
from typing import Any

from digest.model import Listing
from digest.ports import Document, Fault, Parsed
from digest.read import normalize
from digest.read.parsing import json_lines, names
from digest.read.parsing.dates import day_of, newest
from digest.read.parsing.ids import arxiv_id, doi
from digest.read.parsing.standing import standing

name = "arxiv-json"


def sniff(document: Document) -> bool:
    """Claim JSON whose first object has an arXiv id, a title, an abstract and categories."""
    first = json_lines.first(document)
    return (
        isinstance(first, dict)
        and isinstance(first.get("title"), str)
        and isinstance(first.get("id"), str)
        and arxiv_id(first["id"])[0] is not None
        and "categories" in first
        and ("abstract" in first or "summary" in first)
    )


def parse(document: Document) -> Parsed | Fault:
    """Read all objects, or return a fault for the first without a title or an arXiv id."""
    objects = json_lines.objects(document)
    if isinstance(objects, Fault):
        return objects
    listings, days = [], []
    for line, value in objects:
        listing = _listing(value)
        if listing is None:
            reason = "this paper has no title or no arXiv id"
            return Fault(reason, "correct it, or download the file again", line)
        listings.append(listing)
        days += [
            listing.published,
            *(day_of(value.get(key)) for key in ("update_date", "first_seen", "updated")),
        ]
    return normalize.parsed(listings, carried=newest(days))


def _listing(value: dict[str, Any]) -> Listing | None:
    title = normalize.one_line(value.get("title"))
    arxiv, version = arxiv_id(value["id"]) if isinstance(value.get("id"), str) else (None, None)
    if not title or arxiv is None:
        return None
    abstract = normalize.one_line(value.get("abstract")) or normalize.one_line(value.get("summary"))
    authors = _authors(value)
    versions = list(_versions(value))
    categories = value.get("categories")
    url = normalize.optional_line(value.get("abs")) or normalize.optional_line(value.get("url"))
    comment = normalize.one_line(value.get("comments")) or normalize.one_line(value.get("comment"))
    return Listing(
        rank=0,
        title=title,
        abstract=abstract,
        authors=authors,
        author_count=len(authors) or None,
        published=day_of(value.get("published")) or day_of(versions[0] if versions else None),
        categories=normalize.unique_lines(categories.split() if isinstance(categories, str) else categories),
        arxiv=arxiv,
        doi=doi(value["doi"]) if isinstance(value.get("doi"), str) else None,
        version=version or len(versions) or None,
        url=url,
        status=standing("", abstract, comment),
    )


def _authors(value: dict[str, Any]) -> tuple[str, ...]:
    authors = value.get("authors")
    if isinstance(authors, str):
        return names.split_tex_names(authors)
    return names.clean(authors) if isinstance(authors, list) else ()


def _versions(value: dict[str, Any]) -> Iterator[Any]:
    for version in value.get("versions") or () if isinstance(value.get("versions"), list) else ():
        yield version.get("created") if isinstance(version, dict) else None
