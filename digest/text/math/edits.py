"""Replacements in a text, and what the rules of the readers have in common."""

import re
from functools import cached_property
from typing import NamedTuple

from digest.text.math import rules


class Edit(NamedTuple):
    """A replacement: `text` replaces the characters `start` to `end` of the original."""

    start: int
    end: int
    text: str


class Edits:
    """Collects the replacements for a text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.found: list[Edit] = []

    @cached_property
    def braces(self) -> dict[int, int]:
        """The offset of the closing brace for each opening brace."""
        found: dict[int, int] = {}
        opened: list[int] = []
        for brace in rules.BRACE.finditer(self.text):
            if brace[0] == "{":
                opened.append(brace.start())
            elif brace[0] == "}" and opened:
                found[opened.pop()] = brace.start()
        return found

    def apart(self) -> list[Edit]:
        """Return the edits sorted; of edits that overlap, the first is kept."""
        kept: list[Edit] = []
        for edit in sorted(self.found):
            if (not kept or edit.start >= kept[-1].end) and edit.text != self.text[edit.start : edit.end]:
                kept.append(edit)
        return kept

    def put(self, start: int, end: int, text: str) -> int:
        self.found.append(Edit(start, end, text))
        return end

    def replace(self, found: re.Match[str], text: str) -> int:
        return self.put(found.start(), found.end(), text)

    def unwrap(self, start: int, inside: int, opened: int | None = None) -> int:
        """Remove the text from `start` to `inside` and the closing brace; continue at `inside`.

        The opening brace is at `opened`, by default just before `inside`.
        """
        close = self.braces.get(inside - 1 if opened is None else opened)
        if close is None:
            return inside
        self.put(start, inside, "")
        self.put(close, close + 1, "")
        at = inside
        while self.braces.get(at) == close - 1:  # `\emph{{several words}}`
            close -= 1
            self.put(at, at + 1, "")
            self.put(close, close + 1, "")
            at += 1
        return inside

    def argument(self, at: int) -> tuple[str, int] | None:
        """Return the argument in braces that begins at `at`, and its end."""
        if (close := self.braces.get(at)) is None:
            return None
        return self.text[at + 1 : close], close + 1
