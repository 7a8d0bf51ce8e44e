"""Themes of long issues."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from digest.model import Paper
from digest.rank.background import background_of, numbers_of, packed, unpacked
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
