"""Listed × known → changes. Pure: no clock, no store.

What a source says of a paper is kept apart from what other sources say (a `Witness` each), because the
same paper differs in markup between sources: a source can only contradict itself. The paper's record
is the best word on each field over all witnesses, so it does not depend on the order of reading.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from typing import Any, Final, Literal

from digest.identity import fold_text, keys_of, one_paper
from digest.model import DigestFile, Listing

Status = Literal["new", "updated", "seen"]
EntryKind = Literal["new", "updated", "learnt"]

# The fields in which a source may know more than another; rank and the two marks are no facts.
FACTS: Final = tuple(f.name for f in fields(Listing) if f.name not in {"rank", "snippet", "withdrawn"})
SEARCHABLE: Final = ("abstract", "authors", "categories", "organization")

# Of two sources that say something on the same day, the earlier here is believed.
SOURCE_ORDER: Final = (
    "arxiv-api",
    "arxiv-feed",
    "arxiv-mail",
    "arxiv-abs",
    "arxiv-listing",
    "arxiv-json",
    "pubmed-xml",
    "medline",
    "daily-papers-api",
    "daily-papers-html",
    "daily-papers-page",
    "feed",
    "json-feed",
    "csl-json",
    "ris",
    "bibtex",
    "csv",
)


@dataclass(frozen=True, slots=True, order=True)
class Stamp:
    """How new a word is: arXiv version (0 if unknown), capture date, then the file's modification time."""

    version: int
    captured: date
    modified: datetime


@dataclass(frozen=True, slots=True)
class Witness:
    """What one source says of a paper: the newest non-empty value of each field.

    `stamp` is the newest listing's; `older` holds the stamps of fields last filled before it.
    """

    says: Listing
    stamp: Stamp
    older: dict[str, Stamp] = field(default_factory=dict)

    def stamp_of(self, name: str) -> Stamp:
        return self.older.get(name, self.stamp)


@dataclass(frozen=True, slots=True)
class Known:
    """A paper of the library: its number, its record and its witnesses by source."""

    number: int
    first_seen: datetime
    record: Listing
    witnesses: Mapping[str, Witness]


@dataclass(frozen=True, slots=True)
class Change:
    """What one listing means to the library.

    `status` is what the reader is told; `entry` the line of the log, if any (`learnt` counts as seen);
    `what` the fields revised or learnt. `witness` and `record` are to be stored; None if the listing
    repeats a paper of the same file.
    """

    listing: Listing
    keys: tuple[str, ...]
    status: Status
    entry: EntryKind | None = None
    what: tuple[str, ...] = ()
    known: Known | None = None
    witness: Witness | None = None
    record: Listing | None = None


def diff(file: DigestFile, known: Mapping[str, Known]) -> tuple[Change, ...]:
    """Return a change per listing of `file`, in its order. `known` maps identity keys to papers."""
    return tuple(_changes(file, known))


def _changes(file: DigestFile, known: Mapping[str, Known]) -> Iterator[Change]:
    met: dict[str, Listing] = {}
    numbers: dict[int, Listing] = {}
    for listing in file.listings:
        keys = keys_of(listing)
        paper = _known(listing, keys, known, numbers)
        repeated = any(key in met and one_paper(key, listing, met[key]) for key in keys)
        if repeated or (paper is not None and paper.number in numbers):
            yield Change(listing, keys, "seen", known=paper)
            continue
        for key in keys:
            met.setdefault(key, listing)
        if paper is not None:
            numbers[paper.number] = listing
        yield _change(listing, keys, file, paper)


def _known(
    listing: Listing, keys: tuple[str, ...], known: Mapping[str, Known], met: Mapping[int, Listing]
) -> Known | None:
    """Return the paper that a listing is of; `met` are the listings of this file by paper."""
    for key in keys:
        paper = known.get(key)
        if (
            paper is not None
            and one_paper(key, listing, paper.record)
            and one_paper(key, listing, met.get(paper.number, listing))
        ):
            return paper
    return None


