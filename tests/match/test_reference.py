"""The reference matcher: examples, a still simpler oracle, and properties of every match."""

import itertools
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.match.query.parser import FIELDS, MAX_DEPTH, Atom, Node, Not, Query, query_of
from digest.match.reference import analyse, best_first, match
from digest.model import Match, Paper
from digest.text.stem import stem
from tests.strategies import PLAIN, items, papers, queries

PAPER = Paper(1, "urn:uuid:1", "", "", datetime(2025, 1, 1, tzinfo=UTC))


def found(query: str, paper: Paper, *exclude: str) -> Match | None:
    return match(query_of([query], exclude), analyse(paper))


def spans(query: str, abstract: str) -> list[tuple[int, int]]:
    one = found(query, replace(PAPER, abstract=abstract))
    return [(evidence.start, evidence.end) for evidence in one.evidence] if one else []


def test_evidence_is_complete_and_in_order() -> None:
    paper = replace(
        PAPER,
        title="Fast models",
        abstract="A model. Fast.",
        authors=("Ann Fast", "Bo Model"),
        sources=("arxiv-api",),
    )
    one = found("model OR fast OR au:model OR source:arxiv*", paper)
    assert one is not None
    assert [(each.term, each.field, each.item, each.text, each.start, each.end) for each in one.evidence] == [
        ("fast", "title", None, "Fast", 0, 4),
        ("model", "title", None, "models", 5, 11),
        ("model", "abstract", None, "model", 2, 7),
        ("fast", "abstract", None, "Fast", 9, 13),
        ("au:model", "author", 1, "Model", 3, 8),
        ("source:arxiv*", "source", 0, "arxiv", 0, 5),
    ]
    assert one.score == 2 + 2 + 1 + 1


def test_exclude_and_several_keywords() -> None:
    paper = replace(PAPER, abstract="a fast video model")
    query = query_of(["slow", "fast"], ["video game", "audio"])
    assert match(query, analyse(paper)) is not None
    assert match(query_of(["fast"], ["audio", "video"]), analyse(paper)) is None
    assert match(query_of([]), analyse(paper)) is None


def test_items_under_not_give_no_evidence() -> None:
    one = found("fast -(model -video)", replace(PAPER, abstract="a fast video model"))
    assert one is not None
    assert [each.term for each in one.evidence] == ["fast"]
    assert one.score == 1


@pytest.mark.parametrize(
    ("query", "text", "expected"),
    [
        ("a", "a b a", [(0, 1), (4, 5)]),
        ('"a b a"', "a b a b a", [(0, 5), (4, 9)]),
        ("pre*", "pre-training", [(0, 3)]),
        ("one-step", "one-step one step onestep", [(0, 8), (9, 17), (18, 25)]),
        ('"large pre-trained model"', "large pretrained models", [(0, 23)]),
        ('"a b"~1', "a x b y a", [(0, 5), (4, 9)]),
        ('"a b"~0', "b a b", [(0, 3), (2, 5)]),
        ('"a a"~5', "x a y", []),
        ('"model models"~3', "models and model", [(0, 16)]),
        ('"pre-training large"~0', "large pretraining", [(0, 17)]),
        ('"pre-training large"~0', "large pre-training", [(0, 18)]),
        ('"large model"~1', "large pre-trained model", []),
        ('"large model"~2', "large pre-trained model", [(0, 23)]),
        ("solver", "dpm-solver++", [(4, 12)]),
        ("dpmsolver", "dpm-solver++", [(0, 12)]),
        ('"c c++"~1', "c++ or c", [(0, 8)]),
        ('"c c++"~1', "c++ or d", []),
        ("=solver", "dpm-solver++ solvers", [(4, 12)]),
        ('="solver++"', "solver++ solver", [(0, 8)]),
        ("=Naïve", "naive naïves", [(0, 5)]),
    ],
)
def test_occurrences(query: str, text: str, expected: list[tuple[int, int]]) -> None:
    assert spans(query, text) == expected


def test_an_item_in_two_scopes_is_evidence_for_both() -> None:
    one = found("title:model model", replace(PAPER, title="Model"))
    assert one is not None
    assert [(each.term, each.start, each.end) for each in one.evidence] == [
        ("title:model", 0, 5),
        ("model", 0, 5),
    ]
    assert one.score == 4


