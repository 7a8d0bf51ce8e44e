"""Listed × known → changes. Pure: no clock, no store.

First every listing finds its paper: by an id or an equal title, else by a near title that something
confirms. Then the paper's witnesses are heard (`digest.diff.source_records`), and what is new, revised or learnt
follows. Ids and equal titles give the same papers in any order of files; a near title only ever joins a
new listing to a known paper.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, Literal

from digest.diff.source_records import (
    Recency,
    SourceRecord,
    from_listing,
    group_by_source,
    merge,
    merge_same_source,
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
_NEW = Verdict(False, "new", "nothing like it was known")


@dataclass(frozen=True, slots=True)
class Known:
    """A paper of the library: its number, its record and its witnesses by source.

    `parts` are the witnesses again, by the number under which they came in: the paper's own and those of
    the papers joined to it. `apart` are the numbers that a person has split from it.
    """

    number: int
    first_seen: datetime
    record: Listing
    witnesses: Mapping[str, SourceRecord]
    parts: Mapping[int, Mapping[str, SourceRecord]] = field(default_factory=dict)
    apart: frozenset[int] = frozenset()

    @property
    def numbers(self) -> frozenset[int]:
        return frozenset(self.parts) | {self.number}


@dataclass(frozen=True, slots=True)
class KeyHit:
    """Where a key leads: to a part of a known paper."""

    part: int
    paper: Known


@dataclass(frozen=True, slots=True)
class Merge:
    """Two known papers are one: `absorbed` joins `survivor`, which has the lower number."""

    survivor: int
    absorbed: int
    why: Verdict


@dataclass(frozen=True, slots=True)
class PossibleDuplicate:
    """A new paper may be a known one, though nothing decides it."""

    paper: int
    why: Verdict


@dataclass(frozen=True, slots=True)
class Change:
    """What one listing means to the library.

    `status` is what the reader is told; `entry` the line of the log, if any (`learnt` counts as seen);
    `what` the fields revised or learnt. `why` is the rule and the evidence by which the listing found
    its paper. `known` is that paper as it was (None: it is new); `part` the number under which the
    listing belongs there, None for a new one. `like` is the place in the file of the first listing
    that belongs to the same part; there stand the `witness` to be stored and, at the first of the
    paper, its `record` and the `merges` of known papers, and of a new one the `doubt` whether it is.
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
    witness: SourceRecord | None = None
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

    `known` maps identity keys to the papers known by them; `near` maps ranks of listings to known
    papers with a similar title, the most similar first; `keys` are those of the listings by rank, if
    they are at hand.
    """
    sorter = _Grouper(known)
    for place, listing in enumerate(file.listings):
        sorter.sort(place, identified(listing), keys[listing.rank] if keys else keys_of(listing))
    sorter.join_near(near or {})
    changes = dict(change for group in sorter.groups for change in _changes(group, file))
    return tuple(changes[place] for place in range(len(file.listings)))


# --- which paper --------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Member:
    """A listing of the file: its place there, and how it came to its group."""

    place: int
    listing: Listing
    keys: tuple[str, ...]
    why: Verdict
    part: int | None
    doubt: PossibleDuplicate | None = None


class _Group:
    """The listings of a file that are one paper, and the known papers that it is."""

    def __init__(self, paper: Known | None = None) -> None:
        self.members: list[_Member] = []
        self.papers: dict[int, Known] = {paper.number: paper} if paper else {}
        self.reasons: dict[int, Verdict] = {}  # why a further known paper is this one

    def says(self) -> Iterator[Listing]:
        yield from (member.listing for member in self.members)
        yield from (paper.record for paper in self.papers.values())

    def admits(self, listing: Listing) -> bool:
        return not any(_clash(listing, other) for other in self.says())

    def may_absorb(self, other: "_Group", why: Verdict) -> bool:
        """Tell whether two groups that a listing links may be one: no id, no person, no author objects."""
        if any(
            one.apart & another.numbers for one in self.papers.values() for another in other.papers.values()
        ):
            return False
        if not all(self.admits(listing) for listing in other.says()):
            return False
        return why.rule != "same title" or all(
            compare_namesakes(one, another).same for one in self.says() for another in other.says()
        )

    def absorb(self, other: "_Group", why: Verdict) -> None:
        self.members += other.members
        self.reasons.update(other.reasons)
        self.reasons.update(dict.fromkeys(other.papers, why))
        self.papers.update(other.papers)


def _clash(one: Listing, other: Listing) -> bool:
    verdict = compare_ids(one, other)
    return verdict is not None and verdict.clash and verdict.rule == "arxiv id"


class _Grouper:
    """Sorts the listings of a file into groups, one paper each."""

    def __init__(self, known: Mapping[str, Sequence[KeyHit]]) -> None:
        self.known = known
        self.groups: dict[_Group, None] = {}  # in order
        self.holders: dict[str, list[_Member]] = {}
        self.home: dict[int, _Group] = {}  # of a member, by its place
        self.by_number: dict[int, _Group] = {}

    def sort(self, place: int, listing: Listing, keys: tuple[str, ...]) -> None:
        home: _Group | None = None
        member = _Member(place, listing, keys, _NEW, None)
        for group, why, part in self._candidates(listing, keys):
            if home is None:
                if why.rule == "arxiv id" or group.admits(listing):
                    home, member.why, member.part = group, why, part
            elif group is not home and home.may_absorb(group, why):
                home.absorb(group, why)
                self._settle(group, home)
        home = home or _Group()
        home.members.append(member)
        self._settle(home, home)
        for key in keys:
            self.holders.setdefault(key, []).append(member)

    def _candidates(
        self, listing: Listing, keys: tuple[str, ...]
    ) -> Iterator[tuple[_Group, Verdict, int | None]]:
        """Yield the groups that share a key with a listing, by strength of the key; known papers first."""
        fresh = any(not key.startswith("title:") and key not in self.known for key in keys)
        for key in keys:
            for lead in self.known.get(key, ()):
                why = by_key(key, listing, lead.paper.record)
                if why.same:
                    group = self.by_number.get(lead.paper.number) or _Group(lead.paper)
                    # A title that brings an id may be undone; so what it brings stays a part of its own.
                    yield group, why, None if fresh and key.startswith("title:") else lead.part
            for other in self.holders.get(key, ()):
                why = by_key(key, listing, other.listing)
                if why.same:
                    yield self.home[other.place], why, other.part

    def _settle(self, old: _Group, new: _Group) -> None:
        if old is not new:
            self.groups.pop(old, None)
        self.groups.setdefault(new)
        self.home.update([(member.place, new) for member in new.members])
        self.by_number.update([(number, new) for number in new.papers])

    def join_near(self, ranked: Mapping[int, Sequence[Known]]) -> None:
        """Join papers that nothing knew to known ones with a near title that something confirms.

        A paper that the file lists besides is another one: a source lists each paper once.
        """
        for group in self.groups:
            for member in () if group.papers else tuple(group.members):
                leads = [lead.paper for key in member.keys for lead in self.known.get(key, ())]
                near = ranked.get(member.listing.rank, ())
                for paper in (*leads, *near):
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


# --- what it changes ----------------------------------------------------------------------------------


def _changes(group: _Group, file: DigestFile) -> Iterator[tuple[int, Change]]:
    """Yield the changes of a group's members with their places."""
    members = sorted(group.members, key=lambda member: member.place)
    first = members[0].place
    known, merges = _one_known(group)
    heard: dict[int | None, SourceRecord] = {}
    for member in members:
        stamp = Recency(member.listing.version or 0, file.captured, file.modified)
        word = from_listing(member.listing, stamp)
        heard[member.part] = merge_same_source(heard[member.part], word) if member.part in heard else word
    stored = {
        part: _with(known.parts.get(part, {}) if known and part else {}, file.source, word)
        for part, word in heard.items()
    }
    others = [words for number, words in (known.parts if known else {}).items() if number not in stored]
    record = merge(group_by_source([*others, *stored.values()]))
    entry, what = _entry(
        known, file.source, group_by_source({file.source: word} for word in heard.values()), record
    )
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
            witness=stored[member.part][file.source] if like == member.place else None,
            **(of_paper if member.place == first else {"status": "seen"}),
        )
        yield member.place, change


