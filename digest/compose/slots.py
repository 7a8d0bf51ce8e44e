"""Schedules and their slots, as local times and instants. Pure: the clock is an argument.

A slot is a local date and time at which a schedule wants an issue. Each exists once: a time that a change of
clocks skips is at the next existing time, a repeated time is at its first occurrence, and a local date that a
zone skipped has no slots.
"""

import re
from bisect import bisect_right
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import takewhile
from zoneinfo import ZoneInfo

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_TIME = re.compile(r"([0-9]{1,2}):([0-9]{2})")
_NUMBER = re.compile(r"[0-9]{1,4}")
_HORIZON = 366 * 41  # days: a 29 February on a Sunday recurs within forty years, even across 2100
_EXAMPLES = '"daily 08:00", "weekdays 07:30", "mon,thu 09:00,17:00", "monthly last 08:00" or a cron line'


@dataclass(frozen=True, slots=True)
class Schedule:
    """The days and times at which a subscription wants issues.

    `times` are wall times, ascending. A date is included if its month is in `months`, its day of the month in
    `days` (-1: the last), and its weekday in `weekdays` (0 is Monday); with `either` one of the last two is
    enough. None includes all.
    """

    text: str
    times: tuple[time, ...]
    weekdays: frozenset[int] | None = None
    days: frozenset[int] | None = None
    months: frozenset[int] | None = None
    either: bool = False

    def includes(self, day: date) -> bool:
        """Return whether a date has slots."""
        if self.months is not None and day.month not in self.months:
            return False
        by_day = self.days is None or day.day in self.days or (-1 in self.days and _is_last(day))
        by_weekday = self.weekdays is None or day.weekday() in self.weekdays
        return by_day or by_weekday if self.either else by_day and by_weekday


@lru_cache(maxsize=256)
def is_weekly(schedule: Schedule) -> bool:
    """Return whether a schedule has exactly one slot every week."""
    year = (date(2024, 1, 1) + timedelta(days=day) for day in range(366))
    days = [day for day in year if schedule.includes(day)]
    weekly = len(days) >= 52 and len({day.weekday() for day in days}) == 1
    return weekly and len(schedule.times) == 1


def _is_last(day: date) -> bool:
    return day.day == monthrange(day.year, day.month)[1]


@dataclass(frozen=True, slots=True, order=True)
class Slot:
    """The instant (UTC) at which a slot is due, and its wall time as a key that is unique in its zone."""

    instant: datetime
    key: str


@lru_cache(maxsize=4096)
def parse_schedule(text: str) -> Schedule:
    """Return the schedule for a shorthand or a five-field cron line. Raises ValueError with the mistake."""
    fields = text.split()
    if len(fields) == 5 and not _TIME.search(text):
        return _cron(text, fields)
    if len(fields) == 3 and fields[0].lower() == "monthly":
        schedule = Schedule(text, _times(fields[2]), days=frozenset({_day_of_month(fields[1])}))
    elif len(fields) == 2:
        schedule = Schedule(text, _times(fields[1]), weekdays=_weekdays(fields[0]))
    else:
        raise ValueError(f"{text!r} is not a valid schedule; use {_EXAMPLES}")
    return schedule


def _times(text: str) -> tuple[time, ...]:
    found = []
    for part in text.split(","):
        match = _TIME.fullmatch(part)
        if not match or int(match[1]) > 23 or int(match[2]) > 59:
            raise ValueError(f"{part!r} is not a valid time; use HH:MM, as in 08:00")
        found.append(time(int(match[1]), int(match[2])))
    return tuple(sorted(set(found)))


def _weekdays(text: str) -> frozenset[int] | None:
    named = {"daily": None, "weekdays": frozenset(range(5)), "weekends": frozenset({5, 6})}
    lowered = text.lower()
    if lowered in named:
        return named[lowered]
    days = set()
    for part in lowered.split(","):
        if not _is_weekday_name(part):
            raise ValueError(f"{part!r} is not a weekday; use {_EXAMPLES}")
        days.add(WEEKDAYS.index(part[:3]))
    return frozenset(days)


def _is_weekday_name(name: str) -> bool:
    full = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    return name in WEEKDAYS or name in full


def _day_of_month(text: str) -> int:
    if text.lower() == "last":
        return -1
    if not _NUMBER.fullmatch(text) or not 1 <= int(text) <= 31:
        raise ValueError(f"{text!r} is not a day of the month; use 1 to 31 or last")
    return int(text)


def _cron(text: str, fields: list[str]) -> Schedule:
    minutes = _cron_field(fields[0], 0, 59, ())
    hours = _cron_field(fields[1], 0, 23, ())
    weekdays = _cron_field(fields[4], 0, 7, ("sun", "mon", "tue", "wed", "thu", "fri", "sat"))
    schedule = Schedule(
        text,
        tuple(sorted(time(hour, minute) for hour in hours for minute in minutes)),
        weekdays=frozenset((d + 6) % 7 for d in weekdays),
        days=frozenset(_cron_field(fields[2], 1, 31, ())),
        months=frozenset(_cron_field(fields[3], 1, 12, _MONTHS)),
        # As in cron, one of the two is enough if neither begins with a star.
        either=not (fields[2].startswith("*") or fields[4].startswith("*")),
    )
    if next_slot(schedule, ZoneInfo("UTC"), datetime(2024, 1, 1, tzinfo=UTC)) is None:
        raise ValueError(f"{text!r} never occurs; use a day that one of its months has")
    return schedule


