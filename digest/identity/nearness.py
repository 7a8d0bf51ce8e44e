"""The nearness of two titles: a comparison word by word, and the differences."""

import re
from collections import Counter
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Final

from digest.identity.folding import fold_text, words_of
from digest.identity.series import RUNS, series_marks, word_set
from digest.text.stem import stem

LONGEST: Final = 1_000  # characters of a title that is compared; real ones have 300 at most
_SMALL = word_set("a an the and of for in on to")
_PREFIXES = (
    *("un", "in", "im", "il", "ir", "non", "dis", "anti", "de", "a", "bi", "co", "sub", "pre", "semi", "uni"),
    *("re", "mis", "multi", "tri", "hyper", "over", "super", "sur", "ab"),
)
# Kinds of contribution that some bibliographies add to a title: in brackets, before it or after it.
_KINDS = (
    r"(?:an? )?(?:panel|tutorial|demo|demonstration|industrial|poster)(?: session| abstract| summary| description)?"
    r"|(?:an? )?(?:extended )?abstract(?: only)?|(?:experience|short|full|research|vision|position|invited) paper"
    r"|(?:extended|full|preliminary) version|technical report|invited talk|keynote(?: address)?|preprint|(?:an? )?book review|foreword|preface"
    r"|guest editors? ?'?s?'? ?(?:introduction|foreword|editorial)?|guest editorial"
)
_KIND = re.compile(
    rf"\s*(?:\(\s*(?:{_KINDS})\s*\)|\[\s*(?:{_KINDS})\s*\]|\[\s*[a-z]\s*\]\s*$"
    rf"|^(?:{_KINDS})\s*:|^panel on\b|\s[-:,–—]\s+(?:{_KINDS})\s*$|\([^()]*\b(?:19|20)\d\d\b[^()]*\))\s*",
    re.IGNORECASE,
)
# What follows a title in a reference, if the title was cut out with too much after it.
_TAIL = re.compile(
    r"[\s,.;:]+(?:in\s*:?\s*)?(?:in\s?proceedings|proceedings of|proc\s?\.).*$|\s-\s+group of \d+.*$",
    re.IGNORECASE,
)
_HAS_TAIL = re.compile("proc|group of", re.IGNORECASE)
# Words that bibliographies leave on a title that they cut out of a reference.
_CITATION: Final = word_set(
    "acm ieee aaai usenix springer elsevier association computing machinery in proc proceedings"
    " inproceedings int intl international conf conference symposium workshop journal transactions"
    " trans vol volume no nr pp pages p page ed eds edition editor editors and und the of on at to a"
    " an appear appeared submitted publication university dept department institute"
    " technical tech report research technion master masters phd thesis j m january february march"
    " april may june july august september october november december jan feb mar apr jun jul aug sep"
    " sept oct nov dec st nd rd th demonstration demo track description session paper available via"
    " ftp be published version extended hellip www http https pdf ps arxiv preprint"
)
# An added part that ends or begins with such a word changes the meaning: "Optimization of X", "X for Y".
_GOVERNING = word_set(
    "of for in on to with by from into using via under without through over at as about towards"
)


@dataclass(frozen=True, slots=True)
class Nearness:
    """The differences between two titles, each shown as `old → new`.

    `slips` are differences of spelling and of small words; `changes` are different words within the titles;
    `extra` are words that only one title has at its beginning or end, unless they change its meaning or are left
    from a reference. `kept` is the share of words that are equal, `length` the words of the shorter title. If
    `governed`, one title is about the other ("Optimization of X", "X for Y").
    """

    slips: tuple[str, ...]
    changes: tuple[str, ...]
    extra: tuple[str, ...]
    kept: float
    length: int
    governed: bool = False


def without_kind(title: str) -> str:
    """Return a title without a kind of contribution, as in `Tutorial: X` and `X (panel)`, and without the
    proceedings after it.
    """
    bare = _KIND.sub(" ", title).strip()
    title = bare if len(bare) >= 8 else title
    tail = _TAIL.search(title) if _HAS_TAIL.search(title) else None
    return title[: tail.start()] if tail and tail.start() >= 20 else title


def nearness(one: str, other: str, context: frozenset[str] = frozenset()) -> Nearness | None:
    """Return the differences between two titles; None if marks of a series differ, or most words.

    A title of more than `LONGEST` characters is near to none, as the time grows with the square of the length.
    `context` are the words of the listings' authors and venues, which a reference may leave on a title.
    """
    if max(len(one), len(other)) > LONGEST:
        return None
    one, other = without_kind(one), without_kind(other)
    left, right = words_of(_cut_out(one, other)), words_of(_cut_out(other, one))
    if left and right and (glued := _glued(left, right)):
        return glued
    found = SequenceMatcher(None, left, right, autojunk=False).get_opcodes()
    kept = sum(b - a for what, a, b, _, _ in found if what == "equal")
    if kept * 2 < min(len(left), len(right)) or not kept:
        return None
    slips: list[str] = []
    changes: list[str] = []
    extra: list[str] = []
    longer = Counter[bool]()
    marks = (Counter[str](), Counter[str]())
    length = 0
    governed = False
    for what, a, b, c, d in found:
        old, new = left[a:b], right[c:d]
        edge = (b == 0 or d == 0, a == len(left) or c == len(right))
        if what in {"insert", "delete"} and any(edge) and _is_leftover(old or new, context):
            continue
        if not (edge[1] and _is_long_subtitle(old or new) and what in {"insert", "delete"}):
            marks[0].update(series_marks(old))
            marks[1].update(series_marks(new))
        length += max(b - a, d - c)
        if what == "equal":
            continue
        added = old or new
        if what == "replace" or not any(edge):
            kept += _classify(old, new, slips, changes)
        elif set(added) <= _SMALL:
            slips.append(_shown(old, new))
            kept += len(added)
        elif (added[-1] if edge[0] else added[0]) in _GOVERNING:
            changes.append(_shown(old, new))
            governed = True
        else:
            extra.append(_shown(old, new))
            longer[bool(new)] += len(added)
            length -= len(added)
    if marks[0] != marks[1] or len(longer) > 1:
        return None
    return Nearness(
        tuple(slips), tuple(changes), tuple(extra), kept / length, min(len(left), len(right)), governed
    )


