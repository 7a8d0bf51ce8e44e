"""Tables of papers: CSV with a header row, separated by commas, semicolons, tabs or bars.

Columns are recognised by the names that Scopus, Web of Science, Zotero, PubMed, OpenAlex, ASReview and others
give them; docs/formats.md lists them. Other columns are ignored.
"""

import csv
import re
from functools import lru_cache
from typing import Final

from digest.model import Listing
from digest.ports import COLUMNS, Document, Fault, Parsed
from digest.read import normalize
from digest.read.parsing import names
from digest.read.parsing.dates import day_of, newest
from digest.read.parsing.ids import doi, first_arxiv_id

name = "csv"

_FIELDS: Final = {name: field for field, known in COLUMNS.items() for name in known}
# Columns that are not read, but show that a table lists papers.
_TYPICAL: Final = frozenset(
    [
        "pmid",
        "pmcid",
        "issn",
        "isbn",
        "volume",
        "issue",
        "pages",
        "publisher",
        "item type",
        "record id",
        "included",
        "label included",
        "asreview label included",
        "cited by",
    ]
)
_DELIMITERS = (",", ";", "\t", "|")
_PUNCTUATION = re.compile(r"[^a-z0-9]+")
_SEPARATOR = re.compile(r"(?:(?<!\s)\s+)?[;|]\s*")
_LARGEST_CELL = 2**24
_REMEDY = "export the table again with one row per paper"


def sniff(document: Document) -> bool:
    """Claim text whose first row has a title and at least one other known column."""
    return document.text is not None and _head(document.text, document.columns) is not None


def parse(document: Document) -> Parsed | Fault:
    """Read all rows, or return a fault for the first without a title or with more cells than columns."""
    text = (document.text or "").lstrip("\r\n")
    head = _head(document.text or "", document.columns)
    assert head is not None, "sniff found it"
    delimiter, columns = head
    skipped = (document.text or "")[: len(document.text or "") - len(text)].count("\n")
    listings = []
    reader = csv.reader(
        text.splitlines(keepends=True), delimiter=delimiter, strict=True, skipinitialspace=True
    )
    line = 1
    try:
        width = len(next(reader))
        line = reader.line_num + 1
        for row in reader:
            if any(cell.strip() for cell in row):
                listing = _listing(row, columns) if len(row) <= width else None
                if listing is None:
                    reason = (
                        "this row has no title"
                        if len(row) <= width
                        else f"this row has {len(row)} cells for {width} columns"
                    )
                    return Fault(
                        reason, f"{_REMEDY}, and quote cells that contain {delimiter!r}", line + skipped
                    )
                listings.append(listing)
            line = reader.line_num + 1
    except csv.Error as error:
        return Fault(f"the table is not valid CSV: {error}", _REMEDY, line + skipped)
    return normalize.parsed(listings, carried=newest(one.published for one in listings))


@lru_cache(maxsize=1)
def _head(text: str, own: tuple[tuple[str, str], ...]) -> tuple[str, dict[str, int]] | None:
    """Return the delimiter and the index of each known column, or None if the first row is not a header.

    `own` holds the column names of the user, which take precedence over the built-in ones.
    """
    fields = _FIELDS | {_normalised(column): field for column, field in own}
    csv.field_size_limit(_LARGEST_CELL)
    first = text.lstrip("\r\n")[:4000].split("\n", 1)[0].rstrip("\r")
    for delimiter in _DELIMITERS:
        if delimiter not in first:
            continue
        try:
            cells = next(csv.reader([first], delimiter=delimiter, skipinitialspace=True))
        except (csv.Error, StopIteration):
            continue
        columns: dict[str, int] = {}
        names = list(map(_normalised, cells))
        for index, name in enumerate(names):
            field = fields.get(name)
            if field is not None:
                columns.setdefault(field, index)
        if "title" in columns and (len(columns) > 1 or _TYPICAL & set(names)):
            return delimiter, columns
    return None


def _normalised(name: str) -> str:
    """Return a column name without case and punctuation; if nothing remains, without case only."""
    return _PUNCTUATION.sub(" ", name.lower()).strip() or name.casefold().strip()


def _listing(row: list[str], columns: dict[str, int]) -> Listing | None:
    cells = {field: row[index].strip() for field, index in columns.items() if index < len(row)}
    title = normalize.one_line(cells.get("title"))
    if not title:
        return None
    authors = _people(cells.get("authors", ""))
    url = normalize.optional_line(cells.get("url"))
    candidates = (cells.get("arxiv", ""), url or "", cells.get("doi", ""))
    arxiv, version = first_arxiv_id(candidates)
    return Listing(
        rank=0,
        title=title,
        abstract=normalize.one_line(cells.get("abstract")),
        authors=authors,
        author_count=len(authors) or None,
        published=day_of(cells.get("published")),
        comments=normalize.count(cells.get("comments")),
        upvotes=normalize.count(cells.get("upvotes")),
        organization=normalize.optional_line(cells.get("organization")),
        venue=normalize.optional_line(cells.get("venue")),
        categories=normalize.unique_lines(_SEPARATOR.split(cells.get("categories", "").replace(",", ";"))),
        arxiv=arxiv,
        doi=doi(cells.get("doi")) or doi(url),
        version=version,
        url=url,
        keywords=normalize.unique_lines(_SEPARATOR.split(cells.get("keywords", "").replace(",", ";"))),
    )


def _people(text: str) -> tuple[str, ...]:
    """Return the names in a cell: separated by semicolons or bars, or else by `and` or commas."""
    if ";" in text or "|" in text:
        return tuple(names.given_first(name) for name in names.clean(_SEPARATOR.split(text)))
    if " and " in text:
        return tuple(names.given_first(name) for name in names.clean(text.split(" and ")))
    return names.split_family_first(text)
