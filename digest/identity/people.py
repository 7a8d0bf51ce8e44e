"""Tolerant comparison of author names, which files abbreviate, reverse, cut and garble."""

from digest.identity.folding import words_of
from digest.identity.nearness import distance

_MAX_NAMES = 200  # names compared; more would only cost time


def names(authors: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """Return the words of each name that can be compared: in Latin letters, with at least one longer word."""
    found = [tuple([part for part in words_of(author) if part.isascii()]) for author in authors[:_MAX_NAMES]]
    return tuple([parts for parts in found if max(map(len, parts), default=0) > 1])


def shared(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[int, int] | None:
    """Return how many names of the shorter list are also in the longer one, and the length of the shorter.

    None if either list is empty or has only names that cannot be compared.
    """
    if one == other:
        count = len(names(one))
        return (count, count) if count else None
    left, right = sorted((names(one), names(other)), key=len)
    if not left:
        return None
    exact = frozenset(right)
    same = sum(name in exact or any(_alike(name, candidate) for candidate in right) for name in left)
    if same == len(left):
        return same, same
    swapped = sum(any(_swapped(name, candidate) for candidate in right) for name in left)
    return max(same, swapped if swapped > 1 else 0), len(left)


def spelled_out(authors: tuple[str, ...]) -> bool:
    """Return whether any name has more than initials and one word."""
    return any(sum(len(part) > 2 for part in name) > 1 for name in names(authors))


def _alike(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Return whether two names may be of one person: a word in common, and no different given name."""
    for place, part in enumerate(one):
        for other_place, other_part in enumerate(other):
            if _same_word(part, other_part) and _agree(
                one[:place] + one[place + 1 :], other[:other_place] + other[other_place + 1 :]
            ):
                return True
    # An accent may have split a name: "g u ting" for "guting".
    left, right = "".join(one), "".join(other)
    return min(len(left), len(right)) >= 6 and _near(left, right)


def _same_word(one: str, other: str) -> bool:
    if one == other:
        return len(one) >= 2
    short, long = sorted((one, other), key=len)
    if len(short) >= 4 and long.startswith(short) and len(long) <= len(short) + 2:
        return True  # "gray…" with garbage at the end, from an accented letter in a wrong encoding
    return len(short) >= 5 and _near(one, other)


def _near(one: str, other: str) -> bool:
    """Return whether two words differ in at most one letter, with two equal letters at the beginning or end."""
    if abs(len(one) - len(other)) > 1 or (one[:2] != other[:2] and one[-2:] != other[-2:]):
        return False
    return distance(one, other) <= 1


def _agree(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Return whether the remaining words of two names agree, in full or by an initial."""
    if not one or not other:
        return True
    return any(
        _abbreviates(part, other_part)
        or _abbreviates(other_part, part)
        or (len(part) >= 5 and part[0] == other_part[0] and distance(part, other_part) <= 2)
        for part in one
        for other_part in other
    )


def _abbreviates(short: str, long: str) -> bool:
    """Return whether one word is the beginning of another, or one of initials written as a word: `h` of `nsh`."""
    return long.startswith(short) or (len(short) == 1 and len(long) <= 4 and short in long)


def _swapped(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Return whether given name and family name may be swapped: `s sunita` and `s sarawagi`."""
    if not len(one) == len(other) == 2:
        return False
    (a, b), (c, d) = one, other
    return len(a) == len(c) == 1 and b[0] == c and d[0] == a
