"""A library in a file has one home: a second one that can reach it is refused by name. Servers: test_store_server."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.homes import Done, TestHome, page

NOW, DAY_AFTER, MUCH_LATER = "2026-11-20T09:00", "2026-11-21T09:00", "2026-11-23T09:01"


@pytest.fixture
def url(tmp_path: Path) -> str:
    """The URL of a file that several homes can reach."""
    return f"sqlite:///{tmp_path / 'shared.db'}"


def home_at(path: Path, url: str) -> TestHome:
    home = TestHome(path)
    home.put("a.txt", page("One lamp", "Two lamps"))
    home.subscribe("lamps", "lamp*")
    home.write("digest.toml", f'database = "{url}"\n')
    return home


def refused(done: Done, by: TestHome) -> bool:
    return done.status == 2 and f"belongs to the home {by.path} on " in done.err


def test_a_second_home_is_refused_by_name(tmp_path, url):
    one, other = home_at(tmp_path / "one", url), home_at(tmp_path / "other", url)
    one.run(NOW)
    for command in (("run",), ("deliver",)):
        done = other.call(*command, "--now", DAY_AFTER)
        assert refused(done, one), done
    assert not (other.path / "output").exists()
    one.run(DAY_AFTER)


def test_services_of_a_second_home_do_not_start(tmp_path, url):
    one, other = home_at(tmp_path / "one", url), home_at(tmp_path / "other", url)
    assert one.call("run").status == 0
    for command in (("schedule",), ("serve", "--port", "0")):
        done = other.call(*command)
        assert refused(done, one), done


def test_the_lease_ends(tmp_path, url):
    one, other = home_at(tmp_path / "one", url), home_at(tmp_path / "other", url)
    one.run(NOW)
    other.run(MUCH_LATER)
    assert refused(one.call("run", "--now", MUCH_LATER), other)


def test_a_home_that_was_moved_is_not_refused(tmp_path, url):
    one = home_at(tmp_path / "one", url)
    one.run(NOW)
    one.path.rename(tmp_path / "moved")
    one.path = tmp_path / "moved"
    one.run(DAY_AFTER)
    assert refused(home_at(tmp_path / "other", url).call("run", "--now", DAY_AFTER), one)


def test_a_link_to_a_home_is_the_same_home(tmp_path, url):
    one = home_at(tmp_path / "one", url)
    one.run(NOW)
    (tmp_path / "link").symlink_to(one.path)
    one.path = tmp_path / "link"
    one.run(DAY_AFTER)


def test_a_home_that_was_removed_gives_way(tmp_path, url):
    one, other = home_at(tmp_path / "one", url), home_at(tmp_path / "other", url)
    one.run(NOW)
    shutil.rmtree(one.path)
    other.run(NOW)


def test_a_copy_is_refused_until_it_is_a_home_of_its_own(tmp_path, url):
    one = home_at(tmp_path / "one", url)
    one.run(NOW)
    copy = tmp_path / "copy"
    shutil.copytree(one.path, copy)
    one.path, original = copy, one.path
    done = one.call("run", "--now", DAY_AFTER)
    assert done.status == 2
    assert f"this home is a copy of {original}" in done.err


def test_a_home_on_another_machine_is_refused_until_its_lease_ends(tmp_path, url, monkeypatch):
    one, other = home_at(tmp_path / "one", url), home_at(tmp_path / "other", url)
    with monkeypatch.context() as there:
        there.setattr("socket.gethostname", lambda: "far-away")
        one.run(NOW)
    shutil.rmtree(one.path)  # nothing on this machine says that the other one is gone
    done = other.call("run", "--now", DAY_AFTER)
    assert refused(done, one)
    assert "on far-away" in done.err
    other.run(MUCH_LATER)


def test_a_rehearsal_takes_nothing(tmp_path, url):
    one, other = home_at(tmp_path / "one", url), home_at(tmp_path / "other", url)
    one.run(NOW, "--dry-run")
    other.run(NOW)


def test_a_library_in_its_home_has_no_lease(tmp_path):
    home = home_at(tmp_path / "one", "sqlite:///digest.db")
    home.run(NOW)
    assert home.rows("select count(*) from tenant") == [(0,)]
    shutil.copytree(home.path, tmp_path / "copy")
    home.path = tmp_path / "copy"
    home.run(DAY_AFTER)


def started(home: TestHome) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "digest", "run", "--json", "--home", home.path, "--now", NOW],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


def test_of_homes_that_run_at_once_one_succeeds(tmp_path, url):
    homes = [home_at(tmp_path / name, url) for name in ("one", "two", "three", "four")]
    runs = [started(home) for home in homes]
    errors = [run.communicate(timeout=120)[1] for run in runs]
    assert sorted(run.returncode for run in runs) == [0, 2, 2, 2], errors
    (winner,) = (home for home, run in zip(homes, runs, strict=True) if run.returncode == 0)
    for run, error in zip(runs, errors, strict=True):
        assert run.returncode == 0 or f"belongs to the home {winner.path} on " in error
    assert [each["status"] for each in winner.call("ledger", "--json").json] == ["done"]


def test_runs_of_one_home_at_once_succeed_one_after_another(tmp_path, url):
    home = home_at(tmp_path / "one", url)
    runs = [started(home) for _ in range(4)]
    errors = [run.communicate(timeout=120)[1] for run in runs]
    assert [run.returncode for run in runs] == [0] * 4, errors
    assert [each["status"] for each in home.call("ledger", "--json").json] == ["done"] * 4
