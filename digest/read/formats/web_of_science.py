"""Web of Science's plain text (`savedrecs.txt`, `.ciw`), with its two-letter field tags.

A record consists of lines `TAG value` from `PT` to `ER`. A line that begins with three spaces continues the value; in
lists of people it is the next person. `EF` ends the file. See https://images.webofknowledge.com/images/help/WOS/hs_wos_fieldtags.html.
"""

import re

from digest.model import Listing
from digest.ports import Document, Fault, Parsed
from digest.read import normalize
from digest.read.parsing import tagged_lines
from digest.read.parsing.dates import Published, day_from_parts, day_of, newest, published
from digest.read.parsing.ids import doi, first_arxiv_id
from digest.read.parsing.people import gathered
from digest.text.markup import unmarked

name = "web-of-science"

_TAG = re.compile(r"\ufeff?([A-Z][A-Z0-9])(?: (.*))?", re.ASCII)
_BEGINNING = re.compile(r"\A\ufeff?\s*(?:FN [^\r\n]*\s+)?(?:VR [^\r\n]*\s+)?PT [A-Z]\w{0,20}\s")
_TITLE = re.compile(r"^TI \S", re.MULTILINE)
_SEPARATOR = re.compile(r"\s*;\s*")
_REMEDY = "export the complete records again"

Record = dict[str, str]


def sniff(document: Document) -> bool:
    """Claim text whose first record begins with `PT` and has a title."""
    return document.text is not None and _begins(document.text)


def _begins(text: str) -> bool:
    return _BEGINNING.match(text[:2000]) is not None and _TITLE.search(text[:100_000]) is not None


def parse(document: Document) -> Parsed | Fault:
    """Read all records with a title, or return a fault for a record that is cut short."""
    records = _records(document.text or "")
    if isinstance(records, Fault):
        return records
    found = [_listing(record) for record in records]
    listings = [listing for listing in found if listing is not None]
    years = [record.get("PY", "") for record, one in zip(records, found, strict=True) if one is not None]
    note = normalize.skipped_note(len(found) - len(listings), "record")
    exported = (day_of(record.get("DA")) for record in records)
    return normalize.parsed(
        listings, years=years, carried=newest([*exported, *(one.published for one in listings)]), note=note
    )


def _records(text: str) -> list[Record] | Fault:
    records: list[Record] = []
    record: Record | None = None
    start = 0
    for number, tag, value in tagged_lines.fields(text, _TAG, continues="   ", joined="\n"):
        if tag == "PT":
            if record is not None:
                break
            record, start = {}, number
            records.append(record)
        elif tag == "ER":
            record = None
        elif record is not None:
            record.setdefault(tag, value)
    if record is None:
        return records
    return Fault("the record that begins here is cut short: its ER line is missing", _REMEDY, start)


def _listing(record: Record) -> Listing | None:
    title = normalize.prose(record.get("TI"))
    if not title:
        return None
    people = gathered(
        map(unmarked, (record.get("AF") or record.get("AU") or record.get("CA") or "").split("\n"))
    )
    day, words = _published(record)
    url = normalize.optional_line(record.get("UR"))
    arxiv, version = first_arxiv_id([record.get("AR", ""), url or "", record.get("DI", "")])
    subjects = record.get("DE") or record.get("ID") or ""
    return Listing(
        rank=0,
        title=title,
        abstract=normalize.abstract(record.get("AB")),
        authors=people.names,
        author_count=people.counted,
        published=day,
        published_text=words,
        categories=normalize.unique_lines(_SEPARATOR.split(record.get("WC", ""))),
        arxiv=arxiv,
        doi=doi(normalize.one_line(record.get("DI"))),
        version=version,
        url=url,
        status="retracted" if "Retracted" in record.get("DT", "") else None,
        keywords=normalize.unique_lines(_SEPARATOR.split(subjects)),
        venue=normalize.optional_line(unmarked(normalize.one_line(record.get("SO")))),
    )


def _published(record: Record) -> Published:
    """Return the date of the issue (`PD APR 15`, `PY 2019`) or of the early access, or a vague date (`PD MAR-APR`)."""
    year, day = record.get("PY", "").strip(), normalize.one_line(record.get("PD"))
    words = (day, f"{day} {year}", normalize.one_line(record.get("EA")))
    return published(day_from_parts(year, day, "") or day_of(record.get("EA")), words)
