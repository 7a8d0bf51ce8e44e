"""Addresses and identifiers in running text, which are shown whole: nothing is put inside them. Pure."""

import re
from functools import lru_cache

Span = tuple[int, int]

# Without the characters that an address in running text does not have, and those that Markdown or TeX would read.
_REST = r"[^\s<>\"'`{}|\\^\[\]$*\u201c\u201d\u00ab\u00bb]+"
_ADDRESS = re.compile(
    rf"""(?<![\w@/.-]) (?:
        (?: https?:// | www\. ) {_REST}
      | (?: [a-z0-9] [a-z0-9-]* \. )+ [a-z]{{2,}} / {_REST}
      | [\w.+-]+ @ (?: [\w-]+ \. )+ [a-z]{{2,}}
    )""",
    re.VERBOSE | re.IGNORECASE,
)
_MAYBE_ADDRESS = re.compile(r"://|www\.|\.[a-z]{2,}/|@", re.IGNORECASE)
# Punctuation after an address belongs to the sentence.
_AFTER = ".,;:!?)_~"
_IDENTIFIER = re.compile(r"(?<!\w)[^\W_]+(?:_[^\W_]+)+(?!\w)")


@lru_cache(maxsize=4096)
def addresses(text: str) -> tuple[Span, ...]:
    """Return the spans of the web and email addresses in a text, in order.

    A web address has a scheme, begins with `www.`, or is a host with a path (`github.com/lab/kelp`).
    """
    if not _MAYBE_ADDRESS.search(text):
        return ()
    return tuple((found.start(), _end(text, *found.span())) for found in _ADDRESS.finditer(text))


def _end(text: str, start: int, end: int) -> int:
    """Return the end of an address without the punctuation after it; a bracket that it opened stays."""
    while end > start and text[end - 1] in _AFTER:
        inside = text[start:end]
        if text[end - 1] == ")" and inside.count("(") >= inside.count(")"):
            break
        end -= 1
    return end


@lru_cache(maxsize=4096)
def identifiers(text: str) -> tuple[Span, ...]:
    """Return the spans of words that underscores join, such as `low_rank`, in order."""
    return tuple(found.span() for found in _IDENTIFIER.finditer(text)) if "_" in text else ()
