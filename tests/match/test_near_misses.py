"""Near misses: explanations of papers that a query nearly accepted."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.match.near_misses import NearMissFinder
from digest.match.query.parser import query_of
from digest.match.reference import analyse, match
from digest.model import Paper
from tests.strategies import papers, queries

NOW = datetime(2026, 1, 1, tzinfo=UTC)
TITLES = (
    "Diffusion for video",
    "Diffusion models",
    "One-step is fast, and so is diffusion",
    "The consistency of a model",
    "Lanterns",
)
LIBRARY = [analyse(Paper(n, "u", title, "", NOW)) for n, title in enumerate(TITLES, 1)]


def sentences(*keywords: str, exclude: tuple[str, ...] = ()) -> list[str]:
    return [str(miss) for miss in NearMissFinder(LIBRARY).misses(query_of(keywords, exclude))]


@pytest.mark.parametrize(("keyword", "expected"), [
    ("diffusion AND one-step AND quantum", ["1 paper matched “diffusion” and “one-step” but not “quantum”"]),
    ("diffusion AND quantum", ["3 papers matched “diffusion” but not “quantum”"]),
    ('"one-step diffusion"', ["1 paper had the words of “one-step diffusion” but not together", "2 papers matched “diffusion” but not “one-step”"]),
    ('"consistency model*"', ["1 paper had the words of “consistency model*” but not together", "1 paper matched “model*” but not “consistency”"]),
    ("title:distill* AND (diffusion OR lantern)", ["4 papers matched “(diffusion OR lantern)” but not “title:distill*”"]),
    ('"O\'Brien diffusion"', ["3 papers matched “diffusion” but not “O'Brien”"]),
    ('"CO$_2$ models"', ["2 papers matched “models” but not “CO$_2$”"]),
    ("lantern -video quantum", ["1 paper matched “lantern” but not “quantum”"]),
    ("diffusion fast -one-step", ["1 paper matched “diffusion” and “fast” but was excluded by “one-step”"]),
    ("quantum", []), ("quantum -video", []), ("quantum AND video AND lantern", []),
    ('"diffusion models" OR "quantum lanterns"', ["2 papers matched “diffusion” but not “models”", "1 paper matched “models” but not “diffusion”"]),
])  # fmt: skip
def test_sentences(keyword, expected):
    assert sentences(keyword)[: len(expected) or 1] == expected


def test_papers_that_an_exclude_rejected():
    assert sentences("diffusion", exclude=("video OR models", "fast")) == [
        "2 papers matched “diffusion” but were excluded by “(video OR models)”",
        "1 paper matched “diffusion” but was excluded by “fast”",
    ]


def test_a_usual_near_miss_is_returned_only_if_there_is_no_other():
    titles = ("Harbour diffusion", *(f"Harbour model {n}" for n in range(8)))
    near = NearMissFinder([analyse(Paper(n, "u", title, "", NOW)) for n, title in enumerate(titles, 1)])
    common = "8 papers matched “model” but not “quantum”"
    assert [str(miss) for miss in near.misses(query_of(["model AND quantum"]))] == [common]
    both = query_of(["model AND quantum", "diffusion AND quantum"])
    assert [str(miss) for miss in near.misses(both)] == ["1 paper matched “diffusion” but not “quantum”"]
    few = NearMissFinder([analyse(Paper(n, "u", title, "", NOW)) for n, title in enumerate(titles[:7], 1)])
    assert len(few.misses(both)) == 2


def test_no_more_than_three():
    assert len(sentences(*(f"diffusion AND x{n}" for n in range(9)))) == 3


def test_items_are_looked_up_once_and_only_so_often():
    near = NearMissFinder(LIBRARY, 2 * len(LIBRARY))
    query = query_of(["diffusion AND quantum"])
    assert near.misses(query)
    assert near.lookups_left == 0
    assert near.misses(query)
    assert near.misses(query_of(["diffusion AND lantern"])) == ()


def test_a_keyword_with_too_many_parts_has_no_near_misses():
    assert sentences(" AND ".join(["diffusion", *(f"x{n}" for n in range(12))])) == []


@given(st.lists(papers(), max_size=6, unique_by=lambda paper: paper.number), queries(), st.booleans())
def test_every_miss_is_a_paper_that_the_query_does_not_accept(found, text, excluded):
    query = query_of([text], ["the"] if excluded else [])
    analysed = [analyse(paper) for paper in found]
    accepted = {each.paper.number for each in analysed if match(query, each)}
    for miss in NearMissFinder(analysed).misses(query):
        assert miss.papers
        assert miss.met
        if miss.lacked:  # another keyword may accept it nevertheless
            continue
        both = set(miss.papers) & accepted
        assert not both or "OR" in text or "||" in text
