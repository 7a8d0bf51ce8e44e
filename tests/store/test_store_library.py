"""The library in a real database: papers, keys, source records, the log; transactions and rehearsals."""

import sqlite3
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from digest.diff.changes import Known
from digest.diff.source_records import resolve
from digest.errors import StoreError, UsageError
from digest.identity import feed_uid, keys_of
from digest.model import DigestFile, Entry, Listing, Paper
from digest.pipeline.ingest import judge
from digest.store import migrations
from digest.store.engine import open_store
from digest.store.store import Store, Transaction

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
DAY = date(2026, 1, 1)


@pytest.fixture
def store(tmp_path):
    opened = open_store("sqlite:///digest.db", home=tmp_path)
    yield opened
    opened.close()


def listing(rank: int, title: str, **more) -> Listing:
    return Listing(rank, title, more.pop("abstract", "All."), **more)


def file(*listings: Listing, name="f", source="arxiv-api", day=0) -> DigestFile:
    digest = f"{name}-{source}-{day}".ljust(64, "0")
    return DigestFile(name, digest, source, DAY + timedelta(day), False, NOON, listings)


def read(tx: Transaction, each: DigestFile, *, at: datetime = NOON, run: int | None = None) -> frozenset[int]:
    run = run or tx.ledger.open_run(started=at, clock=at)
    return tx.library.record(each, judge(tx, each), run=run, at=at)


def known(tx: Transaction, *keys: str) -> dict[str, list[Known]]:
    """Return the papers that keys lead to."""
    return {key: [lead.paper for lead in leads] for key, leads in tx.identities.known(keys).items()}


def break_off(store: Store, each: DigestFile) -> None:
    with store.begin() as tx:
        read(tx, each)
        raise RuntimeError


def keep_then_fail(store: Store, each: DigestFile) -> None:
    with store.begin() as tx:
        read(tx, each)
    raise RuntimeError


def titles(store: Store) -> list[str]:
    with store.begin(write=False) as tx:
        return [paper.title for paper in tx.library.all_papers()]


# --- files and papers ----------------------------------------------------------------------------


def test_a_file_without_papers_is_recorded(store):
    with store.begin() as tx:
        read(tx, file())
        assert tx.library.file(file().digest).listed == 0
        assert tx.library.listed_in(1) == ()


def test_a_fresh_library_is_empty(store):
    with store.begin(write=False) as tx:
        assert (tx.library.count(), tx.library.end(), list(tx.library.all_papers())) == (0, 0, [])
        assert (tx.library.file("0" * 64), known(tx, "title:x"), tx.library.papers([1])) == (
            None,
            {},
            {},
        )
        assert (tx.library.sources(), tx.library.filled_fields(), tx.library.newest(None)) == (
            frozenset(),
            frozenset(),
            (),
        )
        assert (tx.library.position_at(NOON), tx.library.entries(0, 9), tx.library.updated_at([1])) == (
            0,
            (),
            {},
        )


def test_a_paper_keeps_all_its_fields(store):
    full = listing(
        1, "Ein Titel: 题目 🧪", abstract="Text\n", authors=("A B", "C, D"), author_count=9, published=DAY, comments=0, upvotes=4,
        organization="Acme", categories=("cs.CV", "stat.ML"), arxiv="2501.1", doi="10.1/X", version=2, url="https://u",
        code_url="https://c", withdrawn=True, snippet=True, keywords=("k",), project_url="https://p", announced="new",
        venue="J. Tides",
    )  # fmt: skip
    with store.begin() as tx:
        assert read(tx, file(full)) == frozenset()
    with store.begin(write=False) as tx:
        (paper,) = tx.library.all_papers()
        found = known(tx, *keys_of(full))
    kept = set(Listing.__slots__) & set(Paper.__slots__)
    assert set(Listing.__slots__) - kept == {"rank"}
    assert {name: getattr(paper, name) for name in kept} == {name: getattr(full, name) for name in kept} | {
        "doi": "10.1/x"
    }
    assert (paper.number, paper.uid, paper.first_seen, paper.sources) == (
        1,
        feed_uid("arxiv:2501.1"),
        NOON,
        ("arxiv-api",),
    )
    assert set(found) == {"arxiv:2501.1", "doi:10.1/x", keys_of(full)[2]}
    assert {each.record for (each,) in found.values()} == {replace(full, rank=0, doi="10.1/x")}


