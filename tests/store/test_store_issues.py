"""Cursors, issues, served papers, feeds and pending files, in a real database."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.diff.changes import diff
from digest.errors import StoreError
from digest.model import (
    Component,
    Cursor,
    DigestFile,
    Evidence,
    FeedPaper,
    Issue,
    IssueLine,
    Item,
    Listing,
    Paper,
    Summary,
)
from digest.store.codec import decode, encode
from digest.store.engine import open_store
from digest.store.issue_content import count_discover, decode_issue, encode_issue, papers_of
from digest.store.issues import NewIssue
from digest.store.store import Transaction
from tests.strategies import papers, texts

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
DAY = date(2026, 1, 1)


@pytest.fixture
def store(tmp_path, store_url):
    opened = open_store(store_url, home=tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def tx(store):
    """Give a transaction on a library of five papers with the subscriptions `a` and `b`."""
    with store.begin() as opened:
        fill(opened, 5)
        opened.cursors.add(enrolled("b", "a"))
        yield opened


def fill(opened: Transaction, count: int) -> None:
    run = opened.ledger.open_run(started=NOON, clock=NOON)
    listings = tuple(Listing(rank, f"P{rank} x", "") for rank in range(1, count + 1))
    each = DigestFile("f", "0" * 64, "arxiv-api", DAY, False, NOON, listings)
    opened.library.record(each, diff(each, {}), run=run, at=NOON)


def enrolled(*names: str) -> list[Cursor]:
    return [Cursor(name, name.upper(), 0, None, 0, None, 0, NOON) for name in names]


def clear(opened: Transaction) -> None:
    for kind in ("issue", "feed", "paper", "index"):
        opened.pending_files.clear(kind, opened.pending_files.keys(kind))


def marks(opened: Transaction) -> dict[str, tuple[str, ...]]:
    return {
        kind: keys
        for kind in ("issue", "feed", "paper", "index")
        if (keys := opened.pending_files.keys(kind))
    }


def paper(number: int) -> Paper:
    return Paper(number, f"urn:{number}", f"P{number}", "", NOON)


def issue(number: int = 1, subscription: str = "a", **more) -> Issue:
    usual = {
        "subscription": subscription, "name": "A", "number": number, "day": DAY, "made": NOON, "timezone": "UTC", "since": None,
        "slot": None, "considered": 5, "new": (), "updated": (),
    }  # fmt: skip
    return Issue(**{**usual, **more})


def add(opened: Transaction, made: Issue, serves=(), formats=("html",)) -> None:
    opened.issues.add([NewIssue(made, encode_issue(made), (0, 5), tuple(formats), tuple(serves))], run=1)


# --- cursors -------------------------------------------------------------------------------------


def test_a_cursor_begins_where_it_is_set(tx):
    new = Cursor("c", "C", 3, NOON, 3, None, 0, NOON + timedelta(1))
    tx.cursors.add([new])
    assert tx.cursors.get("c") == new
    assert tx.cursors.of(["c", "a", "d"]) == {"a": tx.cursors.get("a"), "c": new}
    assert [cursor.subscription for cursor in tx.cursors.all()] == ["a", "b", "c"]
    assert tx.cursors.get("d") is None


def test_moving_a_cursor_touches_no_other(tx):
    before = tx.cursors.get("b")
    moved = Cursor("a", "A", 5, NOON + timedelta(1), 2, NOON, 3, NOON)
    tx.cursors.move([moved])
    assert tx.cursors.get("a") == moved
    assert tx.cursors.get("b") == before


def test_a_new_name_marks_feed_and_index(tx):
    clear(tx)
    tx.cursors.rename("a", "Other")
    cursor = tx.cursors.get("a")
    assert cursor is not None and cursor.name == "Other"
    assert marks(tx) == {"feed": ("a",), "index": ("",)}


def test_adding_a_cursor_twice_is_refused(store):
    def twice() -> None:
        with store.begin() as tx:
            tx.cursors.add(enrolled("a"))
            tx.cursors.add(enrolled("a"))

    with pytest.raises(StoreError, match=r"(?i)UNIQUE"):
        twice()
    with store.begin() as tx:
        assert tx.cursors.all() == ()


# --- issues --------------------------------------------------------------------------------------


def test_an_issue_is_stored_and_marked(tx):
    clear(tx)
    made = issue(
        new=(Item(paper(1)),),
        more_new=(Item(paper(2)),),
        updated=(Item(paper(3), changes=("title",)),),
        slot="S",
    )
    add(tx, made, serves=[1, 2], formats=("html", "eml"))
    (key,) = tx.issues.ids()
    stored = tx.issues.get(key)
    assert (stored.id, stored.formats, stored.issue) == (key, ("html", "eml"), made)
    assert tx.issues.lines() == (IssueLine("a", "A", 1, DAY, 2, 1),)
    assert marks(tx) == {"issue": (str(key),), "paper": ("1", "2"), "index": ("",)}


def test_an_issue_without_formats(tx):
    add(tx, issue(), formats=())
    assert tx.issues.get(tx.issues.ids()[0]).formats == ()


def test_lines_are_newest_first(tx):
    add(tx, issue(1), serves=[1])
    add(tx, issue(1, "b"), serves=[1, 2])
    add(tx, issue(2), serves=[2])
    assert [(line.subscription, line.number) for line in tx.issues.lines()] == [
        ("a", 2),
        ("b", 1),
        ("a", 1),
    ]
    assert [(line.subscription, line.number) for line in tx.issues.lines_with(1)] == [("b", 1), ("a", 1)]
    assert tx.issues.lines_with(5) == ()


@pytest.mark.parametrize("twin", [
    lambda: (issue(1), []), lambda: (issue(2, slot="S"), []), lambda: (issue(2), [1]), lambda: (issue(1, "nobody"), []), lambda: (issue(2), [99]),
])  # fmt: skip
def test_a_number_a_slot_and_a_paper_are_used_once(store, twin):
    with store.begin() as tx:
        fill(tx, 5)
        tx.cursors.add(enrolled("a"))
        add(tx, issue(slot="S"), serves=[1])
    made, serves = twin()
    with pytest.raises(StoreError, match=r"(?i)UNIQUE|FOREIGN"), store.begin() as tx:
        add(tx, made, serves=serves)
    with store.begin() as tx:
        assert len(tx.issues.ids()) == 1


def test_forced_issues_share_no_slot(tx):
    add(tx, issue(1))
    add(tx, issue(2))
    assert len(tx.issues.ids()) == 2


def test_served_papers(store):
    with store.begin() as tx:
        fill(tx, 1200)
        tx.cursors.add(enrolled("a", "b"))
        add(tx, issue(), serves=range(1, 1102))
        add(tx, issue(1, "b"), serves=[1150])
        assert tx.issues.served(["b", "a", "c"], range(1, 1201)) == {"a": {*range(1, 1102)}, "b": {1150}}
        assert tx.issues.served(["a"], [1200, 3, 3]) == {"a": {3}}
        assert tx.issues.served(["a"], []) == tx.issues.served(["c"], [1]) == tx.issues.served([], [1]) == {}


def test_issues_are_stored_together_in_their_order(tx):
    made = [issue(1, "b", new=(Item(paper(1)),)), issue(1, "a", new=(Item(paper(2)),)), issue(2, "a")]
    new = [
        NewIssue(each, encode_issue(each), (0, 5), (), tuple(item.paper.number for item in each.new))
        for each in made
    ]
    keys = tx.issues.add(new, run=1)
    assert [tx.issues.get(key).issue for key in keys] == made
    assert tx.issues.served(["a", "b"], [1, 2]) == {"a": {2}, "b": {1}}
    assert tx.issues.last_made(["a", "b", "c"]) == {"a": NOON, "b": NOON}


# --- stored content ------------------------------------------------------------------------------

_MOMENTS = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))
_TEXT = st.text(max_size=12)
_EVIDENCE = st.builds(
    Evidence,
    _TEXT,
    st.sampled_from(("title", "author")),
    _TEXT,
    st.integers(0, 9),
    st.integers(0, 9),
    st.none() | st.integers(0, 9),
)
_TEXTS = st.lists(_TEXT, max_size=2).map(tuple)
_PARTS = st.lists(st.builds(Component, _TEXT, st.floats(-1, 1), st.floats(0, 1)), max_size=2).map(tuple)
_ITEMS = st.lists(
    st.builds(
        Item, papers(), st.floats(0, 1e9), st.lists(_EVIDENCE, max_size=2).map(tuple), _TEXTS, _PARTS, _TEXTS, _TEXTS,
        st.none() | st.builds(Summary, _TEXT, _TEXT),
    ),
    max_size=2,
).map(tuple)  # fmt: skip


@given(st.builds(
    Issue, subscription=_TEXT, name=_TEXT, number=st.integers(1, 10**9), day=st.dates(), made=_MOMENTS, timezone=_TEXT, since=st.none() | _MOMENTS,
    slot=st.none() | _TEXT, considered=st.integers(0, 9), new=_ITEMS, updated=_ITEMS, more_new=_ITEMS, more_updated=_ITEMS, discover=_ITEMS,
    keywords=st.lists(_TEXT, max_size=2).map(tuple), exclude=st.lists(_TEXT, max_size=2).map(tuple), schedule=_TEXT,
))  # fmt: skip
def test_a_stored_issue_decodes_equal(made):
    data = encode_issue(made)
    assert decode_issue(data, papers_of(made)) == made
    assert encode_issue(decode_issue(data, papers_of(made))) == data
    assert count_discover(data) == len(made.discover)


def test_an_issue_has_as_many_papers_as_its_content_says():
    made = issue(new=(Item(paper(1)), Item(paper(2))))
    with pytest.raises(ValueError, match="as many papers"):
        decode_issue(encode_issue(made), [paper(1)])


@given(texts())
def test_any_text_can_be_stored(value):
    try:
        value.encode()
    except UnicodeEncodeError:
        value, odd = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace"), value
        stored = decode(Listing, encode(Listing(1, odd, ""))).title
        assert stored.count("\ufffd") >= 1
        assert len(stored) == len(odd)
    else:
        assert decode(Listing, encode(Listing(1, value, ""))).title == value


# --- feeds ---------------------------------------------------------------------------------------


def test_feeds_are_newest_first_and_end_at_the_limit(store):
    with store.begin() as tx:
        fill(tx, 5)
        tx.cursors.add(enrolled("a", "b"))
        second = tx.ledger.open_run(started=NOON, clock=NOON)
        tx.feeds.add({"a": [FeedPaper(5, ("x", "y")), FeedPaper(2)]}, run=1, at=NOON)
        tx.feeds.add(
            {"a": [FeedPaper(1, ('"é"',)), FeedPaper(3, ("z",))]}, run=second, at=NOON - timedelta(1)
        )  # the clock stepped back
        tx.feeds.add({"b": [FeedPaper(4, ("x",))]}, run=1, at=NOON)
        lines = tx.feeds.newest("a", 9)
        assert [line.paper for line in lines] == [1, 3, 5, 2]
        assert [line.terms for line in lines] == [('"é"',), ("z",), ("x", "y"), ()]
        assert [line.entered for line in lines] == [NOON - timedelta(1)] * 2 + [NOON] * 2
        assert [line.paper for line in tx.feeds.newest("a", 3)] == [1, 3, 5]
        assert tx.feeds.members(["a", "b"], range(9)) == {"a": {1, 2, 3, 5}, "b": {4}}
        assert tx.feeds.containing([5, 4]) == {"a", "b"}
        assert tx.feeds.containing([]) == tx.feeds.containing([99]) == frozenset()
        assert tx.feeds.newest("c", 9) == ()


def test_only_a_feed_that_grew_is_marked(tx):
    clear(tx)
    tx.feeds.add({"a": []}, run=1, at=NOON)
    assert marks(tx) == {}
    tx.feeds.add({"b": [FeedPaper(1)]}, run=1, at=NOON)
    assert marks(tx) == {"feed": ("b",)}


def test_a_paper_enters_a_feed_once(store):
    with store.begin() as tx:
        fill(tx, 1)
        tx.cursors.add(enrolled("a"))
        tx.feeds.add({"a": [FeedPaper(1)]}, run=1, at=NOON)
    with pytest.raises(StoreError, match=r"(?i)UNIQUE"), store.begin() as tx:
        tx.feeds.add({"a": [FeedPaper(1)]}, run=1, at=NOON)


# --- what is still to be written -----------------------------------------------------------------


@given(
    st.lists(
        st.tuples(
            st.booleans(), st.sampled_from(("issue", "feed", "paper")), st.sampled_from(("1", "2", "a"))
        )
    )
)
def test_marks_are_a_set(steps):
    store = open_store("sqlite://", home=None)  # type: ignore[arg-type]
    model: set[tuple[str, str]] = set()
    with store.begin() as tx:
        for set_it, kind, key in steps:
            if set_it:
                tx.pending_files.mark(kind, key)
                model.add((kind, key))
            else:
                tx.pending_files.clear(kind, [key, "absent"])
                model.discard((kind, key))
        for kind in ("issue", "feed", "paper"):
            assert tx.pending_files.keys(kind) == tuple(sorted(key for of, key in model if of == kind))
    store.close()


def test_many_marks_are_cleared_at_once(tx):
    for number in range(1200):
        tx.pending_files.mark("paper", str(number))
    tx.pending_files.clear("paper", map(str, range(1199)))
    assert tx.pending_files.keys("paper") == ("1199",)
