"""RIS bibliographies, as exported by reference managers and publishers.

A record consists of lines `TAG  - value` from `TY` to `ER`; a line without a tag continues the value. Text
between records, such as numbers or remarks of the exporter, is ignored.
"""

import re
from datetime import date

from digest.model import Listing
from digest.ports import Document, Fault, Parsed
from digest.read import normalize
from digest.read.parsing import names, tagged_lines
from digest.read.parsing.dates import calendar_day, newest
from digest.read.parsing.ids import first_arxiv_id, first_doi

name = "ris"

_TAG = re.compile(r"([A-Z][A-Z0-9])  -(?: ?(.*))", re.ASCII)
_BEGINNING = re.compile(r"^TY  - ?\S", re.MULTILINE)
_DATE = re.compile(r"\s*(\d{4})[/-](\d{1,2})[/-](\d{1,2})\b")
_REMEDY = "export the complete bibliography again"

Record = dict[str, list[str]]


def sniff(document: Document) -> bool:
    """Claim text with a line `TY  - …` that is not XML."""
    text = document.text
    return text is not None and _BEGINNING.search(text) is not None and not text.lstrip().startswith("<")


def parse(document: Document) -> Parsed | Fault:
    """Read all records with a title, or return a fault for a record that is cut short."""
    records = _records(document.text or "")
    if isinstance(records, Fault):
        return records
    found = [_listing(record) for record in records]
    listings = [listing for listing in found if listing is not None]
    untitled = len(found) - len(listings)
    days = [_day(record, "DA", "Y2", "PY", "Y1") for record in records]
    return normalize.parsed(listings, carried=newest(days), note=normalize.skipped_note(untitled, "record"))


def _records(text: str) -> list[Record] | Fault:
    records: list[Record] = []
    record: Record | None = None
    start = 0
    for number, tag, value in tagged_lines.fields(text, _TAG):
        if tag == "TY":
            if record is not None:
                return _cut_short(start)
            record, start = {}, number
        if record is None:
            continue
        if tag == "ER":
            records.append(record)
            record = None
        else:
            record.setdefault(tag, []).append(value)
    return records if record is None else _cut_short(start)


def _cut_short(line: int) -> Fault:
    return Fault("the record that begins here is cut short: its ER line is missing", _REMEDY, line)


def _listing(record: Record) -> Listing | None:
    title = _first(record, "TI", "T1", "CT", "BT")
    if not title:
        return None
    authors = tuple(
        names.given_first(name) for tag in ("AU", "A1") for name in names.clean(record.get(tag, ()))
    )
    urls = [url for tag in ("UR", "LK") for url in names.clean(record.get(tag, ()))]
    candidates = [*urls, _first(record, "DO"), _first(record, "M3"), _first(record, "AN")]
    arxiv, version = first_arxiv_id(candidates)
    return Listing(
        rank=0,
        title=title,
        abstract=_first(record, "AB", "N2"),
        authors=authors,
        author_count=len(authors) or None,
        published=_day(record, "DA") or _day(record, "PY") or _day(record, "Y1"),
        arxiv=arxiv,
        doi=first_doi([_first(record, "DO"), *urls]),
        version=version,
        url=next(iter(urls), None),
        keywords=normalize.unique_lines(record.get("KW")),
        venue=_first(record, "JF", "JO", "T2", "JA") or None,
    )


def _first(record: Record, *tags: str) -> str:
    return next(
        (text for tag in tags for value in record.get(tag, ()) if (text := normalize.one_line(value))), ""
    )


def _day(record: Record, *tags: str) -> date | None:
    found = (_DATE.match(value) for tag in tags for value in record.get(tag, ()))
    return newest(calendar_day(match[1], match[2], match[3]) for match in found if match)
