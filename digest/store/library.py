"""The library: papers, what each source says of them, and the log of entries."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from digest.diff import Change, Known, Witness
from digest.identity import feed_uid
from digest.model import DigestFile, Listing, Paper
from digest.store.codec import decode, encode
from digest.store.schema import aliases, entries, files, listings, papers, unwritten, witnesses
from digest.store.sql import chunks, inserted_key


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A digest file that was read in an earlier run."""

    id: int
    path: str
    source: str
    captured: date
    captured_guessed: bool
    listed: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the log. `what` names the fields revised or learnt."""

    position: int
    paper: int
    kind: str
    what: tuple[str, ...]
    at: datetime


class Library:
    def __init__(self, connection: Connection) -> None:
        self._db = connection

    # --- files

    def file(self, digest: str) -> KnownFile | None:
        """Return the file with these bytes (SHA-256, hex), if it was read."""
        row = self._db.execute(select(files).where(files.c.digest == digest)).one_or_none()
        if row is None:
            return None
        captured = date.fromisoformat(row.captured)
        return KnownFile(row.id, row.path, row.source, captured, row.captured_guessed, row.listed)

    def listed_in(self, file: int) -> tuple[Paper, ...]:
        """Return the papers a file lists, by rank, as the library knows them now."""
        numbers = self._db.scalars(
            select(listings.c.paper).where(listings.c.file == file).order_by(listings.c.rank)
        ).all()
        found = self.papers(numbers)
        return tuple(found[number] for number in numbers)

    def record(
        self, file: DigestFile, changes: Sequence[Change], *, run: int, at: datetime
    ) -> frozenset[int]:
        """Record a digest file, its listings and what they mean to the library.

        Returns the known papers whose record changed.
        """
        file_id = self._insert_file(file, run)
        numbers = self._record_papers(file, changes, at)
        self._db.execute(
            insert(listings),
            [
                {
                    "file": file_id,
                    "rank": change.listing.rank,
                    "paper": number,
                    "comments": change.listing.comments,
                    "upvotes": change.listing.upvotes,
                }
                for change, number in zip(changes, numbers, strict=True)
            ],
        )
        log = [
            {
                "paper": number,
                "kind": change.entry,
                "what": ",".join(change.what),
                "at": at,
                "file": file_id,
                "run": run,
            }
            for change, number in zip(changes, numbers, strict=True)
            if change.entry
        ]
        if log:
            self._db.execute(insert(entries), log)
        return frozenset(
            number
            for change, number in zip(changes, numbers, strict=True)
            if change.known and change.record not in {None, change.known.record}
        )

    def _insert_file(self, file: DigestFile, run: int) -> int:
        result = self._db.execute(
            insert(files).values(
                digest=file.digest,
                path=file.path,
                source=file.source,
                captured=file.captured.isoformat(),
                captured_guessed=file.captured_guessed,
                modified=file.modified,
                listed=len(file.listings),
                note=file.note,
                run=run,
            )
        )
        return inserted_key(result)

    def _record_papers(self, file: DigestFile, changes: Sequence[Change], at: datetime) -> list[int]:
        """Store papers, keys and witnesses; return the paper's number for each change."""
        by_key: dict[str, int] = {}
        numbers = []
        for change in changes:
            number = change.known.number if change.known else None
            if change.status == "new":
                number = self._insert_paper(file, change, at)
            elif number is None:  # it repeats a paper that this file brought
                number = next(by_key[key] for key in change.keys if key in by_key)
            elif change.record is not None:
                self._update_paper(number, file, change)
            by_key.update({key: number for key in change.keys if key not in by_key})
            numbers.append(number)
        self._learn_keys(changes, numbers)
        return numbers

    def _insert_paper(self, file: DigestFile, change: Change, at: datetime) -> int:
        result = self._db.execute(
            insert(papers).values(
                uid=feed_uid(change.keys[0]), first_seen=at, sources=file.source, record=encode(change.record)
            )
        )
        number = inserted_key(result)
        self._db.execute(
            insert(witnesses).values(paper=number, source=file.source, word=encode(change.witness))
        )
        self._page_unwritten(number)
        return number

    def _update_paper(self, number: int, file: DigestFile, change: Change) -> None:
        known = change.known
        assert known is not None
        before = known.witnesses.get(file.source)
        word = {"word": encode(change.witness)}
        if before is None:
            self._db.execute(insert(witnesses).values(paper=number, source=file.source, **word))
        elif before != change.witness:
            where = (witnesses.c.paper == number) & (witnesses.c.source == file.source)
            self._db.execute(update(witnesses).where(where).values(word))
        if before is None or change.record != known.record:
            sources = " ".join(sorted({*known.witnesses, file.source}))
            record = {"record": encode(change.record), "sources": sources}
            self._db.execute(update(papers).where(papers.c.number == number).values(record))
            self._page_unwritten(number)

    def _page_unwritten(self, number: int) -> None:
        key = {"kind": "paper", "key": str(number)}
        if not self._db.execute(select(unwritten).filter_by(**key)).first():
            self._db.execute(insert(unwritten).values(key))

    def _learn_keys(self, changes: Sequence[Change], numbers: Sequence[int]) -> None:
        wanted = {
            key: number
            for change, number in reversed(list(zip(changes, numbers, strict=True)))
            for key in change.keys
        }
        taken = {
            key
            for chunk in chunks(wanted)
            for key in self._db.scalars(select(aliases.c.key).where(aliases.c.key.in_(chunk)))
        }
        fresh = [{"key": key, "paper": number} for key, number in wanted.items() if key not in taken]
        if fresh:
            self._db.execute(insert(aliases), fresh)

    # --- papers

    def known(self, keys: Iterable[str]) -> dict[str, Known]:
        """Return the papers known under these identity keys, by key."""
        by_key: dict[str, int] = {}
        for chunk in chunks(keys):
            rows = self._db.execute(select(aliases.c.key, aliases.c.paper).where(aliases.c.key.in_(chunk)))
            by_key.update((key, number) for key, number in rows)
        found = self._known_by_number(set(by_key.values()))
        return {key: found[number] for key, number in by_key.items()}

    def _known_by_number(self, numbers: Iterable[int]) -> dict[int, Known]:
        found: dict[int, Known] = {}
        for chunk in chunks(numbers):
            said: dict[int, dict[str, Witness]] = {}
            for row in self._db.execute(select(witnesses).where(witnesses.c.paper.in_(chunk))):
                said.setdefault(row.paper, {})[row.source] = decode(Witness, row.word)
            for row in self._db.execute(select(papers).where(papers.c.number.in_(chunk))):
                record = decode(Listing, row.record)
                found[row.number] = Known(row.number, row.first_seen, record, said[row.number])
        return found

    def papers(self, numbers: Iterable[int]) -> dict[int, Paper]:
        """Return papers by library number."""
        return {
            row.number: _paper(row)
            for chunk in chunks(set(numbers))
            for row in self._db.execute(select(papers).where(papers.c.number.in_(chunk)))
        }

    def all_papers(self) -> Iterator[Paper]:
        for row in self._db.execute(select(papers).order_by(papers.c.number)).yield_per(1000):
            yield _paper(row)

    def count(self) -> int:
        return int(self._db.scalar(select(func.count()).select_from(papers)) or 0)

    def seen(self) -> tuple[tuple[int, datetime], ...]:
        """Return the number of every paper and when it was first seen, by number."""
        rows = self._db.execute(select(papers.c.number, papers.c.first_seen).order_by(papers.c.number))
        return tuple((row.number, row.first_seen) for row in rows)

    # --- the log

    def end(self) -> int:
        """Return the position of the last entry; 0 for an empty log."""
        return int(self._db.scalar(select(func.max(entries.c.position))) or 0)

    def position_at(self, moment: datetime) -> int:
        """Return the last position such that no entry up to it was written after `moment`.

        Where clocks stepped back this is too early rather than too late: no entry after `moment` is lost.
        """
        first_after = self._db.scalar(select(func.min(entries.c.position)).where(entries.c.at > moment))
        return self.end() if first_after is None else int(first_after) - 1

    def entries(self, first: int, last: int) -> tuple[Entry, ...]:
        """Return the entries of the interval (first, last], in order."""
        rows = self._db.execute(
            select(entries)
            .where(entries.c.position > first, entries.c.position <= last)
            .order_by(entries.c.position)
        )
        return tuple(
            Entry(row.position, row.paper, row.kind, tuple(filter(None, row.what.split(","))), row.at)
            for row in rows
        )

    def newest(self, limit: int | None) -> tuple[tuple[Paper, datetime], ...]:
        """Return the newest papers and when each entered the log, newest first; `limit` None: all."""
        rows = self._db.execute(
            select(entries.c.paper, entries.c.at)
            .where(entries.c.kind == "new")
            .order_by(entries.c.position.desc())
            .limit(limit)
        ).all()
        found = self.papers(row.paper for row in rows)
        return tuple((found[row.paper], row.at) for row in rows)

    def updated_at(self, numbers: Iterable[int]) -> dict[int, datetime]:
        """Return, of those papers that were ever updated, when last."""
        return {
            row[0]: row[1]
            for chunk in chunks(set(numbers))
            for row in self._db.execute(
                select(entries.c.paper, func.max(entries.c.at, type_=entries.c.at.type))
                .where(entries.c.paper.in_(chunk), entries.c.kind == "updated")
                .group_by(entries.c.paper)
            )
        }

    def sources(self) -> frozenset[str]:
        """Return the names of the formats read so far."""
        return frozenset(self._db.scalars(select(files.c.source).distinct()))

    def filled_fields(self) -> frozenset[str]:
        """Return the searchable fields that any of the newest 2,000 papers fills, as queries name them."""
        filled: set[str] = set()
        for row in self._db.execute(select(papers).order_by(papers.c.number.desc()).limit(2000)):
            paper = _paper(row)
            filled |= {"title", "source"}
            filled |= {"abstract"} if paper.abstract else set()
            filled |= {"author"} if paper.authors else set()
            filled |= {"category"} if paper.categories else set()
            filled |= {"organization"} if paper.organization else set()
        return frozenset(filled)


def _paper(row: Row[Any]) -> Paper:
    record = decode(Listing, row.record)
    return Paper(
        number=row.number,
        uid=row.uid,
        title=record.title,
        abstract=record.abstract,
        first_seen=row.first_seen,
        authors=record.authors,
        author_count=record.author_count,
        published=record.published,
        comments=record.comments,
        upvotes=record.upvotes,
        organization=record.organization,
        categories=record.categories,
        arxiv=record.arxiv,
        doi=record.doi,
        version=record.version,
        url=record.url,
        code_url=record.code_url,
        withdrawn=record.withdrawn,
        snippet=record.snippet,
        sources=tuple(row.sources.split()),
    )
