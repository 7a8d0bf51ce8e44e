"""Tables of papers: CSV, also apart by semicolons or tabs, with the names of the columns in the first row.

The columns are known by the names that Scopus, Web of Science, Zotero, PubMed, OpenAlex, ASReview and others
give them; docs/formats.md lists them. Other columns say nothing to us.
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
from digest.read.parsing.ids import arxiv_id, doi

name = "csv"

_NAMED: Final = {name: field for field, known in COLUMNS.items() for name in known}
# Columns that say nothing to us, but that a table of papers has.
_SIGNS: Final = frozenset(
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
_WORDS = re.compile(r"[^a-z0-9]+")
_SEPARATOR = re.compile(r"\s*[;|]\s*")
_LARGEST_CELL = 2**24
_REMEDY = "export the table again, with one row a paper"


def sniff(document: Document) -> bool:
    """Claim text whose first row names a title and at least one more column that is known."""
    return document.text is not None and _head(document.text, document.columns) is not None


def parse(document: Document) -> Parsed | Fault:
    """Read every row, or say at which line one has no title or more cells than there are columns."""
    text = (document.text or "").lstrip("\r\n")
    head = _head(document.text or "", document.columns)
    assert head is not None, "sniff has seen it"
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
                        reason, f"{_REMEDY}, and cells with {delimiter!r} in them in quotes", line + skipped
                    )
                listings.append(listing)
            line = reader.line_num + 1
    except csv.Error as problem:
        return Fault(f"this is no table: {problem}", _REMEDY, line + skipped)
    return normalize.parsed(listings, carried=newest(one.published for one in listings))


@lru_cache(maxsize=1)
def _head(text: str, own: tuple[tuple[str, str], ...]) -> tuple[str, dict[str, int]] | None:
    """Return the delimiter and the place of each known column, None if the first row is no such row.

    `own` are the user's names of columns; they come before ours.
    """
    named = _NAMED | {_plain(said): field for said, field in own}
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
        heads = list(map(_plain, cells))
        for place, known in enumerate(heads):
            field = named.get(known)
            if field is not None:
                columns.setdefault(field, place)
        if "title" in columns and (len(columns) > 1 or _SIGNS & set(heads)):
            return delimiter, columns
    return None


def _plain(name: str) -> str:
    """Return the name of a column without case and punctuation, if anything is left of it then."""
    return _WORDS.sub(" ", name.lower()).strip() or name.casefold().strip()


def _listing(row: list[str], columns: dict[str, int]) -> Listing | None:
    cells = {field: row[place].strip() for field, place in columns.items() if place < len(row)}
    title = normalize.line(cells.get("title"))
    if not title:
        return None
    authors = _people(cells.get("authors", ""))
    url = normalize.optional(cells.get("url"))
    places = (cells.get("arxiv", ""), url or "", cells.get("doi", ""))
    arxiv, version = next((found for place in places if (found := arxiv_id(place))[0]), (None, None))
    return Listing(
        rank=0,
        title=title,
        abstract=normalize.line(cells.get("abstract")),
        authors=authors,
        author_count=len(authors) or None,
        published=day_of(cells.get("published")),
        comments=normalize.count(cells.get("comments")),
        upvotes=normalize.count(cells.get("upvotes")),
        organization=normalize.optional(cells.get("organization")),
        venue=normalize.optional(cells.get("venue")),
        categories=normalize.texts(_SEPARATOR.split(cells.get("categories", "").replace(",", ";"))),
        arxiv=arxiv,
        doi=doi(cells.get("doi")) or doi(url),
        version=version,
        url=url,
        keywords=normalize.texts(_SEPARATOR.split(cells.get("keywords", "").replace(",", ";"))),
    )


def _people(text: str) -> tuple[str, ...]:
    """Return the names of a cell: apart by semicolons, else by commas or `and`."""
    if ";" in text or "|" in text:
        return tuple(names.turned(name) for name in names.known(_SEPARATOR.split(text)))
    if " and " in text:
        return tuple(names.turned(name) for name in names.known(text.split(" and ")))
    return names.family_first(text)
