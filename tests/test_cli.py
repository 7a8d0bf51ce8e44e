"""Every command as a user types it: what it prints, where, and its exit status."""

import argparse
import fcntl
import functools
import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from digest.cli.arguments import command_first
from digest.cli.console import Screen
from digest.cli.main import build_parser, main
from digest.system import locks as lock
from tests.homes import Card, Done, TestHome, below, call, counts, issue_of, page, prose, verdict_of
from tests.servers import HttpReply, http_server

KELP, LAMP, ROCK = "Kelp in the Harbour Log", "A Lantern for Every Pier", "Granite Steps Counted Twice"
NOW = "2026-11-20T09:00"
ISSUE_KEYS = {"number", "slot", "new", "updated", "more", "html", "markdown", "text", "eml", "discover"}
FILE_KEYS = {"path", "source", "captured", "listed", "new", "updated", "seen", "rejected"}


@pytest.fixture
def home(tmp_path):
    made = TestHome(tmp_path / "home")
    made.put("2026-11-16.txt", page(KELP, LAMP, ROCK))
    made.subscribe("kelp", "kelp", formats=["html", "text"])
    made.subscribe("none", "walrus")
    return made


def only_line(done: Done) -> str:
    assert done.err.count("\n") == 1, done.err
    return done.err


def test_read_prints_a_line_per_listing(home, tmp_path):
    cards = (
        Card(KELP, below=below(4, "Nov 12", 7)),
        Card(LAMP, below=below("Pier Institute", "Nov 3, 2024", None)),
        Card(ROCK, "The steps\nare counted.   " + prose("the granite")),
    )
    path = tmp_path / "saved.txt"
    path.write_text(page(*cards), "utf-8")
    done = home.call("read", path, "--json", "--captured", "2025-11-16")
    assert done.status == 0 and done.err == ""
    first, second, third = done.lines
    assert first == {
        "title": KELP,
        "abstract": prose(KELP),
        "authors": [],
        "author_count": 4,
        "published": "2025-11-12",
        "published_text": None,
        "comments": 7,
        "upvotes": None,
        "organization": None,
        "categories": [],
        "ids": {"arxiv": None, "doi": None},
        "url": None,
        "withdrawn": False,
        "status": None,
        "source": "daily-papers-page",
        "file": str(path),
        "rank": 1,
    }
    assert (second["organization"], second["author_count"]) == ("Pier Institute", None)
    assert (second["published"], second["comments"]) == ("2024-11-03", None)
    assert third["abstract"] == "The steps are counted. " + prose("the granite")
    assert [each["rank"] for each in done.lines] == [1, 2, 3]


def test_read_takes_folders_and_keeps_paths_as_given(home, monkeypatch):
    monkeypatch.chdir(home.path)
    assert {each["file"] for each in call("read", "inbox", "--json").lines} == {"inbox/2026-11-16.txt"}
    assert {each["file"] for each in call("read", "./inbox/2026-11-16.txt", "--json").lines} == {
        "./inbox/2026-11-16.txt"
    }


def test_read_goes_on_after_a_file_it_cannot_read(home, tmp_path):
    good = home.path / "inbox/2026-11-16.txt"
    done = home.call("read", tmp_path / "absent.txt", good, "--json")
    assert done.status == 1
    assert len(done.lines) == 3
    assert "absent.txt: the file does not exist" in only_line(done)


def test_read_records_nothing(home):
    home.call("read", home.path / "inbox")
    assert not (home.path / "digest.db").exists()
    assert home.output() == {}


def test_diff_shows_new_updated_and_seen_and_records_nothing(home, tmp_path):
    home.run(NOW)
    second = tmp_path / "2026-11-18.txt"
    revised = Card(LAMP, prose(LAMP, "all lamps were stolen by gulls"))
    second.write_text(page(KELP, revised, "A Wholly New Breakwater"), "utf-8")
    before = home.dump(), home.output()
    done = home.call("diff", second, "--json", "--now", NOW)
    assert (done.status, done.err) == (0, "")
    file = done.json["files"][0]
    assert file.keys() >= FILE_KEYS
    assert file["path"] == str(second)
    assert file["captured"] == "2026-11-18"
    assert file["rejected"] is None
    assert [file[key] for key in ("listed", "new", "updated", "seen")] == [3, 1, 1, 1]
    papers = {each["title"]: each for each in done.json["papers"]}
    assert {title: each["status"] for title, each in papers.items()} == {
        KELP: "seen",
        LAMP: "updated",
        "A Wholly New Breakwater": "new",
    }
    assert papers[KELP].keys() == {"title", "status", "first_seen", "file"}
    assert papers[KELP]["first_seen"] == "2026-11-20T09:00:00+00:00"
    assert papers["A Wholly New Breakwater"]["first_seen"] is None
    assert papers[KELP]["file"] == str(second)
    assert (home.dump(), home.output()) == before


def test_diff_of_a_file_read_before_is_all_seen(home):
    home.run(NOW)
    done = home.call("diff", home.path / "inbox/2026-11-16.txt", "--json")
    assert done.status == 0
    assert counts(done.json) == [(0, 0, 3)]
    assert {each["status"] for each in done.json["papers"]} == {"seen"}


