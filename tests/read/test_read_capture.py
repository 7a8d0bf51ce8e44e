"""The capture date."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reading import HEAD, LOREM, outcome, page

from digest.model import PartialDate
from digest.read.capture_date import Capture, KnownDates, captured_on, date_in_name

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def day(**options) -> Capture:
    clock = {"today": options.pop("today", date(2026, 11, 21)), "zone": options.pop("zone", UTC)}
    known = KnownDates(**{"path": "page.txt", "modified": NOON, **options})
    return captured_on(known, **clock)


@pytest.mark.parametrize(("name", "expected"), [
    ("2025-11-24.txt", date(2025, 11, 24)), ("20251124.txt", date(2025, 11, 24)), ("2025_11_24.txt", date(2025, 11, 24)),
    ("2025.11.24.txt", date(2025, 11, 24)), ("papers-2025-11-24-evening.txt", date(2025, 11, 24)),
    ("papers20251124.txt", date(2025, 11, 24)), ("hf_20251124T0800Z.txt", date(2025, 11, 24)),
    ("20251124T080000.txt", date(2025, 11, 24)), ("v2_20240229_x", date(2024, 2, 29)), ("a/b/2025-11-24", date(2025, 11, 24)),
    ("2025-02-30 2025-03-01.txt", date(2025, 3, 1)), ("2025-11-24 to 2025-11-30", date(2025, 11, 24)),
    ("20230229.txt", None), ("2025-13-01.txt", None), ("2025-11_24.txt", None), ("2025-11-2.txt", None),
    ("202511241.txt", None), ("12025-11-24.txt", None), ("2025-11-245.txt", None), ("000_fce28d181d538db7.txt", None),
    ("ab20251124cd.txt", None), ("fce20251124d538db7.txt", None), ("20251124080000.txt", None), ("page.txt", None),
    ("2025-11-24/page.txt", None), ("1811-11-24.txt", None), ("2511.10629.txt", None), ("", None), ("2025-11.txt", None),
])  # fmt: skip
def test_dates_in_names(name, expected):
    assert date_in_name(name) == expected


def test_each_kind_of_date_takes_precedence_over_the_next():
    header = PartialDate(3, 11, 2021)
    assert day(given=date(2019, 1, 1), path="2020-01-01", header=header) == Capture(
        date(2019, 1, 1), guessed=False
    )
    assert day(path="2020-01-01", header=header) == Capture(date(2020, 1, 1), guessed=False)
    assert day(path="2020-01-01", carried=date(2018, 1, 1)) == Capture(date(2018, 1, 1), guessed=False)
    assert day(header=header) == Capture(date(2021, 3, 11), guessed=False)
    assert day(header=PartialDate(3, 11)) == Capture(date(2026, 3, 11), guessed=True)
    assert day() == Capture(date(2026, 11, 20), guessed=True)


@pytest.mark.parametrize(("header", "modified", "today", "published", "expected"), [
    ((11, 20), date(2026, 11, 20), date(2026, 11, 21), None, date(2026, 11, 20)),
    ((11, 21), date(2026, 11, 20), date(2026, 11, 21), None, date(2025, 11, 21)),  # not after the modification
    ((11, 20), date(2026, 11, 20), date(2026, 11, 19), None, date(2025, 11, 20)),  # not after today
    ((11, 20), date(2026, 11, 19), date(2026, 11, 19), date(2025, 11, 20), date(2025, 11, 20)),
    ((11, 20), date(2026, 11, 19), date(2026, 11, 18), date(2025, 11, 21), date(2026, 11, 18)),  # none fits: the earlier of the two
    ((2, 29), date(2026, 11, 20), date(2026, 11, 20), None, date(2024, 2, 29)),
    ((2, 29), date(2104, 2, 28), date(2105, 1, 1), None, date(2096, 2, 29)),
    ((2, 29), date(1903, 1, 1), date(1903, 1, 1), None, date(1896, 2, 29)),
    ((2, 29), date(2026, 11, 20), date(2026, 11, 20), date(2025, 1, 1), date(2026, 11, 20)),
    ((3, 11), date(1970, 1, 1), date(2026, 11, 20), None, date(1969, 3, 11)),
])  # fmt: skip
def test_headers_without_a_year(header, modified, today, published, expected):
    found = day(
        header=PartialDate(*header),
        modified=datetime(modified.year, modified.month, modified.day, 12, tzinfo=UTC),
        today=today,
        published=(published, date(2001, 1, 1)) if published else (),
    )
    assert found == Capture(expected, guessed=True)


def test_the_modification_date_is_in_the_time_zone_of_the_home():
    late = datetime(2026, 11, 19, 23, 30, tzinfo=UTC)
    assert day(modified=late, zone=ZoneInfo("Asia/Tokyo")).day == date(2026, 11, 20)
    assert day(modified=late, zone=ZoneInfo("America/Lima")).day == date(2026, 11, 19)


DAYS = st.dates(date(1990, 1, 1), date(2099, 12, 31))


@given(header=DAYS, modified=DAYS, today=DAYS, published=st.lists(DAYS, max_size=3))
def test_the_guess_is_the_latest_possible_day(header, modified, today, published):
    found = day(
        header=PartialDate(header.month, header.day),
        modified=datetime(modified.year, modified.month, modified.day, 12, tzinfo=UTC),
        today=today,
        published=tuple(published),
    )
    newest = min(modified, today)
    oldest = max(published, default=date.min)
    possible = []
    one = newest  # every day back in time
    while one >= max(oldest, newest - timedelta(days=3000)):
        if (one.month, one.day) == (header.month, header.day):
            possible.append(one)
        one -= timedelta(days=1)
    assert found == Capture(max(possible, default=newest), guessed=True)


@given(
    DAYS, st.sampled_from(["%Y-%m-%d", "%Y%m%d", "%Y_%m_%d"]), st.sampled_from(["", "x-", "hf_", "papers"])
)
def test_every_day_is_found_in_a_name(one, form, before):
    assert date_in_name(f"{before}{one.strftime(form)}.txt") == one


@given(st.text(max_size=40))
def test_no_name_raises(name):
    date_in_name(name)


def test_the_capture_date_of_a_page():
    text = HEAD.replace("Nov 18", "Dec 24") + f"Snails\n\n{LOREM}\n\nOCC · Dec 3\n"
    found = page(text)
    assert (found.captured, found.captured_guessed) == (date(2025, 12, 24), True)
    assert found.listings[0].published == date(2025, 12, 3)
    named = page(text, "inbox/2024-12-24.txt")
    assert (named.captured, named.captured_guessed) == (date(2024, 12, 24), False)
    given = page(text, "inbox/2024-12-24.txt", captured=date(2020, 2, 2))
    assert (given.captured, given.captured_guessed, given.listings[0].published) == (
        date(2020, 2, 2), False, date(2020, 12, 3),
    )  # fmt: skip
    dated = page(text.replace("OCC · Dec 3", "OCC · Jan 5, 2026"))
    assert dated.captured == date(2026, 11, 20)


def test_a_full_date_in_the_header_is_not_a_guess():
    found = outcome(HEAD.replace("Nov 18", "Nov 18, 2021") + f"Snails\n\n{LOREM}\n")
    assert (found.captured, found.captured_guessed) == (date(2021, 11, 18), False)


def test_a_copied_page_gets_the_year_after_the_newest_full_date():
    # saved on 24 November 2025, and copied a year later, so that the modification time says 2026
    def guessed(number: int, modified: datetime, today: date) -> date:
        known = KnownDates(
            path="page.txt",
            modified=modified,
            header=PartialDate(11, 24),
            published=tuple(date(2024, 1 + day % 12, 5) for day in range(number)),
        )
        found = captured_on(known, today=today, zone=UTC)
        assert found.guessed
        return found.day

    copied, later = datetime(2026, 11, 28, tzinfo=UTC), date(2026, 11, 28)
    assert guessed(10, copied, later) == date(2025, 11, 24)
    assert guessed(9, copied, later) == date(2026, 11, 24)
    # the modification time confirms the day of the heading
    assert guessed(10, datetime(2026, 11, 24, 9, tzinfo=UTC), later) == date(2026, 11, 24)
    # the year after would be after today
    assert guessed(10, datetime(2025, 6, 1, tzinfo=UTC), date(2025, 6, 1)) == date(2024, 11, 24)
