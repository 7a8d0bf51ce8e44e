"""The fast engine against the slow one: the same matches, the same scores, to the last bit."""

import contextlib
import random
import re
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.match import kernels, kernels_numba
from digest.match.index import Index
from digest.match.naive import analyse, best_first, match
from digest.match.program import compile_queries
from digest.match.query import QueryError, query_of
from digest.model import Paper
from tests import strategies

KERNELS = (kernels, kernels_numba)


@contextlib.contextmanager
def loops_of(module):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kernels, "fastest", lambda: module)
        yield


def numbered(papers):
    return [replace(paper, number=number) for number, paper in enumerate(papers, 1)]


def slow(queries, analysed):
    return [best_first(hit for paper in analysed if (hit := match(query, paper))) for query in queries]


def agree(queries, papers):
    """Demand the same answers of both engines; return how many matches there were."""
    expected = slow(queries, [analyse(paper) for paper in papers])
    for loops in KERNELS:
        with loops_of(loops):
            compare(Index(queries).match(papers), papers, expected)
    return sum(map(len, expected))


def compare(hits, papers, expected):
    for number, found in enumerate(expected):
        assert {papers[place].number for place in hits.papers(number)} == {hit.paper.number for hit in found}
    numbers, places, scores = hits.top(10_000)
    flat = [(number, hit.paper.number, hit.score) for number, found in enumerate(expected) for hit in found]
    assert [
        (int(n), papers[p].number, float(s)) for n, p, s in zip(numbers, places, scores, strict=True)
    ] == flat
    assert hits.counts().tolist() == [len(found) for found in expected]


def read(keywords, exclude):
    try:
        return query_of(keywords, exclude)
    except QueryError:
        return None


@given(
    st.lists(
        st.tuples(
            st.lists(strategies.queries(), min_size=1, max_size=3),
            st.lists(strategies.queries(negatives=False, boosts=False), max_size=1),
        ),
        max_size=6,
    ),
    st.lists(strategies.papers(), max_size=8).map(numbered),
)
@settings(max_examples=300)
def test_any_queries_on_any_papers(texts, papers):
    agree([query for keywords, exclude in texts if (query := read(keywords, exclude))], papers)


def invented(number, words, chance):
    text = " ".join(chance.choices(words, k=chance.randrange(3, 40)))
    return Paper(
        number, f"u{number}", text, " ".join(chance.choices(words, k=30)), datetime(2026, 1, 1, tzinfo=UTC)
    )


@pytest.mark.parametrize("papers", [0, 1, 63, 64, 65, 130])
def test_batches_around_the_machine_word(papers):
    chance = random.Random(papers)
    words = [*strategies.PLAIN, "pre-training", "pretrained", "c++", "=", "4timesRTX"]
    batch = [invented(number, words, chance) for number in range(1, papers + 1)]
    texts = [
        "model",
        "one -step",
        "train AND NOT large",
        '"one step"^0.1 OR model^0.2 OR title:the^0.3',
        "pre*",
    ]
    texts += [
        '"large model the"~2',
        "title:(one OR step) -diffusion",
        '="models one"',
        "(model OR one) (step OR the)",
    ]
    assert agree([query_of([text]) for text in texts], batch) > 0 or papers == 0


def test_top_keeps_the_best_of_each_query():
    papers = [
        Paper(n, f"u{n}", "model" if n % 2 else "x", "model", datetime(2026, 1, 1, tzinfo=UTC))
        for n in range(1, 9)
    ]
    hits = Index([query_of(["model"]), query_of(["absent"])]).match(papers)
    queries, places, scores = hits.top(3)
    assert (queries.tolist(), [papers[p].number for p in places], scores.tolist()) == (
        [0] * 3,
        [1, 3, 5],
        [2.0] * 3,
    )


def test_equal_parts_of_queries_are_one_node():
    one = compile_queries([query_of(["(a OR b) c"]), query_of(["c (b OR a)"])])
    assert one.query[0] == one.query[1]
    assert (one.atoms, len(one.operation)) == (3, 2)


def test_no_queries():
    hits = Index([]).match([Paper(1, "u", "model", "", datetime(2026, 1, 1, tzinfo=UTC))])
    assert [len(column) for column in hits.top(5)] == [0, 0, 0]


def real_papers(shared):
    papers = []
    for page in sorted((shared / "daily-papers-pages").glob("*.txt")):
        blocks = [block.strip() for block in re.split(r"\n\s*\n", page.read_text("utf-8"))]
        long = [place for place, block in enumerate(blocks) if len(block) > 300]
        for place in long:
            number = len(papers) + 1
            papers.append(
                Paper(
                    number, f"u{number}", blocks[place - 1], blocks[place], datetime(2026, 1, 1, tzinfo=UTC)
                )
            )
    return papers


@pytest.mark.shared
def test_real_papers(shared):
    """Queries drawn from the papers' own words, joined at random."""
    papers = real_papers(shared)
    assert len(papers) > 250
    chance = random.Random(7)
    words = [word for paper in papers for word in re.findall(r"[A-Za-z][A-Za-z-]+[a-z]", paper.abstract)]

    def item():
        start = chance.randrange(len(words) - 3)
        kinds = (
            "{0}",
            '"{0} {1}"',
            "{0}*",
            '"{0} {1} {2}"',
            '"{0} {2}"~3',
            "title:{0}",
            "={0}",
            "{0}^2.5",
            "{0}^0.1",
        )
        return chance.choice(kinds).format(*words[start : start + 3])

    texts = [
        f"({item()} OR {item()}) ({item()} OR {item()} OR {item()})"
        + (f" -{item().split('^')[0]}" if chance.random() < 0.3 else "")
        for _ in range(150)
    ] + [item() for _ in range(150)]
    queries = [query for text in texts if (query := read([text], []))]
    assert len(queries) > 250
    assert agree(queries, papers) > 1000


def letters(text):
    return " ".join(re.findall(r"[a-z]+", text.lower()))


@pytest.mark.shared
def test_a_third_witness_on_plain_words(shared):
    """SQLite's FTS5 answers the same where the languages mean the same: exact plain words and phrases."""
    plain = [
        replace(paper, title=letters(paper.title), abstract=letters(paper.abstract))
        for paper in real_papers(shared)
    ]
    database = sqlite3.connect(":memory:")
    database.execute("create virtual table t using fts5(title, abstract, tokenize='unicode61')")
    database.executemany(
        "insert into t(rowid, title, abstract) values (?, ?, ?)",
        [(p.number, p.title, p.abstract) for p in plain],
    )
    chance = random.Random(3)
    words = [word for p in plain for word in p.abstract.lower().split() if len(word) > 3]
    hits_in_all = 0
    for _ in range(200):
        start = chance.randrange(len(words) - 1)
        one, two, other = words[start], words[start + 1], chance.choice(words)
        theirs = f'("{one} {two}" OR "{other}") NOT "{chance.choice(words)}"'
        ours = re.sub(r'"(\w+(?: \w+)?)"', r'="\1"', theirs)
        expected = {row[0] for row in database.execute("select rowid from t where t match ?", (theirs,))}
        hits = Index([query_of([ours])]).match(plain)
        assert {plain[place].number for place in hits.papers(0)} == expected, ours
        hits_in_all += len(expected)
    assert hits_in_all > 200
    database.close()