def test_diff_sees_a_paper_of_two_files_once(home, tmp_path):
    one, two = tmp_path / "one.txt", tmp_path / "two.txt"
    one.write_text(page(KELP, LAMP), "utf-8")
    two.write_text(page(LAMP, ROCK), "utf-8")
    assert counts(home.call("diff", two, one, "--json").json) == [(2, 0, 0), (1, 0, 1)]
    assert not (home.path / "digest.db").exists()


def test_diff_names_a_rejected_file_once(home, tmp_path):
    bad = tmp_path / "bad.txt"
    bad.write_text("Dear all,\n\nthe pier is closed.\n", "utf-8")
    done = home.call("diff", bad, "--json")
    assert done.status == 1
    rejected = done.json["files"][0]["rejected"]
    assert rejected["reason"] and "line" in rejected
    assert "bad.txt" in only_line(done)


def test_match_on_files_and_on_the_library(home, tmp_path):
    path = home.path / "inbox/2026-11-16.txt"
    on_files = home.call("match", "lantern OR title:granite^3", path, "--json")
    assert on_files.status == 0
    assert [(each["title"], each["score"]) for each in on_files.lines] == [(ROCK, 6.0), (LAMP, 2.0)]
    evidence = on_files.lines[0]["evidence"]
    assert evidence == [{"term": "title:granite", "field": "title", "text": "Granite", "start": 0, "end": 7}]
    assert not (home.path / "digest.db").exists()
    assert home.call("match", "lantern", "--json").lines == []
    home.run(NOW)
    on_library = home.call("match", "lantern OR title:granite^3", "--json")
    assert on_library.out == on_files.out


def test_match_without_a_match_succeeds(home):
    done = home.call("match", "walrus", home.path / "inbox", "--json")
    assert (done.status, done.out) == (0, "")


def test_match_names_the_item_of_a_list(home, tmp_path):
    path = tmp_path / "page.txt"
    path.write_text(page(Card(KELP, below=below("Pier Institute"))), "utf-8")
    evidence = home.call("match", "org:pier", path, "--json").lines[0]["evidence"]
    assert [(each["field"], each["text"]) for each in evidence] == [("organization", "Pier")]


@pytest.mark.parametrize("query", ["-kelp", "kelp AND", "(kelp", "kel*p", '""', "kelp^0", "a -- b", "kelp~"])
def test_match_of_an_invalid_query(home, query):
    done = home.call("match", "--json", "--", query)
    assert (done.status, done.out) == (2, "")
    assert "^" in done.err.splitlines()[-1]


def test_match_still_answers_if_a_file_is_rejected(home, tmp_path):
    done = home.call("match", "kelp", home.path / "inbox", tmp_path / "absent.txt", "--json")
    assert done.status == 1
    assert [each["title"] for each in done.lines] == [KELP]
    assert "absent.txt" in only_line(done)


def test_run_reports(home):
    done = home.call("run", "--json", "--now", NOW)
    assert (done.status, done.err) == (0, "")
    report = done.json
    assert report["run"] == 1
    (file,) = report["files"]
    assert file.keys() >= FILE_KEYS
    assert (file["path"], file["source"]) == ("inbox/2026-11-16.txt", "daily-papers-page")
    assert (file["captured"], file["rejected"]) == ("2026-11-16", None)
    assert [file[key] for key in ("listed", "new", "updated", "seen")] == [3, 3, 0, 0]
    kelp = verdict_of(report, "kelp")
    assert kelp.keys() >= {"id", "considered", "matched", "issue", "reason", "error"}
    assert (kelp["considered"], kelp["matched"], kelp["reason"], kelp["error"]) == (3, 1, None, None)
    issue = kelp["issue"]
    assert issue.keys() >= ISSUE_KEYS
    assert (issue["number"], issue["new"], issue["updated"], issue["more"]) == (1, [KELP], [], 0)
    assert issue["slot"] == "2026-11-20T08:00:00+00:00"
    assert issue["html"] == "output/issues/kelp/2026-11-20-1.html"
    assert issue["text"] == "output/issues/kelp/2026-11-20-1.txt"
    assert issue["markdown"] is issue["eml"] is None
    none = verdict_of(report, "none")
    assert (none["considered"], none["matched"], none["issue"]) == (3, 0, None)
    assert none["reason"] == "no match among 3 new papers"
    names = [
        f"output/feeds/{name}.{form}" for name in ("all", "kelp", "none") for form in ("rss", "atom", "json")
    ]
    assert sorted(report["feeds"]) == sorted(names)
    for path in [*names, issue["html"], issue["text"], "output/site/issues/kelp/2026-11-20-1.html"]:
        assert (home.path / path).is_file(), path
    again = home.run(NOW)
    assert again["feeds"] == []
    assert verdict_of(again, "kelp")["reason"].startswith("not due until Sat 2026-11-21 08:00")


