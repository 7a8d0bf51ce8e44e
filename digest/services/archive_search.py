"""The search of the archive: the query language over titles, abstracts and authors of the whole library."""

from collections.abc import Mapping
from dataclasses import dataclass

from digest.errors import QueryError
from digest.match.query.parser import Query, query_of
from digest.match.reference import analyse, match
from digest.match.spelling import Spellings, spellings
from digest.model import Home, Match, Paper
from digest.pipeline.set_aside import Boundary
from digest.services.library_index import LibraryIndex
from digest.services.workspace import open_library

PAGE = 20  # papers
_MOST_SUBSCRIPTIONS = 200  # to choose from
_WAIT = 3.0  # seconds until the index is built


@dataclass(frozen=True, slots=True)
class Asked:
    """A search: a query, or "" for all papers; filters, "" for any; and the number of the page, from 1."""

    query: str = ""
    subscription: str = ""
    source: str = ""
    year: str = ""
    page: int = 1


@dataclass(frozen=True, slots=True)
class SearchResults:
    """A page of what was found, newest first; a paper without a query has no evidence.

    `sources` and `years` count the papers of the query by what the other filters leave; `subscriptions` are names by
    id. `ready` is False while the words of the library are still being read.
    """

    asked: Asked
    subscriptions: Mapping[str, str]
    found: tuple[Match, ...] = ()
    total: int = 0
    sources: tuple[tuple[str, int], ...] = ()
    years: tuple[tuple[str, int], ...] = ()
    spellings: Spellings = ()
    fault: QueryError | None = None
    ready: bool = True


def search(home: Home, index: LibraryIndex, asked: Asked) -> SearchResults:
    """Return a page of the papers that a search finds. Raises StoreError."""
    with open_library(home, create=False) as store, store.begin(write=False) as tx:
        names = tx.feeds.public(home.settings.files, _MOST_SUBSCRIPTIONS)
        served = tx.feeds.papers_of(asked.subscription) if asked.subscription in names else []
        roots = tx.identities.roots(served)
        try:
            query = query_of([asked.query]) if asked.query.strip() else None
        except QueryError as error:
            return SearchResults(asked, names, fault=error)
        with index.opened(_WAIT) as papers:
            if papers is None:
                return SearchResults(asked, names, ready=False)
            found = papers.live if query is None else papers.accepted(query)
            spelt = spellings(query, papers) if query else ()
            if asked.subscription:
                found &= papers.numbered(roots.values())
            sources, years = papers.labelled("source"), papers.labelled("year")
            by_source, by_year = sources.get(asked.source, 0), years.get(asked.year, 0)
            in_year = found & by_year if asked.year else found
            in_source = found & by_source if asked.source else found
            found = in_year & in_source
            first = (asked.page - 1) * PAGE
            places = papers.newest(found)[first : first + PAGE]
            numbers = [papers.numbers[place] for place in places]
        known = tx.library.papers(numbers)
    boundary = Boundary()
    return SearchResults(
        asked,
        names,
        tuple(_match(query, known[number], boundary) for number in numbers if number in known),
        found.bit_count(),
        _counted(sources, in_year),
        tuple(sorted(_counted(years, in_source), reverse=True)),
        spelt,
    )


def _match(query: Query | None, paper: Paper, boundary: Boundary) -> Match:
    found = query and boundary.one("match", paper, lambda each: match(query, analyse(each)), otherwise=None)
    return found or Match(paper, 0.0, ())


def _counted(labelled: Mapping[str, int], found: int) -> tuple[tuple[str, int], ...]:
    counted = ((name, (papers & found).bit_count()) for name, papers in sorted(labelled.items()))
    return tuple((name, count) for name, count in counted if count)
