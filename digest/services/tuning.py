"""What keywords bring: the papers a week that a query matches, and what each keyword adds."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import combinations
from zoneinfo import ZoneInfo

from digest.errors import QueryError
from digest.match.paper_index import PaperIndex, field_words, places_of
from digest.match.query.ast import positive_atoms
from digest.match.query.parser import Query, parse, parse_exclude, query_of
from digest.match.reference import analyse, match
from digest.model import Match, Paper
from digest.pipeline.set_aside import Boundary
from digest.services.preview import Week, per_week

WEEKS = 8
TOO_MUCH = 0.8  # a keyword that brings a larger share of its query's papers is reported
_NEWEST = 10


@dataclass(frozen=True, slots=True)
class Interest:
    """Keywords, any of which must match, and excludes, none of which may."""

    keywords: tuple[str, ...]
    exclude: tuple[str, ...] = ()


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

    `share` is the part of the query's papers that it brings, from 0 to 1. `ever` counts papers of the whole library.
    `spellings` has, for a keyword that never matched, pairs of a word and the nearest one that occurs.
    """

    interest: int
    keyword: str
    papers: int
    alone: int
    per_week: float
    share: float
    ever: int
    spellings: tuple[tuple[str, str], ...]

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


def index_of(papers: Iterable[Paper], boundary: Boundary) -> PaperIndex:
    """Return the index of papers; one whose words cannot be found is set aside in the boundary.

    It is slow, because it finds all words of every paper, so a process keeps it for all its queries.
    """
    index = PaperIndex()
    for paper in papers:
        texts = boundary.one("match", paper, field_words, otherwise=None)
        if texts is not None:
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
    index: PaperIndex, interests: Sequence[Interest], now: datetime, *, zone: str = "UTC", weeks: int = WEEKS
) -> Tuning:
    """Return what interests bring from an index of the whole library.

    The span is the `weeks` calendar weeks of the zone, at least one, up to `now`, by the days on which papers were
    first seen. A week begins on Monday.
    """
    if faults := faults_of(interests):
        return Tuning(faults=faults)
    queries = [query_of(interest.keywords, interest.exclude) for interest in interests]
    places, counted = _span(index.papers, now, ZoneInfo(zone), weeks)
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
        (place, text, index.accepted(Query((node,), query.exclude)))
        for place, (interest, query) in enumerate(zip(interests, queries, strict=True))
        for text, node in zip(interest.keywords, query.keywords, strict=True)
    ]
    newest = sorted(places_of(matched), key=lambda place: (places[place], place), reverse=True)[:_NEWEST]
    found = (_match(queries, index.papers[place]) for place in newest)
    return Tuning(
        past,
        matched.bit_count(),
        rate,
        tuple(_counts(index, brought, span, length)),
        _together([papers for _, _, papers in brought]),
        tuple(each for each in found if each is not None),
    )


def _span(
    papers: Sequence[Paper], now: datetime, zone: ZoneInfo, weeks: int
) -> tuple[dict[int, datetime], dict[date, int]]:
    """Return when the papers of the span were first seen, by place, and the set of papers of each week."""
    today = now.astimezone(zone).date()
    monday = today - timedelta(days=today.weekday())
    counted = {monday - timedelta(weeks=back): bytearray(len(papers) // 8 + 1) for back in range(weeks)[::-1]}
    first = min(counted)
    seen: dict[int, datetime] = {}
    for place, paper in enumerate(papers):
        day = paper.first_seen.astimezone(zone).date()
        if first <= day and paper.first_seen <= now:
            seen[place] = paper.first_seen
            counted[day - timedelta(days=day.weekday())][place >> 3] |= 1 << (place & 7)
    return seen, {start: int.from_bytes(held, "little") for start, held in counted.items()}


def _counts(
    index: PaperIndex, brought: Sequence[tuple[int, str, int]], span: int, weeks: int
) -> Iterable[KeywordCount]:
    once = twice = 0
    for _, _, papers in brought:
        twice |= once & papers
        once |= papers
    total = (once & span).bit_count()
    for interest, text, papers in brought:
        here = papers & span
        spellings = () if papers else _spellings(index, text)
        share = here.bit_count() / total if total else 0.0
        alone = (here & ~twice).bit_count()
        yield KeywordCount(
            interest,
            text,
            here.bit_count(),
            alone,
            here.bit_count() / weeks,
            share,
            papers.bit_count(),
            spellings,
        )


def _spellings(index: PaperIndex, keyword: str) -> tuple[tuple[str, str], ...]:
    """Return the words of a keyword that no paper contains, each with the nearest one that some paper does."""
    found = {}
    for atom in positive_atoms(query_of([keyword])):
        for word in atom.words:
            if not index.holding(parse(word.text)) and (nearest := index.nearest(word.text)):
                found[word.text] = nearest
    return tuple(found.items())


def _together(brought: Sequence[int]) -> tuple[tuple[int, int], ...]:
    pairs = combinations(enumerate(brought), 2)
    return tuple(
        (one, two) for (one, papers), (two, same) in pairs if papers == same and papers.bit_count() > 1
    )


def _match(queries: Sequence[Query], paper: Paper) -> Match | None:
    """Return the match of the interest that scores highest; of equal ones, the first."""
    found = [each for query in queries if (each := match(query, analyse(paper))) is not None]
    return max(found, key=lambda each: each.score, default=None)