def test_a_file_is_recognised_by_its_bytes(store):
    each = replace(
        file(listing(1, "B"), listing(2, "A"), listing(3, "b")), path="in/x", captured_guessed=True
    )
    with store.begin() as tx:
        read(tx, each)
    with store.begin(write=False) as tx:
        known = tx.library.file(each.digest)
        assert known is not None
        assert (known.path, known.source, known.captured, known.captured_guessed, known.listed) == (
            "in/x",
            "arxiv-api",
            DAY,
            True,
            3,
        )
        assert [paper.title for paper in tx.library.listed_in(known.id)] == ["b", "A", "b"]
        assert tx.library.file("1" * 64) is None


def test_the_same_bytes_are_recorded_once(store):
    with store.begin() as tx:
        read(tx, file(listing(1, "A")))
    with pytest.raises(StoreError, match="UNIQUE"), store.begin() as tx:
        read(tx, file(listing(1, "A")))


def test_more_papers_than_one_query_holds(store):
    many = [listing(rank, f"Paper {rank} x", arxiv=f"2501.{rank:05}") for rank in range(1, 1202)]
    with store.begin() as tx:
        read(tx, file(*many))
    with store.begin(write=False) as tx:
        found = known(tx, *(key for one in many for key in keys_of(one)))
        assert len(found) == 2402 and {each.number for (each,) in found.values()} == set(range(1, 1202))
        assert (
            len(tx.library.papers([*range(1, 1202), *range(1, 1202)]))
            == tx.library.count()
            == tx.library.end()
            == 1201
        )
        assert [paper.number for paper in tx.library.all_papers()] == list(range(1, 1202))


def test_papers_since(store):
    with store.begin() as tx:
        read(tx, file(listing(1, "A")))
        (paper,) = tx.library.all_papers()
        assert list(tx.library.all_papers(since=paper.first_seen)) == [paper]
        assert not list(tx.library.all_papers(since=paper.first_seen + timedelta(seconds=1)))


# --- later files ---------------------------------------------------------------------------------


def test_when_papers_were_seen_is_counted_by_time(store):
    with store.begin() as tx:
        assert tx.library.seen_within(timedelta(days=9)) == []
        for day, names in ((0, "AB"), (20, "C"), (25, "DEF")):
            each = file(*(listing(rank, f"Paper {name}") for rank, name in enumerate(names, 1)), day=day)
            read(tx, each, at=NOON + timedelta(day))
        later = [(NOON + timedelta(20), 1), (NOON + timedelta(25), 3)]
        assert tx.library.seen_within(timedelta(days=9)) == [(NOON, 1), *later]
        assert tx.library.seen_within(timedelta(days=25)) == [(NOON, 2), *later]


def test_an_update_changes_the_paper_and_keeps_its_identity(store):
    with store.begin() as tx:
        read(tx, file(listing(1, "Old", doi="10.1/x")))
    with store.begin() as tx:
        assert read(
            tx, file(listing(1, "New", arxiv="2501.1", doi="10.1/X"), day=1), at=NOON + timedelta(1)
        ) == {1}
    with store.begin(write=False) as tx:
        (paper,) = tx.library.all_papers()
        assert (paper.title, paper.uid, paper.first_seen) == ("New", feed_uid("doi:10.1/x"), NOON)
        assert {each.number for (each,) in known(tx, "title:old", "title:new", "arxiv:2501.1").values()} == {
            1
        }
        assert [entry.what for entry in tx.library.entries(0, 2)] == [(), ("title",)]
        assert tx.library.updated_at([1, 2]) == {1: NOON + timedelta(1)}
        assert tx.library.newest(None) == ((paper, NOON),)


def test_seen_again_changes_nothing_but_counts(store):
    with store.begin() as tx:
        read(tx, file(listing(1, "A", comments=1)))
        tx.pending_files.clear("paper", ["1"])
        assert read(tx, file(listing(4, "A", comments=1), day=1)) == frozenset()
        assert tx.pending_files.keys("paper") == ()
        assert read(tx, file(listing(4, "A", comments=2), day=2)) == {1}
        assert tx.pending_files.keys("paper") == ("1",)
        assert tx.library.end() == 1
        assert tx.library.papers([1])[1].comments == 2


