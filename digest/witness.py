"""What each source says of a paper, and the record that follows from all of them. Pure.

What a source says is kept apart from what other sources say (a `Witness` each), because the same paper
differs in markup between sources: a source can only contradict itself. Of each field the newest word
stays, and of equally new ones the fuller: so neither witness nor record depends on the order of reading.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from functools import reduce
from typing import Any, Final

from digest.model import Listing

# The fields in which a source may know more than another; rank and the two marks are no facts.
FACTS: Final = tuple(f.name for f in fields(Listing) if f.name not in {"rank", "snippet", "withdrawn"})

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


def hear(listing: Listing, stamp: Stamp) -> Witness:
    """Return what a single listing says."""
    return Witness(replace(listing, rank=0), stamp)


def combine(one: Witness, other: Witness) -> Witness:
    """Return what two words of one source say together: the newest non-empty value of each field.

    A snippet never replaces a whole abstract; withdrawn stays so. The order of the two does not matter.
    """
    newest = max(one.stamp, other.stamp)
    if one.says == other.says and not one.older and not other.older:
        return Witness(one.says, newest)
    values: dict[str, Any] = {}
    stamps: dict[str, Stamp] = {}
    snippet = False
    for name in FACTS:
        best = max(one, other, key=lambda witness: _rank(name, witness))
        values[name] = getattr(best.says, name)
        stamps[name] = best.stamp_of(name)
        if name == "abstract":
            snippet = best.says.snippet
    says = Listing(rank=0, snippet=snippet, withdrawn=one.says.withdrawn or other.says.withdrawn, **values)
    return Witness(
        says, newest, {name: at for name, at in stamps.items() if at != newest and _filled(says, name)}
    )


def together(words: Iterable[Mapping[str, Witness]]) -> dict[str, Witness]:
    """Return the witnesses by source of several parts of one paper."""
    found: dict[str, list[Witness]] = {}
    for each in words:
        for source, witness in each.items():
            found.setdefault(source, []).append(witness)
    return {source: reduce(combine, heard) for source, heard in found.items()}


def _filled(listing: Listing, name: str) -> bool:
    """Tell a value from none: zero comments are a value."""
    value = getattr(listing, name)
    return bool(value) or value == 0


def _rank(name: str, witness: Witness) -> tuple[Any, ...]:
    """Return how good a source's word on a field is; different words never rank the same."""
    value = getattr(witness.says, name)
    if not _filled(witness.says, name):
        return (False, value is not None)
    whole = name != "abstract" or not witness.says.snippet
    fullness = len(value) if isinstance(value, str | tuple) else 0
    return (True, whole, witness.stamp_of(name), fullness, value)


def merge(witnesses: Mapping[str, Witness]) -> Listing:
    """Return the record of a paper: of each field the word with the highest version, then the newest
    capture, then the source believed most; whole abstracts before snippets.
    """
    if len(witnesses) == 1:
        return next(iter(witnesses.values())).says
    ranked = [witnesses[source] for source in sorted(witnesses, key=_belief)]
    values: dict[str, Any] = {}
    snippet = False
    for name in FACTS:
        best, most = ranked[0], None
        for witness in ranked:  # of equal weights the source believed most counts
            if _filled(witness.says, name):
                weight = _weight(name, witness)
                if most is None or weight > most:
                    best, most = witness, weight
        values[name] = getattr(best.says, name)
        if name == "abstract":
            snippet = best.says.snippet and most is not None
    withdrawn = any(witness.says.withdrawn for witness in witnesses.values())
    return Listing(rank=0, snippet=snippet, withdrawn=withdrawn, **values)


def _belief(source: str) -> tuple[int, str]:
    return (SOURCE_ORDER.index(source) if source in SOURCE_ORDER else len(SOURCE_ORDER), source)


def _weight(name: str, witness: Witness) -> tuple[bool, int, date]:
    stamp = witness.stamp_of(name)
    return (name != "abstract" or not witness.says.snippet, stamp.version, stamp.captured)
