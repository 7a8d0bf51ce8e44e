"""A library is copied from SQLite to PostgreSQL and back: nothing changes, and an interrupted copy goes on."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from digest.services import database
from tests.homes import TestHome, page
from tests.postgres import Postgres
from tests.test_transfer import DAYS, LAMPS, SETTINGS, lines


@pytest.fixture
def home(tmp_path: Path) -> TestHome:
    home = TestHome(tmp_path / "home")
    home.write("digest.toml", SETTINGS)
    home.subscribe("lamp", "lantern", email=["a@example.org", "b@example.org"])
    home.subscribe("pier", "pier")
    home.put("2026-11-17.txt", page(*LAMPS[:3], day="Nov 17"))
    home.run(DAYS[0])
    home.put("2026-11-18.txt", page(*LAMPS[2:5], day="Nov 18"))
    home.run(DAYS[1])
    home.call("feedback", "lamp", "like", LAMPS[0])
    home.call("recipients", "suppress", "b@example.org", "--reason", "has left")
    home.write("readers.csv", "id,name,email,keywords\nrow,Ärger,c@example.org,lantern\n")
    assert home.call("subscriptions", "import", home.path / "readers.csv").status == 0
    return home


@pytest.fixture
def url(postgres: Postgres) -> str:
    return postgres.new_database()


def use(home: TestHome, url: str) -> None:
    home.write("digest.toml", f'database = "{url}"\n{SETTINGS}')


def exported(home: TestHome, name: str) -> dict[str, bytes]:
    """Return the lines of an export, those of departures together, wherever they are kept."""
    folder = home.path.parent / name
    done = home.call("export", folder)
    assert done.status == 0, done.err
    found = lines(folder)
    departures = {json.loads(each)["code"].encode() for each in found.pop("departures.jsonl").splitlines()}
    for file, key in (("secrets.jsonl", "name"), ("suppressions.jsonl", "address")):
        rows = {each: json.loads(each)[key] for each in found[file].splitlines()}
        departures |= {value[1:].encode() for value in rows.values() if value.startswith("#")}
        kept = [each for each, value in rows.items() if not value.startswith(("#", "departures"))]
        found[file] = b"\n".join(sorted(kept))
    return found | {"departures": b"\n".join(sorted(departures))}


def test_to_postgresql_and_back(home, url, tmp_path):
    before = exported(home, "before")
    done = home.call("database", "copy", "sqlite:///digest.db", url, "--json")
    assert done.status == 0, done.err
    assert done.json["lines"]["papers"] == 5
    assert done.json["before"] == 0
    use(home, url)
    assert exported(home, "there") == before
    output = home.output()
    report = home.run(DAYS[1])
    assert [each["issue"] for each in report["subscriptions"] if each["id"] != "row"] == [None, None]
    assert {name: home.output()[name] for name in output} == output
    (home.path / "digest.db").unlink()
    shutil.rmtree(home.path / "state")
    done = home.call("database", "copy", url, home.path / "digest.db", "--json")
    assert done.status == 0, done.err
    there = exported(home, "there-again")
    home.write("digest.toml", SETTINGS)
    assert exported(home, "after") == there
    home.put("2026-11-19.txt", page(LAMPS[5], day="Nov 19"))
    home.run(DAYS[2])
    mails = home.call("outbox", "list", "--all", "--json").json
    assert {each["status"] for each in mails if each["recipient"] == "b@example.org"} == {
        "sent",
        "suppressed",
    }


def test_a_target_with_a_library_is_refused(home, url, tmp_path):
    assert home.call("database", "copy", "digest.db", "digest.db").status == 2
    target = tmp_path / "copy.db"
    assert home.call("database", "copy", home.path / "digest.db", target).status == 0
    done = home.call("database", "copy", home.path / "digest.db", target)
    assert done.status == 2
    assert "the target is not empty" in done.err


def test_a_source_without_a_library_is_refused(home, url, tmp_path):
    done = home.call("database", "copy", tmp_path / "none.db", url)
    assert done.status == 2
    assert "none.db: has no library" in done.err
    assert not (tmp_path / "none.db").exists()


def test_a_copy_waits_for_nobody(home, url):
    from digest.system.locks import hold

    with hold(home.path, command="digest run"):
        done = home.call("database", "copy", "sqlite:///digest.db", url)
    assert done.status == 1
    assert "in use by digest run" in done.err


def test_an_interrupted_copy_goes_on_and_cannot_be_used_before(home, url, monkeypatch):
    monkeypatch.setattr(database, "_BATCH", 2)
    seen = []

    def stop(_stage: str, done: int, _total: int) -> None:
        seen.append(done)
        if len(seen) == 12:
            raise KeyboardInterrupt

    from digest.home.settings_file import open_home

    opened = open_home(str(home.path))
    with pytest.raises(KeyboardInterrupt):
        database.copy_library(opened, "sqlite:///digest.db", url, stop)
    use(home, url)
    for command in ("run", "export"):
        done = home.call(*{"run": ("run",), "export": ("export", home.path / "x")}[command])
        assert done.status == 1
        assert "is an unfinished copy" in done.err
    shutil.copyfile(home.path / "digest.db", home.path / "other.db")
    done = home.call("database", "copy", "sqlite:///other.db", url)
    assert done.status == 2
    assert "unfinished copy of" in done.err
    done = home.call("database", "copy", "sqlite:///digest.db", url, "--json")
    assert done.status == 0, done.err
    assert done.json["before"] == seen[-1]
    there = exported(home, "there")
    home.write("digest.toml", SETTINGS)
    assert there == exported(home, "here")


def test_a_source_that_changed_since_the_copy_began_is_found_out(home, url, monkeypatch):
    from digest.home.settings_file import open_home

    def stop(_stage: str, done: int, _total: int) -> None:
        if done > 25:
            raise KeyboardInterrupt

    opened = open_home(str(home.path))
    with pytest.raises(KeyboardInterrupt):
        database.copy_library(opened, "sqlite:///digest.db", url, stop)
    with sqlite3.connect(home.path / "digest.db") as changed:
        changed.execute("update run set status = 'part'")
    changed.close()
    done = home.call("database", "copy", "sqlite:///digest.db", url)
    assert done.status == 1
    assert "runs has 2 lines that are not the 2 of" in done.err
    use(home, url)
    assert "is an unfinished copy" in home.call("run").err


@pytest.mark.torture
def test_a_copy_that_is_killed_goes_on(home, url):
    started = time.monotonic()
    command = [
        sys.executable,
        "-m",
        "digest",
        "database",
        "copy",
        "sqlite:///digest.db",
        url,
        "--home",
        home.path,
    ]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    for attempt in range(1, 60):
        process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            process.communicate(timeout=0.05 * attempt)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.communicate()
        if process.returncode == 0:
            break
    assert time.monotonic() - started < 300
    use(home, url)
    there = exported(home, "there")
    home.write("digest.toml", SETTINGS)
    assert there == exported(home, "here")