def test_a_known_paper_twice_in_one_file_is_one(store):
    with store.begin() as tx:
        read(tx, file(listing(1, "A")))
        assert read(tx, file(listing(1, "A", comments=1), listing(2, "A", comments=2), day=1)) == {1}
        assert (tx.library.count(), tx.library.papers([1])[1].comments) == (1, 2)


def test_the_same_record_at_the_same_time_changes_nothing(store):
    with store.begin() as tx:
        read(tx, file(listing(1, "A")))
        before = known(tx, "title:a")
        tx.pending_files.clear("paper", ["1"])
        assert read(tx, file(listing(2, "A"), name="g")) == frozenset()
        assert known(tx, "title:a") == before
        assert tx.pending_files.keys("paper") == ()


def test_another_source_has_its_own_record(store):
    with store.begin() as tx:
        read(tx, file(listing(1, "A")))
        assert read(tx, file(listing(1, "A"), source="daily-papers-page", day=-1)) == frozenset()
        read(tx, file(listing(1, "A", authors=("B",)), source="daily-papers-page", day=1))
        ((paper,),) = known(tx, "title:a").values()
        assert set(paper.by_source) == {"arxiv-api", "daily-papers-page"}
        assert paper.record == resolve(paper.by_source)
        assert tx.library.papers([1])[1].sources == ("arxiv-api", "daily-papers-page")
        assert [(entry.kind, entry.what) for entry in tx.library.entries(1, 9)] == [("learnt", ("authors",))]
        assert tx.library.sources() == {"arxiv-api", "daily-papers-page"}


def test_a_repeated_paper_of_one_file_adds_its_keys(store):
    with store.begin() as tx:
        read(tx, file(listing(1, "A", doi="10.1/x"), listing(2, "A Again", doi="10.1/x"), listing(3, "B")))
        assert {key: each.number for key, (each,) in known(tx, "title:a", "title:aagain", "title:b").items()} == {
            "title:a": 1, "title:aagain": 1, "title:b": 2,
        }  # fmt: skip


def test_two_papers_of_one_title_are_both_kept(store):
    with store.begin() as tx:
        read(
            tx,
            file(
                listing(1, "A", arxiv="1"),
                listing(2, "A", arxiv="2"),
                listing(3, "A", arxiv="2"),
                listing(4, "A"),
            ),
        )
        assert [(paper.number, paper.arxiv) for paper in tx.library.all_papers()] == [(1, "1"), (2, "2")]
        read_before = tx.library.file(file(day=0).digest)
        assert read_before is not None
        assert [paper.number for paper in tx.library.listed_in(read_before.id)] == [1, 2, 2, 1]
        assert [each.number for each in known(tx, "title:a")["title:a"]] == [1, 2]


def test_a_shared_title_leads_to_the_first_paper(store):
    with store.begin() as tx:
        read(tx, file(listing(1, "A", arxiv="1"), listing(2, "A", arxiv="2")))
        assert [each.number for each in known(tx, "title:a")["title:a"]] == [1, 2]


def test_text_that_utf_8_cannot_encode_is_stored_escaped(store):
    odd = replace(
        file(listing(1, "A \ud800", abstract="\udfff", authors=("\ud800",)), listing(2, "\ud800")),
        path="caf\udce9",
    )
    with store.begin() as tx:
        read(tx, odd)
        read(tx, replace(odd, digest="1" * 64))
        assert [paper.title for paper in tx.library.all_papers()] == ["A \ufffd", "\ufffd"]
        known = tx.library.file(odd.digest)
        assert known is not None and known.path == r"caf\udce9"
        assert tx.library.end() == 2


def test_filled_fields(store):
    with store.begin() as tx:
        read(tx, file(listing(1, "A", abstract="")))
        assert tx.library.filled_fields() == {"title", "source"}
        read(
            tx,
            file(
                listing(1, "B", authors=("x",)), listing(2, "C", categories=("c",), organization="o"), day=1
            ),
        )
        assert tx.library.filled_fields() == {
            "title",
            "source",
            "abstract",
            "author",
            "category",
            "organization",
        }


# --- the log -------------------------------------------------------------------------------------


