"""The lines and blocks of a saved Daily Papers page, and what they look like. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice

_LINE_END = re.compile(r"\r\n|\r|\n")
# Copied pages contain these; a line with nothing else is blank.
_INVISIBLE = "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad"
# A longer line can only be a title or an abstract, so that the patterns below need not look at it.
_LONGEST = 160

_SIGNATURE = re.compile(
    r"Get trending papers in your email inbox(?: once a day)?\s*[!.]?|by\s*AK(?: and\b.{0,60})?",
    re.IGNORECASE,
)
_MENU = frozenset(
    ["new", "subscribe", "daily papers", "trending papers", "papers", "daily", "weekly", "monthly"]
)
# The navigation and the footer of the site, which are copied along with a whole page.
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
_LINK = re.compile(r"GitHub(?: ?[\d.,]+ ?[kKmM]?)?|arXiv(?: Page)?|Project(?: Page)?", re.IGNORECASE)

COUNT = r"(?:\d{1,3}(?:,\d{3})+|\d{1,9}(?:\.\d{1,3})?[kKmM]|\d{1,9})"
_COUNTED = re.compile(COUNT)
_UPVOTE = re.compile(rf"Upvotes?(?: ?(?P<count>{COUNT}|[-–—]))?", re.IGNORECASE)
_SUBMITTED = re.compile(r"Submitted by\s*:?(?: ?(?P<user>\S.*))?", re.IGNORECASE)
_UNITS = {"k": 1000, "m": 1_000_000}

_SENTENCE_END = re.compile(r"[.!?][\"')\]”’]?\s+(?=[\"'(\[“‘]?[A-Z0-9])|[。！？]")
_ABSTRACT_END = re.compile(r"[.!?。！？…][\"')\]}”’$*]{0,4}\Z")
_ABBREVIATED = re.compile(
    r"(?:\b(?:vs|e\.g|i\.e|cf|al|fig|figs|eq|eqs|sec|resp|approx|w\.r\.t|a\.k\.a|no|[a-zA-Z])|\d)\.\Z",
    re.IGNORECASE,
)
_FULL_STOP = re.compile(r"(?:(?<!\.)\.|。)[\"')\]”’]?\Z")


@dataclass(frozen=True, slots=True)
class Line:
    """A line that is not blank, with its white space collapsed; `number` counts from 1 in the file."""

    number: int
    text: str

    @property
    def bare(self) -> str:
        """The text without invisible characters around it; empty if it is too long for the patterns."""
        return self.text.strip(_INVISIBLE + " ") if len(self.text) <= _LONGEST else ""


Block = tuple[Line, ...]


def first_lines(text: str, number: int) -> str:
    """Return the first lines of a text."""
    ends = islice(_LINE_END.finditer(text), number - 1, None)
    last = next(ends, None)
    return text if last is None else text[: last.start()]


def blocks(text: str) -> list[Block]:
    """Return the blocks of a page, which blank lines separate."""
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
    """Return the text of a block on one line."""
    return " ".join(line.text for line in block)


def is_signature(line: Line) -> bool:
    """Return whether only Daily Papers pages have such a line."""
    return _SIGNATURE.fullmatch(line.bare) is not None


def is_boilerplate(line: Line) -> bool:
    """Return whether the line belongs to the page and not to a paper (a title may look the same)."""
    return is_signature(line) or is_menu(line) or line.bare.casefold() in _SITE


def is_menu(line: Line) -> bool:
    """Return whether the line is in the menu above the papers; other pages may have it too."""
    return line.bare.casefold() in _MENU or _WEEK.fullmatch(line.bare) is not None


def is_link(line: Line) -> bool:
    """Return whether the line is one of the links below a paper on the trending page."""
    return _LINK.fullmatch(line.bare) is not None


def is_github(line: Line) -> bool:
    """Return whether the line is the GitHub link without its number of stars."""
    return line.bare.casefold() == "github"


def count(text: str) -> int | None:
    """Return the count in `12`, `1,024`, `1.5k` or `-` (zero), or None."""
    if text in {"-", "–", "—"}:
        return 0
    if _COUNTED.fullmatch(text) is None:
        return None
    unit = _UNITS.get(text[-1].lower(), 1)
    return int(Decimal(text.rstrip("kKmM").replace(",", "")) * unit)


def upvote_label(line: Line) -> tuple[bool, int | None]:
    """Return whether the line is the upvote button, and the number on the line, if any."""
    match = _UPVOTE.fullmatch(line.bare)
    return match is not None, count(match["count"] or "") if match else None


def submitter(line: Line) -> str | None:
    """Return the name of the submitter, an empty string if it is on the next line, or None."""
    match = _SUBMITTED.fullmatch(line.bare)
    return None if match is None else match["user"] or ""


def sentences(text: str) -> int:
    """Return the number of sentences that follow the end of another sentence."""
    return sum(1 for _ in _SENTENCE_END.finditer(text))


def ends_as_sentence(text: str) -> bool:
    """Return whether the text ends with a single full stop, which titles rarely do."""
    return _FULL_STOP.search(text, max(0, len(text) - 3)) is not None


def ends_like_abstract(text: str) -> bool:
    """Return whether a text ends with the end of a sentence, as nine of ten abstracts do."""
    if not _ABSTRACT_END.search(text, max(0, len(text) - 6)) or _ABBREVIATED.search(
        text, max(0, len(text) - 12)
    ):
        return False
    return text.count("(") <= text.count(")")


def ends_with_address(text: str) -> bool:
    """Return whether the last word of a text is a web address."""
    return "://" in text.rsplit(" ", 1)[-1]


def is_prose(text: str) -> bool:
    """Return whether the text looks like an abstract rather than a title."""
    if len(text) >= 400:
        return True
    ends = sentences(text)
    return (
        (ends >= 2 and len(text) >= 120)
        or (ends >= 1 and len(text) >= 200)
        or (ends_as_sentence(text) and len(text) >= 60)
    )
