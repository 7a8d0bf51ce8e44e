"""The ledger in a real database: runs, verdicts, rejected files."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from digest.errors import StoreError
from digest.model import Rejected, RunRecord, Verdict
from digest.model.reports import RunReport
from digest.store.engine import open_store

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def store(tmp_path, store_url):
    opened = open_store(store_url, home=tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def ledger(store):
    with store.begin() as tx:
        yield tx.ledger


def test_a_run_from_beginning_to_end(ledger):
    clock = datetime(2030, 1, 1, tzinfo=timezone(timedelta(hours=9)))
    number = ledger.open_run(started=NOON, clock=clock)
    assert ledger.run(number) == RunRecord(number, NOON, clock, None, "running", None)
    report = RunReport(number, (), (), feeds=("caf\udce9", "é"), stages={"read": 1.5})
    ledger.close_run(number, ended=NOON + timedelta(1), status="part", report=report)
    assert ledger.run(number) == RunRecord(
        number, NOON, clock, NOON + timedelta(1), "part", report.summary_json()
    )
    assert ledger.run(number).report["feeds_written"] == 2
    assert (ledger.run(number).report["delivery"], ledger.run(number).report["stages"]) == (
        None,
        {"read": 1.5},
    )
    assert ledger.began() == clock
    assert ledger.run(number + 1) is None


def test_a_run_that_never_ended_is_marked_by_the_next(ledger):
    done, lost = (ledger.open_run(started=NOON, clock=NOON) for _ in range(2))
    ledger.close_run(done, ended=NOON, status="done", report=RunReport(done, (), ()))
    last = ledger.open_run(started=NOON, clock=NOON)
    assert [(run.id, run.status) for run in ledger.runs()] == [
        (last, "running"),
        (lost, "interrupted"),
        (done, "done"),
    ]
    assert [run.id for run in ledger.runs(limit=2)] == [last, lost]


def test_the_first_clock_is_the_first_runs(ledger):
    ledger.open_run(started=NOON, clock=NOON)
    ledger.open_run(started=NOON, clock=NOON - timedelta(9))
    assert ledger.began() == NOON


def test_numbers_of_runs_are_not_used_twice(store):
    with store.begin() as tx:
        assert [tx.ledger.open_run(started=NOON, clock=NOON) for _ in range(2)] == [1, 2]
    with store.rehearse(), store.begin() as tx:
        assert tx.ledger.open_run(started=NOON, clock=NOON) == 3
    with store.begin() as tx:  # a server does not use the number of the rehearsal again
        assert tx.ledger.open_run(started=NOON, clock=NOON) == (4 if store.capabilities.server else 3)


def test_verdicts_are_newest_first_with_their_runs(ledger):
    one, other = (ledger.open_run(started=NOON, clock=NOON + timedelta(n)) for n in range(2))
    verdicts = (Verdict("a", 5, 2, 1, None, None), Verdict("a", 0, 0, None, "no new papers", None))
    ledger.add_verdicts(one, [verdicts[0]])
    ledger.add_verdicts(one, [Verdict("b", 0, 0, None, None, "caf\udce9.toml: is wrong")])
    ledger.add_verdicts(other, [verdicts[1]])
    assert [(run.id, run.clock, verdict) for run, verdict in ledger.verdicts_of("a")] == [
        (other, NOON + timedelta(1), verdicts[1]), (one, NOON, verdicts[0]),
    ]  # fmt: skip
    ((_, flawed),) = ledger.verdicts_of("b")
    assert flawed.error == r"caf\udce9.toml: is wrong"
    assert ledger.verdicts_of("c") == ()


def test_a_verdict_is_on_a_file_of_any_name(ledger):
    run = ledger.open_run(started=NOON, clock=NOON)
    ledger.add_verdicts(run, [Verdict("Not An Id \udce9" * 9, 0, 0, None, None, "bad name")])
    assert len(ledger.verdicts_of("Not An Id \udce9" * 9)) == 1


def test_one_verdict_for_a_run_and_a_subscription(store):
    with store.begin() as tx:
        run = tx.ledger.open_run(started=NOON, clock=NOON)
        tx.ledger.add_verdicts(run, [Verdict("a", 0, 0, None, None, None)])
    with pytest.raises(StoreError, match=r"(?i)UNIQUE"), store.begin() as tx:
        tx.ledger.add_verdicts(run, [Verdict("a", 0, 0, None, None, None)])
    with pytest.raises(StoreError, match=r"(?i)FOREIGN KEY"), store.begin() as tx:
        tx.ledger.add_verdicts(99, [Verdict("a", 0, 0, None, None, None)])


def test_a_rejected_file_is_remembered_by_its_content(ledger):
    run = ledger.open_run(started=NOON, clock=NOON)
    first = Rejected("inbox/x", "no listing", "look at it", 3, "0" * 64)
    ledger.reject(first, run=run, reader="1.0")
    assert ledger.rejection("0" * 64, reader="1.0") == first
    assert ledger.rejection("0" * 64, reader="1.1") is None
    assert ledger.rejection("1" * 64, reader="1.0") is None
    again = Rejected("inbox/caf\udce9", "otherwise", "mend it", None, "0" * 64)
    ledger.reject(again, run=run, reader="1.1")
    assert ledger.rejection("0" * 64, reader="1.0") is None
    found = ledger.rejection("0" * 64, reader="1.1")
    assert found == Rejected(r"inbox/caf\udce9", "otherwise", "mend it", None, "0" * 64)


def test_files_without_content_are_noted_each_time(ledger):
    run = ledger.open_run(started=NOON, clock=NOON)
    for _ in range(2):
        ledger.reject(Rejected("absent", "the file does not exist", "check the name"), run=run, reader="1.0")
