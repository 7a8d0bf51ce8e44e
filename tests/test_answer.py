"""What `digest why` answers, in sentences: a day of each kind, and lately."""

from pathlib import Path

import pytest

from tests.homes import TestHome, page

FOG, TIDE = "Reading the fog by its lanterns", "Tide tables for short piers"


@pytest.fixture
def home(tmp_path: Path) -> TestHome:
    """A home with a subscription for weekdays at eight in New York, first seen on a Tuesday."""
    home = TestHome(tmp_path / "home")
    home.subscribe("fog", "lantern AND fog", schedule="weekdays 08:00", timezone="America/New_York")
    home.put("1.txt", page(FOG, TIDE, day="Nov 17"))
    home.run("2026-11-17T14:00Z")
    return home


def answer(home: TestHome, name: str = "fog", day: str | None = None, now: str = "2026-11-20T20:00Z") -> str:
    done = home.call("why", name, *([day] if day else []), "--json", "--now", now)
    assert done.status == 0, done.err
    told: str = done.json["answer"]
    shown = home.call("why", name, *([day] if day else []), "--now", now).out
    assert " ".join(told.split()) in " ".join(shown.split())
    assert len(shown.splitlines()) <= 24
    return told


def near(home: TestHome, now: str) -> None:
    """Do a run that finds one new paper, which nearly matches."""
    home.put(f"{now[:13]}.txt", page(f"Fog on the piers, {now}", day=f"Nov {now[8:10]}"))
    home.run(now)


def test_a_day_with_an_issue(home):
    assert answer(home, day="2026-11-17") == "Issue 1 was made at 09:00: 1 of 2 papers matched."
    near(home, "2026-11-17T15:00Z")
    home.run("2026-11-17T16:00Z", "--force", "--only", "fog")
    assert answer(home, day="2026-11-17") == "Issue 1 was made at 09:00: 1 of 2 papers matched."


def test_a_forced_issue(home):
    home.put("2.txt", page("A lantern in the fog", day="Nov 18"))
    home.run("2026-11-18T12:00Z", "--force")
    assert "Issue 2 was made at 07:00, regardless of the clock: 1 of 1 paper matched." in answer(
        home, day="2026-11-18"
    )


def test_a_day_without_a_match(home):
    near(home, "2026-11-18T13:01Z")
    told = "No issue: for the slot of 08:00, no match among 1 new paper. Nearest: 1 paper matched “fog” but not “lantern”."
    assert answer(home, day="2026-11-18") == told
    near(home, "2026-11-19T20:00Z")
    assert "for the slot of 08:00 (the run came at 15:00), no match" in answer(home, day="2026-11-19")


def test_a_day_without_a_slot(home):
    near(home, "2026-11-21T13:01Z")  # it uses Friday's
    near(home, "2026-11-21T14:00Z")
    assert answer(home, day="2026-11-22", now="2026-11-22T23:00Z") == (
        "No issue: “weekdays 08:00” has no slot on Sun 2026-11-22."
    )
    near(home, "2026-11-22T14:00Z")
    assert answer(home, day="2026-11-22", now="2026-11-22T23:00Z") == (
        "No issue: “weekdays 08:00” has no slot on Sun 2026-11-22. "
        "2 papers wait for the next slot; none of them matches."
    )


def test_a_slot_after_which_no_run_came(home):
    near(home, "2026-11-18T12:00Z")
    told = "No run has come since its slot of 08:00; digest run catches up"
    assert told in answer(home, day="2026-11-18")
    near(home, "2026-11-20T13:00Z")
    assert answer(home, day="2026-11-18") == (
        "No run came that day after its slot of 08:00. The next one, Fri 2026-11-20 08:00, made up for it: "
        "no match among 2 new papers. Nearest: 2 papers matched “fog” but not “lantern”."
    )


def test_a_slot_after_which_no_run_came_and_an_issue_did(home):
    home.put("2.txt", page("A lantern in the fog", day="Nov 18"))
    home.run("2026-11-19T13:00Z")
    assert answer(home, day="2026-11-18").endswith("Thu 2026-11-19 08:00, made up for it: issue 2.")


