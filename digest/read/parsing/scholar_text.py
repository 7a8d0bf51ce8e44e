"""The papers of a Google Scholar alert in text: forwarded as plain text, or as HTML that lost its classes. Pure.

A paper is its title with a link through Scholar's redirect, the line `Authors… - Journal, Year`, and a snippet:

    [PDF] Snails of the
    upper shore <https://scholar.google.com/scholar_url?url=https://arxiv.org/abs/2405.00001&hl=en>
    A Brook, F Kelp - arXiv preprint arXiv:2405.00001, 2024
    We count snails …
"""

import re
from collections.abc import Iterator

from digest.model import Listing
from digest.read.parsing import forwards, scholar_cards

_REDIRECT = "/scholar_url?"
_KIND = re.compile(r"\s*\[(?:PDF|HTML|BOOK|B|CITATION|C|DOC)\]\s*", re.IGNORECASE)
_YEAR_AT_END = re.compile(r"(?:\b(?:19|20)\d\d|…|\.\.\.)\s*\Z")
_MOST_LINES = 4  # of a title, and of a line of authors
_BROKEN = 55  # characters of the shortest line that a mail program breaks


def has_card(text: str) -> bool:
    """Return whether a text has a link through Scholar's redirect after a title."""
    return "<http" in text and next(_places(text.split("\n")), None) is not None


def parse(text: str) -> list[Listing]:
    """Return the papers in a text, in their order."""
    lines = text.split("\n")
    places = list(_places(lines))
    ends = [start for start, _, _, _ in places[1:]] + [len(lines)]
    return [
        scholar_cards.listing(title, address, *_below(lines[place + 1 : end]))
        for (_, place, title, address), end in zip(places, ends, strict=True)
    ]


def _places(lines: list[str]) -> Iterator[tuple[int, int, str, str]]:
    """Yield the lines on which a title begins and ends with its link, the title, and the address."""
    last = -1
    for place, line in enumerate(lines):
        if "<http" not in line:
            continue
        address = next((one for one in forwards.links(line) if forwards.leads_through(one, _REDIRECT)), None)
        if address is None:
            continue
        before = [line.partition(f"<{address}>")[0]]
        start = place
        while start - 1 > last and len(before) < _MOST_LINES and _continues(lines[start - 1], before[0]):
            start -= 1
            before.insert(0, lines[start])
        title = _KIND.sub(" ", " ".join(before)).strip()
        if len(title.split()) > 1:
            yield start, place, " ".join(title.split()), address
            last = place


def _continues(above: str, below: str) -> bool:
    """Return whether a title begins on the line above: a mail program broke it, or put the link on its own line."""
    if not above.strip() or "<http" in above or _KIND.match(below):
        return False
    return not below.strip() or len(above) >= _BROKEN


def _below(lines: list[str]) -> tuple[str, str]:
    """Return the line of authors and the snippet below a title."""
    paragraphs: list[list[str]] = [[]]
    for line in lines:
        if "<http" in line:
            break
        if line.strip():
            paragraphs[-1].append(line.strip())
        elif paragraphs[-1]:
            paragraphs.append([])
    first, second = [*paragraphs, []][:2]
    ended = (number for number, line in enumerate(first[:_MOST_LINES], start=1) if _YEAR_AT_END.search(line))
    size = next(ended, 1)
    byline, snippet = " ".join(first[:size]), " ".join(first[size:] or second)
    return " ".join(byline.split()), " ".join(snippet.split())
