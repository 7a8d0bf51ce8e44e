"""The shapes that lines and blocks of a saved Daily Papers page can have. Pure, no state."""

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from digest.model import PartialDate

_LINE_END = re.compile(r"\r\n|\r|\n")
# Copied pages carry these; alone on a line they show nothing.
_INVISIBLE = "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad"
# Nothing but text is longer than this; it keeps the patterns below off abstracts.
_LONGEST_SHAPE = 160


@dataclass(frozen=True, slots=True)
class Line:
    """A line that is not blank, white space collapsed; `number` counts from 1 in the file."""

    number: int
    text: str

    @property
    def bare(self) -> str:
        """The text without invisible characters around it; empty if it is too long to be a shape."""
        return self.text.strip(_INVISIBLE + " ") if len(self.text) <= _LONGEST_SHAPE else ""


Block = tuple[Line, ...]


def blocks(text: str) -> list[Block]:
    """Return the blocks of a page: runs of lines with blank lines between them."""
    return [tuple(block) for block in _blocks(text)]


def _blocks(text: str) -> Iterator[list[Line]]:
    block: list[Line] = []
    for number, raw in enumerate(_LINE_END.split(text), start=1):
        collapsed = " ".join(raw.split())
        if collapsed.strip(_INVISIBLE + " "):
            block.append(Line(number, collapsed))
        elif block:
            yield block
            block = []
    if block:
        yield block


def text_of(block: Block) -> str:
    """Return a block as one line."""
    return " ".join(line.text for line in block)


# --- furniture -----------------------------------------------------------------------------------

_MARK = re.compile(
    r"Get trending papers in your email inbox(?: once a day)?\s*[!.]?|by\s*AK(?: and\b.{0,60})?",
    re.IGNORECASE,
)
_FURNITURE = frozenset(
    ["new", "subscribe", "daily papers", "trending papers", "papers", "daily", "weekly", "monthly"]
)
# Menu and foot of the site, which come along when a whole page is selected and copied.
_SITE = frozenset(
    [
        "hugging face",
        "models",
        "datasets",
        "spaces",
        "community",
        "docs",
        "enterprise",
        "pricing",
        "log in",
        "sign up",
        "previous",
        "next",
        "system theme",
        "company",
        "tos",
        "privacy",
        "about",
        "careers",
        "website",
    ]
)
_WEEK = re.compile(r"Week \d{1,2}(?:,? \d{4})?", re.IGNORECASE)
_EXTRA = re.compile(r"GitHub(?: ?[\d.,]+ ?[kKmM]?)?|arXiv(?: Page)?|Project(?: Page)?", re.IGNORECASE)


def is_mark(line: Line) -> bool:
    """Say whether the line stands on Daily Papers pages and nowhere else."""
    return _MARK.fullmatch(line.bare) is not None


def is_furniture(line: Line) -> bool:
    """Say whether the line belongs to the page and to no paper (a title may look the same)."""
    return is_mark(line) or is_menu(line) or line.bare.casefold() in _SITE


def is_menu(line: Line) -> bool:
    """Say whether the line is one of the words above the papers; other pages have them too."""
    return line.bare.casefold() in _FURNITURE or _WEEK.fullmatch(line.bare) is not None


def is_extra(line: Line) -> bool:
    """Say whether the line is one of the links below a paper on the trending page."""
    return _EXTRA.fullmatch(line.bare) is not None


def is_github(line: Line) -> bool:
    """Say whether the line is the GitHub link without its number of stars."""
    return line.bare.casefold() == "github"


# --- counts --------------------------------------------------------------------------------------

_COUNT = r"(?:\d{1,3}(?:,\d{3})+|\d{1,9}(?:\.\d{1,3})?[kKmM]|\d{1,9})"
_COUNTED = re.compile(_COUNT)
_UPVOTE = re.compile(rf"Upvotes?(?: ?(?P<count>{_COUNT}|[-–—]))?", re.IGNORECASE)
_SUBMITTED = re.compile(r"Submitted by\s*:?(?: ?(?P<user>\S.*))?", re.IGNORECASE)
_UNITS = {"k": 1000, "m": 1_000_000}