def test_run_with_an_absent_path_does_the_rest(home, tmp_path):
    good = home.path / "inbox/2026-11-16.txt"
    done = home.call("run", tmp_path / "absent.txt", good, "--json", "--now", NOW)
    assert done.status == 1
    absent, read = done.json["files"]
    assert absent["path"] == str(tmp_path / "absent.txt")
    assert absent["rejected"]["reason"] == "the file does not exist"
    assert (absent["listed"], absent["source"], absent["captured"]) == (0, None, None)
    assert read["new"] == 3
    assert issue_of(done.json, "kelp")["new"] == [KELP]
    assert "absent.txt" in only_line(done)


def test_a_rejected_file_is_remembered_until_it_changes_or_is_named(home):
    bad = home.put("bad.txt", "Dear all,\n\nthe pier is closed.\n")
    first = home.call("run", "--json", "--now", NOW)
    assert first.status == 1
    assert "bad.txt" in only_line(first)
    again = home.call("run", "--now", NOW)
    assert again.status == 0
    assert [line for line in again.err.splitlines() if "bad.txt" in line] == again.err.splitlines()
    assert len(again.err.splitlines()) == 1
    remembered = next(each for each in home.run(NOW)["files"] if each["path"] == "inbox/bad.txt")
    assert remembered["rejected"]["reason"]
    assert home.call("run", bad, "--now", NOW).status == 1
    assert home.call("run", "--now", NOW).status == 0
    bad.write_text("Dear all,\n\nthe pier is open again.\n", "utf-8")
    assert home.call("run", "--now", NOW).status == 1
    bad.write_text(page("A Wholly New Breakwater"), "utf-8")
    assert sum(new for new, _, _ in counts(home.run(NOW))) == 1


def test_an_invalid_subscription_is_named_and_the_others_run(home):
    home.write("subscriptions/bad.toml", 'keyword = ["kelp"]\n')
    done = home.call("run", "--json", "--now", NOW)
    assert done.status == 1
    bad = verdict_of(done.json, "bad")
    assert "bad.toml:1" in bad["error"] and "keywords" in bad["error"]
    assert bad["issue"] is None and bad["reason"] is None
    assert issue_of(done.json, "kelp")["new"] == [KELP]
    assert "bad.toml:1" in done.err


def test_an_invalid_query_is_shown_with_a_caret(home):
    home.write("subscriptions/bad.toml", "keywords = ['kelp', '(rock']\n")
    done = home.call("run", "--now", NOW)
    assert done.status == 1
    lines = done.err.splitlines()
    assert any(line.strip() == "^" for line in lines)
    assert "2 of 2" in done.err and "subscriptions/bad.toml:1" in done.err


@pytest.mark.parametrize("settings", ['titel = "x"\n', "max_file_mb = 0\n", "timezone = 1\n", "a = \n"])
def test_wrong_settings_stop_everything(home, settings):
    home.run(NOW)
    home.put("more.txt", page("A Wholly New Breakwater"))
    home.write("digest.toml", settings)
    before = home.dump(), home.output()
    for command in (["run"], ["read", home.path / "inbox"], ["match", "kelp"], ["subscriptions", "check"]):
        done = home.call(*command, "--json")
        assert (done.status, done.out) == (2, "")
        assert "digest.toml" in done.err
    assert (home.dump(), home.output()) == before


def test_usage_errors_change_nothing(home, tmp_path):
    for command in (
        ["run", "--only", "nobody"],
        ["run", "--now", "yesterday"],
        ["run", "--now", "0001-01-01"],
        ["run", "--now", "9999-12-31T23:59"],
        ["run", "--captured", "2026-13-01"],
        ["run", "--frobnicate"],
        ["preview", "nobody"],
        ["why", "nobody"],
        ["ledger", "--run", "7"],
        ["ledger", "--run", "0"],
        ["ledger", "--run", "9" * 30],
        ["ledger", "--limit", "-1"],
        ["preview", "kelp", "--weeks", "1000000"],
        ["preview", "kelp", "--weeks", "many"],
        ["run", "--now"],
        ["read"],
        ["subscriptions"],
    ):
        done = home.call(*command)
        assert (done.status, done.out) == (2, ""), (command, done)
        assert done.err
    assert call("run", "--home", tmp_path / "absent").status == 2
    assert call().status == 2
    assert not (home.path / "digest.db").exists()
    assert home.output() == {}


def test_dry_run_records_nothing(home):
    home.put("bad.txt", "Dear all,\n\nthe pier is closed.\n")
    fresh = home.call("run", "--dry-run", "--json", "--now", NOW)
    assert fresh.status == 1
    assert fresh.json["run"] is None
    assert issue_of(fresh.json, "kelp")["new"] == [KELP]
    assert not (home.path / "digest.db").exists()
    assert home.output() == {}
    assert home.run(NOW, status=1)["run"] == 1
    home.put("more.txt", page("Kelp Comes Back"))
    home.subscribe("late", "kelp")
    database = home.path / "digest.db"
    before = database.read_bytes(), home.dump(), home.output()
    rehearsed = home.run("2026-11-21T09:00", "--dry-run")
    assert issue_of(rehearsed, "kelp")["number"] == 2
    assert issue_of(rehearsed, "kelp")["new"] == ["Kelp Comes Back"]
    assert rehearsed["feeds"] == []
    assert (database.read_bytes(), home.dump(), home.output()) == before
    real = home.run("2026-11-21T09:00")
    assert real["subscriptions"] == rehearsed["subscriptions"]
    assert real["files"] == rehearsed["files"]
    assert real["run"] == 2


