"""JSON lines of our own, as `digest read --json` prints them: any other program can write them, too.

Only `title` is needed. What a line has beyond the known keys is passed over; a known key with a value of
another kind sets the file aside.
"""

from datetime import date
from typing import Any

from digest.model import Listing
from digest.ports import Document, Fault, Parsed
from digest.read import normalize
from digest.read.parsing import json_lines, names
from digest.read.parsing.dates import newest
from digest.read.parsing.ids import arxiv_id, doi

name = "digest-jsonl"

_TEXTS = ("abstract", "organization", "url", "published", "code_url", "project_url")
_COUNTS = ("author_count", "comments", "upvotes", "version")
_LISTS = ("authors", "categories", "keywords")
# So many of our keys beside the title: other files of papers have fewer.
_ENOUGH = 3
_OWN = {
    "abstract",
    "authors",
    "author_count",
    "published",
    "comments",
    "upvotes",
    "organization",
    "categories",
    "ids",
    "source",
    "rank",
}


def sniff(document: Document) -> bool:
    """Claim JSON lines whose first has a title, the object `ids` or three more of our keys, and no `id`."""
    first = json_lines.first(document)
    if not isinstance(first, dict) or not isinstance(first.get("title"), str):
        return False
    ours = _OWN & first.keys()
    return (isinstance(first.get("ids"), dict) and len(ours) > 1) or (
        "id" not in first and len(ours) >= _ENOUGH
    )


def parse(document: Document) -> Parsed | Fault:
    """Read every line, or say which is no paper."""
    objects = json_lines.objects(document)
    if isinstance(objects, Fault):
        return objects
    listings = []
    for line, value in objects:
        wrong = _wrong(value)
        if wrong:
            return Fault(wrong, "write it as `digest read --json` does", line)
        listings.append(_listing(value))
    return normalize.parsed(listings, carried=newest(one.published for one in listings))


def _wrong(value: dict[str, Any]) -> str:
    """Return what is wrong with an object, empty if nothing is."""
    if not normalize.line(value.get("title")):
        return "there is no title"
    for key in _TEXTS:
        if not isinstance(value.get(key), str | None):
            return f"{key} is no text"
    for key in _COUNTS:
        if value.get(key) is not None and normalize.count(value[key]) is None:
            return f"{key} is no count"
    for key in _LISTS:
        items = value.get(key, [])
        if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
            return f"{key} is no list of texts"
    if value.get("published") and _day(value["published"]) is None:
        return "published is no date such as 2026-11-24"
    return _wrong_ids(value.get("ids"))


def _wrong_ids(ids: Any) -> str:
    if not isinstance(ids, dict | None):
        return "ids is no object"
    given = ids or {}
    if given.get("arxiv") and not (isinstance(given["arxiv"], str) and arxiv_id(given["arxiv"])[0]):
        return f"ids.arxiv is no arXiv id: {given['arxiv']!r}"
    if given.get("doi") and not (isinstance(given["doi"], str) and doi(given["doi"])):
        return f"ids.doi is no DOI: {given['doi']!r}"
    return ""


def _listing(value: dict[str, Any]) -> Listing:
    ids = value.get("ids") or {}
    arxiv, version = arxiv_id(ids.get("arxiv") or "")
    return Listing(
        rank=0,
        title=normalize.line(value["title"]),
        abstract=normalize.line(value.get("abstract")),
        authors=names.known(value.get("authors") or ()),
        author_count=normalize.count(value.get("author_count")),
        published=_day(value.get("published")),
        comments=normalize.count(value.get("comments")),
        upvotes=normalize.count(value.get("upvotes")),
        organization=normalize.optional(value.get("organization")),
        categories=normalize.texts(value.get("categories")),
        arxiv=arxiv,
        doi=doi(ids.get("doi")),
        version=version or normalize.count(value.get("version")),
        url=normalize.optional(value.get("url")),
        code_url=normalize.optional(value.get("code_url")),
        keywords=normalize.texts(value.get("keywords")),
        project_url=normalize.optional(value.get("project_url")),
    )


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text[:10]) if text else None
    except ValueError:
        return None