def test_a_near_phrase_in_a_huge_text() -> None:
    text = "the model " * 30_000 + "zebra"
    start = time.process_time()
    assert len(spans('"the zebra"~3', text)) == 1
    assert len(spans('"the model"~1', "the model " * 30_000)) == 59_999
    assert time.process_time() - start < 100  # hours if it were quadratic


def test_a_prefix_with_equals_sign_is_the_prefix() -> None:
    one = found("model* =model*", replace(PAPER, abstract="models"))
    assert one is not None
    assert one.score == 1


def test_absent_fields_never_match() -> None:
    for name in FIELDS:
        assert found(f"{name}:x", PAPER) is None
    assert found("a -org:x", replace(PAPER, abstract="a")) is not None


def test_best_first() -> None:
    def one(number: int, score: float, published: date | None) -> Match:
        return Match(replace(PAPER, number=number, published=published), score, ())

    old, new = date(2020, 1, 1), date(2025, 1, 1)
    order = [
        one(9, 3, None),
        one(4, 2, new),
        one(1, 2, old),
        one(2, 2, old),
        one(3, 2, None),
        one(5, 2, None),
    ]
    for shuffled in itertools.islice(itertools.permutations(order), 0, 720, 7):
        assert best_first(shuffled) == order


def test_deep_queries_are_matched() -> None:
    half = MAX_DEPTH // 2
    query = "a OR (b -(" * half + "c" + "))" * half
    assert found(query, replace(PAPER, abstract="a")) is not None
    assert found(query, replace(PAPER, abstract="c")) is None


def test_a_long_near_phrase() -> None:
    text = " ".join(["a"] * 99)
    assert spans(f'"{text}"~2', text) == [(0, len(text))]
    assert not spans(f'"{text} a"~2', text)
    assert not spans(f'"{text} b"~2', text)


# --- a still simpler oracle, for texts of plain words ----------------------------------------------

plain_texts = st.lists(st.sampled_from(PLAIN), max_size=10)


def _windows(asked: list[str], text: list[str], near: int | None) -> set[tuple[int, int]]:
    """Return, by trying all of them, the stretches of the text with the words: in order, or near each other."""
    found = set()
    for first in range(len(text)):
        for last in range(first, len(text)):
            stretch = [stem(word) for word in text[first : last + 1]]
            wanted = [stem(word) for word in asked]
            if near is None:
                holds = stretch == wanted
            else:
                holds = len(stretch) - len(wanted) <= near and not _lacking(wanted, stretch)
            if holds:
                found.add((first, last))
    return {one for one in found if not any(_inside(other, one) for other in found)}


def _lacking(wanted: list[str], stretch: list[str]) -> bool:
    return any(stretch.count(word) < wanted.count(word) for word in wanted)


def _inside(inner: tuple[int, int], outer: tuple[int, int]) -> bool:
    return inner != outer and outer[0] <= inner[0] and inner[1] <= outer[1]


@given(st.lists(st.sampled_from(PLAIN), min_size=1, max_size=3), plain_texts, st.none() | st.integers(0, 4))
def test_phrases_against_the_oracle(asked: list[str], text: list[str], near: int | None) -> None:
    query = f'"{" ".join(asked)}"' + ("" if near is None else f"~{near}")
    ends = list(itertools.accumulate(len(word) + 1 for word in text))
    starts = [0, *ends[:-1]]
    expected = {(starts[first], ends[last] - 1) for first, last in _windows(asked, text, near)}
    assert set(spans(query, " ".join(text))) == expected


@given(st.sampled_from(PLAIN), st.integers(2, 5), plain_texts)
def test_prefixes_against_the_oracle(word: str, length: int, text: list[str]) -> None:
    one = found(word[:length] + "*", replace(PAPER, abstract=" ".join(text)))
    hits = [other for other in text if other.startswith(word[:length])]
    assert ([each.text for each in one.evidence] if one else []) == hits


# --- properties of every match ---------------------------------------------------------------------


