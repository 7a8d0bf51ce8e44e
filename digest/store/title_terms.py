"""What the titles of the library say, by day and source: read once, kept for trends.

A run reads the titles of what is new and adds a row per day and source, so that looking back over weeks loads
a few dozen rows and no papers.
"""

from collections.abc import Iterator
from datetime import date

from sqlalchemy import Connection, delete, insert, select

from digest.model import Listing
from digest.rank.trends import Period, Titled
from digest.store.codec import decode, encode
from digest.store.schema import absorbed, entries, files, papers, read_titles, titles
from digest.text.keyphrases import keyphrases

_AT_ONCE = 10_000  # entries of the log


class TitleTerms:
    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def learn(self, end: int) -> None:
        """Read the titles of the papers that are new in the log, up to a position."""
        first = self._db.scalar(select(read_titles.c.position)) or 0
        for start in range(first, end, _AT_ONCE):
            self._learn(start, min(end, start + _AT_ONCE))
        if first < end:
            self._db.execute(delete(read_titles))
            self._db.execute(insert(read_titles).values(position=end))

    def _learn(self, first: int, last: int) -> None:
        fresh = (
            select(papers.c.number, papers.c.record, files.c.source, files.c.captured)
            .join(entries, entries.c.paper == papers.c.number)
            .join(files, files.c.id == entries.c.file)
            .where(entries.c.kind == "new", entries.c.position > first, entries.c.position <= last)
            .order_by(entries.c.position)
        )
        said: dict[tuple[str, str], list[tuple[int, tuple[str, ...]]]] = {}
        for row in self._db.execute(fresh):
            record = decode(Listing, row.record)
            # A new category of a source is as good as a new source.
            source = " ".join((row.source, *record.categories[:1]))[:128]
            terms = tuple(keyphrases(record.title))
            said.setdefault((row.captured, source), []).append((row.number, terms))
        rows = [
            {"day": day, "source": source, "position": last, "body": encode(found)}
            for (day, source), found in said.items()
        ]
        if rows:
            self._db.execute(insert(titles), rows)

    def days(self) -> dict[str, list[date]]:
        """Return the days on which each source brought papers."""
        found: dict[str, list[date]] = {}
        for source, day in self._db.execute(select(titles.c.source, titles.c.day).distinct()):
            found.setdefault(source, []).append(date.fromisoformat(day))
        return found

    def of(self, when: Period) -> Iterator[Titled]:
        """Yield the titles of a period; a paper that became part of another is not counted again."""
        parts = frozenset(self._db.scalars(select(absorbed.c.paper)))
        chosen = select(titles.c.day, titles.c.source, titles.c.body).where(
            titles.c.day >= when.first.isoformat(), titles.c.day <= when.last.isoformat()
        )
        for row in self._db.execute(chosen.order_by(titles.c.day, titles.c.source, titles.c.position)):
            if row.source in when.sources:
                day = date.fromisoformat(row.day)
                for number, terms in decode(_Said, row.body):
                    if number not in parts:
                        yield Titled(number, day, row.source, terms)


_Said = list[tuple[int, tuple[str, ...]]]
