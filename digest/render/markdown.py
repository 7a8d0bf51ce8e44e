"""Markdown: text escaped into it, and the issue's Markdown turned into HTML for the archive."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any
from xml.etree.ElementTree import Element

from digest.render.highlight import Piece
from digest.text.clean import clean

# Anywhere in a line. `$`, `~`, `=` and `^` mean something to programs that notes are pasted into.
_SPECIAL = re.compile(r"[\\`*_{}\[\]<>&$~^|#]|==|::?(?=[\w+-]+:)|(?<![\w.])@(?=\w)")
# Only where a line begins.
_LEADING = re.compile(r"(?:[-+=!]|:(?=\s)|\d{1,9}(?=[.)]))")
_ENTITIES = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}
_EDGES = re.compile(r"([\W_]*)(.*?)([\W_]*)", re.DOTALL)

# CommonMark's rule, which Python-Markdown keeps for some: a backslash makes any of these plain text.
_ESCAPABLE = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
_SAFE_LINK = re.compile(r"(?:https?://|#|(?:\.\./)+)[^\s\"'<>\\]*", re.IGNORECASE)


@lru_cache(maxsize=8192)
def escape(text: str, *, start: bool = False) -> str:
    """Return Markdown that shows the text literally, in one line.

    `start` says that the text begins a line, where more characters have a meaning.
    """
    text = clean(text)
    escaped = _SPECIAL.sub(_escaped, text)
    if not start:
        return escaped
    escaped = escaped.lstrip()
    leading = _LEADING.match(escaped)
    if leading is None:
        return escaped
    # A number is escaped at its dot: `1\.`
    at = leading.end() if leading[0].isdigit() else 0
    return f"{escaped[:at]}\\{escaped[at:]}"


def _escaped(match: re.Match[str]) -> str:
    return "".join(_ENTITIES.get(char, f"\\{char}") for char in match[0])


def bold(pieces: Sequence[Piece], *, start: bool = False) -> str:
    """Return pieces as Markdown with what was matched in bold; `start` as for `escape`."""
    return "".join(_shown(pieces, start=start))


def _shown(pieces: Sequence[Piece], *, start: bool) -> Iterator[str]:
    for piece in pieces:
        text = piece.text.lstrip() if start else piece.text
        if not text:
            continue
        # Stars bind only to letters and digits, whatever stands on their other side.
        edges = _EDGES.fullmatch(text) if piece.hit else None
        if edges and edges[2]:
            yield f"{escape(edges[1], start=start)}**{escape(edges[2])}**{escape(edges[3])}"
        else:
            yield escape(text, start=start)
        start = False


def link_target(url: str) -> str:
    """Return a URL as it stands between the brackets of a Markdown link."""
    return url.replace("&", "&amp;")


def to_html(source: str, anchors: Sequence[str] = (), sections: Sequence[str] = ()) -> str:
    """Return an issue's Markdown as HTML: raw HTML in it shows as text, links lead to the web or to
    files beside the page.

    `sections` become the ids of the second-level headings, `anchors` those of the third-level ones, in order.
    """
    converter = _converter()
    converter.treeprocessors.register(
        _Tidy({"h2": sections, "h3": anchors}), "tidy", -1
    )  # after everything else
    return str(converter.convert(source))


def _converter() -> Any:
    """Return a Markdown that knows no HTML."""
    from markdown import Markdown  # type: ignore[import-untyped]

    converter = Markdown(output_format="html")
    converter.preprocessors.deregister("html_block")
    for name in (
        "html",
        "entity",
        "autolink",
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


class _Tidy:
    """Gives headings their anchors, and takes away links that could lead anywhere else."""

    def __init__(self, anchors: Mapping[str, Sequence[str]]) -> None:
        self._anchors = anchors

    def run(self, root: Element) -> None:
        for level, anchors in self._anchors.items():
            headings = list(root.iter(level))
            if len(headings) == len(anchors):  # a template of one's own may have others
                for heading, anchor in zip(headings, anchors, strict=True):
                    heading.set("id", anchor)
        for link in root.iter("a"):
            if not _SAFE_LINK.fullmatch(link.get("href", "")):
                link.attrib.pop("href", None)
