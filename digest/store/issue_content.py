"""The content of issues as it is stored: small, since papers, which many issues share, are left out.

The papers of an issue, in the order of `papers_of`, are stored as references to revisions (`digest.store.revisions`).
The rest is JSON with the fields of `Issue`, without those that have their default. In place of an item's evidence it
has whole numbers, three for each: the place of its term and field in `found`, start, and end. `odd` has the text of
evidence that is not the text of its field from start to end, with the place of the evidence.
"""

from collections.abc import Iterator, Sequence
from dataclasses import MISSING, fields
from typing import Any, Final, get_type_hints

import msgspec

from digest.model import Component, Evidence, Issue, Item, Paper, Summary
from digest.store.codec import decode, encode

_ITEMS: Final = ("new", "updated", "more_new", "more_updated", "discover")  # the order of papers
_Found = tuple[str, str, int | None]  # term, field, place in the field's list


class _Item(msgspec.Struct, frozen=True, omit_defaults=True):
    """An item without its paper."""

    score: float = 0.0
    evidence: tuple[int, ...] = ()
    odd: tuple[tuple[int, str], ...] = ()
    changes: tuple[str, ...] = ()
    parts: tuple[tuple[str, float, float], ...] = ()
    liked: tuple[str, ...] = ()
    disliked: tuple[str, ...] = ()
    summary: Summary | None = None
    interests: tuple[int, ...] = ()


def _content() -> Any:
    """Return the type of the content: the fields of an issue, and `found`."""
    hints = get_type_hints(Issue)
    columns: list[Any] = []
    for each in fields(Issue):
        kind = tuple[_Item, ...] if each.name in _ITEMS else hints[each.name]
        columns.append((each.name, kind) if each.default is MISSING else (each.name, kind, each.default))
    columns.append(("found", tuple[_Found, ...], ()))
    return msgspec.defstruct("Content", columns, frozen=True, omit_defaults=True)


Content: Final = _content()
_OTHERS: Final = tuple(each.name for each in fields(Issue) if each.name not in _ITEMS)


class _Discover(msgspec.Struct):
    discover: tuple[msgspec.Raw, ...] = ()


def items_of(issue: Issue) -> Iterator[Item]:
    """Yield the items of an issue in the order in which their papers are stored."""
    for name in _ITEMS:
        yield from getattr(issue, name)


def papers_of(issue: Issue) -> list[Paper]:
    """Return the papers of an issue in the order in which they are stored."""
    return [item.paper for item in items_of(issue)]


def encode_issue(issue: Issue) -> bytes:
    """Return the content of an issue without its papers, as JSON."""
    found: dict[_Found, int] = {}
    items = {name: tuple([_stored(item, found) for item in getattr(issue, name)]) for name in _ITEMS}
    others = {name: getattr(issue, name) for name in _OTHERS}
    return encode(Content(**others, **items, found=tuple(found)))


def decode_issue(content: bytes, papers: Sequence[Paper]) -> Issue:
    """Return an issue from its content and its papers, in the order of `papers_of`.

    Raises msgspec.ValidationError if the content is not that of an issue, ValueError if the number of papers differs.
    """
    stored = decode(Content, content)
    if sum(len(getattr(stored, name)) for name in _ITEMS) != len(papers):
        raise ValueError("an issue does not have as many papers as its content says")
    following = iter(papers)
    items: dict[str, Any] = {
        name: tuple([_item(each, next(following), stored.found) for each in getattr(stored, name)])
        for name in _ITEMS
    }
    return Issue(**{name: getattr(stored, name) for name in _OTHERS}, **items)


def count_discover(content: bytes) -> int:
    """Return how many papers to discover an issue shows."""
    return len(decode(_Discover, content).discover)


def _stored(item: Item, found: dict[_Found, int]) -> _Item:
    evidence: list[int] = []
    odd: list[tuple[int, str]] = []
    for place, each in enumerate(item.evidence):
        key = (each.term, each.field, each.item)
        evidence += (found.setdefault(key, len(found)), each.start, each.end)
        if _text(item.paper, each.field, each.item)[each.start : each.end] != each.text:
            odd.append((place, each.text))
    parts = tuple([(part.name, part.value, part.weight) for part in item.parts])
    return _Item(
        item.score,
        tuple(evidence),
        tuple(odd),
        item.changes,
        parts,
        item.liked,
        item.disliked,
        item.summary,
        item.interests,
    )


def _item(stored: _Item, paper: Paper, found: Sequence[_Found]) -> Item:
    numbers = iter(stored.evidence)
    odd = dict(stored.odd)
    evidence = []
    for place, (key, start, end) in enumerate(zip(numbers, numbers, numbers, strict=True)):
        term, field, item = found[key]
        text = odd.get(place)
        if text is None:
            text = _text(paper, field, item)[start:end]
        evidence.append(Evidence(term, field, text, start, end, item))
    parts = tuple([Component(*each) for each in stored.parts])
    return Item(
        paper,
        stored.score,
        tuple(evidence),
        stored.changes,
        parts,
        stored.liked,
        stored.disliked,
        stored.summary,
        stored.interests,
    )


# The attribute of a paper that evidence of a field refers to; with a place, to an item of that list.
_ATTRIBUTES: Final = {
    "title": "title",
    "abstract": "abstract",
    "organization": "organization",
    "author": "authors",
    "category": "categories",
    "source": "sources",
}


def _text(paper: Paper, field: str, item: int | None) -> str:
    """Return the text that evidence refers to, "" if the paper does not have it."""
    value = getattr(paper, _ATTRIBUTES.get(field, ""), None)
    if isinstance(value, tuple):
        value = value[item] if item is not None and 0 <= item < len(value) else None
    return value if isinstance(value, str) else ""
