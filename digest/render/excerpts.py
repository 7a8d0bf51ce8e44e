"""Excerpts of abstracts: sentences, the one that says what was done, and how much to show."""

import re
from dataclasses import dataclass
from functools import lru_cache

from digest.text.links import Span

ABOUT = 600  # how many characters of an abstract an email shows, about

_END = re.compile(
    r"""(?: (?<!\.) [.!?] (?:["'”’)\]]|\}\$?)* (?= \s+ ["'“‘(\[$\\]* [A-Z0-9\u00c0-\u00de\u0391-\u03a9\u0410-\u042f] )
          | [。！？] )""",
    re.VERBOSE,
)
# A full stop after one of these does not end a sentence.
_ABBREVIATION = re.compile(
    r"""(?: \b (?: [A-Za-z] | et\ al | e\.g | i\.e | cf | vs | resp | approx | etc | viz | ca | a\.k\.a | w\.r\.t
        | Figs? | Eqs? | Secs? | Refs? | Tabs? | Thm | Prop | Dr | Prof | Mr | Ms | St | No | Nos | Vol ) )
        \. ["'”’)\]}$]* \Z""",
    re.VERBOSE,
)

# How authors announce what they did, the most explicit wording first.
_CLAIMS = (
    re.compile(
        r"\b(?:we|this (?:paper|work|article|study|report|thesis))\b[^.;:]{0,90}?\b(?:propos|introduc|present|develop|"
        r"design|devis|contribut|releas|offer)(?:e|es|ed|s|ing)?\b",
        re.IGNORECASE,
    ),
    re.compile(
        r"\b(?:we|this (?:paper|work|article|study|report|thesis))\b[^.;:]{0,60}?\b(?:show|find|prove|demonstrate|study|"
        r"investigate|explore|analy[sz]e|describe|build|construct|formulate|unify|address|establish|argue|"
        r"provide|examine|derive|survey|review|revisit)(?:e?s|ed)?\b",
        re.IGNORECASE,
    ),
    re.compile(
        r"\b(?:is|are) (?:proposed|introduced|presented|developed)\b|\b(?:here|in this (?:paper|work))\b",
        re.IGNORECASE,
    ),
)
_GIST_LENGTHS = range(40, 361)


def sentences(text: str) -> tuple[Span, ...]:
    """Return the spans of the sentences of a text, in order, without the blanks between them."""
    found: list[Span] = []
    start = len(text) - len(text.lstrip())
    for match in _END.finditer(text):
        if match.end() <= start or _ABBREVIATION.search(text, max(start, match.end() - 12), match.end()):
            continue
        found.append((start, match.end()))
        start = match.end() + len(text[match.end() :]) - len(text[match.end() :].lstrip())
    end = len(text.rstrip())
    if start < end:
        found.append((start, end))
    return tuple(found)


def gist(text: str, parts: tuple[Span, ...]) -> int | None:
    """Return the place of the sentence that says what was done, or None if none does explicitly.

    `parts` are the spans that `sentences` returns.
    """
    for claim in _CLAIMS:
        for place, (start, end) in enumerate(parts):
            if end - start in _GIST_LENGTHS and claim.search(text, start, end):
                return place
    return None


@dataclass(frozen=True, slots=True)
class Short:
    """An abstract in short: the gist (if there is one) and an excerpt, as spans of the text.

    `whole`: together they are the whole text. `cut`: the excerpt ends inside a sentence.
    """

    gist: Span | None
    excerpt: Span | None
    whole: bool
    cut: bool = False


@lru_cache(maxsize=4096)
def shorten_abstract(text: str, about: int = ABOUT, *, with_gist: bool = True) -> Short:
    """Choose what to show of an abstract in about `about` characters: the gist, and the sentences before it.

    Sentences after the gist are shown if there are none before it.
    """
    parts = sentences(text)
    if not parts:
        return Short(None, None, whole=True)
    if about <= 0:
        return Short(None, None, whole=False)
    place = gist(text, parts) if with_gist else None
    if place is None:
        end, cut = _stop(text, parts, about)
        return Short(None, (parts[0][0], end), whole=end >= parts[-1][1], cut=cut)
    around = parts[:place] or parts[1:]
    room = about - (parts[place][1] - parts[place][0])
    alone = len(parts) == 1
    if not around or room < about // 5:
        return Short(parts[place], None, whole=alone)
    end, cut = _stop(text, around, room)
    whole = end >= parts[-1][1] or (place == len(parts) - 1 and end >= around[-1][1])
    return Short(parts[place], (around[0][0], end), whole=whole, cut=cut)


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
