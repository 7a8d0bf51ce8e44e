"""XML and HTML as lxml trees. Entities are not expanded and nothing is fetched.

The last document is cached, so that several formats can look at it and it is parsed only once.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from html import unescape
from typing import TYPE_CHECKING

from digest.ports import Document, Fault

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

# The declaration, comments, processing instructions and document type before the root element.
_ROOT = re.compile(
    r"\ufeff?\s*(?:<\?(?:(?!\?>).)*\?>\s*|<!--(?:(?!-->).)*-->\s*|<!DOCTYPE[^>\[]*(?:\[[^\]]*+\]\s*)?>\s*)*"
    r"<(?P<name>[A-Za-z_][\w.:-]*+)(?P<attributes>[^>]*+)>",
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
        "blockquote",
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
_TAG = re.compile(r"<(?:/?[A-Za-z][^<>]*+>|!--)")
# The name of an attribute and its value, as the HTML standard divides them (13.2.5.32 to 13.2.5.38).
_ATTRIBUTE = re.compile(
    r"""[\s/]*+[^\s/>][^\s/>=]*+(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|[^\s>"'][^\s>]*+)?+)?+"""
)
_TAG_NAME = re.compile(r"<[A-Za-z][^\s/>]*+")
_MOST_ATTRIBUTES = 500
_LONG_TAG = 5000  # characters, below which no tag has so many attributes that reading them takes long


def root_name(document: Document) -> str:
    """Return the name of the root element, without prefix, in lower case, or an empty string."""
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


def with_few_attributes(text: str) -> str:
    """Return a page or feed without the attributes of a tag beyond the 500th.

    libxml2 (HTML) and feedparser compare each with all others.
    """
    pieces = text.split("<")
    if all(len(piece) < _LONG_TAG for piece in pieces):
        return text
    return "<".join(piece if len(piece) < _LONG_TAG else _shortened(piece) for piece in pieces)


def _shortened(piece: str) -> str:
    """Return what follows a `<`, without the attributes beyond the limit if it is a tag."""
    name = _TAG_NAME.match(f"<{piece}")
    end = last = name.end() - 1 if name else 0
    number = 0
    while name and (match := _ATTRIBUTE.match(piece, end)):
        number, end = number + 1, match.end()
        last = end if number <= _MOST_ATTRIBUTES else last
    return piece[:last] + piece[end:] if number > _MOST_ATTRIBUTES else piece


@lru_cache(maxsize=1)
def _html(text: str) -> "Element | None":
    from lxml import etree

    parser = etree.HTMLParser(no_network=True, remove_comments=True, remove_pis=True, encoding="utf-8")
    try:
        return etree.fromstring(with_few_attributes(text).encode("utf-8", "replace"), parser)
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


def html_lines(markup: str) -> list[str]:
    """Return the visible text of an HTML fragment, a line for each block that has text."""
    if not _TAG.search(markup):
        return [line] if (line := " ".join(unescape(markup).split())) else []
    root = html(f"<div>{markup}</div>")
    text = "" if root is None else "".join(visible_lines(root, lambda _link: ""))
    return [line for line in (" ".join(each.split()) for each in text.split("\n")) if line]


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


def visible_lines(element: "Element", after_link: Callable[["Element"], str]) -> Iterator[str]:
    """Yield the visible text in pieces, with a line end for each block, and what `after_link` says after a link."""
    hidden = pre = 0
    for event, node in _walk(element):
        name = local_name(node)
        start = event == "start"
        if start:
            hidden += name in _HIDDEN
            pre += name == "pre"
        elif event == "end":
            hidden -= name in _HIDDEN
            pre -= name == "pre"
        if hidden:
            continue
        if name in _BLOCKS:
            yield "\n"
        elif name == "a" and not start:
            yield after_link(node)
        text = (node.text if start else node.tail if node is not element else "") or ""
        yield text if pre else text.replace("\r", " ").replace("\n", " ")
