"""After a run is killed at any time, the next run leads to the same result as without the kill."""

import json
import os
import random
import shutil
import signal
import subprocess
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import feedparser
import pytest

from tests import forked
from tests.homes import Card, TestHome, page, prose

pytestmark = pytest.mark.torture

KILLS = {"sample": 60, "full": 1000}.get(os.environ.get("TORTURE", ""), 10)
SEED = int(os.environ["TORTURE_SEED"])

# The points at which a run can kill itself, and their weights. Commits are rare and matter most.
KINDS = ("after a commit", "in half a draft", "after a draft", "after a file")
WEIGHTS = (6, 1, 1, 1)

# Runs a command that counts its commits and files, and kills itself at the n-th point of a kind.
SCRIPT = """
import json, os, signal, sys
from collections import Counter

kind, at, log = sys.argv[1], int(sys.argv[2]), sys.argv[3]
calls, seen = Counter(), {}


def reach(name):
    calls[name] += 1
    return name == kind and calls[name] == at


def die():
    os.kill(os.getpid(), signal.SIGKILL)


from pathlib import Path
from sqlalchemy.engine.default import DefaultDialect
import digest.pipeline.outputs
from digest.cli.main import main
from digest.system import files

commit, write_draft, put_in_place = DefaultDialect.do_commit, files._write_draft, files._put_in_place


def do_commit(self, connection):
    # Only commits with changes: the state before a commit is the one after the last commit.
    changed = connection.dbapi_connection.total_changes > seen.get(id(connection.dbapi_connection), 0)
    commit(self, connection)
    seen[id(connection.dbapi_connection)] = connection.dbapi_connection.total_changes
    if changed and reach("after a commit"):
        die()


def draft(path, data, **more):
    written = write_draft(path, data, **more)
    if reach("in half a draft"):
        os.truncate(written, len(data) // 2)
        die()
    if reach("after a draft"):
        die()
    return written


def put(draft, path):
    put_in_place(draft, path)
    if reach("after a file"):
        die()


DefaultDialect.do_commit = do_commit
files._write_draft, files._put_in_place = draft, put
status = main(sys.argv[4:])
if log != "-":
    with open(log, "w") as file:
        json.dump(calls, file)
sys.exit(status)
"""

# The first word of a title decides which subscriptions match, so that the test needs no queries.
SUBJECTS = ("Kelp", "Lantern", "Granite")
WANTS = {"daily": ("Kelp",), "weekly": ("Lantern", "Granite"), "mail": ("Kelp", "Granite")}


def title(number: int) -> str:
    return f"{SUBJECTS[number % 3]} Study {number}: What the Harbour Log Says"


def pages() -> list[str]:
    """Return four pages with new papers, repeated papers and revised papers."""
    revised = [Card(title(n), prose(title(n), f"only {n + 2} lamps were ever found")) for n in (2, 4, 9)]
    return [
        page(*(title(n) for n in range(12)), day="Nov 16"),
        page(title(3), *revised[:2], *(title(n) for n in range(12, 20)), day="Nov 17"),
        page(*(title(n) for n in range(20, 23)), title(1), day="Nov 18"),
        page(revised[2], *(title(n) for n in range(23, 31)), title(20), day="Nov 20"),
    ]


STEPS = ("2026-11-16T09:00", "2026-11-17T09:00", "2026-11-18T07:45", "2026-11-20T09:00")
LAST = "2026-11-23T09:00"  # the following Monday: every schedule has had a slot since the last page


def new_home(path: Path) -> TestHome:
    home = TestHome(path)
    home.subscribe("daily", *WANTS["daily"], schedule="daily 08:00", max_papers=3)
    home.subscribe("weekly", *WANTS["weekly"], schedule="mon,fri 08:00", formats=["markdown"])
    home.subscribe("mail", *WANTS["mail"], schedule="weekdays 07:30", email=["reader@example.org"])
    return home


def add_page(home: TestHome, step: int) -> None:
    home.put(f"2026-11-{(16, 17, 18, 20)[step]}.txt", pages()[step])


def arguments(home: TestHome, now: str, *more: str) -> list[str]:
    return ["run", "--home", str(home.path), "--quiet", "--now", now, *more]


def finish(home: TestHome, now: str, *more: str) -> None:
    """Do a run without a kill."""
    done = forked.run(["-m", "digest", *arguments(home, now, *more)])
    assert done.returncode == 0, done.stderr


