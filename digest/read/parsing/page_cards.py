"""The cards on a saved Daily Papers page.

Titles and abstracts have no marks of their own; only their alternation shows which is which. If it breaks, the
page is rejected with the line, because every later pair would be wrong.
"""

from dataclasses import dataclass, field
from statistics import median

from digest.model import PartialDate
from digest.ports import Fault
from digest.read.parsing import page_lines, page_metadata
from digest.read.parsing.page_lines import Block, Line, text_of
from digest.read.parsing.page_metadata import Metadata

_LONGEST_TERM, _MOST_WORDS_IN_TERM = 60, 6
_QUOTED = 60
# No title, abstract or menu has as many lines, but a page without its blank lines does.
_MOST_LINES = 300

_WHOLE = "save the complete page again as plain text, with its blank lines"
_APART = "separate titles, abstracts and metadata by blank lines, as on the page"


class PageError(Exception):
    """The line at which a page cannot be read, as a `Fault`."""

    def __init__(self, line: int | None, reason: str, remedy: str) -> None:
        super().__init__(reason)
        self.fault = Fault(reason, remedy, line)


@dataclass(frozen=True, slots=True)
class Count:
    """A number between two cards: the upvotes of the next card or the comments of the last."""

    value: int
    labelled: bool


@dataclass(slots=True)
class Card:
    """A title with its abstract and metadata; `line` is that of the title (from 1)."""

    title: str
    abstract: str
    line: int
    metadata: Metadata | None = None
    # There are blank lines within the metadata, so that the comments may come after one too.
    split: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """The cards of a page.

    `counts` has one list more than `cards`: the numbers before the first card, between each two cards, and
    after the last. `header` is the date above the papers.
    """

    cards: list[Card]
    counts: list[list[Count]]
    header: PartialDate | None
    notes: list[str]


def read_page(text: str) -> Page:
    """Read all cards of a page. Raises PageError if titles and abstracts do not alternate."""
    reader = _Reader(_joined(page_lines.blocks(text)))
    reader.read()
    _check(reader.cards)
    return Page(reader.cards, reader.counts, reader.header, reader.notes)


def _joined(blocks: list[Block]) -> list[Block]:
    """Join the parts of metadata that blank lines separate: authors, a dot, a date."""
    joined: list[Block] = []
    rest = iter(blocks)
    for block in rest:
        if page_metadata.is_dot(block) and joined:
            joined[-1] += block + next(rest, ())
        elif joined and page_metadata.is_author_count(joined[-1]) and page_metadata.header_date(block):
            joined[-1] += block
        else:
            joined.append(block)
    return joined


