"""Possible duplicates: papers that stay two but that a user should check. Pure."""

from digest.identity.decide import SHARED_DOI, Verdict
from digest.identity.folding import words_of
from digest.identity.people import shared
from digest.identity.series import series_marks
from digest.model import Listing

_OPEN = frozenset(("nothing confirms it", "other title", "other publication", SHARED_DOI))
# Shares of the runs of three letters of the shorter title that the longer one has, and the other way round.
_WITHIN, _WITHOUT = 0.85, 0.5


def may_be_one(one: Listing, other: Listing, verdict: Verdict) -> bool:
    """Return whether two listings may be one paper although `compare` has decided that they are two.

    At least half of the authors agree, and the longer title contains nearly all letters of the shorter. Two
    papers of a series are never possible duplicates.
    """
    if verdict.same or verdict.rule not in _OPEN:
        return False
    people = shared(one.authors, other.authors)
    if verdict.rule == SHARED_DOI and people is None:
        return True
    if people is None or not 0 < people[1] <= 2 * people[0]:
        return False
    if verdict.rule in {"nothing confirms it", SHARED_DOI}:
        return True
    left, right = words_of(one.title), words_of(other.title)
    marks, other_marks = series_marks(left), series_marks(right)
    if marks - other_marks and other_marks - marks:
        return False
    short, long = sorted((_runs(left), _runs(right)), key=len)
    alike = len(short & long)
    return alike >= _WITHIN * len(short) > 0 and alike >= _WITHOUT * len(long)


def _runs(parts: tuple[str, ...]) -> set[str]:
    letters = "".join(parts)
    return {letters[place : place + 3] for place in range(len(letters) - 2)}