def test_force_makes_an_issue_regardless_of_the_clock(home):
    home.run(NOW)
    home.put("more.txt", page("Kelp Comes Back"))
    assert issue_of(home.run(NOW), "kelp") is None
    forced = issue_of(home.run(NOW, "--force"), "kelp")
    assert (forced["number"], forced["slot"], forced["new"]) == (2, None, ["Kelp Comes Back"])


def test_only_runs_one_subscription(home):
    home.subscribe("rock", "granite")
    report = home.run(NOW, "--only", "rock")
    assert [each["id"] for each in report["subscriptions"]] == ["rock"]
    assert issue_of(report, "rock")["new"] == [ROCK]
    rest = home.run(NOW)
    assert issue_of(rest, "kelp")["new"] == [KELP]
    assert issue_of(rest, "rock") is None
    home.write("subscriptions/bad.toml", "keywords = []\n")
    assert home.call("run", "--only", "kelp", "--now", NOW).status == 0
    assert home.call("run", "--only", "bad", "--now", NOW).status == 1


def test_named_files_keep_their_order_and_folders_go_by_date(home, tmp_path):
    shutil.rmtree(home.path / "inbox")
    for name, day in (("a", "2026-11-18"), ("b", "2026-11-16"), ("c", "2026-11-17")):
        home.put(f"{name} {day}.txt", page(f"Harbour Study {name}"))
    inbox = home.path / "inbox"
    by_date = ["b 2026-11-16.txt", "c 2026-11-17.txt", "a 2026-11-18.txt"]

    def order(*words, status=0):
        return [
            Path(each["path"]).name for each in home.run(NOW, "--dry-run", *words, status=status)["files"]
        ]

    assert order() == by_date
    assert order(inbox) == by_date
    named = [inbox / "c 2026-11-17.txt", inbox / "a 2026-11-18.txt", inbox / "b 2026-11-16.txt"]
    assert order(*named) == [path.name for path in named]
    mixed = order(named[1], tmp_path / "nothing", inbox, status=1)
    assert mixed == ["a 2026-11-18.txt", "nothing", *by_date]
    (tmp_path / "two").mkdir()
    for name in ("y.txt", "x.txt"):  # one date: by name
        shutil.copy(inbox / "b 2026-11-16.txt", tmp_path / "two" / name)
    assert order(tmp_path / "two", "--captured", "2026-11-01") == ["x.txt", "y.txt"]


def test_captured_sets_the_date_of_a_page(home, tmp_path):
    path = tmp_path / "page.txt"
    path.write_text(page(Card(KELP, below=below(published="Nov 12")), day="Nov 16"), "utf-8")
    file = home.call("diff", path, "--captured", "2019-11-16", "--json").json["files"][0]
    assert file["captured"] == "2019-11-16"
    read = home.call("read", path, "--captured", "2019-11-16", "--json").lines
    assert read[0]["published"] == "2019-11-12"
    report = home.run(NOW, path, "--captured", "2019-11-16")
    assert report["files"][0]["captured"] == "2019-11-16"
    os.utime(path, (1_700_000_000, 1_700_000_000))  # 14 November 2023: the page's day was 2022's
    assert home.call("read", path, "--json").lines[0]["published"] == "2022-11-12"
    assert home.call("read", path, "--json", "--now", "2021-12-01").lines[0]["published"] == "2021-11-12"


def test_the_clock_with_and_without_offset(home):
    home.write("digest.toml", 'timezone = "Asia/Tokyo"\n')
    home.run("2026-11-20T08:00")
    home.put("more.txt", page("Kelp Comes Back"))
    assert issue_of(home.run("2026-11-21T07:59:59", "--dry-run"), "kelp") is None
    assert issue_of(home.run("2026-11-20T22:59:59Z", "--dry-run"), "kelp") is None
    assert issue_of(home.run("2026-11-21T00:00:00+01:00", "--dry-run"), "kelp") is not None
    assert issue_of(home.run("2026-11-21T08:00"), "kelp")["slot"] == "2026-11-21T08:00:00+09:00"


def test_the_home_is_named_or_in_the_environment_or_here(home, tmp_path, monkeypatch):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)

    def known(*words):
        return [each["id"] for each in call("subscriptions", "list", "--json", *words).json]

    assert known() == []
    monkeypatch.setenv("DIGEST_HOME", str(home.path))
    assert known() == ["kelp", "none"]
    assert known("--home", str(elsewhere)) == []
    monkeypatch.delenv("DIGEST_HOME")
    monkeypatch.chdir(home.path)
    assert known() == ["kelp", "none"]


