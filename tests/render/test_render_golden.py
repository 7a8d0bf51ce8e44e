"""The mail and the pages as they are. A change to these files is looked at, not only regenerated."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from render_sample import FRAME, ISSUE, KETTLE, TRENDS, check_golden

from digest.links import paper_url
from digest.maths import shown
from digest.render import Holdings, IssueLine, Renderer

RENDERER = Renderer(None, FRAME)
LINES = tuple(
    IssueLine(
        "tea", "Tea & one-step brewing", number, date(2026, 3, 1) + timedelta(days=number), number, number % 2
    )
    for number in range(1, 5)
)
DAYS = [date(2026, 1, 5) + timedelta(days=day * 3) for day in range(24)]
HOLDINGS = Holdings(DAYS, {"tea": DAYS[::4], "quiet": DAYS[:1]}, 1041, TRENDS)


def test_html():
    check_golden("issue.html", RENDERER.html(ISSUE))


def test_markdown():
    check_golden("issue.md", RENDERER.markdown(ISSUE))


def test_text():
    check_golden("issue.txt", RENDERER.text(ISSUE))


def test_mail():
    check_golden("issue.eml", RENDERER.eml(ISSUE))


def test_archive_page():
    check_golden("archive.html", RENDERER.archive(ISSUE))


def test_paper_page():
    check_golden("paper.html", RENDERER.paper(KETTLE, [IssueLine.of(ISSUE)]))


def test_index():
    check_golden("index.html", RENDERER.index([IssueLine.of(ISSUE), *LINES], {"quiet": "<Quiet>"}, HOLDINGS))


def test_empty_index():
    check_golden("index-empty.html", RENDERER.index([]))


def test_subject():
    assert RENDERER.subject(ISSUE) == "Tea & one-step brewing: 5 new papers · 12 March"


@pytest.mark.parametrize(
    ("change", "subject"),
    [
        ({"new": ISSUE.new[:1], "more_new": ()}, "Tea & one-step brewing: 1 new paper · 12 March"),
        ({"new": (), "more_new": ()}, "Tea & one-step brewing: 1 updated paper · 12 March"),
        (
            {"new": (), "more_new": (), "updated": ISSUE.updated * 2},
            "Tea & one-step brewing: 2 updated papers · 12 March",
        ),
        ({"name": "two\nlines", "updated": ()}, "two lines: 5 new papers · 12 March"),
    ],
)
def test_subjects(change, subject):
    assert RENDERER.subject(replace(ISSUE, **change)) == subject


def test_the_text_has_everything_in_72_columns():
    text = RENDERER.text(ISSUE)
    for item in (*ISSUE.new, *ISSUE.updated):
        assert "".join(shown(item.paper.title).split()) in "".join(text.split())
        assert paper_url(item.paper, FRAME.base_url) in text
    assert all(len(line) <= 72 or "https://" in line for line in text.splitlines())


def test_a_mail_of_another_day_has_another_id():
    assert b"Message-ID: <2026-03-12-8.tea@" in RENDERER.eml(replace(ISSUE, number=8))


def test_another_renderer_gives_the_same_bytes():
    assert Renderer(None, FRAME).eml(ISSUE) == RENDERER.eml(ISSUE)
