r"""TeX and what is left of it, made readable: `6.3times` becomes 6.3×, `\emph{1.46}` 1.46, `$\sim$2` ∼2.

Daily Papers pages print TeX without its dollars and backslashes (`R^{n times n}`, `sim0.6`), arXiv prints it
whole (`$O(\sqrt{n})$`). No harm outranks no residue: where a remnant cannot be told from a word ("training
times", "sim-to-real", "alpha channels"), from money or from code (`snake_case`), it stays. Text without TeX in
it is returned as it is.

Only what people see goes through here; the library, matching and identity keep the text of the source.
"""

from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache

from digest.text.math.reader import Edit, edits_of

__all__ = ["Edit", "Readable", "edits_of", "readable", "shown"]

Span = tuple[int, int]


class Readable:
    """A text made readable, and where its parts came from.

    `text` is what people see; `span` turns offsets of the original into offsets of it.
    """

    __slots__ = ("_ends", "_marks", "_starts", "text")

    def __init__(self, original: str, edits: Sequence[Edit] = ()) -> None:
        self._starts: list[int] = []  # of each edit, in the original
        self._ends: list[int] = []
        self._marks: list[Span] = []  # of each edit, in `text`
        parts: list[str] = []
        length = at = 0
        for start, end, new in edits:
            parts += (original[at:start], new)
            length += start - at
            self._starts.append(start)
            self._ends.append(end)
            self._marks.append((length, length + len(new)))
            length += len(new)
            at = end
        parts.append(original[at:])
        self.text = "".join(parts) if edits else original

    def span(self, start: int, end: int) -> Span:
        """Return where characters `start` to `end` of the original are shown; what replaced them is whole."""
        return self._place(start, last=False), self._place(end, last=True)

    def spans(self, found: Sequence[Span]) -> tuple[Span, ...]:
        """Return sorted spans of the original as spans of `text`: sorted, apart, none empty."""
        shown: list[Span] = []
        for start, end in (self.span(*each) for each in found) if self._starts else found:
            if shown and start <= shown[-1][1]:
                shown[-1] = (shown[-1][0], max(end, shown[-1][1]))
            elif start < end:
                shown.append((start, end))
        return tuple(shown)

    def _place(self, offset: int, *, last: bool) -> int:
        # An end belongs to the character before it, so that a span never reaches into the next edit.
        before = bisect_right(self._starts, offset - 1 if last else offset) - 1
        if before < 0:
            return offset
        first, after = self._marks[before]
        if offset < self._ends[before]:
            return after if last else first
        return after + offset - self._ends[before]


@lru_cache(maxsize=4096)
def readable(text: str) -> Readable:
    """Return a text as people should see it. Any string is accepted."""
    return Readable(text, edits_of(text))


def shown(text: str) -> str:
    """Return a text as people should see it, without the way back."""
    return readable(text).text
