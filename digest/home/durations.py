"""Time spans as people write them: "7 days"."""

import re
from datetime import timedelta

_SPAN = re.compile(r"(\d{1,5}) (hour|day|week|month|year)s?")
_UNITS = {
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
    "month": timedelta(days=30),
    "year": timedelta(days=365),
}
_LONGEST = 200 * _UNITS["year"]  # no date in the calendar is further back


def parse_span(value: str) -> timedelta:
    """Return the span of "7 days", "2 weeks", "12 hours", "6 months" (of 30 days) or "2 years" (of 365).

    Raises ValueError with "message; remedy".
    """
    match = _SPAN.fullmatch(value.strip())
    if not match:
        raise ValueError(
            f'{value!r} is not a valid time span; use a span such as "7 days", "2 weeks" or "12 hours"'
        )
    return min(int(match[1]) * _UNITS[match[2]], _LONGEST)
