"""The papers in the HTML of a Google Scholar alert.

A paper consists of a heading with a link of class `gse_alrt_title`, a line `Authors… - Journal, Year`, and a
snippet of class `gse_alrt_sni`. Links go through a redirect; its `url` parameter is the address of the paper.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from digest.model import Listing
from digest.ports import Fault, Parsed
from digest.read import normalize
from digest.read.parsing import html_tree, names
from digest.read.parsing.ids import arxiv_id, doi

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_TITLE, _SNIPPET = "gse_alrt_title", "gse_alrt_sni"
_SIGNATURE = re.compile(rf"""class=["'][^"']*\b{_TITLE}\b""")
_HOST = re.compile(r"scholar\.google\.[a-z.]+")
_SEPARATOR = re.compile(r"\s[-‐–]\s")
_ARXIV = re.compile(r"\barXiv:\d{4}\.\d{4,5}(?!\d)", re.IGNORECASE)
_CUT = ("…", "...")
_REMEDY = "save the complete alert again"


def has_card(text: str) -> bool:
    """Return whether the HTML contains a paper of an alert."""
    return _SIGNATURE.search(text) is not None


def parse(text: str) -> Parsed | Fault:
    """Read all papers, or return a fault for the first without a title."""
    if not html_tree.is_complete(text):
        return html_tree.INCOMPLETE
    root = html_tree.html(text)
    found = list(_cards(root)) if root is not None else []
    for number, listing in enumerate(found, start=1):
        if not listing.title:
            return Fault(f"paper {number} of {len(found)} has no title", _REMEDY)
    return normalize.parsed(found)


def _cards(root: "Element") -> Iterator[Listing]:
    """Yield the papers in the order of the page; a paper ends where the next title begins."""
    link: Element | None = None
    byline = snippet = ""
    for element in root.iter("a", "div"):
        classes = (element.get("class") or "").split()
        if _TITLE in classes:
            if link is not None:
                yield _listing(link, byline, snippet)
            link, byline, snippet = element, "", ""
        elif link is not None and _SNIPPET in classes:
            snippet = html_tree.visible_text(element)
        elif link is not None and element.tag == "div" and not (byline or snippet) and _is_leaf(element):
            byline = html_tree.visible_text(element)
    if link is not None:
        yield _listing(link, byline, snippet)


def _is_leaf(element: "Element") -> bool:
    return next(element.iter("table", "h3", "img"), None) is None


def _listing(link: "Element", byline: str, snippet: str) -> Listing:
    people = _SEPARATOR.split(byline, maxsplit=1)[0]
    cut = people.rstrip().endswith(_CUT)
    authors = names.split_names(people.replace("…", " ").replace("...", " ")) if byline else ()
    url = target_url(link.get("href") or "")
    arxiv, version = arxiv_id(url or "")
    if arxiv is None and (named := _ARXIV.search(byline)):
        arxiv, version = arxiv_id(named[0])
    return Listing(
        rank=0,
        title=html_tree.text(link),
        abstract=snippet,
        authors=authors,
        author_count=None if cut else len(authors) or None,
        arxiv=arxiv,
        doi=None if arxiv else doi(url),
        version=version,
        url=url,
        snippet=bool(snippet),
    )


def target_url(href: str) -> str | None:
    """Return the address behind a link of an alert, or None if it is not a web address."""
    try:
        parts = urlsplit(href.strip())
        if _HOST.fullmatch(parts.hostname or "") and parts.path == "/scholar_url":
            href = next(iter(parse_qs(parts.query).get("url", [])), "")
            parts = urlsplit(href)
    except ValueError:
        return None
    return href.strip() if parts.scheme in {"http", "https"} and parts.netloc else None
