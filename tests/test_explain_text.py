"""The sentences of `digest why`: a day of each kind, and the recent past."""

from pathlib import Path

import pytest

from tests.homes import TestHome, page

FOG, TIDE = "Reading the fog by its lanterns", "Tide tables for short piers"
NO_RUN = "No run has included this subscription yet. To start one: digest run"


@pytest.fixture
def home(tmp_path: Path) -> TestHome:
    """A home with a subscription for weekdays at eight in New York, first seen on a Tuesday."""
    home = TestHome(tmp_path / "home")
    home.write("digest.toml", 'timezone = "America/New_York"\n')
    home.subscribe("fog", "lantern AND fog", schedule="weekdays 08:00", timezone="America/New_York")
    home.put("1.txt", page(FOG, TIDE, day="Nov 17"))
    home.run("2026-11-17T14:00Z")
    return home


def answer(home: TestHome, name: str = "fog", day: str | None = None, now: str = "2026-11-20T20:00Z") -> str:
    done = home.call("why", name, *([day] if day else []), "--json", "--now", now)
    assert done.status == 0, done.err
    text: str = done.json["answer"]
    shown = home.call("why", name, *([day] if day else []), "--now", now).out
    assert " ".join(text.split()) in " ".join(shown.split())
    assert len(shown.splitlines()) <= 24
    return text


def near(home: TestHome, now: str) -> None:
    """Run once with one new paper, which is a near miss."""
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
    assert "Issue 2 was made at 07:00, outside the schedule (--force): 1 of 1 paper matched." in answer(
        home, day="2026-11-18"
    )


def test_a_day_without_a_match(home):
    near(home, "2026-11-18T13:01Z")
    text = "No issue for the slot at 08:00: no match among 1 new paper. Near miss: 1 paper matched “fog” but not “lantern”."
    assert answer(home, day="2026-11-18") == text
    near(home, "2026-11-19T20:00Z")
    assert "for the slot at 08:00 (the run started at 15:00): no match" in answer(home, day="2026-11-19")


def test_a_day_without_a_slot(home):
    near(home, "2026-11-21T13:01Z")  # it uses Friday's slot
    near(home, "2026-11-21T14:00Z")
    assert answer(home, day="2026-11-22", now="2026-11-22T23:00Z") == (
        "No issue: the schedule “weekdays 08:00” has no slot on Sun 2026-11-22."
    )
    near(home, "2026-11-22T14:00Z")
    assert answer(home, day="2026-11-22", now="2026-11-22T23:00Z") == (
        "No issue: the schedule “weekdays 08:00” has no slot on Sun 2026-11-22. "
        "2 papers are waiting for the next slot; none of them matches."
    )


def test_a_slot_without_a_run(home):
    near(home, "2026-11-18T12:00Z")
    text = "No run has included this subscription since its slot at 08:00. To catch up: digest run."
    assert text in answer(home, day="2026-11-18")
    near(home, "2026-11-20T13:00Z")
    assert answer(home, day="2026-11-18") == (
        "No run started on that day after the slot at 08:00. The next run, on Fri 2026-11-20 at 08:00, caught up: "
        "no match among 2 new papers. Near miss: 2 papers matched “fog” but not “lantern”."
    )


def test_a_slot_without_a_run_that_a_later_issue_made_up_for(home):
    home.put("2.txt", page("A lantern in the fog", day="Nov 18"))
    home.run("2026-11-19T13:00Z")
    assert answer(home, day="2026-11-18").endswith("on Thu 2026-11-19 at 08:00, caught up and made issue 2.")


def test_days_before_the_first_run_and_in_the_future(home):
    assert answer(home, day="2026-11-16") == (
        "No issue: the first run that included this subscription was on Tue 2026-11-17 at 09:00."
    )
    assert answer(home, day="2026-11-23") == "No issue yet: the next slot is at 08:00."
    home.subscribe("fresh", "tide")
    assert answer(home, "fresh", "2026-11-20") == NO_RUN
    assert answer(home, "fresh") == NO_RUN


def test_a_paused_and_a_disabled_subscription(home):
    home.subscribe("fog", "lantern", paused_until="2026-11-20", timezone="America/New_York")
    home.run("2026-11-18T14:00Z")
    assert answer(home, day="2026-11-18") == "No issue: the subscription is paused until 2026-11-20."
    assert answer(home, now="2026-11-18T20:00Z").endswith("The subscription is paused until 2026-11-20.")
    home.subscribe("fog", "lantern", enabled=False)
    home.run("2026-11-19T14:00Z")
    assert answer(home, day="2026-11-19") == "No issue: the subscription is disabled (enabled = false)."


