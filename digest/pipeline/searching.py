"""One query over many papers: a paper on which matching fails is set aside, and the others are found."""

from collections.abc import Iterable

from digest.match.prefilter import scanner
from digest.match.query.parser import Query
from digest.match.reference import best_first
from digest.model import Match, Paper, SetAside
from digest.pipeline.set_aside import Boundary

Found = tuple[tuple[Match, ...], tuple[SetAside, ...]]


def search(query: Query, papers: Iterable[Paper]) -> Found:
    """Return the papers that a query accepts, best first, and those on which matching fails.

    Nothing is stored, so that each search says what it leaves out.
    """
    find, boundary = scanner(query), Boundary()
    hits = (boundary.one("match", paper, find, otherwise=None) for paper in papers)
    found = tuple(best_first(hit for hit in hits if hit is not None))
    return found, tuple(boundary.found)