@dataclass
class Reference:
    """A home without kills, the duration of each run in seconds, and how often each point was reached."""

    home: TestHome
    script: Path
    seconds: list[float] = field(default_factory=list)
    points: list[dict[str, int]] = field(default_factory=list)


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    folder = tmp_path_factory.mktemp("reference")
    script = folder / "killed.py"
    script.write_text(SCRIPT, "utf-8")
    found = Reference(new_home(folder / "home"), script)
    with forked.Server() as other:  # with other string hashes: the order of sets must not matter
        for step, now in enumerate((*STEPS, LAST)):
            if step < len(STEPS):
                add_page(found.home, step)
            counted = folder / "points.json"
            command = [str(script), "none", "0", str(counted), *arguments(found.home, now)]
            started = time.monotonic()
            run = other.start(command)
            _, errors = run.communicate()
            assert run.returncode == 0, errors
            found.seconds.append(time.monotonic() - started)
            found.points.append(json.loads(counted.read_text("utf-8")))
    assert set(found.points[0]) == set(KINDS)
    return found


def test_a_killed_run_loses_and_repeats_nothing(reference: Reference, tmp_path: Path) -> None:
    kills: Counter[str] = Counter()
    number = 0
    while kills.total() < KILLS:
        seed = SEED + number
        home = new_home(tmp_path / f"home-{number}")
        steps: list[str] = []
        try:
            run_and_kill(reference, home, random.Random(seed), kills, steps)
            compare(home, reference.home)
        except BaseException:
            print(f"\nTORTURE_SEED={seed}; steps in {home.path}:", *steps, sep="\n  ")
            raise
        shutil.rmtree(home.path)
        number += 1
        assert number < KILLS, "too few runs were killed"
    assert kills.total() > kills["at a random time"], kills


def test_runs_that_are_killed_after_each_commit(reference: Reference, tmp_path: Path) -> None:
    home = new_home(tmp_path / "home")
    add_page(home, 0)
    kills = 0
    for at in (1, 1, 2, 2, 3, 3, 4, 4, *range(5, 30)):
        child = start_killed_at(reference, home, STEPS[0], "after a commit", at)
        _, errors = child.communicate()
        assert child.returncode in {0, -signal.SIGKILL}, errors
        check_consistent(home)
        if child.returncode == 0:
            break
        kills += 1
    assert child.returncode == 0
    assert kills >= 6  # subscriptions may share a transaction
    check_complete(home)
    for step, now in enumerate((*STEPS[1:], LAST), 1):
        if step < len(STEPS):
            add_page(home, step)
        finish(home, now)
    compare(home, reference.home)


def start_killed_at(reference: Reference, home: TestHome, now: str, kind: str, at: int) -> forked.Program:
    """Start a run that kills itself when it reaches a point of this kind for the `at`-th time."""
    return forked.start([str(reference.script), kind, str(at), "-", *arguments(home, now)])


def run_and_kill(
    reference: Reference, home: TestHome, rng: random.Random, kills: Counter[str], steps: list[str]
) -> None:
    """Add the pages one by one and kill runs; at some steps no run completes."""
    for step, now in enumerate((*STEPS, LAST)):
        if step < len(STEPS):
            add_page(home, step)
        for _ in range(rng.choice((0, 1, 1, 2, 3))):
            how, point = kill_a_run(reference, home, rng, step, now)
            steps.append(f"{now} {point}: {how or 'completed'}")
            if how:
                kills[how] += 1
                if rng.random() < 0.5:
                    check_consistent(home)
        if step == len(STEPS) or rng.random() < 0.7:
            steps.append(f"{now} not killed")
            finish(home, now)
            check_complete(home)


def kill_a_run(
    reference: Reference, home: TestHome, rng: random.Random, step: int, now: str
) -> tuple[str, str]:
    """Start a run and kill it; return the kind of point (empty if the run completed) and its description."""
    if rng.random() < 0.4:
        delay = rng.uniform(0, reference.seconds[step])
        child = forked.start(["-m", "digest", *arguments(home, now)])
        try:
            child.wait(delay)
        except subprocess.TimeoutExpired:
            child.kill()
        how, point = "at a random time", f"after {delay:.3f} s"
    else:
        (kind,) = rng.choices(KINDS, WEIGHTS)
        at = rng.randint(1, max(1, reference.points[step].get(kind, 0)))
        child = start_killed_at(reference, home, now, kind, at)
        how, point = kind, f"{kind}, the {at}th"
    _, errors = child.communicate()
    assert child.returncode in {0, -signal.SIGKILL}, errors
    return (how if child.returncode else ""), point


