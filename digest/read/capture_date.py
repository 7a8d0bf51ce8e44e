"""When was this file saved? Pure: clock, zone and modification time are arguments."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from pathlib import PurePath

from digest.model import PartialDate

# February 29 is up to eight years from the one before (1896, 1904).
_LEAP_GAP = 8

# 2025-11-24, 2025_11_24, 2025.11.24: the same separator twice, no digit next to it.
_SEPARATED = re.compile(r"(?<!\d)((?:19|20)\d\d)([-_.])(\d\d)\2(\d\d)(?!\d)", re.ASCII)
_RUN = re.compile(r"[^\W_]+")
# 20251124 in a run of letters and digits, perhaps with a time of day behind it (20251124T0800).
_COMPACT = re.compile(
    r"(?P<before>[^\W\d_]*)(?P<date>(?:19|20)\d{6})(?:[Tt]\d{4}(?:\d\d)?[Zz]?|(?P<after>[^\W\d_]*))"
)
_HEX = re.compile(r"[0-9a-fA-F]+")


@dataclass(frozen=True, slots=True)
class Capture:
    """The day a file was saved; `guessed` if neither the user, the name nor the content says it in full."""

    day: date
    guessed: bool


def captured_on(
    *,
    given: date | None,
    path: str,
    carried: date | None,
    header: PartialDate | None,
    published: Iterable[date],
    modified: datetime,
    today: date,
    zone: tzinfo,
) -> Capture:
    """Return the date of capture: the first of these that there is.

    The date the user gave; the newest date that the format carries; a full date in the file's name; a
    full date in the page's header; the latest date with the header's month and day that is neither
    after the file's modification (as a date in `zone`) nor after `today` nor before any of
    `published`, the dates that listings show in full; else the earlier of modification and today.
    """
    for certain in (given, carried, date_in_name(path), full_date(header)):
        if certain is not None:
            return Capture(certain, guessed=False)
    newest = min(modified.astimezone(zone).date(), today)
    oldest = max(published, default=date.min)
    found = latest_between(header, oldest, newest) if header is not None else None
    return Capture(found or newest, guessed=True)


def full_date(partial: PartialDate | None) -> date | None:
    """Return the calendar date, or None if the year is not known or the date does not exist."""
    return None if partial is None or partial.year is None else in_year(partial, partial.year)


def in_year(partial: PartialDate, year: int) -> date | None:
    """Return the month and day in that year, or None if there is no such day (February 29)."""
    try:
        return date(year, partial.month, partial.day)
    except ValueError:
        return None


def latest_between(partial: PartialDate, oldest: date, newest: date) -> date | None:
    """Return the latest date with this month and day from `oldest` to `newest`, both included."""
    for year in range(newest.year, max(newest.year - _LEAP_GAP, oldest.year) - 1, -1):
        day = in_year(partial, year)
        if day is not None and oldest <= day <= newest:
            return day
    return None


def date_in_name(path: str) -> date | None:
    """Return the first full date in the last part of a path, or None.

    A date is `2025-11-24` (also with `_` or `.`) or `20251124`; it must exist in the calendar, and
    must not be part of a longer run of digits or of a hexadecimal digest.
    """
    name = PurePath(path).name
    found = [(match.start(), match[1] + match[3] + match[4]) for match in _SEPARATED.finditer(name)]
    found += [place for run in _RUN.finditer(name) for place in _compact(run)]
    days = ((start, _calendar(digits)) for start, digits in sorted(found))
    return next((day for _, day in days if day is not None), None)


def _compact(run: re.Match[str]) -> list[tuple[int, str]]:
    match = _COMPACT.fullmatch(run[0])
    if match is None:
        return []
    rest = match["before"] + (match["after"] or "")
    # Letters from a to f on both or either side look like the digits of a digest, not like a word.
    if rest and _HEX.fullmatch(rest):
        return []
    return [(run.start() + match.start("date"), match["date"])]


def _calendar(digits: str) -> date | None:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        return None
