"""A library of an earlier version of the program: the same papers again, in new files, are neither new nor updated."""

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import select

from digest.store import migrations, schema
from digest.store.engine import open_store
from tests.homes import TestHome

HERE = Path(__file__).parents[1]
UPGRADE = HERE / "upgrade"
LATER = "2026-11-22T09:00"
OLD_LIBRARY = (UPGRADE / "library.sql").read_text("utf-8")
SAMPLES = [
    each for each in sorted((HERE / "read/samples").iterdir()) if f"'read/samples/{each.name}'" in OLD_LIBRARY
]
READ_BEFORE = (*SAMPLES, *sorted((UPGRADE / "files").iterdir()))


@pytest.fixture
def home(tmp_path):
    found = TestHome(tmp_path / "home")
    with sqlite3.connect(found.path / "digest.db") as connection:
        connection.executescript(OLD_LIBRARY)
    connection.close()
    return found


def again(home, *paths):
    """Return what a run makes of files with the same papers and other bytes: (new, updated) by name."""
    copies = []
    for path in paths:
        copy = home.path.parent / "again" / path.name
        copy.parent.mkdir(exist_ok=True)
        copy.write_bytes(path.read_bytes() + b"\n")
        copies.append(str(copy))
    report = home.call("run", *copies, "--now", LATER, "--json").json
    assert len(report["files"]) == len(paths)
    assert not [each for each in report["files"] if each["rejected"]]
    return {Path(each["path"]).name: (each["new"], each["updated"]) for each in report["files"]}


def test_the_same_papers_in_new_files_are_neither_new_nor_updated(home):
    found = again(home, *READ_BEFORE)
    assert found == dict.fromkeys(found, (0, 0))


def test_the_same_papers_in_other_spellings_are_neither_new_nor_updated(home):
    found = again(home, *sorted((UPGRADE / "later").iterdir()))
    assert found == dict.fromkeys(found, (0, 0))


def test_what_is_really_new_is_new_after_an_upgrade(home):
    path = home.path.parent / "new.bib"
    path.write_text(
        "@article{x, title={A Pier That Was Never Listed Before}, doi={10.1000/never.1}}", "utf-8"
    )
    assert again(home, path) == {"new.bib": (1, 0)}
    assert again(home, *READ_BEFORE[:3]) == {each.name: (0, 0) for each in READ_BEFORE[:3]}


def test_keys_are_those_of_the_present_rules_and_nothing_else_changes(home):
    before = sqlite3.connect(home.path / "digest.db")
    papers = before.execute("select number, uid, first_seen, sources from paper order by number").fetchall()
    log = before.execute("select * from entry order by position").fetchall()
    before.close()
    store = open_store("sqlite:///digest.db", home=home.path)
    with store.begin() as tx:
        database = tx.library._db
        keys = set(database.scalars(select(schema.aliases.c.key)))
        assert {
            "doi:10.3389/ftide.2024.1400099",
            "doi:10.1007/978-3-031-38100-3_99",
            "doi:10.21203/rs.3.rs-1234599",
        } <= keys
        assert not [key for key in keys if key.startswith("doi:") and key.endswith(("/full", "/v1", "\\_99"))]
        found = database.execute(select(schema.papers).order_by(schema.papers.c.number)).all()
        assert [row.number for row in found] == [row[0] for row in papers]
        assert [row.uid for row in found] == [row[1] for row in papers]
        assert tx.library.end() == log[-1][0]
        aliases = database.execute(select(schema.aliases)).all()
        migrations.rekey(database)  # a second time it changes nothing
        assert database.execute(select(schema.aliases)).all() == aliases
        assert database.execute(select(schema.papers).order_by(schema.papers.c.number)).all() == found
    store.close()


def test_a_paper_that_was_two_because_of_its_doi_becomes_one_without_an_entry(home):
    found = again(home, UPGRADE / "files/markup.bib")
    assert found == {"markup.bib": (0, 0)}
    ((count,),) = home.rows("select count(*) from entry where kind != 'learnt' and run > 1")
    assert count == 0
    assert ("doi",) in home.rows("select rule from decision where kind = 'merged'")
