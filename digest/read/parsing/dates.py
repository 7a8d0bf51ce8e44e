"""Parses the dates in digest files. A date without year, month or day is None. Pure."""

import re
from collections.abc import Iterable
from datetime import date
from email.utils import parsedate_tz
from functools import lru_cache
from typing import NamedTuple

from digest.read.parsing.months import LETTERS, month_named, season_month

_ISO = re.compile(r"((?:1[5-9]|20)\d\d)([-/.])(\d{1,2})\2(\d{1,2})(?![\d])", re.ASCII)
_DOTTED = re.compile(r"(\d{1,2})\.\s?(\d{1,2})\.\s?((?:1[5-9]|20)\d\d)(?!\d)", re.ASCII)  # day, month, year
_SLASHED = re.compile(
    r"(\d{1,2})([/-])(\d{1,2})\2((?:19|20)\d\d)(?!\d)", re.ASCII
)  # in the order of any country
_COMPACT = re.compile(r"((?:19|20)\d\d)(\d\d)(\d\d)(?:T\d+Z?)?", re.ASCII)
_WORD = rf"{LETTERS}{{3,12}}"
_DAY = r"[0-9]{1,2}(?:st|nd|rd|th|er|[ºª°])?"
_SPAN = r"\s*(?:-{1,3}|–|—|/|to|and|&|bis|et|y|e|à|al)\s*"
# The rest of a range: `18-20 July`, `July 18 - 20`, `July 30 - August 2`. The first day counts.
_TO_DAY = rf"(?:{_SPAN}(?:{_WORD}\.?\s*)?{_DAY})?"
_WEEKDAYS = (
    "mon tue wed thu fri sat sun montag dienstag mittwoch donnerstag freitag samstag sonntag lun mar mer jeu ven sam dim"
    " mie jue vie sab dom gio maa din woe don vri zat zon"
)
_WEEKDAY = rf"(?:(?:{'|'.join(_WEEKDAYS.split())}){LETTERS}{{0,10}}\.?,?\s+(?:(?:den|el|le)\s+)?)?(?:the\s+)?"
_OF = r"(?:(?:of|de|del|d'|di)\s+)?"
_WORDED = re.compile(
    rf"{_WEEKDAY}(?:"
    rf"(?P<first>{_DAY})\.?(?:{_SPAN}{_DAY}\.?)?[\s\-./]{{0,3}}{_OF}(?P<month1>{_WORD})\.?"
    rf"(?:{_SPAN}{_DAY}\.?\s*{_WORD}\.?)?,?[\s\-./]{{0,3}}{_OF}(?P<year1>(?:1[5-9]|20)[0-9]{{2}})(?![0-9])"
    rf"|(?P<month2>{_WORD})\.?[\s\-./]{{0,3}}(?P<day2>{_DAY})\.?{_TO_DAY},?[\s\-./]{{1,3}}(?P<year2>(?:1[5-9]|20)[0-9]{{2}})(?![0-9])"
    rf"|(?P<year3>(?:1[5-9]|20)[0-9]{{2}})[\s\-./,]{{1,3}}(?P<month3>{_WORD})\.?[\s\-./]{{1,3}}(?P<day3>{_DAY})(?![0-9])"
    r")",
    re.IGNORECASE,
)
_EAST_ASIAN = re.compile(r"([0-9]{4})\s*[年년]\s*([0-9]{1,2})\s*[月월]\s*([0-9]{1,2})\s*[日일]")
_MONTH_AND_DAY = re.compile(
    rf"(?P<first>{_DAY})\.?(?:{_SPAN}{_DAY}\.?)?[\s~,\-./]{{0,3}}{_OF}(?P<after>{_WORD})"
    rf"|(?P<month>{_WORD}|[0-9]{{1,2}})\.?[\s~,\-./]{{1,3}}(?P<day>{_DAY})(?![0-9])"
)
# Words and numbers of a date without a day; anything else makes it another text.
_TOKEN = re.compile(rf"{LETTERS}+|[0-9]+")
_JOINING = frozenset(
    [
        "and",
        "to",
        "of",
        "bis",
        "und",
        "et",
        "y",
        "e",
        "a",
        "al",
        "de",
        "del",
        "di",
        "the",
        "issue",
        "quarter",
        "trimester",
        "quartal",
        "trimestre",
        "through",
        "thru",
    ]
)
_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "1st": 1, "2nd": 2, "3rd": 3, "4th": 4}
_QUARTER = re.compile(
    r"(?:Q\s?([1-4])|(1st|2nd|3rd|4th|first|second|third|fourth)\s+(?:quarter|trimester))\b[\s,]*((?:1[5-9]|20)[0-9]{2})"
    r"|((?:1[5-9]|20)[0-9]{2})[\s,-]*(?:Q\s?([1-4])|(1st|2nd|3rd|4th|first|second|third|fourth)\s+(?:quarter|trimester))",
    re.IGNORECASE,
)
_MONTH_INTERVAL = re.compile(r"((?:1[5-9]|20)[0-9]{2})-([0-9]{2})/(?:(?:1[5-9]|20)[0-9]{2})-[0-9]{2}")
_SEASON_NUMBER = re.compile(r"((?:1[5-9]|20)[0-9]{2})-(2[1-4])")  # EDTF: 21 is spring
_LEADING_DAY = re.compile(r"\s*(\d{1,2})(?:st|nd|rd|th|er|\.)?\s*(?:(?:-{1,3}|–|—|/|to|and|&).*)?", re.ASCII)
_ORDINAL = re.compile(r"(?:st|nd|rd|th|er|[ºª°])$", re.IGNORECASE)
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
    if match := _SLASHED.match(bare):
        return _only_order(int(match[1]), int(match[3]), match[4])
    if match := _EAST_ASIAN.match(bare):
        return calendar_day(match[1], match[2], match[3])
    return _worded(bare) or _mail_day(bare)


