"""The text of a saved Daily Papers page.

A page consists of blocks separated by blank lines. Above the papers are the banner, the menu and the date.
Then follow the cards: optionally upvotes and a submitter, a title, an abstract, optionally metadata and links.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from digest.model import Listing, PartialDate
from digest.ports import Document, Fault, Parsed
from digest.read import file_types
from digest.read.parsing import page_lines, page_metadata
from digest.read.parsing.page_cards import Card, Count, Page, PageError, read_page
from digest.read.parsing.page_metadata import Metadata

name = "daily-papers-page"

# With this many points, the words of the menu identify a page. Its name counts twice, any other word and the
# date once; repeats do not count.
_ENOUGH_MENU = 3
# The first card comes long before this line, and looking at lines takes time.
_MOST_LINES = 1000
# So many cards with metadata show that a card without it is cut short; so many of the abstracts end as abstracts do.
_LEAST_ALIKE, _ALIKE = 3, 0.9
_OWN_NAMES = {"daily papers", "trending papers"}


def sniff(document: Document) -> bool:
    """Claim plain text with a line that only these pages have, with certain metadata, or with enough of the menu."""
    if document.text is None or file_types.markup(document.text):
        return False
    menu: set[str] = set()
    for block in page_lines.blocks(page_lines.first_lines(document.text, _MOST_LINES)):
        found = page_metadata.metadata(block)
        if any(map(page_lines.is_signature, block)) or (found is not None and found.certain):
            return True
        menu.update(line.bare.casefold() for line in block if page_lines.is_menu(line))
        menu.update("day" for line in block if page_metadata.header_date((line,)))
    return len(menu) + len(menu & _OWN_NAMES) >= _ENOUGH_MENU


def parse(document: Document) -> Parsed | Fault:
    """Read all papers of the page, or return a fault for the first line that does not fit."""
    try:
        return _parsed(read_page(document.text or ""))
    except PageError as error:
        return error.fault


def _parsed(page: Page) -> Parsed:
    listings: dict[tuple[str, str], Listing] = {}
    partial: dict[tuple[str, str], PartialDate] = {}
    for card, upvotes, comments in _with_counts(page):
        key = (card.title, card.abstract)
        listing = replace(_listing(card, upvotes, comments), snippet=_is_cut(page, card))
        listings[key] = _completed(listings[key], listing) if key in listings else listing
        shown = card.metadata.published if card.metadata else None
        if shown is not None and shown.year is None:
            partial.setdefault(key, shown)
    ranked = tuple(replace(one, rank=rank) for rank, one in enumerate(listings.values(), start=1))
    yearless = {rank: partial[key] for rank, key in enumerate(listings, start=1) if key in partial}
    return Parsed(ranked, page.header, yearless, note="; ".join(_notes(page)))


def _is_cut(page: Page, card: Card) -> bool:
    """Return whether the page breaks off in the abstract of this card, so that it is not a revised abstract.

    Other cards show how the page goes on after an abstract, and how its abstracts end.
    """
    others = page.cards[:-1]
    if card is not page.cards[-1] or card.metadata is not None or page.counts[-1]:
        return False
    with_metadata = sum(1 for other in others if other.metadata is not None)
    if with_metadata >= _LEAST_ALIKE and with_metadata >= _ALIKE * len(others):
        return True
    if page_lines.ends_like_abstract(card.abstract):
        return False
    if card.abstract[-1:].isalnum() and not page_lines.ends_with_address(card.abstract):
        return True
    usual = sum(1 for other in others if _ends_as_usual(other.abstract))
    return usual >= max(_LEAST_ALIKE, _ALIKE * len(others))


def _ends_as_usual(abstract: str) -> bool:
    return page_lines.ends_like_abstract(abstract) or page_lines.ends_with_address(abstract)


def _listing(card: Card, upvotes: int | None, comments: int | None) -> Listing:
    found = card.metadata or Metadata(card.line)
    shown = found.published
    return Listing(
        rank=0,
        title=card.title,
        abstract=card.abstract,
        author_count=found.author_count,
        published=date(shown.year, shown.month, shown.day) if shown and shown.year else None,
        comments=comments if found.comments is None else found.comments,
        upvotes=upvotes,
        organization=found.organization,
    )


def _completed(first: Listing, repeat: Listing) -> Listing:
    """Return a listing with the fields that only its repeat shows."""
    missing = {key: getattr(repeat, key) for key in _OPTIONAL if getattr(first, key) is None}
    return replace(first, **missing)


_OPTIONAL = ("author_count", "published", "comments", "upvotes", "organization")


def _with_counts(page: Page) -> Iterator[tuple[Card, int | None, int | None]]:
    """Yield each card with its upvotes, and with its comments if they are not next to the date."""
    first, last = page.counts[0], page.counts[-1]
    buttons_close = bool(_values(last, labelled=True)) and not _values(first, labelled=True)
    opened = _values(first, labelled=False)
    numbers_close = bool(_values(last, labelled=False)) and not opened
    # Two numbers between cards show that cards begin with one and may end with another.
    both = any(len(_values(counts, labelled=False)) > 1 for counts in page.counts[1:-1])
    bare = opened[-1:]
    for index, card in enumerate(page.cards):
        before, after = page.counts[index], page.counts[index + 1]
        upvotes = _values(after if buttons_close else before, labelled=True) or bare
        closes = numbers_close or (card.split and not opened) or (both and after is last)
        comments, bare = _divided(card, _values(after, labelled=False), closes)
        yield card, next(iter(upvotes), None), next(iter(comments), None)


def _divided(card: Card, bare: list[int], closes: bool) -> tuple[list[int], list[int]]:
    """Divide the bare numbers after a card into its comments and the upvotes of the next card.

    A number usually belongs to the next card. It belongs to this one if `closes` is set (there are numbers
    after the last card but not before the first), or if there is another number for the next card.
    """
    if (closes or len(bare) > 1) and (card.metadata is None or card.metadata.comments is None):
        return bare[:1], bare[1:][-1:]
    return [], bare[-1:]


def _values(counts: list[Count], labelled: bool) -> list[int]:
    return [one.value for one in counts if one.labelled is labelled]


def _notes(page: Page) -> Iterator[str]:
    yield from page.notes
    if page.cards and _is_cut(page, page.cards[-1]):
        yield f"the page is cut short in the abstract of its last paper, on line {page.cards[-1].line}; save it again"
    glued = [card.metadata.line for card in page.cards if card.metadata and card.metadata.glued]
    if glued:
        counts = "1 comment count follows" if len(glued) == 1 else f"{len(glued)} comment counts follow"
        yield f"{counts} the day without a space, first on line {glued[0]}; the longest possible day was taken"