def _change(listing: Listing, keys: tuple[str, ...], file: DigestFile, known: Known | None) -> Change:
    stamp = Stamp(listing.version or 0, file.captured, file.modified)
    if known is None:
        witness = testify(None, listing, stamp)
        return Change(listing, keys, "new", "new", (), None, witness, witness.says)
    before = known.witnesses.get(file.source)
    witness = testify(before, listing, stamp)
    record = merge({**known.witnesses, file.source: witness})
    if revised := _revised(known, before, listing, stamp):
        return Change(listing, keys, "updated", "updated", revised, known, witness, record)
    learnt = tuple(name for name in SEARCHABLE if not getattr(known.record, name) and getattr(record, name))
    if known.record.snippet and not record.snippet and "abstract" not in learnt:
        learnt = ("abstract", *learnt)
    return Change(listing, keys, "seen", "learnt" if learnt else None, learnt, known, witness, record)


def _revised(known: Known, before: Witness | None, listing: Listing, stamp: Stamp) -> tuple[str, ...]:
    """Name what this listing really revises: nothing, if it is older or only written otherwise."""
    what = []
    if known.record.version and stamp.version > known.record.version:
        what.append(f"version {stamp.version}")
    if listing.withdrawn and not known.record.withdrawn:
        what.append("withdrawn")
    if before is not None:
        what += [name for name in ("title", "abstract") if _text_revised(name, known, before, listing, stamp)]
        if (
            listing.code_url
            and not before.says.code_url
            and not known.record.code_url
            and stamp >= before.stamp
        ):
            what.append("code")
    return tuple(what)


def _text_revised(name: str, known: Known, before: Witness, listing: Listing, stamp: Stamp) -> bool:
    old, new = getattr(before.says, name), getattr(listing, name)
    if not (old and new) or stamp < before.stamp_of(name):
        return False
    if name == "abstract" and (listing.snippet or before.says.snippet):
        return False
    folded = fold_text(new)
    return folded not in {fold_text(old), fold_text(getattr(known.record, name))}


def testify(before: Witness | None, listing: Listing, stamp: Stamp) -> Witness:
    """Fold a listing into what its source said before: the newest non-empty value of each field stays.

    Of equal stamps the later read wins. A snippet never replaces a whole abstract; withdrawn stays so.
    """
    if before is None:
        return Witness(replace(listing, rank=0), stamp)
    newest = max(stamp, before.stamp)
    values: dict[str, Any] = {}
    stamps: dict[str, Stamp] = {}
    snippet = before.says.snippet
    for name in FACTS:
        wins = _wins(name, before, listing, stamp)
        values[name] = getattr(listing if wins else before.says, name)
        stamps[name] = stamp if wins else before.stamp_of(name)
        if name == "abstract" and wins:
            snippet = listing.snippet
    says = Listing(rank=0, snippet=snippet, withdrawn=listing.withdrawn or before.says.withdrawn, **values)
    return Witness(
        says, newest, {name: at for name, at in stamps.items() if at != newest and _filled(says, name)}
    )


def _filled(listing: Listing, name: str) -> bool:
    """Tell a value from none: zero comments are a value."""
    return getattr(listing, name) not in (None, "", ())


def _wins(name: str, before: Witness, listing: Listing, stamp: Stamp) -> bool:
    if not _filled(listing, name):
        return False
    if not _filled(before.says, name):
        return True
    if name == "abstract" and listing.snippet != before.says.snippet:
        return before.says.snippet
    return stamp >= before.stamp_of(name)


def merge(witnesses: Mapping[str, Witness]) -> Listing:
    """Return the record of a paper: of each field the word with the highest version, then the newest
    capture, then the source believed most; whole abstracts before snippets.
    """
    ranked = sorted(witnesses, key=_belief)
    values: dict[str, Any] = {}
    snippet = False
    for name in FACTS:
        tellers = [source for source in ranked if _filled(witnesses[source].says, name)]
        if not tellers:
            values[name] = getattr(witnesses[ranked[0]].says, name)
            continue
        best = max(tellers, key=lambda source: _weight(name, witnesses[source]))
        values[name] = getattr(witnesses[best].says, name)
        if name == "abstract":
            snippet = witnesses[best].says.snippet
    withdrawn = any(witness.says.withdrawn for witness in witnesses.values())
    return Listing(rank=0, snippet=snippet, withdrawn=withdrawn, **values)


def _belief(source: str) -> tuple[int, str]:
    return (SOURCE_ORDER.index(source) if source in SOURCE_ORDER else len(SOURCE_ORDER), source)


def _weight(name: str, witness: Witness) -> tuple[bool, int, date]:
    stamp = witness.stamp_of(name)
    return (name != "abstract" or not witness.says.snippet, stamp.version, stamp.captured)