def calendar_day(year: str | int, month: str | int, day: str | int) -> date | None:
    """Return the date, or None if the calendar does not have it."""
    try:
        return date(int(year), int(month), int(day))
    except (ValueError, OverflowError):
        return None


def _only_order(one: int, other: int, year: str) -> date | None:
    """Return the date of a day and a month in either order, or None if both orders are dates."""
    if one != other and max(one, other) <= 12:
        return None
    return calendar_day(year, min(one, other), max(one, other))


def day_from_parts(year: str, month: str, day: str) -> date | None:
    """Return the date of a year, a month (number or name) and a day, or None if one is missing.

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
    """Return the month (1 to 12) for a name or a number, or None."""
    bare = text.strip()
    if bare.isascii() and bare.isdigit():
        return int(bare) if len(bare) <= 2 and 1 <= int(bare) <= 12 else None
    return month_named(bare)


def vague_day(text: object) -> date | None:
    """Return the first day of a season, a quarter or a range of months: `Spring 2024`, `Jan-Feb 2024`, `2024 Mar-Apr`.

    Winter of one year begins on 1 January of it, and winter of two in December of the first. A single month or a year
    alone gives None, and so does any other text.
    """
    if not isinstance(text, str) or not any(map(str.isdigit, text[:_LONGEST])):
        return None
    return _vague(" ".join(text[: 2 * _LONGEST].replace("~", " ").split())[:_LONGEST])


@lru_cache(maxsize=1 << 12)
def _vague(bare: str) -> date | None:
    if match := _MONTH_INTERVAL.fullmatch(bare):
        return calendar_day(match[1], match[2], 1)
    if match := _SEASON_NUMBER.fullmatch(bare):
        return calendar_day(match[1], (3, 6, 9, 1)[int(match[2]) - 21], 1)
    if match := _QUARTER.fullmatch(bare):
        number = match[1] or match[5] or _ORDINALS[(match[2] or match[6]).lower()]
        return calendar_day(match[3] or match[4], 3 * int(number) - 2, 1)
    return _first_of_span(_TOKEN.findall(bare))


def _first_of_span(tokens: list[str]) -> date | None:
    years: list[int] = []
    months: list[int] = []
    seasons: list[int] = []
    for token in tokens:
        if token.isdigit():
            if len(token) == 4 and 1500 <= int(token) < 2100:
                years.append(int(token))
            elif not (len(token) == 2 and years and int(token) == (years[-1] + 1) % 100):
                return None
            else:  # 2023/24
                years.append(years[-1] + 1)
        elif season := season_month(token):
            seasons.append(season)
        elif month := month_named(token):
            months.append(month)
        elif token.lower() not in _JOINING:
            return None
    if not years or len(years) > 2 or bool(seasons) == bool(months):
        return None
    if seasons:
        return calendar_day(years[0], 12 if seasons[0] == 1 and len(years) == 2 else seasons[0], 1)
    if len(months) != 2 or months[0] == months[1]:
        return None
    over = months[0] > months[1] and len(years) == 1 and tokens[-1].isdigit()  # Dec-Jan 2024
    return calendar_day(years[0] - over, months[0], 1)


class Published(NamedTuple):
    """A date of publication: the day, and the words of a vague date, of which the day is the first."""

    day: date | None = None
    words: str | None = None


def published(day: date | None, vague: Iterable[str]) -> Published:
    """Return a day, or if it is None the first text that is a vague date."""
    if day is not None:
        return Published(day)
    found = ((first, text) for text in vague if (first := vague_day(text)))
    return next(
        (Published(first, " ".join(text.replace("~", " ").split())) for first, text in found), Published()
    )


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
