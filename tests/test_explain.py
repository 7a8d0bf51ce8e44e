"""`digest why`: why a paper was or was not in an issue, and which decisions are shown."""

from pathlib import Path

import pytest

from tests.homes import Card, TestHome, page, prose

FOG, TIDE, KELP = "Reading the fog by its lanterns", "Tide tables for short piers", "Kelp on the chain"
NOW = "2026-11-17T09:00"


@pytest.fixture
def home(tmp_path: Path) -> TestHome:
    home = TestHome(tmp_path)
    home.subscribe("fog", "lantern AND fog", timezone="America/New_York")
    home.put("2026-11-17.txt", page(FOG, TIDE, day="Nov 17"))
    home.run(NOW)
    return home


def answer(home: TestHome, name: str, paper: str, now: str = NOW) -> str:
    return home.call("why", name, "--paper", paper, "--json", "--now", now).json["paper"]["answer"]


def test_a_paper_in_an_issue(home):
    found = home.call("why", "fog", "--paper", "lanterns", "--json", "--now", NOW).json["paper"]
    assert found["answer"] == (
        "It was in issue 1 of 2026-11-17. The current query accepts it because of “fog”, “lantern”."
    )
    assert (found["title"], found["issues"], found["terms"]) == (FOG, [1], ["fog", "lantern"])
    assert found["files"] == [{"path": "inbox/2026-11-17.txt", "captured": "2026-11-17"}]
    shown = home.call("why", "fog", "--paper", str(found["number"]), "--now", NOW).out
    assert FOG in shown
    assert "It was in issue 1" in shown
    assert len(shown.splitlines()) <= 24


def test_a_paper_that_was_considered_but_did_not_match(home):
    assert answer(home, "fog", TIDE.upper()) == (
        "Run 1, Tue 2026-11-17 04:00 (America/New_York), considered it and made issue 1 without it. "
        "The current query does not accept it: it matched “fog” but not “lantern”."
    )
    home.subscribe("none", "xylophone")
    home.run(NOW)
    assert answer(home, "none", TIDE).endswith("does not accept it: no keyword comes close to a match.")
    assert "considered it: no match among 2 new papers" in answer(home, "none", TIDE)


def test_a_paper_that_waits(home):
    home.put("2026-11-18.txt", page(KELP, day="Nov 17"))
    home.run("2026-11-17T10:00")
    assert answer(home, "fog", KELP, "2026-11-17T10:00").startswith(
        "It is in the library, and will be considered at the next slot, Tue 2026-11-17 08:00 (America/New_York)."
    )


def test_a_paper_from_before_the_subscription(home):
    home.subscribe("late", "tide", start="now")
    home.run("2026-11-20T09:00")
    text = answer(home, "late", TIDE, "2026-11-20T09:00")
    assert text.startswith("It was in the library before the subscription started. ")
    assert text.endswith("The current query accepts it because of “tide”.")


def test_a_subscription_without_a_run(home):
    home.subscribe("fresh", "tide")
    assert answer(home, "fresh", TIDE).startswith("No run has included this subscription yet.")


def test_a_paper_that_is_too_old(home):
    home.subscribe("old", "kelp", newer_than="30 days")
    home.put("2026-11-18.txt", page(Card(KELP, below="  • 4 authors\n·\nNov 12, 2024 2"), day="Nov 18"))
    home.run("2026-11-18T14:00")
    assert answer(home, "old", KELP).endswith(
        "“kelp”, but it was published on 2024-11-12, earlier than newer_than allows."
    )


def test_a_paper_that_was_revised(home):
    home.put("2026-11-18.txt", page(Card(FOG, prose(FOG, "none of the nine lamps came back")), day="Nov 18"))
    home.run("2026-11-18T14:00")
    assert answer(home, "fog", FOG).startswith(
        "It was in issue 1 of 2026-11-17, and revised in issue 2 of 2026-11-18."
    )


def test_a_paper_that_only_the_archive_shows(home):
    home.subscribe("few", "piers OR lantern", max_papers=1)
    home.run(NOW)
    hidden = next(title for title in (FOG, TIDE) if "behind" in answer(home, "few", title))
    assert "It was in issue 1 of 2026-11-17, behind “and 1 more”: the email shows 1 paper" in answer(
        home, "few", hidden
    )


def test_a_paper_in_a_file_of_the_library_setting(home):
    home.write("mine.bib", f"@article{{a, title={{{TIDE}}}, author={{Ada Pier}}, year={{2026}}}}")
    home.write("digest.toml", 'library = ["mine.bib"]\n')
    home.subscribe("mine", "tide")
    home.run(NOW)
    assert "A file in the setting “library” lists it, so no subscription shows it." in answer(
        home, "mine", TIDE
    )


def test_a_subscription_file_that_was_removed(home):
    (home.path / "subscriptions" / "fog.toml").unlink()
    assert "the subscription file is missing or invalid" in answer(home, "fog", FOG)


@pytest.mark.parametrize(("name", "message"), [("zeppelin", "the library has no paper 'zeppelin'"), ("4711", "the library has no paper '4711'"), (" ", "the library has no paper")])  # fmt: skip
def test_an_unknown_paper(home, name, message):
    done = home.call("why", "fog", "--paper", name)
    assert done.status == 2
    assert message in done.err


def test_several_papers_match_a_name(home):
    home.put("2026-11-18.txt", page("Fog bells", "Fog horns", day="Nov 18"))
    home.run("2026-11-18T14:00")
    done = home.call("why", "fog", "--paper", "FOG")
    assert done.status == 2
    assert "3 papers match 'FOG'; give the number of one of them:\n  1  Reading the fog" in done.err


def test_an_unknown_subscription(home):
    assert "the subscription 'nobody' does not exist" in home.call("why", "nobody", "--paper", FOG).err


def test_a_day_is_that_of_the_readers_zone_and_equal_decisions_are_folded(home):
    for minute in range(5):
        home.run(f"2026-11-17T10:0{minute}")
    home.run("2026-11-18T04:59Z")  # still Tuesday in New York
    home.run("2026-11-18T05:00Z")
    assert [each["run"] for each in home.call("why", "fog", "2026-11-17", "--json").json["decided"]] == [
        7, 6, 5, 4, 3, 2, 1,
    ]  # fmt: skip
    assert [each["run"] for each in home.call("why", "fog", "2026-11-18", "--json").json["decided"]] == [8]
    shown = home.call("why", "fog", "2026-11-17").out
    assert "and 4 earlier" in shown
    assert shown.count("not due until Tue 2026-11-17 08:00") == 1
    assert (
        "the first run that included this subscription was on Tue 2026-11-17 at 04:00"
        in home.call("why", "fog", "2026-11-11").out
    )
