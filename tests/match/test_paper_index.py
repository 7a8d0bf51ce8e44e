"""An index of papers accepts the papers that the reference matcher accepts, whatever was asked before."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.match.paper_index import PaperIndex, field_words, places_of
from digest.match.query.parser import query_of
from digest.match.reference import analyse, match
from digest.model import Paper
from tests.strategies import papers, queries

PAPER = Paper(1, "urn:uuid:1", "", "", datetime(2025, 1, 1, tzinfo=UTC))


def index_of(*found: Paper) -> PaperIndex:
    index = PaperIndex()
    for paper in found:
        index.add(paper, field_words(paper))
    return index


def accepted(index: PaperIndex, *keywords: str) -> list[int]:
    return list(places_of(index.accepted(query_of(keywords))))


@given(st.lists(queries(), min_size=1, max_size=4), st.lists(papers(), max_size=6))
def test_the_papers_are_those_of_the_reference_matcher(asked, found):
    index = index_of(*found)
    analysed = [analyse(paper) for paper in found]
    for text in asked:
        query = query_of([text])
        right = [place for place, paper in enumerate(analysed) if match(query, paper)]
        assert list(places_of(index.accepted(query))) == right


@given(queries(), st.lists(papers(), min_size=1, max_size=4))
def test_a_paper_added_later_is_found(text, found):
    index = index_of(*found[:-1])
    accepted(index, text)
    index.add(found[-1], field_words(found[-1]))
    assert accepted(index, text) == accepted(index_of(*found), text)


@pytest.mark.parametrize(
    ("query", "text", "holds"),
    [
        ("solver", "the solvers++", True),
        ("=solver", "the solver++", True),
        ("=solver", "the solvers", False),
        ("solver++", "the solver", False),
        ("pre-training", "pretrained", True),
        ('"large pretrained model"', "large pre-trained models", True),
        ('"trained large"', "large pre-trained models", False),
        ('"models large"~1', "large pre-trained models", False),
        ('"models large"~2', "large pre-trained models", True),
        ("pretr*", "large pre-trained models", True),
        ("-large models", "large models", False),
    ],
)
def test_words_of_every_kind(query, text, holds):
    paper = replace(PAPER, abstract=text)
    assert bool(match(query_of([query]), analyse(paper))) == holds
    assert accepted(index_of(paper), query) == [0] * holds


@given(queries(), st.lists(papers(), min_size=2, max_size=5, unique_by=lambda paper: paper.number), st.data())
def test_a_paper_that_is_removed_is_not_found(text, found, data):
    gone = data.draw(st.sampled_from(found))
    index = index_of(*found)
    if data.draw(st.booleans()):
        accepted(index, text)
    index.remove(gone.number)
    kept = [paper for paper in found if paper is not gone]
    numbers = [index.numbers[place] for place in accepted(index, text)]
    assert numbers == [kept[place].number for place in accepted(index_of(*kept), text)]
    index.add(gone, field_words(gone))
    numbers = [index.numbers[place] for place in accepted(index, text)]
    assert sorted(numbers) == sorted(found[place].number for place in accepted(index_of(*found), text))


def test_papers_are_ordered_by_when_they_were_first_seen():
    moments = [datetime(2026, 1, day, tzinfo=UTC) for day in (3, 1, 2, 4)]
    index = index_of(*(replace(PAPER, number=n, first_seen=at) for n, at in enumerate(moments)))
    index.remove(3)
    assert index.newest(index.first_seen(moments[1], moments[3])) == [0, 2, 1]
    assert index.newest(index.first_seen(moments[2], datetime(2027, 1, 1, tzinfo=UTC))) == [0, 2]


def test_papers_are_loaded_to_be_shown():
    index = PaperIndex(
        lambda numbers: {number: replace(PAPER, number=number) for number in numbers if number != 8}
    )
    for number in (7, 8, 9):
        index.add(replace(PAPER, number=number), [])
    assert [paper.number for paper in index.papers([2, 1, 0])] == [9, 7]
