"""Every extension point on one page. docs/plugins.md shows how another package adds to each.

| what | interface | group of entry points |
|---|---|---|
| a format of digest files | `Format` | `paper_digest.formats` |
| a kind of source | `SourcePlugIn` | `paper_digest.sources` |
| a channel of delivery | `ChannelPlugIn` | `paper_digest.channels` |
| a part of the order of papers | `RankerPlugIn` | `paper_digest.rankers` |
| a form of issues | `FormPlugIn` | `paper_digest.forms` |

A plug-in is any object with the members of its interface; the built-in formats are modules.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final, Protocol

from digest.model import Delivery, Issue, Listing, Paper, PartialDate, Reply


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


@dataclass(frozen=True, slots=True)
class PlugInSettings:
    """What `digest.toml` sets for a plug-in.

    `options` are the keys of its table as TOML has them: `[plugins.NAME]`, or `options` of a source. `secret(key)`
    returns the content of the variable or the file that the option `<key>_env` or `<key>_file` names; it raises
    MissingError.
    """

    options: Mapping[str, object]
    secret: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class FetchRequest:
    """What to fetch: papers of the days from `since` to `until`, both included.

    `state` is that of the last document that was kept of this source, "" at first.
    """

    since: date
    until: date
    state: str
    settings: PlugInSettings


@dataclass(frozen=True, slots=True)
class Fetched:
    """A document of a source, which becomes a digest file; its content decides on the format.

    `state` is kept with the source: an interrupted fetch continues from there.
    """

    data: bytes
    state: str = ""


class SourcePlugIn(Protocol):
    """A kind of source: `kind = "NAME"` in `[[sources]]`."""

    def fetch(self, request: FetchRequest) -> Iterable[Fetched]:
        """Yield documents, the oldest first. An exception ends the fetch of this source; what was yielded is kept."""
        ...


@dataclass(frozen=True, slots=True)
class Message:
    """An issue for one recipient.

    `url` is the address of its page, "" if nobody else can open it. `mime` is the whole email with its headers for
    unsubscribing, as the channel `smtp` would send it; it is empty if the recipient is not an email address, or if
    neither [smtp] nor [maildir] sets `from`.
    """

    subject: str
    text: str
    html: str
    url: str
    mime: bytes = b""


class ChannelPlugIn(Protocol):
    """A way to deliver issues: NAME in `channels`. It sends one message at a time.

    The recipients of a subscription are its addresses in `email`, or, if `[plugins.NAME.recipients]` exists, those
    that this table lists under the id of the subscription.
    """

    def send(self, recipient: str, message: Message, settings: PlugInSettings) -> Reply:
        """Send a message within four minutes, and return the reply of the service.

        The stage "end" with code 200 means that the message was accepted; the stage "service" that it was not, and is
        tried again later; a code of 500 or more at the stage "recipient", that the recipient is refused. Raises
        ChannelUnavailable if the service cannot be reached: the delivery stops and resumes later. After any other
        exception it is unknown whether the message was sent: it is in doubt.
        """
        ...


class RankerPlugIn(Protocol):
    """A part of the order of papers: a weight NAME in `[ranking]` of a subscription."""

    def worth(self, paper: Paper, settings: PlugInSettings) -> float:
        """Return what speaks for a paper, from 0 to 1. After an exception the paper counts 0."""
        ...


class FormPlugIn(Protocol):
    """A form of issues: NAME in `formats` of a subscription. NAME is the extension of its files, too."""

    def render(self, issue: Issue, settings: PlugInSettings) -> bytes:
        """Return the content of an issue's file: the same bytes for the same issue and settings."""
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
        "pd",
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
        "so",
        "journal title",
        "journal name",
        "publication name",
        "container title",
    ),
    "pmid": ("pmid", "pubmed id"),
    "organization": ("organization", "organisation", "institution"),
    "comments": ("comments count", "num comments"),
    "upvotes": ("upvotes", "votes"),
}
