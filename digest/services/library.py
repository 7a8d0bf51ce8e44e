"""Papers of the library: find, show, search, merge and split."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from digest.errors import UsageError
from digest.identity import Verdict, arxiv_id, doi, fold_text
from digest.identity.keys import doi_key
from digest.match.query.parser import query_of
from digest.match.spelling import Vocabulary, nearest
from digest.model import Paper
from digest.pipeline import searching
from digest.pipeline.set_aside import Boundary
from digest.store.identities import Decision
from digest.store.library import Sighting
from digest.store.store import Transaction
from digest.text.format import count
from digest.text.words import words

_CANDIDATES_SHOWN = 9
_LONGEST_NUMBER = 12  # digits; more would not fit the column


@dataclass(frozen=True, slots=True)
class PaperHistory:
    """A paper, the numbers of the papers merged into it, its listings, and the decisions about its identity."""

    paper: Paper
    parts: tuple[int, ...]
    sightings: tuple[Sighting, ...]
    decisions: tuple[Decision, ...]


def find(tx: Transaction, name: str) -> int:
    """Return the number of the paper that a user names.

    A name is a library number, an arXiv id, a DOI (either also as a URL), a title, or part of one; the
    first of these that finds a paper wins. Only a number can name a paper that is merged into another.
    Raises UsageError if no paper is found, or several are: it lists them then.
    """
    name = name.strip()
    number = int(name) if name.isascii() and name.isdigit() and len(name) <= _LONGEST_NUMBER else None
    if number is not None and tx.library.papers([number]):
        return number
    candidates = _by_key(tx, name) or _by_title(tx, name)
    if not candidates:
        meant = "".join(f"; did you mean {title!r}?" for title in _respelt(tx, name))
        raise UsageError(
            f"the library has no paper {name!r}{meant}; give its number, arXiv id, DOI, or words from its title"
        )
    if len(candidates) > 1:
        lines = [f"  {number}  {title}" for number, title in candidates[:_CANDIDATES_SHOWN]]
        if len(candidates) > _CANDIDATES_SHOWN:
            lines.append(f"  and {len(candidates) - _CANDIDATES_SHOWN} more")
        shown = "\n".join(lines)
        raise UsageError(
            f"{count(len(candidates), 'paper')} match {name!r}; give the number of one of them:\n{shown}"
        )
    return candidates[0][0]


def _by_key(tx: Transaction, name: str) -> list[tuple[int, str]]:
    """Return number and title of the papers with this arXiv id, DOI or title, whichever is found first."""
    keys = []
    if found := arxiv_id(name):
        keys.append(f"arxiv:{found[0]}")
    if found_doi := doi(name):
        keys.append(doi_key(found_doi))
    if title := fold_text(name):
        keys.append(f"title:{title}")
    hits = tx.identities.known(keys)
    numbers = next((sorted({hit.paper.number for hit in hits[key]}) for key in keys if key in hits), [])
    papers = tx.library.papers(numbers)
    return [(number, papers[number].title) for number in numbers]


def _by_title(tx: Transaction, name: str) -> list[tuple[int, str]]:
    """Return number and title of the papers with this title, or else with these words in a row in it."""
    wanted = _spelled(name)
    if not wanted.strip():
        return []
    whole: list[tuple[int, str]] = []
    part: list[tuple[int, str]] = []
    boundary = Boundary()
    for paper in tx.library.all_papers():
        title = boundary.one("match", paper, lambda each: _spelled(each.title), otherwise="")
        if wanted in title:
            (whole if wanted == title else part).append((paper.number, paper.title))
    return whole or part


def _respelt(tx: Transaction, name: str) -> tuple[str, ...]:
    """Return the name with those words that no title has replaced by the nearest; () if nothing was replaced."""
    vocabulary, fields, found = Vocabulary(tx.library.all_papers()), ("title",), []
    for word in words(name):
        if word.after - word.at == 1:
            known = vocabulary.often(word.text, fields)
            found.append(word.text if known else nearest(word.text, vocabulary, fields) or word.text)
    text = " ".join(found)
    return (text,) if text and text != _spelled(name).strip() else ()


def _spelled(text: str) -> str:
    """Return the words of a text, folded, each between blanks, so that `in` compares whole words."""
    # A hyphenated pair is also one joined word, two places wide: here its parts are enough.
    return f" {' '.join(word.text for word in words(text) if word.after - word.at == 1)} "


def show(tx: Transaction, name: str) -> PaperHistory:
    """Return a paper with its history. Raises UsageError as `find` does."""
    number = find(tx, name)
    known = tx.identities.papers([number])[number]
    parts = tuple(sorted(known.numbers - {known.number}))
    return PaperHistory(
        tx.library.papers([known.number])[known.number],
        parts,
        tx.library.sightings(known.numbers),
        tuple(tx.identities.decisions(numbers=known.numbers)),
    )


def search(tx: Transaction, query: str, *, limit: int | None = None) -> searching.Found:
    """Return what a query finds, at most `limit` matches. Raises QueryError."""
    found = searching.search(query_of([query]), tx.library.all_papers)
    return replace(found, matches=found.matches[:limit])


def merge(tx: Transaction, one: str, other: str, *, at: datetime) -> tuple[int, int]:
    """Merge two papers; the lower number remains. Returns it, then the merged one. Raises UsageError."""
    numbers = [find(tx, name) for name in (one, other)]
    known = tx.identities.papers(numbers)
    survivor, absorbed = sorted((known[number] for number in numbers), key=lambda paper: paper.number)
    if survivor.number == absorbed.number:
        raise UsageError(f"{one} and {other} are already the same paper: {survivor.number}")
    tx.identities.reunite(survivor, absorbed)
    tx.identities.join(absorbed.number, survivor.number, Verdict(True, "by hand", ""), kind="merged", at=at)
    _refresh(tx, [survivor.number], {*survivor.numbers, *absorbed.numbers})
    return survivor.number, absorbed.number


def split(tx: Transaction, name: str, *, at: datetime) -> tuple[int, int]:
    """Split a merged paper off again. Returns its number, then that of the paper it was part of.

    A paper with a single merged part may itself be named. A part that was never announced as new is now.
    Raises UsageError.
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
        raise UsageError(
            f"paper {number} has no merged parts, so it cannot be split; "
            "to list merged papers: digest library merges"
        )
    raise UsageError(
        f"paper {number} has several merged parts; give the number of the one to split off: "
        + ", ".join(map(str, parts))
    )


def _refresh(tx: Transaction, numbers: Iterable[int], touched: Iterable[int]) -> None:
    """Update the records of papers, and let the next run rewrite the pages and feeds of all touched ones."""
    for number in numbers:
        tx.library.refresh(number)
    touched = set(touched)
    for number in touched:
        tx.pending_files.mark("paper", str(number))
        tx.library.mark_alike(number)
    for feed in ("all", *tx.feeds.containing(touched)):
        tx.pending_files.mark("feed", feed)
