"""JSON Lines in the format of `digest read --json`, which other programs can write too.

Only `title` is required. Unknown keys are ignored; a known key with a value of the wrong type rejects the
file.
"""

from datetime import date
from typing import Any

from digest.model import Listing
from digest.ports import Document, Fault, Parsed
from digest.read import normalize
from digest.read.parsing import json_lines, names
from digest.read.parsing.dates import newest
from digest.read.parsing.ids import arxiv_id, doi
from digest.read.parsing.standing import known_status

name = "digest-jsonl"

_TEXTS = ("abstract", "organization", "url", "published", "code_url", "project_url")
_COUNTS = ("author_count", "comments", "upvotes", "version")
_LISTS = ("authors", "categories", "keywords")
# Other lists of papers have fewer of these keys.
_ENOUGH = 3
_KEYS = {
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
    """Claim objects with a title and either `ids` and another known key, or three known keys but no `id`."""
    first = json_lines.first(document)
    if not isinstance(first, dict) or not isinstance(first.get("title"), str):
        return False
    known = _KEYS & first.keys()
    return (isinstance(first.get("ids"), dict) and len(known) > 1) or (
        "id" not in first and len(known) >= _ENOUGH
    )


def parse(document: Document) -> Parsed | Fault:
    """Read all lines, or return a fault for the first that is not a paper."""
    objects = json_lines.objects(document)
    if isinstance(objects, Fault):
        return objects
    listings = []
    for line, value in objects:
        if mistake := _mistake(value):
            return Fault(mistake, "write it as `digest read --json` does", line)
        listings.append(_listing(value))
    return normalize.parsed(listings, carried=newest(one.published for one in listings))


def _mistake(value: dict[str, Any]) -> str:
    """Return what is wrong with an object, or an empty string."""
    if not normalize.one_line(value.get("title")):
        return "the title is missing"
    for key in _TEXTS:
        if not isinstance(value.get(key), str | None):
            return f"{key} is not a string"
    for key in _COUNTS:
        if value.get(key) is not None and normalize.count(value[key]) is None:
            return f"{key} is not a count"
    for key in _LISTS:
        items = value.get(key, [])
        if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
            return f"{key} is not a list of strings"
    if value.get("published") and _day(value["published"]) is None:
        return "published is not a date in the form YYYY-MM-DD"
    return _mistake_in_ids(value.get("ids"))


def _mistake_in_ids(ids: Any) -> str:
    if not isinstance(ids, dict | None):
        return "ids is not an object"
    given = ids or {}
    if given.get("arxiv") and not (isinstance(given["arxiv"], str) and arxiv_id(given["arxiv"])[0]):
        return f"ids.arxiv is not an arXiv id: {given['arxiv']!r}"
    if given.get("doi") and not (isinstance(given["doi"], str) and doi(given["doi"])):
        return f"ids.doi is not a DOI: {given['doi']!r}"
    return ""


def _listing(value: dict[str, Any]) -> Listing:
    ids = value.get("ids") or {}
    arxiv, version = arxiv_id(ids.get("arxiv") or "")
    return Listing(
        rank=0,
        title=normalize.one_line(value["title"]),
        abstract=normalize.one_line(value.get("abstract")),
        authors=names.clean(value.get("authors") or ()),
        author_count=normalize.count(value.get("author_count")),
        published=_day(value.get("published")),
        published_text=normalize.optional_line(value.get("published_text"))
        if value.get("published")
        else None,
        comments=normalize.count(value.get("comments")),
        upvotes=normalize.count(value.get("upvotes")),
        organization=normalize.optional_line(value.get("organization")),
        categories=normalize.unique_lines(value.get("categories")),
        arxiv=arxiv,
        doi=doi(ids.get("doi")),
        version=version or normalize.count(value.get("version")),
        url=normalize.optional_line(value.get("url")),
        withdrawn=value.get("withdrawn") is True,
        status=known_status(value.get("status")),
        code_url=normalize.optional_line(value.get("code_url")),
        keywords=normalize.unique_lines(value.get("keywords")),
        project_url=normalize.optional_line(value.get("project_url")),
    )


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text[:10]) if text else None
    except ValueError:
        return None
