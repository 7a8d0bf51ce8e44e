"""The decision whether two listings are one paper, with its rule and its evidence. Pure.

Hiding a paper is worse than showing one twice, so every rule prefers two papers in doubt.
"""

from dataclasses import dataclass

from digest.identity.dois import is_preprint, unversioned
from digest.identity.folding import fold_text, words_of
from digest.identity.ids import pmid, same_address
from digest.identity.nearness import Nearness, nearness
from digest.identity.people import shared, spelled_out
from digest.identity.series import is_recurrent, series_marks, word_set
from digest.model import Listing


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether two listings are one paper, the rule that decided it, and the evidence for or against.

    `clash` means that ids show two papers; no other evidence outweighs that.
    """

    same: bool
    rule: str
    evidence: str
    clash: bool = False


def compare(one: Listing, other: Listing) -> Verdict:
    """Return whether two listings are one paper. Their ids must be in normal form (see `identified`)."""
    if fold_text(one.title) == fold_text(other.title):
        return compare_namesakes(one, other)
    return compare_ids(one, other) or _near_titles(one, other)


def compare_namesakes(one: Listing, other: Listing) -> Verdict:
    """Return whether two listings are one paper whose folded titles are, or once were, equal."""
    ids = compare_ids(one, other)
    if ids is not None and ids.rule == SHARED_DOI:  # with a title that it once had, it is not a chapter
        return Verdict(True, "doi", ids.evidence)
    return ids or _equal_titles(one, other)


def compare_ids(one: Listing, other: Listing) -> Verdict | None:
    """Return the decision by the ids of two listings; None if they do not decide it."""
    if one.arxiv and other.arxiv:
        same = one.arxiv.casefold() == other.arxiv.casefold()
        evidence = one.arxiv if same else f"{one.arxiv} is not {other.arxiv}"
        return Verdict(same, "arxiv id", evidence, clash=not same)
    left, right = (unversioned(each.doi.casefold())[0] if each.doi else "" for each in (one, other))
    if left and right and is_preprint(left) != is_preprint(right):
        return None
    if left and right and left != right:
        return Verdict(False, "doi", f"{left} is not {right}", clash=True)
    mine, theirs = pmid(one.url), pmid(other.url)
    if mine and theirs and mine != theirs:
        return Verdict(False, "pmid", f"{mine} is not {theirs}", clash=True)
    if left and right:
        same = may_share_doi(one, other)
        return Verdict(same, "doi" if same else SHARED_DOI, left)
    return Verdict(True, "pmid", mine) if mine and theirs else None


SHARED_DOI = "shared doi"


def may_share_doi(one: Listing, other: Listing) -> bool:
    """Return whether two listings with one DOI may be one paper.

    Bibliographies give every chapter the DOI of the book, so different titles need an abstract that agrees. The
    DOI of a preprint is never that of a book, nor is the one that arXiv gives for a paper.
    """
    if fold_text(one.title) == fold_text(other.title) or _same_text(one, other):
        return True
    if one.abstract and fold_text(one.abstract) == fold_text(other.abstract):
        return True
    people = shared(one.authors, other.authors)
    if people is not None and people[0] == 0:
        return False
    if one.arxiv or other.arxiv or (one.doi and is_preprint(one.doi.casefold())):
        return True
    near = nearness(one.title, other.title, _context(one) | _context(other))
    return near is not None and (people is not None or not near.changes or near.kept >= 0.75)


def _equal_titles(one: Listing, other: Listing) -> Verdict:
    parts = words_of(one.title)
    people = shared(one.authors, other.authors)
    if is_recurrent(parts) and not _fully_agree(one, other):
        return Verdict(False, "recurrent title", "many papers have this title, and nothing else agrees")
    strangers = people is not None and people[0] == 0 and not _same_text(one, other)
    if strangers and (len(parts) <= SHORT or not _garbled(one, other)):
        return Verdict(False, "other authors", "the titles are equal, but no authors are")
    if apart := _publications_apart(one, other):
        return Verdict(False, "other publication", apart)
    if len(parts) <= SHORT and people is not None and published(one) and published(other):
        most = max(len(one.authors), len(other.authors))
        if people[0] * 2 < most and not _garbled(one, other) and not _same_text(one, other):
            return Verdict(
                False, "other authors", f"the title is short, and only {people[0]} of {most} authors agree"
            )
    if len(parts) <= SHORT and people is None and _years_differ(one, other) and overlap(one, other) is None:
        return Verdict(
            False, "other publication", "the title is short, the years differ, and no authors are known"
        )
    return Verdict(True, "same title", _evidence(people, None))


def _same_text(one: Listing, other: Listing) -> bool:
    return (overlap(one, other) or 0) >= SAME_TEXT


def _garbled(one: Listing, other: Listing) -> bool:
    """Return whether two lists of names may be the same one, garbled: one has only initials, and no year differs."""
    spelled = spelled_out(one.authors) and spelled_out(other.authors)
    return not spelled and not _years_differ(one, other)


def _fully_agree(one: Listing, other: Listing) -> bool:
    """Return whether two listings agree in their abstracts, or without abstracts in everything else."""
    text = overlap(one, other)
    if text is not None:
        return text >= IDENTICAL_TEXT
    if bool(one.authors) != bool(other.authors) or set(one.authors) != set(other.authors):
        return False
    return (one.published, one.venue, one.url) == (other.published, other.venue, other.url)


# Shares of the runs of three words of the shorter abstract that the longer one must have.
SAME_TEXT, LIKE_TEXT, IDENTICAL_TEXT = 0.5, 0.8, 0.95
SHORT = 5  # words of a title that different papers may well share


def _near_titles(one: Listing, other: Listing) -> Verdict:
    near = nearness(one.title, other.title, _context(one) | _context(other))
    text = overlap(one, other)
    people = shared(one.authors, other.authors)
    if near is None:
        return _by_abstract(one, other, people, text)
    evidence = "; ".join((*near.slips, *near.extra, *near.changes, _evidence(people, text)))
    if apart := _publications_apart(one, other):
        return Verdict(False, "other publication", apart)
    if people is not None and people[0] == 0:
        return Verdict(False, "other authors", evidence)
    if text is not None:
        same = text >= _required_text(near, people)
        return Verdict(same, "near title" if same else "other abstract", evidence)
    if same_address(one, other):
        return Verdict(True, "same address", f"{one.url}; {evidence}")
    same = people is not None and _people_confirm(near, people)
    return Verdict(same, "near title" if same else "nothing confirms it", evidence)


def _required_text(near: Nearness, people: tuple[int, int] | None) -> float:
    """Return the share of the abstracts that must agree: the more, the more the titles differ."""
    if near.changes:
        return IDENTICAL_TEXT if people is None else LIKE_TEXT
    return LIKE_TEXT if near.extra and people is None else SAME_TEXT


def _people_confirm(near: Nearness, people: tuple[int, int]) -> bool:
    """Return whether the authors confirm a near title, where no abstract can.

    The more the titles differ, the more authors must agree. A different word within a title is another paper of the
    same authors as often as a mended title, so that they never confirm it.
    """
    agree, count = people
    if near.changes:
        return False
    if near.extra:
        return agree >= max(1, count - 1) and near.length >= (SHORT - 1 if agree > 2 else SHORT)
    if not near.slips and near.length >= SHORT - 2:
        return True
    return agree * 2 >= count and near.length >= (2 if agree > 2 else SHORT - 1)


def _context(listing: Listing) -> frozenset[str]:
    """Return the words of authors and venue, which a reference may leave on a title."""
    texts = (*listing.authors, listing.venue or "")
    return frozenset(part for text in texts for part in words_of(text) if not part.isdigit())


def _by_abstract(one: Listing, other: Listing, people: tuple[int, int] | None, text: float | None) -> Verdict:
    """Return the decision for two rather different titles: they are one paper if the whole abstracts are equal."""
    if text != 1.0 or one.snippet or other.snippet or fold_text(one.abstract) != fold_text(other.abstract):
        return Verdict(False, "other title", "")
    left, right = words_of(one.title), words_of(other.title)
    if series_marks(left) != series_marks(right):
        return Verdict(False, "series", "the abstracts agree, but the numbers in the titles differ")
    if people is not None and people[0] == 0:
        return Verdict(False, "other authors", _evidence(people, text))
    one_words, other_words = ({word for word in parts if len(word) > 3} for parts in (left, right))
    in_common = len(one_words & other_words)
    if (
        len(words_of(one.abstract)) < 30
        or in_common * 3 < min(len(one_words), len(other_words))
        or not in_common
    ):
        return Verdict(False, "other title", "the abstracts agree, but the titles have too little in common")
    return Verdict(True, "same abstract", _evidence(people, text))


def _evidence(people: tuple[int, int] | None, text: float | None) -> str:
    found = []
    if people is not None:
        found.append(f"{people[0]} of {people[1]} authors")
    if text is not None:
        found.append(f"{text:.0%} of the abstract")
    return ", ".join(found) or "no evidence against it"


_FEWEST = 12  # words without which an abstract is too short to compare


def overlap(one: Listing, other: Listing) -> float | None:
    """Return the share of the shorter abstract's runs of three words that the longer one has; None if either
    is too short to compare.
    """
    if one.abstract == other.abstract and len(one.abstract) > 10 * _FEWEST:
        return 1.0
    left, right = words_of(one.abstract), words_of(other.abstract)
    if min(len(left), len(right)) < _FEWEST:
        return None
    runs = [set(zip(parts, parts[1:], parts[2:], strict=False)) for parts in (left, right)]
    short, long = sorted(runs, key=len)
    return len(short & long) / len(short)


def published(listing: Listing) -> bool:
    """Return whether a listing is of a published paper with a known venue, and not of a manuscript."""
    return bool(listing.venue) and not listing.arxiv and _PREPRINTS.isdisjoint(words_of(listing.venue or ""))


_PREPRINTS = word_set("arxiv corr preprint preprints biorxiv medrxiv chemrxiv ssrn eprint eprints")


def _years_differ(one: Listing, other: Listing) -> bool:
    return bool(one.published and other.published and one.published.year != other.published.year)


def _publications_apart(one: Listing, other: Listing) -> str:
    """Return why two listings are of different publications, such as a conference paper and its journal version;
    "" if nothing shows it.
    """
    if not (published(one) and published(other)):
        return ""
    if one.published and other.published and _years_differ(one, other):
        return f"published in {one.published.year} and in {other.published.year}"
    kinds = {_kind(one.venue or ""), _kind(other.venue or "")}
    if kinds == {"journal", "conference"}:
        return f"published in {one.venue} and in {other.venue}"
    return ""


# Without "record": the proceedings of the SIGMOD conference are issues of the SIGMOD Record, and bibliographies
# use either name.
_JOURNAL = word_set("journal j transactions trans letters lett magazine bulletin annals review reviews")
_CONFERENCE = word_set("conference conf proceedings proc symposium symp workshop meeting congress")


def _kind(venue: str) -> str:
    parts = set(words_of(venue))
    if parts & _CONFERENCE:
        return "conference"
    return "journal" if parts & _JOURNAL else ""
