"""Names of authors, compared with forgiveness: files abbreviate, reverse, cut and garble them."""

from digest.identity.folding import words_of
from digest.identity.nearness import distance

MANY = 200  # of names; more say no more


def names(authors: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """Return the words of each name that can be compared: in Latin letters, at least one of some length."""
    found = [tuple([part for part in words_of(author) if part.isascii()]) for author in authors[:MANY]]
    return tuple([parts for parts in found if max(map(len, parts), default=0) > 1])


def shared(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[int, int] | None:
    """Return how many names of the shorter list stand in the longer, and its length.

    None if either list says nothing: it is empty, or in letters that cannot be compared.
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
    turned = sum(any(_reversed(name, candidate) for candidate in right) for name in left)
    return max(same, turned if turned > 1 else 0), len(left)


def spelled_out(authors: tuple[str, ...]) -> bool:
    """Tell whether any name says more than initials and one word."""
    return any(sum(len(part) > 2 for part in name) > 1 for name in names(authors))


def _alike(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Tell whether two names may be one person's: a long word in common, and no other given name."""
    for place, part in enumerate(one):
        for seat, mate in enumerate(other):
            if _same_word(part, mate) and _agree(
                one[:place] + one[place + 1 :], other[:seat] + other[seat + 1 :]
            ):
                return True
    left, right = "".join(one), "".join(other)  # accents that came apart: "g u ting", "guting"
    return min(len(left), len(right)) >= 6 and _near(left, right)


def _same_word(one: str, other: str) -> bool:
    if one == other:
        return len(one) >= 2
    short, long = sorted((one, other), key=len)
    if len(short) >= 4 and long.startswith(short) and len(long) <= len(short) + 2:
        return True  # "gray…", when the sign is read in a wrong encoding
    return len(short) >= 5 and _near(one, other)


def _near(one: str, other: str) -> bool:
    """Tell whether two words differ in one letter, and begin or end alike."""
    if abs(len(one) - len(other)) > 1 or (one[:2] != other[:2] and one[-2:] != other[-2:]):
        return False
    return distance(one, other) <= 1


def _agree(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Tell whether the rest of two names agrees, in full or by an initial."""
    if not one or not other:
        return True
    return any(
        _abbreviates(part, mate)
        or _abbreviates(mate, part)
        or (len(part) >= 5 and part[0] == mate[0] and distance(part, mate) <= 2)
        for part in one
        for mate in other
    )


def _abbreviates(short: str, long: str) -> bool:
    """Tell an initial, or one among initials written as a word: `h` of `nsh`."""
    return long.startswith(short) or (len(short) == 1 and len(long) <= 4 and short in long)


def _reversed(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Tell `s sunita` from `s sarawagi`, once given name and family name changed places."""
    if not len(one) == len(other) == 2:
        return False
    (a, b), (c, d) = one, other
    return len(a) == len(c) == 1 and b[0] == c and d[0] == a
