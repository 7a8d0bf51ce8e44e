"""Previews count what keywords bring: unread files, past weeks, each keyword, and what a change of them does."""

import json

import pytest

from tests.homes import TestHome, page

NOW = "2026-11-20T09:00"
LATER = "2026-11-24T10:00"


@pytest.fixture
def home(tmp_path) -> TestHome:
    made = TestHome(tmp_path)
    made.subscribe("sea", "kelp", "title:pier")
    made.put(
        "2026-11-16-a.txt", page("Kelp at the Pier", "Kelp Forests", "Bread of the Baker", "Distillation")
    )
    return made


def previewed(home: TestHome, *arguments: str) -> dict:
    done = home.call("preview", *arguments, "--json", "--now", LATER)
    assert done.status == 0, done.err
    return done.json


def test_unread_files_are_counted_and_stay_unread(home):
    home.run(NOW)
    home.put("2026-11-17-a.txt", page("Kelp Again", "Ropes", day="Nov 17"))
    home.put("broken.json", "{")
    before = home.dump(), home.output()
    for _ in range(2):
        unread = previewed(home, "sea")["unread"]
        assert unread == {"files": 1, "papers": 2, "matched": ["Kelp Again"], "rejected": 1}
    shown = home.call("preview", "sea", "--now", LATER).out
    assert "Unread in inbox/: 1 file with 2 new papers; 1 matches." in shown
    assert (home.dump(), home.output()) == before


def test_without_new_papers_the_past_weeks_say_what_keywords_bring(home):
    home.run(NOW)
    found = previewed(home, "sea", "--weeks", "2")
    assert (found["considered"], found["issue"]) == (0, None)
    assert [week["matched"] for week in found["weeks"]] == [2, 0]
    assert [each["title"] for each in found["newest"]] == ["Kelp Forests", "Kelp at the Pier"]
    assert [(each["keyword"], each["papers"], each["alone"]) for each in found["keywords"]] == [
        ("kelp", 2, 1),
        ("title:pier", 1, 0),
    ]
    shown = home.call("preview", "sea", "--now", LATER).out
    assert "No issue: no new papers since the last one." in shown
    assert "Kelp Forests" in shown


def test_the_keywords_of_the_file_are_those_of_now(home):
    home.run(NOW)
    home.subscribe("sea", "bread")
    found = previewed(home, "sea", "--diff")
    assert [each["title"] for each in found["newest"]] == ["Bread of the Baker"]
    changes = found["changes"]
    assert (changes["come"], changes["newest_come"]) == (1, ["Bread of the Baker"])
    assert (changes["go"], changes["newest_gone"]) == (2, ["Kelp Forests", "Kelp at the Pier"])
    shown = home.call("preview", "sea", "--diff", "--now", LATER).out
    assert "Compared with the keywords of the last run: 1 more, 2 fewer." in shown
    assert "+ 3  Bread of the Baker" in shown


def test_keywords_can_be_tried_without_a_file_and_in_place_of_one(home):
    home.run(NOW)
    before = home.dump(), home.output()
    alone = previewed(home, "--keywords", "distilation", "-bread kelp", "kelp", "--exclude", "forest", "pier")
    assert alone["issue"] is None
    assert [(each["papers"], each["ever"]) for each in alone["keywords"]] == [(0, 0), (0, 2), (0, 2)]
    assert alone["keywords"][0]["spellings"] == [{"word": "distilation", "nearest": "distillation"}]
    assert sorted(previewed(home, "--keywords", "kelp")["issue"]["new"]) == [
        "Kelp Forests",
        "Kelp at the Pier",
    ]
    tried = previewed(home, "sea", "--exclude", "forest", "--diff")
    assert tried["changes"]["newest_gone"] == ["Kelp Forests"]
    assert (home.dump(), home.output()) == before


def test_an_empty_library_is_tuned_with_the_unread_files(home):
    found = previewed(home, "sea")
    assert (found["unread"]["papers"], found["keywords"][0]["papers"]) == (4, 2)
    (home.path / "inbox/2026-11-16-a.txt").unlink()
    shown = home.call("preview", "sea").out
    assert shown == "The library is empty. To read files, put them into inbox/, then: digest run\n"


def test_papers_that_are_too_old_do_not_count(home):
    listed = {
        "title": "Old Kelp",
        "abstract": "About kelp.",
        "published": "2020-01-01",
        "source": "x",
        "rank": 1,
    }
    home.put("2026-11-17-a.jsonl", json.dumps(listed) + "\n")
    home.run(NOW)
    counted = previewed(home, "sea")["keywords"][0]["ever"]
    home.subscribe("sea", "kelp", newer_than="90 days")
    assert previewed(home, "sea")["keywords"][0]["ever"] == counted - 1


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--exclude", "kelp"),
        ("--keywords", "a AND"),
        ("--keywords", "kelp", "--diff"),
        ("sea", "--exclude", "-kelp"),
        ("sea", "--keywords", "kelp", "--open"),
    ],
)
def test_what_cannot_be_previewed_is_an_error(home, words):
    assert home.call("preview", *words).status == 2
