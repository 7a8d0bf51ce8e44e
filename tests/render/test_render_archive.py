"""What the archive has besides issues: BibTeX, charts, the search's files."""

import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from render_sample import KETTLE, LID
from strategies import texts

from digest.render import search
from digest.render.bibtex import bibtex
from digest.render.chart import papers_a_week


def test_bibtex():
    assert bibtex(KETTLE) == (
        "@misc{steep2026kettle,\n"
        "  title         = {{Kettle: One-Step Tea Synthesis from Sparse Leaves}},\n"
        "  author        = {Ada Steep and Ben Darjeeling and Clara Oolong and Dmitri Samovar},\n"
        "  year          = {2026},\n"
        "  eprint        = {2603.01234},\n"
        "  archivePrefix = {arXiv},\n"
        "  url           = {https://arxiv.org/abs/2603.01234}\n"
        "}"
    )


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"title": "50% & $x_1$ {of} C#"}, r"title         = {{50\% \& x₁ \{of\} C\#}}"),
        ({"authors": ("Tea, Inc.", "Sand and Sons")}, "author        = {{Tea, Inc.} and {Sand and Sons}}"),
        ({"authors": ("Émile Thé",)}, "@misc{the2026kettle,"),
        ({"authors": (), "published": None, "title": "茶"}, "@misc{paper41,"),
        ({"doi": "10.1/a_b"}, r"doi           = {10.1/a\_b}"),
        ({"doi": "10.1/a_b"}, "@article{"),
        ({"arxiv": None, "url": "https://x.test/%7Ba"}, r"url           = {https://x.test/\%7Ba}"),
    ],
)
def test_bibtex_of_odd_papers(change, part):
    assert part in bibtex(replace(KETTLE, **change))


@given(texts(), texts())
def test_bibtex_has_its_braces_in_pairs(title, author):
    entry = re.sub(r"\\[{}]", "", bibtex(replace(KETTLE, title=title, authors=(author,))))
    assert entry.count("{") == entry.count("}")
    assert len(entry.splitlines()) <= 8


def test_a_chart_ends_with_the_newest_paper():
    first = date(2026, 1, 5)
    chart = papers_a_week([first, first + timedelta(days=1), first + timedelta(days=21)])
    assert [(bar.x, bar.height) for bar in chart.bars] == [(0, 36), (9, 1), (18, 1), (27, 18)]
    assert chart.bars[0].label == "week of 2026-01-05: 2"
    assert chart.summary == "3 papers in 4 weeks, 1 in the latest, at most 2 in one"


def test_a_chart_has_its_limits():
    assert papers_a_week([]) is None
    assert papers_a_week([date(2026, 1, 5), date(2026, 1, 20)]) is None
    assert len(papers_a_week([date(2020, 1, 1), date(2026, 1, 1)]).bars) == 26


def rows_of(data):
    found = re.fullmatch(r"titles\((.*)\);\n", data.decode("ascii"))
    return json.loads(found[1])


def test_the_files_of_titles():
    rows = rows_of(search.shard([LID, KETTLE]))
    assert rows[0] == [41, KETTLE.title, ", ".join(KETTLE.authors), 2026]
    assert rows[1][3] == 2026
    assert (search.shard_of(999), search.shard_of(1000)) == (0, 1)
    assert search.shard_file(1) == "titles/1.js"


@given(texts(), texts())
def test_any_title_can_be_searched(title, author):
    paper = replace(KETTLE, title=title, authors=(author,), first_seen=datetime(2026, 1, 1, tzinfo=UTC))
    assert len(rows_of(search.shard([paper]))) == 1