def _one_known(group: _Group) -> tuple[Known | None, tuple[Merge, ...]]:
    """Return the known paper of a group; several become one, under the lowest number."""
    if not group.papers:
        return None, ()
    number, *others = sorted(group.papers)
    paper = group.papers[number]
    if not others:
        return _whole(paper), ()
    papers = [_whole(group.papers[each]) for each in (number, *others)]
    parts = {part: words for each in papers for part, words in each.parts.items()}
    witnesses = group_by_source(parts.values())
    apart = frozenset().union(*(each.apart for each in papers))
    one = Known(number, paper.first_seen, merge(witnesses), witnesses, parts, apart)
    any_reason = next(iter(group.reasons.values()))
    return one, tuple(Merge(number, other, group.reasons.get(other, any_reason)) for other in others)


def _whole(paper: Known) -> Known:
    return paper if paper.parts else replace(paper, parts={paper.number: paper.witnesses})


def _with(before: Mapping[str, SourceRecord], source: str, word: SourceRecord) -> dict[str, SourceRecord]:
    return {**before, source: merge_same_source(before[source], word) if source in before else word}


def _entry(
    known: Known | None, source: str, heard: Mapping[str, SourceRecord], record: Listing
) -> tuple[EntryKind | None, tuple[str, ...]]:
    """Return the line of the log that a file's word on a paper makes, and the fields it names."""
    if known is None:
        return "new", ()
    word = heard[source]
    if revised := _revised(known, known.witnesses.get(source), word, record):
        return "updated", revised
    learnt = tuple(name for name in SEARCHABLE if not getattr(known.record, name) and getattr(record, name))
    if known.record.snippet and not record.snippet and "abstract" not in learnt:
        learnt = ("abstract", *learnt)
    return ("learnt", learnt) if learnt else (None, ())


