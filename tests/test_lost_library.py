"""A home whose library is lost is refused, and what is private stays private."""

import contextlib
import os
import re
import shutil
import sqlite3
import stat
from pathlib import Path

import pytest

from digest.system.resources import folder
from tests.homes import TestHome, call, issue_of, page, verdict_of

NOW, LATER = "2026-11-20T09:00", "2026-11-21T09:00"
REFUSED = (("run",), ("run", "--dry-run"), ("deliver",), ("schedule",), ("serve", "--port", "0"))


@pytest.fixture
def home(tmp_path: Path) -> TestHome:
    """A home with a library, an issue and no backup."""
    home = TestHome(tmp_path / "home")
    home.put("a.txt", page("One lamp", "Two lamps"))
    home.subscribe("lamps", "lamp*", email="ada@example.org")
    home.run(NOW)
    return home


def missing(home: TestHome) -> None:
    for path in home.path.glob("digest.db*"):
        path.unlink()


def truncated(home: TestHome) -> None:
    missing(home)
    (home.path / "digest.db").touch()


def without_tables(home: TestHome) -> None:
    missing(home)
    with contextlib.closing(sqlite3.connect(home.path / "digest.db")) as database:
        database.execute("pragma journal_mode = wal")
        database.execute("create table other (name)")


def emptied(home: TestHome) -> None:
    """Empty every table, the version of the schema included."""
    with contextlib.closing(sqlite3.connect(home.path / "digest.db")) as database:
        names = database.execute("select name from sqlite_master where type = 'table'").fetchall()
        for (name,) in names:
            database.execute(f'delete from "{name}"')
        database.commit()


def emptied_but_version(home: TestHome) -> None:
    with contextlib.closing(sqlite3.connect(home.path / "digest.db")) as database:
        (version,) = database.execute("select version from schema_version").fetchone()
        emptied(home)
        database.execute("insert into schema_version values (?)", (version,))
        database.commit()


LOSSES = (missing, truncated, without_tables, emptied, emptied_but_version)


def content(home: TestHome) -> dict[str, bytes]:
    found = (Path(parent) / name for parent, _, names in os.walk(home.path) for name in names)
    return {
        str(path): path.read_bytes() for path in found if not path.name.startswith((".digest.", "digest.db-"))
    }


@pytest.mark.parametrize("lose", LOSSES)
def test_a_lost_library_is_refused_and_nothing_is_changed(home, lose):
    lose(home)
    before = content(home)
    for command in REFUSED:
        done = home.call(*command)
        assert done.status == 2, (command, done)
        assert "had a library" in done.err, done.err
        assert "--new-library" in done.err, done.err
    assert content(home) == before


