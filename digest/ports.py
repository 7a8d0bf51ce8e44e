"""Every plug point on one page.

A format is anything with the members of `Format`: an object or, as the built-in ones are, a module.
A package of someone else adds one by an entry point of the group `paper_digest.formats`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Protocol

from digest.model import Delivery, Listing, PartialDate, Reply


@dataclass(frozen=True, slots=True)
class Document:
    """The content of one file, as formats see it.

    `text` is the decoded text without byte order mark, its line ends as in the file; it is None if the
    bytes are no text. `path` is as given, for messages only: a format is known by its content. `columns`
    are the user's names of columns of tables, each with the field it stands for.
    """

    path: str
    data: bytes
    text: str | None
    columns: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Parsed:
    """All that a format found in a document.

    `listings` are ranked 1, 2, 3 … and hold no repeats. `header` is the day that a page shows for
    itself, perhaps without its year. `yearless` maps the rank of a listing to its date where the year
    is not shown: such a listing has `published` None, and gets the year of capture later. `carried` is
    the newest date of a format whose entries always carry full dates; it then is the date of capture.
    `note` is one line for the reader of the run's report, or empty.
    """

    listings: tuple[Listing, ...]
    header: PartialDate | None = None
    yearless: Mapping[int, PartialDate] = field(default_factory=dict)
    carried: date | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a document is not read: the reason, what to do about it, and the line (from 1) if there is one."""

    reason: str
    remedy: str
    line: int | None = None


class Format(Protocol):
    """One kind of digest file."""

    @property
    def name(self) -> str:
        """The name that readers see and search as `source:`; lower case, words joined by hyphens."""
        ...

    def sniff(self, document: Document) -> bool:
        """Say whether the document is of this kind, by its content alone.

        Claims nothing that `parse` would not know how to judge: a document that is claimed is read or
        rejected by this format and shown to no other. Raises nothing, and is quick on any content.
        """
        ...

    def parse(self, document: Document) -> Parsed | Fault:
        """Read the whole document, or say why it cannot be read; never half of it.

        Is called only with a document that `sniff` claimed. Raises nothing. The same document gives
        the same answer: no clock, no network, no other file.
        """
        ...


class Link(Protocol):
    """An open connection of a channel; one thread uses it."""

    @property
    def usable(self) -> bool:
        """Say whether another delivery can go over it."""
        ...

    def send(self, delivery: Delivery, begin: Callable[[], bool]) -> Reply | None:
        """Try one delivery and tell how far it came.

        Calls `begin` at the last moment at which surely nothing was delivered, and goes on only if it
        returns true; else returns None. Raises TemplateProblem.
        """
        ...

    def quit(self) -> None:
        """Close it. Raises nothing."""
        ...


class Channel(Protocol):
    """One way to deliver issues. Limits of 0 are none."""

    @property
    def connections(self) -> int: ...

    @property
    def domain_connections(self) -> int: ...

    @property
    def domain_per_minute(self) -> int: ...

    def open(self) -> Link:
        """Make ready for sending. Raises Unopened."""
        ...


# The fields of a table of papers, and the column headings by which each is recognized.
COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "title": ("title", "article title", "document title", "primary title", "ti", "display name"),
    "abstract": ("abstract", "abstract note", "summary", "ab", "notes abstract"),
    "authors": ("authors", "author", "author names", "author full names", "author s", "au", "creators"),
    "doi": ("doi", "di", "digital object identifier"),
    "arxiv": ("arxiv", "arxiv id", "eprint", "arxivid"),
    "url": ("url", "link", "urls", "article link", "doi link", "openalex id"),
    "published": (
        "published",
        "date",
        "publication date",
        "pub date",
        "create date",
        "published date",
        "date published",
    ),
    "year": ("year", "publication year", "py", "pub year", "published year"),
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
