"""What a run decides for a subscription: the pure decision, and how decisions are loaded and applied in batches."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event

from digest.compose.decide import Candidate, Found, Moment, decide, gets_issue
from digest.compose.issue import Findings
from digest.compose.slots import Slot, latest_due, parse_schedule
from digest.model import Cursor, Item, Paper, Subscription
from digest.pipeline import run as pipeline_run
from tests.homes import TestHome, page


@pytest.fixture
def home(tmp_path):
    return TestHome(tmp_path / "home")


NOW = datetime(2026, 11, 18, 9, tzinfo=UTC)
CURSOR = Cursor("s", "S", 3, NOW - timedelta(1), 3, NOW - timedelta(1), 4, NOW - timedelta(30))
SUBSCRIPTION = Subscription(id="s", name="S", keywords=("kelp",), timezone="UTC")
MOMENT = Moment(NOW, 9)
SLOT = latest_due(parse_schedule("daily 08:00"), UTC, NOW - timedelta(1), NOW)


def candidate(slot: Slot | None = SLOT, **more: object) -> Candidate:
    subscription = replace(SUBSCRIPTION, **more.pop("settings", {}))
    return replace(Candidate(subscription, CURSOR, slot), **more)


def paper(number: int) -> Paper:
    return Paper(number, f"u{number}", f"Kelp {number}", "", NOW)


NOTHING = Found(Findings(6, (), ()), "no match among 6 new papers")
SOME = Found(Findings(6, (Item(paper(5), 2.0), Item(paper(7), 1.0)), ()), "", feed=((7, ("kelp",)),))


def test_an_issue_uses_up_the_slot_and_serves_its_papers():
    decision = decide(candidate(), SOME, MOMENT)
    assert decision.issue is not None and decision.issue.number == 5
    assert decision.issue.since == CURSOR.since
    assert (decision.expected, decision.serves, decision.feed) == (CURSOR, (5, 7), SOME.feed)
    assert decision.cursor == replace(
        CURSOR, position=9, feed_position=9, since=NOW, last_slot=SLOT.instant, issues=5
    )
    verdict = decision.verdict
    assert (verdict.considered, verdict.matched, verdict.issue, verdict.slot, verdict.interval) == (
        6, 2, 5, SLOT.instant, (3, 9)
    )  # fmt: skip


def test_what_is_not_due_only_feeds_the_feed():
    decision = decide(candidate(slot=None), SOME, MOMENT)
    assert decision.issue is None
    assert decision.cursor == replace(CURSOR, feed_position=9)
    assert decision.feed == SOME.feed
    assert decision.verdict.reason == "not due until Thu 2026-11-19 08:00 (UTC); 2 of 6 waiting papers match"


def test_a_slot_without_a_match_is_used_up():
    decision = decide(candidate(), NOTHING, MOMENT)
    assert (decision.issue, decision.verdict.reason) == (None, "no match among 6 new papers")
    assert decision.cursor == replace(CURSOR, position=9, feed_position=9, since=NOW, last_slot=SLOT.instant)


def test_a_forced_issue_uses_up_no_slot():
    decision = decide(candidate(), SOME, replace(MOMENT, force=True))
    assert decision.issue is not None and decision.issue.slot is None
    assert decision.cursor is not None and decision.cursor.last_slot == CURSOR.last_slot


def test_a_note_after_a_week_covers_the_quiet_slots():
    wants = {"send_empty": "weekly"}
    late = candidate(settings=wants, last_issue=NOW - timedelta(8), quiet=(10, 1))
    assert gets_issue(late, NOTHING, MOMENT)
    decision = decide(late, NOTHING, MOMENT)
    assert decision.issue is not None
    assert (decision.issue.considered, decision.issue.since) == (16, NOW - timedelta(8))
    assert not gets_issue(candidate(settings=wants, last_issue=NOW - timedelta(6)), NOTHING, MOMENT)
    assert not gets_issue(candidate(last_issue=NOW - timedelta(8)), NOTHING, MOMENT)


def test_a_slot_far_ahead_of_the_clock_is_put_back():
    ahead = replace(CURSOR, last_slot=NOW + timedelta(30))
    decision = decide(candidate(slot=None, cursor=ahead), SOME, MOMENT)
    assert decision.expected == ahead
    assert decision.cursor is not None and decision.cursor.last_slot == NOW


def test_a_decision_is_made_again_if_its_cursor_has_moved(home, monkeypatch):
    """Another process moves the cursor of one of three subscriptions between decision and transaction."""
    real, disturbed = pipeline_run.decide_batch, []

    def disturb(matcher, subscriptions, context):
        decided = real(matcher, subscriptions, context)
        disturbed.append([each.id for each in subscriptions])
        if len(disturbed) == 1:
            with matcher.store.begin() as tx:
                (cursor,) = tx.cursors.of(["b"]).values()
                tx.cursors.move([replace(cursor, issues=7)])
        return decided

    for name in "abc":
        home.subscribe(name, "kelp")
    home.put("2026-11-17.txt", page("Kelp and Lamps"))
    monkeypatch.setattr(pipeline_run, "decide_batch", disturb)
    report = home.run("2026-11-18T09:00")
    assert disturbed == [["a", "b", "c"], ["b"]]
    assert [each["issue"]["number"] for each in report["subscriptions"]] == [1, 8, 1]


@pytest.fixture
def statements():
    """Count the statements by which a run loads and applies decisions."""
    from sqlalchemy.engine import Engine

    found: list[str] = []

    def note(_connection, _cursor, statement, *_more):
        found.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield found
    event.remove(Engine, "before_cursor_execute", note)


def test_statements_grow_with_batches_not_with_subscriptions(home, statements):
    counts: dict[int, int] = {}
    real = pipeline_run._decide_some

    def counted(*arguments):
        before = len(statements)
        result = real(*arguments)
        counts[len(arguments[1])] = len(statements) - before
        return result

    home.put("2026-11-17.txt", page("Kelp and Lamps"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline_run, "_decide_some", counted)
        for number in range(20):
            home.subscribe(f"a{number:02}", "kelp")
        home.run("2026-11-18T09:00")
        for number in range(200):
            home.subscribe(f"b{number:03}", "kelp OR lamps")
        home.run("2026-11-18T09:01")
    assert counts[220] <= counts[20] + 4
