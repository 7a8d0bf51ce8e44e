"""Answers of the APIs of literature databases, saved as JSON: OpenAlex, Semantic Scholar, Europe PMC, bioRxiv and DBLP.

Crossref's are CSL-JSON (`csl_json`), arXiv's Atom (`arxiv_api`). An answer is an object around its list of papers; the
list alone and a single paper are read as well. See docs.openalex.org, api.semanticscholar.org/api-docs,
europepmc.org/RestfulWebService, api.biorxiv.org and dblp.org/faq/How+to+use+the+dblp+search+API.html.
"""

import re
from collections.abc import Callable
from typing import Any

from digest.model import Listing
from digest.ports import Document, Fault, Parsed
from digest.read import normalize
from digest.read.parsing import json_text
from digest.read.parsing.dates import day_of, newest
from digest.read.parsing.ids import first_arxiv_id, first_doi
from digest.read.parsing.people import People, gathered, people_in

name = "literature-api"

Entry = dict[str, Any]
# Where the list of papers is in an answer.
_PLACES = (
    ("results",),
    ("data",),
    ("recommendedPapers",),
    ("collection",),
    ("resultList", "result"),
    ("result", "hits", "hit"),
)
_MOST_WORDS = 50_000  # of an abstract; longer ones are cut later
_HOMONYM = re.compile(r" \d{4}$")  # DBLP numbers people of one name


def sniff(document: Document) -> bool:
    """Claim JSON whose first paper has the keys of one of these databases."""
    return _reader(_entries(json_text.value_of(document))) is not None


def parse(document: Document) -> Parsed | Fault:
    """Read all papers with a title; null stands for a paper that the database does not have."""
    entries = _entries(json_text.value_of(document))
    reader = _reader(entries)
    assert reader is not None, "sniff found it"
    listings = [reader(entry) for entry in entries if isinstance(entry, dict)]
    return normalize.parsed(listings, carried=newest(one.published for one in listings))


def _entries(value: Any) -> list[Any]:
    if isinstance(value, dict):
        for place in _PLACES:
            found: Any = value
            for key in place:
                found = found.get(key) if isinstance(found, dict) else None
            if isinstance(found, list):
                return found
        return [value]
    return value if isinstance(value, list) else []


def _reader(entries: list[Any]) -> Callable[[Entry], Listing] | None:
    first = next((entry for entry in entries if isinstance(entry, dict)), None)
    if first is None:
        return None
    for reader, keys in _READERS.items():
        if keys <= first.keys():
            return reader
    return None


def _openalex(entry: Entry) -> Listing:
    location = _object(entry.get("primary_location"))
    url = normalize.optional_line(location.get("landing_page_url"))
    people = (_object(one.get("author")).get("display_name") for one in _objects(entry.get("authorships")))
    return _listing(
        entry.get("title") or entry.get("display_name"),
        gathered(people),
        abstract=_inverted(entry.get("abstract_inverted_index")),
        day=entry.get("publication_date"),
        ids=(entry.get("doi"), url),
        url=url or normalize.optional_line(entry.get("doi")) or normalize.optional_line(entry.get("id")),
        venue=_object(location.get("source")).get("display_name"),
        keywords=[one.get("display_name") for one in _objects(entry.get("keywords"))],
        status="retracted" if entry.get("is_retracted") is True else None,
    )


def _inverted(index: Any) -> str:
    """Return the text of OpenAlex's index, which lists the places of each word."""
    if not isinstance(index, dict):
        return ""
    words = [
        (place, word)
        for word, places in index.items()
        if isinstance(places, list)
        for place in places
        if isinstance(place, int)
    ]
    return " ".join(word for _, word in sorted(words)[:_MOST_WORDS])


def _semantic_scholar(entry: Entry) -> Listing:
    ids = _object(entry.get("externalIds"))
    return _listing(
        entry.get("title"),
        gathered(one.get("name") for one in _objects(entry.get("authors"))),
        abstract=entry.get("abstract"),
        day=entry.get("publicationDate"),
        ids=(ids.get("DOI"), ids.get("ArXiv")),
        url=normalize.optional_line(entry.get("url")),
        venue=entry.get("venue"),
    )


def _europe_pmc(entry: Entry) -> Listing:
    pmid = normalize.one_line(entry.get("pmid"))
    journal = _object(_object(entry.get("journalInfo")).get("journal")).get("title")
    return _listing(
        entry.get("title"),
        people_in(normalize.one_line(entry.get("authorString"))),
        abstract=entry.get("abstractText"),
        day=entry.get("firstPublicationDate") or entry.get("electronicPublicationDate"),
        ids=(entry.get("doi"),),
        url=f"https://pubmed.ncbi.nlm.nih.gov/{pmid}/" if pmid.isdigit() else None,
        venue=journal or entry.get("journalTitle"),
    )


def _biorxiv(entry: Entry) -> Listing:
    return _listing(
        entry.get("title"),
        people_in(normalize.one_line(entry.get("authors"))),
        abstract=entry.get("abstract"),
        day=entry.get("date"),
        ids=(entry.get("doi"),),
        url=None,
        venue=entry.get("server"),
        categories=[entry.get("category")],
    )


def _dblp(entry: Entry) -> Listing:
    info = _object(entry.get("info"))
    listed = _object(info.get("authors")).get("author")
    people = [one.get("text") for one in _objects(listed if isinstance(listed, list) else [listed])]
    url = normalize.optional_line(info.get("ee"))
    return _listing(
        info.get("title"),
        gathered(_HOMONYM.sub("", one) for one in people if isinstance(one, str)),
        ids=(info.get("doi"), url),
        url=url or normalize.optional_line(info.get("url")),
        venue=info.get("venue"),
    )


_READERS: dict[Callable[[Entry], Listing], set[str]] = {
    _openalex: {"authorships", "display_name"},
    _semantic_scholar: {"paperId", "title"},
    _europe_pmc: {"authorString", "title", "source"},
    _biorxiv: {"doi", "title", "authors", "author_corresponding"},
    _dblp: {"@id", "info"},
}


def _listing(
    title: Any, people: People, *, ids: tuple[Any, ...], url: str | None, day: Any = None, **texts: Any
) -> Listing:
    known = [normalize.one_line(one) for one in ids]
    arxiv, version = first_arxiv_id(known)
    return Listing(
        rank=0,
        title=normalize.prose(title),
        abstract=normalize.abstract(texts.get("abstract")),
        authors=people.names,
        author_count=people.counted,
        published=day_of(day),
        categories=normalize.unique_lines(texts.get("categories")),
        arxiv=arxiv,
        doi=first_doi(known),
        version=version,
        url=url,
        keywords=normalize.unique_lines(texts.get("keywords")),
        venue=normalize.prose(texts.get("venue")) or None,
        status=texts.get("status"),
    )


def _object(value: Any) -> Entry:
    return value if isinstance(value, dict) else {}


def _objects(value: Any) -> list[Entry]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