@given(queries(), papers())
def test_evidence_points_to_the_original(query: str, paper: Paper) -> None:
    one = found(query, paper)
    if one is None:
        return
    lists = {"author": paper.authors, "category": paper.categories, "source": paper.sources}
    for each in one.evidence:
        whole = getattr(paper, each.field) if each.item is None else lists[each.field][each.item]
        assert (each.item is None) == (each.field not in lists)
        assert whole[each.start : each.end] == each.text
        assert each.text
        assert each.term in query
    places = [(FIELDS.index(each.field), each.item or 0, each.start, each.end) for each in one.evidence]
    assert places == sorted(places)


def places(node: Node, *groups: Node) -> Iterator[tuple[Atom, tuple[Node, ...]]]:
    """Yield each atom under no NOT with the groups around it."""
    if isinstance(node, Atom):
        yield node, groups
    elif not isinstance(node, Not):
        for child in node.children:
            yield from places(child, *groups, node)


@given(st.lists(queries(), min_size=1, max_size=3), papers())
def test_score_and_evidence_count_what_satisfied_groups_hold(keywords: list[str], paper: Paper) -> None:
    one = match(query_of(keywords), analyse(paper))
    if one is None:
        return
    analysed = analyse(paper)
    best: dict[object, tuple[float, float]] = {}
    credited = set()
    for keyword in query_of(keywords).keywords:
        for atom, groups in places(keyword):
            alone = match(Query((replace(atom, boost=1.0),)), analysed)
            if alone and all(match(Query((group,)), analysed) for group in groups):
                best[atom.key] = max(best.get(atom.key, (0.0, 0.0)), (atom.boost, alone.score))
                credited |= {(each.field, each.item, each.start, each.end) for each in alone.evidence}
    assert one.score == pytest.approx(sum(boost * weight for boost, weight in best.values()))
    assert {(each.field, each.item, each.start, each.end) for each in one.evidence} == credited


@pytest.mark.parametrize(
    ("keywords", "text", "score"),
    [
        (["(a^3 AND b) OR a"], "a", 1),
        (["(a^3 AND b) OR a"], "a b", 4),
        (["(a -b) OR c"], "a b c", 1),
        (["(c AND ((a AND b) OR d))", "d"], "a b d", 1),
        (["(c AND ((a AND b) OR d))", "d"], "a b c d", 4),
        (["(c AND ((a AND b) OR d))", "d"], "a c d", 2),
        (["a^5 AND b", "a^4 AND c", "a"], "a c", 5),
        (["a^5 AND b", "a^4 AND c", "a"], "a b c", 7),
        (["distill* AND diffusion", "model"], "diffusion model", 1),
    ],
)
def test_only_satisfied_groups_count(keywords: list[str], text: str, score: float) -> None:
    one = match(query_of(keywords), analyse(replace(PAPER, abstract=text)))
    assert one is not None
    assert one.score == score
    assert all(each.text in {"a", "b", "c", "d", "model"} for each in one.evidence)


@given(queries(), items(), papers())
def test_an_exclusion_only_removes_matches(query: str, item: str, paper: Paper) -> None:
    plain, negative = found(query, paper), found(f"({query}) -{item}", paper)
    if found(item, paper) is not None:
        assert negative is None
    else:
        assert negative == plain
    assert found(query, paper, item) == negative


@given(queries(), queries(), papers())
def test_and_or_combine_matches(one: str, other: str, paper: Paper) -> None:
    first, second = found(one, paper), found(other, paper)
    both, either = found(f"({one}) ({other})", paper), found(f"({one}) OR ({other})", paper)
    assert (both is not None) == (first is not None and second is not None)
    assert (either is not None) == (first is not None or second is not None)
    assert either == match(query_of([one, other]), analyse(paper))
    if both is not None and first is not None and second is not None:
        assert max(first.score, second.score) <= both.score <= first.score + second.score + 1e-9
        assert set(first.evidence) | set(second.evidence) >= set(both.evidence)


@given(queries(negatives=False), papers())
def test_a_boost_of_all_scales_the_score(query: str, paper: Paper) -> None:
    plain, boosted = found(query, paper), found(f"({query})^4", paper)
    assert (plain is None) == (boosted is None)
    if plain and boosted:
        assert boosted.score == pytest.approx(4 * plain.score)
        assert boosted.evidence == plain.evidence


@given(items(), papers())
def test_an_item_twice_counts_once(item: str, paper: Paper) -> None:
    assert found(f"{item} {item}", paper) == found(item, paper)