def test_quiet_shows_errors_only(home, tmp_path):
    for command in (["run", "--now", NOW], ["ledger"], ["why", "kelp"], ["preview", "kelp"]):
        done = home.call(*command, "--quiet")
        assert (done.status, done.out, done.err) == (0, "", ""), command
    done = home.call("read", tmp_path / "absent.txt", "--quiet")
    assert (done.status, done.out) == (1, "")
    assert "absent.txt" in done.err
    assert home.run(NOW, "--quiet")["run"] == 2


def test_every_command_prints_json_and_nothing_else(home):
    home.run(NOW)
    inbox = home.path / "inbox"
    for command in (
        ["run", "--now", NOW],
        ["run", "--dry-run"],
        ["diff", inbox],
        ["preview", "kelp", "--weeks", "3"],
        ["subscriptions", "list"],
        ["subscriptions", "check"],
        ["subscriptions", "add", "late", "lantern"],
        ["ledger"],
        ["ledger", "--run", "1"],
        ["why", "kelp"],
        ["why", "kelp", "2026-11-20"],
    ):
        done = home.call(*command, "--json")
        assert done.status == 0, command
        assert len(done.out.splitlines()) == 1, command
        assert done.json is not None
        assert done.err == "", command
    for command in (["read", inbox], ["match", "kelp"], ["match", "kelp", inbox]):
        done = home.call(*command, "--json")
        assert done.lines and done.err == "", command


def test_people_get_tables(home):
    shown = home.call("run", "--now", NOW)
    assert "issue 1: 1 new paper" in shown.out
    assert "3 new papers, 0 updated, 1 issue." in shown.out
    assert "{" not in shown.out
    assert KELP in home.call("read", home.path / "inbox").out
    assert "seen" in home.call("diff", home.path / "inbox").out
    assert "1 paper in the library matches kelp" in home.call("match", "kelp").out
    assert "no match among 3 new papers" in home.call("why", "none").out
    assert "no match among 3 new papers" in home.call("ledger", "--run", "1").out
    assert "done" in home.call("ledger").out


def test_a_second_run_waits_for_the_first(home):
    with (home.path / ".digest.lock").open("a+") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        command = [sys.executable, "-m", "digest", "run", "--json", "--now", NOW, "--home", str(home.path)]
        second = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        with pytest.raises(subprocess.TimeoutExpired):
            second.wait(1.5)
        assert not (home.path / "digest.db").exists()
        fcntl.flock(held, fcntl.LOCK_UN)
        out, err = second.communicate(timeout=30)
    assert (second.returncode, err) == (0, "")
    assert json.loads(out)["run"] == 1


def test_a_run_that_times_out_names_the_holder_of_the_lock(home, monkeypatch):
    monkeypatch.setattr(lock, "hold", functools.partial(lock.hold, timeout=0.2))
    with lock.hold(home.path, command="digest run --home there"):
        done = home.call("run", "--json", "--now", NOW)
    assert (done.status, done.out) == (1, "")
    assert f"digest run --home there (process {os.getpid()}" in only_line(done)
    assert home.run(NOW)["run"] == 1


def test_a_run_waits_a_minute_for_the_lock():
    assert lock.hold.__wrapped__.__kwdefaults__["timeout"] == 60


def test_subscriptions_check(home):
    assert home.call("subscriptions", "check", "--json").json == [
        {"id": "kelp", "errors": [], "warnings": []},
        {"id": "none", "errors": [], "warnings": []},
    ]
    home.run(NOW)
    home.subscribe("names", "author:nobody OR kelp")
    warned = home.call("subscriptions", "check", "--json")
    assert warned.status == 0
    (warning,) = next(each["warnings"] for each in warned.json if each["id"] == "names")
    assert "author" in warning
    home.write("subscriptions/bad.toml", 'keywords = ["kelp"]\nmax_paper = 3\nschedule = "daly 08:00"\n')
    wrong = home.call("subscriptions", "check", "--json")
    assert wrong.status == 2
    errors = next(each["errors"] for each in wrong.json if each["id"] == "bad")
    assert any("bad.toml:2" in error and "max_papers" in error for error in errors)
    assert any("bad.toml:3" in error and "daly" in error for error in errors)
    shown = home.call("subscriptions", "check")
    assert shown.status == 2
    assert "bad.toml:3" in shown.err


def test_subscriptions_list(home):
    home.run(NOW)
    home.write("subscriptions/bad.toml", "keywords = 3\n")
    done = home.call("subscriptions", "list", "--json", "--now", NOW)
    assert done.status == 0
    statuses = {each["id"]: each for each in done.json}
    assert (statuses["kelp"]["issues"], statuses["none"]["issues"]) == (1, 0)
    assert statuses["kelp"]["next_slot"] == "2026-11-21T08:00:00+00:00"
    assert statuses["bad"]["error"]


