"""Templates of a home: list, export, check, and a preview that follows their changes."""

import tempfile
import webbrowser
from pathlib import Path

import pytest

from digest.cli import preview
from digest.render import overrides
from digest.system import deadline
from tests.homes import Card, TestHome, page

NOW = "2026-11-20T09:00"


@pytest.fixture
def home(tmp_path):
    made = TestHome(tmp_path / "kites")
    made.put("2026-11-19.txt", page(Card("One-step kites"), Card("Two-step kites"), Card("Three kites")))
    made.subscribe("wind", "kites", schedule="daily 08:00")
    made.run()
    made.subscribe("storm", "kites", schedule="daily 08:00")
    return made


@pytest.fixture(autouse=True)
def somewhere_else(tmp_path, monkeypatch):
    """Previews go to the test's own folder, and no browser is started."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(webbrowser, "open", lambda _url: False)


def test_templates_are_listed_and_exported(home):
    assert {each["name"]: each["own"] for each in home.call("templates", "list", "--json").json}[
        "issue.txt"
    ] is False
    done = home.call("templates", "export", "issue.txt", "site.css", "--json")
    assert [Path(path).name for path in done.json["written"]] == ["issue.txt", "site.css"]
    assert "this home" in home.call("templates", "list").out
    again = home.call("templates", "export", "paper.html", "issue.txt")
    assert (again.status, "already exists" in again.err) == (2, True)
    assert not (home.path / "templates" / "paper.html").exists()
    unknown = home.call("templates", "export", "isue.txt")
    assert (unknown.status, "choose from: archive-issue.html" in unknown.err) == (2, True)
    written = home.call("templates", "export", "paper.html").out.splitlines()[0]
    assert written == f"Wrote {home.path / 'templates' / 'paper.html'}"


def test_templates_are_checked_with_file_and_line(home):
    assert home.call("templates", "check").out.strip() == "All templates work."
    home.write("templates/README.md", "notes")
    home.write("templates/issue.txt", "a\n{{ issue.nam }}")
    home.write("templates/paper.html", "{% if %}")
    home.write("templates/isue.html", "")
    home.write("templates/subject.txt", b"\xff")
    done = home.call("templates", "check", "--json")
    assert done.status == 2
    problems = "\n".join(done.json["problems"])
    for problem in (
        "issue.txt:2: Undefined",
        "paper.html:1: ",
        "isue.html: the program has no template",
        "subject.txt: is not valid UTF-8",
    ):
        assert problem in problems
    assert "README" not in problems


def test_a_template_with_an_endless_loop_is_found(home, monkeypatch):
    monkeypatch.setattr(overrides, "within", lambda work: deadline.within(work, 0.3))
    numbers = "{% for a in range(90000) %}{% for b in range(90000) %}{% endfor %}{% endfor %}"
    (home.path / "templates").mkdir(exist_ok=True)
    (home.path / "templates" / "subject.txt").write_text(numbers)
    done = home.call("templates", "check", "--json")
    assert done.status == 2
    (problem,) = done.json["problems"]
    assert "the subject took more than" in problem


def test_the_preview_as_a_page(home, tmp_path):
    done = home.call("preview", "storm", "--open", "--now", NOW)
    assert done.status == 0
    assert "No browser could be started" in done.err
    shown = (tmp_path / "paper-digest-kites-storm.html").read_text()
    assert "One-step" in shown and "http-equiv" not in shown


def test_a_preview_without_an_issue_is_an_error(home):
    home.subscribe("calm", "doldrums")
    done = home.call("preview", "calm", "--open", "--now", NOW)
    assert (done.status, "the next issue would be empty" in done.err) == (2, True)
    assert 'start = "90 days"' in done.err


def test_an_earlier_start_is_advised_only_where_it_counts(home):
    """A run gives a subscription its cursor; from then on `start` changes nothing."""
    home.subscribe("calm", "doldrums")
    home.run(NOW)
    calm = home.call("preview", "calm", "--open", "--now", NOW)
    assert "no new papers, so the next issue would be empty; broaden its keywords" in calm.err
    storm = home.call("preview", "storm", "--open", "--now", NOW)
    assert "its last issue, number 1, is in output/site/issues/storm/" in storm.err
    assert any((home.path / "output/site/issues/storm").iterdir())
    assert "start =" not in calm.err + storm.err


def test_the_preview_follows_changes(home, tmp_path, monkeypatch):
    """Each look at the files is a step here, so that the test need not wait."""
    path = tmp_path / "paper-digest-kites-storm.html"
    pages = []
    steps = iter(
        (
            lambda: home.write("templates/issue.html", "<head></head>{{ issue.nam }}"),
            lambda: None,
            lambda: home.write("templates/issue.html", "<head></head>mine: {{ issue.name }}"),
        )
    )

    def look(_seconds):
        pages.append(path.read_text())
        step = next(steps, None)
        if step is None:
            raise KeyboardInterrupt
        step()

    monkeypatch.setattr(preview.time, "sleep", look)
    done = home.call("preview", "storm", "--watch", "--now", NOW)
    assert done.status == 0
    assert all('http-equiv="refresh"' in each for each in pages)
    assert "<h1" in pages[0] and "has no attribute" in pages[1] and pages[1] == pages[2]
    assert "mine: storm" in pages[3]
    assert "has no attribute" in done.err
