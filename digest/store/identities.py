"""Identity keys of papers, papers that are one, and the decisions about them.

A paper that turns out to be another one keeps its number, its source records and its keys; it is marked as a
part of the other. So everything that was joined can be split again, and every number remains valid.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, insert, or_, select, update

from digest.diff.changes import Change, KeyHit, Known, PossibleDuplicate
from digest.diff.source_records import SourceRecord, group_by_source, resolve
from digest.identity import Traces, Verdict, feed_uid, sketches_near, traces
from digest.model import DigestFile, Listing
from digest.store.codec import decode, encode
from digest.store.schema import absorbed, aliases, apart, decisions, papers, witnesses
from digest.store.schema import traces as trace_rows
from digest.store.sql import chunks, inserted_key

# A key or a trace that more papers share is not selective, and the index stays bounded.
_MOST_SHARING = 64
_MOST_CANDIDATES = 8

# Executed for each new paper: built once, since SQLAlchemy builds slower than SQLite executes.
_ADD_PAPER = insert(papers)
_BY_UID = select(papers.c.number).where(papers.c.uid == bindparam("uid"))


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision about two papers; `part` is the later number.

    `kind` is `joined` (a new listing) or `merged` (two known papers) if they are one, `split` if one was
    split in two, `doubt` if they may be one.
    """

    id: int
    at: datetime
    kind: str
    paper: int
    part: int
    rule: str
    evidence: str


