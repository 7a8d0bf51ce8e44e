"""Responses of Hugging Face's `/api/daily_papers`, in all the shapes in which they are saved.

A response is a list of entries `{"paper": {…}, "title", "numComments", …}`. Other shapes: the list in an
object (`{"status", "date", "count", "data": [...]}`), entries as strings with Python's `repr`, entries without
the outer fields, and the bare paper of `/api/papers/ID` and `/api/papers/search`.
"""

import ast
import re
from collections.abc import Iterator
from datetime import date
from typing import Any

from digest.model import Listing
from digest.ports import Document, Fault, Parsed
from digest.read import normalize
from digest.read.parsing import json_text
from digest.read.parsing.dates import day_of, newest
from digest.read.parsing.ids import arxiv_id

name = "daily-papers-api"

_WRAPPERS = ("data", "papers", "dailyPapers", "daily_papers", "results", "items")
# Keys that other lists of papers do not have.
_OWN_KEYS = frozenset(
    {
        "upvotes",
        "discussionId",
        "submittedOnDailyAt",
        "submittedOnDailyBy",
        "numComments",
        "submittedBy",
        "ai_summary",
    }
)
_BEGINNING = re.compile(r"""[\[{][^\[\]]{0,300}?["']paper["']\s*:\s*\{""")
_KEY_IN_TEXT = re.compile(r"""["'](?:upvotes|numComments|submittedBy|discussionId)["']\s*:""")
_HEAD = 1000
_REMEDY = "save the complete response of /api/daily_papers again"


def sniff(document: Document) -> bool:
    """Claim JSON whose first entry is a paper of this site, even if the JSON is damaged.

    An empty list is claimed too, because the site returns one for a day without papers.
    """
    value = json_text.value_of(document)
    found = entries_of(value)
    if found:
        return _is_entry(_entry(found[0]))
    if value == [] or (isinstance(value, dict) and value.get("data") == [] and "date" in value):
        return True  # a day without papers
    return json_text.fault_of(document) is not None and _is_damaged_response(document.text or "")


def parse(document: Document) -> Parsed | Fault:
    """Read all entries, or return a fault for the first that is not a paper."""
    fault = json_text.fault_of(document)
    value = json_text.value_of(document)
    day = day_of(value.get("date")) if isinstance(value, dict) else None
    return fault or parse_entries(entries_of(value), day)


def entries_of(value: Any) -> list[Any]:
    """Return the entries of a response in any of its shapes; an empty list for any other value."""
    if isinstance(value, list):
        return value
    if isinstance(value, dict):
        if _is_entry(value):
            return [value]
        return next((value[key] for key in _WRAPPERS if isinstance(value.get(key), list)), [])
    return []


def parse_entries(entries: list[Any], day: date | None = None) -> Parsed | Fault:
    """Read the entries of a day (None if unknown), or return a fault for the first that is not a paper."""
    listings: list[Listing] = []
    days: list[date | None] = [day]
    for number, raw in enumerate(entries, start=1):
        entry = _entry(raw)
        found = _listing(entry) if isinstance(entry, dict) else None
        if found is None:
            return Fault(f"entry {number} of {len(entries)} is not a paper with a title", _REMEDY)
        listings.append(found[0])
        days += found[1]
    return normalize.parsed(listings, carried=newest(days))


def _entry(raw: Any) -> Any:
    """Return an entry; a string is parsed as the `repr` of a dictionary."""
    if not isinstance(raw, str):
        return raw
    try:
        return ast.literal_eval(raw.strip())
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None


def _is_entry(entry: Any) -> bool:
    if not isinstance(entry, dict):
        return False
    paper = entry.get("paper", entry)
    if not (isinstance(paper, dict) and isinstance(paper.get("id"), str)):
        return False
    titled = isinstance(paper.get("title", entry.get("title")), str)
    return titled and (bool(_OWN_KEYS & (paper.keys() | entry.keys())) or "paper" in entry)


def _is_damaged_response(text: str) -> bool:
    return _BEGINNING.match(text.lstrip()[:_HEAD]) is not None and _KEY_IN_TEXT.search(text) is not None


def _listing(entry: dict[Any, Any]) -> tuple[Listing, tuple[date | None, ...]] | None:
    """Return the paper of an entry and the dates in it, or None if it has no title."""
    paper = entry.get("paper", entry)
    if not isinstance(paper, dict):
        return None
    title = normalize.one_line(paper.get("title")) or normalize.one_line(entry.get("title"))
    if not title:
        return None
    outer = entry if paper is not entry else {}
    arxiv, version = arxiv_id(paper["id"]) if isinstance(paper.get("id"), str) else (None, None)
    authors = tuple(_names(paper.get("authors")))
    published = day_of(paper.get("publishedAt")) or day_of(outer.get("publishedAt"))
    listing = Listing(
        rank=0,
        title=title,
        abstract=normalize.one_line(paper.get("summary")) or normalize.one_line(outer.get("summary")),
        authors=authors,
        author_count=len(authors) or None,
        published=published,
        comments=_first_count(outer.get("numComments"), paper.get("numComments")),
        upvotes=_first_count(paper.get("upvotes"), outer.get("upvotes")),
        organization=_organization(paper.get("organization")) or _organization(outer.get("organization")),
        arxiv=arxiv,
        version=version,
        code_url=normalize.optional_line(paper.get("githubRepo"))
        or normalize.optional_line(outer.get("githubRepo")),
        withdrawn=bool(paper.get("withdrawnAt")),
        keywords=normalize.unique_lines(paper.get("ai_keywords")),
        project_url=normalize.optional_line(paper.get("projectPage"))
        or normalize.optional_line(outer.get("projectPage")),
    )
    days = (published, day_of(outer.get("publishedAt")), day_of(paper.get("submittedOnDailyAt")))
    return listing, days


def _names(authors: Any) -> Iterator[str]:
    """Yield the names of the authors, each an object with a name or the bare name."""
    for author in authors if isinstance(authors, list) else []:
        name = normalize.one_line(author.get("name") if isinstance(author, dict) else author)
        if name:
            yield name


def _organization(value: Any) -> str | None:
    if isinstance(value, dict):
        return normalize.optional_line(value.get("fullname")) or normalize.optional_line(value.get("name"))
    return normalize.optional_line(value)


def _first_count(*values: Any) -> int | None:
    return next((number for value in values if (number := normalize.count(value)) is not None), None)