def count(text: str) -> int | None:
    """Return the number that `12`, `1,024`, `1.5k` or `-` (none) stands for, or None if it is no count."""
    if text in {"-", "–", "—"}:
        return 0
    if _COUNTED.fullmatch(text) is None:
        return None
    unit = _UNITS.get(text[-1].lower(), 1)
    return int(Decimal(text.rstrip("kKmM").replace(",", "")) * unit)


def upvote_label(line: Line) -> tuple[bool, int | None]:
    """Return whether the line is the upvote button, and its number if that is on the line."""
    match = _UPVOTE.fullmatch(line.bare)
    return match is not None, count(match["count"] or "") if match else None


def submitter(line: Line) -> str | None:
    """Return who submitted the paper: a name, empty if it follows on the next line, None if not said."""
    match = _SUBMITTED.fullmatch(line.bare)
    return None if match is None else match["user"] or ""


# --- dates and metadata --------------------------------------------------------------------------

_MONTHS = {
    name: number
    for number, names in enumerate(
        [
            "jan january",
            "feb february",
            "mar march",
            "apr april",
            "may",
            "jun june",
            "jul july",
            "aug august",
            "sep sept september",
            "oct october",
            "nov november",
            "dec december",
        ],
        start=1,
    )
    for name in names.split()
}
_MONTH = r"(?P<month>[A-Za-z]{3,9})\.?"
_DATED = re.compile(
    rf"(?:Published on )?{_MONTH} (?P<day>\d{{1,2}})(?:, ?(?P<year>(?:19|20)\d\d))?"
    rf"(?P<tail>.*)",
    re.IGNORECASE,
)
_HEADER = re.compile(
    rf"(?:[A-Z][a-z]{{2,8}},? )?{_MONTH} (?P<day>\d{{1,2}})(?:,? (?P<year>(?:19|20)\d\d))?"
    r"(?: ?\(?<?(?:https?://\S*)?/papers/date/(?P<iso>(?:19|20)\d\d)-\d\d-\d\d>?\)?)?",
    re.IGNORECASE,
)
_AUTHORS = re.compile(rf"(?:[•*∙●-] ?)?(?P<count>{_COUNT}) authors?", re.IGNORECASE)
_BULLET = re.compile(r"[•*∙●-] ?")
_DOT = "·"
_LEAP_YEAR = 2000
_LONGEST_NAME = 100
# An organisation, a dot, the authors, a dot, a date, a count, one a line, are seven.
MOST_METADATA_LINES = 7


@dataclass(frozen=True, slots=True)
class Metadata:
    """What the lines below an abstract say. `sure` if more than a date is there; `glued` marks a
    comment count that stood right behind the day, without a blank.
    """

    line: int
    published: PartialDate | None = None
    author_count: int | None = None
    organization: str | None = None
    comments: int | None = None
    sure: bool = False
    glued: bool = False


def is_part_of_metadata(line: Line) -> bool:
    """Say whether the line can stand in a metadata block only: `• 5 authors` or a dot alone."""
    return line.bare == _DOT or _AUTHORS.fullmatch(line.bare) is not None


def is_dot(block: Block) -> bool:
    """Say whether the block is the dot between authors and date, alone."""
    return len(block) == 1 and block[0].bare == _DOT


def is_author_count(block: Block) -> bool:
    """Say whether the block is a number of authors, alone."""
    return len(block) == 1 and _AUTHORS.fullmatch(block[0].bare.strip(_DOT + " ")) is not None


def header(block: Block) -> PartialDate | None:
    """Return the day that a page shows above its papers, or None if the block is not that."""
    match = _HEADER.fullmatch(block[0].bare) if len(block) == 1 else None
    if match is None:
        return None
    month, day = _MONTHS.get(match["month"].lower()), int(match["day"])
    year = match["year"] or match["iso"]
    if month is None or not 1 <= day <= _longest(month, int(year) if year else _LEAP_YEAR):
        return None
    return PartialDate(month, day, int(year) if year else None)


def metadata(block: Block) -> Metadata | None:
    """Return what a block says of the paper above it, or None if it is no metadata block.

    It holds, on one line or several and with or without dots between, a number of authors or an
    organisation or both, then a date, then perhaps a number of comments; or one of the first two
    parts alone.
    """
    if len(block) > MOST_METADATA_LINES or not all(line.bare for line in block):
        return None
    pieces = [piece.strip() for line in block for piece in line.bare.split(_DOT) if piece.strip()]
    if not pieces:
        return None
    dotted = any(_DOT in line.bare for line in block)
    return _with_date(block[0].number, pieces, dotted) or _without_date(block[0].number, pieces)