def test_intervals_are_open_at_their_beginning(store):
    with store.begin() as tx:
        read(tx, file(*(listing(rank, f"P{rank} x") for rank in range(1, 6))))
        assert [entry.position for entry in tx.library.entries(1, 3)] == [2, 3]
        assert tx.library.entries(3, 3) == tx.library.entries(5, 9) == ()
        assert tx.library.entries(4, 5) == (Entry(5, 5, "new", (), NOON),)
        assert [paper.number for paper, _ in tx.library.newest(2)] == [5, 4]


@pytest.mark.parametrize(("hour", "position"), [(9, 0), (10, 1), (11, 1), (12, 2), (13, 2), (14, 4), (15, 4)])
def test_positions_in_time(store, hour, position):
    with store.begin() as tx:
        for rank, at in enumerate((10, 12, 14, 13), 1):  # the last clock stepped back
            read(tx, file(listing(1, f"P{rank} x"), day=rank), at=NOON.replace(hour=at))
        assert tx.library.position_at(NOON.replace(hour=hour)) == position


@given(st.lists(st.integers(0, 20), max_size=8), st.integers(0, 20))
def test_a_position_in_time_loses_no_later_entry(hours, hour):
    store = open_store("sqlite://", home=Path())
    with store.begin() as tx:
        run = tx.ledger.open_run(started=NOON, clock=NOON)
        for rank, at in enumerate(hours):
            read(tx, file(listing(1, f"P{rank} x"), day=rank), at=NOON + timedelta(hours=at), run=run)
        moment = NOON + timedelta(hours=hour)
        position = tx.library.position_at(moment)
        assert all(entry.at <= moment for entry in tx.library.entries(0, position))
        assert position == len(hours) or hours[position] > hour
    store.close()


def test_times_keep_their_order_as_text(store):
    moments = [NOON.replace(microsecond=micro, tzinfo=UTC) for micro in (0, 1, 999999)]
    with store.begin() as tx:
        for number, at in enumerate(moments):
            read(tx, file(listing(1, f"P{number} x"), day=number), at=at)
        assert [tx.library.position_at(at) for at in moments] == [1, 2, 3]
        assert [entry.at for entry in tx.library.entries(0, 3)] == moments


# --- transactions --------------------------------------------------------------------------------


def test_a_transaction_is_atomic(store):
    with pytest.raises(RuntimeError):
        break_off(store, file(listing(1, "A")))
    assert titles(store) == []
    with store.begin() as tx:
        read(tx, file(listing(1, "B")))
    assert titles(store) == ["B"]


def test_a_killed_process_leaves_no_partial_transaction(store, tmp_path):
    script = (
        "import os, sys; from pathlib import Path; from digest.store import open_store\n"
        "with open_store('sqlite:///digest.db', home=Path(sys.argv[1])).begin() as tx:\n"
        "    tx.pending_files.mark('feed', 'half'); os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", script, str(tmp_path)]).returncode == -9
    with store.begin() as tx:
        assert tx.pending_files.keys("feed") == ()


def test_reopening_keeps_all(store, tmp_path):
    with store.begin() as tx:
        read(tx, file(listing(1, "A"), listing(2, "B")))
    again = open_store("sqlite:///digest.db", home=tmp_path, create=False)
    assert titles(again) == ["A", "B"]
    again.close()


def test_a_rehearsal_is_rolled_back(store):
    with store.begin() as tx:
        read(tx, file(listing(1, "A")))
    with store.rehearse():
        with store.begin() as tx:
            read(tx, file(listing(1, "B"), day=1))
        with store.begin(write=False) as tx:
            assert tx.library.count() == 2
        with pytest.raises(RuntimeError):
            break_off(store, file(listing(1, "C"), day=2))
        assert titles(store) == ["A", "B"]
    assert titles(store) == ["A"]
    with pytest.raises(RuntimeError), store.rehearse():
        break_off(store, file(listing(1, "D"), day=3))
    assert titles(store) == ["A"]
    with pytest.raises(RuntimeError), store.rehearse():
        keep_then_fail(store, file(listing(1, "E"), day=4))
    assert titles(store) == ["A"]


