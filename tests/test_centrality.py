"""The order of papers with equal scores."""

from dataclasses import replace
from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st

from digest.match.query.parser import query_of
from digest.match.reference import analyse, match
from digest.model import Item, Paper
from digest.rank.centrality import among_equals, by_centrality, centrality
from tests.homes import Card, TestHome, issue_of, page
from tests.strategies import PLAIN, sentences

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
TODAY = date(2026, 1, 1)


def item(number, title, abstract, *query, **more):
    paper = replace(Paper(number, f"u{number}", title, abstract, NOON), **more)
    found = match(query_of(query or ["kelp"]), analyse(paper))
    return Item(paper, found.score, found.evidence) if found else Item(paper)


def test_what_centrality_is_made_of():
    abstract = (
        "Tides are slow. We propose a net for kelp and for all that lives in it. Kelp grows. It is green."
    )
    found = centrality(item(1, "Kelp in nets", abstract))
    assert (found.early, found.of_title, found.found, found.total, found.in_gist) == (1, 1 / 3, 2, 4, True)
    assert found.value == (0.5 + 1 / 3 + 2 / 4 + 0.2) / 2.7
    assert centrality(item(2, "Nets", "")).value == 0


def test_the_central_paper_comes_first():
    aside = item(
        1, "Nets, ropes and what is left of kelp", "Nets are heavy. Ropes are long. Kelp is green. All sink."
    )
    about = item(
        2, "Kelp on ropes", "Kelp grows on ropes. We show how kelp is cut. Kelp is dried in the sun."
    )
    assert by_centrality((aside, about), TODAY) == (about, aside)


def test_a_higher_score_comes_before_centrality():
    about = item(1, "Kelp", "Kelp. Kelp. Kelp.")
    assert by_centrality((about, replace(item(2, "Of kelp", ""), score=9)), TODAY)[1] is about


def test_what_else_counts_among_equals():
    plain = item(1, "Kelp", "")
    for better in (
        replace(plain, paper=replace(plain.paper, upvotes=50)),
        replace(plain, paper=replace(plain.paper, code_url="https://example.org/code")),
        replace(plain, paper=replace(plain.paper, published=date(2025, 12, 30))),
    ):
        assert among_equals(better, TODAY) > among_equals(plain, TODAY)


@given(st.lists(st.tuples(sentences(PLAIN), sentences(PLAIN)), max_size=6), st.randoms(use_true_random=False))
def test_the_order_is_that_of_scores_and_the_same_each_time(texts, rng):
    items = tuple(item(number, *each, "model", "step") for number, each in enumerate(texts))
    ordered = by_centrality(items, TODAY)
    assert sorted(ordered, key=lambda each: each.paper.number) == list(items)
    keys = [(each.score, among_equals(each, TODAY)) for each in ordered]
    assert keys == sorted(keys, reverse=True)
    mixed = list(items)
    rng.shuffle(mixed)
    assert [(each.score, among_equals(each, TODAY)) for each in by_centrality(tuple(mixed), TODAY)] == keys
    assert all(0 <= centrality(each).value <= 1 for each in items)


def test_an_issue_has_this_order_and_why_says_so(tmp_path):
    home = TestHome(tmp_path)
    home.subscribe("a", "kelp")
    home.put("2026-11-19.txt", page(
        Card("Nets, ropes and what is left of kelp", "Nets are heavy and ropes are long. Kelp is green. All of it sinks."),
        Card("Kelp on ropes", "Kelp grows on ropes. We show how kelp is cut. Kelp is dried in the sun."),
    ))  # fmt: skip
    assert issue_of(home.run(), "a")["new"][0] == "Kelp on ropes"
    shown = " ".join(home.call("why", "a", "--paper", "Kelp on ropes").out.split())
    order = (
        "score 2; among papers of equal score, centrality 0.67: at the beginning of the title, 31% of it, "
    )
    assert f"{order}in 3 of 3 sentences no mail" in shown
