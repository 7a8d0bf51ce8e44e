"""What a run records: a reason for every subscription without an issue, each slot once, stages, stale sources."""

import sqlite3
from pathlib import Path

import pytest

from tests.homes import Card, TestHome, issue_of, page, prose, verdict_of

FOG, TIDE = "Reading the fog by its lanterns", "Tide tables for short piers"
DAYS = tuple(f"2026-11-{day}T09:00" for day in range(17, 27))


@pytest.fixture
def home(tmp_path: Path) -> TestHome:
    return TestHome(tmp_path)


def days_page(number: int, *titles: str) -> str:
    cards = (Card(title, prose(f"{title}, part {number}")) for title in titles)
    return page(*cards, day=f"Nov {number}")


# --- near misses and other reasons ---------------------------------------------------------------


def test_the_reason_has_the_nearest_miss(home):
    home.subscribe("fog", "lantern AND quantum", "xylophone")
    home.subscribe("none", "xylophone")
    home.put("2026-11-17.txt", days_page(17, FOG, TIDE))
    report = home.run(DAYS[0])
    fog = verdict_of(report, "fog")
    assert fog["reason"] == "no match among 2 new papers; 1 paper matched “lantern” but not “quantum”"
    assert fog["nearest"] == ["1 paper matched “lantern” but not “quantum”"]
    assert verdict_of(report, "none")["reason"] == "no match among 2 new papers"
    assert verdict_of(report, "none")["nearest"] == []


def test_revised_papers_are_not_called_new(home):
    home.subscribe("none", "xylophone")
    home.put("2026-11-17.txt", days_page(17, FOG, TIDE))
    home.run(DAYS[0])
    home.put("2026-11-18.txt", page(Card(FOG, prose(FOG, "all of them sank in the end")), day="Nov 18"))
    assert verdict_of(home.run(DAYS[1]), "none")["reason"] == "no match among 1 revised paper"
    other = page("Boats", Card(TIDE, prose(TIDE, "none came back at all")), day="Nov 19")
    home.put("2026-11-19.txt", other)
    assert verdict_of(home.run(DAYS[2]), "none")["reason"] == "no match among 1 new and 1 revised paper"


def test_waiting_papers_have_near_misses_too(home):
    home.subscribe("fog", "lantern AND quantum")
    home.run(DAYS[0])
    home.put("2026-11-17.txt", days_page(17, FOG))
    verdict = verdict_of(home.run("2026-11-17T10:00"), "fog")
    assert verdict["reason"].endswith("; 0 of 1 waiting papers match")
    assert verdict["nearest"] == ["1 paper matched “lantern” but not “quantum”"]


def test_papers_that_matched_but_are_too_old_or_were_served(home):
    home.subscribe("old", "lantern", newer_than="90 days")
    home.subscribe("served", "tide")
    home.put("2026-11-17.txt", page(Card(FOG, below="  • 4 authors\n·\nNov 12, 2024 2"), TIDE, day="Nov 17"))
    report = home.run(DAYS[0])
    assert verdict_of(report, "old")["reason"] == (
        "no match among 2 new papers; 1 matching paper is older than the newer_than limit"
    )
    learnt = Card(TIDE, below="  • Harbour Office\n·\nNov 12 2")
    home.put("2026-11-18.txt", page(learnt, day="Nov 18"))
    assert (
        "1 matching paper was already in an earlier issue"
        in verdict_of(home.run(DAYS[1]), "served")["reason"]
    )


# --- slots are used once --------------------------------------------------------------------------


def slots(home: TestHome) -> list[str]:
    return [slot for (slot,) in home.rows("select slot from verdict where slot is not null order by run")]


def test_the_ledger_has_every_used_slot(home):
    home.subscribe("fog", "lantern")
    home.run(DAYS[0])
    home.put("2026-11-18.txt", days_page(18, FOG))
    home.run("2026-11-18T07:00")
    assert issue_of(home.run(DAYS[1]), "fog")
    home.run("2026-11-18T10:00")
    home.run("2026-11-18T11:00", "--force")
    assert slots(home) == [f"2026-11-{day}T08:00:00.000000Z" for day in (17, 18)]


