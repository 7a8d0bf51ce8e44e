"""The dates and metadata blocks on a saved Daily Papers page. Pure."""

import re
from calendar import monthrange
from dataclasses import dataclass

from digest.model import PartialDate
from digest.read.parsing.page_lines import COUNT, Block, Line, count

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
_HEADER_DATE = re.compile(
    rf"(?:[A-Z][a-z]{{2,8}},? )?{_MONTH} (?P<day>\d{{1,2}})(?:,? (?P<year>(?:19|20)\d\d))?"
    r"(?: ?\(?<?(?:https?://\S*)?/papers/date/(?P<iso>(?:19|20)\d\d)-\d\d-\d\d>?\)?)?",
    re.IGNORECASE,
)
_AUTHORS = re.compile(rf"(?:[•*∙●-] ?)?(?P<count>{COUNT}) authors?", re.IGNORECASE)
_BULLET = re.compile(r"[•*∙●-] ?")
_DOT = "·"
_LEAP_YEAR = 2000
_LONGEST_NAME = 100
# An organisation, a dot, a number of authors, a dot, a date, a dot and a count, each on its own line.
MOST_METADATA_LINES = 7


@dataclass(frozen=True, slots=True)
class Metadata:
    """The metadata below an abstract.

    `certain` is set if there is more than a date; `glued` if the comment count follows the day without a
    space.
    """

    line: int
    published: PartialDate | None = None
    author_count: int | None = None
    organization: str | None = None
    comments: int | None = None
    certain: bool = False
    glued: bool = False


def is_part_of_metadata(line: Line) -> bool:
    """Return whether only a metadata block can have the line: `• 5 authors` or a single dot."""
    return line.bare == _DOT or _AUTHORS.fullmatch(line.bare) is not None


def is_dot(block: Block) -> bool:
    """Return whether the block is a single dot, as between authors and date."""
    return len(block) == 1 and block[0].bare == _DOT


def is_author_count(block: Block) -> bool:
    """Return whether the block is only a number of authors."""
    return len(block) == 1 and _AUTHORS.fullmatch(block[0].bare.strip(_DOT + " ")) is not None


def header_date(block: Block) -> PartialDate | None:
    """Return the date above the papers of a page, or None if the block is anything else."""
    match = _HEADER_DATE.fullmatch(block[0].bare) if len(block) == 1 else None
    if match is None:
        return None
    month, day = _MONTHS.get(match["month"].lower()), int(match["day"])
    year = match["year"] or match["iso"]
    if month is None or not 1 <= day <= _days_in(month, int(year) if year else _LEAP_YEAR):
        return None
    return PartialDate(month, day, int(year) if year else None)


def metadata(block: Block) -> Metadata | None:
    """Parse a metadata block, or return None for any other block.

    On one line or several, with or without dots between the parts, it has a number of authors, an
    organisation, both or neither, then a date, then optionally a number of comments. A number of authors
    alone is metadata too.
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
    return Metadata(line, author_count=count(authors["count"]), certain=True) if authors else None


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
        return None  # without a dot, the lines may also be a title that ends with a date
    return Metadata(
        line,
        dated.published,
        author_count,
        organization,
        dated.comments if comments is None else comments,
        certain=author_count is not None or dotted,
        glued=dated.glued,
    )


def _names(pieces: list[str]) -> tuple[int | None, str | None] | None:
    """Return the number of authors and the organisation before a date, or None if there is anything else."""
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
    """Parse `Sep 25, 2024 5`, `May 1`, `Published on Oct 4, 2026`; `May 296` is May 29 with 6 comments."""
    match = _DATED.fullmatch(text)
    month = _MONTHS.get(match["month"].lower()) if match else None
    if match is None or month is None:
        return None
    year = match["year"]
    day, rest = match["day"], match["tail"]
    if year is None and int(day) > _days_in(month):
        day, rest = day[:1], day[1:] + rest
    if not 1 <= int(day) <= _days_in(month, int(year) if year else _LEAP_YEAR):
        return None
    published = PartialDate(month, int(day), int(year) if year else None)
    return _with_comments(published, rest)


def _with_comments(published: PartialDate, rest: str) -> _Dated | None:
    text = rest.strip()
    if not text:
        return _Dated(published, None)
    glued = rest[0].isdigit()
    # "May 290" is not May 29 with 0 comments, because pages do not show a count of zero.
    comments = None if glued and text.startswith("0") else count(text)
    return None if comments is None else _Dated(published, comments, glued)


def _days_in(month: int, year: int = _LEAP_YEAR) -> int:
    return monthrange(year, month)[1]
