r"""Makes TeX and remnants of TeX readable: `6.3times` becomes 6.3×, `\emph{1.46}` 1.46, `$\sim$2` ∼2.

Daily Papers pages show TeX without dollars and backslashes (`R^{n times n}`, `sim0.6`), arXiv with them
(`$O(\sqrt{n})$`). Whatever may be a word ("training times", "alpha channels"), money or code (`snake_case`)
stays as it is. Only text that is shown is converted; the library, matching and identity keep the original.
"""

from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache

from digest.text.math.edits import Edit
from digest.text.math.reader import edits_of

__all__ = ["Edit", "Readable", "edits_of", "readable", "shown"]

Span = tuple[int, int]


class Readable:
    """A readable text with the offsets of its parts in the original.

    `text` is shown; `span` converts offsets in the original to offsets in `text`.
    """

    __slots__ = ("_ends", "_marks", "_starts", "text")

    def __init__(self, original: str, edits: Sequence[Edit] = ()) -> None:
        self._starts: list[int] = []  # the start of each edit in the original
        self._ends: list[int] = []
        self._marks: list[Span] = []  # the span of each edit in `text`
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
        """Return the span in `text` of the characters `start` to `end` of the original; edits are not split."""
        return self._offset(start, last=False), self._offset(end, last=True)

    def spans(self, found: Sequence[Span]) -> tuple[Span, ...]:
        """Convert sorted spans of the original to spans of `text`: sorted, disjoint and not empty."""
        shown: list[Span] = []
        for start, end in (self.span(*each) for each in found) if self._starts else found:
            if shown and start <= shown[-1][1]:
                shown[-1] = (shown[-1][0], max(end, shown[-1][1]))
            elif start < end:
                shown.append((start, end))
        return tuple(shown)

    def _offset(self, offset: int, *, last: bool) -> int:
        # The end of a span belongs to the character before it, so that it is not in the next edit.
        before = bisect_right(self._starts, offset - 1 if last else offset) - 1
        if before < 0:
            return offset
        first, after = self._marks[before]
        if offset < self._ends[before]:
            return after if last else first
        return after + offset - self._ends[before]


@lru_cache(maxsize=4096)
def readable(text: str) -> Readable:
    """Return a readable text with its offsets. Any string is accepted."""
    return Readable(text, edits_of(text))


def shown(text: str) -> str:
    """Return a readable text, without its offsets."""
    return readable(text).text
