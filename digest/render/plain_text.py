"""Plain text: lines of at most 72 columns."""

import textwrap
from functools import lru_cache

from digest.text.clean import clean_but_isolates
from digest.text.direction import in_lines, without_isolates

WIDTH = 72


@lru_cache(maxsize=8192)
def wrap(text: str, indent: str = "", first: str | None = None) -> str:
    """Return a text in lines of at most 72 columns; words and addresses are never split.

    `indent` begins every line, or every line but the first if `first` is given, which begins that one.
    """
    lines = textwrap.wrap(
        clean_but_isolates(text),
        WIDTH,
        initial_indent=indent if first is None else first,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(in_lines(lines))


def underline(text: str, char: str) -> str:
    """Return a line as long as the last line of a text."""
    return char * min(WIDTH, len(without_isolates(text.rsplit("\n", 1)[-1])) or 1)
