"""XML and HTML as lxml trees. Entities are not expanded and nothing is fetched.

The last document is cached, so that several formats can look at it and it is parsed only once.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from html import unescape
from typing import TYPE_CHECKING

from digest.ports import Document, Fault

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

# The declaration, comments, processing instructions and document type before the root element.
_ROOT = re.compile(
    r"\ufeff?\s*(?:<\?(?:(?!\?>).)*\?>\s*|<!--(?:(?!-->).)*-->\s*|<!DOCTYPE[^>\[]*(?:\[[^\]]*\]\s*)?>\s*)*"
    r"<(?P<name>[A-Za-z_][\w.:-]*)(?P<attributes>[^>]*)>",
    re.IGNORECASE | re.DOTALL,
)
_OPENED, _CLOSED = re.compile(r"<html[\s>]", re.IGNORECASE), re.compile(r"</html\s*>", re.IGNORECASE)
_HEAD = 8000
_REMEDY = "save or download the complete file again"
INCOMPLETE = Fault("the page is cut short: </html> is missing", "save the complete page again")
_BLOCKS = frozenset(
    [
        "address",
        "article",
        "br",
        "dd",
        "div",
        "dl",
        "dt",
        "figure",
        "footer",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "td",
        "th",
        "tr",
        "ul",
    ]
)
_HIDDEN = frozenset({"script", "style", "head", "title", "template", "noscript"})
_TAG = re.compile(r"<(?:/?[A-Za-z][^<>]*|!--.*?--)>", re.DOTALL)


def root_name(document: Document) -> str:
    """Return the name of the root element, without prefix, in lower case; an empty string if there is none."""
    match = _ROOT.match(head(document))
    return match["name"].rpartition(":")[2].lower() if match else ""


def head(document: Document) -> str:
    """Return the beginning of a document as text, in any encoding; ASCII characters are always correct."""
    if document.text is not None:
        return document.text[:_HEAD]
    return document.data[:_HEAD].replace(b"\0", b"").decode("latin-1")


def xml(document: Document) -> "Element | Fault":
    """Return the root element of an XML document, or a fault with the line of the first error."""
    return _xml(document.data)


@lru_cache(maxsize=1)
def _xml(data: bytes) -> "Element | Fault":
    from lxml import etree

    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )
    try:
        return etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        line = error.lineno if isinstance(error.lineno, int) and error.lineno > 0 else None
        return Fault(f"the XML is not well-formed: {_reason(error)}", _REMEDY, line)
    except (ValueError, LookupError) as error:
        return Fault(f"the XML is not well-formed: {error}", _REMEDY)


def _reason(error: Exception) -> str:
    return re.sub(r", line \d+, column \d+.*", "", str(error)) or "the document is empty"


def html(text: str) -> "Element | None":
    """Return the root element of an HTML page, or None if the page is empty."""
    return _html(text)


@lru_cache(maxsize=1)
def _html(text: str) -> "Element | None":
    from lxml import etree

    parser = etree.HTMLParser(no_network=True, remove_comments=True, remove_pis=True, encoding="utf-8")
    try:
        return etree.fromstring(text.encode("utf-8", "replace"), parser)
    except (etree.XMLSyntaxError, ValueError):
        return None


def is_complete(text: str) -> bool:
    """Return whether a page with an opening `html` tag also has the closing one."""
    return not _OPENED.search(text[:_HEAD]) or _CLOSED.search(text, max(0, len(text) - _HEAD)) is not None


def local_name(element: "Element") -> str:
    """Return the name of an element without its namespace; an empty string for an entity."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def children(element: "Element", *names: str) -> "Iterator[Element]":
    """Yield the child elements with one of these names, in any namespace."""
    return (child for child in element if local_name(child) in names)


def child(element: "Element | None", *names: str) -> "Element | None":
    """Return the first child element with one of these names, or None."""
    return next(children(element, *names), None) if element is not None else None


def text(element: "Element | None") -> str:
    """Return the text of an element and its descendants on one line; an empty string for None."""
    return " ".join("".join(_pieces(element)).split()) if element is not None else ""


def _pieces(element: "Element") -> Iterable[str]:
    """Return the pieces of text in an element; entities are resolved as those of HTML."""
    from lxml import etree

    if next(element.iter(etree.Entity), None) is None:
        pieces: Iterable[str] = element.itertext()
        return pieces
    return _pieces_and_entities(element)


def _pieces_and_entities(element: "Element") -> Iterator[str]:
    for event, node in _walk(element):
        if event == "start":
            yield (node.text or "") if isinstance(node.tag, str) else unescape(node.text or "")
        elif node is not element:
            yield node.tail or ""


def _walk(element: "Element") -> "Iterable[tuple[str, Element]]":
    from lxml import etree

    walk: Iterable[tuple[str, Element]] = etree.iterwalk(element, events=("start", "end"))
    return walk


def html_to_text(markup: str) -> str:
    """Return the visible text of an HTML fragment on one line; without tags, only entities are resolved."""
    if not _TAG.search(markup):
        return " ".join(unescape(markup).split())
    root = html(f"<div>{markup}</div>")
    return "" if root is None else visible_text(root)


def visible_text(element: "Element") -> str:
    """Return the visible text of an HTML element on one line, with a space between blocks."""
    return " ".join("".join(_visible_pieces(element)).split())


def _visible_pieces(element: "Element") -> Iterator[str]:
    hidden = 0
    for event, node in _walk(element):
        name = local_name(node)
        if event == "start":
            hidden += name in _HIDDEN
            if not hidden:
                yield " " if name in _BLOCKS else ""
                yield node.text or ""
        elif event == "end":
            hidden -= name in _HIDDEN
            if not hidden:
                yield " " if name in _BLOCKS else ""
                yield (node.tail or "") if node is not element else ""
