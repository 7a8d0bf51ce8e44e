"""Texts cut into matched and other pieces, by the offsets of the evidence."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from functools import lru_cache
from html import escape
from operator import itemgetter
from typing import NamedTuple

from digest.model import Evidence
from digest.text.clean import clean
from digest.text.direction import POP, opening_of
from digest.text.links import Span, addresses, identifiers


class Piece(NamedTuple):
    """A part of a text, matched (`hit`) or not; clean plain text."""

    text: str
    hit: bool = False


def text_of(pieces: Iterable[Piece]) -> str:
    """Return the text that pieces were cut from."""
    return "".join(piece.text for piece in pieces)


def spans(evidence: Iterable[Evidence], field: str, item: int | None = None) -> tuple[Span, ...]:
    """Return the matched spans of a field (or of one item of a list field), sorted, without overlaps."""
    found = sorted(
        (each.start, each.end)
        for each in evidence
        if each.field == field and each.item == item and each.start < each.end
    )
    merged: list[Span] = []
    for start, end in found:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


def _around(text: str, matched: Sequence[Span]) -> Sequence[Span]:
    """Return spans without what lies in addresses, and extended to whole identifiers; sorted, without overlaps."""
    whole, extended = addresses(text), identifiers(text)
    if not (whole or extended):
        return matched
    found: list[Span] = []
    for hit in matched:
        words = _overlapping(extended, *hit)
        at = min(hit[0], words[0][0]) if words else hit[0]
        end = max(hit[1], words[-1][1]) if words else hit[1]
        for first, last in (*_overlapping(whole, at, end), (end, end)):
            if at < first:
                _add(found, at, first)
            at = max(at, last)
    return found


def _overlapping(spans: Sequence[Span], start: int, end: int) -> Sequence[Span]:
    """Return those of sorted spans that overlap another one."""
    return spans[bisect_right(spans, start, key=itemgetter(1)) : bisect_left(spans, end, key=itemgetter(0))]


def _add(found: list[Span], start: int, end: int) -> None:
    """Add a span, joined with the one before it if they overlap."""
    if found and start <= found[-1][1]:
        found[-1] = (found[-1][0], max(end, found[-1][1]))
    else:
        found.append((start, end))


def _joined(text: str, matched: Sequence[Span]) -> list[Span]:
    """Return spans with those joined that only a blank separates, so that the mark has no gap."""
    found = list(matched[:1])
    for start, end in matched[1:]:
        last = found[-1][1]
        if start == last + 1 and text[last:start].isspace():
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found


@lru_cache(maxsize=4096)
def _is_clean(text: str) -> bool:
    """Return whether a text needs no cleaning; cached, because an abstract is cut into several parts."""
    return text.isprintable()


def pieces(
    text: str, matched: Sequence[Span] = (), start: int = 0, end: int | None = None
) -> tuple[Piece, ...]:
    """Cut `text[start:end]` where matches begin and end, and clean it.

    `matched` are sorted spans of `text` without overlaps. No address is cut: what matched inside one is not marked.
    A match inside an identifier (`low_rank`) marks all of it. The joined pieces are the cleaned text.
    """
    end = len(text) if end is None else min(end, len(text))
    if not matched:
        whole = clean(text[start:end])
        return (Piece(whole),) if whole else ()
    found: list[Piece] = []
    at = start
    for hit_start, hit_end in _joined(text, _around(text, matched)):
        first, last = max(hit_start, at), min(hit_end, end)
        if first < last:
            found += (Piece(text[at:first]), Piece(text[first:last], hit=True))
            at = last
    found.append(Piece(text[at:end]))
    if not _is_clean(text):
        found = [Piece(clean(piece.text), piece.hit) for piece in found]
    return tuple(piece for piece in found if piece.text)


def isolated_pieces(parts: Sequence[Piece]) -> tuple[Piece, ...]:
    """Return pieces in an isolate if they have letters of a script that runs from right to left."""
    opening = opening_of(text_of(parts))
    return (Piece(opening), *parts, Piece(POP)) if opening else tuple(parts)


def marked(parts: Sequence[Piece], opening: str) -> str:
    """Return pieces as HTML, the matched ones between the tag `opening` and its closing tag.

    Raises ValueError if `opening` is not a tag.
    """
    closing = f"</{_tag_name(opening)}>"
    return "".join(
        [
            f"{opening}{escape(text, quote=False)}{closing}" if hit else escape(text, quote=False)
            for text, hit in parts
        ]
    )


@lru_cache(maxsize=64)
def _tag_name(opening: str) -> str:
    name = re.match(r"<([a-z][a-z0-9]*)", opening)
    if name is None:
        raise ValueError(f"{opening!r} is not a tag; use one such as <b>")
    return name[1]
