"""Any RSS or Atom feed, such as those of bioRxiv, PubMed, journals and blogs.

The Dublin Core and PRISM elements, in which publishers write authors, DOI and date, are read too. A feed that
is not well-formed XML is read as far as possible, and the note says so; one that is cut short is rejected.
"""

import codecs
import io
import re
from collections.abc import Iterable
from datetime import date
from typing import Any
from urllib.parse import urljoin

from digest.model import Listing
from digest.ports import Document, Fault, Parsed
from digest.read import normalize
from digest.read.parsing import html_tree, names, teasers
from digest.read.parsing.dates import Published, day_of, newest, published
from digest.read.parsing.ids import first_arxiv_id, first_doi
from digest.read.parsing.people import people_in
from digest.text.markup import unmarked

name = "feed"
READS_BYTES = True

_ROOTS = {"rss", "feed", "rdf"}
_SIGNS = re.compile(r"<(?:\w+:)?(?:channel|item|entry)\b|purl\.org/rss/1\.0|w3\.org/2005/Atom|purl\.org/atom")
_END = re.compile(r"</(?:\w+:)?(?:rss|feed|rdf)\s*>|<(?:\w+:)?(?:rss|feed|rdf)\b[^<>]*/>", re.IGNORECASE)
_ENTRY = re.compile(r"<(?:\w+:)?(?:item|entry)\b[^<>]*>[^<]*<")
_DECLARED = re.compile(r"\A\s*<\?xml[^>]*\?>")
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
_TAIL = 4000
_PUBMED = re.compile(r"<b>\s*ABSTRACT\s*</b>(.*?)(?=<p[^<>]*>\s*PMID:|\Z)", re.IGNORECASE | re.DOTALL)
_ADDRESS = re.compile(r"\S+@\S+")
_WITH_ADDRESS = re.compile(r"[^\s()@]+@[^\s()@]+ \(([^()@]+)\)")
_CUT = ("…", "...", "[…]", "[...]")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_REMEDY = "save the complete feed again"
# The elements that name a person, in any of the formats of feeds, with their text.
_PERSON = re.compile(
    r"(<(?:[\w.-]+:)?(?:author|creator|contributor|publisher|owner|managingeditor|webmaster|name|email)\b[^<>]*>"
    r"(?:<!\[CDATA\[)?)([^<]+)",
    re.IGNORECASE,
)
_LONG_WORD = re.compile(
    r"[A-Za-z0-9_.+&#;-]{257,}"
)  # of what addresses consist of, also in character references
_LONGEST_ADDRESS = 256  # characters (RFC 5321, 4.5.3.1.3)
_MOST_ENCODED = 1000


def sniff(document: Document) -> bool:
    """Claim XML, well-formed or not, whose root element is that of a feed."""
    if html_tree.root_name(document) not in _ROOTS:
        return False
    return _SIGNS.search(html_tree.head(document)) is not None


def parse(document: Document) -> Parsed | Fault:
    """Read all entries with a title, or return a fault if all lack one."""
    if not _is_complete(document):
        return Fault("the feed is cut short", _REMEDY)
    found = _parsed(document)
    if isinstance(found, Fault):
        return found
    # Plain dictionaries, because those of feedparser answer for missing keys, with warnings.
    home = dict((found.get("feed") or {}).items()).get("link")
    entries = [dict(entry.items()) for entry in found.get("entries") or []]
    if not entries and _ENTRY.search(document.text or ""):
        problem = _problem(found)
        reason = "no entry of the feed can be read" + (f": {problem}" if problem else "")
        return Fault(reason, _REMEDY)
    listings, days = [], [_day(dict((found.get("feed") or {}).items()))]
    for entry in entries:
        listing = _listing(entry, home if isinstance(home, str) else "")
        listings.append(listing)
        days.append(_day(entry))
    if listings and not any(listing.title for listing in listings):
        reason = f"entry 1 of {len(entries)} has no title"
        return Fault(reason, "correct the entry, or remove this file if it does not list papers")
    return normalize.parsed(listings, carried=newest(days), note=_note(found), unit="entry")


def _is_complete(document: Document) -> bool:
    if document.text is not None:
        return _END.search(document.text, max(0, len(document.text) - _TAIL)) is not None
    return _END.search(document.data[-_TAIL:].replace(b"\0", b"").decode("latin-1")) is not None


def _parsed(document: Document) -> Any:
    import feedparser

    try:  # a file object, because feedparser could mistake a string for an address
        return feedparser.parse(
            io.BytesIO(_as_bytes(document)),
            sanitize_html=False,
            resolve_relative_uris=False,
            response_headers={},
        )
    except Exception as error:  # noqa: BLE001 - feedparser raises many kinds of errors on broken feeds
        return Fault(f"the feed cannot be parsed: {type(error).__name__}: {error}", _REMEDY)


def _as_bytes(document: Document) -> bytes:
    """Return the bytes of a feed, without what takes feedparser absurdly long.

    UTF-16 and UTF-32 are converted to UTF-8, which feedparser always detects.
    """
    if document.text is None or not document.data.startswith(_WIDE):
        # Every other encoding has markup in ASCII, so Latin-1 shows it, and gives the same bytes back.
        return _bounded(document.data.decode("latin-1")).encode("latin-1")
    return _bounded(_DECLARED.sub("", document.text)).encode("utf-8", "replace")


def _bounded(text: str) -> str:
    """Return the text of a feed without absurdly many attributes, and without absurdly long words in people's names.

    feedparser searches names for addresses, in time that is quadratic in the length of a word.
    """
    return _PERSON.sub(
        lambda found: found[1] + _LONG_WORD.sub(_beginning, found[2]), html_tree.with_few_attributes(text)
    )


