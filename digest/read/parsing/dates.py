"""Parses the dates in digest files. A date without year, month or day is None. Pure."""

import re
from collections.abc import Iterable
from datetime import date
from email.utils import parsedate_tz

_ISO = re.compile(r"((?:1[5-9]|20)\d\d)([-/.])(\d{1,2})\2(\d{1,2})(?![\d])", re.ASCII)
_COMPACT = re.compile(r"((?:19|20)\d\d)(\d\d)(\d\d)(?:T\d+Z?)?", re.ASCII)
MONTHS = {
    name: number
    for number, name in enumerate(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], start=1
    )
}
_WORDED = re.compile(
    r"(?:(?P<first>\d{1,2})(?:st|nd|rd|th)?\s+)?(?P<month>[A-Za-z]{3,9})\.?\s+"
    r"(?:(?P<day>\d{1,2})(?:st|nd|rd|th)?,?\s+)?(?P<year>(?:19|20)\d\d)\b",
    re.ASCII,
)
_LONGEST = 100


def day_of(text: object) -> date | None:
    """Return the date at the start of a text: ISO 8601, `2024/5/3`, RFC 5322, `Sep 25, 2024`, `3 May 2024`.

    The date is taken as written and not converted to another time zone. Other values give None.
    """
    if not isinstance(text, str):
        return None
    bare = text.strip()[:_LONGEST]
    if match := _ISO.match(bare):
        return calendar_day(match[1], match[3], match[4])
    if match := _COMPACT.fullmatch(bare):
        return calendar_day(match[1], match[2], match[3])
    return _mail_day(bare) or _worded(bare)


def calendar_day(year: str | int, month: str | int, day: str | int) -> date | None:
    """Return the date, or None if the calendar does not have it."""
    try:
        return date(int(year), int(month), int(day))
    except (ValueError, OverflowError):
        return None


def day_from_parts(year: str, month: str, day: str) -> date | None:
    """Return the date of a year, a month (number or English name) and a day, or None if one is missing."""
    number = month_of(month)
    if number is None or len(year) != 4 or not (year.isdigit() and day.isdigit()):
        return None
    return calendar_day(year, number, day)


def month_of(text: str) -> int | None:
    """Return the month (1 to 12) for an English name or a number, or None."""
    bare = text.strip()
    if bare.isascii() and bare.isdigit():
        return int(bare) if len(bare) <= 2 and 1 <= int(bare) <= 12 else None
    return MONTHS.get(bare[:3].lower()) if bare.rstrip(".").isalpha() else None


def newest(days: Iterable[date | None]) -> date | None:
    """Return the newest of the dates that are known, or None."""
    return max((day for day in days if day is not None), default=None)


def _mail_day(text: str) -> date | None:
    try:
        found = parsedate_tz(text)
    except (ValueError, IndexError, TypeError, OverflowError):  # the parser lets these through
        return None
    return calendar_day(*found[:3]) if found and found[0] >= 1500 else None


def _worded(text: str) -> date | None:
    match = _WORDED.match(text)
    month = month_of(match["month"]) if match else None
    day = (match["day"] or match["first"]) if match else None
    return calendar_day(match["year"], month, day) if match and month and day else None
