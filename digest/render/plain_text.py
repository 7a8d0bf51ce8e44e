"""Plain text: lines of at most 72 columns."""

import textwrap
from functools import lru_cache

from digest.text.clean import clean

WIDTH = 72


@lru_cache(maxsize=8192)
def wrap(text: str, indent: str = "", first: str | None = None) -> str:
    """Return a text in lines of at most 72 columns; words and addresses are never split.

    `indent` begins every line, or every line but the first if `first` is given, which begins that one.
    """
    return textwrap.fill(
        clean(text),
        WIDTH,
        initial_indent=indent if first is None else first,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def underline(text: str, char: str) -> str:
    """Return a line as long as the last line of a text."""
    return char * min(WIDTH, len(text.rsplit("\n", 1)[-1]) or 1)