def test_a_rehearsal_in_a_rehearsal(store):
    with store.rehearse():
        with store.begin() as tx:
            read(tx, file(listing(1, "A")))
        with store.rehearse():
            with store.begin() as tx:
                read(tx, file(listing(1, "B"), day=1))
            assert titles(store) == ["A", "B"]
        assert titles(store) == ["A"]
    assert titles(store) == []


def test_foreign_keys_hold(store):
    with pytest.raises(StoreError, match="FOREIGN KEY"), store.begin() as tx:
        read(tx, file(listing(1, "A")), run=99)
    assert titles(store) == []


def test_a_value_outside_the_check_is_refused(store):
    with store.begin() as tx:
        read(tx, file(listing(1, "A")))
    with pytest.raises(StoreError, match="CHECK"), store._connection(write=True) as connection:
        connection.execute(text("update entry set kind = 'other'"))


# --- opening -------------------------------------------------------------------------------------


def test_reading_creates_no_file(tmp_path):
    store = open_store("sqlite:///digest.db", home=tmp_path, create=False)
    assert titles(store) == []
    store.close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_a_library_in_memory(tmp_path, url):
    store = open_store(url, home=tmp_path)
    with store.begin() as tx:
        read(tx, file(listing(1, "A")))
    assert titles(store) == ["A"]
    store.close()
    assert list(tmp_path.iterdir()) == []


def test_an_absolute_path(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    open_store(f"sqlite:///{tmp_path}/elsewhere/a b%20.db", home=tmp_path / "home").close()
    assert [path.suffix for path in (tmp_path / "elsewhere").iterdir()] == [".db"]


@pytest.mark.parametrize(("url", "message"), [
    ("", "is not a valid database URL; use sqlite:///digest.db"), ("digest.db", "is not a valid database URL"), ("postgresql://u:secret@h:abc/db", "is not a valid database URL"),
    ("sqlite://host/x.db", "is not a valid database URL"), ("foo://u:secret@x", "foo is not supported; use sqlite or postgresql"), ("sqlite+foo:///x", "needs a driver that is not installed"),
    ("sqlite:///absent/x.db", "absent does not exist; create it"),
])  # fmt: skip
def test_a_wrong_database_setting(tmp_path, url, message):
    with pytest.raises(UsageError) as caught:
        open_store(url, home=tmp_path)
    assert str(caught.value).startswith("digest.toml: database: ")
    assert message in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(("url", "name", "message", "remedy"), [
    ("sqlite:///.", ".", "unable to open database file", "check that it is a file (not a folder)"),
    ("sqlite:///text.txt", "text.txt", "file is not a database", "the file is not a library; move it away"),
])  # fmt: skip
def test_what_cannot_be_opened(tmp_path, url, name, message, remedy):
    (tmp_path / "text.txt").write_text("This is no database, though it is longer than a header. " * 20)
    with pytest.raises(StoreError) as caught:
        open_store(url, home=tmp_path)
    assert str(caught.value).startswith(f"{tmp_path / name}: the library database: {message}; {remedy}")


def test_a_newer_schema_is_refused(store, tmp_path):
    with sqlite3.connect(tmp_path / "digest.db") as connection:
        connection.execute("update schema_version set version = version + 1")
    connection.close()
    with pytest.raises(StoreError, match="written by a newer paper-digest; update the program"):
        open_store("sqlite:///digest.db", home=tmp_path)


def test_an_older_schema_is_migrated_in_one_transaction(store, tmp_path, monkeypatch):
    def step(connection) -> None:
        connection.execute(text("create table extra (n integer)"))

    def fault(connection) -> None:
        connection.execute(text("create table extra (n integer)"))

    released = migrations.MIGRATIONS
    monkeypatch.setattr(migrations, "MIGRATIONS", (*released, step, fault))
    with pytest.raises(StoreError, match="already exists"):
        open_store("sqlite:///digest.db", home=tmp_path)
    monkeypatch.setattr(migrations, "MIGRATIONS", (*released, step))
    for _ in range(2):
        open_store("sqlite:///digest.db", home=tmp_path).close()
    with sqlite3.connect(tmp_path / "digest.db") as connection:
        assert connection.execute("select version from schema_version").fetchall() == [
            (1 + len(migrations.MIGRATIONS),)
        ]
        assert connection.execute("select count(*) from extra").fetchone() == (0,)
    connection.close()
