"""Titles and abstracts on archive pages: HTML that is made once for each text, with the matches put in for each reader.

The Markdown converter makes it, as it does for the pages of homes with a Markdown template of their own.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache
from html import escape, unescape

from digest.render import markdown
from digest.render.highlight import Piece, text_of
from digest.text.links import Span

_TAG = re.compile("<[^>]*>")
_ATOM = re.compile("<[^>]*>|&[#a-z0-9]+;")  # what is longer in HTML than in its text
_PARAGRAPH = re.compile(r'<blockquote>\n<p dir="auto">(.*)</p>\n</blockquote>', re.DOTALL)
_HEADING = re.compile(r'<h3 dir="auto"><a href="#">(.*)</a></h3>', re.DOTALL)


class Fragment:
    """A text as HTML in which the place of each character is known.

    Raises ValueError if the HTML shows another text.
    """

    def __init__(self, text: str, html: str) -> None:
        if unescape(_TAG.sub("", html)) != text:
            raise ValueError("the HTML shows another text")
        self.html = html
        # Runs of the text (start and end), and where they are in the HTML. A run is an entity, or as long as there.
        self._texts: list[Span] = []
        self._places: list[Span] = []
        at = place = 0
        for atom in _ATOM.finditer(html):
            at = self._add(at, place, atom.start(), atom.start() - place)
            if html[atom.start()] == "&":
                at = self._add(at, *atom.span(), 1)
            place = atom.end()
        self._add(at, place, len(html), len(html) - place)
        self._starts = [start for start, _ in self._texts]

    def _add(self, at: int, place: int, end: int, length: int) -> int:
        if length:
            self._texts.append((at, at + length))
            self._places.append((place, end))
        return at + length

    def marked(self, hits: Sequence[Span]) -> str | None:
        """Return the HTML with these spans of the text in bold; None if a tag begins or ends inside one.

        The spans are sorted, disjoint and not empty.
        """
        found, at = [], 0
        for start, end in hits:
            first, last = self._first(start), self._last(end)
            inside = self.html[first:last]
            if "<" in inside:
                return None
            found.append(f"{self.html[at:first]}<strong>{inside}</strong>")
            at = last
        found.append(self.html[at:])
        return "".join(found)

    def _first(self, offset: int) -> int:
        run = bisect_right(self._starts, offset) - 1
        return self._places[run][0] + offset - self._texts[run][0]

    def _last(self, offset: int) -> int:
        run = bisect_left(self._starts, offset) - 1
        if offset == self._texts[run][1]:
            return self._places[run][1]
        return self._places[run][0] + offset - self._texts[run][0]


def linked(pieces: Sequence[Piece], *, title: bool = False) -> str:
    """Return an abstract as HTML, with links and the matches in bold; as a `title` without links."""
    made = _fragment(text_of(pieces), title=title)
    found = made and made[1].marked(list(_hits(pieces, made[0])))
    return found or _converted(pieces, title=title)


def strong(pieces: Sequence[Piece], *, start: bool = False) -> str:
    """Return pieces as HTML without links, the matches in bold; `start`: without blanks before it."""
    found = []
    for text, hit in pieces:
        edges = markdown.EDGES.fullmatch(text) if hit else None
        if edges and edges[2]:
            before, inside, after = (escape(part, quote=False) for part in edges.groups())
            found.append(f"{before}<strong>{inside}</strong>{after}")
        else:
            found.append(escape(text, quote=False))
    return "".join(found).lstrip() if start else "".join(found)


def _hits(pieces: Sequence[Piece], skipped: int) -> Iterator[Span]:
    """Yield the letters and digits that matched, as spans of the text without the `skipped` characters before it."""
    at = -skipped
    for text, hit in pieces:
        if hit and (edges := markdown.EDGES.fullmatch(text)) and edges[2]:
            yield at + edges.start(2), at + edges.end(2)
        at += len(text)


@lru_cache(maxsize=4096)
def _fragment(text: str, *, title: bool) -> tuple[int, Fragment] | None:
    """Return a text as HTML, and the number of blanks before it; None if the converter makes other than that."""
    bare = text.strip()
    made = _HEADING.fullmatch if title else _PARAGRAPH.fullmatch
    found = made(_html([Piece(text)], title=title))
    try:
        return (len(text) - len(text.lstrip()), Fragment(bare, found[1])) if found else None
    except ValueError:
        return None


def _html(pieces: Sequence[Piece], *, title: bool) -> str:
    if title:
        return markdown.to_html(f"### [{markdown.bold(pieces)}](#)")
    return markdown.to_html(f"> {markdown.bold(pieces, start=True, links=True)}")


def _converted(pieces: Sequence[Piece], *, title: bool) -> str:
    """Return pieces as the converter writes them with their matches."""
    html = _html(pieces, title=title)
    found = (_HEADING if title else _PARAGRAPH).fullmatch(html)
    return found[1] if found else ""
