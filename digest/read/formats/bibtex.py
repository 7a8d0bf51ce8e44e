"""BibTeX and BibLaTeX bibliographies, as exported by reference managers and publishers."""

import re
from datetime import date

from digest.model import Listing
from digest.ports import Document, Fault, Parsed
from digest.read import file_types, normalize
from digest.read.parsing import bibtex_syntax, names
from digest.read.parsing.bibtex_syntax import BibtexError, Entry
from digest.read.parsing.dates import day_from_parts, day_of, newest
from digest.read.parsing.ids import doi, first_arxiv_id

name = "bibtex"

_ENTRY = re.compile(
    r"^[ \t]*@[ \t]*(?!comment|string|preamble)[A-Za-z]+\s*[{(]\s*[^,{}=\"\n]*,\s*(?:[\w-]+\s*=|[})])",
    re.MULTILINE | re.IGNORECASE,
)
_AND = re.compile(r"[{}]|(?<!\s)\s+and\s+", re.IGNORECASE)
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
    listings, untitled, days = [], 0, []
    try:
        for entry in bibtex_syntax.entries(document.text or ""):
            listing = _listing(entry)
            untitled += listing is None
            if listing is not None:
                listings.append(listing)
                days += [
                    listing.published,
                    day_of(entry.fields.get("timestamp")),
                    day_of(entry.fields.get("urldate")),
                ]
    except BibtexError as error:
        return Fault(error.reason, "correct the entry, or export the bibliography again", error.line)
    return normalize.parsed(listings, carried=newest(days), note=normalize.skipped_note(untitled, "entry"))


def _listing(entry: Entry) -> Listing | None:
    fields = entry.fields
    title = normalize.one_line(fields.get("title"))
    if not title:
        return None
    authors, all_named = people(fields.get("author", ""))
    arxiv, version = _arxiv(fields)
    category = normalize.one_line(fields.get("primaryclass") or fields.get("eprintclass"))
    return Listing(
        rank=0,
        title=title,
        abstract=normalize.one_line(fields.get("abstract")),
        authors=authors,
        author_count=(len(authors) or None) if all_named else None,
        published=_published(fields),
        organization=normalize.optional_line(fields.get("institution") or fields.get("school")),
        categories=(category,) if _CATEGORY.fullmatch(category) else (),
        arxiv=arxiv,
        doi=doi(fields.get("doi")),
        version=version,
        url=normalize.optional_line(fields.get("url", "").removeprefix("\\url{").rstrip("}")),
        keywords=normalize.unique_lines(
            _SEPARATOR.split(fields.get("keywords") or fields.get("keyword") or "")
        ),
        venue=normalize.optional_line(
            fields.get("journal") or fields.get("journaltitle") or fields.get("booktitle")
        ),
    )


def people(text: str) -> tuple[tuple[str, ...], bool]:
    """Return the names separated by `and` outside of braces, and whether the list is complete (no `others`)."""
    parts, depth, start = [], 0, 0
    for match in _AND.finditer(text):
        if match[0] in {"{", "}"}:
            depth += 1 if match[0] == "{" else -1
        elif depth <= 0:
            parts.append(text[start : match.start()])
            start = match.end()
    parts.append(text[start:])
    found = [normalize.one_line(part) for part in parts]
    return tuple(_person(part) for part in found if part and part != "others"), "others" not in found


def _person(text: str) -> str:
    """Return a name with the given name first; a name in braces is kept as it is."""
    if text.startswith("{") and text.find("}") == len(text) - 1:
        return text[1:-1]
    return names.given_first(text)


def _arxiv(fields: dict[str, str]) -> tuple[str | None, int | None]:
    kind = (fields.get("archiveprefix") or fields.get("eprinttype") or "arxiv").strip().lower()
    candidates = [
        fields.get("eprint", "") if kind == "arxiv" else "",
        fields.get("doi", ""),
        fields.get("url", ""),
    ]
    for key in ("journal", "journaltitle", "note", "howpublished", "number", "eprint"):
        match = _IN_TEXT.search(fields.get(key, "")[:500])
        candidates.append(match[1] if match else "")
    return first_arxiv_id(candidates)


def _published(fields: dict[str, str]) -> date | None:
    """Return the date, or None if year, month or day is missing."""
    if full_date := day_of(fields.get("date")):
        return full_date
    year, month, day = (normalize.one_line(fields.get(key)) for key in ("year", "month", "day"))
    return day_from_parts(year, month, day)
