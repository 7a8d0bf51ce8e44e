"""BibTeX and BibLaTeX bibliographies, as exported by reference managers and publishers."""

import re
from collections.abc import Iterable
from dataclasses import replace

from digest.model import Listing
from digest.ports import Document, Fault, Parsed
from digest.read import file_types, normalize
from digest.read.parsing import bibtex_syntax
from digest.read.parsing.bibtex_syntax import BibtexError, Entry
from digest.read.parsing.dates import Published, day_from_parts, day_of, newest, published
from digest.read.parsing.ids import doi, first_arxiv_id
from digest.read.parsing.people import bibtex_people
from digest.text.markup import tags_out_of_tex
from digest.text.untex import plain, verbatim, without_modes

name = "bibtex"

_ENTRY = re.compile(
    r"^[ \t]*@[ \t]*(?!comment|string|preamble)[A-Za-z]+\s*[{(]\s*[^,{}=\"\n]*,\s*(?:[\w-]+\s*=|[})])",
    re.MULTILINE | re.IGNORECASE,
)
_SEPARATOR = re.compile(r"(?:(?<!\s)\s+)?[;,]\s*")
_IN_TEXT = re.compile(
    r"\barXiv[:\s]\s*(?:preprint\s+)?(?:arXiv:)?(\d{4}\.\d{4,5}(?:v\d+)?|[a-z-]+(?:\.[A-Z]{2})?/\d{7}(?:v\d+)?)",
    re.IGNORECASE,
)
_CATEGORY = re.compile(r"[a-z-]+(?:\.[A-Za-z-]+)?")


def sniff(document: Document) -> bool:
    """Claim plain text with an entry `@kind{key, name =` at the beginning of a line."""
    text = document.text
    return (
        text is not None
        and "@" in text
        and file_types.markup(text) in {"", file_types.BIBTEX}
        and _ENTRY.search(text) is not None
    )


def parse(document: Document) -> Parsed | Fault:
    """Read all entries with a title, or return a fault with the line of the first syntax error."""
    listings, years, untitled, days = [], [], 0, []
    try:
        for entry in inherited(list(bibtex_syntax.entries(document.text or ""))):
            listing = _listing(entry)
            untitled += listing is None
            if listing is not None:
                listings.append(listing)
                years.append(entry.fields.get("year") or entry.fields.get("date") or "")
                days += [
                    listing.published,
                    day_of(entry.fields.get("timestamp")),
                    day_of(entry.fields.get("urldate")),
                ]
    except BibtexError as error:
        return Fault(error.reason, "correct the entry, or export the bibliography again", error.line)
    return normalize.parsed(
        listings, years=years, carried=newest(days), note=normalize.skipped_note(untitled, "entry")
    )


def _listing(entry: Entry) -> Listing | None:
    fields = {name: without_modes(value) for name, value in entry.fields.items()}
    title = _prose(fields.get("title")) or _prose(fields.get("origtitle"))
    if not title:
        return None
    people = bibtex_people(fields.get("author", ""))
    arxiv, version = _arxiv(fields)
    day, words = _published(fields)
    category = normalize.one_line(fields.get("primaryclass") or fields.get("eprintclass"))
    return Listing(
        rank=0,
        title=title,
        abstract=normalize.abstract(tags_out_of_tex(fields.get("abstract", ""))),
        authors=people.names,
        author_count=people.counted,
        published=day,
        published_text=words,
        organization=normalize.optional_line(fields.get("institution") or fields.get("school")),
        categories=(category,) if _CATEGORY.fullmatch(category) else (),
        arxiv=arxiv,
        doi=doi(verbatim(fields.get("doi", ""))) or doi(verbatim(fields.get("url", ""))),
        version=version,
        url=verbatim(fields.get("url", "")) or None,
        keywords=normalize.unique_lines(
            _SEPARATOR.split(fields.get("keywords") or fields.get("keyword") or "")
        ),
        venue=normalize.optional_line(
            fields.get("journal") or fields.get("journaltitle") or fields.get("booktitle")
        ),
    )


# What an entry does not take over from the one that it refers to: what makes that one another work.
_OWN = frozenset(
    [
        "title",
        "subtitle",
        "author",
        "editor",
        "doi",
        "url",
        "eprint",
        "abstract",
        "keywords",
        "keyword",
        "note",
        "isbn",
        "pages",
        "crossref",
        "xdata",
        "timestamp",
        "urldate",
        "file",
    ]
)
_MOST_PARENTS = 10


def inherited(entries: list[Entry]) -> Iterable[Entry]:
    """Yield the entries with the fields that `crossref` or `xdata` inherits; the parent's title is the book's."""
    by_key = {entry.key.lower(): entry for entry in reversed(entries)}
    for entry in entries:
        parents = [
            (kind, key)
            for kind in ("crossref", "xdata")
            for key in entry.fields.get(kind, "").split(",")[:_MOST_PARENTS]
        ]
        fields = dict(entry.fields)
        for kind, key in parents:
            parent = by_key.get(key.strip().lower())
            if parent is None or parent is entry:
                continue
            for name, value in parent.fields.items():
                if name not in _OWN or kind == "xdata":
                    fields.setdefault(name, value)
            if kind == "crossref" and "title" in parent.fields:
                fields.setdefault("booktitle", parent.fields["title"])
        yield replace(entry, fields=fields) if parents else entry


def _prose(value: str | None) -> str:
    return normalize.prose(tags_out_of_tex(value or ""))


def _arxiv(fields: dict[str, str]) -> tuple[str | None, int | None]:
    kind = (fields.get("archiveprefix") or fields.get("eprinttype") or "arxiv").strip().lower()
    candidates = [
        verbatim(fields.get("eprint", "")) if kind == "arxiv" else "",
        verbatim(fields.get("doi", "")),
        verbatim(fields.get("url", "")),
    ]
    for key in ("journal", "journaltitle", "note", "howpublished", "number", "eprint"):
        match = _IN_TEXT.search(fields.get(key, "")[:500])
        candidates.append(match[1] if match else "")
    return first_arxiv_id(candidates)


def _published(fields: dict[str, str]) -> Published:
    """Return the date; without a day, a month or a year it has to be a season or a range of months."""
    year, month, day = (plain(fields.get(key, "")) for key in ("year", "month", "day"))
    written = (fields.get("date"), plain(fields.get("date", "")), month)  # December 31, 2018--January 2
    full_date = next(filter(None, map(day_of, written)), None)
    vague = [plain(fields.get("date", "")), f"{month or fields.get('issue', '')} {year}", year]
    return published(full_date or day_from_parts(year, month, day) or day_of(year), vague)
