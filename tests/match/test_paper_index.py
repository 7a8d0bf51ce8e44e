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


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("quantise", "quantize"),
        ("distilation", "distillation"),
        ("efficeint", "efficient"),
        ("nothing", None),
        ("the", None),
    ],
)
def test_the_nearest_spelling(typed, meant):
    index = index_of(replace(PAPER, title="We quantize", abstract="efficient distillation then them"))
    assert index.nearest(typed) == meant
