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
from digest.read.parsing.dates import Published, day_from_parts, day_of, newest, published
from digest.read.parsing.ids import doi, first_arxiv_id
from digest.read.parsing.people import people_in
from digest.read.placeholders import real
from digest.text.markup import unmarked

name = "csv"

_FIELDS: Final = {name: field for field, known in COLUMNS.items() for name in known}
# Columns that are not read, but show that a table lists papers.
_TYPICAL: Final = frozenset(
    [
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
_LONGEST_HEADER = 8000
_LARGEST_CELL = 2**24
_MOST_LINES_BEFORE = 20  # "About the data: Exported on …", `sep=;`
_LEAST_COLUMNS = 3  # of a header row that is not the first line
_PMID = re.compile(r"[1-9]\d{0,8}", re.ASCII)
_ID_OF_PERSON = re.compile(r" \(\d{5,15}\)")
_REMEDY = "export the table again with one row per paper"


def sniff(document: Document) -> bool:
    """Claim text whose first row has a title and at least one other known column."""
    return document.text is not None and _head(document.text, document.columns) is not None


def parse(document: Document) -> Parsed | Fault:
    """Read all rows with a title, or return a fault if none has one or a row has more cells than columns."""
    head = _head(document.text or "", document.columns)
    assert head is not None, "sniff found it"
    delimiter, columns, start = head
    text = (document.text or "")[start:]
    skipped = (document.text or "").count("\n", 0, start)
    listings, years = [], []
    untitled: list[int] = []  # the lines of the rows without a title
    reader = csv.reader(
        text.splitlines(keepends=True), delimiter=delimiter, strict=True, skipinitialspace=True
    )
    line = last = 1
    try:
        width = len(next(reader))
        line = reader.line_num + 1
        cells = [width]
        for row in reader:
            if any(cell.strip() for cell in row):
                cells.append(len(row))
                last = line
                fits = not any(
                    cell.strip() for cell in row[width:]
                )  # some exporters end each row with a comma
                if not fits:
                    reason = f"this row has {len(row)} cells for {width} columns"
                    remedy = f"{_REMEDY}, and quote cells that contain {delimiter!r}"
                    return Fault(reason, remedy, line + skipped)
                if listing := _listing(row, columns):
                    listings.append(listing)
                    years.append(_year(row, columns))
                else:
                    untitled.append(line + skipped)
            line = reader.line_num + 1
        if _ends_early(text, cells):
            return Fault("the table is cut short: its last row ends early", _REMEDY, last + skipped)
    except csv.Error as error:
        return Fault(f"the table is not valid CSV: {error}", _REMEDY, line + skipped)
    if untitled and not listings:
        return Fault("this row has no title", _REMEDY, untitled[0])
    note = normalize.skipped_note(len(untitled), "row")
    return normalize.parsed(
        listings, years=years, carried=newest(one.published for one in listings), note=note
    )


def _ends_early(text: str, cells: list[int]) -> bool:
    """Return whether the last row has no line end and fewer cells than any other row; `cells` counts those of each."""
    return len(cells) > 1 and not text.endswith(("\n", "\r")) and cells[-1] < min(cells[:-1])


@lru_cache(maxsize=1)
def _head(text: str, own: tuple[tuple[str, str], ...]) -> tuple[str, dict[str, list[int]], int] | None:
    """Return the delimiter, the indexes of each known column and where the header row begins; None without one.

    The header is the first line, or one of the next that names more columns. `own` holds the column names of the user, which take precedence over the built-in ones.
    """
    fields = _FIELDS | {_normalised(column): field for column, field in own}
    csv.field_size_limit(_LARGEST_CELL)
    start = len(text) - len(text.lstrip("\r\n"))
    for number in range(_MOST_LINES_BEFORE):
        line = text[start : start + _LONGEST_HEADER].split("\n", 1)[0]
        if found := _columns(line.rstrip("\r"), fields, least=_LEAST_COLUMNS if number else 1):
            return *found, start
        start += len(line) + 1
        if start >= len(text) or len(line) == _LONGEST_HEADER:
            break
    return None


def _columns(first: str, fields: dict[str, str], *, least: int) -> tuple[str, dict[str, list[int]]] | None:
    """Return the delimiter and the indexes of each known column of a header row, or None if it is another row."""
    for delimiter in _DELIMITERS:
        if delimiter not in first:
            continue
        try:
            cells = next(csv.reader([first], delimiter=delimiter, skipinitialspace=True))
        except (csv.Error, StopIteration):
            continue
        columns: dict[str, list[int]] = {}
        names = list(map(_normalised, cells))
        for index, name in enumerate(names):
            field = fields.get(name)
            if field is not None:
                columns.setdefault(field, []).append(index)
        if "title" in columns and len(columns) >= least and (len(columns) > 1 or _TYPICAL & set(names)):
            return delimiter, columns
    return None


def _normalised(name: str) -> str:
    """Return a column name without case and punctuation; if nothing remains, without case only."""
    return _PUNCTUATION.sub(" ", name.lower()).strip() or name.casefold().strip()


def _listing(row: list[str], columns: dict[str, list[int]]) -> Listing | None:
    # Of several columns of one field, the first that is not empty counts.
    values = {
        field: [cell for index in indexes if index < len(row) and (cell := real(row[index].strip()))]
        for field, indexes in columns.items()
    }
    cells = {field: found[0] for field, found in values.items() if found}
    title = normalize.prose(cells.get("title"))
    if not title:
        return None
    people = people_in(_ID_OF_PERSON.sub("", unmarked(cells.get("authors", ""))))
    pmid = cells.get("pmid", "")
    paged = f"https://pubmed.ncbi.nlm.nih.gov/{pmid}/" if _PMID.fullmatch(pmid) else None
    url = normalize.optional_line(cells.get("url")) or paged
    day, words = _published(values)
    candidates = (cells.get("arxiv", ""), url or "", cells.get("doi", ""))
    arxiv, version = first_arxiv_id(candidates)
    return Listing(
        rank=0,
        title=title,
        abstract=normalize.abstract(cells.get("abstract")),
        authors=people.names,
        author_count=people.counted,
        published=day,
        published_text=words,
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


def _year(row: list[str], columns: dict[str, list[int]]) -> str:
    return next(
        (row[index] for index in columns.get("year", ()) if index < len(row) and row[index].strip()), ""
    )


def _published(values: dict[str, list[str]]) -> Published:
    """Return the first full date, or the year of its own column with a month and a day (`2024`, `APR 25`), or a vague date."""
    dates, year = values.get("published", []), next(iter(values.get("year", [])), "")[:4]
    full = filter(None, map(day_of, dates))
    parts = filter(None, (day_from_parts(year, value, "") for value in dates))
    vague = (one for value in (*dates, *values.get("year", [])) for one in (value, f"{value} {year}"))
    return published(next(full, None) or next(parts, None), vague)
