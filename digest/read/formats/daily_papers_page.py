"""The text of a saved Daily Papers page.

A page is blocks with blank lines between them. Above the papers stands furniture (banner, menu, the day);
then come cards: perhaps upvotes and a submitter, a title, an abstract, perhaps a metadata block, perhaps
links. Titles and abstracts look like nothing in particular, so what holds the reading together is their
alternation; wherever that breaks, the page is set aside with the line, because every pair after the break
would be wrong.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from statistics import median

from digest.model import Listing, PartialDate
from digest.ports import Document, Fault, Parsed
from digest.read import file_types
from digest.read.parsing import page_lines
from digest.read.parsing.page_lines import Block, Line, Metadata, text_of

name = "daily-papers-page"

# So many points for different words of the menu are as good as one line that only these pages have: the
# page's own name counts twice, any other word and the day once.
_ENOUGH_MENU = 3
_OWN_NAMES = {"daily papers", "trending papers"}
_LONGEST_ECHO, _MOST_ECHO_WORDS = 60, 6
_QUOTED = 60
# No title, abstract or menu has as many lines; a page that has lost its blank lines does.
_MOST_LINES = 300

_WHOLE = "save the page again, to its end, as plain text with the blank lines kept"
_APART = "separate titles, abstracts and the lines below them by blank lines, as the page does"


def sniff(document: Document) -> bool:
    """Claim plain text that has a line found on these pages only, or a sure metadata block, or menu words."""
    if document.text is None or file_types.markup(document.text):
        return False
    menu: set[str] = set()
    for block in page_lines.blocks(document.text):
        found = page_lines.metadata(block)
        if any(map(page_lines.is_mark, block)) or (found is not None and found.sure):
            return True
        menu.update(line.bare.casefold() for line in block if page_lines.is_menu(line))
        menu.update("day" for line in block if page_lines.header((line,)))
    return len(menu) + len(menu & _OWN_NAMES) >= _ENOUGH_MENU


def parse(document: Document) -> Parsed | Fault:
    """Read every paper of the page, or say at which line it stops making sense."""
    try:
        page = _Page(_joined(page_lines.blocks(document.text or "")))
        page.read()
        _check(page.cards)
        return _parsed(page)
    except _Unreadable as stop:
        return stop.fault


class _Unreadable(Exception):  # noqa: N818 - leaves this module as a Fault
    def __init__(self, line: int | None, reason: str, remedy: str) -> None:
        super().__init__(reason)
        self.fault = Fault(reason, remedy, line)


def _joined(blocks: list[Block]) -> list[Block]:
    """Join the parts of metadata that blank lines have torn apart: authors, a dot, a date."""
    joined: list[Block] = []
    rest = iter(blocks)
    for block in rest:
        if page_lines.is_dot(block) and joined:
            joined[-1] += block + next(rest, ())
        elif joined and page_lines.is_author_count(joined[-1]) and page_lines.header(block):
            joined[-1] += block
        else:
            joined.append(block)
    return joined


# --- reading -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Count:
    """A number between two cards: the upvotes of the next or the comments of the last."""

    value: int
    labelled: bool


@dataclass(slots=True)
class _Card:
    title: str
    abstract: str
    line: int
    metadata: Metadata | None = None
    # Blank lines stand within the metadata, so that the comments may stand behind one, too.
    torn: bool = False


@dataclass(slots=True)
class _Page:
    """A page while it is read: what is left of it, and what was found."""

    rest: list[Block]
    cards: list[_Card] = field(default_factory=list)
    # One list more than cards: the counts before the first, between each two, and after the last.
    counts: list[list[_Count]] = field(default_factory=lambda: [[]])
    header: PartialDate | None = None
    notes: list[str] = field(default_factory=list)
    # Furniture was met since the last card, so that a date may be the header of another page.
    above: bool = True

    def __post_init__(self) -> None:
        self.rest.reverse()  # the next block is the last: taking it is cheap

    def read(self) -> None:
        for block in self.rest:
            if len(block) > _MOST_LINES:
                reason = f"{len(block)} lines follow each other without a blank line"
                raise _Unreadable(block[0].number, reason, _APART)
        while self.rest:
            self._between()
            if self.rest:
                self._card()

    def _next(self) -> Block:
        return self.rest[-1] if self.rest else ()

    def _after(self, places: int) -> Block:
        return self.rest[-1 - places] if len(self.rest) > places else ()

    def _between(self) -> None:
        """Take everything up to the next title."""
        while self.rest and not self._is_odd_title():
            if not (self._take_header() or self._take_metadata() or self._take_line()):
                return

    def _is_odd_title(self) -> bool:
        """Say whether the next block is a title though it looks like furniture: an abstract follows."""
        block, following = self._next(), self._after(1)
        if len(block) != 1 or not following or not page_lines.is_prose(text_of(following)):
            return False
        if page_lines.header(block) is not None:
            return bool(self.cards) and self.cards[-1].metadata is not None
        return page_lines.metadata(block) is None and not page_lines.is_mark(block[0])

    # What stands between cards

    def _take_header(self) -> bool:
        """Take the day above the papers; below them the same line is the metadata of one."""
        block = self._next()
        day = page_lines.header(block[:1]) if self.above and all(map(_is_between_line, block[1:])) else None
        if day is None:
            return False
        if self.header not in {None, day}:
            found = (
                "a second page with another date begins here"
                if self.cards
                else "this is a second date above the papers"
            )
            remedy = "keep each saved page in a file of its own, with one date on top"
            raise _Unreadable(block[0].number, found, remedy)
        self.header = day
        self._drop(1)
        return True

    def _take_metadata(self) -> bool:
        block = self._next()
        size, found = _metadata_at_start(block)
        if found is None:
            return False
        self._attach(found)
        self.cards[-1].torn = block[size - 1].number - block[0].number >= size
        self._drop(size)
        return True

    def _attach(self, found: Metadata) -> None:
        if not self.cards:
            reason = "authors and a date stand here before any paper"
            raise _Unreadable(found.line, reason, _WHOLE)
        if self.cards[-1].metadata is not None:
            reason = "authors and a date stand here a second time, without a title and an abstract between"
            raise _Unreadable(found.line, reason, _WHOLE)
        self.cards[-1].metadata = found

    def _take_line(self) -> bool:
        """Take the next line (and the one that completes it) if it belongs to no title."""
        line = self._next()[0]
        labelled, value = page_lines.upvote_label(line)
        bare = page_lines.count(line.bare)
        if labelled:
            self._drop(1)
            self._count(self._number() if value is None else value, labelled=True)
        elif (user := page_lines.submitter(line)) is not None:
            self._drop(1)
            if not user and self.rest:
                self._drop(1)  # the name follows on a line of its own
        elif bare is not None:
            self._drop(1)
            self._count(bare, labelled=False)
        elif page_lines.is_extra(line):
            self._drop(1)
            if page_lines.is_github(line):
                self._number()
        elif page_lines.is_furniture(line):
            self._drop(1)
            self.above = True
        else:
            return False
        return True

    def _number(self) -> int | None:
        """Take the next line if it is a number."""
        value = page_lines.count(self._next()[0].bare) if self.rest else None
        if value is not None:
            self._drop(1)
        return value

    def _count(self, value: int | None, *, labelled: bool) -> None:
        if value is not None:
            self.counts[-1].append(_Count(value, labelled))

    def _drop(self, lines: int) -> None:
        """Take lines off the next block, which is gone with its last."""
        left = self.rest.pop()[lines:]
        if left:
            self.rest.append(left)

    # Cards

    def _card(self) -> None:
        if not self.cards and self._take_echo():
            return
        block = self._take_text()
        title = text_of(block)
        if not self.rest or _is_between(self._next()):
            raise self._broken(block) if page_lines.is_prose(title) else _no_abstract(block)
        abstract = text_of(self._take_text())
        if _is_shifted(title, abstract):
            raise self._broken(block)
        self.cards.append(_Card(title, abstract, block[0].number))
        self.counts.append([])
        self.above = False

    def _broken(self, block: Block) -> _Unreadable:
        """Name the place where titles and abstracts ceased to alternate, if a block turns out no title."""
        last = self.cards[-1] if self.cards else None
        if last and not (page_lines.is_prose(last.abstract) or page_lines.ends_as_sentence(last.abstract)):
            return _no_abstract((Line(last.line, last.title),))  # what passed for its abstract is a title
        return _shifted(block)

    def _take_text(self) -> Block:
        block = self.rest.pop()
        if len(block) > 1 and not self.cards and page_lines.header(block[:1]):
            raise _Unreadable(block[0].number, "no blank line stands between the day and a title", _APART)
        for line in block:
            if page_lines.is_part_of_metadata(line) or page_lines.is_mark(line):
                reason = f"{_quoted(line.text)} stands inside a paragraph"
                raise _Unreadable(line.number, reason, _APART)
        return block

    def _take_echo(self) -> bool:
        """Take the term that was searched for, which some pages repeat above the papers."""
        line = self._next()[0]
        if len(line.text) > _LONGEST_ECHO or len(line.text.split()) > _MOST_ECHO_WORDS:
            return False
        if not (self._is_above() or self._is_term(line)):
            return False
        self.notes.append(f"took {_quoted(line.text)} on line {line.number} for the term searched for")
        self._drop(1)
        return True

    def _is_above(self) -> bool:
        """Say whether furniture or the day follows the next line."""
        block = self._next()[1:] or self._after(1)
        return bool(block) and (page_lines.is_furniture(block[0]) or page_lines.header(block[:1]) is not None)

    def _is_term(self, line: Line) -> bool:
        """Say whether a title and an abstract follow that have every word of the line.

        A first title without an abstract looks the same otherwise, and must not be dropped.
        """
        texts = (text_of(block) for block in reversed(self.rest[:-1]) if not _is_between(block))
        title, abstract = next(texts, ""), next(texts, "")
        if len(self._next()) > 1 or page_lines.is_prose(title) or not page_lines.is_prose(abstract):
            return False
        found = f"{title} {abstract}".casefold()
        return all(word in found for word in line.text.casefold().split())


def _metadata_at_start(block: Block) -> tuple[int, Metadata | None]:
    """Return the metadata that a block begins with and how many lines it takes.

    Only counts, links and furniture may follow it in the same block.
    """
    for size in range(min(len(block), page_lines.MOST_METADATA_LINES), 0, -1):
        found = page_lines.metadata(block[:size])
        if found is not None and all(map(_is_between_line, block[size:])):
            return size, found
    return 0, None


def _is_between(block: Block) -> bool:
    """Say whether the whole block can only stand between an abstract and the next title."""
    return _metadata_at_start(block)[1] is not None or all(map(_is_between_line, block))


def _is_between_line(line: Line) -> bool:
    return (
        page_lines.upvote_label(line)[0]
        or page_lines.submitter(line) is not None
        or page_lines.count(line.bare) is not None
        or page_lines.is_extra(line)
        or page_lines.is_furniture(line)
    )


# --- does it make sense? -------------------------------------------------------------------------


def _is_shifted(title: str, abstract: str) -> bool:
    """Say whether what stands in the title's place is an abstract, or a part of one."""
    if "http://" in title or "https://" in title:
        return True
    return page_lines.is_prose(title) and (
        len(title) >= 400 or page_lines.sentences(title) >= 2 or len(title) > len(abstract)
    )


