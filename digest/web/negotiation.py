"""What a request asks for in its headers: codings, types, ranges and versions of a document (RFC 9110)."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Literal

Coding = Literal["gzip", "identity"]

_RANGES = re.compile(r"[ \t]*bytes[ \t]*=([0-9, \t-]*)", re.IGNORECASE)
_RANGE = re.compile(r"([0-9]{0,19})-([0-9]{0,19})")
# Proxies add a suffix to the entity tag of a response that they compress, or make the tag weak: W/"…", "…-gzip",
# "…;gzip", "…"-gzip. Our tags are hashes, so what follows one says nothing about the content.
_TAG = re.compile(r"(?:W/)?\"?([0-9a-f]{32})(?![0-9A-Za-z])", re.IGNORECASE)
_WEIGHT = re.compile(r"[ \t]*q[ \t]*=[ \t]*(1(?:\.0{0,3})?|0(?:\.[0-9]{0,3})?)[ \t]*", re.IGNORECASE)


@lru_cache(maxsize=64)  # clients repeat themselves
def coding(accept: str | None) -> Coding | None:
    """Return the coding that a value of Accept-Encoding prefers, None if it accepts neither.

    A client that refuses unencoded responses gets gzip unless it refuses that as well.
    """
    weights = dict(_weights(accept or ""))
    other = weights.get("*")
    zipped = max((weights[name] for name in ("gzip", "x-gzip") if name in weights), default=other)
    plain = weights.get("identity", 0 if other == 0 else None)
    if plain == 0:
        return None if zipped == 0 else "gzip"
    return "gzip" if zipped and zipped >= (plain or 0) else "identity"


@lru_cache(maxsize=64)
def prefers_pages(accept: str | None) -> bool:
    """Return whether a value of Accept is that of a browser, which shows pages and does not name feeds."""
    weights = dict(_weights(accept or ""))
    return weights.get("text/html", 0) > 0 and not any(
        "rss+xml" in name or "atom+xml" in name for name in weights
    )


def _weights(value: str) -> Iterator[tuple[str, float]]:
    """Yield the elements of a list with weights, in lower case; an invalid weight counts as 1."""
    for element in value.split(","):
        name, *parameters = element.split(";")
        if name.strip():
            found = next(filter(None, map(_WEIGHT.fullmatch, parameters)), None)
            yield name.strip().lower(), float(found[1]) if found else 1.0


def satisfiable_ranges(value: str, size: int) -> str | None:
    """Return a value of Range without the ranges that a document of `size` bytes lacks, None if it is to be ignored.

    Unknown units and malformed ranges are ignored. If the document has none of the ranges, all of them are returned.
    """
    listed = _RANGES.fullmatch(value)
    if listed is None:
        return None
    ranges, within = [], []
    for element in filter(None, (each.strip() for each in listed[1].split(","))):
        found = _RANGE.fullmatch(element)
        if found is None or element == "-" or (found[1] and found[2] and int(found[1]) > int(found[2])):
            return None
        ranges.append(element)
        if (int(found[1]) if found[1] else size - int(found[2])) < size:
            within.append(element)
    return f"bytes={','.join(within or ranges)}" if ranges else None


def is_current(value: str, tag: str) -> bool:
    """Return whether a value of If-None-Match names the entity tag `tag`, whatever a proxy has done to it."""
    if value.strip() == "*":
        return True
    known = (_TAG.match(each.strip()) for each in value.split(","))
    return any(each is not None and each[1].lower() in tag for each in known)
