"""A Daily Papers page saved as HTML.

The page holds its papers twice: as JSON in the `data-props` of an element (`dailyPapers` and others, in the
shape of the API), and as cards. The JSON has more fields; the cards are read only if the page has no JSON.
"""

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from digest.model import Listing
from digest.ports import Document, Fault, Parsed
from digest.read import file_types, normalize
from digest.read.formats import daily_papers_api
from digest.read.parsing import html_tree
from digest.read.parsing.dates import day_of
from digest.read.parsing.ids import arxiv_id

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

name = "daily-papers-html"

_SIGNATURE = re.compile(
    r"""data-target=["'](?:DailyPapers|PapersContent|TrendingPapers)\b|href=["'](?:https://huggingface\.co)?/papers/\d{4}\.\d{4,5}["'#]"""
)
_PAPER_LINK = re.compile(r"(?:https://huggingface\.co)?/papers/(\d{4}\.\d{4,5})(#community)?")
_AUTHORS = re.compile(r"\D{0,3}(\d[\d,]*) authors?", re.IGNORECASE)
_LISTS = ("dailyPapers", "papers", "trendingPapers", "searchResults")


def sniff(document: Document) -> bool:
    """Claim an HTML page with the site's element for papers, or with links to its papers."""
    text = document.text
    return text is not None and file_types.starts_with_tag(text) and _SIGNATURE.search(text) is not None


def parse(document: Document) -> Parsed | Fault:
    """Read the JSON of a page, or its cards without JSON."""
    if not html_tree.is_complete(document.text or ""):
        return html_tree.INCOMPLETE
    root = html_tree.html(document.text or "")
    if root is not None:
        for props in _props(root):
            if entries := _entries(props):
                return daily_papers_api.parse_entries(entries, day_of(props.get("dateString")))
        cards = [card for article in root.iter("article") if (card := _card(article)) is not None]
        if cards:
            return normalize.parsed(cards)
    return Fault("no papers on this page", "save the page again once it shows its papers")


def _props(root: "Element") -> Iterator[Any]:
    for element in root.iter("div"):
        props = element.get("data-props")
        if props and '"' in props:
            try:
                yield json.loads(props)
            except (ValueError, RecursionError):
                continue


def _entries(props: Any) -> list[Any]:
    """Return the list of papers at the top level of the data of a page, or one level deeper."""
    if not isinstance(props, dict):
        return []
    objects = [props, *(value for value in props.values() if isinstance(value, dict))]
    for key in _LISTS:
        for one in objects:
            found = one.get(key)
            if isinstance(found, list) and found and isinstance(found[0], dict):
                return found
    return []


def _card(article: "Element") -> Listing | None:
    heading = next(article.iter("h3"), None)
    links = [
        (element, match)
        for element in article.iter("a")
        if (match := _PAPER_LINK.fullmatch(element.get("href") or ""))
    ]
    title = html_tree.text(heading)
    if not title or not links:
        return None
    arxiv, version = arxiv_id(links[0][1][1])
    comments = next((html_tree.text(element) for element, match in links if match[2]), "")
    texts = [html_tree.text(element) for element in article.iter("span", "div", "li", "p", "time")]
    return Listing(
        rank=0,
        title=title,
        abstract=max((html_tree.text(element) for element in article.iter("p")), key=len, default=""),
        author_count=next(
            (normalize.count(match[1]) for text in texts if (match := _AUTHORS.fullmatch(text))), None
        ),
        published=next(
            (day for element in article.iter("time") if (day := day_of(element.get("datetime")))), None
        ),
        comments=normalize.count(comments),
        upvotes=_upvotes(article),
        arxiv=arxiv,
        version=version,
        url=f"https://huggingface.co/papers/{arxiv}" if arxiv else None,
    )


def _upvotes(article: "Element") -> int | None:
    """Return the number next to the upvote button, which is in its label or in the link to the login."""
    for element in article.iter("label", "a", "div"):
        button = element.tag == "label" or (element.get("href") or "").startswith("/login")
        if button or "leading-none" in (element.get("class") or "").split():
            number = normalize.count(html_tree.text(element))
            if number is not None:
                return number
    return None