def _revised(
    known: Known, before: SourceRecord | None, word: SourceRecord, record: Listing
) -> tuple[str, ...]:
    """Name what a source really revises: nothing, if it is older or only written otherwise."""
    listing, stamp = word.says, word.stamp
    what = []
    if known.record.version and stamp.version > known.record.version:
        what.append(f"version {stamp.version}")
    elif _replaced(known, before, word):
        what.append(f"version {stamp.version}" if stamp.version else "replaced")
    if listing.withdrawn and not known.record.withdrawn:
        what.append("withdrawn")
    if before is not None:
        what += [name for name in ("title", "abstract") if _text_revised(name, known, before, word, record)]
        if (
            listing.code_url
            and not before.says.code_url
            and not known.record.code_url
            and stamp >= before.stamp
        ):
            what.append("code")
    return tuple(what)


def _replaced(known: Known, before: SourceRecord | None, word: SourceRecord) -> bool:
    """Tell whether arXiv announces a replacement that no known version accounts for."""
    if word.says.announced not in {"replace", "replace-cross"} or known.record.version:
        return False
    heard_last = max((witness.stamp for witness in known.witnesses.values()), default=word.stamp)
    return word.stamp > (before.stamp if before else heard_last)


def _text_revised(name: str, known: Known, before: SourceRecord, word: SourceRecord, record: Listing) -> bool:
    """Tell whether a source contradicts what it said before, and the record follows it."""
    old, new = getattr(before.says, name), getattr(word.says, name)
    if old == new or not (old and new) or word.stamp_of(name) < before.stamp_of(name):
        return False
    if name == "abstract" and (word.says.snippet or before.says.snippet):
        return False
    folded = fold_text(new)
    if folded == fold_text(old) or folded == fold_text(getattr(known.record, name)):
        return False
    return folded == fold_text(getattr(record, name))
