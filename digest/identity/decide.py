"""Are two listings one paper? The one decision that everything asks, with its rule and its evidence.

Swallowing a paper is worse than showing one twice, so every rule errs towards two papers. Pure.
"""

from dataclasses import dataclass

from digest.identity.folding import fold_text, words_of
from digest.identity.ids import is_preprint_doi
from digest.identity.nearness import Nearness, nearness
from digest.identity.people import shared, spelled_out
from digest.identity.series import is_recurrent, series_marks, word_set
from digest.model import Listing


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether two listings are one paper, by which rule, and what spoke for it or against it.

    `clash`: an id says that they are two; nothing outweighs that.
    """

    same: bool
    rule: str
    evidence: str
    clash: bool = False


def compare(one: Listing, other: Listing) -> Verdict:
    """Say whether two listings are one paper. Their ids must be in normal form (see `identified`)."""
    if fold_text(one.title) == fold_text(other.title):
        return compare_namesakes(one, other)
    return compare_ids(one, other) or _near_titles(one, other)


def compare_namesakes(one: Listing, other: Listing) -> Verdict:
    """Say the same of two listings whose folded titles are, or once were, equal."""
    return compare_ids(one, other) or _equal_titles(one, other)


def compare_ids(one: Listing, other: Listing) -> Verdict | None:
    """Say what the ids of two listings decide; None if they leave it open."""
    if one.arxiv and other.arxiv:
        same = one.arxiv.casefold() == other.arxiv.casefold()
        told = one.arxiv if same else f"{one.arxiv} is not {other.arxiv}"
        return Verdict(same, "arxiv id", told, clash=not same)
    if one.doi and other.doi:
        left, right = one.doi.casefold(), other.doi.casefold()
        if left == right:
            return Verdict(True, "doi", left)
        if is_preprint_doi(left) == is_preprint_doi(right):
            return Verdict(False, "doi", f"{left} is not {right}", clash=True)
    return None


# --- equal titles ----------------------------------------------------------------------------------


def _equal_titles(one: Listing, other: Listing) -> Verdict:
    parts = words_of(one.title)
    people = shared(one.authors, other.authors)
    if is_recurrent(parts) and not _one_and_the_same(one, other):
        return Verdict(False, "recurrent title", "the title stands over many papers, and nothing else agrees")
    strangers = people is not None and people[0] == 0 and not _same_text(one, other)
    if strangers and (len(parts) <= SHORT or not _garbled(one, other)):
        return Verdict(False, "other authors", "the titles are equal, no author is")
    if apart := _publications_apart(one, other):
        return Verdict(False, "other publication", apart)
    if len(parts) <= SHORT and people is not None and published(one) and published(other):
        most = max(len(one.authors), len(other.authors))
        if people[0] * 2 < most and not _garbled(one, other) and not _same_text(one, other):
            return Verdict(False, "other authors", f"a short title, and {people[0]} of {most} authors")
    if len(parts) <= SHORT and people is None and _years_differ(one, other) and overlap(one, other) is None:
        return Verdict(False, "other publication", "a short title, another year, and no author to tell")
    return Verdict(True, "same title", _told(people, None))


def _same_text(one: Listing, other: Listing) -> bool:
    return (overlap(one, other) or 0) >= SAME_TEXT


def _garbled(one: Listing, other: Listing) -> bool:
    """Tell whether names that do not agree may be one list, garbled: initials only, and no other year."""
    spelled = spelled_out(one.authors) and spelled_out(other.authors)
    return not spelled and not _years_differ(one, other)


def _one_and_the_same(one: Listing, other: Listing) -> bool:
    """Tell whether two listings of a recurrent title agree in all that they say, and say something."""
    text = overlap(one, other)
    if text is not None:
        return text >= IDENTICAL_TEXT
    if bool(one.authors) != bool(other.authors) or set(one.authors) != set(other.authors):
        return False
    return (one.published, one.venue, one.url) == (other.published, other.venue, other.url)


# --- near titles -----------------------------------------------------------------------------------

# Shares of the shorter abstract's runs of three words.
SAME_TEXT, LIKE_TEXT, IDENTICAL_TEXT = 0.5, 0.8, 0.95
SHORT = 5  # words


def _near_titles(one: Listing, other: Listing) -> Verdict:
    near = nearness(one.title, other.title, _context(one) | _context(other))
    text = overlap(one, other)
    people = shared(one.authors, other.authors)
    if near is None:
        return _by_abstract(one, other, people, text)
    told = "; ".join((*near.slips, *near.extra, *near.changes, _told(people, text)))
    if apart := _publications_apart(one, other):
        return Verdict(False, "other publication", apart)
    if people is not None and people[0] == 0:
        return Verdict(False, "other authors", told)
    if text is not None:
        same = text >= _wanted_text(near, people)
        return Verdict(same, "near title" if same else "other abstract", told)
    same = people is not None and _people_confirm(near, people, one, other)
    return Verdict(same, "near title" if same else "nothing confirms it", told)


def _wanted_text(near: Nearness, people: tuple[int, int] | None) -> float:
    """Return how much of the abstracts must agree: the more, the more the titles differ."""
    if near.changes:
        return IDENTICAL_TEXT if people is None else LIKE_TEXT
    return LIKE_TEXT if near.extra and people is None else SAME_TEXT


def _people_confirm(near: Nearness, people: tuple[int, int], one: Listing, other: Listing) -> bool:
    """Tell whether the authors make one paper of two near titles, where no abstract can.

    The more the titles differ, the more authors must agree. Other words within a title are let pass only
    between two bibliographies' records of one publication.
    """
    agree, of = people
    if near.changes:
        most = max(len(one.authors), len(other.authors))
        if (
            near.governed
            or near.extra
            or (len(near.changes) > 1 and not (published(one) and published(other)))
        ):
            return False
        return (
            agree >= (most - 1 if most > 2 else most)
            and near.kept >= 0.75
            and near.length >= SHORT
            and (published(one) or published(other))
        )
    if near.extra:
        return agree >= max(1, of - 1) and near.length >= (SHORT - 1 if agree > 2 else SHORT)
    if not near.slips and near.length >= SHORT - 2:
        return True
    return agree * 2 >= of and near.length >= (2 if agree > 2 else SHORT - 1)


def _context(listing: Listing) -> frozenset[str]:
    said = (*listing.authors, listing.venue or "")
    return frozenset(part for text in said for part in words_of(text) if not part.isdigit())


def _by_abstract(one: Listing, other: Listing, people: tuple[int, int] | None, text: float | None) -> Verdict:
    """Judge two rather different titles: the same abstract, whole and word for word, makes one paper of them."""
    if text != 1.0 or one.snippet or other.snippet or fold_text(one.abstract) != fold_text(other.abstract):
        return Verdict(False, "other title", "")
    left, right = words_of(one.title), words_of(other.title)
    if series_marks(left) != series_marks(right):
        return Verdict(False, "series", "the abstracts agree, the numbers in the titles do not")
    if people is not None and people[0] == 0:
        return Verdict(False, "other authors", _told(people, text))
    one_says, other_says = ({word for word in parts if len(word) > 3} for parts in (left, right))
    in_common = len(one_says & other_says)
    if (
        len(words_of(one.abstract)) < 30
        or in_common * 3 < min(len(one_says), len(other_says))
        or not in_common
    ):
        return Verdict(False, "other title", "the abstracts agree, the titles have too little in common")
    return Verdict(True, "same abstract", _told(people, text))


def _told(people: tuple[int, int] | None, text: float | None) -> str:
    told = []
    if people is not None:
        told.append(f"{people[0]} of {people[1]} authors")
    if text is not None:
        told.append(f"{text:.0%} of the abstract")
    return ", ".join(told) or "nothing speaks against it"


# --- abstracts -------------------------------------------------------------------------------------

_FEWEST = 12  # words that an abstract must have to say anything


def overlap(one: Listing, other: Listing) -> float | None:
    """Return which share of the shorter abstract's runs of three words the longer has; None if either
    is too short to tell.
    """
    if one.abstract == other.abstract and len(one.abstract) > 10 * _FEWEST:
        return 1.0
    left, right = words_of(one.abstract), words_of(other.abstract)
    if min(len(left), len(right)) < _FEWEST:
        return None
    runs = [set(zip(parts, parts[1:], parts[2:], strict=False)) for parts in (left, right)]
    short, long = sorted(runs, key=len)
    return len(short & long) / len(short)


# --- publications ----------------------------------------------------------------------------------


def published(listing: Listing) -> bool:
    """Tell a listing of a published paper, whose venue is known, from one of a manuscript."""
    return bool(listing.venue) and not listing.arxiv and _PREPRINTS.isdisjoint(words_of(listing.venue or ""))


_PREPRINTS = word_set("arxiv corr preprint preprints biorxiv medrxiv chemrxiv ssrn eprint eprints")


def _years_differ(one: Listing, other: Listing) -> bool:
    return bool(one.published and other.published and one.published.year != other.published.year)


def _publications_apart(one: Listing, other: Listing) -> str:
    """Say why two listings are of two publications, as a conference paper and its journal version; or ""."""
    if not (published(one) and published(other)):
        return ""
    if one.published and other.published and _years_differ(one, other):
        return f"published in {one.published.year} and in {other.published.year}"
    kinds = {_kind(one.venue or ""), _kind(other.venue or "")}
    if kinds == {"journal", "conference"}:
        return f"published in {one.venue} and in {other.venue}"
    return ""


# No "record": the proceedings of the SIGMOD conference are issues of the SIGMOD Record, and both are named.
_JOURNAL = word_set("journal j transactions trans letters lett magazine bulletin annals review reviews")
_CONFERENCE = word_set("conference conf proceedings proc symposium symp workshop meeting congress")


def _kind(venue: str) -> str:
    parts = set(words_of(venue))
    if parts & _CONFERENCE:
        return "conference"
    return "journal" if parts & _JOURNAL else ""
