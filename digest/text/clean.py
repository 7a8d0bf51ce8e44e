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


# What changes the direction of text. Unlike a page, a terminal has no boundary at which that ends. Letters of every
# script have their direction without it.
_DIRECTION = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
# What a terminal obeys instead of showing it, such as the beginning of an escape sequence.
_OBEYED = "\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029"
_DIRECTIONS = re.compile(f"[{_DIRECTION}]")
_ORDERS = re.compile(f"[{_OBEYED}]")
_UNSAFE_IN_JSON = re.compile(f"[{_DIRECTION}{_OBEYED}]")


def printable(text: str) -> str:
    """Return a text that a terminal only shows, with its line ends and tabs.

    Controls of the direction are removed, and other control characters become U+FFFD.
    """
    if text.isprintable():
        return text
    return _ORDERS.sub("\ufffd", _DIRECTIONS.sub("", text))


def printable_in_line(text: str) -> str:
    """Return a text on one line that a terminal only shows."""
    return text if text.isprintable() else printable(_BLANK.sub(" ", text))


def printable_json(text: str) -> str:
    """Return the same JSON with those characters escaped that a terminal would obey."""
    if text.isprintable():
        return text
    return _UNSAFE_IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


@lru_cache(maxsize=4096)
def shown_term(term: str) -> str:
    """Return a term of a query for display: without quotes, `=` and the number after `~`."""
    quoted = _QUOTED.fullmatch(term.strip())
    bare = quoted["inner"] if quoted else term.strip().removeprefix("=")
    return clean(bare).strip() or clean(term)


def shorten(text: str, limit: int) -> str:
    """Return a text of at most `limit` characters, with an ellipsis if it was shortened."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
