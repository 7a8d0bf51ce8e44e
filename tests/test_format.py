"""How counts and times are written."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from digest.text.format import count, iso, local_time

MOMENT = datetime(2026, 11, 17, 23, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("number", "shown"), [(0, "0 papers"), (1, "1 paper"), (2, "2 papers"), (1000, "1000 papers")]
)
def test_a_count_has_its_noun(number, shown):
    assert count(number, "paper") == shown


def test_a_time_is_that_of_its_zone_to_the_minute():
    assert local_time(MOMENT, "UTC") == "Tue 2026-11-17 23:59"
    assert (
        local_time(MOMENT, "Asia/Tokyo")
        == local_time(MOMENT, ZoneInfo("Asia/Tokyo"))
        == "Wed 2026-11-18 08:59"
    )


def test_json_has_iso_8601():
    assert (iso(MOMENT), iso(None)) == ("2026-11-17T23:59:59+00:00", None)
