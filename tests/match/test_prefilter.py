"""The prefilter skips no paper that a query accepts."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from digest.match import prefilter
from digest.match.query.parser import parse, query_of
from digest.match.reference import analyse, match
from digest.model import Paper
from digest.text.stem import stem
from tests.strategies import papers, queries

PAPER = Paper(1, "urn:uuid:1", "", "", datetime(2025, 1, 1, tzinfo=UTC))
BASES = st.text("abcdeghiklmnoprstuvy", min_size=2, max_size=8)
ENDS = st.sampled_from(
    ("", "s", "es", "ies", "ied", "ed", "ing", "y", "e", "ee", "eed", "ll", "lled", "edly")
)


@given(queries(), st.lists(papers(), max_size=4))
def test_the_matches_are_those_of_the_reference_matcher(text, found):
    query = query_of([text])
    find = prefilter.scanner(query)
    for paper in found:
        assert find(paper) == match(query, analyse(paper))


@given(st.tuples(BASES, ENDS).map("".join), st.tuples(BASES, ENDS).map("".join))
@example("skies", "sky")
@example("cries", "cry")
@example("hoping", "hoped")
@example("dies", "dying")
def test_every_word_of_a_stem_is_found(one, other):
    find = prefilter.scanner(query_of([f'"{one}"']))
    for text in (one, other):
        paper = replace(PAPER, abstract=f"x {text} x")
        assert (find(paper) is not None) == (stem(one) == stem(text))


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("pretraining", "the pre-trained"),
        ("pre-training", "the pretrained"),
        ("pretraining", "the pre\u2010training"),
        ('"large pretrained model"', "large pre-trained models"),
        ("one-ring", "all oners"),
        ("schrodinger", 'Schr\\"odinger'),
        ("adaptive", r"$\textbf{A}$daptive"),
        ("rtx", "on 4timesRTX"),
        ("solver", "dpm-solver++"),
        ("naïve", "NAIVE"),
        ("zero", "ze\u00adro"),
        ("拡散", "画像の拡散"),
        ("au:knuth", "nothing of the kind"),
        ("lamp -pier", "a lamp"),
        ("CO2", "the CO$_2$"),
        ("CO2", r"the $\mathrm{CO}_{2}$"),
        ("CO2-rich", "CO<sub>2</sub>-rich"),
        ("CO$_2$", "CO₂"),
        ("beta-catenin", r"$\beta$-catenin"),
        ("β-catenins", "beta catenin"),
        ("tgfbeta", "TGF-β"),
        ("μm", r"5 $\mu$m"),
        ("o'ring", "ored"),
        ("oreilly", "O’Reilly"),
        ("oreilly", "O‘Reilly"),
        ("oreilly", "O`Reilly"),
        ("oreilly", "O′Reilly"),
    ],
)
def test_other_spellings_are_not_skipped(query, text):
    paper = replace(PAPER, abstract=text, authors=("D. Knuth",))
    assert match(query_of([query]), analyse(paper)) is not None
    assert prefilter.scanner(query_of([query]))(paper) is not None


def test_a_paper_that_cannot_match_is_not_analysed(monkeypatch):
    monkeypatch.setattr(prefilter, "analyse", None)
    for query in ("lamps", "lamp pier", '"lamp pier"', "=lamps", "lam*", "title:lamp", "fog (lamp OR pier)"):
        assert parse(query)
        assert (
            prefilter.scanner(query_of([query]))(replace(PAPER, title="Fog", abstract="on the water")) is None
        )