def overwritten(data: bytes) -> bytes:
    return b"This is not a database. " * (len(data) // 24)


def cut_in_half(data: bytes) -> bytes:
    return data[: len(data) // 2]


def without_its_pages(data: bytes) -> bytes:
    """Only the first page of 4,096 bytes, which lists the tables, is left."""
    return data[:4096] + b"\xa5" * (len(data) - 4096)


@pytest.mark.parametrize("spoil", [overwritten, cut_in_half, without_its_pages])
def test_a_damaged_library_is_refused_like_a_lost_one(home, spoil):
    home.call("backup", str(home.path / "copy.db"))
    data = (home.path / "copy.db").read_bytes()
    missing(home)
    (home.path / "digest.db").write_bytes(spoil(data))
    before = content(home)
    for command in (*REFUSED, ("run", "--new-library")):
        done = home.call(*command)
        assert done.status == 2, (command, done)
        assert "digest.db is damaged or not a library (" in done.err, done.err
        assert "digest restore " in done.err and "copy.db" in done.err, done.err
    assert home.call("doctor").status == 1
    assert content(home) == before
    assert home.call("restore", str(home.path / "copy.db")).status == 0
    assert home.run(LATER)


@pytest.mark.parametrize("lose", LOSSES)
def test_a_new_library_is_begun_only_on_demand(home, lose):
    lose(home)
    report = home.run(LATER, "--new-library")
    issue = issue_of(report, "lamps")
    assert issue is not None
    assert issue["number"] == 1
    assert home.call("deliver").status == 0
    home.run("2026-11-22T09:00")


def test_a_service_that_began_a_new_library_without_a_run_is_not_refused(home):
    missing(home)
    assert home.call("deliver", "--new-library").status == 0
    assert home.call("deliver").status == 0
    home.run(LATER)


PROOFS = {
    "marker": "state/library.json",
    "issue": "output/issues/lamps/2026-11-20-1.html",
    "page": "output/site/index.html",
    "feed": "output/feeds/all.rss",
    "backup": "backups/digest-2026-11-20.db",
}


@pytest.mark.parametrize("proof", PROOFS.values(), ids=PROOFS)
def test_each_trace_of_a_library_is_enough(tmp_path, proof):
    home = TestHome(tmp_path)
    home.write(proof, "any")
    done = home.call("run")
    assert (done.status, proof in done.err) == (2, True), done


def test_the_files_of_a_checkout_and_of_init_count_for_nothing(tmp_path):
    home = TestHome(tmp_path / "clone")
    home.write("output/README.md", (folder("templates").parent / "output" / "README.md").read_bytes())
    home.write("output/.gitkeep", "")
    home.run(NOW)
    assert call("init", tmp_path / "new").status == 0
    assert call("run", "--home", tmp_path / "new", "--now", NOW).status == 0


@pytest.mark.parametrize("lose", LOSSES)
def test_other_commands_are_not_refused(home, lose, tmp_path):
    assert home.call("backup", tmp_path / "copy.db").status == 0
    lose(home)
    assert home.call("read", home.path / "inbox" / "a.txt").status == 0
    assert home.call("init", tmp_path / "other").status == 0
    for command in (
        ("subscriptions", "list"),
        ("subscriptions", "add", "fog", "fog"),
        ("recipients", "list"),
    ):
        done = home.call(*command)
        assert done.status == 0, (command, done)
    doctor = home.call("doctor", "--json")
    assert doctor.status == 1
    assert any("had a library" in each["message"] for each in doctor.json), doctor.json
    restored = home.call("restore", tmp_path / "copy.db")
    assert restored.status == 0, restored
    assert verdict_of(home.run(LATER), "lamps")["issue"] is None


def test_the_refusal_names_the_newest_backup(home):
    (home.path / "backups").mkdir()
    for day in ("19", "20"):
        assert home.call("backup", home.path / "backups" / f"digest-2026-11-{day}.db").status == 0
    os.utime(home.path / "backups" / "digest-2026-11-19.db", (1, 1))
    missing(home)
    done = home.call("run")
    assert f"digest restore {home.path / 'backups' / 'digest-2026-11-20.db'}" in done.err


def test_a_library_that_is_in_use_is_left_as_it_is(home):
    before = home.rows("select count(*) from paper")
    home.run(LATER, "--new-library")
    assert home.rows("select count(*) from paper") == before


def mode(path: Path) -> str:
    return f"{stat.S_IMODE(path.stat().st_mode):o}"


@pytest.fixture
def usual_umask():
    before = os.umask(0o022)
    yield
    os.umask(before)


def test_private_files_are_private_and_the_site_is_not(tmp_path, usual_umask):
    home = TestHome(tmp_path)
    home.put("a.txt", page("One lamp"))
    home.subscribe("lamps", "lamp*", email="ada@example.org")
    with sqlite3.connect(home.path / "other.db"):  # what SQLite makes by itself is open to all
        assert mode(home.path / "other.db") == "644"
    home.run(NOW)
    home.call("backup", home.path / "copy.db")
    home.call("restore", home.path / "copy.db")
    assert home.call("subscriptions", "list").status == 0
    issues = home.path / "output" / "issues"
    private = (".digest.lock", "digest.db", "copy.db", "state/library.json")
    for path in (
        *(home.path / name for name in private),
        *issues.glob("*/*.eml"),
        *home.path.glob("*-before-restore-*"),
    ):
        assert mode(path) == "600", path
    for path in (home.path / "state", issues, issues / "lamps"):
        assert mode(path) == "700", path
    for path in (home.path / "output/site/index.html", home.path / "output/feeds/all.rss"):
        assert mode(path) == "644", path
    assert mode(home.path / "output/site") == "755"


def test_the_files_next_to_a_library_in_use_are_private(home, usual_umask):
    with contextlib.closing(sqlite3.connect(home.path / "digest.db")) as database:
        database.execute("begin immediate")
        database.execute("update run set status = status")
        database.commit()
        assert {mode(path) for path in home.path.glob("digest.db*")} == {"600"}
        assert len(list(home.path.glob("digest.db*"))) == 3


def test_the_modes_of_an_older_home_are_mended(home, usual_umask):
    shutil.rmtree(home.path / "state")
    eml = next((home.path / "output/issues").glob("*/*.eml"))
    paths = (home.path / "digest.db", home.path / ".digest.lock", eml)
    folders = (home.path / "output/issues", eml.parent)
    for path in paths:
        path.chmod(0o644)
    for path in folders:
        path.chmod(0o755)
    found = [each for each in home.call("doctor", "--json").json if each["check"] == "modes"]
    assert [each["state"] for each in found] == ["warning"]
    assert re.match(r"digest.db and \d other paths are open to other users", found[0]["message"])
    home.run(LATER)
    assert {mode(path) for path in paths} == {"600"}
    assert {mode(path) for path in folders} == {"700"}
    found = [each for each in home.call("doctor", "--json").json if each["check"] == "modes"]
    assert [each["state"] for each in found] == ["good"]


@pytest.mark.parametrize("command", ["preview tea", "library search kelp", "ledger", "match kelp"])
@pytest.mark.parametrize("content", [b"", None])
def test_an_answer_without_the_library_says_that_it_is_lost(home, command, content):
    home.subscribe("tea", "kelp")
    home.put("2026-11-16.txt", page("Kelp and Lamps"))
    home.run()
    assert "had a library" not in home.call(*command.split()).err
    (home.path / "digest.db").unlink()
    if content is not None:
        home.write("digest.db", content)
    assert "had a library" in home.call(*command.split()).err


@pytest.mark.parametrize("lose", [missing, truncated])
def test_nothing_is_not_backed_up(home, lose, tmp_path):
    lose(home)
    got = home.call("backup", str(tmp_path / "copy.db"))
    assert got.status == 2
    assert "digest.db" in got.err
    assert not (tmp_path / "copy.db").exists()


def test_a_link_whose_target_is_missing_has_its_own_remedy(home):
    (home.path / "subscriptions/gone.toml").symlink_to("elsewhere.toml")
    assert "its target is missing" in home.call("subscriptions", "check").err
