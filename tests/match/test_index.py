"""The index against the reference matcher: the same matches, the same scores, to the last bit."""

import contextlib
import random
import re
import sqlite3
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from digest.errors import QueryError
from digest.match.index import backends, kernels_numpy
from digest.match.index import batch as batch_module
from digest.match.index import index as index_module
from digest.match.index.compiler import Program, compile_queries
from digest.match.index.index import Index
from digest.match.query.parser import query_of
from digest.match.reference import analyse, best_first, match
from digest.model import Paper
from tests import strategies

# Both backends, where numba is installed.
BACKENDS = tuple(dict.fromkeys((kernels_numpy, backends.fastest())))


@contextlib.contextmanager
def using(backend):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(backends, "fastest", lambda: backend)
        patch.setattr(backends, "suited", lambda _work: backend)
        yield


def numbered(papers):
    return [replace(paper, number=number) for number, paper in enumerate(papers, 1)]


def reference_matches(queries, analysed):
    return [best_first(hit for paper in analysed if (hit := match(query, paper))) for query in queries]


def agree(queries, papers):
    """Demand the same answers of both engines; return how many matches there were."""
    expected = reference_matches(queries, [analyse(paper) for paper in papers])
    for backend in BACKENDS:
        with using(backend):
            compare(Index(queries).match(papers), papers, expected)
    return sum(map(len, expected))


def compare(hits, papers, expected):
    assert sorted((number, papers[place].number) for number, place in hits.pairs()) == sorted(
        (number, hit.paper.number) for number, found in enumerate(expected) for hit in found
    )
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


def invented(number, words, rng):
    text = " ".join(rng.choices(words, k=rng.randrange(3, 40)))
    return Paper(
        number, f"u{number}", text, " ".join(rng.choices(words, k=30)), datetime(2026, 1, 1, tzinfo=UTC)
    )


@pytest.mark.parametrize("papers", [0, 1, 63, 64, 65, 130])
def test_batches_around_the_machine_word(papers):
    rng = random.Random(papers)
    words = [*strategies.PLAIN, "pre-training", "pretrained", "c++", "=", "4timesRTX"]
    batch = [invented(number, words, rng) for number in range(1, papers + 1)]
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
        "(one^3 AND step) OR one OR (step^0.3 -the)",
        "(the ((one step^2) OR model)) OR (large^5 step)",
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


TEXTS = (
    "model",
    "mod*",
    '"one step"',
    "title:large -model",
    '"model one"~2',
    "=models^0.3 OR step^0.1 OR large",
    "absent",
)


class OneByOne(RuleBasedStateMachine):
    """Queries that come, change and go are matched as if all were compiled together."""

    def __init__(self):
        super().__init__()
        self.index, self.live = Index([query_of([text]) for text in TEXTS[:2]]), dict(enumerate(TEXTS[:2]))

    @rule(text=st.sampled_from(TEXTS))
    def add(self, text):
        number = self.index.add(query_of([text]))
        assert number not in self.live
        self.live[number] = text

    @precondition(lambda self: self.live)
    @rule(data=st.data(), text=st.sampled_from(TEXTS))
    def change(self, data, text):
        number = data.draw(st.sampled_from(sorted(self.live)))
        self.index.change(number, query_of([text]))
        self.live[number] = text

    @precondition(lambda self: self.live)
    @rule(data=st.data())
    def remove(self, data):
        number = data.draw(st.sampled_from(sorted(self.live)))
        self.index.remove(number)
        del self.live[number]

    @rule(papers=st.lists(strategies.papers(), min_size=1, max_size=4).map(numbered))
    def match(self, papers):
        hits = self.index.match(papers)
        analysed = [analyse(paper) for paper in papers]
        expected = [
            (number, hit.paper.number, hit.score)
            for number, text in sorted(self.live.items())
            for hit in reference_matches([query_of([text])], analysed)[0]
        ]
        numbers, places, scores = hits.top(100)
        found = zip(numbers.tolist(), places.tolist(), scores.tolist(), strict=True)
        assert [(number, papers[place].number, score) for number, place, score in found] == expected
        assert int(hits.counts().sum()) == len(expected) == len(list(hits.pairs()))

    @invariant()
    def size(self):
        assert len(self.index) == len(self.live)


@pytest.mark.parametrize("limit", [2, 4096])
def test_queries_one_by_one(limit, monkeypatch):
    monkeypatch.setattr(index_module, "_OPEN_UNTIL", limit)
    run_state_machine_as_test(OneByOne, settings=settings(max_examples=40, stateful_step_count=12))


def test_an_unknown_number():
    index = Index([query_of(["model"])])
    for number in (-1, 1):
        with pytest.raises(IndexError):
            index.remove(number)