def _check(cards: list[_Card]) -> None:
    """Look at the pairs together, for the sentence of an abstract that passed for a short title.

    It ends with a full stop; and hardly any abstract follows it, or what stands before and after it
    makes up one usual abstract.
    """
    if not cards:
        raise _Unreadable(None, "no papers on this page", "save the page again when its papers are shown")
    usual = median(len(card.abstract) for card in cards)
    before = usual
    for card in cards:
        after = len(card.abstract)
        if page_lines.ends_as_sentence(card.title) and (after * 5 < usual or before + after < usual * 1.3):
            raise _shifted((Line(card.line, card.title),))
        before = after


def _no_abstract(block: Block) -> _Unreadable:
    reason = f"the title {_quoted(text_of(block))} has no abstract"
    return _Unreadable(block[0].number, reason, f"{_WHOLE}, or take this title out of the file")


def _shifted(block: Block) -> _Unreadable:
    reason = f"a title is expected, but {_quoted(text_of(block))} reads like a part of an abstract"
    remedy = f"{_APART}, and keep every abstract in one paragraph"
    return _Unreadable(block[0].number, reason, remedy)


def _quoted(text: str) -> str:
    return f"“{text}”" if len(text) <= _QUOTED else f"“{text[:_QUOTED].rstrip()} …”"


