"""Keywords suggested from liked papers."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.match.query.parser import query_of
from digest.match.reference import analyse, match
from digest.model import Paper
from digest.rank.suggest import MOST, suggest
from tests.homes import TestHome, page
from tests.strategies import sentences
from tests.test_feedback import BREAD, LAMPS, MORE_BREAD, MORE_LAMPS

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def paper(number: int, title: str, abstract: str = "") -> Paper:
    return Paper(number, f"u{number}", title, abstract, NOON)


CARDS = [
    paper(number, card.title, card.abstract)
    for number, card in enumerate((LAMPS, MORE_LAMPS, BREAD, MORE_BREAD), 1)
]


def found_by(keywords: tuple[str, ...], papers: list[Paper]) -> list[int]:
    query = query_of(keywords)
    return [each.number for each in papers if match(query, analyse(each))]


def test_the_keywords_match_the_liked_and_similar_papers():
    keywords = suggest(CARDS[:1], CARDS)
    assert set(found_by(keywords, CARDS)) >= {1, 2}
    assert suggest(CARDS[2:], CARDS) == suggest(CARDS[2:], CARDS)
    assert set(found_by(suggest(CARDS[2:], CARDS), CARDS)) >= {3, 4}
    assert suggest([], CARDS) == ()


@given(st.lists(sentences(), min_size=1, max_size=5), st.integers(1, 5))
def test_suggested_keywords_are_valid_queries(texts, liked):
    papers = [paper(number, text, text) for number, text in enumerate(texts)]
    keywords = suggest(papers[:liked], papers)
    assert len(keywords) <= MOST
    if keywords:
        assert found_by(keywords, papers[:liked])


@pytest.fixture
def home(tmp_path) -> TestHome:
    made = TestHome(tmp_path)
    made.subscribe("a", "fog")
    made.put("2026-11-16-a.txt", page(LAMPS, MORE_LAMPS, BREAD, MORE_BREAD))
    made.run()
    return made


def test_suggested_keywords_work_in_a_subscription(home):
    suggested = home.call("suggest", "1", "--json", "--now", "2026-11-21T09:00").json
    assert (suggested["liked"], suggested["found"]) == (1, 1)
    assert suggested["papers_a_week"] > 0
    home.subscribe("b", *suggested["keywords"])
    assert home.call("subscriptions", "check").status == 0
    home.call("feedback", "a", "like", "1")
    assert home.call("suggest", "--for", "a", "--json").json["keywords"] == suggested["keywords"]
    assert "keywords = [" in home.call("suggest", "1").out


@pytest.mark.parametrize("words", [(), ("zzz",), ("--for", "a"), ("--for", "zzz")])
def test_a_command_without_liked_papers_is_an_error(home, words):
    assert home.call("suggest", *words).status == 2
