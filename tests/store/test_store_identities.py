"""Papers that are one, in a real database."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, insert, select, text

from digest.identity import Verdict
from digest.model import DigestFile, FeedPaper, Listing
from digest.pipeline.ingest import judge
from digest.store import migrations, schema
from digest.store.engine import open_store
from digest.store.identities import _MOST_SHARING
from digest.store.store import Transaction
from tests.store.test_store_issues import enrolled

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
DAY = date(2026, 1, 1)
ABSTRACT = "We follow the lamps of three piers through a winter and write down what the keepers saw in fog, rain and snow."


@pytest.fixture
def store(tmp_path, store_url):
    opened = open_store(store_url, home=tmp_path)
    yield opened
    opened.close()


def listing(rank: int, title: str, abstract: str = ABSTRACT, **more) -> Listing:
    return Listing(rank, title, abstract, **more)


def file(*listings: Listing, source="arxiv-api", day=0) -> DigestFile:
    return DigestFile(
        "f",
        f"{source}-{day}-{hash(listings)}".ljust(64, "0"),
        source,
        DAY + timedelta(day),
        False,
        NOON,
        listings,
    )


def read(tx: Transaction, *listings: Listing, source="arxiv-api", day=0) -> list[str]:
    run = tx.ledger.open_run(started=NOON, clock=NOON)
    each = file(*listings, source=source, day=day)
    changes = judge(tx, each)
    tx.library.record(each, changes, run=run, at=NOON + timedelta(days=day))
    return [change.status for change in changes]


def two_found_to_be_one(tx: Transaction) -> None:
    read(tx, listing(1, "Two", doi="10.1/x"))
    read(tx, listing(1, "One", "", arxiv="2501.00001"), source="daily-papers-page", day=1)
    read(tx, listing(1, "One", "", arxiv="2501.00001", doi="10.1/x"), source="arxiv-mail", day=2)


def test_two_known_papers_become_one(store):
    with store.begin() as tx:
        two_found_to_be_one(tx)
        (paper,) = tx.library.all_papers()
        assert (paper.number, paper.arxiv, paper.doi, tx.library.count()) == (1, "2501.00001", "10.1/x", 1)
        assert paper.sources == ("arxiv-api", "arxiv-mail", "daily-papers-page")
        as_part = tx.library.papers([2])[2]
        assert (as_part.number, as_part.title, as_part.uid != paper.uid) == (2, paper.title, True)
        assert [(entry.paper, entry.kind) for entry in tx.library.entries(0, 9)] == [(1, "new"), (1, "new")]
        assert [found.number for found, _ in tx.library.newest(None)] == [1]
        (decision,) = tx.identities.decisions()
        assert (decision.kind, decision.paper, decision.part, decision.rule) == ("merged", 1, 2, "doi")
        assert {"1", "2"} <= {*tx.pending_files.keys("paper")}


def test_serving_a_part_serves_the_paper(store):
    with store.begin() as tx:
        read(tx, listing(1, "Two", doi="10.1/x"))
        read(tx, listing(1, "One", arxiv="2501.00001"), source="daily-papers-page", day=1)
        tx.cursors.add(enrolled("s"))
        issue = tx.ledger.open_run(started=NOON, clock=NOON)
        tx.feeds.add({"s": [FeedPaper(2, ("lamp",))]}, run=issue, at=NOON)
        tx.identities.join(2, 1, Verdict(True, "by hand", ""), kind="merged", at=NOON)
        assert tx.feeds.members(["s"], [1, 5]) == {"s": {1}}
        assert [line.paper for line in tx.feeds.newest("s", 9)] == [2]
        tx.feeds.add({"s": [FeedPaper(1, ("lamp",))]}, run=issue, at=NOON)
        assert [line.paper for line in tx.feeds.newest("s", 9)] == [1]
        tx.identities.split(2, at=NOON)
        assert [line.paper for line in tx.feeds.newest("s", 9)] == [2, 1]
        assert tx.feeds.members(["s"], [2]) == {"s": {2}}


def test_a_split_includes_everything_that_was_joined_below(store):
    with store.begin() as tx:
        for number, title in enumerate(("Alpha", "Beta", "Gamma", "Delta"), 1):
            read(tx, listing(1, title, f"{title}."), day=number)
        by_hand = Verdict(True, "by hand", "")
        tx.identities.join(4, 3, by_hand, kind="merged", at=NOON)
        tx.identities.join(2, 1, by_hand, kind="merged", at=NOON)
        tx.identities.join(3, 1, by_hand, kind="merged", at=NOON)
        assert tx.identities.roots([1, 2, 3, 4]) == {1: 1, 2: 1, 3: 1, 4: 1}
        assert tx.identities.split(3, at=NOON) == 1
        assert tx.identities.roots([1, 2, 3, 4]) == {1: 1, 2: 1, 3: 3, 4: 3}
        found = tx.identities.papers([2, 4])
        assert (found[2].apart, found[4].apart) == ({3, 4}, {1, 2})
        tx.identities.reunite(found[2], found[4])
        assert tx.identities.papers([2])[2].apart == frozenset()


def test_papers_with_a_recurrent_title_are_distinguished(store):
    with store.begin() as tx:
        assert read(tx, listing(1, "Editorial", "", authors=("A B",))) == ["new"]
        assert read(tx, listing(1, "Editorial", "", authors=("C D",)), day=1) == ["new"]
        assert read(tx, listing(1, "Editorial", "", authors=("C D",)), day=2) == ["seen"]
        assert len({paper.uid for paper in tx.library.all_papers()}) == 2


def test_a_near_title_is_found_and_explained(store):
    with store.begin() as tx:
        read(tx, listing(1, "Careful Lamps for the Foggy Piers of Winter"))
        assert read(
            tx, listing(1, "Careful Lamps for the Fogy Piers of Winter"), source="daily-papers-page"
        ) == ["seen"]
        (decision,) = tx.identities.decisions()
        assert (decision.kind, decision.rule) == ("joined", "near title")
        assert "fogy → foggy" in decision.evidence
        sightings = tx.library.sightings([1, 2])
        assert [(one.part, one.rule) for one in sightings] == [(1, "new"), (2, "near title")]


def test_the_index_of_traces_is_bounded(store):
    count = _MOST_SHARING + 20
    with store.begin() as tx:
        read(
            tx,
            *(
                listing(
                    n + 1,
                    f"Word{chr(97 + n // 26)}{chr(97 + n % 26)} begins so and ends like all the others",
                    f"{n}.",
                )
                for n in range(count)
            ),
        )
        sharing = select(func.count()).select_from(schema.traces).group_by(schema.traces.c.hash)
        assert max(tx.library._db.scalars(sharing)) == _MOST_SHARING
        again = listing(1, "Wordaa begins so and ends like all others", "0.")
        assert len(tx.identities.near([again])[1]) <= 8


def test_an_older_library_gets_its_traces(tmp_path):
    store = open_store("sqlite:///digest.db", home=tmp_path)
    with store.begin() as tx:
        read(tx, listing(1, "Careful Lamps for the Foggy Piers of Winter"), listing(2, "Editorial", ""))
        database = tx.library._db
        before = database.execute(select(schema.traces).order_by(*schema.traces.primary_key)).all()
        keys = database.execute(select(schema.aliases).order_by(*schema.aliases.primary_key)).all()
        for table in ("trace", "decision", "apart", "absorbed", "alias"):
            database.execute(text(f"DROP TABLE {table}"))
        for column in ("rule", "evidence"):
            database.execute(text(f"ALTER TABLE listing DROP COLUMN {column}"))
        database.execute(text("CREATE TABLE alias (key TEXT PRIMARY KEY, paper INTEGER NOT NULL)"))
        database.execute(insert(schema.aliases), [row._asdict() for row in keys])
        migrations._identity(database)
        assert database.execute(select(schema.traces).order_by(*schema.traces.primary_key)).all() == before
        assert database.execute(select(schema.aliases).order_by(*schema.aliases.primary_key)).all() == keys
        assert read(
            tx, listing(1, "Careful Lamps for the Fogy Piers of Winter"), source="daily-papers-page"
        ) == ["seen"]
    store.close()


def test_an_id_joined_by_hand_still_leads_to_its_paper(store):
    with store.begin() as tx:
        read(tx, listing(1, "One", arxiv="2501.00001"), listing(2, "Two", arxiv="2501.00002"))
        tx.identities.join(2, 1, Verdict(True, "by hand", ""), kind="merged", at=NOON)
        tx.library.refresh(1)
        both = (listing(1, "Two", arxiv="2501.00002"), listing(2, "One", arxiv="2501.00001"))
        assert read(tx, *both, day=1) == ["seen", "seen"]
        assert tx.library.count() == 1


def test_the_same_paper_again_adds_no_number(store):
    with store.begin() as tx:
        for day in range(3):
            read(tx, listing(1, "One"), source="daily-papers-page", day=day)
            read(tx, replace(listing(1, "One"), arxiv="2501.00001"), day=day)
        assert tx.library.papers(range(1, 9)).keys() == {1, 2}
        assert len(tx.identities.decisions()) == 1
