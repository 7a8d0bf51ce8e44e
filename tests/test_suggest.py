"""Keywords suggested from liked papers."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.match.query.parser import query_of
from digest.match.reference import analyse, match
from digest.model import Paper
from digest.pipeline.set_aside import Boundary
from digest.rank.suggest import MOST, phrases, suggest
from digest.services.tuning import index_of
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


def suggested(liked: list[Paper], library: list[Paper]) -> tuple[str, ...]:
    return tuple(each.text for each in suggest(liked, index_of(library, Boundary())).keywords)


def found_by(keywords: tuple[str, ...], papers: list[Paper]) -> list[int]:
    query = query_of(keywords)
    return [each.number for each in papers if match(query, analyse(each))]


def test_the_keywords_match_the_liked_and_similar_papers():
    keywords = suggested(CARDS[:1], CARDS)
    assert set(found_by(keywords, CARDS)) >= {1, 2}
    assert suggested(CARDS[2:], CARDS) == suggested(CARDS[2:], CARDS)
    assert set(found_by(suggested(CARDS[2:], CARDS), CARDS)) >= {3, 4}
    assert suggested([], CARDS) == ()


@given(st.lists(sentences(), min_size=1, max_size=5), st.integers(1, 5))
def test_suggested_keywords_are_valid_queries(texts, liked):
    papers = [paper(number, text, text) for number, text in enumerate(texts)]
    keywords = suggested(papers[:liked], papers)
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
    found = home.call("suggest", "1", "--json", "--now", "2026-11-21T09:00").json
    assert (found["liked"], found["found"]) == (1, 1)
    assert found["papers_a_week"] > 0
    assert [each["keyword"] for each in found["counts"]] == found["keywords"]
    assert all(each["papers"] >= each["adds"] > 0 for each in found["counts"])
    home.subscribe("b", *found["keywords"], exclude=found["exclude"])
    assert home.call("subscriptions", "check").status == 0
    home.call("feedback", "a", "like", "1")
    assert home.call("suggest", "--for", "a", "--json").json["keywords"] == found["keywords"]
    assert "keywords = [" in home.call("suggest", "1").out


@pytest.mark.parametrize("words", [(), ("zzz",), ("--for", "a"), ("--for", "zzz")])
def test_a_command_without_liked_papers_is_an_error(home, words):
    assert home.call("suggest", *words).status == 2


@pytest.mark.parametrize(
    ("text", "has", "lacks"),
    [
        (
            "Generative pre-trained models",
            {"Generative pre-trained", "pre-trained models"},
            {"Generative pre", "pre"},
        ),
        ("the state of the art of diffusion", {"diffusion"}, {"state of", "of diffusion", "the"}),
        ("diffusion, video models", {"video"}, {"diffusion video", "diffusion, video"}),
        ("One-step diffusion", {"One-step diffusion", "one-step"}, {"step diffusion"}),
    ],
)
def test_phrases_are_what_people_would_search_for(text, has, lacks):
    found = {form.lower() for _, form in phrases(text)}
    assert {each.lower() for each in has} <= found
    assert not {each.lower() for each in lacks} & found


def test_excludes_are_what_no_liked_paper_has():
    liked = [paper(n, f"Lamp study {n} of harbours") for n in range(3)]
    others = [paper(10 + n, f"Lamp sale {n} of kitchens") for n in range(60)]
    found = suggest(liked, index_of(liked + others, Boundary()))
    assert found_by(tuple(each.text for each in found.keywords), liked) == [0, 1, 2]
    assert not any(word in each.text for each in found.exclude for word in ("lamp", "study", "harbours"))
