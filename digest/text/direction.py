"""Text in scripts that run from right to left, among text that runs from left to right. Pure.

An isolate (Unicode Annex 9, 2.4) keeps a name or a title in its own order, and the text around it, too. Isolates are put
in only here: `digest.text.clean` removes all that come from outside.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator

_LEFT_TO_RIGHT, _RIGHT_TO_LEFT, POP = "\u2066", "\u2067", "\u2069"
OPENING = (_LEFT_TO_RIGHT, _RIGHT_TO_LEFT)
_LETTERS = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]")
_ISOLATES = re.compile(f"[{''.join(OPENING)}{POP}]")


def opening_of(text: str) -> str:
    """Return what opens an isolate around a text: "" if no letter of it is from a script that runs to the left."""
    if not _LETTERS.search(text):
        return ""
    strong = (unicodedata.bidirectional(char) for char in text)
    first = next((each for each in strong if each in {"L", "R", "AL"}), "L")
    return _LEFT_TO_RIGHT if first == "L" else _RIGHT_TO_LEFT


def isolated(text: str) -> str:
    """Return a text in an isolate of its own direction, if it has letters of a script that runs to the left."""
    opening = opening_of(text)
    return f"{opening}{text}{POP}" if opening else text


def without_isolates(text: str) -> str:
    """Return a text without the marks that `isolated` puts around it."""
    return _ISOLATES.sub("", text)


def in_lines(lines: Iterable[str]) -> Iterator[str]:
    """Yield lines in which each isolate ends where the line ends, and begins again after the indent of the next."""
    opened: list[str] = []
    for line in lines:
        bare = line.lstrip(" ")
        start = f"{line[: len(line) - len(bare)]}{''.join(opened)}"
        for sign in _ISOLATES.findall(bare):
            if sign != POP:
                opened.append(sign)
            elif opened:
                opened.pop()
        yield f"{start}{bare}{POP * len(opened)}"
