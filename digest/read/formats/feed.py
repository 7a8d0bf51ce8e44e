"""Any RSS or Atom feed: bioRxiv, PubMed, journals, blogs; also one that is no well-formed XML.

Beside the feed's own elements the Dublin Core and PRISM ones are read, in which publishers write authors,
DOI and day. A feed that breaks the rules of XML is read as far as it can be understood, which the note says;
one that ends before its end is set aside.
"""

import codecs
import io
import re
from collections.abc import Iterable
from datetime import date
from typing import Any

from digest.model import Listing
from digest.ports import Document, Fault, Parsed
from digest.read import normalize
from digest.read.parsing import html_tree, names
from digest.read.parsing.dates import day_of, newest
from digest.read.parsing.ids import arxiv_id, doi, doi_in

name = "feed"
READS_BYTES = True

_ROOTS = {"rss", "feed", "rdf"}
_SIGNS = re.compile(r"<(?:\w+:)?(?:channel|item|entry)\b|purl\.org/rss/1\.0|w3\.org/2005/Atom|purl\.org/atom")
_END = re.compile(r"</(?:\w+:)?(?:rss|feed|rdf)\s*>|<(?:\w+:)?(?:rss|feed|rdf)\b[^>]*/>", re.IGNORECASE)
_ENTRY = re.compile(r"<(?:\w+:)?(?:item|entry)\b[^>]*>[^<]*<")
_DECLARED = re.compile(r"\A\s*<\?xml[^>]*\?>")
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
_TAIL = 4000
_PUBMED = re.compile(r"<b>\s*ABSTRACT\s*</b>(.*?)(?=<p[^>]*>\s*PMID:|\Z)", re.IGNORECASE | re.DOTALL)
_ADDRESS = re.compile(r"\S+@\S+")
_VERSION = re.compile(r"v\d{1,3}\Z")
_CUT = ("…", "...", "[…]", "[...]")
_PREPRINTS = ("biorxiv.org", "medrxiv.org")
_REMEDY = "save the feed again, whole"


def sniff(document: Document) -> bool:
    """Claim XML, or what was meant to be, whose first element is a feed's."""
    if html_tree.root_name(document) not in _ROOTS:
        return False
    return _SIGNS.search(html_tree.head(document)) is not None


def parse(document: Document) -> Parsed | Fault:
    """Read every entry, or say which has no title."""
    if not _is_whole(document):
        return Fault("the feed ends before its end", _REMEDY)
    found = _fed(document)
    if isinstance(found, Fault):
        return found
    # Plain dictionaries: feedparser's own answer for keys that are not there, with warnings.
    entries = [dict(entry.items()) for entry in found.get("entries") or []]
    if not entries and _ENTRY.search(document.text or ""):
        return Fault(
            f"the feed cannot be understood; {_note(found) or 'none of its entries is found'}", _REMEDY
        )
    listings, days = [], [_day(dict((found.get("feed") or {}).items()))]
    for number, entry in enumerate(entries, start=1):
        listing = _listing(entry)
        if not listing.title:
            return Fault(
                f"entry {number} of {len(entries)} has no title", "this is no feed of papers; take it away"
            )
        listings.append(listing)
        days.append(_day(entry))
    return normalize.parsed(listings, carried=newest(days), note=_note(found))


def _is_whole(document: Document) -> bool:
    if document.text is not None:
        return _END.search(document.text, max(0, len(document.text) - _TAIL)) is not None
    return _END.search(document.data[-_TAIL:].replace(b"\0", b"").decode("latin-1")) is not None


def _fed(document: Document) -> Any:
    import feedparser

    try:  # a file object is read as it is; a text might be taken for an address
        return feedparser.parse(
            io.BytesIO(_as_bytes(document)),
            sanitize_html=False,
            resolve_relative_uris=False,
            response_headers={},
        )
    except Exception as problem:  # noqa: BLE001 - it promises to raise nothing, and raises what it likes
        return Fault(f"the feed cannot be understood: {type(problem).__name__}: {problem}", _REMEDY)


