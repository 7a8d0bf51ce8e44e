"""What all formats do with the papers they found: texts on one line, repeats dropped, ranks given. Pure."""

import re
from collections.abc import Iterable
from dataclasses import fields, replace
from datetime import date
from typing import Any

from digest.model import Listing
from digest.ports import Parsed

_SURROGATE = re.compile("[\ud800-\udfff]")
_COUNT = re.compile(r"(\d+(?:\.\d+)?)([kKmM]?)", re.ASCII)
_UNITS = {"": 1, "k": 1000, "m": 1_000_000}
_FACTS = tuple(field.name for field in fields(Listing) if field.name not in {"rank", "title", "abstract"})


def line(text: object) -> str:
    """Return a text with its white space collapsed; anything but a text is empty.

    A lone surrogate, which JSON can write and nothing can store, becomes U+FFFD.
    """
    return " ".join(_SURROGATE.sub("\ufffd", text).split()) if isinstance(text, str) else ""


def parsed(listings: Iterable[Listing], *, carried: date | None = None, note: str = "") -> Parsed:
    """Return the papers ranked 1, 2, 3 …, each once.

    One that comes again with the same title, abstract and ids is dropped, after what only the repeat
    shows has been taken over.
    """
    met: dict[tuple[str | None, ...], Listing] = {}
    for listing in listings:
        key = (listing.title, listing.abstract, listing.arxiv, listing.doi)
        met[key] = _completed(met[key], listing) if key in met else listing
    ranked = tuple(replace(one, rank=rank) for rank, one in enumerate(met.values(), start=1))
    notes = (note, "" if ranked else "there are no papers in it")
    return Parsed(ranked, carried=carried, note="; ".join(filter(None, notes)))


def _completed(first: Listing, again: Listing) -> Listing:
    shown: dict[str, Any] = {
        name: value
        for name in _FACTS
        if getattr(first, name) in (None, ()) and (value := getattr(again, name)) not in (None, ())
    }
    return replace(first, **shown) if shown else first


def count(value: object) -> int | None:
    """Return a count as files write it: 12, "1,024", "1.2k", "-" for none; None if it is no count."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value if 0 <= value < 2**53 else None
    if isinstance(value, float):
        return int(value) if value.is_integer() and 0 <= value < 2**53 else None
    bare = value.strip().replace(",", "")[:20] if isinstance(value, str) else ""
    if bare in {"-", "–", "—"}:
        return 0
    match = _COUNT.fullmatch(bare)
    return round(float(match[1]) * _UNITS[match[2].lower()]) if match else None


def passed_over(number: int, what: str) -> str:
    """Return a note on what was no paper: `what` names one of them; empty if there were none."""
    many = f"{what[:-1]}ies" if what.endswith("y") else f"{what}s"
    return f"{number} {what if number == 1 else many} without a title passed over" if number else ""


def texts(value: object) -> tuple[str, ...]:
    """Return the texts of a list, each on one line, without empty ones and repeats."""
    found = map(line, value) if isinstance(value, list | tuple) else ()
    return tuple(dict.fromkeys(filter(None, found)))


def optional(value: object) -> str | None:
    """Return a text on one line, None if it is empty or no text."""
    return line(value) or None