def test_subscriptions_add(home):
    done = home.call(
        *("subscriptions", "add", "new-one", 'title:"sea wall"', "kelp", "--exclude", "gull"),
        *("--name", "The “wall”", "--email", "reader@example.org", "--max-papers", "3", "--json"),
    )
    assert done.status == 0
    assert Path(done.json["path"]) == home.path / "subscriptions/new-one.toml"
    report = home.run(NOW)
    assert issue_of(report, "new-one")["eml"] == "output/issues/new-one/2026-11-20-1.eml"
    for words in (
        ("new-one", "kelp"),
        ("all", "kelp"),
        ("../up", "kelp"),
        ("Upper", "kelp"),
        ("third", "(kelp"),
        ("third", "kelp", "--schedule", "never"),
        ("third", "kelp", "--max-papers", "0"),
        ("third", "kelp", "--email", "nobody"),
    ):
        refused = home.call("subscriptions", "add", *words)
        assert (refused.status, refused.out) == (2, ""), words
    names = {path.name for path in home.path.rglob("*.toml")}
    assert names == {"kelp.toml", "none.toml", "new-one.toml"}


def test_preview_shows_the_issue_and_records_nothing(home):
    home.run(NOW)
    home.put("more.txt", page("Kelp Comes Back", "A Wholly New Breakwater"))
    home.run(NOW)
    before = home.dump(), home.output()
    done = home.call("preview", "kelp", "--json", "--weeks", "2", "--now", "2026-11-24T10:00")
    preview = done.json
    assert (preview["considered"], preview["matched"]) == (2, 1)
    assert preview["issue"]["new"] == ["Kelp Comes Back"]
    assert preview["weeks"] == [
        {"week": "2026-11-16", "papers": 5, "matched": 2},
        {"week": "2026-11-23", "papers": 0, "matched": 0},
    ]
    shown = home.call("preview", "kelp", "--now", NOW).out
    assert "Kelp Comes Back" in shown
    assert "2.0 papers a week over 1 week." in shown  # of 8, as the library is not older
    assert home.call("preview", "none", "--json", "--now", NOW).json["issue"] is None
    assert (home.dump(), home.output()) == before
    home.write("subscriptions/none.toml", "keywords = 3\n")
    assert home.call("preview", "none").status == 2


def test_ledger_and_why(home):
    home.run(NOW)
    home.run("2026-11-21T09:00")
    runs = home.call("ledger", "--json").json
    assert [run["run"] for run in runs] == [2, 1]
    assert runs[1]["report"]["files"][0]["new"] == 3
    assert runs[1]["clock"] == "2026-11-20T09:00:00+00:00"
    assert len(home.call("ledger", "--json", "--limit", "1").json) == 1
    one = home.call("ledger", "--run", "1", "--json").json
    assert one == runs[1]
    why = home.call("why", "kelp", "--json").json
    assert [(each["run"], each["issue"]) for each in why["decided"]] == [(2, None), (1, 1)]
    on_day = home.call("why", "none", "2026-11-20", "--json").json
    assert [each["reason"] for each in on_day["decided"]] == ["no match among 3 new papers"]
    assert home.call("why", "kelp", "2026-11-19", "--json").json["decided"] == []
    (home.path / "subscriptions/kelp.toml").unlink()
    gone = home.call("why", "kelp", "--json")
    assert gone.status == 0
    assert gone.json["now"] is None


def test_init_creates_a_home_once(tmp_path):
    target = tmp_path / "deep" / "papers"
    assert call("init", target, "--json").json == {"home": str(target)}
    assert {"inbox", "subscriptions", "templates", "output", "digest.toml"} <= {
        path.name for path in target.iterdir()
    }
    assert call("subscriptions", "check", "--home", target).status == 0
    before = {path: path.read_bytes() for path in target.rglob("*") if path.is_file()}
    again = call("init", target)
    assert (again.status, again.out) == (2, "")
    assert {path: path.read_bytes() for path in target.rglob("*") if path.is_file()} == before
    assert call("init", target / "digest.toml").status == 2
    assert call("init", "--samples", tmp_path / "trial").status == 0
    assert issue_of(call("run", "--home", tmp_path / "trial", "--json", "--now", NOW).json, "agents")


def test_a_closed_pipe_ends_a_command_without_a_traceback(home):
    command = [sys.executable, "-m", "digest", "read", "--json", "--home", str(home.path)]
    command += [str(home.path / "inbox/2026-11-16.txt")] * 200
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert json.loads(child.stdout.readline())["rank"] == 1
    child.stdout.close()
    assert child.stderr.read() == ""
    child.stderr.close()
    assert child.wait(30) == 1


