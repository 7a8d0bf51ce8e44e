"""Themes of long issues."""

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.model import Paper
from digest.rank.background import background_of, numbers_of, packed, unpacked
from digest.rank.likeness import likenesses
from digest.rank.themes import FEWEST, MOST_THEMES, themes_of
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


def test_likeness_is_the_cosine_of_weighted_terms():
    """Without a background all terms are equally rare; a word of the title counts three times."""
    asked = papers(("Lamps", "lamps"), ("Moths", "lamps"), ("Rye", ""), ("", ""))
    alike = likenesses(asked, set(), background_of([]))
    title, both = 1 + np.log(3), 1 + np.log(4)
    assert alike[0][:2] == [1, pytest.approx(both / (both * np.hypot(title, 1)), abs=1e-9)]
    assert alike[1][:3] == [alike[0][1], 1, 0]
    assert (alike[2][2], alike[3]) == (1, [0, 0, 0, 0])
    assert likenesses(asked[3:], set(), background_of([])) is None


def test_ignored_stems_count_for_nothing_alone_and_in_pairs():
    asked = papers(("", "harbour lamps"), ("", "harbour"), ("", "lamps"))
    background = background_of(asked)
    assert likenesses(asked, {"harbour"}, background) == likenesses(
        papers(("", "lamps"), ("", ""), ("", "lamps")), set(), background
    )


@given(st.lists(st.tuples(sentences(max_size=4), sentences()), min_size=1, max_size=8), st.data())
def test_papers_are_as_alike_in_every_company(texts, data):
    """Vectors are kept: what was asked before changes no likeness."""
    asked, background = papers(*texts), background_of(papers(LAMPS, BREAD))
    alike = likenesses(asked, {"lamp"}, background) or []
    chosen = data.draw(st.lists(st.sampled_from(range(len(asked))), min_size=1, unique=True))
    fresh = background_of(papers(LAMPS, BREAD))
    again = likenesses([asked[place] for place in chosen], {"lamp"}, fresh)
    assert again is None or again == [[alike[one][two] for two in chosen] for one in chosen]
