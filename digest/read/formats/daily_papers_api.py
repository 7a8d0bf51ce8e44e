"""Answers of Hugging Face's `/api/daily_papers`, and what people made of them when they saved them.

An answer is a list of entries `{"paper": {…}, "title", "numComments", …}`. Seen as well: the list in an
object (`{"status", "date", "count", "data": [...]}`), entries written as Python's `repr` inside strings,
entries without the outer fields, and the bare paper of `/api/papers/ID` and `/api/papers/search`.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
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
# Any of these beside id and title: other lists of papers do not have them.
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
_OWN_IN_TEXT = re.compile(r"""["'](?:upvotes|numComments|submittedBy|discussionId)["']\s*:""")
_HEAD = 1000
_REMEDY = "save the answer of /api/daily_papers again, whole"


def sniff(document: Document) -> bool:
    """Claim JSON whose first entry is a paper of this site, and what was such JSON before it was damaged.

    An empty list, as the site answers for a day without papers, is claimed, too.
    """
    value = json_text.value_of(document)
    found = entries_of(value)
    if found:
        return _is_entry(_entry(found[0]))
    if value == [] or (isinstance(value, dict) and value.get("data") == [] and "date" in value):
        return True  # a day without papers
    return json_text.fault_of(document) is not None and _looks_like_it(document.text or "")


def parse(document: Document) -> Parsed | Fault:
    """Read every entry, or say which of them is no paper."""
    fault = json_text.fault_of(document)
    value = json_text.value_of(document)
    day = day_of(value.get("date")) if isinstance(value, dict) else None
    return fault or listed(entries_of(value), day)


def entries_of(value: Any) -> list[Any]:
    """Return the entries of an answer in any of its shapes; an empty list if it is none."""
    if isinstance(value, list):
        return value
    if isinstance(value, dict):
        if _is_entry(value):
            return [value]
        return next((value[key] for key in _WRAPPERS if isinstance(value.get(key), list)), [])
    return []


def listed(entries: list[Any], day: date | None = None) -> Parsed | Fault:
    """Return the papers of the entries of a day (None: not told), or say which entry cannot be read."""
    found: list[_Found] = []
    for number, raw in enumerate(entries, start=1):
        entry = _entry(raw)
        one = _found(entry) if isinstance(entry, dict) else None
        if one is None:
            return Fault(f"entry {number} of {len(entries)} is no paper with a title", _REMEDY)
        found.append(one)
    return normalize.parsed(
        (one.listing for one in found), carried=newest([day, *(each for one in found for each in one.days)])
    )


def _entry(raw: Any) -> Any:
    """Return an entry; one that was saved as the `repr` of a dictionary is read as such."""
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


def _looks_like_it(text: str) -> bool:
    return _BEGINNING.match(text.lstrip()[:_HEAD]) is not None and _OWN_IN_TEXT.search(text) is not None


@dataclass(frozen=True, slots=True)
class _Found:
    listing: Listing
    days: tuple[date, ...]


def _found(entry: dict[Any, Any]) -> _Found | None:
    paper = entry.get("paper", entry)
    if not isinstance(paper, dict):
        return None
    title = normalize.line(paper.get("title")) or normalize.line(entry.get("title"))
    if not title:
        return None
    outer = entry if paper is not entry else {}
    arxiv, version = arxiv_id(paper["id"]) if isinstance(paper.get("id"), str) else (None, None)
    authors = tuple(_names(paper.get("authors")))
    published = day_of(paper.get("publishedAt")) or day_of(outer.get("publishedAt"))
    listing = Listing(
        rank=0,
        title=title,
        abstract=normalize.line(paper.get("summary")) or normalize.line(outer.get("summary")),
        authors=authors,
        author_count=len(authors) or None,
        published=published,
        comments=_first_count(outer.get("numComments"), paper.get("numComments")),
        upvotes=_first_count(paper.get("upvotes"), outer.get("upvotes")),
        organization=_organization(paper.get("organization")) or _organization(outer.get("organization")),
        arxiv=arxiv,
        version=version,
        code_url=normalize.optional(paper.get("githubRepo")) or normalize.optional(outer.get("githubRepo")),
        withdrawn=bool(paper.get("withdrawnAt")),
        keywords=normalize.texts(paper.get("ai_keywords")),
        project_url=normalize.optional(paper.get("projectPage"))
        or normalize.optional(outer.get("projectPage")),
    )
    days = (published, day_of(outer.get("publishedAt")), day_of(paper.get("submittedOnDailyAt")))
    return _Found(listing, tuple(day for day in days if day))


def _names(authors: Any) -> Iterator[str]:
    """Return the names of the authors; the site writes an object for each, others wrote the name alone."""
    for author in authors if isinstance(authors, list) else []:
        name = normalize.line(author.get("name") if isinstance(author, dict) else author)
        if name:
            yield name


def _organization(value: Any) -> str | None:
    if isinstance(value, dict):
        return normalize.optional(value.get("fullname")) or normalize.optional(value.get("name"))
    return normalize.optional(value)


def _first_count(*values: Any) -> int | None:
    return next((number for value in values if (number := normalize.count(value)) is not None), None)
