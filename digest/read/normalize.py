"""The last step of all formats: white space collapsed, repeats merged, listings ranked. Pure."""

import re
from collections.abc import Iterable
from dataclasses import fields, replace
from datetime import date
from itertools import chain, repeat
from typing import Any

from digest.identity import fold_text
from digest.model import Listing
from digest.ports import Parsed
from digest.read import placeholders
from digest.read.parsing.standing import standing
from digest.text.markup import unmarked, unmarked_abstract
from digest.text.wrapped import unwrapped

_SURROGATE = re.compile("[\ud800-\udfff]")
_COUNT = re.compile(r"(\d+(?:\.\d+)?)([kKmM]?)", re.ASCII)
_MOST_ALIKE = 50  # so that many columns titled "Editorial" do not take quadratic time
_ADDRESS_START = re.compile(r"https?://(?:www\.)?", re.IGNORECASE)
_UNITS = {"": 1, "k": 1000, "m": 1_000_000}
_OPTIONAL = tuple(field.name for field in fields(Listing) if field.name not in {"rank", "title", "abstract"})


def one_line(text: object) -> str:
    """Return a string with its white space collapsed; an empty string for any other value.

    A lone surrogate, which JSON can express but no encoding can store, becomes U+FFFD.
    """
    return " ".join(_SURROGATE.sub("\ufffd", text).split()) if isinstance(text, str) else ""


# Longer than any abstract, title or list of authors in the real files; longer ones make every later step slow.
MOST_ABSTRACT, MOST_TITLE, MOST_NAME = 20_000, 2_000, 500  # characters
MOST_AUTHORS = 10_000


def shortened(listings: tuple[Listing, ...]) -> tuple[tuple[Listing, ...], str]:
    """Return the listings with texts that end at a limit, and a note that says which; the note may be empty."""
    within = tuple(map(_within_limits, listings))
    cut = [(old, new) for old, new in zip(listings, within, strict=True) if old is not new]
    return within, "; ".join(filter(None, (_cut_note(cut, name, limit) for name, limit in _LIMITS)))


_LIMITS = (
    ("abstract", f"{MOST_ABSTRACT:,} characters"),
    ("title", f"{MOST_TITLE:,} characters"),
    ("authors", f"{MOST_AUTHORS:,} names of {MOST_NAME} characters"),
)


def _cut_note(cut: list[tuple[Listing, Listing]], name: str, limit: str) -> str:
    ranks = [old.rank for old, new in cut if getattr(old, name) != getattr(new, name)]
    if not ranks:
        return ""
    what = name if name == "authors" else f"{name}s" if len(ranks) > 1 else name
    of = f"of {len(ranks)} papers, first of paper {ranks[0]}," if len(ranks) > 1 else f"of paper {ranks[0]}"
    verb = "end" if len(ranks) > 1 or name == "authors" else "ends"
    return f"the {what} {of} {verb} after {limit}"


def _within_limits(listing: Listing) -> Listing:
    long_name = any(len(name) > MOST_NAME for name in listing.authors)
    if (
        len(listing.abstract) <= MOST_ABSTRACT
        and len(listing.title) <= MOST_TITLE
        and len(listing.authors) <= MOST_AUTHORS
        and not long_name
    ):
        return listing
    return replace(
        listing,
        title=at_word_border(listing.title, MOST_TITLE),
        abstract=at_word_border(listing.abstract, MOST_ABSTRACT),
        authors=tuple(at_word_border(name, MOST_NAME) for name in listing.authors[:MOST_AUTHORS]),
    )


def at_word_border(text: str, longest: int) -> str:
    """Return the beginning of a text, at most `longest` characters and without a part of a word if there is a blank."""
    if len(text) <= longest:
        return text
    kept = text[: longest + 1].rpartition(" ")[0].rstrip()
    return kept if len(kept) > longest // 2 else text[:longest].rstrip()


def prose(text: object) -> str:
    """Return a title or an abstract as text: without markup and entities, "" for a placeholder."""
    return placeholders.real(unmarked(one_line(text)))


def abstract(text: object) -> str:
    """Return an abstract as `prose` does, without the heading that JATS gives it."""
    return placeholders.real(unmarked_abstract(one_line(text)))


