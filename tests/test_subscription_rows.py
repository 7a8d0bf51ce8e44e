"""Subscriptions as rows of the library: files that change or vanish, what is due, and what the ledger keeps."""

import pytest

from tests.homes import TestHome, issue_of, page


@pytest.fixture
def home(tmp_path):
    home = TestHome(tmp_path)
    for n in range(12):
        home.subscribe(f"s{n:02}", "fog")
    home.put("2026-11-15.txt", page("Fog over the pier"))
    home.run("2026-11-16T09:00")
    return home


def test_the_ledger_keeps_what_happened_only(home):
    home.run("2026-11-16T10:00")
    assert home.rows("select run, count(*) from verdict group by run") == [(1, 12)]
    report = home.call("ledger", "--run", "2", "--json").json["report"]
    assert (report["subscriptions"], report["idle"], report["issues"]) == ([], 12, 0)
    first = home.call("ledger", "--run", "1", "--json").json["report"]
    assert [each["issue"]["number"] for each in first["subscriptions"]] == [1] * 12
    reason = home.call("why", "s00", "--json").json["decided"][0]["reason"]
    assert reason.startswith("not due until Tue 2026-11-17 08:00") or "2026-11-17 08:00" in reason


def test_a_folder_that_is_missing_ends_nothing(home):
    (home.path / "subscriptions").rename(home.path / "elsewhere")
    report = home.run("2026-11-17T09:00", status=1)
    assert "subscriptions/ is missing" in report["problems"][0]
    assert home.rows("select count(*) from subscription") == [(12,)]


def test_more_than_half_gone_ends_nothing_and_fewer_end(home):
    for n in range(7):
        (home.path / f"subscriptions/s{n:02}.toml").unlink()
    assert "7 of 12 files" in home.run("2026-11-17T09:00", status=1)["problems"][0]
    assert home.rows("select count(*) from subscription") == [(12,)]
    for n in range(1, 7):
        home.subscribe(f"s{n:02}", "fog")
    home.run("2026-11-17T10:00")
    assert home.rows("select count(*) from subscription") == [(11,)]
    home.subscribe("s00", "fog")
    home.put("2026-11-18.txt", page("More fog"))
    assert issue_of(home.run("2026-11-18T09:00"), "s00")["number"] == 2


def test_with_many_subscriptions_a_report_lists_what_happened(home, monkeypatch):
    monkeypatch.setattr("digest.pipeline.run.LISTED", 5)
    home.subscribe("new", "pier")
    report = home.run("2026-11-16T10:00")
    assert ([each["id"] for each in report["subscriptions"]], report["idle"]) == (["new"], 12)
    report = home.run("2026-11-16T11:00", "--all")
    assert (len(report["subscriptions"]), report["idle"]) == (13, 0)


def test_pages_follow_ids_across_rows_new_files_and_files_that_are_gone(home):
    rows = [f'{{"id": "{name}", "keywords": ["fog"]}}' for name in ("a1", "s01-row", "s05-row", "z9")]
    (home.path / "rows.jsonl").write_text("\n".join(rows))
    assert home.call("subscriptions", "import", home.path / "rows.jsonl").status == 0
    home.subscribe("s03-new", "fog")
    home.subscribe("s04", "pier")
    (home.path / "subscriptions/s06.toml").unlink()
    files = [f"s{n:02}" for n in range(12) if n != 6]
    every = sorted([*files, "a1", "s01-row", "s03-new", "s05-row", "z9"])
    for after in ("", *every, "s06"):
        listed = home.call("subscriptions", "list", "--after", after, "--limit", "4", "--json").json
        assert [each["id"] for each in listed] == [name for name in every if name > after][:4]
