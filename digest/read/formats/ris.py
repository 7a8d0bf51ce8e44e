"""RIS bibliographies, as exported by reference managers and publishers.

A record consists of lines `TAG  - value` from `TY` to `ER`; a line without a tag continues the value. Text
between records, such as numbers or remarks of the exporter, is ignored (see ris_records for what exporters do).
"""

import re
from datetime import date

from digest.model import Listing
from digest.ports import Document, Fault, Parsed
from digest.read import normalize
from digest.read.parsing import names, ris_records
from digest.read.parsing.dates import Published, calendar_day, day_from_parts, day_of, newest, published
from digest.read.parsing.ids import first_arxiv_id, first_doi
from digest.read.parsing.people import gathered
from digest.read.parsing.ris_records import Record
from digest.text.markup import unmarked

name = "ris"

_BEGINNING = re.compile(r"^\ufeff?[ \t]{0,9}TY(?: {1,4}|\t)-[ \t]{0,9}\S", re.MULTILINE)
_DATE = re.compile(r"\s*(\d{4})[/-](\d{1,2})[/-](\d{1,2})\b")
_REMEDY = "export the complete bibliography again"


def sniff(document: Document) -> bool:
    """Claim text with a line `TY  - …` that is not XML."""
    text = document.text
    return text is not None and _BEGINNING.search(text) is not None and not text.lstrip().startswith("<")


def parse(document: Document) -> Parsed | Fault:
    """Read all records with a title, or return a fault for a record that is cut short."""
    records, cut = ris_records.records(document.text or "")
    if cut is not None:
        return Fault("the record that begins here is cut short: its ER line is missing", _REMEDY, cut)
    found = [_listing(record) for record in records]
    listings = [listing for listing in found if listing is not None]
    years = [_year(record) for record, listing in zip(records, found, strict=True) if listing is not None]
    untitled = len(found) - len(listings)
    days = [_day(record, "DA", "Y2", "PY", "Y1") for record in records]
    return normalize.parsed(
        listings, years=years, carried=newest(days), note=normalize.skipped_note(untitled, "record")
    )


def _listing(record: Record) -> Listing | None:
    title = _prose(record, *ris_records.TITLES)
    if not title:
        return None
    people = gathered(map(unmarked, record.get("AU") or record.get("A1") or ()))
    urls = [url for tag in ("UR", "LK") for url in names.clean(record.get(tag, ()))]
    candidates = [*urls, _first(record, "DO"), _first(record, "M3"), _first(record, "AN")]
    arxiv, version = first_arxiv_id(candidates)
    day, words = _published(record)
    return Listing(
        rank=0,
        title=title,
        abstract=_prose(record, "AB", "N2"),
        authors=people.names,
        author_count=people.counted,
        published=day,
        published_text=words,
        arxiv=arxiv,
        doi=first_doi([_first(record, "DO"), *urls]),
        version=version,
        url=next(iter(urls), None),
        keywords=normalize.unique_lines(record.get("KW")),
        venue=_prose(record, "JF", "JO", "T2", "JA") or None,
    )


def _prose(record: Record, *tags: str) -> str:
    """Return the first value other than a placeholder, as text."""
    texts = (normalize.abstract(value) for tag in tags for value in record.get(tag, ()))
    return next(filter(None, texts), "")


def _first(record: Record, *tags: str) -> str:
    return next(
        (text for tag in tags for value in record.get(tag, ()) if (text := normalize.one_line(value))), ""
    )


def _day(record: Record, *tags: str) -> date | None:
    values = [value for tag in tags for value in record.get(tag, ())]
    found = (_DATE.match(value) for value in values)
    dated = newest(calendar_day(match[1], match[2], match[3]) for match in found if match)
    return dated or newest(map(day_of, values))


def _published(record: Record) -> Published:
    day = next(filter(None, (_day(record, tag) for tag in ("DA", "PY", "Y1"))), None) or _from_year(record)
    year = _year(record)
    values = [normalize.one_line(value) for tag in ("DA", "PY", "Y1", "IS") for value in record.get(tag, ())]
    texts = (" ".join(value.replace("/", " ").split()) for value in values)  # 2024///Summer
    return published(
        day,
        (one for text, value in zip(texts, values, strict=True) for one in (value, text, f"{text} {year}")),
    )


def _year(record: Record) -> str:
    return (_first(record, "PY") or _first(record, "YR") or _first(record, "Y1"))[:4]


def _from_year(record: Record) -> date | None:
    """Return the date of a year in one tag and a month with its day in another (`PY - 2024`, `DA - Jul 18`)."""
    year = _year(record)
    return next(
        filter(None, (day_from_parts(year, normalize.one_line(value), "") for value in record.get("DA", ()))),
        None,
    )
