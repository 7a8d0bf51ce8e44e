"""One query over many papers: a paper on which matching fails is set aside, and the others are found."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from digest.match.prefilter import scanner
from digest.match.query.parser import Query, positive_atoms
from digest.match.reference import best_first
from digest.match.spelling import Spellings, Vocabulary, spellings
from digest.model import Match, Paper, SetAside
from digest.pipeline.set_aside import Boundary


@dataclass(frozen=True, slots=True)
class Found:
    """The matches, best first, the papers on which matching fails, and words of the query to spell in another way."""

    matches: tuple[Match, ...]
    set_aside: tuple[SetAside, ...]
    spellings: Spellings = ()


def search(query: Query, papers: Callable[[], Iterable[Paper]]) -> Found:
    """Return what a query finds among papers, which are read again if one of its items finds nothing.

    Nothing is stored, so that each search says what it leaves out.
    """
    find, boundary = scanner(query), Boundary()
    hits = (boundary.one("match", paper, find, otherwise=None) for paper in papers())
    found = tuple(best_first(hit for hit in hits if hit is not None))
    terms = {each.term for match in found for each in match.evidence}
    spelt = all(atom.term in terms for atom in positive_atoms(query))
    return Found(found, tuple(boundary.found), () if spelt else spellings(query, Vocabulary(papers())))
