"""Subscriptions."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from digest.errors import Problem

# Ids of subscriptions, and the names of sources and chat rooms.
ID = re.compile(r"[a-z0-9-]{1,64}")


# Who finds the pages and the feed of a subscription: anybody; who knows its id, as no list has it; nobody.
VISIBILITIES = ("public", "unlisted", "private")


@dataclass(frozen=True, slots=True)
class RankingWeights:
    """The weights of the components of a paper's score (`digest.rank.formula`); `diversity` is from 0 to 1.

    `discover` is the number of papers a week that may match no keyword. `clicks` counts papers that were
    opened from the archive as weakly liked. `others` are pairs of the name of a ranker plug-in and its weight.
    """

    keyword: float = 1.0
    taste: float = 1.0
    popularity: float = 0.0
    freshness: float = 0.0
    diversity: float = 0.0
    discover: int = 0
    clicks: bool = False
    others: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Interest:
    """One of several interests of a subscription: keywords, any of which must match, and excludes, none of which may."""

    name: str
    keywords: tuple[str, ...]
    exclude: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a reader wants, when and in which formats; valid, because it was checked when it was loaded.

    `start` is how far back a new subscription begins; `newer_than` excludes papers published longer ago;
    `max_papers` limits New in an email; `send_empty` is "never" or "weekly note"; `chat` are names of rooms;
    `names` are the addresses in `email` that have a name, each with it. `visibility` is one of VISIBILITIES.
    `feed` is "papers" or "issues": what has an entry in its feed.
    With `interests`, `keywords` are those of all of them, and `exclude` is what every interest excludes besides its own.
    """

    id: str
    name: str
    keywords: tuple[str, ...]
    exclude: tuple[str, ...] = ()
    email: tuple[str, ...] = ()
    schedule: str = "daily 08:00"
    timezone: str = "UTC"
    max_papers: int = 20
    newer_than: timedelta | None = None
    formats: tuple[str, ...] = ("html", "markdown", "text")
    start: timedelta = timedelta(days=7)
    enabled: bool = True
    paused_until: date | None = None
    send_empty: str = "never"
    language: str = "en"
    ranking: RankingWeights = RankingWeights()
    chat: tuple[str, ...] = ()
    visibility: str = "public"
    interests: tuple[Interest, ...] = ()
    feed: str = "papers"
    names: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class InvalidSubscription:
    """An invalid subscription file; runs skip it and keep its cursor."""

    id: str
    problems: tuple[Problem, ...]

    def __str__(self) -> str:
        return "\n".join(map(str, self.problems))


@dataclass(frozen=True, slots=True)
class FileStamp:
    """A subscription file as it was read: `state` changes whenever the file may have changed, `digest` is the
    SHA-256 of its bytes. Either may be empty: the file is then read again.
    """

    state: str
    digest: str


@dataclass(frozen=True, slots=True)
class SubscriptionRow:
    """A subscription as the library stores it: from a file (with its `stamp`), or without one.

    `owner` is the id of the home that has the file, where several can use the library.
    """

    value: Subscription | InvalidSubscription
    stamp: FileStamp | None = None
    owner: str | None = None
