"""Slots that no run used in time: one issue stands for them and says so, in the reader's language."""

import pytest

from tests.homes import TestHome, issue_of, page

MONDAY, THURSDAY = "2026-11-16T09:00", "2026-11-19T09:00"


@pytest.fixture
def home(tmp_path):
    home = TestHome(tmp_path)
    home.subscribe("fog", "fog", formats=["text"])
    home.subscribe("nebel", "fog", formats=["text"], language="de")
    home.put("2026-11-15.txt", page("Fog over the pier"))
    home.run(MONDAY)
    return home


def text(home, report, name):
    issue = issue_of(report, name)
    return " ".join((home.path / issue["text"]).read_text("utf-8").split()) if issue else ""


def test_the_issue_after_an_outage_says_what_it_covers(home):
    home.put("2026-11-18.txt", page("More fog"))
    report = home.run(THURSDAY)
    assert "No run took place since Monday; this issue covers three." in text(home, report, "fog")
    assert "Es gab seit Montag keinen Lauf; diese Ausgabe steht für drei." in text(home, report, "nebel")


def test_an_issue_in_time_says_nothing(home):
    home.put("2026-11-16.txt", page("More fog"))
    report = home.run("2026-11-17T09:00")
    assert "No run" not in text(home, report, "fog")
    assert "Lauf" not in text(home, report, "nebel")


def test_slots_without_matches_are_not_missed(home):
    home.run("2026-11-17T09:00")
    home.run("2026-11-18T09:00")
    home.put("2026-11-18.txt", page("More fog"))
    assert "No run" not in text(home, home.run(THURSDAY), "fog")


def test_runs_of_other_subscriptions_are_no_outage(home):
    home.run("2026-11-17T09:00", "--only", "nebel")
    home.run("2026-11-18T09:00", "--only", "nebel")
    home.put("2026-11-18.txt", page("More fog"))
    report = home.run(THURSDAY)
    expected = "No run included this subscription since Monday; this issue covers three."
    assert expected in text(home, report, "fog")
    assert "Lauf" not in text(home, report, "nebel")


def test_a_pause_a_disabled_and_an_invalid_subscription_miss_nothing(home):
    for keys in ({"paused_until": "2026-11-19"}, {"enabled": False}, {"schedule": "never"}):
        values = {"formats": ["text"], **keys}
        home.subscribe("fog", "fog", **values)
        if "paused_until" in keys:
            home.write(
                "subscriptions/fog.toml",
                'keywords = ["fog"]\nformats = ["text"]\npaused_until = 2026-11-19\n',
            )
        for day in ("17", "18"):
            home.call("run", "--now", f"2026-11-{day}T09:00")
    home.subscribe("fog", "fog", formats=["text"])
    home.put("2026-11-18.txt", page("More fog"))
    assert "No run" not in text(home, home.run(THURSDAY), "fog")


def test_a_forced_issue_covers_no_slot(home):
    home.put("2026-11-18.txt", page("More fog"))
    assert "No run" not in text(home, home.run(THURSDAY, "--force"), "fog")
