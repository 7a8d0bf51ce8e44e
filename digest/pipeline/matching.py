"""Matching for a whole run: intervals of the log and their papers, each loaded and analysed once.

A few subscriptions are matched one after the other by the slow matcher; from `FAST_FROM` on those with
the same interval are matched together by the fast one. From `KEEP_FROM` different queries on the
compiled ones are kept in the database, so that only what was changed since is read and compiled.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import blake2b
from itertools import count
from typing import TYPE_CHECKING

from digest import __version__
from digest.match import near_misses as near
from digest.match.query.parser import Query, query_of
from digest.match.reference import AnalysedPaper, analyse, best_first, match
from digest.model import Entry, Match, Paper, Subscription, Trend
from digest.pipeline.ranking import TasteModels
from digest.pipeline.trends import tells_trends, trends_of
from digest.store.library import Library
from digest.store.store import Store, Transaction

if TYPE_CHECKING:
    from digest.match.index.index import Index

FAST_FROM = 1_000
KEEP_FROM = 100_000
_PAPERS_AT_ONCE = 1_024
_NOTHING: frozenset[int] = frozenset()


class RunMatcher:
    """Intervals of the log with their papers, each loaded and analysed once in a run."""

    def __init__(
        self, store: Store, hidden: Callable[[Paper], bool] | None = None, *, model: str = ""
    ) -> None:
        """`hidden` says of a paper whether no subscription wants to see it; `model` wrote the summaries."""
        self.store = store
        self.model = model
        self._hidden = hidden
        self.tastes = TasteModels()
        self._entries: dict[tuple[int, int], tuple[Entry, ...]] = {}
        self._papers: dict[int, Paper] = {}
        self._analysed: dict[int, AnalysedPaper] = {}
        self._queries: dict[str, Query] = {}
        self._accepted: dict[str, frozenset[int]] = {}
        self._nearby: dict[tuple[int, int], near.NearMissFinder] = {}
        self._trends: tuple[Trend, ...] | None = None

    def prepare(self, subscriptions: Sequence[Subscription]) -> None:
        """Find what each of very many subscriptions accepts, all with the same interval at once."""
        if len(subscriptions) < FAST_FROM:
            return
        with self.store.begin(write=False) as tx:
            end = tx.library.end()
            positions = {cursor.subscription: cursor.position for cursor in tx.cursors.all()}
            groups: dict[int, list[Subscription]] = {}
            for subscription in subscriptions:
                groups.setdefault(positions[subscription.id], []).append(subscription)
            papers = {
                position: sorted({entry.paper for entry in self.entries(tx.library, position, end)})
                for position in groups
            }
        everyone: _Compiled | None = None
        for position, group in groups.items():
            if not papers[position]:
                continue
            if 4 * len(group) >= len(subscriptions):  # the few others are compiled by themselves
                everyone = everyone or self._compile(subscriptions)
                self._match(everyone, group, papers[position])
            else:
                self._match(self._compile(group), group, papers[position])

    def _match(self, compiled: "_Compiled", group: Sequence[Subscription], numbers: Sequence[int]) -> None:
        index, places = compiled
        accepted: dict[int, list[int]] = {}
        for first in range(0, len(numbers), _PAPERS_AT_ONCE):
            part = numbers[first : first + _PAPERS_AT_ONCE]
            hits = index.match([self._papers[number] for number in part], self._prepared)
            for query, paper in hits.pairs():
                accepted.setdefault(query, []).append(part[paper])
        for subscription in group:
            found = accepted.get(places[_fingerprint(subscription)])
            self._accepted[subscription.id] = frozenset(found) if found else _NOTHING

    def _compile(self, subscriptions: Sequence[Subscription]) -> "_Compiled":
        """Return an index of the subscriptions' queries, and the number of each in it by its fingerprint."""
        from digest.match.index.index import Index

        wanted = {_fingerprint(each): each for each in subscriptions}
        if len(wanted) < KEEP_FROM:
            return Index([self.query(each) for each in wanted.values()]), dict(
                zip(wanted, count(), strict=False)
            )
        return self._kept(wanted)

    def _kept(self, wanted: dict[bytes, Subscription]) -> "_Compiled":
        """Return the index that was kept, brought up to date; keep it anew if much has changed."""
        from digest.match.index.compiler import Program, compile_queries
        from digest.match.index.index import Index

        with self.store.begin(write=False) as tx:
            kept = tx.compiled_queries.load()
        known = dict(zip(_cut(kept.queries), count(), strict=False)) if kept else {}
        stale = len(known.keys() ^ wanted.keys())
        if kept is None or stale * 10 > len(wanted):
            program = compile_queries([query_of(each.keywords, each.exclude) for each in wanted.values()])
            with self.store.begin() as tx:
                tx.compiled_queries.save(b"".join(wanted), program.dump())
            return Index(program=program), dict(zip(wanted, count(), strict=False))
        index = Index(program=Program.load(kept.body))
        for fingerprint in known.keys() - wanted.keys():
            index.remove(known.pop(fingerprint))
        for fingerprint in wanted.keys() - known.keys():
            known[fingerprint] = index.add(self.query(wanted[fingerprint]))
        return index, known

    def query(self, subscription: Subscription) -> Query:
        """Return the query of a subscription."""
        if subscription.id not in self._queries:
            self._queries[subscription.id] = query_of(subscription.keywords, subscription.exclude)
        return self._queries[subscription.id]

    def entries(self, library: Library, first: int, last: int) -> tuple[Entry, ...]:
        """Return the entries of (first, last]; their papers are then at hand."""
        if (first, last) not in self._entries:
            found = library.entries(first, last) if first < last else ()
            self._entries[first, last] = found
            self._papers.update(library.papers({entry.paper for entry in found} - self._papers.keys()))
        return self._entries[first, last]

    def paper(self, number: int) -> Paper:
        return self._papers[number]

    def matches(self, subscription: Subscription, numbers: Iterable[int]) -> list[Match]:
        """Return a subscription's matches among these papers, best first."""
        query = self.query(subscription)
        accepted = self._accepted.get(subscription.id)
        likely = numbers if accepted is None else accepted.intersection(numbers)
        hits = (match(query, self._analyse(number)) for number in likely)
        found = (hit for hit in hits if hit is not None)
        return best_first(hit for hit in found if not (self._hidden and self._hidden(hit.paper)))

    def nearest(
        self, subscription: Subscription, library: Library, first: int, last: int
    ) -> tuple[near.NearMiss, ...]:
        """Return how the papers of an interval came near a query that accepted none."""
        if (first, last) not in self._nearby:
            numbers = dict.fromkeys(entry.paper for entry in self.entries(library, first, last))
            left = min((each.lookups_left for each in self._nearby.values()), default=near.LOOKUPS)
            self._nearby[first, last] = near.NearMissFinder(
                [self._analyse(number) for number in numbers], left
            )
        return self._nearby[first, last].misses(self.query(subscription))

    def trends(self, tx: Transaction, subscription: Subscription) -> tuple[Trend, ...]:
        """Return what rises in the library, for a subscription whose issues say so."""
        if not tells_trends(subscription):
            return ()
        if self._trends is None:
            self._trends = trends_of(tx)
        return self._trends

    def _prepared(self, paper: Paper) -> AnalysedPaper:
        return self._analyse(paper.number)

    def _analyse(self, number: int) -> AnalysedPaper:
        if number not in self._analysed:
            self._analysed[number] = analyse(self._papers[number])
        return self._analysed[number]


_Compiled = tuple["Index", dict[bytes, int]]
_SIZE = 16


def _fingerprint(subscription: Subscription) -> bytes:
    """Return what is the same for equal queries, and another for another version of this program."""
    said = repr((subscription.keywords, subscription.exclude)).encode("utf-8", "surrogatepass")
    return blake2b(said, digest_size=_SIZE, key=__version__.encode()).digest()


def _cut(fingerprints: bytes) -> Iterator[bytes]:
    return (fingerprints[place : place + _SIZE] for place in range(0, len(fingerprints), _SIZE))
