"""Parses the dates in digest files. A date without year, month or day is None. Pure."""

import re
from collections.abc import Iterable
from datetime import date
from email.utils import parsedate_tz

_ISO = re.compile(r"((?:1[5-9]|20)\d\d)([-/.])(\d{1,2})\2(\d{1,2})(?![\d])", re.ASCII)
_DOTTED = re.compile(r"(\d{1,2})\.\s?(\d{1,2})\.\s?((?:1[5-9]|20)\d\d)(?!\d)", re.ASCII)  # day, month, year
_COMPACT = re.compile(r"((?:19|20)\d\d)(\d\d)(\d\d)(?:T\d+Z?)?", re.ASCII)
MONTHS = {
    name: number
    for number, name in enumerate(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], start=1
    )
}
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
# The rest of a range: `18-20 July`, `July 18 - 20`, `July 30 - August 2`. The first day counts.
_TO_DAY = rf"(?:\s*(?:-{{1,3}}|–|—|/|to|and|&)\s*(?:[A-Za-z]{{3,9}}\.?\s*)?{_DAY})?"
_WEEKDAY = r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\.?,?\s+)?"
_WORDED = re.compile(
    rf"{_WEEKDAY}(?:"
    rf"(?P<first>{_DAY})\.?(?:\s*(?:-{{1,3}}|–|—|/|to|and|&)\s*{_DAY}\.?)?[\s\-./]{{0,3}}(?:of\s+)?(?P<month1>[A-Za-z]{{3,9}})\.?"
    rf"(?:\s*(?:-{{1,3}}|–|—|/|to)\s*{_DAY}\.?\s*[A-Za-z]{{3,9}}\.?)?,?[\s\-./]{{0,3}}(?P<year1>(?:1[5-9]|20)\d\d)(?!\d)"
    rf"|(?P<month2>[A-Za-z]{{3,9}})\.?[\s\-./]{{0,3}}(?P<day2>{_DAY})\.?{_TO_DAY},?[\s\-./]{{1,3}}(?P<year2>(?:1[5-9]|20)\d\d)(?!\d)"
    rf"|(?P<year3>(?:1[5-9]|20)\d\d)[\s\-./,]{{1,3}}(?P<month3>[A-Za-z]{{3,9}})\.?[\s\-./]{{1,3}}(?P<day3>{_DAY})(?!\d)"
    r")",
    re.ASCII | re.IGNORECASE,
)
_MONTH_AND_DAY = re.compile(
    rf"(?P<month>[A-Za-z]{{3,9}}|\d{{1,2}})\.?[\s~,\-./]{{1,3}}(?P<day>{_DAY})(?!\d)|(?P<first>{_DAY})\.?[\s~,\-./]{{0,3}}(?P<after>[A-Za-z]{{3,9}})",
    re.ASCII,
)
_LEADING_DAY = re.compile(r"\s*(\d{1,2})(?:st|nd|rd|th|\.)?\s*(?:(?:-{1,3}|–|—|/|to|and|&).*)?", re.ASCII)
_ORDINAL = re.compile(r"(?:st|nd|rd|th)$", re.IGNORECASE)
_LONGEST = 100


def day_of(text: object) -> date | None:
    """Return the date at the start of a text: ISO 8601, `2024/5/3`, RFC 5322, `Sep 25, 2024`, `25-Apr-2024`.

    The month may be a name in any place (`2024 Apr 25`, `25. April 2024`, `Thursday, April 25, 2024`), and of a
    range of days (`18-20 July 2024`) the first day counts.

    The date is taken as written and not converted to another time zone. Other values give None.
    """
    if not isinstance(text, str):
        return None
    bare = text.strip()[:_LONGEST]
    if match := _ISO.match(bare):
        return calendar_day(match[1], match[3], match[4])
    if match := _COMPACT.fullmatch(bare):
        return calendar_day(match[1], match[2], match[3])
    if match := _DOTTED.match(bare):
        return calendar_day(match[3], match[2], match[1])
    return _worded(bare) or _mail_day(bare)


def calendar_day(year: str | int, month: str | int, day: str | int) -> date | None:
    """Return the date, or None if the calendar does not have it."""
    try:
        return date(int(year), int(month), int(day))
    except (ValueError, OverflowError):
        return None


def day_from_parts(year: str, month: str, day: str) -> date | None:
    """Return the date of a year, a month (number or English name) and a day, or None if one is missing.

    The month may include the day (`July 18`, `18~jul`, `July 18-20`); of a range the first day counts.
    """
    number = month_of(month)
    first = _LEADING_DAY.fullmatch(day[:_LONGEST])
    if not day.strip() and (both := _MONTH_AND_DAY.match(month.strip()[:_LONGEST])):
        number = month_of(both["month"] or both["after"])
        first = _LEADING_DAY.fullmatch(both["day"] or both["first"])
    if number is None or first is None or len(year) != 4 or not (year.isascii() and year.isdigit()):
        return None
    return calendar_day(year, number, first[1])


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
    if match is None:
        return None
    day = match["first"] or match["day2"] or match["day3"]
    month = month_of(match["month1"] or match["month2"] or match["month3"])
    year = match["year1"] or match["year2"] or match["year3"]
    return calendar_day(year, month, _ORDINAL.sub("", day)) if month else None