def check_consistent(home: TestHome) -> None:
    """Check what must hold at any time: no partial file and no partial record."""
    for path, data in home.output().items():
        name = Path(path).name
        if name.startswith("."):
            continue  # a draft
        if name.endswith(".html"):
            assert data.rstrip().endswith(b"</html>"), path
        elif name.endswith((".rss", ".atom")):
            ET.fromstring(data)
        elif name.endswith(".json"):
            json.loads(data)
        else:
            assert data, path
    if not (home.path / "digest.db").exists() or not home.rows("select 1 from sqlite_master"):
        return
    assert home.rows("pragma integrity_check") == [("ok",)]
    assert home.rows("pragma foreign_key_check") == []
    assert not home.rows(
        "select path from file where listed <> (select count(*) from listing where listing.file = file.id)"
    )


def check_complete(home: TestHome) -> None:
    """Check what must hold after every completed run: all files are written, and no others."""
    check_consistent(home)
    assert home.rows("select * from unwritten") == []
    assert home.rows("select status from run order by id desc limit 1") == [("done",)]
    assert home.rows("select count(*) from run where status = 'running'") == [(0,)]
    assert not [path for path in home.output() if path.endswith(".part")]
    assert len(home.output()) == expected_files(home)


def expected_files(home: TestHome) -> int:
    """Return the number of files for the stored content; their content is checked by rewriting them all."""
    forms = home.rows("select formats from issue")
    papers = home.rows("select count(*) from paper")[0][0]
    feeds = 1 + home.rows("select count(*) from cursor")[0][0]
    site = 3 + 3  # the index, the titles it searches, the list of all feeds; their page and two style sheets
    return sum(len(form.split(",")) + 1 for (form,) in forms) + papers + 3 * feeds + site


def log_of(home: TestHome) -> list[tuple]:
    return home.rows(
        "select position, paper, kind, what, path from entry join file on file.id = entry.file"
        " order by position"
    )


def compare(home: TestHome, reference: TestHome) -> None:
    """Check that the home has the same papers, issues and feeds as the reference."""
    for what in (
        "select number, uid, sources, record from paper order by number",
        "select key, paper from alias order by key",
        "select paper, source from witness order by paper, source",
        "select file, rank, paper from listing order by file, rank",
        "select subscription, paper, terms from feed_item order by subscription, paper",
        "select subscription, position, feed_position from cursor order by subscription",
    ):
        assert home.rows(what) == reference.rows(what), what
    assert [row[:4] for row in log_of(home)] == [row[:4] for row in log_of(reference)]
    for name, keyphrases in WANTS.items():
        check_served(home, name, keyphrases)
    check_files(home)


def check_served(home: TestHome, name: str, keyphrases: tuple[str, ...]) -> None:
    made = home.issues(name)
    expected = {title(n) for n in range(31) if title(n).split()[0] in keyphrases}
    assert [issue["number"] for issue in made] == list(range(1, len(made) + 1))
    served = [item["paper"]["title"] for issue in made for item in issue["new"] + issue["more_new"]]
    assert len(served) == len(set(served)), f"{name}: served twice"
    assert set(served) == expected
    slots = [issue["slot"] for issue in made]
    assert len(slots) == len(set(slots))
    # Every revision of a paper served before is in the issue whose interval contains the revision.
    intervals = home.rows('select first, "last" from issue where subscription = ? order by number', name)
    assert all(before[1] <= after[0] for before, after in pairwise(intervals))
    served_in = dict(
        home.rows(
            "select paper, issue.number from served join issue on issue.id = served.issue"
            " where served.subscription = ?",
            name,
        )
    )
    for position, paper, kind, _, _ in log_of(home):
        if kind != "updated" or paper not in served_in:
            continue
        place = next(n for n, (first, last) in enumerate(intervals, 1) if first < position <= last)
        updated = {item["paper"]["number"] for item in made[place - 1]["updated"]}
        assert served_in[paper] == place or (served_in[paper] < place and paper in updated)
    ids = [entry.id for entry in feedparser.parse(home.path / f"output/feeds/{name}.atom").entries]
    rss = feedparser.parse(home.path / f"output/feeds/{name}.rss")
    assert not rss.bozo, rss
    assert [entry.id for entry in rss.entries] == ids
    assert len(ids) == len(set(ids)) == len(expected)
    uids = home.rows("select uid from feed_item join paper on paper = number where subscription = ?", name)
    assert {uid for (uid,) in uids} == set(ids)


def check_files(home: TestHome) -> None:
    """Check that another run changes nothing, and that rewriting all files gives the same files."""
    before = home.output()
    finish(home, LAST)
    assert home.output() == before
    shutil.rmtree(home.path / "output")
    finish(home, LAST, "--rewrite")
    assert home.output() == before
