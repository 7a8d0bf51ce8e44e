"""What depends on the database system, and rows that are inserted only once."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql.dml import Insert

from digest.errors import UsageError
from digest.store.backend import Backend
from digest.store.engine import open_store
from digest.store.schema import returned
from digest.store.sql import insert_missing
from digest.store.store import Store

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_a_row_is_inserted_once(tmp_path):
    store = open_store("sqlite:///digest.db", home=tmp_path)
    with store.begin() as tx:
        db = tx.bounces._db
        assert insert_missing(db, returned, {"digest": "a", "at": NOON})
        assert not insert_missing(db, returned, {"digest": "a", "at": NOON.replace(year=2030)})
        assert insert_missing(db, returned, {"digest": "b", "at": NOON})
        assert [tuple(row) for row in db.execute(select(returned))] == [("a", NOON), ("b", NOON)]
    store.close()


class _PostgresConnection:
    """Takes one statement and keeps its text in the dialect of PostgreSQL."""

    dialect = postgresql.dialect()
    rowcount = 1

    def execute(self, statement: Insert, row: dict) -> "_PostgresConnection":
        self.sql = str(statement.compile(dialect=self.dialect, column_keys=list(row)))
        return self


def test_the_statement_for_postgresql():
    connection = _PostgresConnection()
    assert insert_missing(connection, returned, {"digest": "a", "at": NOON})  # type: ignore[arg-type]
    assert connection.sql.endswith("ON CONFLICT DO NOTHING")


def test_a_suppression_keeps_its_first_reason_and_a_secret_its_value(tmp_path):
    store = open_store("sqlite:///digest.db", home=tmp_path)
    with store.begin() as tx:
        tx.outbox.suppress("A@x.test", reason="first", at=NOON)
        tx.outbox.suppress("a@x.test", reason="second", at=NOON)
        tx.outbox.suppress("a@x.test", reason="third", at=NOON, subscription="kelp")
        assert [(each.subscription, each.reason) for each in tx.outbox.suppressions()] == [
            ("", "first"),
            ("kelp", "third"),
        ]
        assert tx.outbox.secret() == tx.outbox.secret()
        assert len(tx.outbox.secret()) == 32
    store.close()


def test_capabilities(tmp_path):
    store = open_store("sqlite:///digest.db", home=tmp_path)
    assert store.capabilities.single_file and store.capabilities.relaxed_durability
    store.backup(tmp_path / "copy.db")
    assert (tmp_path / "copy.db").exists()
    store.tidy()
    store.close()


def test_a_database_that_is_not_a_file(tmp_path):
    """The general backend works with SQLite, too, but offers nothing of its own."""
    store = Store(Backend(create_engine(f"sqlite:///{tmp_path / 'digest.db'}")))
    assert not (store.capabilities.single_file or store.capabilities.relaxed_durability)
    with pytest.raises(UsageError, match="is not a SQLite file; back up your database with its own tool"):
        store.backup(Path("x.db"))
    store.tidy()
    with store.delivery_writer() as transaction, transaction() as writer:
        assert not writer.begin(1, "nobody", until=NOON)
    store.close()


def test_an_unsupported_database_is_refused(tmp_path):
    with pytest.raises(
        UsageError, match=r"digest\.toml: database: mysql is not supported; use sqlite or postgresql"
    ):
        open_store("mysql://u:p@localhost/x", home=tmp_path)
