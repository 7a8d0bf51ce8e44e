"""Backup and restore: what is refused, and that nothing sent since is sent again."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from digest.system.locks import LEADER, hold
from tests.homes import TestHome, issue_of, page, verdict_of

LAMPS = [f"Lantern number {n} of the pier" for n in range(9)]
DAYS = tuple(f"2026-11-{day}T09:00" for day in range(17, 27))


@pytest.fixture
def home(tmp_path: Path) -> TestHome:
    home = TestHome(tmp_path / "home")
    home.subscribe("lamp", "lantern", email="a@example.org")
    home.put("2026-11-17.txt", page(LAMPS[0], day="Nov 17"))
    home.run(DAYS[0])
    return home


def later(home: TestHome, *numbers: int) -> None:
    """Run on these days, each with a page of one more paper."""
    for number in numbers:
        home.put(f"2026-11-{17 + number}.txt", page(LAMPS[number], day=f"Nov {17 + number}"))
        assert issue_of(home.run(DAYS[number]), "lamp")["new"] == [LAMPS[number]]


def send(home: TestHome, issue: int, status: str) -> None:
    """Set the status of the message of an issue in the outbox, as a delivery does."""
    with closing(sqlite3.connect(home.path / "digest.db")) as database:
        columns = (
            "issue, recipient, address, domain, channel, status, attempts, doubts, queued, due, begun, reply"
        )
        moment = "2026-11-20T09:00:00.000000Z"
        values = (
            issue,
            "a@example.org",
            "a@example.org",
            "example.org",
            "smtp",
            status,
            1,
            0,
            moment,
            moment,
            0,
            "",
        )
        database.execute(f"delete from outbox where issue = {issue}")
        database.execute(f"insert into outbox ({columns}) values ({', '.join('?' * 12)})", values)
        database.commit()


def test_a_backup_equals_the_library(home, tmp_path):
    copy = tmp_path / "copy.db"
    done = home.call("backup", copy, "--json")
    assert (done.status, done.json["file"]) == (0, str(copy))
    with closing(sqlite3.connect(copy)) as database:
        assert list(database.iterdump()) == home.dump()
    assert [path.name for path in tmp_path.iterdir()] == ["home", "copy.db"] or len(
        list(tmp_path.iterdir())
    ) == 2
    assert "digest restore" in home.call("backup", copy).out


def test_a_lost_library_is_restored(home, tmp_path):
    copy = tmp_path / "copy.db"
    home.call("backup", copy)
    before = home.dump()
    (home.path / "digest.db").unlink()
    done = home.call("restore", copy, "--json").json
    assert (done["spared"], done["aside"], done["until"]) == (0, None, "2026-11-17T09:00:00+00:00")
    assert "not known which emails have been sent since Tue 2026-11-17 09:00 (UTC)" in done["unknown"][0]
    assert [line for line in home.dump() if "unwritten" not in line] == [
        line for line in before if "unwritten" not in line
    ]
    assert issue_of(home.run(DAYS[0]), "lamp") is None


def test_papers_sent_since_are_not_sent_again(home, tmp_path):
    copy = tmp_path / "copy.db"
    home.call("backup", copy)
    later(home, 1, 2, 3)
    for issue, status in ((2, "sent"), (3, "in_doubt"), (4, "pending")):
        send(home, issue, status)
    done = home.call("restore", copy, "--json", "--now", DAYS[4]).json
    assert done["spared"] == 2
    assert Path(done["aside"]).exists()
    assert "was last written" in done["unknown"][0]
    home.put("2026-11-21.txt", page(LAMPS[4], day="Nov 21"))
    made = issue_of(home.run(DAYS[4]), "lamp")
    assert made["number"] == 2
    assert sorted(made["new"]) == [LAMPS[3], LAMPS[4]]


def test_the_later_library_can_be_named(home, tmp_path):
    copy, newer = tmp_path / "copy.db", tmp_path / "newer.db"
    home.call("backup", copy)
    later(home, 1)
    home.call("backup", newer)
    (home.path / "digest.db").write_bytes(b"SQLite format 3\0 and then nothing of sense" * 99)
    shown = home.call("restore", copy, "--newer", newer)
    assert shown.status == 0, shown.err
    assert "1 paper sent since then will not be sent again" in shown.out
    report = home.run(DAYS[2])
    assert issue_of(report, "lamp") is None
    assert "1 matching paper was already in an earlier issue" in verdict_of(report, "lamp")["reason"]


def test_open_messages_that_were_sent_since_count_as_sent(home, tmp_path):
    copy = tmp_path / "copy.db"
    send(home, 1, "pending")
    home.call("backup", copy)
    send(home, 1, "sent")
    assert home.call("restore", copy).status == 0
    assert home.rows("select status, reply from outbox") == [("sent", "sent before the library was restored")]


def test_addresses_suppressed_since_stay_suppressed(home, tmp_path):
    copy = tmp_path / "copy.db"
    home.call("backup", copy)
    home.call("recipients", "suppress", "a@example.org", "--reason", "has left")
    assert home.call("restore", copy).status == 0
    assert home.rows("select address, reason from suppression") == [("a@example.org", "has left")]
    assert not list(home.path.glob(".*part*"))


@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\0" + b"x" * 5000])
def test_other_files_are_refused(home, tmp_path, content):
    before = home.dump()
    bad = tmp_path / "bad.db"
    bad.write_bytes(content)
    for words in (
        ("restore", bad),
        ("restore", home.path / "digest.db", "--newer", bad),
        ("restore", tmp_path / "absent"),
    ):
        done = home.call(*words)
        assert done.status == 2
        assert "name a file that digest backup wrote" in done.err
    assert home.dump() == before


def test_the_library_in_use_is_refused(home):
    assert "is the library in use" in home.call("restore", home.path / "digest.db").err


def test_a_restore_is_refused_while_the_schedule_runs(home, tmp_path):
    home.call("backup", tmp_path / "copy.db")
    with hold(home.path, command="digest schedule", file=LEADER):
        done = home.call("restore", tmp_path / "copy.db")
    assert done.status == 1
    assert "digest schedule" in done.err


def test_a_backup_that_cannot_be_made(home, tmp_path):
    assert "is a folder" in home.call("backup", tmp_path).err
    assert "cannot be written" in home.call("backup", tmp_path / "absent" / "copy.db").err
    assert (
        "the library does not exist yet" in TestHome(tmp_path / "fresh").call("backup", tmp_path / "c.db").err
    )
    home.write("digest.toml", "database = 'sqlite://'\n")
    assert "is not a SQLite file" in home.call("backup", tmp_path / "c.db").err


@pytest.mark.parametrize("option", [(), ("--newer",)])
def test_a_library_of_a_newer_program_changes_nothing(home, tmp_path, option):
    copy, strange = tmp_path / "copy.db", tmp_path / "strange.db"
    for path in (copy, strange):
        home.call("backup", path)
    with closing(sqlite3.connect(strange)) as database:
        database.execute("update schema_version set version = 99")
        database.commit()
    before, names = home.dump(), sorted(home.path.iterdir())
    files = (copy, "--newer", strange) if option else (strange,)
    done = home.call("restore", *files)
    assert done.status == 2
    assert f"{strange}: the library database has schema version 99" in done.err
    assert home.dump() == before
    locks = {home.path / ".digest.schedule.lock", home.path / ".digest.lock"}
    assert set(home.path.iterdir()) - locks == set(names) - locks