def parsed(
    listings: Iterable[Listing],
    *,
    years: Iterable[str] = (),
    carried: date | None = None,
    note: str = "",
    unit: str = "paper",
) -> Parsed:
    """Return the listings ranked 1, 2, 3 …, without repeats.

    Those without a title, or with a placeholder for it, are left out; the note says how many. `unit` is what the
    format calls one of them.
    A listing that repeats an earlier one is merged into that one: it fills the fields that the earlier one does
    not show. Title, abstract and ids of a repeat are equal, and authors, venue, year and address are where both
    show them. `years` are texts with the years of the listings that have no full date. Whether other listings are one paper is decided by `digest.identity`, as between files.
    """
    kept: list[Listing] = []
    untitled = 0
    places: dict[tuple[str | None, ...], list[int]] = {}
    marks: dict[int, _Marks] = {}
    given: list[str] = []  # the years of those in `kept`
    for listing, year in zip(
        map(_with_status, map(_cleaned, listings)), chain(years, repeat("")), strict=False
    ):
        if placeholders.is_placeholder(listing.title):
            untitled += 1
            continue
        alike = places.setdefault((listing.title, listing.abstract, listing.arxiv, listing.doi), [])
        for place in alike[-_MOST_ALIKE:]:
            known = marks.get(place) or marks.setdefault(place, _marks(kept[place], given[place]))
            if _agree(known, marks.get(len(kept)) or marks.setdefault(len(kept), _marks(listing, year))):
                kept[place] = _completed(kept[place], listing)
                del marks[place], marks[len(kept)]
                break
        else:
            alike.append(len(kept))
            kept.append(listing)
            given.append(year)
    ranked = tuple(replace(one, rank=rank) for rank, one in enumerate(kept, start=1))
    notes = (note, skipped_note(untitled, unit), "" if ranked else "no papers in this file")
    return Parsed(ranked, carried=carried, note="; ".join(filter(None, notes)))


def _cleaned(listing: Listing) -> Listing:
    """Return the listing with unwrapped addresses, and without placeholders in its abstract, authors and venue."""
    authors = tuple(name for name in listing.authors if not placeholders.is_placeholder(name))
    changed: dict[str, Any] = {}
    for name in ("url", "code_url", "project_url"):
        if (address := getattr(listing, name)) and (target := unwrapped(address)) != address:
            changed[name] = target
    if len(authors) != len(listing.authors):
        changed |= {"authors": authors, "author_count": len(authors) or None}
    if listing.abstract and placeholders.is_placeholder(listing.abstract):
        changed["abstract"] = ""
    if listing.venue and placeholders.is_placeholder(listing.venue):
        changed["venue"] = None
    return replace(listing, **changed) if changed else listing


def _with_status(listing: Listing) -> Listing:
    """Return the listing as withdrawn, retracted or removed if its title or its abstract says so."""
    status = listing.status or standing(listing.title, listing.abstract)
    if status or listing.withdrawn:
        return replace(listing, withdrawn=True, status=status or "withdrawn")
    return listing


_Marks = tuple[tuple[str, ...], str, int | None, str, str]
_YEAR = re.compile(r"(?<!\d)(?:1[5-9]|20)\d\d(?!\d)", re.ASCII)


def _marks(listing: Listing, given: str) -> _Marks:
    """Return what tells papers with one title apart: authors, venue, year, address.

    A year alone may be that of another edition or of the issue, so that it counts only against another year alone.
    """
    year = listing.published.year if listing.published else None
    found = _YEAR.search(given[:100]) if year is None else None
    alone = found[0] if found else ""
    address = _ADDRESS_START.sub("", listing.url or "").rstrip("/")
    return tuple(map(fold_text, listing.authors)), fold_text(listing.venue or ""), year, alone, address


def _agree(one: _Marks, other: _Marks) -> bool:
    return all(mine == theirs or not mine or not theirs for mine, theirs in zip(one, other, strict=True))


def _completed(first: Listing, repeat: Listing) -> Listing:
    missing: dict[str, Any] = {
        name: value
        for name in _OPTIONAL
        if getattr(first, name) in (None, ()) and (value := getattr(repeat, name)) not in (None, ())
    }
    if "published" not in missing:
        missing.pop("published_text", None)  # the words of another date
    return replace(first, **missing) if missing else first


def count(value: object) -> int | None:
    """Return the count that a file writes as 12, "1,024", "1.2k" or "-" (zero); None for any other value."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value if 0 <= value < 2**53 else None
    if isinstance(value, float):
        return int(value) if value.is_integer() and 0 <= value < 2**53 else None
    bare = value.strip().replace(",", "")[:20] if isinstance(value, str) else ""
    if bare in {"-", "–", "—"}:
        return 0
    match = _COUNT.fullmatch(bare)
    return round(float(match[1]) * _UNITS[match[2].lower()]) if match else None


def skipped_note(number: int, singular: str) -> str:
    """Return a note about skipped entries without a title, or an empty string."""
    plural = f"{singular[:-1]}ies" if singular.endswith("y") else f"{singular}s"
    return f"skipped {number} {singular if number == 1 else plural} without a title" if number else ""


def unique_lines(value: object) -> tuple[str, ...]:
    """Return the strings in a list, white space collapsed, without empty ones and repeats."""
    found = map(one_line, value) if isinstance(value, list | tuple) else ()
    return tuple(dict.fromkeys(filter(None, found)))


def optional_line(value: object) -> str | None:
    """Return a string with its white space collapsed; None if it is empty or not a string."""
    return one_line(value) or None
