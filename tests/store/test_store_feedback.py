"""Feedback in a real database, and its migration."""

from datetime import UTC, datetime

from sqlalchemy import create_engine, inspect, text

from digest.model import Listing
from digest.store.engine import open_store
from digest.store.feedback import Vote
from tests.store.test_store_issues import fill

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_votes_are_stored_changed_and_withdrawn(tmp_path):
    with open_store("sqlite:///digest.db", home=tmp_path).begin() as tx:
        fill(tx, 4)
        tx.feedback.vote("a", [3, 1, 3], "like", at=NOON)
        tx.feedback.vote("b", [1], "like", at=NOON)
        tx.feedback.vote("a", [1], "dislike", at=NOON)
        assert tx.feedback.votes("a") == (Vote("a", 1, "dislike", NOON), Vote("a", 3, "like", NOON))
        assert len(tx.feedback.votes("a", "b")) == 3
        assert tx.feedback.withdraw("a", [1, 2]) == 1
        assert [vote.paper for vote in tx.feedback.votes("a")] == [3]
        tx.feedback.vote("a", [], "like", at=NOON)


def test_seeds_are_kept_once(tmp_path):
    with open_store("sqlite:///digest.db", home=tmp_path).begin() as tx:
        listings = [Listing(1, "One", "an abstract"), Listing(2, "Two", ""), Listing(3, "One", "again")]
        assert tx.feedback.add_seeds("a", listings, at=NOON) == 2
        assert tx.feedback.add_seeds("a", listings, at=NOON) == 0
        assert {paper.title for paper in tx.feedback.seeds("a", "b")["a"]} == {"One", "Two"}
        assert all(paper.number < 0 for paper in tx.feedback.seeds("a")["a"])
        assert tx.feedback.seeds("b") == {}


def test_an_older_database_gets_the_tables(tmp_path):
    open_store("sqlite:///digest.db", home=tmp_path).close()
    engine = create_engine(f"sqlite:///{tmp_path / 'digest.db'}")
    with engine.begin() as connection:
        connection.execute(text("drop table feedback"))
        connection.execute(text("drop table seed"))
        connection.execute(text("update schema_version set version = 5"))
    open_store("sqlite:///digest.db", home=tmp_path).close()
    assert {"feedback", "seed"} <= set(inspect(engine).get_table_names())
    engine.dispose()
