"""The library: papers, what each source says of them, and the log of entries."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, insert, or_, select, update

from digest.diff.changes import Change
from digest.diff.source_records import merge
from digest.model import DigestFile, Entry, Listing, Paper, SourceBatch
from digest.store.codec import decode, encode
from digest.store.identities import Identities
from digest.store.pending_files import PendingFiles
from digest.store.schema import absorbed, entries, files, listings, papers, runs, witnesses
from digest.store.sql import chunks, inserted_key

# Executed for each paper of a file: built once, since SQLAlchemy builds slower than SQLite executes.
_ADD_WITNESS = insert(witnesses)


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
class Sighting:
    """A listing of a paper: in which file it stood, where, and how it found the paper."""

    path: str
    source: str
    captured: date
    rank: int
    part: int
    rule: str | None
    evidence: str | None


class Library:
    def __init__(self, connection: Connection) -> None:
        self._db = connection
        self._identities = Identities(connection)
        self._pending = PendingFiles(connection)

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

        Returns the known papers whose record changed, or which others were joined to.
        """
        file_id = self._insert_file(file, run)
        numbers = [0] * len(changes)
        touched = set()
        for place in sorted(range(len(changes)), key=lambda place: (changes[place].like, place)):
            change = changes[place]
            numbers[place] = self._store(file, change, at) if change.witness else numbers[change.like]
        for change in changes:
            if change.known and change.record and self._update_paper(file, change, at):
                touched.add(change.known.number)
        for change, number in zip(changes, numbers, strict=True):
            if change.doubt:
                self._identities.doubt(number, change.doubt, at=at)
        self._identities.learn(changes, numbers)
        self._list(file_id, changes, numbers)
        log = [
            {
                "paper": change.known.number if change.known else number,
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
        return frozenset(touched)

    def _list(self, file_id: int, changes: Sequence[Change], numbers: Sequence[int]) -> None:
        self._db.execute(
            insert(listings),
            [
                {
                    "file": file_id,
                    "rank": change.listing.rank,
                    "paper": number,
                    "comments": change.listing.comments,
                    "upvotes": change.listing.upvotes,
                    "rule": change.why.rule,
                    "evidence": change.why.evidence if change.known else None,
                }
                for change, number in zip(changes, numbers, strict=True)
            ],
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
                newest=_newest(file.listings),
            )
        )
        return inserted_key(result)

    def _store(self, file: DigestFile, change: Change, at: datetime) -> int:
        """Store what a file says of a paper, or of a part of it; return its number."""
        number = change.part
        word = encode(change.witness)
        known = change.known.parts.get(number, {}) if change.known and number else {}
        if number is None:
            number = self._identities.insert_paper(file, change, at)
            if change.known is None:
                self._page_unwritten(number)
            else:
                self._identities.join(number, change.known.number, change.why, kind="joined", at=at)
        if file.source not in known:
            self._db.execute(_ADD_WITNESS, {"paper": number, "source": file.source, "word": word})
        elif known[file.source] != change.witness:
            where = (witnesses.c.paper == number) & (witnesses.c.source == file.source)
            self._db.execute(update(witnesses).where(where).values(word=word))
        return number

    def _update_paper(self, file: DigestFile, change: Change, at: datetime) -> bool:
        """Bring the record of a known paper up to date; tell whether it, or what it is made of, changed."""
        known = change.known
        assert known is not None
        for each in change.merges:
            self._identities.join(each.absorbed, each.survivor, each.why, kind="merged", at=at)
            self._page_unwritten(each.absorbed)
        changed = bool(change.merges) or change.record != known.record
        if changed or file.source not in known.witnesses:
            sources = " ".join(sorted({*known.witnesses, file.source}))
            record = {"record": encode(change.record), "sources": sources}
            self._db.execute(update(papers).where(papers.c.number == known.number).values(record))
            self._page_unwritten(known.number)
        return changed

    def _page_unwritten(self, number: int) -> None:
        self._pending.mark("paper", str(number))

    def batches(self, source: str, *, limit: int) -> tuple[SourceBatch, ...]:
        """Return what the newest files of a source brought, the newest first."""
        rows = self._db.execute(
            select(files, runs.c.clock)
            .join(runs, runs.c.id == files.c.run)
            .where(files.c.source == source)
            .order_by(files.c.captured.desc(), files.c.id.desc())
            .limit(limit)
        ).all()
        listed: dict[int, set[int]] = {row.id: set() for row in rows}
        for file, paper in self._db.execute(
            select(listings.c.file, listings.c.paper).where(listings.c.file.in_(listed))
        ):
            listed[file].add(paper)
        return tuple(
            SourceBatch(
                path=row.path,
                source=row.source,
                captured=date.fromisoformat(row.captured),
                papers=frozenset(listed[row.id]),
                newest=None if row.newest is None else date.fromisoformat(row.newest),
                read=row.clock.date(),
            )
            for row in rows
        )

    # --- papers

    def papers(self, numbers: Iterable[int]) -> dict[int, Paper]:
        """Return papers by library number. A part of a paper is that paper, under its own number."""
        return {
            row.number: _paper(row)
            for chunk in chunks(set(numbers))
            for row in self._db.execute(_PAPERS.where(papers.c.number.in_(chunk)))
        }

    def all_papers(self, *, since: datetime | None = None) -> Iterator[Paper]:
        """Yield every paper in order; with `since`, those first seen from then on."""
        chosen = _PAPERS.where(absorbed.c.root.is_(None)).order_by(papers.c.number)
        if since is not None:
            chosen = chosen.where(papers.c.first_seen >= since)
        for row in self._db.execute(chosen).yield_per(1000):
            yield _paper(row)

    def entries_of(self, paper: int) -> tuple[Entry, ...]:
        """Return the lines of the log about one paper and its parts, in order."""
        return self._entries(or_(entries.c.paper == paper, absorbed.c.root == paper))

    def files_with(self, paper: int) -> tuple[tuple[str, date], ...]:
        """Return path and date of capture of every file that lists a paper or a part of it, as they were read."""
        parts = select(absorbed.c.paper).where(absorbed.c.root == paper)
        rows = self._db.execute(
            select(files.c.path, files.c.captured)
            .join(listings, listings.c.file == files.c.id)
            .where(or_(listings.c.paper == paper, listings.c.paper.in_(parts)))
            .order_by(files.c.id)
            .distinct()
        )
        return tuple((row.path, date.fromisoformat(row.captured)) for row in rows)

    def count(self) -> int:
        parts = self._db.scalar(select(func.count()).select_from(absorbed)) or 0
        return int(self._db.scalar(select(func.count()).select_from(papers)) or 0) - parts

    def sightings(self, numbers: Iterable[int]) -> tuple[Sighting, ...]:
        """Return the listings under these numbers, in the order in which they were read."""
        found = [
            Sighting(
                row.path,
                row.source,
                date.fromisoformat(row.captured),
                row.rank,
                row.paper,
                row.rule,
                row.evidence,
            )
            for chunk in chunks(numbers)
            for row in self._db.execute(
                select(listings, files.c.path, files.c.source, files.c.captured)
                .join(files, files.c.id == listings.c.file)
                .where(listings.c.paper.in_(chunk))
                .order_by(files.c.id, listings.c.rank)
            )
        ]
        return tuple(found)

    def refresh(self, number: int) -> None:
        """Make the record of a paper again from what its sources say."""
        known = self._identities.papers([number])[number]
        values = {"record": encode(merge(known.witnesses)), "sources": " ".join(sorted(known.witnesses))}
        self._db.execute(update(papers).where(papers.c.number == known.number).values(values))
        self._page_unwritten(known.number)

    def announce(self, number: int, members: Iterable[int], *, at: datetime) -> None:
        """Enter a paper into the log as new, unless one of its numbers once was."""
        members = list(members)
        known = select(entries.c.position).where(entries.c.paper.in_(members), entries.c.kind == "new")
        if self._db.execute(known).first():
            return
        file = self._db.execute(
            select(files.c.id, files.c.run)
            .join(listings, listings.c.file == files.c.id)
            .where(listings.c.paper.in_(members))
            .order_by(files.c.id)
        ).first()
        assert file is not None, "a number is given to a listing"
        self._db.execute(
            insert(entries).values(paper=number, kind="new", what="", at=at, file=file.id, run=file.run)
        )

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
        """Return the entries of the interval (first, last], in order, under the papers of today."""
        return self._entries(entries.c.position > first, entries.c.position <= last)

    def _entries(self, *conditions: ColumnElement[bool]) -> tuple[Entry, ...]:
        rows = self._db.execute(
            select(entries, func.coalesce(absorbed.c.root, entries.c.paper).label("whole"))
            .outerjoin(absorbed, absorbed.c.paper == entries.c.paper)
            .where(*conditions)
            .order_by(entries.c.position)
        )
        return tuple(
            Entry(row.position, row.whole, row.kind, tuple(filter(None, row.what.split(","))), row.at)
            for row in rows
        )

    def newest(self, limit: int | None) -> tuple[tuple[Paper, datetime], ...]:
        """Return the newest papers and when each entered the log, newest first; `limit` None: all."""
        rows = self._db.execute(
            select(entries.c.paper, entries.c.at)
            .outerjoin(absorbed, absorbed.c.paper == entries.c.paper)
            .where(entries.c.kind == "new", absorbed.c.root.is_(None))
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
        for row in self._db.execute(_PAPERS.order_by(papers.c.number.desc()).limit(2000)):
            paper = _paper(row)
            filled |= {"title", "source"}
            filled |= {"abstract"} if paper.abstract else set()
            filled |= {"author"} if paper.authors else set()
            filled |= {"category"} if paper.categories else set()
            filled |= {"organization"} if paper.organization else set()
        return frozenset(filled)


def _newest(found: Iterable[Listing]) -> str | None:
    """Return the latest date of publication, as ISO text."""
    return max((each.published.isoformat() for each in found if each.published), default=None)


_whole = papers.alias("whole")
# A number with what is known of the paper that it is, or is part of.
_PAPERS = (
    select(papers.c.number, papers.c.uid, _whole.c.first_seen, _whole.c.sources, _whole.c.record)
    .select_from(papers)
    .outerjoin(absorbed, absorbed.c.paper == papers.c.number)
    .join(_whole, _whole.c.number == func.coalesce(absorbed.c.root, papers.c.number))
)


def _paper(row: Row[*tuple[Any, ...]]) -> Paper:
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
        venue=record.venue,
        categories=record.categories,
        arxiv=record.arxiv,
        doi=record.doi,
        version=record.version,
        url=record.url,
        code_url=record.code_url,
        withdrawn=record.withdrawn,
        snippet=record.snippet,
        sources=tuple(row.sources.split()),
        keywords=record.keywords,
        project_url=record.project_url,
        announced=record.announced,
    )
