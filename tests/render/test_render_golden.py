"""The mail and the pages as they are. A change to these files is looked at, not only regenerated."""

from datetime import date, timedelta

from render_sample import FRAME, ISSUE, KETTLE, check_golden

from digest.render import IssueLine, Renderer

RENDERER = Renderer(None, FRAME)
LINES = tuple(
    IssueLine(
        "tea", "Tea & one-step brewing", number, date(2026, 3, 1) + timedelta(days=number), number, number % 2
    )
    for number in range(1, 5)
)


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
    check_golden("index.html", RENDERER.index([IssueLine.of(ISSUE), *LINES], {"quiet": "<Quiet>"}))


def test_empty_index():
    check_golden("index-empty.html", RENDERER.index([]))


def test_subject():
    assert RENDERER.subject(ISSUE) == "Tea & one-step brewing: 5 new papers · 12 March"


def test_another_renderer_gives_the_same_bytes():
    assert Renderer(None, FRAME).eml(ISSUE) == RENDERER.eml(ISSUE)
