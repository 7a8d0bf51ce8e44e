"""The library: papers, the records of their sources, and the log of entries."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, func, insert, or_, select, update

from digest.diff.changes import Change
from digest.diff.source_records import resolve
from digest.model import DigestFile, Entry, Listing, Paper, SourceBatch
from digest.rank.alike import dependants_of
from digest.store.codec import decode, encode
from digest.store.identities import Identities
from digest.store.pending_files import PendingFiles
from digest.store.schema import absorbed, decisions, entries, files, listings, papers, runs, witnesses
from digest.store.sql import chunks, inserted_key

# Executed for each paper of a file: built once, since SQLAlchemy builds slower than SQLite executes.
_ADD_SOURCE_RECORD = insert(witnesses)


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A digest file that was read in an earlier run. `listed` counts its listings."""

    id: int
    path: str
    source: str
    captured: date
    captured_guessed: bool
    listed: int


@dataclass(frozen=True, slots=True)
class Sighting:
    """A listing of a paper: its file and rank, and the rule and evidence that assigned it to `part`."""

    path: str
    source: str
    captured: date
    rank: int
    part: int
    rule: str | None
    evidence: str | None


@dataclass(frozen=True, slots=True)
class State:
    """How much of the library was read or decided: ids of the last file and of the last decision about papers."""

    file: int
    decision: int


