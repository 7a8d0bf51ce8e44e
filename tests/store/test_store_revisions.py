"""Issues refer to revisions of papers; libraries of programs that stored whole papers in issues are migrated."""

import json
import sqlite3
from dataclasses import replace

from digest.model import Issue
from digest.store import migrations
from digest.store.codec import decode, encode
from digest.store.engine import open_store
from digest.store.issue_content import decode_issue, encode_issue
from tests.homes import Card, TestHome, page

NOW = "2026-11-20T09:00"


def subscribed(home: TestHome) -> None:
    home.put(
        "2026-11-16.txt",
        page(*(f"Kelp Number {n}" for n in range(1, 8)), Card("Kelp by $\\textbf{A}$daptive Means")),
    )
    home.subscribe("kelp", "kelp", max_papers=3)
    home.subscribe("numbers", '"kelp number"', "adaptive", "source:daily*")
    home.run(NOW)


def opened(home: TestHome):
    return open_store("sqlite:///digest.db", home=home.path)


def as_before(home: TestHome, copies: int = 0) -> None:
    """Turn the library into one of the program that stored whole papers in issues (schema version 17).

    With `copies`, a subscription has so many more issues like its first.
    """
    store = opened(home)
    with store.begin() as tx:
        made = tx.issues.several(tx.issues.ids())
    store.close()
    with sqlite3.connect(home.path / "digest.db") as database:
        for key, stored in made.items():
            database.execute("update issue set content = ? where id = ?", (encode(stored.issue), key))
        database.execute("alter table issue drop column revisions")
        database.execute("drop table revision")
        version = 1 + migrations.MIGRATIONS.index(migrations._share_papers)
        database.execute("update schema_version set version = ?", (version,))
        columns = [each[1] for each in database.execute("pragma table_info(issue)") if each[1] != "id"]
        rest = ", ".join(each for each in columns if each not in {"number", "slot"})
        database.executemany(
            f"insert into issue (number, slot, {rest}) select ?, null, {rest} from issue where id = 1",
            [(number,) for number in range(2, 2 + copies)],
        )
    database.close()


def test_issues_are_the_same_bytes_after_the_migration(tmp_path):
    home = TestHome(tmp_path / "home")
    subscribed(home)
    before = home.output()
    assert {path.split("/")[1] for path in before} >= {"issues", "feeds", "site"}
    as_before(home)
    home.call("run", "--rewrite", "--now", "2026-11-20T09:05")
    assert home.output() == before


def test_thousands_of_issues_are_migrated_and_share_their_papers(tmp_path):
    home = TestHome(tmp_path / "home")
    subscribed(home)
    as_before(home, copies=2_000)
    old = {key: decode(Issue, content) for key, content in home.rows("select id, content from issue")}
    ((size,),) = home.rows("select sum(length(content)) from issue")
    store = opened(home)
    with store.begin(write=False) as tx:
        assert {key: each.issue for key, each in tx.issues.several(tx.issues.ids()).items()} == old
    store.close()
    assert home.rows("select count(*) from revision") == [(8,)]
    ((small,),) = home.rows("select sum(length(content) + length(revisions)) from issue")
    assert small * 2 < size


def test_a_migration_that_is_repeated_changes_nothing(tmp_path):
    home = TestHome(tmp_path / "home")
    subscribed(home)
    before = home.rows("select * from issue"), home.rows("select * from revision")
    store = opened(home)
    with store.begin() as tx:
        migrations._share_papers(tx.library._db)
    store.close()
    assert (home.rows("select * from issue"), home.rows("select * from revision")) == before


def test_what_happens_to_a_paper_later_changes_no_issue(tmp_path):
    home = TestHome(tmp_path / "home")
    subscribed(home)
    before = home.issues("kelp")
    written = {path: data for path, data in home.output().items() if "issues/" in path}
    home.put(
        "2026-11-17.txt",
        page(Card("Kelp Number 1", abstract="Another abstract altogether."), "Kelp Number 2", day="Nov 17"),
    )
    home.call("library", "merge", "3", "4", "--now", "2026-11-20T10:00")
    home.call("run", "--now", "2026-11-20T10:05", "--rewrite")
    home.call("library", "split", "4", "--now", "2026-11-20T10:10")
    home.call("run", "--now", "2026-11-20T10:15", "--rewrite")
    assert home.issues("kelp") == before
    assert {path: data for path, data in home.output().items() if path in written} == written


def test_a_paper_that_changed_is_another_revision(tmp_path):
    home = TestHome(tmp_path / "home")
    subscribed(home)
    ((count,),) = home.rows("select count(*) from revision")
    home.subscribe("later", "kelp")
    home.run("2026-11-20T10:00")
    assert home.rows("select count(*) from revision") == [(count,)]
    store = opened(home)
    with store.begin() as tx:
        one, *_ = tx.issues.several(tx.issues.ids()).values()
        paper = one.issue.new[0].paper
        kept = tx.issues._revisions
        assert kept.keep([paper, paper]) == kept.keep([decode(type(paper), encode(paper))]) * 2
        (other,) = kept.keep([replace(paper, upvotes=99)])
        assert other > count
        assert kept.of([other])[other].upvotes == 99
    store.close()


def test_evidence_is_stored_as_numbers(tmp_path):
    home = TestHome(tmp_path / "home")
    subscribed(home)
    for content, revisions in home.rows("select content, revisions from issue"):
        stored = json.loads(content)
        assert all("odd" not in item and "paper" not in item for item in stored["new"])
        assert len(revisions.split()) == len(stored["new"]) + len(stored.get("more_new", ()))
    store = opened(home)
    with store.begin(write=False) as tx:
        for each in tx.issues.several(tx.issues.ids()).values():
            papers = [item.paper for item in (*each.issue.new, *each.issue.more_new)]
            assert decode_issue(encode_issue(each.issue), papers) == each.issue
            assert all(item.evidence for item in each.issue.new)
    store.close()