@given(st.lists(strategies.queries(), max_size=5), st.lists(strategies.papers(), max_size=3).map(numbered))
@settings(max_examples=50)
def test_a_program_is_the_same_after_it_was_kept(texts, papers):
    program = compile_queries([query for text in texts if (query := read([text], []))])
    kept = Program.load(program.dump())
    assert kept.dump() == program.dump()
    one, other = (list(Index(program=each).match(papers).pairs()) for each in (program, kept))
    assert one == other


def test_load_refuses_bytes_of_another_version():
    with pytest.raises(ValueError, match="not compiled queries"):
        Program.load(b"paper-digest program 0\n" + bytes(100))


def test_scores_whose_sum_depends_on_the_order():
    boosts = ("0.1", "0.2", "0.3", "123456789.123", "0.7", "0.000000001")
    text = " OR ".join(f"{word}^{boost}" for word, boost in zip("abcdef", boosts, strict=True))
    paper = Paper(1, "u", "a b c", "a b c d e f", datetime(2026, 1, 1, tzinfo=UTC))
    assert agree([query_of([text])] * 3, [paper]) == 3


def test_an_item_with_very_many_hyphens():
    chain = " ".join(f"a{n}-b{n}" for n in range(12))
    papers = [
        Paper(1, "u", chain.replace("-", ""), "", datetime(2026, 1, 1, tzinfo=UTC)),
        Paper(2, "u", chain.replace(" a4", " c a4"), "", datetime(2026, 1, 1, tzinfo=UTC)),
    ]
    assert agree([query_of([f'"{chain}"']), query_of([f'"{chain}"~1'])], papers) == 3


def test_words_that_are_new_in_a_later_batch():
    index = Index([query_of(["model"]), query_of(["mod*"])])
    seen = datetime(2026, 1, 1, tzinfo=UTC)
    for number, (title, expected) in enumerate((("x", 0), ("model unheard", 2), ("modest", 1)), 1):
        assert len(list(index.match([Paper(number, "u", title, "", seen)]).pairs())) == expected


def test_a_lexicon_that_forgets(monkeypatch):
    monkeypatch.setattr(batch_module, "_MAX_PIECES", 1)
    index = Index([query_of(['"model one"'])])
    seen = datetime(2026, 1, 1, tzinfo=UTC)
    for number in range(3):
        assert list(index.match([Paper(number, "u", "a model one", "", seen)]).pairs()) == [(0, 0)]


HOSTILE = {
    "10,000 terms": " OR ".join(f"term{n}" for n in range(10_000)) + " OR model",
    "many groups": "(" * 190 + "model" + " OR one)" * 190,
    "prefixes": "mo* OR " + " OR ".join(f"{a}{b}*" for a in "abcdefghij" for b in "abcdefghij"),
    "near words": " OR ".join(f'"model one w{n}"~9' for n in range(500)) + " OR model",
    "long phrase": '"' + "model " * 5_000 + '" OR model',
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_query_among_others(name):
    long = Paper(2, "u", "model", "model one step " * 20_000, datetime(2026, 1, 1, tzinfo=UTC))
    short = Paper(1, "u", "one model", "mode", datetime(2026, 1, 1, tzinfo=UTC))
    hits = Index([query_of([HOSTILE[name]]), query_of(["step"])]).match([short, long])
    assert sorted(hits.pairs()) == [(0, 0), (0, 1), (1, 1)]


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
    rng = random.Random(7)
    words = [word for paper in papers for word in re.findall(r"[A-Za-z][A-Za-z-]+[a-z]", paper.abstract)]

    def item():
        start = rng.randrange(len(words) - 3)
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
        return rng.choice(kinds).format(*words[start : start + 3])

    texts = [
        f"({item()} OR {item()}) ({item()} OR {item()} OR {item()})"
        + (f" -{item().split('^')[0]}" if rng.random() < 0.3 else "")
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
    rng = random.Random(3)
    words = [word for p in plain for word in p.abstract.lower().split() if len(word) > 3]
    asked, expected = [], []
    for _ in range(200):
        start = rng.randrange(len(words) - 1)
        one, two, other = words[start], words[start + 1], rng.choice(words)
        theirs = f'("{one} {two}" OR "{other}") NOT "{rng.choice(words)}"'
        asked.append(re.sub(r'"(\w+(?: \w+)?)"', r'="\1"', theirs))
        expected.append(
            {row[0] for row in database.execute("select rowid from t where t match ?", (theirs,))}
        )
    found: list[set[int]] = [set() for _ in asked]
    for query, place in Index([query_of([ours]) for ours in asked]).match(plain).pairs():
        found[query].add(plain[place].number)
    for ours, mine, others in zip(asked, found, expected, strict=True):
        assert mine == others, ours
    hits_in_all = sum(map(len, expected))
    assert hits_in_all > 200
    database.close()


def test_little_work_does_not_load_numba():
    code = (
        "import sys; from digest.match.index import backends; backends.suited(10_000 * 1_000);"
        "assert 'numba' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