def _cron_field(field: str, low: int, high: int, names: tuple[str, ...]) -> set[int]:
    found: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        if "/" in part and (not _NUMBER.fullmatch(step) or int(step) == 0):
            raise ValueError(f"{part!r} has no valid step; use a number from 1, as in */15")
        if span == "*":
            first, last = low, high
        else:
            start, dash, end = span.partition("-")
            first = _cron_number(start, low, high, names)
            last = _cron_number(end, low, high, names) if dash else (high if step else first)
            if names and names[0] == "sun" and dash and last == 0 and first > 0:
                last = 7  # fri-sun
        if first > last:
            raise ValueError(f"{part!r} runs backwards; put the smaller value first")
        found.update(range(first, last + 1, int(step or 1)))
    return found


def _cron_number(text: str, low: int, high: int, names: tuple[str, ...]) -> int:
    if text.lower() in names:
        return names.index(text.lower()) + (0 if low == 0 else 1)
    if not _NUMBER.fullmatch(text) or not low <= int(text) <= high:
        raise ValueError(f"{text!r} is not a number from {low} to {high}")
    return int(text)


def due_slots(schedule: Schedule, zone: ZoneInfo, last: datetime | None, now: datetime) -> tuple[Slot, ...]:
    """Return the slots after the instant `last` and not after `now`, ascending; only the latest if `last` is
    None.
    """
    if last is None:
        latest = latest_due(schedule, zone, None, now)
        return (latest,) if latest else ()
    found = takewhile(lambda slot: slot.instant > last, slots_backwards(schedule, zone, now))
    return tuple(reversed(list(found)))


def latest_due(schedule: Schedule, zone: ZoneInfo, last: datetime | None, now: datetime) -> Slot | None:
    """Return the last of `due_slots`, which replaces the earlier ones, without computing those."""
    latest = _latest(schedule, zone, now)
    return latest if latest and (last is None or latest.instant > last) else None


# Of very many subscriptions, most have one of a few schedules and zones, and a run asks at one time.
@lru_cache(maxsize=4096)
def _latest(schedule: Schedule, zone: ZoneInfo, now: datetime) -> Slot | None:
    return next(slots_backwards(schedule, zone, now), None)


@lru_cache(maxsize=4096)
def next_slot(schedule: Schedule, zone: ZoneInfo, now: datetime) -> Slot | None:
    """Return the first slot after `now` within 41 years, or None."""
    for day in _days(now.astimezone(zone).date() - timedelta(days=1), 1):
        if _has(schedule, zone, day):
            place = _passed(schedule, zone, day, now)
            if place < len(schedule.times):
                return _slot(schedule, zone, day, place)
    return None


def slots_backwards(schedule: Schedule, zone: ZoneInfo, now: datetime) -> Iterator[Slot]:
    """Yield the slots not after `now`, latest first, each computed only when it is needed."""
    for day in _days(now.astimezone(zone).date() + timedelta(days=1), -1):
        if _has(schedule, zone, day):
            for place in reversed(range(_passed(schedule, zone, day, now))):
                yield _slot(schedule, zone, day, place)


def _has(schedule: Schedule, zone: ZoneInfo, day: date) -> bool:
    return schedule.includes(day) and _exists(day, zone)


def _passed(schedule: Schedule, zone: ZoneInfo, day: date, now: datetime) -> int:
    """Return how many of the day's slots are not after `now`; a later wall time is never an earlier instant."""
    return bisect_right(schedule.times, now, key=lambda at: instant_of(datetime.combine(day, at), zone))


def _slot(schedule: Schedule, zone: ZoneInfo, day: date, place: int) -> Slot:
    at = schedule.times[place]
    return Slot(instant_of(datetime.combine(day, at), zone), f"{day.isoformat()}T{at:%H:%M}")


def _days(first: date, step: int) -> Iterator[date]:
    """Yield the days from `first` on (`step` 1) or back (-1), within the horizon and the calendar."""
    for offset in range(0, _HORIZON * step, step):
        ordinal = first.toordinal() + offset
        if not 366 < ordinal < date.max.toordinal() - 366:
            return
        yield date.fromordinal(ordinal)


def _exists(day: date, zone: ZoneInfo) -> bool:
    """Return whether a local date exists in the zone; some have skipped one at the date line."""
    noon = datetime.combine(day, time(12), zone)
    return noon.astimezone(UTC).astimezone(zone).date() == day


def instant_of(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant (UTC) of a naive wall time; the first of two, and within a gap its end."""
    early = wall.replace(tzinfo=zone, fold=0)
    instant = early.astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == wall:
        return instant
    # Within a gap, fold=0 uses the offset before it and fold=1 the offset after it; the change lies between.
    return _change_between(wall.replace(tzinfo=zone, fold=1).astimezone(UTC), instant, zone)


def _change_between(low: datetime, high: datetime, zone: ZoneInfo) -> datetime:
    """Return the first instant after `low` at which the zone has the same offset as at `high`, to the second."""
    offset = high.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        middle = middle.replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == offset:
            high = middle
        else:
            low = middle
    return high
