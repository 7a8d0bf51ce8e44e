"""Matches, and the issues composed of them; templates get these values."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, NamedTuple

from digest.model.papers import Paper

# The forms that an issue is written in, by name, and the suffix of their files. `Renderer.file` renders them.
FORMS: Final[dict[str, str]] = {"html": "html", "markdown": "md", "text": "txt", "eml": "eml"}


@dataclass(frozen=True, slots=True)
class Evidence:
    """One occurrence of one term of a query.

    `term` is as typed; `text` is what it found, at the code points `start` to `end` of the field; `item` is the
    index in the list (from 0) if the field is a list of names.
    """

    term: str
    field: str
    text: str
    start: int
    end: int
    item: int | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """A paper that a query matches, its score, and all evidence."""

    paper: Paper
    score: float
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Component:
    """A component of a paper's score: a value from -1 to 1, and its weight.

    `name` is `keyword`, `taste`, `popularity` or `freshness`; instead of `taste` it is `clicks` if taste was
    learnt from clicks alone, `likes and clicks` if from both, and `dislikes` if from neither. Other names are those of
    ranker plug-ins.
    """

    name: str
    value: float
    weight: float


@dataclass(frozen=True, slots=True)
class Summary:
    """A sentence about a paper, written by a language model."""

    text: str
    model: str


@dataclass(frozen=True, slots=True)
class Item:
    """A paper in an issue. `changes` names what was revised, for papers under Updated.

    `parts` are the components of its score, empty if only keywords count. `liked` and `disliked` are the
    words of the paper that most resemble papers that the reader liked or disliked. `summary` replaces the key
    sentence. `interests` are the places, in those of the issue, of the interests that the paper meets, the one that
    it meets best first.
    """

    paper: Paper
    score: float = 0.0
    evidence: tuple[Evidence, ...] = ()
    changes: tuple[str, ...] = ()
    parts: tuple[Component, ...] = ()
    liked: tuple[str, ...] = ()
    disliked: tuple[str, ...] = ()
    summary: Summary | None = None
    interests: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Theme:
    """Papers of an issue on one theme, by library number."""

    name: str
    papers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Trend:
    """A rising subject.

    `weeks` counts its papers per week, oldest first; the last of these weeks ends on `last`.
    """

    name: str
    weeks: tuple[int, ...]
    last: date


@dataclass(frozen=True, slots=True)
class Issue:
    """One newsletter issue of one subscription: the composed content, everything that templates may use.

    The mail shows `new` and `updated`, best first; only the archive page shows `more_new` and `more_updated`.
    `since` is the start of the interval, None for the beginning of the log. `discover` are papers that match
    no keyword but the reader's taste. `order` describes the ranking, empty if only keywords count. `trends`
    are those of the whole library. `considered` counts the papers in the interval. `day` is the local date of
    `made`. `slot` is the wall time of the slot with its offset, None for a forced issue. `note` explains why
    nothing matched. `mailed`: the subscription has addresses, so its readers may not be who runs the home. `interests` are the names of the reader's interests, if there are several. `language` is the language of fixed text, including `note` and `order`. `names` are
    addresses of readers with their names, for To.
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
    mailed: bool = False
    order: str = ""
    themes: tuple[Theme, ...] = ()
    interests: tuple[str, ...] = ()
    discover: tuple[Item, ...] = ()
    trends: tuple[Trend, ...] = ()
    language: str = "en"
    names: tuple[tuple[str, str], ...] = ()

    @property
    def stem(self) -> str:
        """Return the stem of the issue's files: `<day>-<number>`."""
        return f"{self.day.isoformat()}-{self.number}"


class FeedPaper(NamedTuple):
    """A paper that enters a feed: its number, the terms that matched it, and names of its theme or interests."""

    paper: int
    terms: tuple[str, ...] = ()
    about: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FeedItem:
    """A paper in a feed.

    `entered` orders the feed, newest first, then `place`, the rank among those of a run (0 if it is not known);
    `updated` is Atom's element of that name. `about` are names of its theme or its interests.
    """

    paper: Paper
    entered: datetime
    updated: datetime
    terms: tuple[str, ...] = ()
    about: tuple[str, ...] = ()
    place: int = 0


BEST = 3  # papers that a list of issues names


@dataclass(frozen=True, slots=True)
class IssueLine:
    """An issue in a list of issues; `new` and `updated` count all its papers, `best` are titles of the first ones."""

    subscription: str
    name: str
    number: int
    day: date
    new: int
    updated: int = 0
    best: tuple[str, ...] = ()

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
            best=tuple(item.paper.marked_title for item in (*issue.new, *issue.updated)[:BEST]),
        )

    @property
    def stem(self) -> str:
        """Return the stem of the issue's files, like `Issue.stem`."""
        return f"{self.day.isoformat()}-{self.number}"
