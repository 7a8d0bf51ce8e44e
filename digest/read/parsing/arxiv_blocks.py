r"""The blocks in which arXiv lists papers as plain text, in its daily emails and its `.abs` files. Pure.

    \\
    arXiv:2303.00766 (*cross-listing*)
    Date: Wed, 1 Mar 2023 19:00:02 GMT   (1799kb,D)

    Title: Black hole mergers as tracers of spinning massive black hole and galaxy
      populations in the Obelisk simulation
    Authors: C. A. Dong-P\'aez, M. Volonteri
    Categories: astro-ph.GA astro-ph.HE
    \\
      Abstract …
    \\ ( https://arxiv.org/abs/2303.00766 ,  1799kb)

Lines of dashes separate the blocks. The block of a replacement has no abstract; its head ends with the link.
Lines of an abstract may begin with two backslashes too, so the last such line ends the block.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from digest.model import Listing
from digest.ports import Fault, Parsed
from digest.read import normalize
from digest.read.parsing import names
from digest.read.parsing.dates import day_of, newest
from digest.read.parsing.ids import arxiv_id, doi
from digest.read.parsing.standing import standing

_LINE_END = re.compile(r"\r\n|\r|\n")
# A mail program that forwards a mail may put blank lines between its lines.
_BEGINNING = re.compile(r"^\\\\[ \t]*(?:(?:\r\n|\r|\n)[ \t]*)+(?:arXiv|Paper):[ ]?\S", re.MULTILINE)
_RULE = re.compile(r"-{60,}\s*|(?:%%%---){5,}.*|(?:%%--){5,}.*")
_NAMED = re.compile(r"(?:arXiv|Paper):\s*(\S+)(.*)")
_FIELD = re.compile(r"([A-Z][A-Za-z-]*(?: \([^)]*\))?):(?:\s+|$)(.*)")
_REVISED = re.compile(r"Date \(revised v(\d{1,4})\)")
_REPLACED = re.compile(r"replaced with revised version\s+(.*)")
_LINK = re.compile(r"\\\\\s*\(\s*<?(https?://[^\s<>]+)")
_LINK_LINE = re.compile(r"^\\\\[ \t]{0,3}\([ \t]{0,3}<?https?://", re.MULTILINE)
# A complete email has both of these lines; a part that was copied out of an email has neither.
_HEAD = re.compile(r"^[ \t]*received from .* to .*GMT", re.MULTILINE)
_END = re.compile(r"^(?:%%%---){5}", re.MULTILINE)
_MARK = "\\\\"
_REMEDY = "save the complete text again, as arXiv sent it"


@dataclass(frozen=True, slots=True)
class Block:
    """A paper, and the newest date in its block."""

    listing: Listing
    newest: date | None


def has_block(text: str) -> bool:
    """Return whether the text has the beginning of a block."""
    return _BEGINNING.search(text) is not None


def has_link(text: str) -> bool:
    """Return whether any block ends with a link, as in emails."""
    return _LINK_LINE.search(text) is not None


def parse(text: str) -> Parsed | Fault:
    """Return the papers in a text, or the first fault."""
    found = blocks(text)
    if isinstance(found, Fault):
        return found
    return normalize.parsed(
        (block.listing for block in found), carried=newest(block.newest for block in found)
    )


def blocks(text: str) -> list[Block] | Fault:
    """Return the blocks in a text, or the first fault."""
    if sum(1 for _ in _HEAD.finditer(text)) > sum(1 for _ in _END.finditer(text)):
        return Fault("the mail is cut short: its last line is missing", _REMEDY)
    found: list[Block] = []
    for start, lines in _parts(text):
        block = _block(start, lines)
        if isinstance(block, Fault):
            return block
        found.append(block)
    return found


def _parts(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each block as the number of its first line and its lines, starting at the first mark."""
    start = 0
    part: list[str] = []
    for number, line in enumerate(_LINE_END.split(text), start=1):
        if not line:
            continue
        if _RULE.fullmatch(line):
            if part:
                yield start, part
            part = []
        elif line.strip() and (part or line.rstrip() == _MARK):
            start = start if part else number
            part.append(line)
    if part:
        yield start, part


def _block(start: int, lines: list[str]) -> Block | Fault:
    marks = [place for place, line in enumerate(lines) if line.startswith(_MARK)]
    named = _NAMED.match(lines[1]) if len(lines) > 1 else None
    arxiv, version = arxiv_id(named[1]) if named else (None, None)
    if named is None or arxiv is None:
        return Fault("the block that begins here has no arXiv id", _REMEDY, start)
    if len(marks) < 2:
        return Fault(f"the block of {arxiv} is cut short", _REMEDY, start)
    head, replaced = _fields(lines[2 : marks[1]])
    title = normalize.one_line(head.get("Title"))
    if not title:
        return Fault(f"the block of {arxiv} has no title", _REMEDY, start)
    link = _LINK.match(lines[marks[-1]])
    abstract = normalize.one_line("\n".join(lines[marks[1] + 1 : marks[-1]]))
    if len(marks) == 2 and not link:
        return Fault(f"the abstract of {arxiv} is cut short", _REMEDY, start)
    cross = "cross-list" in named[2]
    authors = names.split_tex_names(head.get("Authors") or head.get("Author") or "")
    revisions = {int(match[1]): value for key, value in head.items() if (match := _REVISED.fullmatch(key))}
    published = None if replaced else day_of(head.get("Date"))
    announced = ("replace-cross" if cross else "replace") if replaced else ("cross" if cross else "new")
    listing = Listing(
        rank=0,
        title=title,
        abstract=abstract,
        authors=authors,
        author_count=len(authors) or None,
        published=published,
        categories=tuple(dict.fromkeys((head.get("Categories") or "").split())),
        arxiv=arxiv,
        doi=doi((head.get("DOI") or " ").replace(",", " ").split(" ")[0]),
        version=version or (None if link else max(revisions, default=1)),
        url=link[1] if link else None,
        status=standing("", abstract, normalize.one_line(head.get("Comments"))),
        announced=announced if link else None,
    )
    days = (published, day_of(replaced), *(day_of(value) for value in revisions.values()))
    return Block(listing, newest(days))


def _fields(lines: list[str]) -> tuple[dict[str, str], str]:
    """Return the fields in the head of a block, and the date of a replacement (empty if it was not replaced)."""
    fields: dict[str, list[str]] = {}
    last, replaced = "", ""
    for line in lines:
        match = _FIELD.match(line)
        if line[:1].isspace() and last:
            fields[last].append(line.strip())
        elif match:
            last = match[1] if match[1] not in fields else ""
            fields.setdefault(match[1], [match[2]])
        elif again := _REPLACED.match(line):
            replaced = again[1] or "?"
        elif last and line.strip():  # a mail program broke a line, or dropped the blanks before it
            fields[last].append(line.strip())
    return {name: " ".join(lines) for name, lines in fields.items()}, replaced
