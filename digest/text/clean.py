"""Text from outside made safe to show: without characters that break a page, terms without query signs. Pure."""

import re
from functools import lru_cache

# Line ends, tabs, and separators that some programs treat as line ends.
_BLANK = re.compile("[\t\n\x0b\x0c\r\x1c-\x1f\x85\u2028\u2029]")
# Embeddings, overrides and isolates, which also reorder the text around them.
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")
# Control characters, lone surrogates and noncharacters, which XML, HTML or UTF-8 do not allow.
_BROKEN = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef"
    + "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000))
    + "]"
)
_OURS = re.compile("([\u2066\u2067\u2069]+)")  # the isolates of `digest.text.direction`
_SUSPECT = re.compile(f"{_BLANK.pattern}|{_BIDI.pattern}|{_BROKEN.pattern}")

_QUOTED = re.compile(r'=?\s*["“”„](?P<inner>.*)["“”](?:~\d+)?', re.DOTALL)


def clean(text: str) -> str:
    """Return a text that is valid in any page, feed or mail.

    Line ends and tabs become spaces, bidirectional controls are removed, and characters that a format does not
    allow become U+FFFD. Each character is replaced by itself, so a text may be shortened before it is cleaned.
    """
    if text.isprintable() or not _SUSPECT.search(text):  # the first test is much faster
        return text
    return _BROKEN.sub("\ufffd", _BIDI.sub("", _BLANK.sub(" ", text)))


def clean_but_isolates(text: str) -> str:
    """Return a text that is valid in any page, as `clean` does, with the isolates that this program has put in."""
    if text.isprintable() or not _SUSPECT.search(text):
        return text
    return "".join(part if place % 2 else clean(part) for place, part in enumerate(_OURS.split(text)))


@lru_cache(maxsize=4096)
def shown_term(term: str) -> str:
    """Return a term of a query for display: without quotes, `=` and the number after `~`."""
    quoted = _QUOTED.fullmatch(term.strip())
    bare = quoted["inner"] if quoted else term.strip().removeprefix("=")
    return clean(bare).strip() or clean(term)


def shorten(text: str, limit: int) -> str:
    """Return a text of at most `limit` characters, with an ellipsis if it was shortened."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