def test_an_invalid_file(home):
    path = home.subscribe("fog", "lantern", shedule="daily 08:00")
    home.run("2026-11-18T14:00Z", status=1)
    for text in (answer(home, day="2026-11-18"), answer(home)):
        assert "because its file was invalid" in text or "because its file is invalid" in text
        assert text.endswith("shedule: unknown key; did you mean 'schedule'?")
    path.unlink()
    assert answer(home, day="2026-11-19") == "No run included this subscription on that day."


def test_the_recent_past(home):
    assert answer(home, now="2026-11-17T20:00Z") == (
        "Issue 1 was made on Tue 2026-11-17 at 09:00: 1 of 2 papers matched."
    )
    near(home, "2026-11-18T13:01Z")
    assert "Since then, one slot has passed without an issue, on Wed 2026-11-18 at 08:00: no match" in answer(
        home, now="2026-11-18T20:00Z"
    )
    home.run("2026-11-19T13:01Z")
    for hour in range(14, 20):  # the decisions of hourly runs without a slot are not explained
        near(home, f"2026-11-19T{hour}:00Z")
    assert answer(home, now="2026-11-19T20:00Z") == (
        "Issue 1 was made on Tue 2026-11-17 at 09:00: 1 of 2 papers matched. "
        "Since then, 2 slots have passed without an issue, the latest on Thu 2026-11-19 at 08:00: no new papers. "
        "6 papers are waiting for the next slot; none of them matches."
    )
    assert answer(home, now="2026-11-20T20:00Z").endswith(
        "No run has included this subscription since its slot on Fri 2026-11-20 at 08:00. To catch up: digest run. "
        "To check whether digest schedule is running: digest doctor"
    )
    home.subscribe("never", "xylophone")
    home.run("2026-11-20T21:00Z")
    assert answer(home, "never", now="2026-11-20T22:00Z").startswith(
        "No issue yet. One slot has passed, on Fri 2026-11-20 at 08:00: no match"
    )


def test_an_issue_older_than_the_recent_decisions(home, monkeypatch):
    monkeypatch.setattr("digest.services.explain._RECENT", 2)
    for day in (18, 19, 20):
        home.run(f"2026-11-{day}T14:00Z")
    text = "No recent issue. The last 2 slots passed without one, the latest on Fri 2026-11-20 at 08:00:"
    assert answer(home).startswith(text)


def test_a_weekly_note(home):
    home.subscribe("note", "lantern AND quantum", send_empty="weekly note")
    for day in range(18, 27):
        near(home, f"2026-11-{day}T14:00Z")
    text = answer(home, "note", now="2026-11-26T20:00Z")
    assert ": a note without papers, because nothing had matched for a week (send_empty)." in text


def test_the_end_of_a_pause_waits_for_a_slot(home):
    """Slots within a pause do not count, so no issue is made at the midnight at which it ends."""
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


def test_times_of_another_zone_than_the_homes_say_so(home):
    assert "Times" not in answer(home, day="2026-11-17")
    home.write("digest.toml", 'timezone = "Europe/Paris"\n')
    assert answer(home, day="2026-11-17").endswith("Times are in America/New_York time.")
    shown = home.call("subscriptions", "list", "--now", "2026-11-17T15:00Z").out
    assert "Wed 2026-11-18 08:00 (America/New_York)" in shown
    home.write("digest.toml", 'timezone = "America/New_York"\n')
    shown = home.call("subscriptions", "list", "--now", "2026-11-17T15:00Z").out
    assert shown.rstrip().endswith("Wed 2026-11-18 08:00")


def test_every_command_shows_times_in_the_homes_zone(home):
    shown = home.call("library", "show", "1").out
    assert "Tue 2026-11-17 09:00 (America/New_York)" in shown
    assert "when (America/New_York)" in home.call("ledger").out
    (clock,) = [
        each
        for each in home.call("doctor", "--json", "--now", "2026-11-16T14:00Z").json
        if each["check"] == "clock"
    ]
    expected = "the clock shows Mon 2026-11-16 09:00, but the last run was at Tue 2026-11-17 09:00 (America/New_York)"
    assert clock["message"] == expected