class Identities:
    """Papers by number, with their keys, parts and decisions."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def known(self, keys: Iterable[str]) -> dict[str, tuple[KeyHit, ...]]:
        """Return the papers with these identity keys, by key, lowest number first."""
        parts: dict[str, list[int]] = {}
        for chunk in chunks(keys):
            rows = self._db.execute(select(aliases.c.key, aliases.c.paper).where(aliases.c.key.in_(chunk)))
            for key, number in rows.all():
                parts.setdefault(key, []).append(number)
        found = self.papers(number for numbers in parts.values() for number in numbers)
        return {
            key: tuple(KeyHit(number, found[number]) for number in sorted(numbers))
            for key, numbers in parts.items()
        }

    def near(self, listings: Sequence[Listing]) -> dict[int, tuple[Known, ...]]:
        """Return known papers whose title or beginning of the abstract resembles a listing's, by rank."""
        asked = {listing.rank: traces(listing.title, listing.abstract) for listing in listings}
        rows: dict[int, list[tuple[int, int]]] = {}
        for chunk in chunks(one for trace in asked.values() for one in trace.asked):
            found = self._db.execute(select(trace_rows).where(trace_rows.c.hash.in_(chunk)))
            for one, number, sketch in found:
                rows.setdefault(one, []).append((number, sketch))
        likely = {rank: _likely(trace, rows) for rank, trace in asked.items()}
        by_number = self.papers(number for numbers in likely.values() for number in numbers)
        return {
            rank: tuple({by_number[number].number: by_number[number] for number in numbers}.values())
            for rank, numbers in likely.items()
            if numbers
        }

    def papers(self, numbers: Iterable[int]) -> dict[int, Known]:
        """Return the papers with these numbers, with all parts; a part's number leads to the whole paper."""
        numbers = list(dict.fromkeys(numbers))
        roots = self.roots(numbers)
        trees = self._trees(set(roots.values()))
        found: dict[int, Known] = {}
        columns = select(papers.c.number, papers.c.first_seen, papers.c.record)
        for chunk in chunks(trees):
            members = [member for root in chunk for member in trees[root]]
            records = self._source_records(members)
            split = self._split_from(members)
            for number, first_seen, record in self._db.execute(
                columns.where(papers.c.number.in_(chunk))
            ).all():
                parts = {member: records.get(member, {}) for member in trees[number]}
                apart = [split[member] for member in parts if member in split]
                found[number] = Known(
                    number,
                    first_seen,
                    decode(Listing, record),
                    group_by_source(parts.values()),
                    parts,
                    frozenset().union(*apart),
                )
        return {number: found[root] for number, root in roots.items() if root in found}

    def roots(self, numbers: Iterable[int]) -> dict[int, int]:
        """Return for each number the number of the paper that it is part of now, or itself."""
        roots = {number: number for number in numbers}
        for chunk in chunks(roots):
            rows = self._db.execute(
                select(absorbed.c.paper, absorbed.c.root).where(absorbed.c.paper.in_(chunk))
            )
            roots.update((number, root) for number, root in rows)
        return roots

    def _trees(self, roots: Iterable[int]) -> dict[int, list[int]]:
        """Return for each paper its own number and those of its parts, in order."""
        trees = {root: [root] for root in sorted(roots)}
        for chunk in chunks(trees):
            rows = self._db.execute(
                select(absorbed.c.root, absorbed.c.paper)
                .where(absorbed.c.root.in_(chunk))
                .order_by(absorbed.c.paper)
            )
            for root, number in rows:
                trees[root].append(number)
        return trees

    def _source_records(self, members: Iterable[int]) -> dict[int, dict[str, SourceRecord]]:
        """Return the source records under each number, by source."""
        found: dict[int, dict[str, SourceRecord]] = {}
        columns = select(witnesses.c.paper, witnesses.c.source, witnesses.c.word)
        for chunk in chunks(members):
            for number, source, record in self._db.execute(columns.where(witnesses.c.paper.in_(chunk))).all():
                found.setdefault(number, {})[source] = decode(SourceRecord, record)
        return found

    def _split_from(self, members: Iterable[int]) -> dict[int, frozenset[int]]:
        """Return for each number, if any, the numbers that it was split from."""
        split: dict[int, set[int]] = {}
        if self._db.execute(select(apart.c.one).limit(1)).first() is None:  # almost always
            return {}
        for chunk in chunks(members):
            rows = self._db.execute(
                select(apart).where(or_(apart.c.one.in_(chunk), apart.c.other.in_(chunk)))
            )
            for one, other in rows:
                split.setdefault(one, set()).add(other)
                split.setdefault(other, set()).add(one)
        return {number: frozenset(others) for number, others in split.items()}

    def insert_paper(self, file: DigestFile, change: Change, at: datetime) -> int:
        """Store a new paper, or a new part of a known one. Returns its number."""
        assert change.source_record is not None
        record = resolve({file.source: change.source_record})
        result = self._db.execute(
            _ADD_PAPER,
            {
                "uid": self._free_uid(change.keys[0]),
                "first_seen": at,
                "sources": file.source,
                "record": encode(change.record if change.known is None else record),
            },
        )
        return inserted_key(result)

    def _free_uid(self, key: str) -> str:
        """Return the feed id of a key, or an unused one if a paper with the same title has that id."""
        uid, count = feed_uid(key), 1
        while self._db.execute(_BY_UID, {"uid": uid}).first():
            count += 1
            uid = feed_uid(f"{key}#{count}")
        return uid

    def learn(self, changes: Sequence[Change], numbers: Sequence[int]) -> None:
        """Store the keys of listings and the traces of their titles; `numbers` are those of their papers."""
        wanted: dict[tuple[str, int], Listing] = {}
        for change, number in zip(changes, numbers, strict=True):
            for key in change.keys:
                wanted.setdefault((key, number), change.listing)
        new = self.keep_keys(wanted)
        self.keep_traces((number, one) for (key, number), one in new.items() if key.startswith("title:"))

    def keep_keys(self, wanted: Mapping[tuple[str, int], Listing]) -> dict[tuple[str, int], Listing]:
        """Store keys of papers, unless others have them; return those that were not stored before."""
        holders: dict[str, set[int]] = {}
        for chunk in chunks(key for key, _ in wanted):
            for key, number in self._db.execute(select(aliases).where(aliases.c.key.in_(chunk))):
                holders.setdefault(key, set()).add(number)
        new: dict[tuple[str, int], Listing] = {}
        for (key, number), listing in wanted.items():
            held = holders.setdefault(key, set())
            most = (
                _MOST_SHARING if key.startswith(("title:", "doi:")) else 1
            )  # chapters may have the DOI of a book
            if number not in held and len(held) < most:
                held.add(number)
                new[key, number] = listing
        if new:
            self._db.execute(insert(aliases), [{"key": key, "paper": number} for key, number in new])
        return new

    def keep_traces(self, listed: Iterable[tuple[int, Listing]]) -> None:
        """Store the traces of listings, each with the number of its paper."""
        found = [(number, traces(listing.title, listing.abstract)) for number, listing in listed]
        sharing: dict[int, set[int]] = {}
        for chunk in chunks(one for _, trace in found for one in trace.stored):
            known = select(trace_rows.c.hash, trace_rows.c.paper).where(trace_rows.c.hash.in_(chunk))
            for one, number in self._db.execute(known):
                sharing.setdefault(one, set()).add(number)
        rows = []
        for number, trace in found:
            for one in dict.fromkeys(trace.stored):
                holders = sharing.setdefault(one, set())
                if number not in holders and len(holders) < _MOST_SHARING:
                    holders.add(number)
                    rows.append({"hash": one, "paper": number, "sketch": trace.sketch})
        if rows:
            self._db.execute(insert(trace_rows), rows)

    def join(self, part: int, paper: int, why: Verdict, *, kind: str, at: datetime) -> None:
        """Make `part` and all its parts a part of `paper`, and record the decision."""
        root = self.roots([paper])[paper]
        self._db.execute(update(absorbed).where(absorbed.c.root == part).values(root=root))
        self._db.execute(insert(absorbed).values(paper=part, parent=root, root=root))
        self._record(kind, root, part, why, at)

    def split(self, part: int, *, at: datetime) -> int:
        """Split a part, with everything that was joined to it, from its paper.

        Returns the number of that paper.

        The two are joined again only by hand.
        """
        row = self._db.execute(select(absorbed).where(absorbed.c.paper == part)).one()
        moved = self._below(part)
        others = [number for number in self._trees([row.root])[row.root] if number not in moved]
        self._db.execute(delete(absorbed).where(absorbed.c.paper == part))
        for chunk in chunks(moved - {part}):
            self._db.execute(update(absorbed).where(absorbed.c.paper.in_(chunk)).values(root=part))
        pairs = [{"one": min(a, b), "other": max(a, b)} for a in moved for b in others]
        self._db.execute(insert(apart), pairs)
        why = Verdict(False, "by hand", "")
        self._record("split", row.root, part, why, at)
        return int(row.root)

    def reunite(self, one: Known, other: Known) -> None:
        """Delete the splits between two papers."""
        for member in one.numbers:
            for chunk in chunks(other.numbers):
                pair = or_(
                    (apart.c.one == member) & apart.c.other.in_(chunk),
                    (apart.c.other == member) & apart.c.one.in_(chunk),
                )
                self._db.execute(delete(apart).where(pair))

    def _below(self, part: int) -> set[int]:
        """Return the number of a part and of everything that was joined to it, directly or indirectly."""
        found, waiting = {part}, [part]
        while waiting:
            rows = self._db.scalars(select(absorbed.c.paper).where(absorbed.c.parent == waiting.pop())).all()
            waiting += [number for number in rows if number not in found]
            found.update(rows)
        return found

    def titles(self, numbers: Iterable[int]) -> dict[int, str]:
        """Return the title under each number, from its own listings."""
        found: dict[int, str] = {}
        for chunk in chunks(numbers):
            records = self._source_records(chunk)
            found.update((number, resolve(by_source).title) for number, by_source in records.items())
        return found

    def parts_of(self, number: int) -> tuple[int, ...]:
        """Return the numbers that were joined directly to this one, in order."""
        chosen = select(absorbed.c.paper).where(absorbed.c.parent == number).order_by(absorbed.c.paper)
        return tuple(self._db.scalars(chosen))

    def is_part(self, number: int) -> bool:
        """Return whether a number is a part of another paper."""
        return self.roots([number])[number] != number

    def _record(self, kind: str, paper: int, part: int, why: Verdict, at: datetime) -> None:
        self._db.execute(
            insert(decisions).values(
                at=at, kind=kind, paper=paper, part=part, rule=why.rule, evidence=why.evidence
            )
        )

    def doubt(self, part: int, doubt: PossibleDuplicate, *, at: datetime) -> None:
        """Record that a new paper may be a known one."""
        self._record("doubt", doubt.paper, part, doubt.why, at)

    def decisions(self, *, numbers: Iterable[int] | None = None, limit: int | None = None) -> list[Decision]:
        """Return the decisions without doubts, newest first; with `numbers`, only those about them."""
        chosen = select(decisions).where(decisions.c.kind != "doubt")
        chosen = chosen.order_by(decisions.c.id.desc()).limit(limit)
        if numbers is not None:
            wanted = list(numbers)
            chosen = chosen.where(or_(decisions.c.paper.in_(wanted), decisions.c.part.in_(wanted)))
        return [Decision(*row) for row in self._db.execute(chosen)]

    def doubts(self, *, limit: int | None = None) -> list[Decision]:
        """Return the doubts about papers that have been neither joined nor split since, newest first."""
        chosen = select(decisions).where(decisions.c.kind == "doubt").order_by(decisions.c.id.desc())
        found = []
        for row in self._db.execute(chosen):
            roots = self.roots([row.paper, row.part])
            if roots[row.paper] != roots[row.part] and row.part not in self._split_from([row.paper]).get(
                row.paper, frozenset()
            ):
                found.append(Decision(*row))
            if len(found) == limit:
                break
        return found


def _likely(trace: Traces, rows: Mapping[int, Sequence[tuple[int, int]]]) -> tuple[int, ...]:
    """Return the numbers with a common trace and a similar sketch, the most similar first."""
    found: dict[int, int] = {}
    opening = {*trace.asked} & {*trace.stored[-1:]} if len(trace.stored) % 2 else set()
    for one in trace.asked:
        for number, sketch in rows.get(one, ()):
            if one in opening or sketches_near(sketch, trace.sketch):
                found[number] = (sketch ^ trace.sketch).bit_count()
    best = sorted(found, key=lambda number: (found[number], number))
    return tuple(best[:_MOST_CANDIDATES])
