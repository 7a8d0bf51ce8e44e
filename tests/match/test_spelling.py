"""Words that no paper contains, and those that were probably meant."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from digest.match.paper_index import PaperIndex, field_words
from digest.match.query.parser import query_of
from digest.match.spelling import Vocabulary, spellings
from digest.model import Paper

ABSTRACT = "efficient distillation then them; colour fibers, labelling; a generalised oesophagus; C++ and quantization"
PAPER = Paper(
    1,
    "urn:uuid:1",
    "We quantize pre-trained models",
    ABSTRACT,
    datetime(2026, 1, 1, tzinfo=UTC),
    authors=("Geoffrey Hinton",),
)


def known():
    index = PaperIndex()
    index.add(PAPER, field_words(PAPER))
    return index, Vocabulary([PAPER])


@pytest.mark.parametrize(
    ("query", "pairs"),
    [
        ("quantise", {"quantise": "quantize"}),
        ("quantisation", {"quantisation": "quantization"}),
        ("distilation", {"distilation": "distillation"}),
        ("efficeint", {"efficeint": "efficient"}),
        ("distilaton", {"distilaton": "distillation"}),
        ("color OR fibre", {"color": "colour", "fibre": "fiber"}),
        ("labeling", {}),
        ("generalized esophagus", {"generalized": "generalised", "esophagus": "oesophagus"}),
        ('"efficeint distillation"', {"efficeint": "efficient"}),
        ("author:Hintn", {"hintn": "hinton"}),
        ("efficient -distilation", {}),
        ("pretrained", {}),
        ("distill* quantizing", {}),
        ("quantis*", {"quantis*": "quantiz*"}),
        ("distilat*", {"distilat*": "distillat*"}),
        ('"efficient distilat*"', {"distilat*": "distillat*"}),
        ("nothing the", {}),
    ],
)
def test_the_nearest_word_of_the_papers(query, pairs):
    for words in known():
        found = dict(spellings(query_of([query]), words))
        assert found == pairs, type(words)


def test_a_rare_form_of_a_frequent_word_is_named_too():
    papers = [replace(PAPER, title="We quantise", abstract="")] + [PAPER] * 4
    assert spellings(query_of(["quantise"]), Vocabulary(papers)) == (("quantise", "quantize"),)
    assert spellings(query_of(["quantize"]), Vocabulary(papers)) == ()
