"""Every line of the blocks in `docs/query.md` is an example; these tests run it."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from digest.errors import QueryError
from digest.match.query.parser import FIELDS, parse, parse_exclude, query_of
from digest.match.reference import analyse, match
from digest.model import Match, Paper

PAGE = (Path(__file__).parents[2] / "docs" / "query.md").read_text(encoding="utf-8")
_LISTS = {"author": "authors", "category": "categories", "source": "sources"}


def blocks(tag: str) -> Iterator[str]:
    for found in re.finditer(rf"^```{tag}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL):
        yield found[1]


def examples() -> Iterator[tuple[str, str, str]]:
    """Yield the query, the sign and the text of each example of a match."""
    for line in "".join(blocks("query")).splitlines():
        query, *pairs = re.split(r"\s+([✓✗]) ", line)
        for sign, text in zip(pairs[::2], pairs[1::2], strict=True):
            yield query, sign, text.strip()


def scores() -> Iterator[tuple[str, float, str]]:
    for line in "".join(blocks("score")).splitlines():
        found = re.fullmatch(r"(.*?)\s+= ([0-9.]+)\s+✓ (.*)", line)
        assert found, line
        yield found[1], float(found[2]), found[3]


def errors() -> Iterator[tuple[str, str]]:
    for example in "".join(blocks("error")).strip().split("\n\n"):
        query, message = example.split("\n", 1)
        yield query.removeprefix(">").removeprefix(" "), message


def paper_of(text: str) -> tuple[Paper, set[tuple[str, int | None, int, int]]]:
    """Return the paper that an example describes, and the places that it marks as matched."""
    values: dict[str, object] = {"title": "", "abstract": ""}
    marked = set()
    for part in text.split(" / "):
        name, colon, value = part.partition(": ")
        if not colon or name not in FIELDS:
            name, value = "abstract", part
        texts = value.split("; ") if name in _LISTS else [value]
        for item, one in enumerate(texts):
            spans = list(unmarked_spans(one))
            marked |= {(name, item if name in _LISTS else None, start, end) for start, end in spans}
        plain = tuple(re.sub("[«»]", "", one) for one in texts)
        values[_LISTS.get(name, name)] = plain if name in _LISTS else plain[0]
    paper = Paper(number=1, uid="urn:uuid:1", first_seen=datetime(2025, 1, 1, tzinfo=UTC), **values)
    return paper, marked


def unmarked_spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield the marked places as they count in the text without marks."""
    for pairs, found in enumerate(re.finditer("«(.*?)»", text)):
        start = found.start() - 2 * pairs
        yield start, start + len(found[1])


def matched(query: str, paper: Paper) -> Match | None:
    return match(query_of([query]), analyse(paper))


@pytest.mark.parametrize(("query", "sign", "text"), list(examples()))
def test_example(query: str, sign: str, text: str) -> None:
    paper, marked = paper_of(text)
    found = matched(query, paper)
    if sign == "✗":
        assert found is None
        return
    assert found is not None
    assert {(one.field, one.item, one.start, one.end) for one in found.evidence} == marked


@pytest.mark.parametrize(("query", "score", "text"), list(scores()))
def test_score(query: str, score: float, text: str) -> None:
    found = matched(query, paper_of(text)[0])
    assert found is not None
    assert found.score == score


@pytest.mark.parametrize(("query", "message"), list(errors()))
def test_error(query: str, message: str) -> None:
    read, text = (parse_exclude, query[9:]) if query.startswith("exclude: ") else (parse, query)
    with pytest.raises(QueryError) as caught:
        read(text)
    assert [line.rstrip() for line in str(caught.value).splitlines()] == message.splitlines()


def test_the_page_has_examples_of_each_kind() -> None:
    assert len(list(examples())) > 100
    assert len(list(scores())) > 10
    assert len(list(errors())) > 40


def test_every_field_is_described() -> None:
    for name in (*FIELDS, "ti", "abs", "au", "cat", "org", "all"):
        assert f"`{name}`" in PAGE
