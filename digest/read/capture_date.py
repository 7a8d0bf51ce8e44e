"""The capture date of a file: the day on which it was saved. Pure."""

import re
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from pathlib import PurePath

from digest.model import PartialDate

# Two leap days are up to eight years apart (1896, 1904).
_LEAP_GAP = 8
# With fewer full dates, the page may show only papers that are much older than itself.
_ENOUGH_DATES = 10

# 2025-11-24, 2025_11_24, 2025.11.24: the same separator twice, and no digit before or after.
_SEPARATED = re.compile(r"(?<!\d)((?:19|20)\d\d)([-_.])(\d\d)\2(\d\d)(?!\d)", re.ASCII)
_RUN = re.compile(r"[^\W_]+")
# 20251124 in a run of letters and digits; a time of day may follow (20251124T0800).
_COMPACT = re.compile(
    r"(?P<before>[^\W\d_]*)(?P<date>(?:19|20)\d{6})(?:[Tt]\d{4}(?:\d\d)?[Zz]?|(?P<after>[^\W\d_]*))"
)
_HEX = re.compile(r"[0-9a-fA-F]+")


@dataclass(frozen=True, slots=True)
class Capture:
    """A capture date; `guessed` if neither the user, the file name nor the content gives it in full."""

    day: date
    guessed: bool


@dataclass(frozen=True, slots=True)
class KnownDates:
    """What is known about the day on which a file was saved.

    `path` may hold a date in its last part. `modified` is the modification time (aware). `given` is the
    date given by the user; `carried` the newest date in the file, for formats whose entries always carry
    full dates. `header` is the date shown above the papers of a page; `published` holds the dates that
    listings show in full.
    """

    path: str
    modified: datetime
    given: date | None = None
    carried: date | None = None
    header: PartialDate | None = None
    published: tuple[date, ...] = ()


def captured_on(known: KnownDates, *, today: date, zone: tzinfo) -> Capture:
    """Return the capture date: the first of these that exists.

    1. `given`; 2. `carried`; 3. a full date in the file name; 4. `header`, if it has a year; 5. the modification
    date in `zone`, if its month and day are those of `header`; 6. if at least ten listings show full dates, the
    month and day of `header` in the year after the newest of `published`, if that is not after `today`: a listing
    of the current year shows no year, and a copied file has a new modification time; 7. the latest date with the
    month and day of `header` that is not after the modification date, not after `today`, and not before any of
    `published`; 8. the earlier of the modification date and `today`. The last four are guesses.
    """
    for certain in (known.given, known.carried, date_in_name(known.path), full_date(known.header)):
        if certain is not None:
            return Capture(certain, guessed=False)
    newest = min(known.modified.astimezone(zone).date(), today)
    oldest = max(known.published, default=date.min)
    return Capture(_guess(known, oldest, newest, today) or newest, guessed=True)


def _guess(known: KnownDates, oldest: date, newest: date, today: date) -> date | None:
    header = known.header
    if header is None:
        return None
    if (newest.month, newest.day) == (header.month, header.day) and oldest <= newest:
        return newest
    if len(known.published) >= _ENOUGH_DATES and oldest.year < date.max.year:
        following = in_year(header, oldest.year + 1)
        if following is not None and following <= today:
            return following
    return latest_between(header, oldest, newest)


def full_date(partial: PartialDate | None) -> date | None:
    """Return the calendar date, or None if the year is unknown or the date does not exist."""
    return None if partial is None or partial.year is None else in_year(partial, partial.year)


def in_year(partial: PartialDate, year: int) -> date | None:
    """Return the date in that year, or None if the year does not have it (February 29)."""
    try:
        return date(year, partial.month, partial.day)
    except ValueError:
        return None


def latest_between(partial: PartialDate, oldest: date, newest: date) -> date | None:
    """Return the latest date with this month and day from `oldest` to `newest`, both inclusive."""
    for year in range(newest.year, max(newest.year - _LEAP_GAP, oldest.year) - 1, -1):
        day = in_year(partial, year)
        if day is not None and oldest <= day <= newest:
            return day
    return None


def date_in_name(path: str) -> date | None:
    """Return the first full date in the last part of a path, or None.

    A date is `2025-11-24` (also with `_` or `.`) or `20251124`. It must exist in the calendar, and must
    not be part of a longer number or of a hexadecimal digest.
    """
    name = PurePath(path).name
    found = [(match.start(), match[1] + match[3] + match[4]) for match in _SEPARATED.finditer(name)]
    found += [each for run in _RUN.finditer(name) for each in _compact(run)]
    days = ((start, _calendar(digits)) for start, digits in sorted(found))
    return next((day for _, day in days if day is not None), None)


def _compact(run: re.Match[str]) -> list[tuple[int, str]]:
    """Return the start and the eight digits of a date in a run of letters and digits, if it has one."""
    match = _COMPACT.fullmatch(run[0])
    if match is None:
        return []
    rest = match["before"] + (match["after"] or "")
    # If all letters around it are a to f, the run is more likely a hexadecimal digest than a word.
    if rest and _HEX.fullmatch(rest):
        return []
    return [(run.start() + match.start("date"), match["date"])]


def _calendar(digits: str) -> date | None:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        return None
