"""The library by hand: look up, search; make one paper of two, or two of one."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from digest.errors import UsageError
from digest.identity import Verdict, arxiv_id, doi, fold_text
from digest.match.prefilter import scanner
from digest.match.query.parser import query_of
from digest.match.reference import best_first
from digest.model import Match, Paper
from digest.store.identities import Decision
from digest.store.library import Sighting
from digest.store.store import Transaction


@dataclass(frozen=True, slots=True)
class Shown:
    """A paper with all that made it: where it was listed, and what was decided about it."""

    paper: Paper
    parts: tuple[int, ...]
    sightings: tuple[Sighting, ...]
    decisions: tuple[Decision, ...]


def find(tx: Transaction, name: str) -> int:
    """Return the number of the paper that a number, an arXiv id, a DOI or a title names.

    Raises UsageError if there is none.
    """
    if name.isascii() and name.isdigit() and len(name) <= 12:
        if int(name) in tx.library.papers([int(name)]):
            return int(name)
        raise UsageError(f"there is no paper {name} in the library; digest library search finds numbers")
    found_arxiv, found_doi = arxiv_id(name), doi(name)
    keys = [f"title:{fold_text(name)}"]
    if found_doi:
        keys.insert(0, f"doi:{found_doi}")
    if found_arxiv:
        keys.insert(0, f"arxiv:{found_arxiv[0]}")
    leads = tx.identities.known(keys)
    for key in keys:
        numbers = {lead.paper.number for lead in leads.get(key, ())}
        if len(numbers) > 1:
            shown = ", ".join(map(str, sorted(numbers)))
            raise UsageError(f"{name!r} is the title of several papers: {shown}; name one by its number")
        if numbers:
            return numbers.pop()
    raise UsageError(f"there is no paper {name!r} in the library; digest library search finds numbers")


def show(tx: Transaction, name: str) -> Shown:
    """Return a paper of the library with its history. Raises UsageError."""
    number = find(tx, name)
    known = tx.identities.papers([number])[number]
    parts = tuple(sorted(known.numbers - {known.number}))
    return Shown(
        tx.library.papers([known.number])[known.number],
        parts,
        tx.library.sightings(known.numbers),
        tuple(tx.identities.decisions(numbers=known.numbers)),
    )


def search(tx: Transaction, query: str, *, limit: int | None = None) -> tuple[Match, ...]:
    """Return the papers that a query accepts, best first. Raises QueryError."""
    hits = map(scanner(query_of([query])), tx.library.all_papers())
    return tuple(best_first(hit for hit in hits if hit is not None))[:limit]


def merge(tx: Transaction, one: str, other: str, *, at: datetime) -> tuple[int, int]:
    """Make two papers one, under the lower number. Returns that and the other. Raises UsageError."""
    numbers = [find(tx, name) for name in (one, other)]
    known = tx.identities.papers(numbers)
    survivor, absorbed = sorted((known[number] for number in numbers), key=lambda paper: paper.number)
    if survivor.number == absorbed.number:
        raise UsageError(f"{one} and {other} are one paper already: {survivor.number}")
    tx.identities.reunite(survivor, absorbed)
    tx.identities.join(absorbed.number, survivor.number, Verdict(True, "by hand", ""), kind="merged", at=at)
    _refresh(tx, [survivor.number], {*survivor.numbers, *absorbed.numbers})
    return survivor.number, absorbed.number


def split(tx: Transaction, name: str, *, at: datetime) -> tuple[int, int]:
    """Make a part of a paper a paper of its own. Returns it and what it was part of. Raises UsageError.

    The paper itself may be named if it has only one part. A part that was never announced is announced.
    """
    number = _part(tx, name)
    root = tx.identities.split(number, at=at)
    known = tx.identities.papers([number, root])
    _refresh(tx, [root, number], known[root].numbers | known[number].numbers)
    tx.library.announce(number, known[number].numbers, at=at)
    return number, root


def _part(tx: Transaction, name: str) -> int:
    number = find(tx, name)
    if tx.identities.is_part(number):
        return number
    parts = tx.identities.parts_of(number)
    if len(parts) == 1:
        return parts[0]
    if not parts:
        raise UsageError(f"paper {number} is not made of several; digest library merges lists those that are")
    shown = ", ".join(map(str, parts))
    raise UsageError(f"paper {number} is made of several: {shown}; name the one to split off")


def _refresh(tx: Transaction, numbers: Iterable[int], touched: Iterable[int]) -> None:
    """Bring records up to date, and have pages and feeds written anew by the next run."""
    for number in numbers:
        tx.library.refresh(number)
    touched = set(touched)
    for number in touched:
        tx.pending_files.mark("paper", str(number))
    for feed in ("all", *tx.feeds.containing(touched)):
        tx.pending_files.mark("feed", feed)