def _as_bytes(document: Document) -> bytes:
    """Return the bytes of a feed; those of UTF-16 and UTF-32 as UTF-8, which the parser knows without being told."""
    if document.text is None or not document.data.startswith(_WIDE):
        return document.data
    return _DECLARED.sub("", document.text).encode("utf-8", "replace")


def _note(found: Any) -> str:
    problem = found.get("bozo_exception") if found.get("bozo") else None
    if problem is None or type(problem).__name__ in {"CharacterEncodingOverride", "NonXMLContentType"}:
        return ""
    return f"the feed is not well-formed ({' '.join(str(problem).split())[:100]}), read as far as it can be understood"


def _listing(entry: Any) -> Listing:
    title = _plain(entry.get("title_detail"), entry.get("title"))
    content = next((part.get("value") for part in entry.get("content") or [] if part.get("value")), "")
    abstract = _abstract(entry, content)
    link = normalize.optional(entry.get("link"))
    ids = _texts(entry, "prism_doi", "dc_identifier", "prism_identifier", "id", "guid")
    arxiv, version = next(
        (found for text in (*ids, link or "") if (found := arxiv_id(text))[0]), (None, None)
    )
    authors = _authors(entry)
    return Listing(
        rank=0,
        title=title,
        abstract=abstract,
        authors=authors,
        author_count=len(authors) or None,
        published=_published(entry),
        categories=normalize.texts([tag.get("term") for tag in entry.get("tags") or []]),
        arxiv=arxiv,
        doi=next(filter(None, map(doi, ids)), None) or (_doi_of_link(link) if not arxiv else None),
        version=version,
        url=link,
        withdrawn=title.upper().startswith(("WITHDRAWN:", "RETRACTED:")),
        snippet=abstract.endswith(_CUT),
        venue=normalize.optional(entry.get("prism_publicationname")),
    )


def _abstract(entry: Any, content: Any) -> str:
    """Return the abstract: PubMed's whole one, else the description, else the content."""
    whole = _PUBMED.search(content) if isinstance(content, str) else None
    if whole:
        return html_tree.plain(whole[1])
    summary = _plain(entry.get("summary_detail"), entry.get("summary"))
    return summary or html_tree.plain(content if isinstance(content, str) else "")


def _plain(detail: Any, value: Any) -> str:
    """Return a text of the feed as a reader sees it; what is marked as plain text is left as it is."""
    if not isinstance(value, str):
        return ""
    kind = detail.get("type") if isinstance(detail, dict) else ""
    return normalize.line(value if kind == "text/plain" else html_tree.plain(value))


def _authors(entry: Any) -> tuple[str, ...]:
    found = names.known(author.get("name") for author in entry.get("authors") or [])
    # Of an address alone the parser may leave a piece for the name.
    alone = _ADDRESS.fullmatch(normalize.line(entry.get("author")))
    people = [person for person in found if "@" not in person and not alone]
    if len(people) != 1:
        return tuple(map(names.turned, people))
    parts = [part.strip() for part in people[0].split(",")]
    if len(parts) == 2 and not all(" " in part for part in parts) and ";" not in people[0]:
        return (names.turned(people[0]),)
    return names.family_first(people[0])


def _texts(entry: Any, *keys: str) -> list[str]:
    return [value for key in keys if isinstance(value := entry.get(key), str) and value]


def _published(entry: Any) -> date | None:
    keys = ("prism_publicationdate", "prism_coverdate", "published", "dc_date", "updated", "date")
    return next(filter(None, map(day_of, _texts(entry, *keys))), None)


def _day(entry: Any) -> date | None:
    keys: Iterable[str] = ("published", "updated", "dc_date", "date")
    return newest(map(day_of, _texts(entry, *keys)))


def _doi_of_link(link: str | None) -> str | None:
    """Return the DOI in an address; bioRxiv and medRxiv put a version behind it."""
    found = doi_in(link)
    if found and link and any(host in link for host in _PREPRINTS):
        return _VERSION.sub("", found.split(".full")[0].split(".abstract")[0])
    return found if link and ("doi.org/" in link or "/doi/" in link or "/content/" in link) else None