def test_a_clock_that_is_put_back_uses_no_slot_twice(home):
    home.subscribe("fog", "lantern", schedule="daily 08:00,20:00")
    home.run("2026-11-17T21:00")
    home.run("2026-11-17T07:00")
    home.run("2026-11-17T09:00")
    home.run("2026-11-17T22:00")
    home.run("2026-11-18T09:00")
    assert slots(home) == ["2026-11-17T20:00:00.000000Z", "2026-11-18T08:00:00.000000Z"]


def test_a_clock_that_was_years_ahead_stops_no_subscription(home):
    home.subscribe("fog", "lantern")
    home.run(DAYS[0])
    home.run("2031-01-01T09:00")
    assert "not due until Thu 2026-11-19 08:00" in verdict_of(home.run(DAYS[1]), "fog")["reason"]
    home.put("2026-11-19.txt", days_page(19, FOG))
    assert issue_of(home.run(DAYS[2]), "fog")["slot"] == "2026-11-19T08:00:00+00:00"
    # In 2031 that one slot is known to be used, and what waits goes into the next.
    home.run("2030-12-31T09:00")
    home.put("2031-01-01.txt", days_page(19, TIDE, "More lanterns"))
    assert issue_of(home.run("2031-01-01T09:00"), "fog") is None
    assert issue_of(home.run("2031-01-02T09:00"), "fog")["slot"] == "2031-01-02T08:00:00+00:00"
    assert len(slots(home)) == len(set(slots(home)))


def test_the_database_refuses_a_slot_twice(home):
    home.subscribe("fog", "lantern")
    home.run(DAYS[0])
    database = sqlite3.connect(home.path / "digest.db")
    database.execute("insert into run (started, clock, status) select started, clock, status from run")
    again = "insert into verdict (run, subscription, considered, matched, slot) select 2, subscription, 0, 0, slot from verdict"
    with pytest.raises(sqlite3.IntegrityError):
        database.execute(again)
    database.close()


# --- a note after an empty week -------------------------------------------------------------------


def test_a_weekly_note_with_its_near_misses(home):
    home.subscribe("fog", "lantern AND quantum", send_empty="weekly note")
    home.subscribe("never", "lantern AND quantum")
    made = {}
    for number, now in enumerate(DAYS, 17):
        home.put(f"2026-11-{number}.txt", days_page(number, f"{FOG}, {number}", f"{TIDE}, {number}"))
        report = home.run(now)
        made[now] = issue_of(report, "fog")
        assert issue_of(report, "never") is None
    (day,) = [now for now, issue in made.items() if issue]
    assert day == DAYS[7]
    assert made[day]["new"] == made[day]["updated"] == []
    text = " ".join((home.path / made[day]["text"]).read_text("utf-8").split())
    assert "Nothing new among" in text
    assert "7 papers matched “lantern” but not “quantum”." in text  # of the whole week
    assert (home.path / made[day]["html"]).exists()
    assert home.rows("select count(*) from served") == [(0,)]


def test_an_issue_postpones_the_note(home):
    home.subscribe("fog", "lantern", send_empty="weekly note")
    made = []
    for number, now in enumerate(DAYS, 17):
        home.put(f"2026-11-{number}.txt", days_page(number, f"{FOG if number == 20 else TIDE}, {number}"))
        made.append(bool(issue_of(home.run(now), "fog")))
    assert made == [number == 20 for number in range(17, 27)]


# --- stages and sources --------------------------------------------------------------------------


def test_a_run_reports_the_seconds_of_its_stages(home):
    report = home.run(DAYS[0])
    assert set(report["stages"]) == {"read", "match", "write"}
    assert all(seconds >= 0 for seconds in report["stages"].values())


def test_a_source_that_repeats_itself_is_reported(home):
    home.subscribe("fog", "lantern")
    home.put("2026-11-17.txt", days_page(17, FOG, TIDE))
    assert home.run(DAYS[0])["stale"] == []
    home.put("2026-11-18.txt", days_page(17, FOG, TIDE).replace("Nov 17", "Nov 18"))
    report = home.run(DAYS[1])
    (stale,) = report["stale"]
    assert "inbox/2026-11-18.txt lists the same 2 papers as inbox/2026-11-17.txt before it" in stale
    assert "the same 2 papers" in home.call("run", "--now", DAYS[1]).err
