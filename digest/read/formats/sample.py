"""The sample pages that ship with paper-digest: a Daily Papers page below a line that calls it a sample.

A format of its own, so that every paper of such a page carries `sample` as its source wherever it goes.
"""

from dataclasses import replace

from digest.model import SAMPLE, SAMPLE_LINE
from digest.ports import Document, Fault, Parsed
from digest.read.formats import daily_papers_page

name = SAMPLE

_NOTE = "a sample page; every paper in it is invented"


def sniff(document: Document) -> bool:
    """Claim a text that begins with the line of a sample."""
    return document.text is not None and document.text.startswith(SAMPLE_LINE)


def parse(document: Document) -> Parsed | Fault:
    """Read the page below the first line."""
    page = replace(document, text=(document.text or "").removeprefix(SAMPLE_LINE))
    found = daily_papers_page.parse(page)
    return replace(found, note=_NOTE) if isinstance(found, Parsed) else found
