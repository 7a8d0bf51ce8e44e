"""CSL-JSON bibliographies (Zotero, Pandoc, DOI registries): https://citeproc-js.readthedocs.io/en/latest/csl-json/markup.html."""

import re
from datetime import date
from typing import Any

from digest.model import Listing
from digest.ports import Document, Fault, Parsed
from digest.read import normalize
from digest.read.parsing import json_text
from digest.read.parsing.dates import Published, calendar_day, day_of, newest, published
from digest.read.parsing.ids import doi, first_arxiv_id
from digest.read.parsing.people import gathered
from digest.read.parsing.standing import known_status
from digest.text.markup import unmarked

name = "csl-json"

# Keys that only this format spells like this, besides the title and the type.
_KEYS = {
    "issued",
    "author",
    "DOI",
    "URL",
    "container-title",
    "accessed",
    "editor",
    "abstract",
    "citation-key",
}


def sniff(document: Document) -> bool:
    """Claim JSON items with a type and two keys of this format."""
    items = _items(json_text.value_of(document))
    first = items[0] if items else None
    return (
        isinstance(first, dict)
        and isinstance(first.get("type"), str)
        and (bool(_title(first)) or "id" in first)
        and len(_KEYS & first.keys()) >= 2
        and isinstance(first.get("author", []), list)
    )


def parse(document: Document) -> Parsed | Fault:
    """Read all items with a title, or return a fault for the first that is not an object."""
    items = _items(json_text.value_of(document))
    listings, years, untitled, days = [], [], 0, []
    for number, item in enumerate(items, start=1):
        if not isinstance(item, dict):
            return Fault(f"item {number} of {len(items)} is not an object", "export the bibliography again")
        listing = _listing(item)
        untitled += listing is None
        if listing is not None:
            listings.append(listing)
            years.append(str(item.get("issued") or ""))
            days += [listing.published, _day(item.get("accessed"))]
    return normalize.parsed(
        listings, years=years, carried=newest(days), note=normalize.skipped_note(untitled, "item")
    )


def _items(value: Any) -> list[Any]:
    """Return the items: a list, the list in an object, or a single item."""
    if isinstance(value, dict):
        inner = value.get("items") or value.get("references")
        message = value.get("message")  # what Crossref's API puts around its answers
        if inner is None and isinstance(message, dict) and "message-type" in value:
            return _items(message)
        return inner if isinstance(inner, list) else [value]
    return value if isinstance(value, list) else []


def _title(item: dict[str, Any]) -> str:
    return normalize.prose(_first(item.get("title")))


def _first(value: Any) -> str:
    """Return a string, or the first in a list, as Crossref writes it."""
    return normalize.one_line(value[0] if isinstance(value, list) and value else value)


def _listing(item: dict[str, Any]) -> Listing | None:
    title = _title(item) or normalize.prose(_first(item.get("original-title")))
    if not title:
        return None
    listed = item.get("author") if isinstance(item.get("author"), list) else []
    people = gathered(map(_person, listed or []))
    url = normalize.optional_line(item.get("URL"))
    number = normalize.one_line(item.get("number"))
    arxiv, version = first_arxiv_id((number, url, normalize.one_line(item.get("DOI"))))
    keyword = item.get("keyword")
    day, words = _published(_standard(item.get("issued")))
    return Listing(
        rank=0,
        title=title,
        abstract=normalize.abstract(item.get("abstract")),
        authors=people.names,
        author_count=people.counted,
        published=day,
        published_text=words,
        categories=normalize.unique_lines(item.get("categories")),
        arxiv=arxiv,
        doi=doi(normalize.one_line(item.get("DOI"))) or doi(url),
        version=version,
        url=url,
        keywords=normalize.unique_lines(keyword.split(",") if isinstance(keyword, str) else keyword),
        venue=normalize.prose(_first(item.get("container-title"))) or None,
        status=_status(item),
    )


def _status(item: dict[str, Any]) -> str | None:
    """Return what CSL or Crossref says of a paper: Crossref lists the notices about it under `updated-by`.

    `update-to` is the other direction: it is in the record of the notice.
    """
    notices = item.get("updated-by")
    kinds = [one.get("type") for one in notices if isinstance(one, dict)] if isinstance(notices, list) else []
    found = [*filter(None, map(known_status, (item.get("status"), *kinds)))]
    return (
        "retracted" if item.get("is_retracted") is True or "retracted" in found else next(iter(found), None)
    )


def _person(value: Any) -> str:
    """Return a name with the given name first, with particles and suffix."""
    if not isinstance(value, dict):
        return normalize.one_line(value)
    if literal := normalize.prose(value.get("literal") or value.get("name")):
        return f"{{{literal}}}"  # a whole name, also with commas
    value = {part: unmarked(text) if isinstance(text, str) else text for part, text in value.items()}
    parts = ("given", "dropping-particle", "non-dropping-particle", "family")
    name = " ".join(filter(None, (normalize.one_line(value.get(part)) for part in parts)))
    suffix = normalize.one_line(value.get("suffix"))
    return f"{{{name}, {suffix}}}" if name and suffix else f"{{{name}}}" if name else ""


_SEASONS = ("Spring", "Summer", "Autumn", "Winter")
_OTHER_SEASON = re.compile(r"(?:season-0|2)?([1-4])")  # `season-01`, and 21 of EDTF


def _standard(value: Any) -> Any:
    """Return a date in the form of citeproc-js; Pandoc wrote lists of dates, and objects with year, month and day."""
    if isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
        return {"date-parts": [_parts(one) for one in value]}
    if isinstance(value, dict) and "date-parts" not in value and ("year" in value or "date_parts" in value):
        return value | {"date-parts": value.get("date_parts") or [_parts(value)]}
    return value


def _parts(one: dict[str, Any]) -> Any:
    return one.get("date-parts") or [one[key] for key in ("year", "month", "day") if key in one]


def _published(value: Any) -> Published:
    """Return a date, or the season or the range of months that stands for it."""
    if not isinstance(value, dict):
        return published(_day(value), [value] if isinstance(value, str) else [])
    found = value.get("date-parts")
    parts = [part for part in found if isinstance(part, list) and part] if isinstance(found, list) else []
    year = str(parts[0][0]) if parts else ""
    named = normalize.one_line(str(value.get("season") or ""))
    second = str(parts[0][1]) if parts and len(parts[0]) > 1 else ""
    number = _OTHER_SEASON.fullmatch(named) or (_OTHER_SEASON.fullmatch(second) if len(second) > 1 else None)
    season = _SEASONS[int(number[1]) - 1] if number else named
    months = (
        "/".join(f"{part[0]}-{part[1]:0>2}" for part in parts)
        if len(parts) == 2 and all(len(part) == 2 for part in parts)
        else ""
    )
    return published(
        _day(value),
        (f"{season} {year}", months, *(normalize.one_line(value.get(key)) for key in ("raw", "literal"))),
    )


def _day(value: Any) -> date | None:
    if not isinstance(value, dict):
        return day_of(value)
    parts = value.get("date-parts")
    first = parts[0] if isinstance(parts, list) and parts else None
    if isinstance(first, list) and len(first) >= 3:
        numbers = [str(part) for part in first[:3]]
        if all(number.isascii() and number.isdigit() and len(number) <= 4 for number in numbers):
            return calendar_day(*numbers)
    return day_of(value.get("raw")) or day_of(value.get("literal"))