def _without_date(line: int, pieces: list[str]) -> Metadata | None:
    authors = _AUTHORS.fullmatch(pieces[0]) if len(pieces) == 1 else None
    return Metadata(line, author_count=count(authors["count"]), sure=True) if authors else None


def _with_date(line: int, pieces: list[str], dotted: bool) -> Metadata | None:
    comments = None
    dated = _dated(pieces[-1])
    if dated is None and len(pieces) > 1:
        comments = count(pieces[-1])
        dated = _dated(pieces[-2]) if comments is not None else None
        pieces = pieces[:-1]
    if dated is None or (comments is not None and dated.comments is not None):
        return None
    names = _names(pieces[:-1])
    if names is None:
        return None
    author_count, organization = names
    if organization is not None and not dotted:
        return None  # a name and a date on two lines are as well a title that ends with a date
    return Metadata(
        line,
        dated.published,
        author_count,
        organization,
        dated.comments if comments is None else comments,
        sure=author_count is not None or dotted,
        glued=dated.glued,
    )


def _names(pieces: list[str]) -> tuple[int | None, str | None] | None:
    """Return the number of authors and the organisation before a date, or None if it is more than that."""
    author_count: int | None = None
    organization: str | None = None
    for piece in pieces:
        authors = _AUTHORS.fullmatch(piece)
        if authors and author_count is None:
            author_count = count(authors["count"])
        elif organization is None and not authors and len(piece) <= _LONGEST_NAME:
            organization = _BULLET.sub("", piece, count=1) if _BULLET.match(piece) else piece
        else:
            return None
    return author_count, organization


@dataclass(frozen=True, slots=True)
class _Dated:
    published: PartialDate
    comments: int | None
    glued: bool = False


def _dated(text: str) -> _Dated | None:
    """Read `Sep 25, 2024 5`, `May 1`, `Published on Oct 4, 2026`; `May 296` as the 29th with 6 comments."""
    match = _DATED.fullmatch(text)
    month = _MONTHS.get(match["month"].lower()) if match else None
    if match is None or month is None:
        return None
    year = match["year"]
    day, rest = match["day"], match["tail"]
    if year is None and int(day) > _longest(month):
        day, rest = day[:1], day[1:] + rest
    if not 1 <= int(day) <= _longest(month, int(year) if year else _LEAP_YEAR):
        return None
    published = PartialDate(month, int(day), int(year) if year else None)
    return _with_comments(published, rest)


def _with_comments(published: PartialDate, rest: str) -> _Dated | None:
    shown = rest.strip()
    if not shown:
        return _Dated(published, None)
    glued = rest[0].isdigit()
    # "May 290" is not the 29th with no comments: no count is shown then.
    comments = None if glued and shown.startswith("0") else count(shown)
    return None if comments is None else _Dated(published, comments, glued)


def _longest(month: int, year: int = _LEAP_YEAR) -> int:
    return monthrange(year, month)[1]


# --- prose ---------------------------------------------------------------------------------------

_SENTENCE_END = re.compile(r"[.!?][\"')\]”’]?\s+(?=[\"'(\[“‘]?[A-Z0-9])|[。！？]")
_FULL_STOP = re.compile(r"(?:(?<!\.)\.|。)[\"')\]”’]?\Z")


def sentences(text: str) -> int:
    """Return how many sentences begin after another one has ended."""
    return sum(1 for _ in _SENTENCE_END.finditer(text))


def ends_as_sentence(text: str) -> bool:
    """Say whether the text ends with one full stop (titles seldom do)."""
    return _FULL_STOP.search(text, max(0, len(text) - 3)) is not None


def is_prose(text: str) -> bool:
    """Say whether the text reads like an abstract rather than like a title."""
    if len(text) >= 400:
        return True
    ends = sentences(text)
    return (
        (ends >= 2 and len(text) >= 120)
        or (ends >= 1 and len(text) >= 200)
        or (ends_as_sentence(text) and len(text) >= 60)
    )