def _is_long_subtitle(added: tuple[str, ...]) -> bool:
    """Return whether an added part is a subtitle so long that its numbers are not those of a series."""
    return len(added) >= 6 and not series_marks(added[:3]) and not _SERIES & {*added}


def _cut_out(title: str, other: str) -> str:
    """Return the piece of a reference that equals `other` up to two letters; or the whole title.

    In a reference, full stops or semicolons separate the title from names and venues. A rest with words of a
    series or a version is part of the title.
    """
    pieces = _PIECES.split(title)
    if not 2 <= len(pieces) <= _MAX_PIECES:
        return title
    wanted = fold_text(other)
    for start in range(len(pieces)):
        for end in range(start + 1, len(pieces) + 1):
            if end - start == len(pieces):
                continue
            piece = " ".join(pieces[start:end])
            found = fold_text(piece)
            rest = words_of(" ".join(pieces[:start] + pieces[end:]))
            alike = abs(len(found) - len(wanted)) <= 2 < len(found) // 8 and distance(found, wanted) <= 2
            if alike and not _SERIES & {*rest} and RUNS.findall(found) == RUNS.findall(wanted):
                return piece
    return title


_PIECES = re.compile(r"\s*[.;]\s+|\s+[.;]\s*")
_MAX_PIECES = 8
_SERIES = word_set("part parts chapter erratum errata corrigendum correction addendum reply comment response")


def _glued(left: tuple[str, ...], right: tuple[str, ...]) -> Nearness | None:
    """Return the differences if one of the titles has lost its blanks, comparing letter by letter; else None."""
    one, other = "".join(left), "".join(right)
    short, long = sorted((left, right), key=len)
    if len(short) * 3 > len(long) * 2 or len(long) < 4 or RUNS.findall(one) != RUNS.findall(other):
        return None
    if any(not mark[0].isdigit() for mark in series_marks(long)):
        return None
    if distance(one, other) > min(len(one) // 15, 2):
        return None
    return Nearness((_shown(left, right),), (), (), 1.0, len(long))


def _is_leftover(added: tuple[str, ...], context: frozenset[str]) -> bool:
    """Return whether a reference left these words on a title: names, a venue, a year; never a number of a series."""
    rest = [part for part in added if part not in context and part not in _CITATION]
    if not all(part.isdigit() or len(part) == 1 for part in rest):
        return False
    known = [part for part in added if part not in rest and part not in _SMALL and len(part) > 1]
    return bool(known) or (bool(rest) and all(_YEAR.fullmatch(part) for part in rest))


_YEAR = re.compile(r"(?:19|20)\d\d")


def _shown(old: tuple[str, ...], new: tuple[str, ...]) -> str:
    return f"{' '.join(old) or '∅'} → {' '.join(new) or '∅'}"


def _classify(old: tuple[str, ...], new: tuple[str, ...], slips: list[str], changes: list[str]) -> int:
    """Add different words to the slips or to the changes; return the number of words that count as kept."""
    if set(old) | set(new) <= _SMALL and not (old and new and "to" in {*old, *new}):
        slips.append(_shown(old, new))
        return max(len(old), len(new))
    if len(old) == len(new) and len(old) > 1:
        return sum(
            _classify((before,), (after,), slips, changes) for before, after in zip(old, new, strict=True)
        )
    if old and new and _is_slip("".join(old), "".join(new)):
        slips.append(_shown(old, new))
        return max(len(old), len(new))
    changes.append(_shown(old, new))
    return 0


def _is_slip(one: str, other: str) -> bool:
    """Return whether two words differ only by a slip: one letter, or two in a long word; never a prefix."""
    if one == other or stem(one) == stem(other):
        return True
    short, long = sorted((one, other), key=len)
    if any(long == prefix + short for prefix in _PREFIXES):
        return False
    if len(short) < 4 or (one[0] != other[0] and one[1:2] != other[1:2]):
        return False
    return distance(one, other) <= (2 if len(short) >= 8 else 1)


@lru_cache(maxsize=1 << 12)
def distance(one: str, other: str, most: int = 3) -> int:
    """Return the restricted Damerau-Levenshtein distance of two words, at most `most`.

    It is the number of letters to insert, delete, replace or swap with a neighbour.
    """
    if abs(len(one) - len(other)) >= most:
        return most
    # Only a band of the table is filled, and only while it holds a distance below `most`: time grows with the length.
    before: dict[int, int] = {}
    row = {j: j for j in range(min(len(other), most) + 1)}
    for i, letter in enumerate(one, 1):
        first = max(1, i - most)
        earlier, before, row = before, row, {0: i} if first == 1 else {}
        for j in range(first, min(len(other), i + most) + 1):
            against = other[j - 1]
            cost = min(
                before.get(j, most) + 1,
                row.get(j - 1, most) + 1,
                before.get(j - 1, most) + (letter != against),
            )
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == against:
                cost = min(cost, earlier.get(j - 2, most) + 1)
            row[j] = cost
        if min(row.values(), default=most) >= most:
            return most
    return min(row.get(len(other), most), most)
