"""Subjects name the best papers, are not cut, and are followed by what the first paper is about."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from render_sample import FRAME, ISSUE

from digest.i18n.catalogue import language
from digest.i18n.language import ENGLISH
from digest.model import Summary
from digest.render import Renderer
from digest.render.headline import LIMIT, headline, short_title

RENDERER = Renderer(None, FRAME)


@pytest.mark.parametrize(
    ("title", "short"),
    [
        ("EchoDistill: Alignment-based Distillation", "EchoDistill"),
        ("DPM-Solver++: Fast Solver for Guided Sampling", "DPM-Solver++"),
        ("Step 3.5 Flash: Open Frontier Intelligence", "Step 3.5 Flash"),
        ("Kites - One-Step Weather", "Kites"),
        ("SNOOPI — Supercharged Distillation", "SNOOPI"),
        ("茶壶盖：关于茶", "茶壶盖"),
        ("Show-o Turbo: Towards Accelerated Models", "Show-o Turbo"),
        ("Systematic Review: Kites", "Systematic Review: Kites"),
        ("Erratum: On Kites", "Erratum: On Kites"),
        ("Case report: a man with a kite", "Case report: a man with a kite"),
        ("What is a kite: a question", "What is a kite: a question"),
        ("One-step kites at a ratio of 3:1", "One-step kites at a ratio of 3:1"),
        ("[Kites in the treatment of weather].", "Kites in the treatment of weather"),
        ("🔥 Kites!!!", "Kites"),
        ("🔥", "🔥"),
        ("Kites:", "Kites:"),
        ("", ""),
    ],
)
def test_the_name_of_a_paper(title, short):
    assert short_title(title) == short


def test_as_many_papers_are_named_as_fit():
    titles = [
        "EchoDistill: Alignment",
        "On the theory of very long titles that say it all",
        "SNOOPI: Distillation",
    ]
    assert headline(titles, 43, 50, ENGLISH) == "EchoDistill, SNOOPI and 41 more"
    assert headline(titles[:1], 1, 50, ENGLISH) == "EchoDistill"
    assert headline(titles[1:2], 9, 40, ENGLISH) == "On the theory of very long… and 8 more"
    assert headline(titles, 43, 50, language("de")) == "EchoDistill, SNOOPI und 41 weitere"
    assert headline([], 0, 50, ENGLISH) == ""


@given(
    st.text(max_size=80),
    st.lists(st.tuples(st.text(max_size=20), st.sampled_from([": ", " - ", " "]), st.text(max_size=90))),
    st.integers(0, 3000),
    st.sampled_from(["en", "de"]),
    st.booleans(),
)
def test_no_subject_is_cut(name, titles, hidden, code, updated):
    items = tuple(replace(ISSUE.new[0], paper=replace(ISSUE.new[0].paper, title="".join(t))) for t in titles)
    new = {"new": items, "more_new": items[:1] * hidden, "updated": (), "more_updated": ()}
    old = {"new": (), "more_new": (), "updated": items, "more_updated": items[:1] * hidden}
    subject = RENDERER.subject(replace(ISSUE, name=name, language=code, **(old if updated else new)))
    assert len(subject) <= LIMIT
    assert len(subject.splitlines()) == 1
    total = len(items) + (hidden if items else 0)
    assert total < 4 or any(language(code).number(total - named) in subject for named in (1, 2, 3))


def test_the_preheader_says_something_else_than_the_subject():
    first = RENDERER.html(ISSUE).split("max-height:0", 1)[1].split(">", 1)[1]
    assert first.startswith("We propose Kettle, a one-step sampler that keeps 98.5% of the flavour")
    summed = replace(ISSUE, new=(replace(ISSUE.new[0], summary=Summary("It boils.", "m")), *ISSUE.new[1:]))
    assert 'color:#ffffff">It boils.' in RENDERER.html(summed)


def test_subjects_of_real_papers(shared):
    days = sorted((shared / "data" / "daily-papers-api").glob("*.json"))[:5]
    for day in days:
        listed = json.loads(day.read_bytes())
        titles = [each.get("title") or each["paper"]["title"] for each in listed if isinstance(each, dict)]
        text = headline(titles, len(titles), 50, ENGLISH)
        assert titles and len(text) <= 50
        assert short_title(titles[0])[:12] in text
