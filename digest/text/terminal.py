"""Text on a terminal: what it would obey instead of showing it is taken out. Pure."""

import re

# Line ends, tabs, and separators that some programs treat as line ends.
_BLANK = re.compile("[\t\n\x0b\x0c\r\x1c-\x1f\x85\u2028\u2029]")
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
