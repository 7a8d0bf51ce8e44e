"""The formula that orders an issue, part by part, and diversity."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.model import Component, Item, Paper, RankingWeights
from digest.rank.formula import components, freshness, ordered, popularity, worth

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
TODAY = date(2026, 1, 31)


def paper(number: int, **more: object) -> Paper:
    return Paper(number, f"u{number}", f"P{number}", "", NOON, **more)


def items(*scores: float) -> list[Item]:
    return [Item(paper(number), score) for number, score in enumerate(scores, 1)]


def numbers(found: tuple[Item, ...]) -> list[int]:
    return [item.paper.number for item in found]


def test_without_feedback_or_weights_the_order_is_the_matchers():
    given_ = items(3, 3, 2, 3)
    assert ordered(given_, components(given_, RankingWeights(), None, TODAY)) == tuple(given_)
    assert components([], RankingWeights(), None, TODAY) == ()


def test_taste_changes_the_order_and_parts_are_kept():
    given_ = items(4, 2, 2)
    found = ordered(given_, components(given_, RankingWeights(), [0.0, -0.5, 0.9], TODAY))
    assert numbers(found) == [3, 1, 2]
    assert found[0].parts == (Component("keyword", 0.5, 1.0), Component("taste", 0.9, 1.0))
    assert worth(found[0].parts) == pytest.approx(0.7)
    assert worth(()) == 0


def test_equal_items_keep_their_order():
    given_ = items(1, 1, 1)
    assert numbers(ordered(given_, components(given_, RankingWeights(), [0.2, 0.3, 0.2], TODAY))) == [2, 1, 3]


def test_popularity_grows_slowly_and_code_counts():
    assert popularity(paper(1)) == 0
    assert popularity(paper(1, upvotes=-5)) == 0
    assert popularity(paper(1, upvotes=1000)) == pytest.approx(0.8)
    assert popularity(paper(1, upvotes=99999, comments=5, code_url="https://x.example")) == 1
    assert 0 < popularity(paper(1, comments=3)) < popularity(paper(1, upvotes=30))


def test_freshness_halves_every_thirty_days_and_needs_a_date():
    assert freshness(paper(1, published=TODAY), TODAY) == 1
    assert freshness(paper(1, published=date(2026, 1, 1)), TODAY) == pytest.approx(0.5)
    assert freshness(paper(1, published=date(2027, 1, 1)), TODAY) == 1
    assert freshness(paper(1), TODAY) == 0


def test_diversity_separates_similar_papers():
    given_ = items(3, 3, 2)
    alike = [[1.0, 0.9, 0.0], [0.9, 1.0, 0.0], [0.0, 0.0, 1.0]]
    parts = components(given_, RankingWeights(diversity=0.5), None, TODAY)
    assert numbers(ordered(given_, parts, diversity=0.5, alike=alike, top=3)) == [1, 3, 2]
    assert numbers(ordered(given_, parts, diversity=0.5, alike=alike, top=0)) == [1, 2, 3]


@given(
    st.lists(st.tuples(st.floats(0, 9), st.floats(-1, 1)), max_size=8),
    st.floats(0, 1),
    st.integers(0, 9),
)
def test_every_item_is_ordered_once(pairs, diversity, top):
    given_ = items(*(score for score, _ in pairs))
    alike = [[0.5] * len(pairs)] * len(pairs)
    parts = components(given_, RankingWeights(freshness=0.1), [taste for _, taste in pairs], TODAY)
    found = ordered(given_, parts, diversity=diversity, alike=alike, top=top)
    assert sorted(numbers(found)) == list(range(1, len(pairs) + 1))