# --- from cards to listings ----------------------------------------------------------------------


def _parsed(page: _Page) -> Parsed:
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


def _is_cut(page: _Page, card: _Card) -> bool:
    """Say whether the page ends within the abstract of this card, its last: what is left is no revision."""
    return (
        card is page.cards[-1]
        and card.metadata is None
        and not page.counts[-1]
        and card.abstract[-1:].isalnum()
        and "://" not in card.abstract.rsplit(" ", 1)[-1]
    )


def _listing(card: _Card, upvotes: int | None, comments: int | None) -> Listing:
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


def _completed(first: Listing, again: Listing) -> Listing:
    """Return a card with what only its repeat shows."""
    shown = {key: getattr(again, key) for key in _COMPLETED if getattr(first, key) is None}
    return replace(first, **shown)


_COMPLETED = ("author_count", "published", "comments", "upvotes", "organization")


def _with_counts(page: _Page) -> Iterator[tuple[_Card, int | None, int | None]]:
    """Give each card its upvotes and the comments that stand apart from its date."""
    first, last = page.counts[0], page.counts[-1]
    buttons_close = bool(_values(last, labelled=True)) and not _values(first, labelled=True)
    opened = _values(first, labelled=False)
    numbers_close = bool(_values(last, labelled=False)) and not opened
    # Two numbers between two cards show that cards open with one and may close with another.
    both = any(len(_values(counts, labelled=False)) > 1 for counts in page.counts[1:-1])
    bare = opened[-1:]
    for place, card in enumerate(page.cards):
        before, after = page.counts[place], page.counts[place + 1]
        upvotes = _values(after if buttons_close else before, labelled=True) or bare
        closes = numbers_close or (card.torn and not opened) or (both and after is last)
        comments, bare = _shared(card, _values(after, labelled=False), closes)
        yield card, next(iter(upvotes), None), next(iter(comments), None)


def _shared(card: _Card, bare: list[int], closes: bool) -> tuple[list[int], list[int]]:
    """Divide the bare numbers behind a card: its comments, then the upvotes of the next.

    A number usually opens a card. It closes one, so that it is comments, if `closes` says so (numbers
    stand after the last card but not before the first), or if another one opens the next.
    """
    if (closes or len(bare) > 1) and (card.metadata is None or card.metadata.comments is None):
        return bare[:1], bare[1:][-1:]
    return [], bare[-1:]


def _values(counts: list[_Count], labelled: bool) -> list[int]:
    return [one.value for one in counts if one.labelled is labelled]


def _notes(page: _Page) -> Iterator[str]:
    yield from page.notes
    glued = [card.metadata.line for card in page.cards if card.metadata and card.metadata.glued]
    if glued:
        yield f"{len(glued)} comment counts stand right behind the day, first on line {glued[0]}; read as the longest day"