@dataclass(slots=True)
class _Reader:
    """Reads a page block by block; `rest` holds the remaining blocks in reverse order."""

    rest: list[Block]
    cards: list[Card] = field(default_factory=list)
    # See `Page.counts`.
    counts: list[list[Count]] = field(default_factory=lambda: [[]])
    header: PartialDate | None = None
    notes: list[str] = field(default_factory=list)
    # Since the last card there was boilerplate, so that a date may be the header of another page.
    boilerplate_seen: bool = True

    def __post_init__(self) -> None:
        self.rest.reverse()  # removing the next block from the end is cheap

    def read(self) -> None:
        for block in self.rest:
            if len(block) > _MOST_LINES:
                reason = f"{len(block)} lines follow each other without a blank line"
                raise PageError(block[0].number, reason, _APART)
        while self.rest:
            self._skip_to_title()
            if self.rest:
                self._read_card()

    def _next(self) -> Block:
        return self.rest[-1] if self.rest else ()

    def _after(self, places: int) -> Block:
        return self.rest[-1 - places] if len(self.rest) > places else ()

    def _skip_to_title(self) -> None:
        """Consume everything up to the next title."""
        while self.rest and not self._is_unusual_title():
            if not (self._take_header() or self._take_metadata() or self._take_line()):
                return

    def _is_unusual_title(self) -> bool:
        """Return whether the next block is a title although it looks like boilerplate: an abstract follows."""
        block, following = self._next(), self._after(1)
        if len(block) != 1 or not following or not page_lines.is_prose(text_of(following)):
            return False
        if page_metadata.header_date(block) is not None:
            return bool(self.cards) and self.cards[-1].metadata is not None
        return page_metadata.metadata(block) is None and not page_lines.is_signature(block[0])

    def _take_header(self) -> bool:
        """Consume the date above the papers; after a card, the same line is metadata."""
        block = self._next()
        day = (
            page_metadata.header_date(block[:1])
            if self.boilerplate_seen and all(map(_is_line_between_cards, block[1:]))
            else None
        )
        if day is None:
            return False
        if self.header not in {None, day}:
            reason = "this is a second date above the papers"
            if self.cards:
                reason = "a second page with another date begins here"
            remedy = "keep each page in its own file, with one date above the papers"
            raise PageError(block[0].number, reason, remedy)
        self.header = day
        self._consume(1)
        return True

    def _take_metadata(self) -> bool:
        block = self._next()
        size, found = _metadata_at_start(block)
        if found is None:
            return False
        self._attach(found)
        self.cards[-1].split = block[size - 1].number - block[0].number >= size
        self._consume(size)
        return True

    def _attach(self, found: Metadata) -> None:
        if not self.cards:
            raise PageError(found.line, "there is metadata (authors, date) before any paper", _WHOLE)
        if self.cards[-1].metadata is not None:
            reason = "there is metadata (authors, date) a second time for the same paper"
            raise PageError(found.line, reason, _WHOLE)
        self.cards[-1].metadata = found

    def _take_line(self) -> bool:
        """Consume the next line, and one that completes it, unless it belongs to a title."""
        line = self._next()[0]
        labelled, value = page_lines.upvote_label(line)
        bare = page_lines.count(line.bare)
        if labelled:
            self._consume(1)
            self._add_count(self._take_number() if value is None else value, labelled=True)
        elif (user := page_lines.submitter(line)) is not None:
            self._consume(1)
            if not user and self.rest:
                self._consume(1)  # the name is on the next line
        elif bare is not None:
            self._consume(1)
            self._add_count(bare, labelled=False)
        elif page_lines.is_link(line):
            self._consume(1)
            if page_lines.is_github(line):
                self._take_number()
        elif page_lines.is_boilerplate(line):
            self._consume(1)
            self.boilerplate_seen = True
        else:
            return False
        return True

    def _take_number(self) -> int | None:
        """Consume and return the next line if it is a number."""
        value = page_lines.count(self._next()[0].bare) if self.rest else None
        if value is not None:
            self._consume(1)
        return value

    def _add_count(self, value: int | None, *, labelled: bool) -> None:
        if value is not None:
            self.counts[-1].append(Count(value, labelled))

    def _consume(self, lines: int) -> None:
        """Remove lines from the start of the next block, and the block if no line remains."""
        remaining = self.rest.pop()[lines:]
        if remaining:
            self.rest.append(remaining)

    def _read_card(self) -> None:
        if not self.cards and self._take_search_term():
            return
        block = self._take_text()
        title = text_of(block)
        if not self.rest or _is_between_cards(self._next()):
            raise self._alternation_error(block) if page_lines.is_prose(title) else _no_abstract(block)
        abstract = text_of(self._take_text())
        if _is_shifted(title, abstract):
            raise self._alternation_error(block)
        self.cards.append(Card(title, abstract, block[0].number))
        self.counts.append([])
        self.boilerplate_seen = False

    def _alternation_error(self, block: Block) -> PageError:
        """Return the error for a block that is not a title, with the place where the alternation broke."""
        last = self.cards[-1] if self.cards else None
        if last and not (page_lines.is_prose(last.abstract) or page_lines.ends_as_sentence(last.abstract)):
            return _no_abstract((Line(last.line, last.title),))  # its supposed abstract is the title
        return _shifted(block)

    def _take_text(self) -> Block:
        block = self.rest.pop()
        if len(block) > 1 and not self.cards and page_metadata.header_date(block[:1]):
            raise PageError(block[0].number, "a blank line is missing between the date and a title", _APART)
        for line in block:
            if page_metadata.is_part_of_metadata(line) or page_lines.is_signature(line):
                reason = f"{_quoted(line.text)} is inside a paragraph"
                raise PageError(line.number, reason, _APART)
        return block

    def _take_search_term(self) -> bool:
        """Consume the search term, which some pages repeat above the papers."""
        line = self._next()[0]
        if len(line.text) > _LONGEST_TERM or len(line.text.split()) > _MOST_WORDS_IN_TERM:
            return False
        if not (self._is_above_boilerplate() or self._is_in_first_paper(line)):
            return False
        self.notes.append(f"took {_quoted(line.text)} on line {line.number} as the search term")
        self._consume(1)
        return True

    def _is_above_boilerplate(self) -> bool:
        """Return whether boilerplate or the date follows the next line."""
        block = self._next()[1:] or self._after(1)
        return bool(block) and (
            page_lines.is_boilerplate(block[0]) or page_metadata.header_date(block[:1]) is not None
        )

    def _is_in_first_paper(self, line: Line) -> bool:
        """Return whether the first title and abstract contain every word of the line.

        Otherwise the line may be a title without an abstract, which must not be dropped.
        """
        texts = (text_of(block) for block in reversed(self.rest[:-1]) if not _is_between_cards(block))
        title, abstract = next(texts, ""), next(texts, "")
        if len(self._next()) > 1 or page_lines.is_prose(title) or not page_lines.is_prose(abstract):
            return False
        found = f"{title} {abstract}".casefold()
        return all(word in found for word in line.text.casefold().split())


