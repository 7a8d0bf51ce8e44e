"""Every extension point on one page: formats of digest files, and channels of delivery.

A format is any object with the members of `Format`; the built-in ones are modules. Another package adds a
format by an entry point of the group `paper_digest.formats`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final, Protocol

from digest.model import Delivery, Listing, PartialDate, Reply


@dataclass(frozen=True, slots=True)
class Document:
    """The content of one file, as formats see it.

    `text` is the decoded text without byte order mark, with the line ends of the file; None for binary
    data. `path` is as given and for messages only: the content decides on the format. `columns` are the
    pairs (column heading, field) that the user has configured for tables.
    """

    path: str
    data: bytes
    text: str | None
    columns: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Parsed:
    """Everything that a format found in a document.

    `listings` are ranked 1, 2, 3 … without repeats. `header` is the date in the heading of a page, perhaps
    without its year. `yearless` maps the rank of a listing to a date without year: such a listing has
    `published` None and later gets the year of capture. `carried` is the newest date of a format whose
    entries always have full dates; it is then the date of capture. `note` is one line for the report of the
    run, or empty.
    """

    listings: tuple[Listing, ...]
    header: PartialDate | None = None
    yearless: Mapping[int, PartialDate] = field(default_factory=dict)
    carried: date | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a document was rejected: the reason, the remedy, and the line (from 1) where known."""

    reason: str
    remedy: str
    line: int | None = None


class Format(Protocol):
    """One kind of digest file."""

    @property
    def name(self) -> str:
        """The name that users see and search as `source:`; lower case, words joined by hyphens."""
        ...

    def sniff(self, document: Document) -> bool:
        """Return whether the document has this format, by its content alone.

        A document that is claimed is read or rejected by this format and passed to no other, so claim only
        what `parse` can judge. Raises nothing, and is fast on any content.
        """
        ...

    def parse(self, document: Document) -> Parsed | Fault:
        """Read the whole document, or return why it cannot be read; never a part of it.

        Is called only with a document that `sniff` claimed. Raises nothing. The result depends on the
        document alone: no clock, no network, no other file.
        """
        ...


class Link(Protocol):
    """An open connection of a channel; used by one thread."""

    @property
    def usable(self) -> bool:
        """Whether another delivery can use this connection."""
        ...

    def send(self, delivery: Delivery, begin: Callable[[], bool]) -> Reply | None:
        """Attempt one delivery and return the reply.

        Calls `begin` at the last moment at which nothing can have been delivered yet, and continues only if
        it returns true; else returns None. Raises TemplateError.
        """
        ...

    def quit(self) -> None:
        """Close the connection. Raises nothing."""
        ...


class Channel(Protocol):
    """A way to deliver issues. A limit of 0 means no limit."""

    @property
    def connections(self) -> int:
        """How many connections may be open at once."""
        ...

    @property
    def domain_connections(self) -> int:
        """How many messages may be on their way to one domain at once."""
        ...

    @property
    def domain_per_minute(self) -> int:
        """How many messages one domain may get in a minute."""
        ...

    @property
    def longest_attempt(self) -> timedelta:
        """The longest time that one attempt can take; others may then take over the message."""
        ...

    def open(self) -> Link:
        """Open a connection. Raises ChannelUnavailable."""
        ...


# The fields of a table of papers, and the column headings that name each.
COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "title": (
        "title",
        "article title",
        "document title",
        "primary title",
        "ti",
        "display name",
        "original title",
    ),
    "abstract": ("abstract", "abstract note", "summary", "ab", "notes abstract"),
    "authors": ("authors", "author", "author names", "author full names", "author s", "au", "creators", "af"),
    "doi": ("doi", "di", "digital object identifier"),
    "arxiv": ("arxiv", "arxiv id", "eprint", "arxivid"),
    "url": (
        "url",
        "link",
        "urls",
        "article link",
        "doi link",
        "openalex id",
        "dimensions url",
        "source linkout",
    ),
    "published": (
        "published",
        "date",
        "publication date",
        "pub date",
        "create date",
        "published date",
        "date published",
    ),
    "year": ("year", "publication year", "py", "pub year", "pubyear", "published year"),
    "keywords": ("keywords", "author keywords", "manual tags", "tags", "de", "keyword"),
    "categories": ("categories", "category", "subjects", "research areas", "arxiv categories"),
    "venue": (
        "journal",
        "journal book",
        "source title",
        "publication title",
        "venue",
        "conference",
        "booktitle",
    ),
    "organization": ("organization", "organisation", "institution"),
    "comments": ("comments count", "num comments"),
    "upvotes": ("upvotes", "votes"),
}
