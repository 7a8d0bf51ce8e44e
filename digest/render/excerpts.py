"""Excerpts of abstracts: sentences, and how much of them to show."""

from dataclasses import dataclass
from functools import lru_cache

from digest.text.gist import Gist, gist_of
from digest.text.links import Span
from digest.text.sentences import sentences

ABOUT = 600  # how many characters of an abstract an email shows, about


@dataclass(frozen=True, slots=True)
class Short:
    """An abstract in short: the gist (if there is one) and an excerpt, a span of the text.

    `whole`: together they are the whole text. `cut`: the excerpt ends inside a sentence.
    """

    gist: Gist | None
    excerpt: Span | None
    whole: bool
    cut: bool = False


@lru_cache(maxsize=4096)
def shorten_abstract(text: str, about: int = ABOUT, title: str = "", *, with_gist: bool = True) -> Short:
    """Choose what to show of an abstract in about `about` characters: the gist, and the sentences before its claim.

    Sentences after the claim are shown if nothing precedes it. No sentence of the gist is shown again.
    """
    parts = sentences(text)
    if not parts:
        return Short(None, None, whole=True)
    if about <= 0:
        return Short(None, None, whole=False)
    found = gist_of(text, title) if with_gist else None
    if found is None:
        end, cut = _stop(text, parts, about)
        return Short(None, (parts[0][0], end), whole=end >= parts[-1][1], cut=cut)
    around = _around(parts, found)
    left = len(parts) - len(found.parts) - len(around)  # sentences that cannot be shown
    complete = not left and not any(part.trimmed or part.cut for part in found.parts)
    room = about - sum(end - start for start, end in (part.span for part in found.parts))
    if not around or room < about // 5:
        return Short(found, None, whole=complete and not around)
    end, cut = _stop(text, around, room)
    return Short(found, (around[0][0], end), whole=complete and end >= around[-1][1], cut=cut)


def _around(parts: tuple[Span, ...], found: Gist) -> tuple[Span, ...]:
    """Return the neighbouring sentences of which an excerpt may be made: none of the gist."""
    if found.claim.place:
        return parts[: found.claim.place]
    result = found.result.place if found.result else len(parts)
    return parts[1:result] or parts[result + 1 :]


def _stop(text: str, parts: tuple[Span, ...], about: int) -> tuple[int, bool]:
    """Return where to stop, and whether that cuts a sentence.

    That is the end of a sentence near `about` characters, else between words.
    """
    start = parts[0][0]
    ends = [end for _, end in parts if about // 3 <= end - start <= about + about // 5]
    if parts[-1][1] - start <= about + about // 5:
        return parts[-1][1], False
    if ends:
        return min(ends, key=lambda end: abs(end - start - about)), False
    if parts[0][1] - start < about // 3 and len(parts) > 1:  # a short sentence before a very long one
        return parts[0][1], False
    return _between_words(text, start, start + about), True


def _between_words(text: str, start: int, end: int) -> int:
    """Return the last place up to `end` that is not inside a word."""
    for at in range(end, start, -1):
        if text[at : at + 1].isspace():
            return start + len(text[start:at].rstrip(" ,;:–—-("))
    return end
