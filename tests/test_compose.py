"""Matches → issues: which papers are New, which are Updated, in which order and how many."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.compose.issue import MAX_UPDATED, Findings, compose, find, recent_enough
from digest.compose.slots import Slot
from digest.model import Cursor, Entry, Evidence, Item, Match, Paper, Subscription

NOW = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
MINE = Subscription("mine", "Mine", ("x",))
CURSOR = Cursor("mine", "Mine", 0, None, 0, None, 2, NOW)


def line(paper: int, kind: str = "new", what: tuple[str, ...] = ()) -> Entry:
    return Entry(1, paper, kind, what, NOW)


def paper(number: int, **more) -> Paper:
    return Paper(number, f"urn:{number}", f"Paper {number}", "", NOW, **more)


def hit(number: int, score: float = 1.0) -> Match:
    return Match(paper(number), score, (Evidence("x", "title", "P", 0, 1),))


def findings(entries, matches=(), served=()) -> Findings:
    return find(entries, matches=matches, served=frozenset(served), papers={n: paper(n) for n in served})


# --- New and Updated -----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["new", "updated", "learnt"])
def test_any_entry_of_a_paper_never_served_makes_it_new(kind):
    found = findings([line(1, kind, ("abstract",))], [hit(1, 2.0)])
    assert found == Findings(1, (Item(paper(1), 2.0, hit(1).evidence),), ())
    assert found.matched == 1


@pytest.mark.parametrize(("kind", "updated"), [("updated", 1), ("learnt", 0), ("new", 0)])
def test_a_paper_served_before_is_shown_only_for_updates(kind, updated):
    found = findings([line(1, kind, ("title",))], [hit(1)], served=[1])
    assert (found.new, len(found.updated), found.matched) == ((), updated, updated)


def test_an_updated_paper_that_no_longer_matches_is_last():
    entries = [line(number, "updated", ("title",)) for number in (1, 2, 3)]
    found = findings(entries, [hit(3, 2.0), hit(2, 3.0)], served=[1, 2, 3])
    assert [item.paper.number for item in found.updated] == [2, 3, 1]
    assert found.updated[2] == Item(paper(1), changes=("title",))
    assert found.updated[0].evidence == hit(2).evidence


def test_each_revision_is_named_once_in_order():
    entries = [
        line(1, "updated", ("version 2", "title")),
        line(1, "learnt", ("authors",)),
        line(1, "updated", ("title", "code")),
    ]
    (item,) = findings(entries, [hit(1)], served=[1]).updated
    assert item.changes == ("version 2", "title", "code")


def test_new_and_updated_in_one_interval_is_new_once():
    found = findings([line(1), line(1, "updated", ("title",))], [hit(1)])
    assert (len(found.new), found.updated, found.considered) == (1, (), 1)


def test_an_empty_interval():
    assert findings([]) == Findings(0, (), ())


@given(
    st.lists(st.builds(line, st.integers(1, 6), st.sampled_from(("new", "updated", "learnt")), st.just(("title",)))),
    st.sets(st.integers(1, 6)), st.sets(st.integers(1, 6)),
)  # fmt: skip
def test_every_paper_has_one_place(entries, accepted, served):
    inside = {entry.paper for entry in entries}
    matches = [hit(number, 10 - number) for number in sorted(accepted & inside)]
    found = findings(entries, matches, served)
    new, updated = ({item.paper.number for item in part} for part in (found.new, found.updated))
    assert new == (accepted & inside) - served
    assert updated == {entry.paper for entry in entries if entry.kind == "updated"} & served
    assert found.considered == len(inside)
    assert [item.paper.number for item in found.new] == sorted(new)
    assert [item.score for item in found.updated] == sorted(
        (item.score for item in found.updated), reverse=True
    )


# --- newer_than ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("published", "zone", "passes"), [
    (None, "UTC", True), (date(2026, 11, 13), "UTC", True), (date(2026, 11, 12), "UTC", False), (date(1990, 1, 1), "UTC", False),
    (date(2026, 11, 13), "Asia/Tokyo", False), (date(2026, 11, 14), "Asia/Tokyo", True), (date(2027, 1, 1), "UTC", True),
])  # fmt: skip
def test_old_papers_are_left_out_by_local_days(published, zone, passes):
    subscription = replace(MINE, newer_than=timedelta(days=7), timezone=zone)
    assert recent_enough(subscription, paper(1, published=published), NOW) is passes
    assert recent_enough(replace(subscription, newer_than=None), paper(1, published=published), NOW)


# --- the issue -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("cap", "count"), [(1, 0), (1, 1), (1, 2), (20, 19), (20, 57)])
def test_papers_above_the_limit_are_kept(cap, count):
    new = tuple(Item(paper(number)) for number in range(count))
    updated = tuple(Item(paper(100 + number), changes=("title",)) for number in range(count))
    issue = compose(replace(MINE, max_papers=cap), CURSOR, Findings(99, new, updated), made=NOW)
    assert (issue.new, issue.more_new) == (new[:cap], new[cap:])
    assert issue.updated + issue.more_updated == updated
    assert len(issue.updated) == min(count, MAX_UPDATED) == min(count, 10)


def test_an_issue_carries_all_that_templates_need():
    subscription = replace(MINE, timezone="Asia/Tokyo", exclude=("y",), schedule="daily 09:00")
    issue = compose(
        subscription,
        replace(CURSOR, since=NOW - timedelta(1)),
        Findings(5, (Item(paper(1)),), ()),
        made=NOW,
        slot=Slot(datetime(2026, 11, 21, tzinfo=UTC), "2026-11-21T09:00"),
        note="N",
    )
    assert (issue.subscription, issue.name, issue.number, issue.stem) == ("mine", "Mine", 3, "2026-11-21-3")
    assert (issue.day, issue.made, issue.timezone) == (date(2026, 11, 21), NOW, "Asia/Tokyo")
    assert (issue.since, issue.slot, issue.considered) == (
        NOW - timedelta(1),
        "2026-11-21T09:00:00+09:00",
        5,
    )
    assert (issue.keywords, issue.exclude, issue.schedule) == (("x",), ("y",), "daily 09:00")
    assert issue.note == "N"
