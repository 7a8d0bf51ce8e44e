"""PubMed's text format (`.nbib`; "PubMed" and "Citation manager" in its menu), with the tags of MEDLINE.

A record consists of lines `TAG - value`, with the tag padded to four characters, from `PMID` to `SO`. A line
that begins with spaces continues the value. See https://pubmed.ncbi.nlm.nih.gov/help/#pubmed-format.
"""

import re

from digest.model import Listing
from digest.ports import Document, Fault, Parsed
from digest.read import normalize
from digest.read.parsing import names, tagged_lines
from digest.read.parsing.dates import Published, day_of, newest, published
from digest.read.parsing.ids import first_doi
from digest.read.parsing.people import turned

name = "medline"

_TAG = re.compile(r"([A-Z]{2,4}) {0,2}- ?(.*)", re.ASCII)
_BEGINNING = re.compile(r"\A\s*PMID- ?\d", re.ASCII)
_ID = re.compile(r"(\S+) \[doi\]")
_ENTERED = re.compile(r"(\d{4}/\d\d/\d\d).*\[(?:pubmed|entrez)\]")
_RETRACTED = "Retracted Publication"
_REMEDY = "save the complete records again"

Record = dict[str, list[str]]


def sniff(document: Document) -> bool:
    """Claim text that begins with a PubMed id."""
    return document.text is not None and _BEGINNING.match(document.text) is not None


def parse(document: Document) -> Parsed | Fault:
    """Read all records with a title, or return a fault for a record that is cut short."""
    records = _records(document.text or "")
    if isinstance(records, Fault):
        return records
    found = [_listing(record) for record in records]
    listings = [listing for listing in found if listing is not None]
    years = [
        " ".join(record.get("DP", ())) for record, one in zip(records, found, strict=True) if one is not None
    ]
    days = (
        day_of(value) for record in records for tag in ("LR", "DCOM", "DEP") for value in record.get(tag, ())
    )
    note = normalize.skipped_note(len(found) - len(listings), "record")
    return normalize.parsed(
        listings, years=years, carried=newest([*days, *(one.published for one in listings)]), note=note
    )


def _records(text: str) -> list[Record] | Fault:
    records: list[Record] = []
    start = 0
    for number, tag, value in tagged_lines.fields(text, _TAG, continues=" "):
        if tag == "PMID":
            if records and "SO" not in records[-1]:
                break
            records.append({})
            start = number
        if records:
            records[-1].setdefault(tag, []).append(value)
    if not records or "SO" not in records[-1]:
        return Fault("the record that begins here is cut short: its SO line is missing", _REMEDY, start)
    return records


def _listing(record: Record) -> Listing | None:
    title = next(
        filter(None, (normalize.prose(" ".join(record.get(tag, ()))) for tag in ("TI", "BTI", "TT"))), ""
    )
    if not title:
        return None
    people = record.get("FAU") or [turned(name.strip()) for name in record.get("AU", ())]
    authors = names.clean((*map(names.given_first, people), *record.get("CN", ())))
    ids = [
        match[1] for tag in ("LID", "AID") for value in record.get(tag, ()) if (match := _ID.search(value))
    ]
    pmid = record["PMID"][0].strip()
    day, words = _published(record)
    return Listing(
        rank=0,
        title=title,
        abstract=normalize.abstract(" ".join(record.get("AB", ()))),
        authors=authors,
        author_count=len(authors) or None,
        published=day,
        published_text=words,
        categories=normalize.unique_lines(
            [value.lstrip("*").partition("/")[0] for value in record.get("MH", ())]
        ),
        doi=first_doi(ids),
        url=f"https://pubmed.ncbi.nlm.nih.gov/{pmid}/" if pmid.isdigit() else None,
        status="retracted" if _RETRACTED in record.get("PT", ()) or record.get("RIN") else None,
        keywords=normalize.unique_lines([value.lstrip("*") for value in record.get("OT", ())]),
        venue=normalize.optional_line(" ".join(record.get("JT") or record.get("TA") or ())),
    )


def _published(record: Record) -> Published:
    """Return the date of the electronic article, or of the issue, or else of the entry in PubMed, or a vague date."""
    for value in (*record.get("DEP", ()), *record.get("DP", ())):
        if day := day_of(value):
            return Published(day)
    entered = (_ENTERED.match(value) for value in record.get("PHST", ()))
    return published(next((day_of(match[1]) for match in entered if match), None), record.get("DP", ()))