def _beginning(word: re.Match[str]) -> str:
    return word[0][: _MOST_ENCODED if "&" in word[0] else _LONGEST_ADDRESS]


def _problem(found: Any) -> str:
    """Return why a feed is not well-formed XML, or an empty string."""
    error = found.get("bozo_exception") if found.get("bozo") else None
    if error is None or type(error).__name__ in {"CharacterEncodingOverride", "NonXMLContentType"}:
        return ""
    return normalize.one_line(str(error))[:100]


def _note(found: Any) -> str:
    problem = _problem(found)
    return f"the feed is not well-formed XML ({problem}) and was read as far as possible" if problem else ""


def _listing(entry: Any, home: str) -> Listing:
    title = teasers.bare_title(_plain(entry.get("title_detail"), entry.get("title")))
    authors = _authors(entry)
    said = _descriptions(entry, title, authors)
    abstract = max((one.prose for one in said), key=len, default="")
    link = _absolute(normalize.optional_line(entry.get("link")), entry, home)
    ids = _texts(
        entry,
        "prism_doi",
        "dc_identifier",
        "prism_identifier",
        "id",
        "guid",
        "prism_url",
        "feedburner_origlink",
    )
    arxiv, version = first_arxiv_id((*ids, link))
    authors = authors or next((one.authors for one in said if one.authors), ())
    day, words = _published(entry)
    said_day = next((one.published for one in said if one.published), None) if day is None or words else None
    venues = (normalize.one_line(entry.get("prism_publicationname")), *(one.venue for one in said))
    return Listing(
        rank=0,
        title=title,
        abstract=abstract,
        authors=authors,
        author_count=len(authors) or None,
        published=said_day or day,
        published_text=None if said_day else words,
        categories=normalize.unique_lines([tag.get("term") for tag in _dictionaries(entry.get("tags"))]),
        arxiv=arxiv,
        doi=first_doi((*ids, None if arxiv else link, *(one.doi for one in said))),
        version=version,
        url=link,
        snippet=abstract.endswith(_CUT),
        venue=next(filter(None, venues), None),
    )


def _absolute(link: str | None, entry: Any, home: str) -> str | None:
    """Return a link resolved against `xml:base`, or else the link of the feed itself."""
    if link is None or _SCHEME.match(link):
        return link
    detail = entry.get("title_detail")
    base = detail.get("base") if isinstance(detail, dict) else ""
    try:
        found = urljoin(urljoin(home, base if isinstance(base, str) else ""), link)
    except ValueError:
        return link
    return f"https:{found}" if found.startswith("//") else found


def _descriptions(entry: Any, title: str, people: tuple[str, ...]) -> list[teasers.Said]:
    """Return what each description of an entry says; that of PubMed has its abstract after a heading of its own."""
    parts: list[tuple[Any, Any]] = [(entry.get("summary_detail"), entry.get("summary"))]
    parts += [(part, part.get("value")) for part in _dictionaries(entry.get("content"))]
    found: list[teasers.Said] = []
    for detail, value in parts:
        if not isinstance(value, str) or not value.strip():
            continue
        if complete := _PUBMED.search(value):
            return [teasers.Said(html_tree.html_to_text(complete[1]))]
        kind = detail.get("type") if isinstance(detail, dict) else ""
        found.append(teasers.read(value, title, people, plain=kind == "text/plain"))
    return found


def _plain(detail: Any, value: Any) -> str:
    """Return the visible text of an element of the feed; plain text is not parsed as HTML."""
    if not isinstance(value, str):
        return ""
    kind = detail.get("type") if isinstance(detail, dict) else ""
    return unmarked(value) if kind == "text/plain" else normalize.one_line(html_tree.html_to_text(value))


def _authors(entry: Any) -> tuple[str, ...]:
    authors = entry.get("authors")
    if isinstance(authors, str):  # IEEE's own element: Ada Brook;Fern Kelp;
        return people_in(authors).names
    mailed = _WITH_ADDRESS.fullmatch(normalize.one_line(entry.get("author")))
    if mailed:  # which feedparser cuts after four letters of a domain such as .science
        return names.split_family_first(mailed[1])
    listed = (author.get("name") for author in _dictionaries(authors))
    found = names.clean(unmarked(name) for name in listed if isinstance(name, str))
    # If the author is only an address, feedparser may return a part of it as the name.
    is_address = _ADDRESS.fullmatch(normalize.one_line(entry.get("author")))
    people = [person for person in found if "@" not in person and not is_address]
    if len(people) != 1:
        return tuple(map(names.given_first, people))
    if ";" in people[0]:
        return people_in(people[0]).names
    parts = [part.strip() for part in people[0].split(",")]
    if len(parts) == 2 and not all(" " in part for part in parts):
        return (names.given_first(people[0]),)
    return names.split_family_first(people[0])


def _dictionaries(value: Any) -> list[Any]:
    """Return what feedparser makes of an element that it knows; of another with the same name it makes a string."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _texts(entry: Any, *keys: str) -> list[str]:
    return [value for key in keys if isinstance(value := entry.get(key), str) and value]


def _published(entry: Any) -> Published:
    # The announcement comes first: the date of the printed issue can lie months before it or after it.
    keys = ("published", "dc_date", "date", "updated", "prism_publicationdate", "prism_coverdate")
    texts = _texts(entry, *keys, "prism_coverdisplaydate")
    return published(next(filter(None, map(day_of, texts)), None), texts)


def _day(entry: Any) -> date | None:
    keys: Iterable[str] = ("published", "updated", "dc_date", "date")
    return newest(map(day_of, _texts(entry, *keys)))
