"""Matching for a whole run: intervals of the log and their papers, each loaded and analysed once.

Few subscriptions are matched one by one by the reference matcher; from `FAST_FROM` on those with the same
interval are matched together by the index. From `KEEP_FROM` different queries on, the compiled queries are
stored in the database, so that later runs compile only the queries that have changed.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import blake2b
from itertools import count
from typing import TYPE_CHECKING

from digest import __version__
from digest.match.near_misses import LOOKUPS, NearMiss, NearMissFinder
from digest.match.query.parser import Query, query_of
from digest.match.reference import AnalysedPaper, analyse, best_first, match
from digest.model import Entry, Match, Paper, Subscription, Trend
from digest.pipeline.ranking import TasteModels, shows_trends, trends_of
from digest.store.library import Library
from digest.store.store import Store, Transaction

if TYPE_CHECKING:
    from digest.match.index.index import Index

Interval = tuple[int, int]  # (first, last): the positions of the log after first, up to and including last

# Below so many subscriptions compiling their queries takes longer than it saves.
FAST_FROM = 1_000
KEEP_FROM = 100_000
_PAPERS_AT_ONCE = 1_024
_NOTHING: frozenset[int] = frozenset()


class RunMatcher:
    """What the matches, near misses and ranking of a run share, each loaded when it is first needed.

    `hidden` tells whether a paper must not be shown by any subscription; `model` is the one whose summaries
    issues show, "" for none.
    """

    def __init__(
        self, store: Store, hidden: Callable[[Paper], bool] | None = None, *, model: str = ""
    ) -> None:
        self.store = store
        self.model = model
        self._hidden = hidden
        self.tastes = TasteModels()
        self._entries: dict[Interval, tuple[Entry, ...]] = {}
        self._papers: dict[int, Paper] = {}
        self._analysed: dict[int, AnalysedPaper] = {}
        self._queries: dict[str, Query] = {}
        self._accepted: dict[str, frozenset[int]] = {}
        self._finders: dict[Interval, NearMissFinder] = {}
        self._trends: tuple[Trend, ...] | None = None

    def match_all(self, subscriptions: Sequence[Subscription]) -> None:
        """Match very many subscriptions together, those with the same interval at once; do nothing for few."""
        if len(subscriptions) < FAST_FROM:
            return
        with self.store.begin(write=False) as tx:
            end = tx.library.end()
            positions = {cursor.subscription: cursor.position for cursor in tx.cursors.all()}
            groups: dict[int, list[Subscription]] = {}
            for subscription in subscriptions:
                groups.setdefault(positions[subscription.id], []).append(subscription)
            papers = {
                position: sorted({entry.paper for entry in self.load_interval(tx.library, (position, end))})
                for position in groups
            }
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
        for first in range(0, len(numbers), _PAPERS_AT_ONCE):
            part = numbers[first : first + _PAPERS_AT_ONCE]
            hits = index.match([self._papers[number] for number in part], self._prepared)
            for query, paper in hits.pairs():
                accepted.setdefault(query, []).append(part[paper])
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
        from digest.match.index.compiler import Program, compile_queries
        from digest.match.index.index import Index

        with self.store.begin(write=False) as tx:
            kept = tx.compiled_queries.load()
        known = dict(zip(_cut(kept.queries), count(), strict=False)) if kept else {}
        changed = len(known.keys() ^ wanted.keys())
        if kept is None or changed * 10 > len(wanted):
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

    def load_interval(self, library: Library, interval: Interval) -> tuple[Entry, ...]:
        """Return the entries of an interval in order, and load their papers for `paper` and `matches`."""
        if interval not in self._entries:
            first, last = interval
            found = library.entries(first, last) if first < last else ()
            self._entries[interval] = found
            self._papers.update(library.papers({entry.paper for entry in found} - self._papers.keys()))
        return self._entries[interval]

    def paper(self, number: int) -> Paper:
        """Return a paper of an interval that was loaded."""
        return self._papers[number]

    def matches(self, subscription: Subscription, numbers: Iterable[int]) -> list[Match]:
        """Return a subscription's matches among papers of loaded intervals, best first."""
        query = self.query(subscription)
        accepted = self._accepted.get(subscription.id)
        likely = numbers if accepted is None else accepted.intersection(numbers)
        hits = (match(query, self._analyse(number)) for number in likely)
        found = (hit for hit in hits if hit is not None)
        return best_first(hit for hit in found if not (self._hidden and self._hidden(hit.paper)))

    def near_misses(
        self, subscription: Subscription, library: Library, interval: Interval
    ) -> tuple[NearMiss, ...]:
        """Return the near misses of a subscription's query among the papers of an interval."""
        if interval not in self._finders:
            numbers = dict.fromkeys(entry.paper for entry in self.load_interval(library, interval))
            lookups = min((each.lookups_left for each in self._finders.values()), default=LOOKUPS)
            self._finders[interval] = NearMissFinder([self._analyse(number) for number in numbers], lookups)
        return self._finders[interval].misses(self.query(subscription))

    def trends(self, tx: Transaction, subscription: Subscription) -> tuple[Trend, ...]:
        """Return the trends of the library for a subscription whose issues show them, else nothing."""
        if not shows_trends(subscription):
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
_SIZE = 16  # bytes of a fingerprint


def _fingerprint(subscription: Subscription) -> bytes:
    """Return a hash of a subscription's query; every version of this program has different hashes."""
    text = repr((subscription.keywords, subscription.exclude)).encode("utf-8", "surrogatepass")
    return blake2b(text, digest_size=_SIZE, key=__version__.encode()).digest()


def _cut(fingerprints: bytes) -> Iterator[bytes]:
    return (fingerprints[place : place + _SIZE] for place in range(0, len(fingerprints), _SIZE))