class Library:
    """Digest files, papers by library number, and the log, in which positions count from 1."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection
        self._identities = Identities(connection)
        self._pending = PendingFiles(connection)

    def file(self, digest: str) -> KnownFile | None:
        """Return the file with this SHA-256 (hex), None if it was not read yet."""
        row = self._db.execute(select(files).where(files.c.digest == digest)).one_or_none()
        if row is None:
            return None
        captured = date.fromisoformat(row.captured)
        return KnownFile(row.id, row.path, row.source, captured, row.captured_guessed, row.listed)

    def listed_in(self, file: int) -> tuple[Paper, ...]:
        """Return the papers that a file lists, by rank, as the library knows them now."""
        numbers = self._db.scalars(
            select(listings.c.paper).where(listings.c.file == file).order_by(listings.c.rank)
        ).all()
        found = self.papers(numbers)
        return tuple(found[number] for number in numbers)

    def record(
        self, file: DigestFile, changes: Sequence[Change], *, run: int, at: datetime
    ) -> frozenset[int]:
        """Record a digest file and the changes that its listings make, in the same order.

        Returns the numbers of the known papers whose record changed or that other papers became a part of.
        """
        file_id = self._insert_file(file, run)
        numbers = [0] * len(changes)
        touched = set()
        # Of the listings of one paper, the first (`like`) is stored; the others take its number.
        for index in sorted(range(len(changes)), key=lambda index: (changes[index].like, index)):
            change = changes[index]
            numbers[index] = self._store(file, change, at) if change.source_record else numbers[change.like]
        for change in changes:
            if change.known and change.record and self._update_paper(file, change, at):
                touched.add(change.known.number)
        for change, number in zip(changes, numbers, strict=True):
            if change.doubt:
                self._identities.doubt(number, change.doubt, at=at)
        self._identities.learn(changes, numbers)
        if changes:  # SQLAlchemy would insert a row of defaults for an empty list
            self._insert_listings(file_id, changes, numbers)
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

    def _insert_listings(self, file_id: int, changes: Sequence[Change], numbers: Sequence[int]) -> None:
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
        """Store the source record of a paper or of a part of it. Returns its number."""
        number = change.part
        record = encode(change.source_record)
        known = change.known.parts.get(number, {}) if change.known and number else {}
        if number is None:
            number = self._identities.insert_paper(file, change, at)
            if change.known is None:
                self._page_unwritten(number)
            else:
                self._identities.join(number, change.known.number, change.why, kind="joined", at=at)
        if file.source not in known:
            self._db.execute(_ADD_SOURCE_RECORD, {"paper": number, "source": file.source, "word": record})
        elif known[file.source] != change.source_record:
            where = (witnesses.c.paper == number) & (witnesses.c.source == file.source)
            self._db.execute(update(witnesses).where(where).values(word=record))
        return number

    def _update_paper(self, file: DigestFile, change: Change, at: datetime) -> bool:
        """Update the record of a known paper.

        Returns whether the record or the parts of the paper changed.
        """
        known = change.known
        assert known is not None
        for each in change.merges:
            self._identities.join(each.absorbed, each.survivor, each.why, kind="merged", at=at)
            self._page_unwritten(each.absorbed)
            self.mark_alike(each.absorbed)
        changed = bool(change.merges) or change.record != known.record
        if changed or file.source not in known.by_source:
            sources = " ".join(sorted({*known.by_source, file.source}))
            record = {"record": encode(change.record), "sources": sources}
            self._db.execute(update(papers).where(papers.c.number == known.number).values(record))
            self._page_unwritten(known.number)
        if change.merges or getattr(change.record, "title", "") != getattr(known.record, "title", ""):
            self.mark_alike(known.number)
        return changed

    def mark_alike(self, number: int) -> None:
        """Mark the pages that may name a paper as like their own: its title, or what it is, has changed."""
        around = dependants_of(number)
        later = select(papers.c.number).where(papers.c.number.between(around.start, around.stop - 1))
        self._pending.mark_all("paper", map(str, self._db.scalars(later)))

    def _page_unwritten(self, number: int) -> None:
        self._pending.mark("paper", str(number))

    def batches(self, source: str, *, limit: int) -> tuple[SourceBatch, ...]:
        """Return the contents of the newest files of a source, newest first."""
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

    def papers(self, numbers: Iterable[int]) -> dict[int, Paper]:
        """Return papers by library number.

        The number of a part leads to the whole paper, with the number of the part.
        """
        return {
            row.number: _paper(row)
            for chunk in chunks(set(numbers))
            for row in self._db.execute(_PAPERS.where(papers.c.number.in_(chunk)))
        }

    def all_papers(self, *, since: datetime | None = None) -> Iterator[Paper]:
        """Yield all papers by number; with `since`, only those first seen since then."""
        chosen = _PAPERS.where(absorbed.c.root.is_(None)).order_by(papers.c.number)
        if since is not None:
            chosen = chosen.where(papers.c.first_seen >= since)
        for row in self._db.execute(chosen).yield_per(1000):
            yield _paper(row)

    def entries_of(self, paper: int) -> tuple[Entry, ...]:
        """Return the entries of the log for one paper and its parts, in order."""
        return self._entries(or_(entries.c.paper == paper, absorbed.c.root == paper))

    def files_with(self, paper: int) -> tuple[tuple[str, date], ...]:
        """Return path and day of capture of each file with a paper or a part of it, in the order of reading."""
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
        """Return the number of papers, without those that are parts of others."""
        parts = self._db.scalar(select(func.count()).select_from(absorbed)) or 0
        return int(self._db.scalar(select(func.count()).select_from(papers)) or 0) - parts

    def sightings(self, numbers: Iterable[int]) -> tuple[Sighting, ...]:
        """Return the listings under these numbers, in the order of reading."""
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
        """Merge the record of a paper again from its source records."""
        known = self._identities.papers([number])[number]
        values = {"record": encode(resolve(known.by_source)), "sources": " ".join(sorted(known.by_source))}
        self._db.execute(update(papers).where(papers.c.number == known.number).values(values))
        self._page_unwritten(known.number)

    def announce(self, number: int, members: Iterable[int], *, at: datetime) -> None:
        """Add a paper to the log as new, unless the log has one of its numbers as new.

        `members` are its numbers.
        """
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
        assert file is not None, "each number belongs to a listing"
        self._db.execute(
            insert(entries).values(paper=number, kind="new", what="", at=at, file=file.id, run=file.run)
        )

    def seen_within(self, span: timedelta) -> list[tuple[datetime, int]]:
        """Return the times at which papers and parts were first seen in the `span` before the newest, with their numbers.

        Before these is the time of the very first one, with the number 1, if it is earlier.
        """
        new = entries.c.kind == "new"
        first = self._db.scalar(select(entries.c.at).where(new).order_by(entries.c.at).limit(1))
        last = self._db.scalar(select(entries.c.at).where(new).order_by(entries.c.at.desc()).limit(1))
        if first is None or last is None:
            return []
        counts = select(entries.c.at, func.count()).where(new, entries.c.at >= last - span)
        found = [(row[0], row[1]) for row in self._db.execute(counts.group_by(entries.c.at))]
        return found if first >= last - span else [(first, 1), *found]

    def end(self) -> int:
        """Return the position of the last entry; 0 for an empty log."""
        return int(self._db.scalar(select(func.max(entries.c.position))) or 0)

    def position_at(self, moment: datetime) -> int:
        """Return the last position for which no entry up to it is later than `moment`.

        If the clock was put back this may be too early, but never too late: no entry after `moment` is lost.
        """
        first_after = self._db.scalar(select(func.min(entries.c.position)).where(entries.c.at > moment))
        return self.end() if first_after is None else int(first_after) - 1

    def entries(self, first: int, last: int) -> tuple[Entry, ...]:
        """Return the entries of the interval (first, last], in order, with the present numbers of papers."""
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
        """Return the newest papers and the time of their entries, newest first; `limit` None: all."""
        return self._first_seen(_NEW.limit(limit))

    def recent(self, span: timedelta, at_least: int) -> tuple[tuple[tuple[Paper, datetime], ...], int]:
        """Return the papers first seen in the `span` before the newest entry, but at least so many, as `newest` does.

        Also returns the highest number among the papers before these, or 0.
        """
        newest = self._db.execute(_NEW.limit(at_least)).all()
        if not newest:
            return (), 0
        begin = min(newest[-1].position, self._first_since(newest[0].at - span))
        older = select(func.max(entries.c.paper)).where(entries.c.kind == "new", entries.c.position < begin)
        return self._first_seen(_NEW.where(entries.c.position >= begin)), int(self._db.scalar(older) or 0)

    def _first_since(self, moment: datetime) -> int:
        first = select(func.min(entries.c.position)).where(entries.c.kind == "new", entries.c.at >= moment)
        return int(self._db.scalar(first) or 0)

    def numbered(self, numbers: range) -> tuple[tuple[Paper, datetime], ...]:
        """Return the papers with these numbers, as `newest` does."""
        return self._first_seen(_NEW.where(entries.c.paper.between(numbers[0], numbers[-1])))

    def last_number(self) -> int:
        """Return the highest number that a paper has; 0 without papers."""
        return int(self._db.scalar(select(func.max(papers.c.number))) or 0)

    def _first_seen(self, new: Select[Any]) -> tuple[tuple[Paper, datetime], ...]:
        rows = self._db.execute(new).all()
        found = self.papers(row.paper for row in rows)
        return tuple((found[row.paper], row.at) for row in rows)

    def updated_at(self, numbers: Iterable[int]) -> dict[int, datetime]:
        """Return the time of the last update of those of these papers that were ever updated."""
        return {
            row[0]: row[1]
            for chunk in chunks(set(numbers))
            for row in self._db.execute(
                select(entries.c.paper, func.max(entries.c.at, type_=entries.c.at.type))
                .where(entries.c.paper.in_(chunk), entries.c.kind == "updated")
                .group_by(entries.c.paper)
            )
        }

    def state(self) -> State:
        """Return a value that changes if a searchable text of a paper does."""
        file, decision = (
            self._db.scalar(select(func.max(column))) or 0 for column in (files.c.id, decisions.c.id)
        )
        return State(file, decision)

    def touched_since(self, state: State) -> frozenset[int]:
        """Return the numbers of all papers and parts whose texts may have changed since a state."""
        listed = select(listings.c.paper).where(listings.c.file > state.file)
        decided = select(decisions.c.paper, decisions.c.part).where(decisions.c.id > state.decision)
        pairs = self._db.execute(decided).all()
        return frozenset(self._db.scalars(listed)).union(*(tuple(pair) for pair in pairs))

    def sources(self) -> frozenset[str]:
        """Return the names of the formats that were read so far."""
        return frozenset(self._db.scalars(select(files.c.source).distinct()))

    def filled_fields(self) -> frozenset[str]:
        """Return the fields, as queries name them, that at least one of the newest 2,000 papers has."""
        found: set[str] = set()
        for row in self._db.execute(_PAPERS.order_by(papers.c.number.desc()).limit(2000)):
            paper = _paper(row)
            found |= {"title", "source"}
            found |= {"abstract"} if paper.abstract else set()
            found |= {"author"} if paper.authors else set()
            found |= {"category"} if paper.categories else set()
            found |= {"organization"} if paper.organization else set()
        return frozenset(found)


def _newest(found: Iterable[Listing]) -> str | None:
    """Return the latest date of publication, in ISO format."""
    return max((each.published.isoformat() for each in found if each.published), default=None)


# The entries of papers that are not part of others, newest first.
_NEW = (
    select(entries.c.paper, entries.c.at, entries.c.position)
    .outerjoin(absorbed, absorbed.c.paper == entries.c.paper)
    .where(entries.c.kind == "new", absorbed.c.root.is_(None))
    .order_by(entries.c.position.desc())
)
_whole = papers.alias("whole")
# Each number with the record of its paper, or of the paper that it is part of.
_PAPERS = (
    select(papers.c.number, papers.c.uid, _whole.c.first_seen, _whole.c.sources, _whole.c.record)
    .select_from(papers)
    .outerjoin(absorbed, absorbed.c.paper == papers.c.number)
    .join(_whole, _whole.c.number == func.coalesce(absorbed.c.root, papers.c.number))
)


def _paper(row: Row[*tuple[Any, ...]]) -> Paper:
    record = decode(Listing, row.record)
    return Paper.from_record(
        record,
        number=row.number,
        uid=row.uid,
        first_seen=row.first_seen,
        sources=tuple(row.sources.split()),
    )
