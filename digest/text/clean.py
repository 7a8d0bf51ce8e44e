"""How text from outside is shown: without characters that break a page, terms without their marks."""

import re
from functools import lru_cache

# Line ends, tabs and the separators that some programs take for line ends.
_BLANK = re.compile("[\t\n\x0b\x0c\r\x1c-\x1f\x85\u2028\u2029]")
# Embeddings, overrides and isolates reorder what stands around them, our own words included.
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")
# Controls, lone surrogates and noncharacters: no XML, HTML or UTF-8 may hold them all.
_BROKEN = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef"
    + "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000))
    + "]"
)
_SUSPECT = re.compile(f"{_BLANK.pattern}|{_BIDI.pattern}|{_BROKEN.pattern}")

_QUOTED = re.compile(r'=?\s*["“”„](?P<inner>.*)["“”](?:~\d+)?', re.DOTALL)


def clean(text: str) -> str:
    """Return a text that any page, feed or mail can hold.

    Line ends and tabs become blanks, bidirectional overrides vanish, and what no format may hold
    becomes U+FFFD. Every character is judged alone, so a text may be cut first and cleaned afterwards.
    """
    if text.isprintable() or not _SUSPECT.search(text):  # the first is by far the quicker to say
        return text
    return _BROKEN.sub("\ufffd", _BIDI.sub("", _BLANK.sub(" ", text)))


@lru_cache(maxsize=4096)
def shown_term(term: str) -> str:
    """Return a term of a query for people: without quotes, `=` and the number of a nearness."""
    quoted = _QUOTED.fullmatch(term.strip())
    bare = quoted["inner"] if quoted else term.strip().removeprefix("=")
    return clean(bare).strip() or clean(term)


def shorten(text: str, limit: int) -> str:
    """Return a text of at most `limit` characters, with an ellipsis if it was cut."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
