"""Sources that answer but bring nothing new."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from digest.diff.staleness import complaints
from digest.model import SourceBatch

DAY = date(2026, 11, 20)


def batch(ago: int, papers: range | set[int], lag: int | None = 1) -> SourceBatch:
    captured = DAY - timedelta(days=ago)
    newest = None if lag is None else captured - timedelta(days=lag)
    return SourceBatch(f"inbox/{captured}.txt", "daily-papers-page", captured, frozenset(papers), newest)


def daily(count: int, size: int = 50, lag: int | None = 1) -> list[SourceBatch]:
    """Return batches of yesterday and the days before, each with different papers."""
    return [batch(n, range(n * 1000, n * 1000 + size), lag) for n in range(1, count + 1)]


def test_a_healthy_source_gives_no_complaint():
    assert complaints([batch(0, range(50)), *daily(10)], DAY) == ()
    assert complaints([], DAY) == ()
    assert complaints([batch(0, {1}, None)], DAY) == ()


def test_the_same_papers_as_in_the_file_before():
    (found,) = complaints([batch(0, range(1000, 1050)), *daily(4)], DAY)
    assert found == (
        "daily-papers-page: inbox/2026-11-20.txt lists the same 50 papers as inbox/2026-11-19.txt before it; "
        "the source may have stopped"
    )


def test_saving_one_day_twice_is_fine():
    assert complaints([batch(1, range(1000, 1050)), *daily(4)], DAY) == ()


def test_a_source_that_repeats_one_day_for_days():
    def complaints_on(*ago: int, papers: range = range(50)) -> tuple[str, ...]:
        stuck = [replace(batch(4, papers), read=DAY - timedelta(days=n)) for n in ago]
        return complaints([*stuck, *(replace(b, read=b.captured) for b in daily(9)[4:])], DAY)

    assert complaints_on(0, 1, 2, 3) == ()  # over a weekend
    (found,) = complaints_on(0, 1, 2, 3, 4)
    assert found == (
        "daily-papers-page: inbox/2026-11-16.txt lists the same 50 papers of 2026-11-16 as the file read on "
        "2026-11-16; the source may have stopped"
    )


def test_fifty_papers_down_to_one():
    (found,) = complaints([batch(0, {7}), *daily(5)], DAY)
    assert "lists only 1 paper; usually it lists 50; it may not have been saved completely" in found
    assert complaints([batch(0, range(6)), *daily(5)], DAY) == ()
    assert complaints([batch(0, {7}), *daily(2)], DAY) == ()
    assert complaints([batch(0, {7}), *daily(5, size=9)], DAY) == ()


@pytest.mark.parametrize(("lag", "usual", "wrong"), [(6, 1, False), (7, 1, True), (9, 3, False), (11, 3, True), (5, -1, True), (4, -1, False)])  # fmt: skip
def test_a_newest_paper_that_is_older_than_usual(lag, usual, wrong):
    found = complaints([batch(0, range(50), lag), *daily(5, lag=usual)], DAY)
    assert bool(found) == wrong
    if found:
        assert (
            f"the newest paper in inbox/2026-11-20.txt is {lag} days old; usually it is {usual}" in found[0]
        )


def test_papers_without_dates():
    assert complaints([batch(0, range(50), None), *daily(5, lag=None)], DAY) == ()


def test_a_source_that_has_stopped():
    assert complaints(daily(5), DAY + timedelta(days=3)) == ()
    (found,) = complaints(daily(5), DAY + timedelta(days=4))
    assert (
        found
        == "daily-papers-page: nothing since 2026-11-19, 5 days ago; it used to deliver papers every day"
    )
    weekly = [batch(n, {n}) for n in (0, 7, 14, 21)]
    assert complaints(weekly, DAY + timedelta(days=16)) == ()
    assert "every 7 days" in complaints(weekly, DAY + timedelta(days=17))[0]
    assert complaints([batch(0, {1}), batch(40, {2})], DAY + timedelta(days=300)) == ()
