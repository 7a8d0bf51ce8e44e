"""arXiv's daily mail: its text alone, or as the message or the mbox that came."""

from collections.abc import Iterator
from datetime import date

from digest.ports import Document, Fault, Parsed
from digest.read import alerts, arxiv_blocks, gather
from digest.read.arxiv_blocks import Block
from digest.read.dates import day_of, newest

name = "arxiv-mail"

_HEAD_LINES = 12


def sniff(document: Document) -> bool:
    """Claim text with a paper's block that a link closes, and mails with such text in them."""
    if alerts.kinds_of(document) == {name}:
        return True
    text = document.text
    return text is not None and alerts.is_arxiv(text)


def parse(document: Document) -> Parsed | Fault:
    """Read every block: new papers, cross-lists and replacements."""
    if alerts.kinds_of(document):
        return alerts.parsed(document)
    text = document.text or ""
    found = arxiv_blocks.blocks(text)
    if isinstance(found, Fault):
        return found
    return gather.parsed((block.listing for block in found), carried=newest(_days(text, found)))


def _days(text: str, found: list[Block]) -> Iterator[date | None]:
    """Return the days of the papers, and the day on which the mail was sent if its head came along."""
    for line in text.lstrip().split("\n")[:_HEAD_LINES]:
        if line.startswith("Date:"):
            yield day_of(line.removeprefix("Date:"))
            break
    for block in found:
        yield block.newest
