"""The writes of a delivery run are the same, by SQLAlchemy and by prepared statements of SQLite."""

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from digest.errors import StoreError
from digest.model import Outcome
from digest.store.backend import Backend
from digest.store.delivery_writer import DeliveryWriter
from digest.store.engine import open_store
from digest.store.outbox import LeaseHolder
from digest.store.store import Store
from tests.deliver.mail_home import MailHome

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
HOLDER = "1-a@boot"
OUTCOMES = (
    Outcome("sent", "250 ok – gut"),
    Outcome("deferred", "450 later", due=NOW + timedelta(hours=1)),
    Outcome("failed", "550 5.1.1 no", suppress="550 5.1.1 no"),
    Outcome("in_doubt", "\ud800 the connection was lost"),
    Outcome("failed", "550 5.1.1 again", suppress="550 5.1.1 again"),
)
READERS = ["a@x.test", "b@x.test", "C@x.test", "d@x.test"]


@contextlib.contextmanager
def opened(home: MailHome, way: str, monkeypatch) -> Iterator[Store]:
    store = open_store("sqlite:///digest.db", home=home.path)
    if way == "SQLAlchemy":
        monkeypatch.setattr(store, "_backend", Backend(store._engine))
    with contextlib.closing(store):
        yield store


def work(home: MailHome, way: str, monkeypatch) -> list[list[tuple]]:
    home.queue(kelp=READERS, more=["c@x.test"])
    with opened(home, way, monkeypatch) as store:
        with store.begin() as tx:
            lines = tx.outbox.claim(LeaseHolder(HOLDER, "smtp", 1, resend=True), now=NOW, until=NOW, limit=9)
        assert len(lines) == 5
        with store.delivery_writer(durable=False) as transaction:

            def write(do) -> bool:
                with transaction() as writer:
                    return do(writer)

            for line, outcome in zip(lines, OUTCOMES, strict=True):
                assert write(lambda j, line=line: j.begin(line.id, HOLDER, until=NOW + timedelta(hours=2)))
                assert not write(lambda j, line=line: j.begin(line.id, "2-b@boot", until=NOW))
                assert not write(
                    lambda j, line=line, o=outcome: j.settle(line, "other", o, now=NOW, number=7)
                )
                assert write(lambda j, line=line, o=outcome: j.settle(line, HOLDER, o, now=NOW, number=7))
                assert not write(lambda j, line=line: j.begin(line.id, HOLDER, until=NOW))

            def fail(writer: DeliveryWriter) -> bool:
                writer.settle(lines[0], HOLDER, Outcome("failed", "x"), now=NOW, number=8)
                raise ZeroDivisionError

            with pytest.raises(ZeroDivisionError):
                write(fail)
    return [home.rows("select * from outbox order by id"), home.rows("select * from suppression order by 1")]


def test_both_ways_write_the_same(tmp_path, monkeypatch):
    found = []
    for way in ("SQLAlchemy", "SQLite"):
        with monkeypatch.context() as patch:
            found.append(work(MailHome(tmp_path / way), way, patch))
    assert found[0] == found[1]
    assert [row[0] for row in found[0][1]] == ["c@x.test"]
    assert "\\ud800 the connection" in str(found[0][0][3])


def test_a_database_that_fails_is_named(home: MailHome, monkeypatch):
    home.queue(kelp=["a@x.test"])
    with opened(home, "SQLite", monkeypatch) as store:
        home.change("drop table outbox")
        reason = r"digest\.db: the library database: no such table"
        with (
            store.delivery_writer() as transaction,
            pytest.raises(StoreError, match=reason),
            transaction() as writer,
        ):
            writer.begin(1, HOLDER, until=NOW)
