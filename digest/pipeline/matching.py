"""Matching for a whole run: intervals of the log and their papers, each loaded and analysed once.

Few subscriptions are matched one by one by the reference matcher; from `FAST_FROM` on those with the same
interval are matched together by the index. From `KEEP_FROM` different queries on, the compiled queries are
stored in the database, so that later runs compile only the queries that have changed.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from hashlib import blake2b
from itertools import count
from typing import TYPE_CHECKING

from digest import __version__
from digest.compose.decide import no_match_reason
from digest.compose.issue import Findings
from digest.match.near_misses import LOOKUPS, NearMiss, NearMissFinder
from digest.match.query.interests import queries_by_interest, query_for
from digest.match.query.parser import Query
from digest.match.reference import AnalysedPaper, analyse, best_first, match
from digest.model import Entry, Home, Item, Match, Paper, Subscription, Theme, Trend
from digest.pipeline.plugin_work import ranker_of
from digest.pipeline.ranking import Reader, TasteModels, shows_trends, trends_of
from digest.pipeline.set_aside import Boundary
from digest.rank import themes
from digest.rank.background import Background, background_of, numbers_of, packed, unpacked
from digest.rank.outline import terms_of
from digest.store.backgrounds import StoredBackground
from digest.store.library import Library
from digest.store.store import Store, Transaction

if TYPE_CHECKING:
    from digest.match.index.compiler import Program
    from digest.match.index.index import Index

Interval = tuple[int, int]  # (first, last): the positions of the log after first, up to and including last

# Below so many subscriptions compiling their queries takes longer than it saves.
FAST_FROM = 1_000
KEEP_FROM = 100_000
_PAPERS_AT_ONCE = 1_024
_NOTHING: frozenset[int] = frozenset()


class LoadedInterval:
    """The entries of an interval of the log, in order, their papers, and the reason for no issue without a match."""

    def __init__(self, entries: tuple[Entry, ...]) -> None:
        self.entries = entries
        self.papers = frozenset(entry.paper for entry in entries)
        self.unmatched = no_match_reason(entries)


class RunMatcher:
    """What the matches, near misses and ranking of a run share, each loaded when it is first needed.

    `hidden` tells whether a paper must not be shown by any subscription; `model` is the one whose summaries
    issues show, "" for none; `home` has the settings of ranker plug-ins. A paper on which matching fails is set aside at the `boundary`.
    """

    def __init__(
        self,
        store: Store,
        hidden: Callable[[Paper], bool] | None = None,
        *,
        model: str = "",
        boundary: Boundary | None = None,
        home: Home | None = None,
    ) -> None:
        self.store = store
        self.model = model
        self.boundary = boundary or Boundary()
        self.only: frozenset[int] | None = None  # while it is set, no other paper matches
        self._matched: dict[str, set[int]] = {}
        self._hidden = hidden
        self.tastes = TasteModels(self.boundary, partial(ranker_of, home) if home else None)
        self._intervals: dict[Interval, LoadedInterval] = {}
        self._papers: dict[int, Paper] = {}
        self._analysed: dict[int, AnalysedPaper] = {}
        self._queries: dict[str, Query] = {}
        self._by_interest: dict[str, tuple[Query, ...]] = {}
        self._hits_of, self._hits = ("", 0), dict[int, Match | None]()
        self._accepted: dict[str, frozenset[int]] = {}
        self._finders: dict[Interval, NearMissFinder] = {}
        self._trends: tuple[Trend, ...] | None = None
        self._kept: Background | None = None

    def match_all(self, subscriptions: Sequence[Subscription]) -> None:
        """Match very many subscriptions together, those with the same interval at once; do nothing for few."""
        if len(subscriptions) < FAST_FROM:
            return
        with self.store.begin(write=False) as tx:
            end = tx.library.end()
            cursors = tx.cursors.of(each.id for each in subscriptions)
            positions = {name: cursor.position for name, cursor in cursors.items()}
            groups: dict[int, list[Subscription]] = {}
            for subscription in subscriptions:
                groups.setdefault(positions[subscription.id], []).append(subscription)
            papers = {position: sorted(self.load(tx.library, (position, end)).papers) for position in groups}
        all_compiled: _Compiled | None = None
        for position, group in groups.items():
            if not papers[position]:
                continue
            if 4 * len(group) >= len(subscriptions):  # large groups share one index of all queries
                all_compiled = all_compiled or self._compile(subscriptions)
                self._match(all_compiled, group, papers[position])
            else:
                self._match(self._compile(group), group, papers[position])

    def _match(self, compiled: "_Compiled", group: Sequence[Subscription], numbers: Sequence[int]) -> None:
        index, places = compiled
        accepted: dict[int, list[int]] = {}

        def found_by(papers: Mapping[int, Paper]) -> list[tuple[int, int]]:
            hits = index.match(list(papers.values()), self._prepared)
            numbers = list(papers)
            return [(query, numbers[place]) for query, place in hits.pairs()]

        for first in range(0, len(numbers), _PAPERS_AT_ONCE):
            part = numbers[first : first + _PAPERS_AT_ONCE]
            pairs = self.boundary.many("match", {number: self._papers[number] for number in part}, found_by)
            for query, number in pairs:
                accepted.setdefault(query, []).append(number)
        for subscription in group:
            found = accepted.get(places[_fingerprint(subscription)])
            self._accepted[subscription.id] = frozenset(found) if found else _NOTHING

    def _compile(self, subscriptions: Sequence[Subscription]) -> "_Compiled":
        """Return an index of the subscriptions' queries, and the number of each query by its fingerprint."""
        from digest.match.index.index import Index

        wanted = {_fingerprint(each): each for each in subscriptions}
        if len(wanted) < KEEP_FROM:
            return Index([self.query(each) for each in wanted.values()]), dict(
                zip(wanted, count(), strict=False)
            )
        return self._stored_index(wanted)

    def _stored_index(self, wanted: dict[bytes, Subscription]) -> "_Compiled":
        """Return an index of the wanted queries from the stored one; if much has changed, store a new one.

        The result is as for `_compile`; the index may have further queries.
        """
        from digest.match.index.compiler import compile_queries
        from digest.match.index.index import Index

        with self.store.begin(write=False) as tx:
            kept = tx.compiled_queries.load()
        known = dict(zip(_cut(kept.queries), count(), strict=False)) if kept else {}
        changed = len(known.keys() ^ wanted.keys())
        stored = _program(kept.body) if kept and changed * 10 <= len(wanted) else None
        if stored is None:
            program = compile_queries([query_for(each) for each in wanted.values()])
            with self.store.begin() as tx:
                tx.compiled_queries.save(b"".join(wanted), program.dump())
            return Index(program=program), dict(zip(wanted, count(), strict=False))
        index = Index(program=stored)
        for fingerprint in known.keys() - wanted.keys():
            index.remove(known.pop(fingerprint))
        for fingerprint in wanted.keys() - known.keys():
            known[fingerprint] = index.add(self.query(wanted[fingerprint]))
        return index, known

    def query(self, subscription: Subscription) -> Query:
        """Return the query of a subscription."""
        if subscription.id not in self._queries:
            self._queries[subscription.id] = query_for(subscription)
        return self._queries[subscription.id]

    def load(self, library: Library, interval: Interval) -> LoadedInterval:
        """Load the entries of an interval and their papers, for all other methods; return the interval."""
        if interval not in self._intervals:
            first, last = interval
            found = library.entries(first, last) if first < last else ()
            self._papers.update(library.papers({entry.paper for entry in found} - self._papers.keys()))
            self._intervals[interval] = LoadedInterval(found)
        return self._intervals[interval]

    def interval(self, interval: Interval) -> LoadedInterval:
        """Return an interval that was loaded."""
        return self._intervals[interval]

    def paper(self, number: int) -> Paper:
        """Return a paper of an interval that was loaded."""
        return self._papers[number]

    def matches(self, subscription: Subscription, numbers: Iterable[int]) -> list[Match]:
        """Return a subscription's matches among papers of loaded intervals, best first."""
        query = self.query(subscription)
        accepted = self._accepted.get(subscription.id)
        likely = sorted(numbers if accepted is None else accepted.intersection(numbers))
        likely = likely if self.only is None else [each for each in likely if each in self.only]
        of = subscription.id, len(self.boundary.found)  # a paper that was set aside meanwhile has no hit
        if self._hits_of != of:
            self._hits_of, self._hits = of, {}
        hits = (self._hit(subscription, query, number) for number in likely)
        found = best_first(hit for hit in hits if hit is not None)
        self._matched.setdefault(subscription.id, set()).update(hit.paper.number for hit in found)
        return found

    def matched(self, subscription: str) -> list[int]:
        """Return the numbers of all papers so far that a subscription's query accepted."""
        return sorted(self._matched.get(subscription, ()))

    def _hit(self, subscription: Subscription, query: Query, number: int) -> Match | None:
        """Return the match of a query with a paper; the last subscription's are kept for its issue and its feed."""
        if number not in self._hits:
            self._hits[number] = self._new_hit(subscription, query, number)
        return self._hits[number]

    def _new_hit(self, subscription: Subscription, query: Query, number: int) -> Match | None:
        analysed = self._analyse(number)

        def tried(paper: Paper) -> Match | None:
            hit = match(query, analysed if paper is analysed.paper else analyse(paper))
            return None if hit is None or (self._hidden and self._hidden(hit.paper)) else hit

        return self.boundary.one("match", analysed.paper, tried, subject=subscription.id, otherwise=None)

    def interests(self, subscription: Subscription, paper: Paper) -> tuple[int, ...]:
        """Return the places of the interests that a paper of a loaded interval meets, the one it meets best first."""
        if subscription.id not in self._by_interest:
            self._by_interest[subscription.id] = queries_by_interest(subscription)
        queries = self._by_interest[subscription.id]

        def met(some: Paper) -> tuple[int, ...]:
            analysed = self._analyse(some.number) if some is paper else analyse(some)
            scores = {
                place: found.score for place, query in enumerate(queries) if (found := match(query, analysed))
            }
            return tuple(sorted(scores, key=lambda place: (-scores[place], place)))

        return self.boundary.one("match", paper, met, subject=subscription.id, otherwise=())

    def near_misses(self, subscription: Subscription, interval: Interval) -> tuple[NearMiss, ...]:
        """Return the near misses of a subscription's query among the papers of an interval."""
        return self.boundary.whole(
            "near", subscription.id, lambda: self._near_misses(subscription, interval), otherwise=()
        )

    def _near_misses(self, subscription: Subscription, interval: Interval) -> tuple[NearMiss, ...]:
        if interval not in self._finders:
            numbers = dict.fromkeys(entry.paper for entry in self.interval(interval).entries)
            lookups = min((each.lookups_left for each in self._finders.values()), default=LOOKUPS)
            self._finders[interval] = NearMissFinder([self._analyse(number) for number in numbers], lookups)
        return self._finders[interval].misses(self.query(subscription))

    def ranked(
        self, subscription: Subscription, reader: Reader, findings: Findings, now: datetime
    ) -> Findings:
        """Return the findings with New in the reader's order; papers that cannot be ranked come last."""
        items = {item.paper.number: item for item in findings.new}

        def rank(papers: Mapping[int, Paper]) -> Findings:
            new = tuple(items[each] if each in items else Item(paper) for each, paper in papers.items())
            return self.tastes.ranked(subscription, reader, replace(findings, new=new), now)

        papers = {number: item.paper for number, item in items.items()}
        found = self.boundary.some("rank", subscription.id, papers, rank, otherwise=findings)
        ranked = {item.paper.number for item in found.new}
        return replace(found, new=(*found.new, *(items[each] for each in items if each not in ranked)))

    def discovered(
        self,
        subscription: Subscription,
        reader: Reader,
        findings: Findings,
        numbers: Iterable[int],
        now: datetime,
    ) -> Findings:
        """Return the findings with papers to discover among these, best first."""

        def discover(papers: Mapping[int, Paper]) -> Findings:
            return self.tastes.discovered(subscription, reader, findings, papers.values(), now)

        papers = {number: self._papers[number] for number in sorted(numbers)}
        return self.boundary.some("rank", subscription.id, papers, discover, otherwise=findings)

    def themes(
        self, subscription: str, papers: Sequence[Paper], keywords: Iterable[str]
    ) -> tuple[Theme, ...]:
        """Return the themes of papers; those that make this fail have none."""
        if len(papers) < themes.FEWEST:
            return ()
        from digest.rank.likeness import vectors_of

        background = self._background()  # outside the deadline of `find`

        def find(some: Mapping[int, Paper]) -> tuple[Theme, ...]:
            if len(some) < themes.FEWEST:  # it looks for papers that make this fail
                vectors_of(list(some.values()), background)
            return themes.themes_of(list(some.values()), keywords, background)

        none: tuple[Theme, ...] = ()
        chosen = {paper.number: paper for paper in papers}
        return self.boundary.some("themes", subscription, chosen, find, otherwise=none, pure=True)

    def _background(self) -> Background:
        """Return the background of the library: the stored one, or a new one."""
        if self._kept is None:
            self._kept = self._load_background()
        return self._kept

    def _load_background(self) -> Background:
        with self.store.begin(write=False) as tx:
            wanted = numbers_of(tx.library.last_number())
            stored = tx.backgrounds.load()
            if stored and (stored.first, stored.last) == (wanted.start, wanted.stop - 1):
                return unpacked(stored.body)
            papers = [paper for paper, _ in tx.library.numbered(wanted)] if wanted else []

        def terms(paper: Paper) -> Counter[str]:
            return self.boundary.one("themes", paper, terms_of, otherwise=Counter())

        found = background_of(papers, terms)
        with self.store.begin() as tx:
            tx.backgrounds.save(StoredBackground(wanted.start, wanted.stop - 1, packed(found)))
        return found

    def load_trends(self, tx: Transaction, subscriptions: Iterable[Subscription]) -> None:
        """Load the trends of the library if the issues of one of these subscriptions show them."""
        if self._trends is None and any(map(shows_trends, subscriptions)):
            none: tuple[Trend, ...] = ()
            self._trends = self.boundary.whole("trends", "", lambda: trends_of(tx), otherwise=none)

    def trends(self, subscription: Subscription) -> tuple[Trend, ...]:
        """Return the trends that the issues of a subscription show."""
        return self._trends or () if shows_trends(subscription) else ()

    def _prepared(self, paper: Paper) -> AnalysedPaper:
        return self._analyse(paper.number) if paper is self._papers.get(paper.number) else analyse(paper)

    def _analyse(self, number: int) -> AnalysedPaper:
        """Return a paper with its words; without any if it is set aside."""
        if number not in self._analysed:
            paper = self._papers[number]
            without = AnalysedPaper(paper, ())
            self._analysed[number] = self.boundary.one("match", paper, analyse, otherwise=without)
        return self._analysed[number]


_Compiled = tuple["Index", dict[bytes, int]]
_SIZE = 16  # bytes of a fingerprint


def _fingerprint(subscription: Subscription) -> bytes:
    """Return a hash of a subscription's query; every version of this program has different hashes."""
    parts = (subscription.keywords, subscription.exclude, *filter(None, [subscription.interests]))
    text = repr(parts).encode("utf-8", "surrogatepass")
    return blake2b(text, digest_size=_SIZE, key=__version__.encode()).digest()


def _program(body: bytes) -> "Program | None":
    """Return the stored program; None if another version of the compiler wrote it."""
    from digest.match.index.compiler import Program

    try:
        return Program.load(body)
    except ValueError:
        return None


def _cut(fingerprints: bytes) -> Iterator[bytes]:
    return (fingerprints[place : place + _SIZE] for place in range(0, len(fingerprints), _SIZE))
