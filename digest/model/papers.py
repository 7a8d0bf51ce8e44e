"""The papers: how a digest file lists them, and how the library knows them."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Listing:
    """One appearance of a paper in one digest file.

    `title` and `abstract` are the text of the file with white space collapsed. `rank` counts from 1.
    A count that the file does not show is None. `authors` are given name first. `snippet` marks an
    abstract that its source cut short; `version` is arXiv's. `keywords` are the source's own, `announced`
    is how arXiv announced the paper: `new`, `cross`, `replace` or `replace-cross`. `venue` is the journal
    or the conference that published it.
    """

    rank: int
    title: str
    abstract: str
    authors: tuple[str, ...] = ()
    author_count: int | None = None
    published: date | None = None
    comments: int | None = None
    upvotes: int | None = None
    organization: str | None = None
    categories: tuple[str, ...] = ()
    arxiv: str | None = None
    doi: str | None = None
    version: int | None = None
    url: str | None = None
    code_url: str | None = None
    withdrawn: bool = False
    snippet: bool = False
    keywords: tuple[str, ...] = ()
    project_url: str | None = None
    announced: str | None = None
    venue: str | None = None


@dataclass(frozen=True, slots=True)
class PartialDate:
    """A date as a page shows it, perhaps without its year."""

    month: int
    day: int
    year: int | None = None


@dataclass(frozen=True, slots=True)
class DigestFile:
    """A digest file that was read whole. `path` is as given; `digest` is the SHA-256 of its bytes."""

    path: str
    digest: str
    source: str
    captured: date
    captured_guessed: bool
    modified: datetime
    listings: tuple[Listing, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A file that was set aside, why, and what to do. `digest` is None if its bytes could not be had."""

    path: str
    reason: str
    remedy: str
    line: int | None = None
    digest: str | None = None

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line else self.path
        return f"{place}: {self.reason}" + (f"; {self.remedy}" if self.remedy else "")


@dataclass(frozen=True, slots=True)
class Paper:
    """The thing itself, whichever files list it, as the library knows it now.

    `number` is its library number, `key` its identity when first seen, `uid` the `urn:uuid:` of its
    feed item. `sources` are the names of the formats that listed it, sorted.
    """

    number: int
    uid: str
    title: str
    abstract: str
    first_seen: datetime
    authors: tuple[str, ...] = ()
    author_count: int | None = None
    published: date | None = None
    comments: int | None = None
    upvotes: int | None = None
    organization: str | None = None
    categories: tuple[str, ...] = ()
    arxiv: str | None = None
    doi: str | None = None
    version: int | None = None
    url: str | None = None
    code_url: str | None = None
    withdrawn: bool = False
    snippet: bool = False
    sources: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    project_url: str | None = None
    announced: str | None = None
    venue: str | None = None
