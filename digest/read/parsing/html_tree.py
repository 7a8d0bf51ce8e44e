"""XML and HTML as trees, from bytes that may be anything: no entities, no network, no guessing.

Each document is parsed once, whichever format asks for it.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from html import unescape
from typing import TYPE_CHECKING

from digest.ports import Document, Fault

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

# What stands before the root element: declaration, comments, instructions, a document type.
_ROOT = re.compile(
    r"\ufeff?\s*(?:<\?(?:(?!\?>).)*\?>\s*|<!--(?:(?!-->).)*-->\s*|<!DOCTYPE[^>\[]*(?:\[[^\]]*\]\s*)?>\s*)*"
    r"<(?P<name>[A-Za-z_][\w.:-]*)(?P<attributes>[^>]*)>",
    re.IGNORECASE | re.DOTALL,
)
_OPENED, _CLOSED = re.compile(r"<html[\s>]", re.IGNORECASE), re.compile(r"</html\s*>", re.IGNORECASE)
_HEAD = 8000
_REMEDY = "save or download the file again, to its end"
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
    """Return the name of the first element of a document, without prefix, in lower case; empty if none."""
    match = _ROOT.match(head(document))
    return match["name"].rpartition(":")[2].lower() if match else ""


def head(document: Document) -> str:
    """Return the beginning of a document as text, whatever its encoding: names are ASCII in all of them."""
    if document.text is not None:
        return document.text[:_HEAD]
    return document.data[:_HEAD].replace(b"\0", b"").decode("latin-1")


def xml(document: Document) -> "Element | Fault":
    """Return the root element of an XML document, or say at which line it ceases to be one."""
    return _xml(document.data)


@lru_cache(maxsize=1)
def _xml(data: bytes) -> "Element | Fault":
    from lxml import etree

    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )
    try:
        return etree.fromstring(data, parser)
    except etree.XMLSyntaxError as problem:
        line = problem.lineno if isinstance(problem.lineno, int) and problem.lineno > 0 else None
        return Fault(f"this is no well-formed XML: {_reason(problem)}", _REMEDY, line)
    except (ValueError, LookupError) as problem:
        return Fault(f"this is no well-formed XML: {problem}", _REMEDY)


def _reason(problem: Exception) -> str:
    return re.sub(r", line \d+, column \d+.*", "", str(problem)) or "the document is empty"


def html(text: str) -> "Element | None":
    """Return the root element of an HTML page, None if there is nothing in it."""
    return _html(text)


@lru_cache(maxsize=1)
def _html(text: str) -> "Element | None":
    from lxml import etree

    parser = etree.HTMLParser(no_network=True, remove_comments=True, remove_pis=True, encoding="utf-8")
    try:
        return etree.fromstring(text.encode("utf-8", "replace"), parser)
    except (etree.XMLSyntaxError, ValueError):
        return None


def html_is_whole(text: str) -> bool:
    """Say whether a page that opens its root element closes it, too."""
    return not _OPENED.search(text[:_HEAD]) or _CLOSED.search(text, max(0, len(text) - _HEAD)) is not None


def local(element: "Element") -> str:
    """Return the name of an element without its namespace; empty for entities and the like."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def children(element: "Element", *names: str) -> "Iterator[Element]":
    """Return the child elements with one of these names, whatever their namespaces."""
    return (child for child in element if local(child) in names)


def child(element: "Element | None", *names: str) -> "Element | None":
    """Return the first child element with one of these names, None if there is none."""
    return next(children(element, *names), None) if element is not None else None


def text(element: "Element | None") -> str:
    """Return the text of an element and of all within it, on one line; empty if there is no element."""
    return " ".join("".join(_pieces(element)).split()) if element is not None else ""


def _pieces(element: "Element") -> Iterable[str]:
    """Return the pieces of text within an element; an entity is read as HTML's of that name."""
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


def plain(markup: str) -> str:
    """Return a piece of HTML as a reader sees it, on one line; text without tags only loses its entities."""
    if not _TAG.search(markup):
        return " ".join(unescape(markup).split())
    root = html(f"<div>{markup}</div>")
    return "" if root is None else shown(root)


def shown(element: "Element") -> str:
    """Return the text of an HTML element as a reader sees it, on one line: blocks are apart."""
    return " ".join("".join(_shown(element)).split())


def _shown(element: "Element") -> Iterator[str]:
    hidden = 0
    for event, node in _walk(element):
        name = local(node)
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
