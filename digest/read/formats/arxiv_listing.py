"""Saved listing pages of arxiv.org (`/list/cs.AI/new`, `/recent`, `/2511`) as HTML.

A paper consists of a `dt` with its number and identifier and a `dd` with title, authors and subjects; only
the pages of new papers have abstracts. Headings show whether papers are new, cross-listed or replaced.
"""

import re
from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING

from digest.model import Listing
from digest.ports import Document, Fault, Parsed
from digest.read import file_types, normalize
from digest.read.parsing import html_tree, names
from digest.read.parsing.dates import day_of, newest
from digest.read.parsing.ids import arxiv_id
from digest.read.parsing.standing import standing

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

name = "arxiv-listing"

_SIGNATURE = re.compile(r"""class=["'][^"']*\b(?:list-identifier|list-title)\b""")
_ABS = re.compile(r"(?:https?://(?:[\w-]+\.)*arxiv\.org)?/abs/(\S+)")
_CATEGORY = re.compile(r"\(([a-zA-Z-]+(?:\.[A-Za-z-]+)?)\)")
_HEADED = re.compile(r"(?:.*\bfor\s+)?(?:[A-Z][a-z]+,\s+)?(\d{1,2} [A-Z][a-z]+ (?:\d{4}|\d\d))\b")
_DESCRIPTOR = re.compile(r"\A(?:Title|Authors|Comments|Subjects|Journal-ref):\s*")
_KINDS = (("cross", "cross"), ("replace", "replace"), ("new submission", "new"))
_REMEDY = "save the complete page again"


def sniff(document: Document) -> bool:
    """Claim an HTML page with the classes of arXiv's listings."""
    text = document.text
    return text is not None and file_types.starts_with_tag(text) and _SIGNATURE.search(text) is not None


def parse(document: Document) -> Parsed | Fault:
    """Read all papers of a page, or return a fault for the first without a title or an arXiv id."""
    if not html_tree.is_complete(document.text or ""):
        return html_tree.INCOMPLETE
    root = html_tree.html(document.text or "")
    if root is None:
        return Fault("no papers on this page", _REMEDY)
    listings: list[Listing] = []
    days: list[date | None] = []
    for found in _papers(root):
        if isinstance(found, Fault):
            return found
        if isinstance(found, Listing):
            listings.append(found)
        else:
            days.append(found)
    return normalize.parsed(listings, carried=newest(days))


def _papers(root: "Element") -> Iterator[Listing | date | Fault]:
    """Yield the papers of a page and the dates in its headings, in the order of the page."""
    kind: str | None = None
    day: date | None = None
    term: Element | None = None
    for element in root.iter("h1", "h2", "h3", "dt", "dd"):
        if element.tag == "dt":
            term = element
        elif element.tag == "dd" and term is not None:
            listing = _listing(term, element, kind, day)
            if listing is None:
                yield Fault("this paper has no title or no arXiv id", _REMEDY, element.sourceline)
                return
            yield listing
            term = None
        elif element.tag != "dd":
            heading = html_tree.text(element)
            kind = next((value for word, value in _KINDS if word in heading.lower()), kind)
            day = _day(heading) or day
            if day is not None:
                yield day
    if term is not None:
        yield Fault("the page is cut short within a paper", _REMEDY, term.sourceline)


def _day(heading: str) -> date | None:
    """Return the date in `Fri, 21 Nov 2025 (showing …)` or `Showing new listings for Friday, 21 November 2025`."""
    match = _HEADED.match(heading)
    return day_of(match[1]) if match else None


def _listing(term: "Element", description: "Element", kind: str | None, day: date | None) -> Listing | None:
    links = [match for link in term.iter("a") if (match := _ABS.fullmatch(link.get("href") or ""))]
    arxiv, version = arxiv_id(links[0][1]) if links else (None, None)
    parts = {
        part: _DESCRIPTOR.sub("", html_tree.text(element))
        for element in description.iter("div")
        if next(element.iterdescendants("div"), None)
        is None  # else texts of nested ones are read again and again
        for part in (element.get("class") or "").split()
        if part.startswith("list-")
    }
    title = parts.get("list-title", "")
    if not title or arxiv is None:
        return None
    marks = html_tree.text(term).lower()
    replaced, cross = "replaced" in marks or kind == "replace", "cross-list" in marks or kind == "cross"
    abstract = next(
        (
            html_tree.text(element)
            for element in description.iter("p")
            if "mathjax" in (element.get("class") or "")
        ),
        "",
    )
    authors = names.split_tex_names(parts.get("list-authors", ""))
    return Listing(
        rank=0,
        title=title,
        abstract=abstract,
        authors=authors,
        author_count=len(authors) or None,
        published=None if replaced else day,
        categories=tuple(dict.fromkeys(_CATEGORY.findall(parts.get("list-subjects", "")))),
        arxiv=arxiv,
        version=version,
        url=f"https://arxiv.org/abs/{arxiv}",
        status=standing("", abstract, parts.get("list-comments", "")),
        announced=("replace-cross" if cross else "replace") if replaced else "cross" if cross else kind,
    )