def test_characters_that_the_terminal_cannot_show(home, tmp_path):
    path = tmp_path / "page.txt"
    path.write_text(page("Größe und Wahrheit im Nebel 灯台"), "utf-8")
    command = [sys.executable, "-m", "digest", "read", str(path), "--home", str(home.path)]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "LC_ALL": "C", "PYTHONUTF8": "0"}
    for more in ([], ["--json"]):
        done = subprocess.run([*command, *more], env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


def test_file_names_that_are_not_utf_8(home):
    odd = os.fsdecode(b"caf\xe9.txt")
    home.put(odd, page("A Wholly New Breakwater"))
    report = home.run(NOW)
    assert counts(report) == [(3, 0, 0), (1, 0, 0)]
    assert report["files"][1]["path"] == f"inbox/{odd}"
    assert counts(home.run(NOW)) == [(0, 0, 3), (0, 0, 1)]
    home.write(f"subscriptions/{os.fsdecode(bytes([0xE9]))}.toml", 'keywords = ["kelp"]\n')
    assert home.call("subscriptions", "list").status == 0
    assert home.call("subscriptions", "list", "--json").status == 0
    assert home.call("subscriptions", "check").status == 2
    assert home.call("run", "--now", NOW).status == 1
    assert home.call("run", os.fsdecode(b"\xe9"), "--now", NOW).status == 1
    assert home.call("ledger", "--json").status == 0
    assert home.call("why", os.fsdecode(b"\xe8")).status == 2


def test_options_may_be_given_anywhere(home):
    path = home.path / "inbox/2026-11-16.txt"
    expected = home.call("match", "kelp", path, "--captured", "2026-11-16", "--json").out
    assert expected
    options = ("--json", "--home", home.path, "--captured", "2026-11-16")
    assert call("match", *options, "kelp", path).out == expected
    assert call("match", "kelp", *options, path).out == expected
    assert call("match", "--captured=2026-11-16", "kelp", "--json", path, "--home", home.path).out == expected
    assert call("match", *options, "--", "kelp", path).out == expected
    home.run(NOW)
    why = call("why", "kelp", "--json", "2026-11-20", "--home", home.path)
    assert [each["issue"] for each in why.json["decided"]] == [1]
    added = call(
        "subscriptions", "add", "--name", "Late", "late", "--home", home.path, "kelp", "--exclude", "x", "y"
    )
    assert added.status == 0
    text = (home.path / "subscriptions/late.toml").read_text("utf-8")
    assert 'keywords = ["kelp", "y"]' in text and 'exclude = ["x"]' in text


def test_help_and_version():
    assert call("--version").out.startswith("digest ")
    for command in ([], ["run"], ["match"], ["subscriptions", "add"], ["init"]):
        done = call(*command, "--help")
        assert done.status == 0
        assert "--json" in done.out or not command


def parsers() -> dict[tuple[str, ...], argparse.ArgumentParser]:
    """Return the parser of every command and action, by its words."""
    found = {}

    def walk(parser, words):
        found[words] = parser
        for action in parser._actions:
            if isinstance(action.choices, dict):
                for name, child in action.choices.items():
                    walk(child, (*words, name))

    walk(build_parser()[0], ())
    return found


@pytest.mark.parametrize("words", parsers(), ids=" ".join)
def test_the_help_of_every_command_has_one_form(words):
    parser = parsers()[words]
    first, *details = parser.description.split("\n\n")
    for sentence in (first, *details):
        assert sentence[0].isupper() and sentence.endswith("."), sentence
    assert first.count(". ") == 0
    for action in parser._actions:
        if action.help != argparse.SUPPRESS and action.metavar != "ACTION":
            assert action.help, action
            assert not action.help.endswith("."), action.help
            assert action.help.split()[0].islower() or action.metavar in {"PATH", "PAPER"}, action.help


def test_the_examples_of_the_help_can_be_typed():
    """Every line under "example" is a command that parses."""
    parser, groups = build_parser()
    seen = 0
    for words, each in parsers().items():
        head, *lines = (each.epilog or "").split("\n")
        if head in {"example:", "examples:"}:
            for line in lines:
                program, *typed = shlex.split(line)
                assert program == "digest" and tuple(typed[: len(words)]) == words
                assert parser.parse_args(command_first(typed, groups)).command
                seen += 1
    assert seen > 20


def test_help_lists_every_command():
    shown = call("--help").out
    for words in parsers():
        assert len(words) != 1 or f"\n  {words[0]} " in shown
    assert all(len(line) <= 80 for line in shown.splitlines())


def test_an_unknown_command_is_answered_with_the_nearest():
    assert "'leger' is not a command; did you mean 'ledger'?" in call("leger").err
    assert "'retri' is not a command; did you mean 'retry'?" in call("outbox", "retri", "1").err
    assert "'frobnicate' is not a command; to list the commands: digest --help" in call("frobnicate").err


def test_wrong_values_are_named_with_the_remedy():
    assert "'2026-13-01' is not a valid date; use YYYY-MM-DD" in call("run", "--captured", "2026-13-01").err
    assert "'x' is not a valid time; use 2026-11-24T08:00" in call("run", "--now", "x").err
    assert (
        "'0001-01-01' is out of range; use a year from 1900 to 9000" in call("run", "--now", "0001-01-01").err
    )
    assert "'0' is not a valid number; use a whole number from 1 to" in call("ledger", "--limit", "0").err
    assert (
        "'99999' is not a valid number; use a whole number from 0 to 65535"
        in call("serve", "--port", "99999").err
    )


def test_results_without_content_say_so_and_say_what_to_do(home):
    for command, shown in (
        (("ledger",), "No runs yet. To start one: digest run"),
        (("library", "search", "walrus"), "No paper in the library matches walrus"),
        (("library", "merges"), "No papers were merged or split."),
        (
            ("outbox", "list"),
            "The outbox is empty.\nTo include messages that were sent: digest outbox list --all",
        ),
        (("outbox", "list", "--all"), "The outbox is empty."),
        (("recipients", "list"), "No recipients yet."),
        (("match", "walrus"), "No paper in the library matches walrus"),
    ):
        done = home.call(*command)
        assert (done.status, done.out, done.err) == (0, f"{shown}\n", ""), command


def test_tables_leave_out_columns_without_values(home):
    cards = (Card(KELP, below=below(4, "Nov 12", 7)), Card(LAMP))
    plain, rich = home.put("a.txt", page(LAMP, ROCK)), home.put("b.txt", page(*cards))
    lines = home.call("read", plain, "--captured", "2026-11-16").out.splitlines()
    assert lines[1].split() == ["rank", "title"]
    assert not any(line != line.rstrip() for line in lines)
    lines = home.call("read", rich, "--captured", "2026-11-16").out.splitlines()
    assert lines[1].split() == ["rank", "title", "authors", "published", "comments"]
    assert lines[2].split()[-3:] == ["4", "2026-11-12", "7"]


def test_control_characters_of_a_title_do_not_reach_the_terminal(home):
    """In JSON they are escaped."""
    entry = {
        "title": "Kelp \x1b[31min red\x07",
        "abstract": "One \x1b]0;two\x07 three.",
        "DOI": "10.1000/kelp",
    }
    path = home.put("a.json", json.dumps([{"type": "article-journal", **entry}]))
    home.run(NOW)
    for command in (("read", path), ("library", "search", "red"), ("match", "red"), ("library", "show", "4")):
        shown = home.call(*command).out
        assert "Kelp \ufffd[31min red\ufffd" in shown and "\x1b" not in shown, command
    assert home.call("read", path, "--json").lines[0]["title"] == entry["title"]


def test_a_terminal_breaks_lines_at_words_below_their_label(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("TERM", "xterm")
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    Screen(quiet=False, machine=False).error("one two three four five six seven eight\n  (kelp\n  ^")
    assert re.sub("\x1b\\[[0-9;]*m", "", terminal.getvalue()) == (
        "digest: one two three four five six\n        seven eight\n          (kelp\n          ^\n"
    )


def test_a_report_of_the_ledger_is_shown_like_a_run(home):
    shown = home.call("run", "--now", NOW).out
    tables, _, _ = shown.partition("first issue")
    assert tables in home.call("ledger", "--run", "1").out
    assert home.call("ledger").out.splitlines()[1].split()[-5:] == ["done", "1", "3", "0", "1"]


def test_the_module_is_the_command(home):
    done = subprocess.run([sys.executable, "-m", "digest", "--version"], capture_output=True, text=True)
    assert done.stdout == call("--version").out
    assert main(["subscriptions", "check", "--quiet", "--home", str(home.path)]) == 0


FEED = (
    b"<rss version='2.0'><channel><title>x</title><item><title>Kelp by Post</title>"
    b"<description>Kelp came.</description></item></channel></rss>"
)


def test_fetch_and_run(home):
    """What a source announces is in the inbox, then in the library; a source that fails is named."""
    with http_server(
        lambda asked: HttpReply(404) if asked.path == "/gone" else HttpReply(body=FEED)
    ) as server:
        (home.path / "digest.toml").write_text(
            f'[[sources]]\nname = "shore"\nkind = "feed"\nurl = "{server.url}/feed"\nprivate = true\n'
            f'[[sources]]\nname = "gone"\nkind = "feed"\nurl = "{server.url}/gone"\nprivate = true\n'
        )
        done = home.call("fetch", "--json", "--now", NOW)
        assert done.status == 1 and "404" in done.err
        shore, gone = json.loads(done.out)["sources"]
        assert shore["files"] == [
            f"inbox/{path.name}" for path in sorted((home.path / "inbox").glob("shore-*.xml"))
        ]
        assert (len(shore["files"]), shore["unchanged"], shore["error"]) == (1, 0, None)
        assert (gone["name"], gone["kind"], gone["files"], gone["changed"]) == ("gone", "feed", [], None)
        again = home.call("fetch", "--source", "shore", "--now", "2026-11-23T09:00")
        assert again.status == 0 and "2026-11-20, 3 days ago" in again.out
    report = home.run(now=NOW)
    assert next(file for file in report["files"] if "shore" in file["path"])["new"] == 1


def test_fetch_without_sources(home):
    done = home.call("fetch")
    assert done.status == 0 and "digest.toml" in done.err
    done = home.call("fetch", "--source", "hf")
    assert done.status == 2 and "the source 'hf' does not exist" in done.err


def test_a_folder_that_is_not_a_home_is_not_changed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DIGEST_HOME", raising=False)
    for words in (("run",), ("run", "--dry-run"), ("schedule",)):
        done = call(*words)
        assert done.status == 2
        assert "is not a home" in done.err and "digest init papers" in done.err
    assert not list(tmp_path.iterdir())
    assert call("run", "--home", tmp_path).status == 0  # a named folder is a home
    (tmp_path / "other" / "inbox").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "other")
    assert call("run").status == 0
