"""Markdown: escaping text for it, and converting an issue's Markdown into HTML for the archive."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from html import escape as html_escape
from typing import Any
from xml.etree.ElementTree import Element

from digest.render.highlight import Piece
from digest.text.clean import clean
from digest.text.direction import OPENING, POP
from digest.text.links import addresses

# Special anywhere in a line. `$`, `~`, `=` and `^` have a meaning in note-taking programs.
_SPECIAL = re.compile(r"(?<![^\W_])_|_(?![^\W_])|[\\`*{}\[\]<>&$~^|#]|==|::?(?=[\w+-]+:)|(?<![\w.])@(?=\w)")
# Special only at the beginning of a line.
_LEADING = re.compile(r"(?:[-+=!]|:(?=\s)|\d{1,9}(?=[.)]))")
# In an address: what could be emphasis, an entity or an autolink of its own.
_EMPHASIS = re.compile(r"(?<![^\W_])_|_(?![^\W_])|~|#(?=$)|&(?=#?\w+(?:;|$))|==|::(?=[\w+-]+:)")
_ISOLATES = (*OPENING, POP)
_ENTITY = re.compile(r"&#?\w+;")
_ENTITIES = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}
# A match, and what is around its letters and digits. Stars next to punctuation may not count as emphasis.
EDGES = re.compile(r"([\W_]*)(.*?)([\W_]*)", re.DOTALL)

# In CommonMark a backslash escapes any of these; Python-Markdown supports only some by default.
_ESCAPABLE = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
# While Markdown is converted, each of these 32 characters is held by one of the 32 noncharacters that no text contains
# after cleaning. The converter copies its whole text for every escape that it meets.
_HELD = {char: chr(0xFDD0 + place) for place, char in enumerate(_ESCAPABLE)}
_ESCAPE = re.compile(rf"\\([{re.escape(_ESCAPABLE)}])")
_AS_TEXT = str.maketrans({held: char for char, held in _HELD.items()})
_AS_HTML = str.maketrans({held: html_escape(char) for char, held in _HELD.items()})
_SAFE_LINK = re.compile(r"(?:https?://|#|(?:\.\./)+)[^\s\"'<>\\]*", re.IGNORECASE)


@lru_cache(maxsize=8192)
def escape(text: str, *, start: bool = False, links: bool = False) -> str:
    """Return Markdown that shows the text literally, in one line.

    `start`: the text begins a line, where more characters are special. `links`: addresses with a scheme become
    links, which may not stand inside a link. Addresses and identifiers (`low_rank`) are not escaped.
    """
    text = clean(text)
    escaped, at = "", 0
    for first, last in addresses(text):
        escaped += _SPECIAL.sub(_escaped, text[at:first]) + _address(text[first:last], links=links)
        at = last
    escaped += _SPECIAL.sub(_escaped, text[at:])
    if not start:
        return escaped
    escaped = escaped.lstrip()
    leading = _LEADING.match(escaped)
    if leading is None:
        return escaped
    # A number is escaped at its dot: `1\.`
    at = leading.end() if leading[0].isdigit() else 0
    return f"{escaped[:at]}\\{escaped[at:]}"


def _address(address: str, *, links: bool) -> str:
    """Return an address in Markdown, as a link or as text in which only emphasis is escaped."""
    # Converters disagree on whether there are entities in links.
    if links and _SAFE_LINK.fullmatch(address) and "://" in address and not _ENTITY.search(address):
        return f"<{address}>"
    return _EMPHASIS.sub(_escaped, address)


def _escaped(match: re.Match[str]) -> str:
    return "".join(_ENTITIES.get(char, f"\\{char}") for char in match[0])


def bold(pieces: Sequence[Piece], *, start: bool = False, links: bool = False) -> str:
    """Return pieces as Markdown, the matched ones in bold; `start` and `links` as for `escape`."""
    return "".join(_shown(pieces, start=start, links=links))


def _shown(pieces: Sequence[Piece], *, start: bool, links: bool) -> Iterator[str]:
    for piece in pieces:
        text = piece.text.lstrip() if start else piece.text
        if not text:
            continue
        if text in _ISOLATES:
            yield text
            continue
        edges = EDGES.fullmatch(text) if piece.hit else None
        if edges and edges[2]:
            yield f"{escape(edges[1], start=start)}**{escape(edges[2])}**{escape(edges[3])}"
        else:
            yield escape(text, start=start, links=links)
        start = False


def link_target(url: str) -> str:
    """Return a URL for the round brackets of a Markdown link."""
    return url.replace("&", "&amp;")


def to_html(source: str, anchors: Sequence[str] = (), sections: Sequence[str] = ()) -> str:
    """Return the Markdown of an issue as HTML.

    Raw HTML in it is shown as text; only links to the web and to files of the archive stay links. `sections` become
    the ids of the second-level headings, `anchors` those of the third-level headings, in order.
    """
    converter = _converter()
    last = -1  # priority
    converter.treeprocessors.register(_AnchorsAndLinks({"h2": sections, "h3": anchors}), "anchors", last)
    return str(converter.convert(_hold_escapes(source))).translate(_AS_HTML)


@lru_cache(maxsize=1024)
def sentence(source: str) -> str:
    """Return a paragraph of Markdown as HTML, without its tag."""
    html = to_html(source)
    return html.removeprefix("<p>").removesuffix("</p>") if html.count("<p>") == 1 else html


def linkable(url: str) -> bool:
    """Return whether an address is one of those that stay links: to the web, and to files of the archive."""
    return _SAFE_LINK.fullmatch(url) is not None


def _hold_escapes(source: str) -> str:
    """Return Markdown with held characters in place of escapes, except in lines that may hold code."""
    lines = source.split("\n")
    for place, line in enumerate(lines):
        if "\\" in line and not line.startswith(("    ", "\t")):
            held = _ESCAPE.sub(lambda found: _HELD[found[1]], line)
            lines[place] = line if "`" in held else held
    return "\n".join(lines)


def _converter() -> Any:
    """Return a Markdown converter without raw HTML, images and reference links."""
    from markdown import Markdown  # type: ignore[import-untyped]

    converter = Markdown(output_format="html")
    converter.preprocessors.deregister("html_block")
    for name in (
        "html",
        "entity",
        "automail",
        "image_link",
        "image_reference",
        "short_image_ref",
    ):
        converter.inlinePatterns.deregister(name)
    for name in ("reference", "short_reference"):
        converter.inlinePatterns.deregister(name)
    converter.parser.blockprocessors.deregister("reference")
    converter.ESCAPED_CHARS = list(_ESCAPABLE)
    return converter


class _AnchorsAndLinks:
    """Sets the ids of headings, and removes the targets of links that are not safe."""

    def __init__(self, anchors: Mapping[str, Sequence[str]]) -> None:
        self._anchors = anchors

    def run(self, root: Element) -> None:
        for level, anchors in self._anchors.items():
            headings = list(root.iter(level))
            if len(headings) == len(anchors):  # a home's own template may have other headings
                for heading, anchor in zip(headings, anchors, strict=True):
                    heading.set("id", anchor)
        for text in (
            *root.iter("h1"),
            *root.iter("h3"),
            *(each for quote in root.iter("blockquote") for each in quote),
        ):
            text.set("dir", "auto")
        for link in root.iter("a"):
            link.set("href", link.get("href", "").translate(_AS_TEXT))
            if not _SAFE_LINK.fullmatch(link.get("href", "")):
                link.attrib.pop("href", None)
