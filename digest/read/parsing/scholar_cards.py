"""The papers in the HTML of a Google Scholar alert.

A paper consists of a heading with a link of class `gse_alrt_title`, a line `Authors… - Journal, Year`, and a
snippet of class `gse_alrt_sni`. Links go through a redirect; its `url` parameter is the address of the paper.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from digest.model import Listing
from digest.ports import Fault, Parsed
from digest.read import normalize
from digest.read.parsing import html_tree, names
from digest.read.parsing.ids import arxiv_id, doi
from digest.text.wrapped import unwrapped

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_TITLE, _SNIPPET = "gse_alrt_title", "gse_alrt_sni"
# Programs that forward an alert put their own prefix before the class: `x_`, `m_-123`, `yiv123`.
_SIGNATURE = re.compile(rf"""class=(?:3D)?["']?[^"'<>]*{_TITLE}\b""")
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
        if _has(classes, _TITLE):
            if link is not None:
                yield _listing(link, byline, snippet)
            link, byline, snippet = element, "", ""
        elif link is not None and _has(classes, _SNIPPET):
            snippet = html_tree.visible_text(element)
        elif link is not None and element.tag == "div" and not (byline or snippet) and _is_leaf(element):
            byline = html_tree.visible_text(element)
    if link is not None:
        yield _listing(link, byline, snippet)


def _has(classes: list[str], name: str) -> bool:
    return any(one.endswith(name) for one in classes)


def _is_leaf(element: "Element") -> bool:
    return next(element.iter("table", "h3", "img"), None) is None


def _listing(link: "Element", byline: str, snippet: str) -> Listing:
    return listing(html_tree.text(link), link.get("href") or "", byline, snippet)


def listing(title: str, address: str, byline: str, snippet: str) -> Listing:
    """Return the paper with this link, the line `Authors… - Journal, Year` and the snippet."""
    people = _SEPARATOR.split(byline, maxsplit=1)[0]
    cut = any(sign in people for sign in _CUT)
    authors = names.split_names(people.replace("…", " ").replace("...", " ")) if byline else ()
    url = target_url(address)
    arxiv, version = arxiv_id(url or "")
    if arxiv is None and (named := _ARXIV.search(byline)):
        arxiv, version = arxiv_id(named[0])
    return Listing(
        rank=0,
        title=title,
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
    target = unwrapped(href.strip())
    try:
        parts = urlsplit(target)
        leads_on = parts.scheme in {"http", "https"} and parts.netloc and not _is_redirect(parts)
    except ValueError:
        return None
    return target if leads_on else None


def _is_redirect(parts: SplitResult) -> bool:
    """Return whether an address is a redirect of Google Scholar, which then has no target."""
    return parts.path == "/scholar_url" and (parts.hostname or "").startswith("scholar.google.")
