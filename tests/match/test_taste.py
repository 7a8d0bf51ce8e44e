"""Tastes learnt from a few papers."""

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.match.query.parser import query_of
from digest.model import Paper
from digest.rank.taste import Space, closeness, similarities
from digest.text.keyphrases import surface_forms
from digest.text.stopwords import STOPWORDS
from tests.strategies import sentences

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
TOPICS = {
    "lamps": "The lighthouse keeper trims lamps while fog horns sound across the harbour",
    "bread": "Sourdough bakers knead rye dough and watch the oven for a dark crust",
    "moths": "Moths gather near windows when autumn nights turn warm and still",
}


def paper(number: int, title: str, abstract: str = "") -> Paper:
    return Paper(number, f"u{number}", title, abstract, NOON)


@pytest.fixture
def library() -> list[Paper]:
    """Thirty papers on three topics, ten each."""
    texts = list(TOPICS.values())
    return [paper(n, f"Note {n} on it", texts[n % 3]) for n in range(30)]


def close(space: Space, liked: list[Paper], disliked: list[Paper], asked: list[Paper]) -> list[float]:
    nothing = np.zeros(0)
    profile = space.profile(nothing, space.matrix(liked), space.matrix(disliked))
    return closeness(profile, space.matrix(asked))


def test_one_liked_paper_is_enough(library):
    space = Space(library)
    like, other, same = close(space, [library[0]], [], [library[0], library[1], library[3]])
    assert like == 1
    assert same > 0.5
    assert other < 0.1


def test_disliked_papers_count_against(library):
    space = Space(library)
    asked = [library[1], library[2]]
    neutral = close(space, [library[0]], [], asked)
    against = close(space, [library[0]], [library[4]], asked)
    assert against[0] < neutral[0]
    assert against[1] == pytest.approx(neutral[1], abs=0.05)


def test_keywords_alone_make_a_taste(library):
    space = Space(library)
    keywords = space.keywords(query_of(['"rye dough" OR cat:x -moths', "sour*"]))
    profile = space.profile(keywords, space.matrix([]), space.matrix([library[2]]))
    lamps, bread, moths = closeness(profile, space.matrix(library[:3]))
    assert bread > 0 > moths
    assert bread > lamps


def test_an_empty_space():
    space = Space([])
    mine = paper(1, "Lighthouse lamps")
    assert close(space, [mine], [], [mine, paper(2, ""), paper(3, "Rye dough")]) in (
        [1.0, 0.0, 0.0],
        [0.0, 0.0, 0.0],
    )
    assert space.keywords(query_of(["cat:x"])).sum() == 0
    profile = space.profile(np.zeros(0), space.matrix([]))
    assert closeness(profile, space.matrix([mine])) == [0.0]


def test_terms_explain(library):
    space = Space(library)
    liked = [library[0], library[3]]
    profile = space.profile(np.zeros(0), space.matrix(liked), space.matrix([library[1]]))
    terms = space.terms(profile, 5)
    assert {term for term, weight in terms if weight > 0} <= {
        "lighthouse",
        "keeper",
        "lamp",
        "fog",
        "horn",
        "trim",
        "sound",
        "across",
        "harbour",
        "lighthouse keeper",
        "keeper trim",
        "trim lamp",
        "lamp fog",
        "fog horn",
        "horn sound",
        "sound harbour",
    }
    assert any(weight < 0 for _, weight in space.terms(profile))
    assert set(space.reasons(profile, space.matrix([library[0]]))) >= {"lighthous keeper", "fog"}
    assert "lamps" in surface_forms(["lamp", "zzz"], [library[0]])
    assert surface_forms(["lamp", "zzz"], [library[1], library[0]]) == ("lamps", "zzz")


def test_stop_words_are_stems():
    assert {"the", "we", "studi", "propos"} <= STOPWORDS


@given(st.lists(sentences(), min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_scores_do_not_depend_on_earlier_papers(texts, rng):
    """The order of columns depends on earlier papers; scores must not."""
    papers = [paper(number, text, text) for number, text in enumerate(texts)]
    mixed = papers[:]
    rng.shuffle(mixed)
    one, two = Space(papers), Space(papers)
    two.matrix(mixed)
    assert close(one, papers[:1], papers[1:2], papers) == close(two, papers[:1], papers[1:2], papers)
    assert similarities(one.matrix(papers)) == similarities(two.matrix(papers))