def _metadata_at_start(block: Block) -> tuple[int, Metadata | None]:
    """Return the number of lines of the metadata at the start of a block, and the metadata, or (0, None).

    Only counts, links and boilerplate may follow it in the same block.
    """
    for size in range(min(len(block), page_metadata.MOST_METADATA_LINES), 0, -1):
        found = page_metadata.metadata(block[:size])
        if found is not None and all(map(_is_line_between_cards, block[size:])):
            return size, found
    return 0, None


def _is_between_cards(block: Block) -> bool:
    """Return whether the block belongs between an abstract and the next title."""
    return _metadata_at_start(block)[1] is not None or all(map(_is_line_between_cards, block))


def _is_line_between_cards(line: Line) -> bool:
    return (
        page_lines.upvote_label(line)[0]
        or page_lines.submitter(line) is not None
        or page_lines.count(line.bare) is not None
        or page_lines.is_link(line)
        or page_lines.is_boilerplate(line)
    )


def _is_shifted(title: str, abstract: str) -> bool:
    """Return whether the supposed title is an abstract or part of one."""
    if "http://" in title or "https://" in title:
        return True
    return page_lines.is_prose(title) and (
        len(title) >= 400 or page_lines.sentences(title) >= 2 or len(title) > len(abstract)
    )


def _check(cards: list[Card]) -> None:
    """Compare all pairs, to find a sentence of an abstract that was taken as a short title.

    Such a sentence ends with a full stop. Either its abstract is unusually short, or the abstracts before
    and after it are together as long as one usual abstract.
    """
    if not cards:
        raise PageError(None, "no papers on this page", "save the page again once it shows its papers")
    usual = median(len(card.abstract) for card in cards)
    previous = usual
    for card in cards:
        length = len(card.abstract)
        if page_lines.ends_as_sentence(card.title) and (
            length * 5 < usual or previous + length < usual * 1.3
        ):
            raise _shifted((Line(card.line, card.title),))
        previous = length


def _no_abstract(block: Block) -> PageError:
    reason = f"the title {_quoted(text_of(block))} has no abstract"
    return PageError(block[0].number, reason, f"{_WHOLE}, or remove this title from the file")


def _shifted(block: Block) -> PageError:
    reason = f"expected a title, but {_quoted(text_of(block))} looks like part of an abstract"
    remedy = f"{_APART}, and keep each abstract in one paragraph"
    return PageError(block[0].number, reason, remedy)


def _quoted(text: str) -> str:
    return f"“{text}”" if len(text) <= _QUOTED else f"“{text[:_QUOTED].rstrip()} …”"
