"""What keywords bring: the papers a week that a query matches, and what each keyword adds."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import combinations
from zoneinfo import ZoneInfo

from digest.errors import QueryError
from digest.match.paper_index import FieldWords, PaperIndex, field_words
from digest.match.prefilter import possible
from digest.match.query.parser import Query, parse, parse_exclude, query_of
from digest.match.reference import analyse, match
from digest.match.spelling import Spellings, Words, spellings
from digest.model import Match, Paper, Subscription
from digest.pipeline.set_aside import Boundary

WEEKS = 8
TOO_MUCH = 0.8  # a keyword that brings a larger share of its query's papers is reported
_NEWEST = 10


@dataclass(frozen=True, slots=True)
class Week:
    """A week, by its Monday: the papers first seen in it, and how many of them match."""

    monday: date
    papers: int
    matched: int


def per_week(weeks: Sequence[Week]) -> tuple[float, int]:
    """Return the matches per week, and the number of weeks counted: those from the first with any papers."""
    counted = weeks[next((place for place, week in enumerate(weeks) if week.papers), 0) :]
    return sum(week.matched for week in counted) / len(counted), len(counted)


@dataclass(frozen=True, slots=True)
class Interest:
    """Keywords, any of which must match, and excludes, none of which may."""

    keywords: tuple[str, ...]
    exclude: tuple[str, ...] = ()


def interests_of(subscription: Subscription) -> tuple[Interest, ...]:
    """Return the interests of a subscription, without their names; its keywords are one."""
    if not subscription.interests:
        return (Interest(subscription.keywords, subscription.exclude),)
    return tuple(
        Interest(each.keywords, (*each.exclude, *subscription.exclude)) for each in subscription.interests
    )


@dataclass(frozen=True, slots=True)
class Fault:
    """An error in a keyword or exclude: its list's place (from 0), and what QueryError says.

    `position` counts code points of the item from 0; `excerpt` shows it with a caret on its second line.
    """

    interest: int
    key: str  # "keywords" or "exclude"
    item: int
    message: str
    position: int
    remedy: str
    excerpt: str


@dataclass(frozen=True, slots=True)
class KeywordCount:
    """What a keyword brings in the span: its papers, and those that no other keyword brings.

    `share` is the part of the query's papers that it brings, from 0 to 1. `ever` counts papers of the whole
    library, excluded ones too.
    `spellings` has pairs of a word that never or rarely occurs and the nearest one that does.
    """

    interest: int
    keyword: str
    papers: int
    alone: int
    per_week: float
    share: float
    ever: int
    spellings: Spellings

    @property
    def brings_nearly_all(self) -> bool:
        """Whether it brings more than TOO_MUCH of the papers."""
        return self.share > TOO_MUCH


@dataclass(frozen=True, slots=True)
class Tuning:
    """What interests would have brought: past weeks, oldest first, each keyword, and the newest matches.

    `per_week` is the mean over the weeks from the first with any papers. `together` has the pairs of places in
    `keywords` that match the same papers, at least two. With `faults` nothing is counted.
    """

    weeks: tuple[Week, ...] = ()
    matched: int = 0
    per_week: float = 0.0
    keywords: tuple[KeywordCount, ...] = ()
    together: tuple[tuple[int, int], ...] = ()
    newest: tuple[Match, ...] = ()
    faults: tuple[Fault, ...] = ()


def index_of(
    papers: Iterable[Paper],
    boundary: Boundary,
    load: Callable[[Sequence[int]], Mapping[int, Paper]] | None = None,
) -> PaperIndex:
    """Return the index of papers; one whose words cannot be found is set aside in the boundary. `load` is as for PaperIndex.

    It is slow, because it finds all words of every paper, so a process keeps it for all its queries.
    """
    index = PaperIndex(load)
    for paper in papers:
        texts = boundary.one("match", paper, field_words, otherwise=None)
        if texts is not None:
            index.add(paper, texts)
    return index


def index_for(
    interests: Sequence[Interest],
    papers: Iterable[Paper],
    boundary: Boundary,
    *,
    load: Callable[[Sequence[int]], Mapping[int, Paper]] | None = None,
    admits: Callable[[Paper], bool] = lambda _: True,
) -> PaperIndex:
    """Return an index of papers that answers only questions about these interests.

    It is made a hundred times as fast as that of `index_of`: the words of a paper are not looked up if its letters
    rule out every keyword. Papers that `admits` rejects match nothing. `load` is as for PaperIndex.
    """
    index = PaperIndex(load)
    may_match = possible(query_of([each for interest in interests for each in interest.keywords]))
    nothing: FieldWords = []
    for paper in papers:
        if not admits(paper) or not boundary.one("match", paper, may_match, otherwise=False):
            index.add(paper, nothing)
        elif (texts := boundary.one("match", paper, field_words, otherwise=None)) is not None:
            index.add(paper, texts)
    return index


def faults_of(interests: Sequence[Interest]) -> tuple[Fault, ...]:
    """Return the errors in all keywords and excludes."""
    found = []
    for place, interest in enumerate(interests):
        for key, items, check in (
            ("keywords", interest.keywords, parse),
            ("exclude", interest.exclude, parse_exclude),
        ):
            for item, text in enumerate(items):
                try:
                    check(text)
                except QueryError as error:
                    found.append(
                        Fault(place, key, item, error.message, error.position, error.remedy, error.excerpt())
                    )
    return tuple(found)


def tune(
    index: PaperIndex,
    interests: Sequence[Interest],
    now: datetime,
    *,
    zone: str = "UTC",
    weeks: int = WEEKS,
    words: Words | None = None,
) -> Tuning:
    """Return what interests bring from an index of the whole library.

    The span is the `weeks` calendar weeks of the zone, at least one, up to `now`, by the days on which papers were
    first seen. A week begins on Monday. For an index of `index_for`, `words` are those of the library: spellings are
    then looked up only for keywords that never matched.
    """
    if faults := faults_of(interests):
        return Tuning(faults=faults)
    queries = [query_of(interest.keywords, interest.exclude) for interest in interests]
    counted = _span(index, now, ZoneInfo(zone), weeks)
    span = sum(counted.values())  # each paper is in one week
    matched = 0
    for query in queries:
        matched |= index.accepted(query)
    matched &= span
    past = tuple(
        Week(monday, held.bit_count(), (held & matched).bit_count()) for monday, held in counted.items()
    )
    rate, length = per_week(past) if span else (0.0, weeks)
    brought = [
        _Brought(place, text, index.accepted(Query((node,), query.exclude)), index.holding(node))
        for place, (interest, query) in enumerate(zip(interests, queries, strict=True))
        for text, node in zip(interest.keywords, query.keywords, strict=True)
    ]
    newest = index.newest(matched)[:_NEWEST]
    found = (_match(queries, paper) for paper in index.papers(newest))
    return Tuning(
        past,
        matched.bit_count(),
        rate,
        tuple(_counts(brought, span, length, lambda text, found: _spellings(text, found, index, words))),
        _together([each.papers for each in brought]),
        tuple(each for each in found if each is not None),
    )


@dataclass(frozen=True, slots=True)
class Difference:
    """What other keywords change in the span: how many papers come and go, and the newest of each."""

    come: int
    go: int
    newest_come: tuple[Paper, ...] = ()
    newest_gone: tuple[Paper, ...] = ()


def difference(
    index: PaperIndex,
    before: Sequence[Interest],
    after: Sequence[Interest],
    now: datetime,
    *,
    zone: str = "UTC",
    weeks: int = WEEKS,
) -> Difference:
    """Return what changes if interests take the place of others. Raises QueryError."""
    span = sum(_span(index, now, ZoneInfo(zone), weeks).values())
    old, new = (_accepted(index, interests) & span for interests in (before, after))
    come, gone = new & ~old, old & ~new
    newest = (tuple(index.papers(index.newest(each)[:_NEWEST])) for each in (come, gone))
    return Difference(come.bit_count(), gone.bit_count(), *newest)


def _accepted(index: PaperIndex, interests: Sequence[Interest]) -> int:
    accepted = 0
    for interest in interests:
        accepted |= index.accepted(query_of(interest.keywords, interest.exclude))
    return accepted


def _span(index: PaperIndex, now: datetime, zone: ZoneInfo, weeks: int) -> dict[date, int]:
    """Return the set of papers of each week of the span."""
    today = now.astimezone(zone).date()
    monday = today - timedelta(days=today.weekday())
    mondays = [monday - timedelta(weeks=back) for back in range(weeks)[::-1]]
    begins = [datetime.combine(each, time(), zone).astimezone(UTC) for each in mondays]
    ends = [*begins[1:], now + timedelta(microseconds=1)]
    return {
        each: index.first_seen(begin, end) for each, begin, end in zip(mondays, begins, ends, strict=True)
    }


@dataclass(frozen=True, slots=True)
class _Brought:
    """The papers that a keyword brings, and those that it would bring without the excludes."""

    interest: int
    keyword: str
    papers: int
    matched: int


def _spellings(keyword: str, matched: int, index: PaperIndex, words: Words | None) -> Spellings:
    if words is None:
        return spellings(query_of([keyword]), index)
    return () if matched else spellings(query_of([keyword]), words)


def _counts(
    brought: Sequence[_Brought], span: int, weeks: int, spelt: Callable[[str, int], Spellings]
) -> Iterable[KeywordCount]:
    once = twice = 0
    for each in brought:
        twice |= once & each.papers
        once |= each.papers
    total = (once & span).bit_count()
    for each in brought:
        here = each.papers & span
        papers = here.bit_count()
        yield KeywordCount(
            each.interest,
            each.keyword,
            papers,
            (here & ~twice).bit_count(),
            papers / weeks,
            papers / total if total else 0.0,
            each.matched.bit_count(),
            spelt(each.keyword, each.matched),
        )


def _together(brought: Sequence[int]) -> tuple[tuple[int, int], ...]:
    pairs = combinations(enumerate(brought), 2)
    return tuple(
        (one, two) for (one, papers), (two, same) in pairs if papers == same and papers.bit_count() > 1
    )


def _match(queries: Sequence[Query], paper: Paper) -> Match | None:
    """Return the match of the interest that scores highest; of equal ones, the first."""
    found = [each for query in queries if (each := match(query, analyse(paper))) is not None]
    return max(found, key=lambda each: each.score, default=None)
