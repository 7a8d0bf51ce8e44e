"""Matches and the issues composed of them, as the templates see them."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from digest.model.papers import Paper

# The forms that an issue is written in, by name, and the suffix of their files. `Renderer.file` renders them.
FORMS: Final[dict[str, str]] = {"html": "html", "markdown": "md", "text": "txt", "eml": "eml"}


@dataclass(frozen=True, slots=True)
class Evidence:
    """One occurrence of one term of a query.

    `term` is as typed; `start` and `end` count code points of the field's text; `item` is the place
    in the list (from 0) if the field is a list of names.
    """

    term: str
    field: str
    text: str
    start: int
    end: int
    item: int | None = None


@dataclass(frozen=True, slots=True)
class Match:
    paper: Paper
    score: float
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Component:
    """A part of a paper's worth, -1 to 1, and its weight.

    It is `keyword`, `taste`, `popularity` or `freshness`; taste is `clicks` where it was learnt from clicks
    without a like, and `likes and clicks` where from both.
    """

    name: str
    value: float
    weight: float


@dataclass(frozen=True, slots=True)
class Summary:
    """A sentence on a paper that a language model wrote."""

    text: str
    model: str


@dataclass(frozen=True, slots=True)
class Item:
    """A paper in an issue. `changes` says what was revised, for papers under Updated.

    `parts` is what its place was made of, where it is not by keywords alone; `liked` and `disliked` are
    its words that most resemble what the reader liked, and disliked. `summary` stands in place of its key
    sentence.
    """

    paper: Paper
    score: float = 0.0
    evidence: tuple[Evidence, ...] = ()
    changes: tuple[str, ...] = ()
    parts: tuple[Component, ...] = ()
    liked: tuple[str, ...] = ()
    disliked: tuple[str, ...] = ()
    summary: Summary | None = None


@dataclass(frozen=True, slots=True)
class Theme:
    """Papers of an issue that belong together, by library number."""

    name: str
    papers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Trend:
    """What more papers are about than before: `weeks` are its papers a week, the newest, up to `last`, at the end."""

    name: str
    weeks: tuple[int, ...]
    last: date


@dataclass(frozen=True, slots=True)
class Issue:
    """One newsletter issue of one subscription: composed content, all that the templates may use.

    `new` and `updated` are what the mail shows, best first; `more_new` and `more_updated` are what is
    only on the archive page. `since` is where the interval begins, None for "from the beginning".
    `discover` are papers that no keyword asked for, but the reader's taste.
    `order` says by what the papers are ordered, empty for "by keywords alone". `trends` are of the library.
    `considered` counts the papers in the interval. `day` is the local date of `made`. `slot` is the
    slot's wall time with its offset, None for a forced issue. `note` is a sentence on why nothing matched.
    `language` is that of what we say, `note` and `order` included.
    """

    subscription: str
    name: str
    number: int
    day: date
    made: datetime
    timezone: str
    since: datetime | None
    slot: str | None
    considered: int
    new: tuple[Item, ...]
    updated: tuple[Item, ...]
    more_new: tuple[Item, ...] = ()
    more_updated: tuple[Item, ...] = ()
    keywords: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    schedule: str = ""
    note: str = ""
    order: str = ""
    themes: tuple[Theme, ...] = ()
    discover: tuple[Item, ...] = ()
    trends: tuple[Trend, ...] = ()
    language: str = "en"

    @property
    def stem(self) -> str:
        """Return the stem of the issue's files: `<day>-<number>`."""
        return f"{self.day.isoformat()}-{self.number}"


@dataclass(frozen=True, slots=True)
class FeedItem:
    """A paper in a feed. `entered` orders the feed, newest first; `updated` is Atom's."""

    paper: Paper
    entered: datetime
    updated: datetime
    terms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IssueLine:
    """An issue as a line of a list of issues; `new` and `updated` count all its papers."""

    subscription: str
    name: str
    number: int
    day: date
    new: int
    updated: int = 0

    @classmethod
    def of(cls, issue: Issue) -> "IssueLine":
        """Return the line of an issue."""
        return cls(
            subscription=issue.subscription,
            name=issue.name,
            number=issue.number,
            day=issue.day,
            new=len(issue.new) + len(issue.more_new),
            updated=len(issue.updated) + len(issue.more_updated),
        )

    @property
    def stem(self) -> str:
        """Return the stem of the issue's files, as `Issue.stem`."""
        return f"{self.day.isoformat()}-{self.number}"
