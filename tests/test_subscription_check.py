"""The check of subscriptions counts what their keywords bring."""

import pytest

from digest.services import subscription_check
from tests.homes import TestHome, page

NOW = "2026-11-20T09:00"


@pytest.fixture
def home(tmp_path) -> TestHome:
    made = TestHome(tmp_path)
    titles = [f"Kelp of pier number {n}" for n in range(14)]
    made.put("2026-11-16-a.txt", page(*titles, "Distillation of bread", "Bread and ropes", "Ropes"))
    made.subscribe("ropes", "ropes")
    made.run(NOW)
    return made


def warnings(home: TestHome, *keywords: str, **more: object) -> list[str]:
    home.subscribe("a", *keywords, **more)
    done = home.call("subscriptions", "check", "--json", "--now", NOW)
    assert done.status == 0
    return next(each["warnings"] for each in done.json if each["id"] == "a")


@pytest.mark.parametrize(
    ("keywords", "words"),
    [
        (("bread", "title:kelp"), ("'title:kelp' brings 88% of the papers of the last 8 weeks",)),
        (("kelp",), ("'kelp' matches 14 of 17 papers",)),
        (("bread", "title:bread"), ("'bread' and 'title:bread' have always matched the same",)),
        (("bread", "walrus"), ("'walrus' has never matched a paper of the library",)),
        (("distilation",), ("never matched", "papers have 'distillation' instead of 'distilation'")),
        (("bread", "ropes"), ()),
    ],
)
def test_keywords_that_bring_all_or_nothing_or_the_same(home, keywords, words):
    found = warnings(home, *keywords)
    assert len(found) == bool(words), found
    assert all(word in "".join(found) for word in words), found


def test_a_keyword_on_a_field_that_no_file_fills_is_named_once(home):
    found = warnings(home, "organization:harbour")
    assert len(found) == 1
    assert "fills the field 'organization'" in found[0]


def test_explain_shows_what_each_keyword_brings(home):
    home.subscribe("a", "bread", "kelp", exclude=["title:pier"])
    done = home.call("subscriptions", "check", "--explain", "--json", "--now", NOW).json
    first = next(each for each in done if each["id"] == "a")
    assert first["per_week"] == 2.0
    assert [(each["keyword"], each["papers"], each["ever"]) for each in first["keywords"]] == [
        ("bread", 2, 2),
        ("kelp", 0, 14),
    ]
    shown = home.call("subscriptions", "check", "--explain", "--now", NOW).out
    assert "14 papers in all, older or excluded" in shown


def test_of_very_many_subscriptions_keywords_are_counted_on_request(home, monkeypatch):
    monkeypatch.setattr(subscription_check, "_COUNTED", 1)
    assert warnings(home, "walrus") == []
    done = home.call("subscriptions", "check", "--explain", "--json", "--now", NOW).json
    assert "never matched" in done[0]["warnings"][0]


def test_an_empty_library_says_nothing_about_keywords(tmp_path):
    assert warnings(TestHome(tmp_path), "walrus", "walrus OR kelp") == []
