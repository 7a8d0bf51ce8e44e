"""What the archive has besides issues: charts and the files of the search."""

import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from render_sample import KETTLE, LID
from strategies import texts

from digest.render import search
from digest.render.chart import CHART, papers_a_week


def test_a_chart_ends_with_the_newest_paper():
    first = date(2026, 1, 5)
    chart = papers_a_week([first, first + timedelta(days=1), first + timedelta(days=21)])
    assert [(bar.x, bar.height) for bar in chart.bars] == [(0, 36), (9, 1), (18, 1), (27, 18)]
    assert chart.bars[0].label == "week of 2026-01-05: 2"
    assert chart.summary == "3 papers in 4 weeks; 1 in the latest week, at most 2 in a week"


@given(st.lists(st.integers(0, 600), min_size=1))
def test_a_chart_needs_the_first_day_and_recent_ones(days):
    every = sorted(date(2026, 1, 1) + timedelta(day) for day in days)
    recent = [day for day in every if day >= every[-1] - CHART]
    assert papers_a_week([every[0], *recent[recent[0] == every[0] :]]) == papers_a_week(every)


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
    assert rows[1][3] is None  # the year first seen is not the year of publication
    assert (search.shard_of(999), search.shard_of(1000)) == (0, 1)
    assert search.shard_file(1) == "titles/1.js"


@given(texts(), texts())
def test_any_title_can_be_searched(title, author):
    paper = replace(KETTLE, title=title, authors=(author,), first_seen=datetime(2026, 1, 1, tzinfo=UTC))
    assert len(rows_of(search.shard([paper]))) == 1