def test_days_before_and_to_come(home):
    assert answer(home, day="2026-11-16") == "No issue: a run saw it first on Tue 2026-11-17 at 09:00."
    assert answer(home, day="2026-11-23") == "No issue yet: the slot of 08:00 is still to come."
    home.subscribe("fresh", "tide")
    assert answer(home, "fresh", "2026-11-20") == "No run has looked at it yet: digest run"
    assert answer(home, "fresh") == "No run has looked at it yet: digest run"


def test_a_pause_and_a_stop(home):
    home.subscribe("fog", "lantern", paused_until="2026-11-20", timezone="America/New_York")
    home.run("2026-11-18T14:00Z")
    assert answer(home, day="2026-11-18") == "No issue: paused until 2026-11-20."
    assert answer(home, now="2026-11-18T20:00Z").endswith("Now paused until 2026-11-20.")
    home.subscribe("fog", "lantern", enabled=False)
    home.run("2026-11-19T14:00Z")
    assert answer(home, day="2026-11-19") == "No issue: disabled: enabled = false."


def test_a_mistake(home):
    path = home.subscribe("fog", "lantern", shedule="daily 08:00")
    home.run("2026-11-18T14:00Z", status=1)
    for told in (answer(home, day="2026-11-18"), answer(home)):
        assert "its file had a mistake" in told or "its file has a mistake" in told
        assert told.endswith("shedule: unknown key; did you mean 'schedule'?")
    path.unlink()
    assert answer(home, day="2026-11-19") == "No run decided about it on that day."


def test_lately(home):
    assert answer(home, now="2026-11-17T20:00Z") == (
        "Issue 1 was made on Tue 2026-11-17 at 09:00: 1 of 2 papers matched."
    )
    near(home, "2026-11-18T13:01Z")
    assert "Since then one slot has passed without one; for that, Wed 2026-11-18 08:00, no match" in answer(
        home, now="2026-11-18T20:00Z"
    )
    home.run("2026-11-19T13:01Z")
    for hour in range(14, 20):  # what a run every hour leaves is no answer
        near(home, f"2026-11-19T{hour}:00Z")
    assert answer(home, now="2026-11-19T20:00Z") == (
        "Issue 1 was made on Tue 2026-11-17 at 09:00: 1 of 2 papers matched. "
        "Since then 2 slots have passed without one; for the last, Thu 2026-11-19 08:00, no new papers. "
        "6 papers wait for the next slot; none of them matches."
    )
    assert answer(home, now="2026-11-20T20:00Z").endswith(
        "Its slot of Fri 2026-11-20 08:00 has passed, and no run has come since; digest run catches up, "
        "and digest doctor says whether digest schedule runs."
    )
    home.subscribe("never", "xylophone")
    home.run("2026-11-20T21:00Z")
    assert answer(home, "never", now="2026-11-20T22:00Z").startswith("No issue yet: one slot has passed")


def test_a_silence_longer_than_what_is_looked_at(home, monkeypatch):
    monkeypatch.setattr("digest.services.explain._LATELY", 2)
    for day in (18, 19, 20):
        home.run(f"2026-11-{day}T14:00Z")
    told = "No issue for long: the last 2 slots have passed without one; for the last, Fri 2026-11-20 08:00,"
    assert answer(home).startswith(told)


def test_a_weekly_note(home):
    home.subscribe("note", "lantern AND quantum", send_empty="weekly note")
    for day in range(18, 27):
        near(home, f"2026-11-{day}T14:00Z")
    told = answer(home, "note", now="2026-11-26T20:00Z")
    assert "a note without papers (send_empty), as nothing had matched for long." in told


def test_the_end_of_a_pause_waits_for_a_slot(home):
    """Slots within a pause are not wanted, so nothing comes at the midnight at which it ends."""
    home.subscribe("fog", "lantern", paused_until="2026-11-20", timezone="America/New_York")
    home.put("2.txt", page("A lantern at night", day="Nov 18"))
    home.run("2026-11-19T14:00Z")
    for now, made in (
        ("2026-11-20T05:01Z", False),
        ("2026-11-20T12:59Z", False),
        ("2026-11-20T13:00Z", True),
    ):
        (found,) = home.run(now)["subscriptions"]
        assert bool(found["issue"]) == made, now
