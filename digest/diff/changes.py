"""Listings × known papers → changes. Pure.

Each listing is assigned to its paper, by an id or an equal title, else by a near title that something else
confirms. Then the records of the paper's sources are resolved, which shows what is new, revised or learnt.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import reduce
from typing import Any, Final, Literal

from digest.diff.source_records import (
    Recency,
    SourceRecord,
    from_listing,
    group_by_source,
    merge_same_source,
    resolve,
)
from digest.identity import (
    Verdict,
    by_key,
    compare,
    compare_ids,
    compare_namesakes,
    fold_text,
    identified,
    keys_of,
    may_be_one,
)
from digest.model import DigestFile, Listing

Status = Literal["new", "updated", "seen"]
EntryKind = Literal["new", "updated", "learnt"]

SEARCHABLE: Final = ("abstract", "authors", "categories", "organization")
_TEXTS: Final = ("title", "abstract")  # whose changes are revisions
_NEW = Verdict(False, "new", "nothing like it was known")


@dataclass(frozen=True, slots=True)
class Known:
    """A paper of the library: its number, its record, and the records of its sources.

    `parts` are the records by the number under which they were stored: the paper's own and those of the papers
    merged into it. `apart` are the numbers that a user has split from it.
    """

    number: int
    first_seen: datetime
    record: Listing
    by_source: Mapping[str, SourceRecord]
    parts: Mapping[int, Mapping[str, SourceRecord]] = field(default_factory=dict)
    apart: frozenset[int] = frozenset()

    @property
    def numbers(self) -> frozenset[int]:
        """The number of the paper and those of the papers merged into it."""
        return frozenset(self.parts) | {self.number}


@dataclass(frozen=True, slots=True)
class KeyHit:
    """A known paper with a key, and the number of its part that has the key."""

    part: int
    paper: Known


@dataclass(frozen=True, slots=True)
class Merge:
    """Two known papers are one: `absorbed` is merged into `survivor`, which has the lower number."""

    survivor: int
    absorbed: int
    why: Verdict


@dataclass(frozen=True, slots=True)
class PossibleDuplicate:
    """A known paper that a new one may be, without enough evidence."""

    paper: int
    why: Verdict


@dataclass(frozen=True, slots=True)
class Change:
    """What one listing changes in the library.

    * `status` is shown to the user; `entry` is the kind of the log entry, if any (`learnt` counts as seen);
      `what` are the fields revised or learnt.
    * `why` is the rule and the evidence by which the listing was assigned to its paper.
    * `known` is that paper before the change (None: it is new); `part` is the number of its part to which the
      listing belongs (None: a new part).
    * `like` is the place in the file of the first listing of the same part. Only that listing's change has the
      `source_record` to store. Only the change of the paper's first listing has the `record` of the paper, the
      `merges` of known papers, and, for a new paper, the `doubt` whether it is one.
    """

    listing: Listing
    keys: tuple[str, ...]
    status: Status
    why: Verdict
    like: int
    entry: EntryKind | None = None
    what: tuple[str, ...] = ()
    known: Known | None = None
    part: int | None = None
    source_record: SourceRecord | None = None
    record: Listing | None = None
    merges: tuple[Merge, ...] = ()
    doubt: PossibleDuplicate | None = None


def diff(
    file: DigestFile,
    known: Mapping[str, Sequence[KeyHit]],
    near: Mapping[int, Sequence[Known]] | None = None,
    keys: Mapping[int, tuple[str, ...]] | None = None,
) -> tuple[Change, ...]:
    """Return a change per listing of `file`, in its order.

    `known` maps identity keys to the papers that have them; `near` maps ranks of listings to known papers with
    a similar title, the most similar first; `keys` are the keys of the listings by rank (None: computed here).
    """
    grouper = _Grouper(known)
    for place, listing in enumerate(file.listings):
        grouper.add(place, identified(listing), keys[listing.rank] if keys else keys_of(listing))
    grouper.join_near(near or {})
    changes = dict(change for group in grouper.groups for change in _changes(group, file))
    return tuple(changes[place] for place in range(len(file.listings)))


@dataclass(slots=True)
class _Member:
    """A listing of the file, its place there, and why it is in its group."""

    place: int
    listing: Listing
    keys: tuple[str, ...]
    why: Verdict
    part: int | None
    doubt: PossibleDuplicate | None = None


class _Group:
    """The listings of a file that are one paper, with the known papers that are the same."""

    def __init__(self, paper: Known | None = None) -> None:
        self.members: list[_Member] = []
        self.papers: dict[int, Known] = {paper.number: paper} if paper else {}
        self.reasons: dict[int, Verdict] = {}  # why a further known paper is the same

    def listings(self) -> Iterator[Listing]:
        yield from (member.listing for member in self.members)
        yield from (paper.record for paper in self.papers.values())

    def admits(self, listing: Listing) -> bool:
        """Return whether the arXiv id of a listing contradicts no other of the group."""
        return not any(_clash(listing, other) for other in self.listings())

    def may_absorb(self, other: "_Group", why: Verdict) -> bool:
        """Return whether two groups that share a listing may be one paper.

        They may not if a user has split them, if arXiv ids differ, or if they share only a title and the
        comparison of namesakes fails.
        """
        if any(
            one.apart & another.numbers for one in self.papers.values() for another in other.papers.values()
        ):
            return False
        if not all(self.admits(listing) for listing in other.listings()):
            return False
        return why.rule != "same title" or all(
            compare_namesakes(one, another).same for one in self.listings() for another in other.listings()
        )

    def absorb(self, other: "_Group", why: Verdict) -> None:
        """Add the listings and papers of another group."""
        self.members += other.members
        self.reasons.update(other.reasons)
        self.reasons.update(dict.fromkeys(other.papers, why))
        self.papers.update(other.papers)


def _clash(one: Listing, other: Listing) -> bool:
    verdict = compare_ids(one, other)
    return verdict is not None and verdict.clash and verdict.rule == "arxiv id"


class _Grouper:
    """Groups the listings of a file by paper.

    Ids and equal titles give the same papers in any order of files. A near title can only join a new listing to
    a known paper.
    """

    def __init__(self, known: Mapping[str, Sequence[KeyHit]]) -> None:
        self.known = known
        self.groups: dict[_Group, None] = {}  # in the order in which they were begun
        self.by_key: dict[str, list[_Member]] = {}
        self.by_place: dict[int, _Group] = {}
        self.by_number: dict[int, _Group] = {}

    def add(self, place: int, listing: Listing, keys: tuple[str, ...]) -> None:
        """Put a listing into the group of its paper; groups that it shows to be one paper become one."""
        own: _Group | None = None
        member = _Member(place, listing, keys, _NEW, None)
        for group, why, part in self._candidates(listing, keys):
            if own is None:
                if why.rule == "arxiv id" or group.admits(listing):
                    own, member.why, member.part = group, why, part
            elif group is not own and own.may_absorb(group, why):
                own.absorb(group, why)
                self._replace(group, own)
        own = own or _Group()
        own.members.append(member)
        self._replace(own, own)
        for key in keys:
            self.by_key.setdefault(key, []).append(member)

    def _candidates(
        self, listing: Listing, keys: tuple[str, ...]
    ) -> Iterator[tuple[_Group, Verdict, int | None]]:
        """Yield the groups that share a key with a listing, by strength of the key; known papers first."""
        has_new_id = any(not key.startswith("title:") and key not in self.known for key in keys)
        for key in keys:
            for hit in self.known.get(key, ()):
                why = by_key(key, listing, hit.paper.record)
                if why.same:
                    group = self.by_number.get(hit.paper.number) or _Group(hit.paper)
                    # A listing with a new id that is joined only by its title stays a part of its own, so that a
                    # user can split it off again.
                    yield group, why, None if has_new_id and key.startswith("title:") else hit.part
            for other in self.by_key.get(key, ()):
                why = by_key(key, listing, other.listing)
                if why.same:
                    yield self.by_place[other.place], why, other.part

    def _replace(self, old: _Group, new: _Group) -> None:
        """Register a group in place of another (or of itself, once it has changed)."""
        if old is not new:
            self.groups.pop(old, None)
        self.groups.setdefault(new)
        self.by_place.update([(member.place, new) for member in new.members])
        self.by_number.update([(number, new) for number in new.papers])

    def join_near(self, ranked: Mapping[int, Sequence[Known]]) -> None:
        """Join new papers to known ones whose title is near and which something else confirms.

        A known paper that has a listing of its own in the file is a different one, as a source lists each
        paper once.
        """
        for group in self.groups:
            for member in () if group.papers else tuple(group.members):
                hits = [hit.paper for key in member.keys for hit in self.known.get(key, ())]
                near = ranked.get(member.listing.rank, ())
                for paper in (*hits, *near):
                    if paper.number in self.by_number or group.papers:
                        continue
                    why = compare(member.listing, paper.record)
                    if may_be_one(member.listing, paper.record, why):
                        member.doubt = member.doubt or PossibleDuplicate(paper.number, why)
                    if why.same and paper in near:
                        group.papers[paper.number] = paper
                        self.by_number[paper.number] = group
                        for each in group.members:
                            each.why = why if each.why is _NEW else each.why


def _changes(group: _Group, file: DigestFile) -> Iterator[tuple[int, Change]]:
    """Yield (place, change) for each member of a group, in the order of the file."""
    members = sorted(group.members, key=lambda member: member.place)
    first = members[0].place
    known, merges = _one_known(group)
    listed: dict[int | None, SourceRecord] = {}
    for member in members:
        stamp = Recency(member.listing.version or 0, file.captured, file.modified, file.reader)
        of_listing = from_listing(member.listing, stamp)
        before = listed.get(member.part)
        listed[member.part] = merge_same_source(before, of_listing) if before else of_listing
    stored = {
        part: _with(known.parts.get(part, {}) if known and part else {}, file.source, new)
        for part, new in listed.items()
    }
    others = [records for number, records in (known.parts if known else {}).items() if number not in stored]
    record = resolve(group_by_source([*others, *stored.values()]))
    whole = reduce(merge_same_source, listed.values())
    entry, what = _entry(known, file.source, whole, record)
    doubt = next((member.doubt for member in members if member.doubt), None) if known is None else None
    of_paper: dict[str, Any] = {
        "status": "seen" if entry == "learnt" else entry or "seen",
        "entry": entry,
        "what": what,
        "record": record,
        "merges": merges,
        "doubt": doubt,
    }
    likes: dict[int | None, int] = {}
    for member in members:
        like = likes.setdefault(member.part, member.place)
        change = Change(
            member.listing,
            member.keys,
            why=member.why,
            like=like,
            known=known,
            part=member.part,
            source_record=stored[member.part][file.source] if like == member.place else None,
            **(of_paper if member.place == first else {"status": "seen"}),
        )
        yield member.place, change


def _one_known(group: _Group) -> tuple[Known | None, tuple[Merge, ...]]:
    """Return the known paper of a group (None: it is new); several become one with the lowest number."""
    if not group.papers:
        return None, ()
    number, *others = sorted(group.papers)
    paper = group.papers[number]
    if not others:
        return _whole(paper), ()
    papers = [_whole(group.papers[each]) for each in (number, *others)]
    parts = {part: records for each in papers for part, records in each.parts.items()}
    by_source = group_by_source(parts.values())
    apart = frozenset().union(*(each.apart for each in papers))
    one = Known(number, paper.first_seen, resolve(by_source), by_source, parts, apart)
    any_reason = next(iter(group.reasons.values()))
    return one, tuple(Merge(number, other, group.reasons.get(other, any_reason)) for other in others)


def _whole(paper: Known) -> Known:
    """Return the paper with its parts filled in."""
    return paper if paper.parts else replace(paper, parts={paper.number: paper.by_source})


def _with(before: Mapping[str, SourceRecord], source: str, new: SourceRecord) -> dict[str, SourceRecord]:
    """Return the records of a part, with a new one of a source."""
    return {**before, source: merge_same_source(before[source], new) if source in before else new}


def _entry(
    known: Known | None, source: str, new: SourceRecord, record: Listing
) -> tuple[EntryKind | None, tuple[str, ...]]:
    """Return the kind of the log entry for a paper in a file (None: no entry), and the fields it names.

    `new` is what the file lists, `record` the paper's record that includes it.
    """
    if known is None:
        return "new", ()
    before = known.by_source.get(source)
    if revised := _revised(known, before, new, record):
        return "updated", revised
    learnt = {name for name in SEARCHABLE if not getattr(known.record, name) and getattr(record, name)}
    if known.record.snippet and not record.snippet:
        learnt.add("abstract")
    if before is not None:
        learnt |= {
            name
            for name in (*_TEXTS, "authors")
            if _reread(before.stamp_of(name), new.stamp) and _changed(name, known, before, new, record)
        }
    found = tuple(name for name in ("title", *SEARCHABLE) if name in learnt)
    return ("learnt", found) if found else (None, ())


def _revised(
    known: Known, before: SourceRecord | None, new: SourceRecord, record: Listing
) -> tuple[str, ...]:
    """Return what a source has revised; older listings and differences of spelling do not count."""
    listing, stamp = new.says, new.stamp
    what = []
    if known.record.version and stamp.version > known.record.version:
        what.append(f"version {stamp.version}")
    elif _replaced(known, before, new):
        what.append(f"version {stamp.version}" if stamp.version else "replaced")
    if all(_reread(each.stamp, stamp) for each in ([before] if before else known.by_source.values())):
        return tuple(what)  # flags and links that an older reader may have missed are not news
    if listing.withdrawn and not known.record.withdrawn:
        what.append(listing.status or "withdrawn")
    elif before is not None and stamp >= before.stamp:
        what += _restated(before.says.status, listing.status)
    if before is not None:
        what += [
            name
            for name in _TEXTS
            if not _reread(before.stamp_of(name), new.stamp) and _changed(name, known, before, new, record)
        ]
        if (
            listing.code_url
            and not before.says.code_url
            and not known.record.code_url
            and stamp >= before.stamp
        ):
            what.append("code")
    return tuple(what)


def _restated(before: str | None, now: str | None) -> list[str]:
    """Return what a withdrawn paper is now said to be, if it was said to be something else."""
    return [now] if before and now and before != now else []


def _replaced(known: Known, before: SourceRecord | None, new: SourceRecord) -> bool:
    """Return whether arXiv announces a replacement and no version number is known that would show it."""
    if new.says.announced not in {"replace", "replace-cross"} or known.record.version:
        return False
    known_until = before.stamp if before else max(record.stamp for record in known.by_source.values())
    return new.stamp.captured > known_until.captured


def _reread(old: Recency, new: Recency) -> bool:
    """Return whether different versions of the readers read two listings: they may read one text differently."""
    return old.reader != new.reader


def _changed(name: str, known: Known, before: SourceRecord, new: SourceRecord, record: Listing) -> bool:
    """Return whether a source has another text than before, not only in spelling, and the record follows it."""
    old_text, new_text = getattr(before.says, name), getattr(new.says, name)
    if old_text == new_text or not (old_text and new_text) or new.stamp_of(name) < before.stamp_of(name):
        return False
    if name == "abstract" and (new.says.snippet or before.says.snippet):
        return False
    folded = _folded(new_text)
    if folded == _folded(old_text) or folded == _folded(getattr(known.record, name)):
        return False
    return folded == _folded(getattr(record, name))


def _folded(value: str | tuple[str, ...]) -> str:
    return fold_text(value if isinstance(value, str) else " ".join(value))
