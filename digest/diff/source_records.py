"""What each source says of a paper, and the record that follows from all of them. Pure.

What a source says is kept apart from what other sources say (a `Witness` each), because the same paper
differs in markup between sources: a source can only contradict itself. Of each field the newest word
stays, and of equally new ones the fuller: so neither witness nor record depends on the order of reading.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from functools import reduce
from operator import attrgetter
from typing import Any, Final

from digest.model import Listing

# The fields in which a source may know more than another; rank and the two marks are no facts.
FACTS: Final = tuple(f.name for f in fields(Listing) if f.name not in {"rank", "snippet", "withdrawn"})
_facts = attrgetter(*FACTS)
_all_but_rank = attrgetter(*(f.name for f in fields(Listing) if f.name != "rank"))

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
_BELIEVED: Final = {source: place for place, source in enumerate(SOURCE_ORDER)}


@dataclass(frozen=True, slots=True, order=True)
class Recency:
    """How new a word is: arXiv version (0 if unknown), capture date, then the file's modification time."""

    version: int
    captured: date
    modified: datetime


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """What one source says of a paper: the newest non-empty value of each field.

    `stamp` is the newest listing's; `older` holds the stamps of fields last filled before it.
    """

    says: Listing
    stamp: Recency
    older: dict[str, Recency] = field(default_factory=dict)

    def stamp_of(self, name: str) -> Recency:
        return self.older.get(name, self.stamp)


def from_listing(listing: Listing, stamp: Recency) -> SourceRecord:
    """Return what a single listing says."""
    return SourceRecord(Listing(0, *_all_but_rank(listing)), stamp)  # half the time of `replace`


def merge_same_source(one: SourceRecord, other: SourceRecord) -> SourceRecord:
    """Return what two words of one source say together: the newest non-empty value of each field.

    A snippet never replaces a whole abstract; withdrawn stays so. The order of the two does not matter.
    """
    newest = max(one.stamp, other.stamp)
    if one.says == other.says and not one.older and not other.older:
        return SourceRecord(one.says, newest)
    values: dict[str, Any] = {}
    older: dict[str, Recency] = {}
    snippet = one.says.snippet
    open_questions = {*one.older, *other.older} | ({"abstract"} if snippet != other.says.snippet else set())
    for name, mine, its in zip(FACTS, _facts(one.says), _facts(other.says), strict=True):
        values[name] = mine
        if mine == its and name not in open_questions:
            continue
        best = max(one, other, key=lambda witness: _rank(name, witness))
        values[name] = getattr(best.says, name)
        if best.stamp_of(name) != newest and _filled(best.says, name):
            older[name] = best.stamp_of(name)
        if name == "abstract":
            snippet = best.says.snippet
    says = Listing(rank=0, snippet=snippet, withdrawn=one.says.withdrawn or other.says.withdrawn, **values)
    return SourceRecord(says, newest, older)


def group_by_source(words: Iterable[Mapping[str, SourceRecord]]) -> dict[str, SourceRecord]:
    """Return the witnesses by source of several parts of one paper."""
    found: dict[str, list[SourceRecord]] = {}
    for each in words:
        for source, witness in each.items():
            found.setdefault(source, []).append(witness)
    return {source: reduce(merge_same_source, heard) for source, heard in found.items()}


def _filled(listing: Listing, name: str) -> bool:
    """Tell a value from none: zero comments are a value."""
    value = getattr(listing, name)
    return bool(value) or value == 0


def _rank(name: str, witness: SourceRecord) -> tuple[Any, ...]:
    """Return how good a source's word on a field is; different words never rank the same."""
    value = getattr(witness.says, name)
    if not _filled(witness.says, name):
        return (False, value is not None)
    whole = name != "abstract" or not witness.says.snippet
    fullness = len(value) if isinstance(value, str | tuple) else 0
    return (True, whole, witness.stamp_of(name), fullness, value)


def merge(witnesses: Mapping[str, SourceRecord]) -> Listing:
    """Return the record of a paper: of each field the word with the highest version, then the newest
    capture, then the source believed most; whole abstracts before snippets.
    """
    if len(witnesses) == 1:
        return next(iter(witnesses.values())).says
    ranked = [witnesses[source] for source in sorted(witnesses, key=_belief)]
    usual = _heaviest_first("", ranked)  # also the order of each field that no witness has an older word on
    facts = reduce(_filled_up, [_facts(witness.says) for witness in usual])
    withdrawn = any(witness.says.withdrawn for witness in ranked)
    aged = {name for witness in ranked for name in witness.older}
    snippets = any(witness.says.snippet for witness in ranked)
    if not aged and not snippets and facts == _facts(usual[0].says) and withdrawn == usual[0].says.withdrawn:
        return usual[0].says  # the rest adds nothing, as it is most of the time
    values: dict[str, Any] = dict(zip(FACTS, facts, strict=True))
    for name in aged:
        words = [(getattr(witness.says, name),) for witness in _heaviest_first(name, ranked)]
        (values[name],) = reduce(_filled_up, words)
    told = [witness.says for witness in _heaviest_first("abstract", ranked) if witness.says.abstract]
    values["abstract"] = told[0].abstract if told else ""
    return Listing(rank=0, snippet=bool(told) and told[0].snippet, withdrawn=withdrawn, **values)


def _heaviest_first(name: str, ranked: Iterable[SourceRecord]) -> list[SourceRecord]:
    """Return witnesses by the weight of their word on a field; equal ones stay in order."""
    return sorted(ranked, key=lambda witness: _weight(name, witness), reverse=True)


def _filled_up(values: Sequence[Any], others: Sequence[Any]) -> tuple[Any, ...]:
    """Return values, and where they say nothing the others."""
    return tuple([one if one or one == 0 else other for one, other in zip(values, others, strict=True)])


def _belief(source: str) -> tuple[int, str]:
    return (_BELIEVED.get(source, len(_BELIEVED)), source)


def _weight(name: str, witness: SourceRecord) -> tuple[bool, int, date]:
    stamp = witness.stamp_of(name)
    return (name != "abstract" or not witness.says.snippet, stamp.version, stamp.captured)
