"""What the database refuses to store for one item sets that item aside, and nothing else."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.homes import Card, TestHome, issue_of, page, prose, verdict_of

NOW, LATER = "2026-11-20T09:00", "2026-11-21T09:00"
TITLES = [
    f"Lamp {name} of the pier" for name in ("ash", "birch", "cedar", "date", "elm", "fir", "gum", "holly")
]


@pytest.fixture
def home(tmp_path: Path) -> TestHome:
    home = TestHome(tmp_path)
    home.subscribe("lamps", "lamp*")
    return home


def refuse(home: TestHome, when: str, table: str) -> None:
    """Make the database refuse rows of a table, as it would values that it cannot store."""
    home.call("recipients", "suppress", "nobody@example.org")  # creates the library
    with closing(sqlite3.connect(home.path / "digest.db")) as database:
        database.execute(
            f"create trigger refusing before insert on {table} when {when} begin "
            "select raise(abort, 'too large for the column'); end"
        )


def permit(home: TestHome) -> None:
    with closing(sqlite3.connect(home.path / "digest.db")) as database:
        database.execute("drop trigger refusing")


def listed(*titles: str) -> str:
    return page(*(Card(title, prose(title)) for title in titles))


@pytest.mark.parametrize("broken", [(4,), (1, 8), (2, 3, 5)])
def test_listings_that_cannot_be_stored_leave_the_others_of_their_file(home, broken):
    refuse(home, f"new.rank in ({', '.join(map(str, broken))})", "listing")
    home.put("a.txt", listed(*TITLES))
    report = home.run(NOW, status=1)
    others = {title for rank, title in enumerate(TITLES, 1) if rank not in broken}
    assert set(issue_of(report, "lamps")["new"]) == others
    done = home.call("run", "--now", LATER, "--rewrite")
    assert done.status == 0, done.err


def test_a_file_that_cannot_be_stored_is_rejected_and_the_others_are_read(home):
    refuse(home, "new.path like '%b.txt'", "file")
    for name, title in zip("abc", TITLES, strict=False):
        home.put(f"{name}.txt", listed(title))
    report = home.run(NOW, status=1)
    assert set(issue_of(report, "lamps")["new"]) == {TITLES[0], TITLES[2]}
    (rejected,) = (each["rejected"] for each in report["files"] if each["rejected"])
    assert "the database refuses a value: too large for the column" in rejected["reason"]


@pytest.mark.parametrize(
    ("table", "when"),
    [("issue", "new.subscription = 'sub3'"), ("outbox", "new.recipient = 'r3@example.org'"),
     ("served", "new.subscription = 'sub3'"), ("feed_item", "new.subscription = 'sub3'")],
)  # fmt: skip
def test_an_issue_that_cannot_be_stored_leaves_those_of_the_others(home, table, when):
    (home.path / "subscriptions" / "lamps.toml").unlink()
    home.write(
        "digest.toml", 'channels = ["maildir"]\n[maildir]\npath = "mail"\nfrom = "Digest <d@example.org>"\n'
    )
    for number in range(6):
        home.subscribe(f"sub{number}", "lamp*", email=f"r{number}@example.org")
    refuse(home, when, table)
    home.put("a.txt", listed(*TITLES))
    report = home.run(NOW, status=1)
    assert [each["id"] for each in report["subscriptions"] if each["issue"]] == [
        f"sub{number}" for number in range(6) if number != 3
    ]
    assert "the database refuses a value: too large" in verdict_of(report, "sub3")["error"]
    assert report["run"] == 1
    assert home.rows("select status from run") == [("part",)]
    permit(home)
    report = home.run(LATER)
    assert len(issue_of(report, "sub3")["new"]) == len(TITLES)


def test_on_a_server_numbers_that_are_too_large_concern_one_listing(tmp_path, postgres):
    """PostgreSQL has integers of 32 bits here, SQLite has 64: such a number once ended every run."""
    home = TestHome(tmp_path)
    home.subscribe("lamps", "lamp*")
    home.write("digest.toml", f'database = "{postgres.new_database()}"\n')
    empty = {"authors": ["Ada"], "author_count": 1, "published": None, "comments": None, "upvotes": None}
    empty |= {"organization": None, "categories": [], "ids": {"arxiv": None, "doi": None}, "url": None}
    rows = [
        {
            "title": title,
            "abstract": prose(title),
            **empty,
            "withdrawn": False,
            "source": "x",
            "file": "x",
            "rank": rank,
        }
        for rank, title in enumerate(TITLES, 1)
    ]
    rows[2]["comments"] = 2**40
    rows[4]["title"] = "Lamp nul \0 of the pier"
    home.put("a.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    report = home.run(NOW, status=1)
    assert issue_of(report, "lamps"), report
    assert len(issue_of(report, "lamps")["new"]) == len(TITLES) - 1
    home.run(LATER)
