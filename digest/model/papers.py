"""Papers as a digest file lists them, and as the library knows them."""

from dataclasses import dataclass, field, fields
from datetime import date, datetime
from operator import attrgetter
from typing import Final

# The source of invented papers, which ship with the program to show how it works.
SAMPLE: Final = "sample"
SAMPLE_LINE: Final = (
    "Sample page of paper-digest: everything in it is invented."  # the first line of such a page
)


@dataclass(frozen=True, slots=True)
class Listing:
    """One appearance of a paper in one digest file.

    `title` and `abstract` are the text of the file with white space collapsed. `rank` counts from 1.
    A count that the file does not show is None. Names in `authors` begin with the given name. `snippet` marks
    an abstract that its source cut short; `version` is the version on arXiv. `keywords` come from the source.
    `announced` is how arXiv announced the paper: `new`, `cross`, `replace` or `replace-cross`. `venue` is the
    journal or the conference that published it. `withdrawn` marks a paper that no longer counts as published;
    `status` says how, as far as it is known: `withdrawn`, `retracted` or `removed`. `published_text` has the words of a
    vague date, such as `Spring 2024`; `published` is then its first day.
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
    status: str | None = None
    published_text: str | None = None


@dataclass(frozen=True, slots=True)
class PartialDate:
    """A date as a page shows it, perhaps without the year."""

    month: int
    day: int
    year: int | None = None


@dataclass(frozen=True, slots=True)
class DigestFile:
    """A digest file that was read. `path` is as given; `digest` is the SHA-256 of its bytes, in hex.

    `reader` is the version of the readers that read it.
    """

    path: str
    digest: str
    source: str
    captured: date
    captured_guessed: bool
    modified: datetime
    listings: tuple[Listing, ...]
    note: str = ""
    reader: int = 0


@dataclass(frozen=True, slots=True)
class Rejected:
    """A rejected file: the reason and the remedy. `digest` is None if its bytes could not be read."""

    path: str
    reason: str
    remedy: str
    line: int | None = None
    digest: str | None = None

    def __str__(self) -> str:
        where = f"{self.path}:{self.line}" if self.line else self.path
        return f"{where}: {self.reason}" + (f"; {self.remedy}" if self.remedy else "")


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper as the library knows it now, from all files that list it.

    `number` is its library number, `uid` the `urn:uuid:` of its feed item. `sources` are the names of the
    formats that listed it, sorted. The other fields are those of its merged record, a `Listing`.
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
    sources: tuple[str, ...] = field(default=(), kw_only=True)
    keywords: tuple[str, ...] = ()
    project_url: str | None = None
    announced: str | None = None
    venue: str | None = None
    status: str | None = None
    published_text: str | None = None

    @property
    def is_sample(self) -> bool:
        """Whether the paper is invented: only sample pages list it."""
        return self.sources == (SAMPLE,)

    @property
    def marked_title(self) -> str:
        """The title, marked if the paper is a sample."""
        return f"Sample: {self.title}" if self.is_sample else self.title

    @classmethod
    def from_record(
        cls, record: Listing, *, number: int, uid: str, first_seen: datetime, sources: tuple[str, ...]
    ) -> "Paper":
        """Return the paper with this merged record."""
        return cls(
            number, uid, record.title, record.abstract, first_seen, *_FURTHER_FIELDS(record), sources=sources
        )


# The fields of a record after title and abstract, in the order of Paper; faster than passing them by name.
_FURTHER_FIELDS = attrgetter(*(each.name for each in fields(Paper)[5:] if not each.kw_only))


def status_of(paper: Listing | Paper) -> str | None:
    """Return `withdrawn`, `retracted` or `removed`; None for any other paper."""
    return paper.status or ("withdrawn" if paper.withdrawn else None)
