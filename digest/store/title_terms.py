"""The key phrases of titles, by day and source, for trends.

A run adds a row per day and source for the new papers, so that weeks of trends need a few dozen rows and no
papers.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import date

from sqlalchemy import Connection, delete, insert, select

from digest.model import Listing
from digest.rank.trends import Period, Titled
from digest.store.codec import decode, encode
from digest.store.schema import absorbed, entries, files, papers, read_titles, titles
from digest.text.keyphrases import keyphrases

_BATCH = 10_000  # entries of the log
_Titles = list[tuple[int, tuple[str, ...]]]  # numbers of papers, and their terms


def _terms(_paper: int, title: str) -> Iterable[str]:
    return keyphrases(title)


class TitleTerms:
    """Rows of titles up to a position of the log."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def learn(self, end: int, terms: Callable[[int, str], Iterable[str]] = _terms) -> None:
        """Add the titles of the new papers in the log, up to the position `end`.

        `terms` finds those of a title, given the number of its paper.
        """
        first = self._db.scalar(select(read_titles.c.position)) or 0
        for start in range(first, end, _BATCH):
            self._learn(start, min(end, start + _BATCH), terms)
        if first < end:
            self._db.execute(delete(read_titles))
            self._db.execute(insert(read_titles).values(position=end))

    def _learn(self, first: int, last: int, terms: Callable[[int, str], Iterable[str]]) -> None:
        new = (
            select(papers.c.number, papers.c.record, files.c.source, files.c.captured)
            .join(entries, entries.c.paper == papers.c.number)
            .join(files, files.c.id == entries.c.file)
            .where(entries.c.kind == "new", entries.c.position > first, entries.c.position <= last)
            .order_by(entries.c.position)
        )
        found: dict[tuple[str, str], _Titles] = {}
        for row in self._db.execute(new):
            record = decode(Listing, row.record)
            # The first category is part of the source: papers of a new category are not a trend, like those of a new source.
            source = " ".join((row.source, *record.categories[:1]))[:128]
            learnt = tuple(terms(row.number, record.title))
            found.setdefault((row.captured, source), []).append((row.number, learnt))
        rows = [
            {"day": day, "source": source, "position": last, "body": encode(body)}
            for (day, source), body in found.items()
        ]
        if rows:
            self._db.execute(insert(titles), rows)

    def days(self) -> dict[str, list[date]]:
        """Return the days with new papers for each source."""
        found: dict[str, list[date]] = {}
        for source, day in self._db.execute(select(titles.c.source, titles.c.day).distinct()):
            found.setdefault(source, []).append(date.fromisoformat(day))
        return found

    def of(self, when: Period) -> Iterator[Titled]:
        """Yield the titles of a period, by day and source, without papers that became parts of others."""
        parts = frozenset(self._db.scalars(select(absorbed.c.paper)))
        chosen = select(titles.c.day, titles.c.source, titles.c.body).where(
            titles.c.day >= when.first.isoformat(), titles.c.day <= when.last.isoformat()
        )
        for row in self._db.execute(chosen.order_by(titles.c.day, titles.c.source, titles.c.position)):
            if row.source in when.sources:
                day = date.fromisoformat(row.day)
                for number, terms in decode(_Titles, row.body):
                    if number not in parts:
                        yield Titled(number, day, row.source, terms)
