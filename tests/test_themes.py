"""Themes of long issues."""

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.cluster.hierarchy import linkage
from scipy.spatial.distance import squareform

from digest.model import Paper
from digest.rank.background import background_of, numbers_of, packed, unpacked
from digest.rank.linkage import average_linkage
from digest.rank.themes import FEWEST, MOST_THEMES, likenesses, themes_of
from tests.strategies import sentences

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
LAMPS = ("Harbour lamps", "Keepers trim harbour lamps while fog horns sound.")
BREAD = ("Rye dough", "Bakers knead rye dough and watch the crust.")


def papers(*texts: tuple[str, str]) -> list[Paper]:
    return [
        Paper(number, f"u{number}", title, abstract, NOON)
        for number, (title, abstract) in enumerate(texts, 1)
    ]


def test_related_papers_are_a_theme_with_a_name():
    themes = themes_of(papers(*[LAMPS, BREAD] * 6, ("Moths", "They gather near windows.")))
    assert [theme.papers for theme in themes] == [(1, 3, 5, 7, 9, 11), (2, 4, 6, 8, 10, 12)]
    assert "harbour" in themes[0].name
    assert "rye" in themes[1].name


def test_keywords_are_not_in_names():
    themes = themes_of(papers(*[LAMPS, BREAD] * 6), ["harbour lamps OR rye"])
    assert not any(word in theme.name for theme in themes for word in ("harbour", "lamps", "rye"))


def test_a_short_issue_has_no_themes():
    assert themes_of(papers(*[LAMPS, BREAD] * 5)) == ()
    assert themes_of(papers(*[LAMPS] * 12)) == ()
    assert themes_of([]) == ()


@given(st.lists(st.tuples(sentences(max_size=4), sentences()), min_size=FEWEST, max_size=16))
def test_themes_are_stable_and_never_of_one_paper(texts):
    asked = papers(*texts)
    themes = themes_of(asked)
    assert themes == themes_of(asked)
    assert len(themes) <= MOST_THEMES
    assert all(len(theme.papers) > 1 and theme.name for theme in themes)
    named = [number for theme in themes for number in theme.papers]
    assert len(named) == len(set(named))


def test_a_background_is_stored_and_changes_only_after_many_papers():
    background = background_of(papers(LAMPS, LAMPS, BREAD))
    assert background.often["harbour"] == 2
    assert "rye" not in background.often
    assert unpacked(packed(background)) == background
    assert numbers_of(0) == range(1, 1)
    assert numbers_of(66) == range(1, 67)
    assert numbers_of(12_242) == numbers_of(12_001) == range(10_001, 12_001)


@given(st.integers(2, 30), st.integers(0, 10**6), st.sampled_from([0, 1, 9]))
def test_groups_join_as_in_scipy(size, seed, digits):
    """With few digits, most distances are equal."""
    distances = squareform(np.round(np.random.default_rng(seed).random(size * (size - 1) // 2), digits))
    theirs = linkage(squareform(distances), "average").tolist()
    assert average_linkage(distances) == [(int(one), int(two), far) for one, two, far, _ in theirs]


def test_one_place_and_none_join_nothing():
    assert average_linkage(np.zeros((1, 1))) == average_linkage(np.zeros((0, 0))) == []


def test_likeness_is_the_cosine_of_weighted_terms():
    """Without a background all terms are equally rare; a word of the title counts three times."""
    asked = papers(("Lamps", "lamps"), ("Moths", "lamps"), ("Rye", ""), ("", ""))
    alike = likenesses(asked, set(), background_of([]))
    title, both = 1 + np.log(3), 1 + np.log(4)
    assert alike[0][:2] == [1, pytest.approx(both / (both * np.hypot(title, 1)), abs=1e-9)]
    assert alike[1][:3] == [alike[0][1], 1, 0]
    assert (alike[2][2], alike[3]) == (1, [0, 0, 0, 0])
    assert likenesses(asked[3:], set(), background_of([])) is None
