"""Zones, years, the hours at which clocks change: a slot for each local time, and only one issue of it.

`TORTURE=full` (`make torture`) takes every zone, ten years and every schedule; otherwise a seeded sample.
"""

import os
import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import product
from zoneinfo import ZoneInfo, available_timezones

import pytest

from digest.compose.slots import due_slots, latest_due, parse_schedule

TORTURE = os.environ.get("TORTURE", "")
SEED = int(os.environ["TORTURE_SEED"])
CHANCE = random.Random(SEED)
TIMES = ("00:00", "01:30", "02:00", "02:30", "03:00", "08:00")
DAYS = {
    "daily {}": lambda day: True,
    "weekdays {}": lambda day: day.weekday() < 5,
    "sun {}": lambda day: day.weekday() == 6,
    "monthly last {}": lambda day: (day + timedelta(1)).day == 1,
}
FORMS = tuple(DAYS)
# In every sample: days that never were, changes of half an hour or two hours, at midnight, in Ramadan.
ODD = ("Pacific/Apia", "Australia/Lord_Howe", "America/Sao_Paulo", "Africa/Casablanca", "Antarctica/Troll")
ZONES = sorted(available_timezones())
if TORTURE != "full":
    ZONES = sorted({*ODD, *CHANCE.sample(ZONES, 35 if TORTURE == "sample" else 7)})
LAST = date(2026, 1, 1)
FIRST = date(2016 if TORTURE else 2024, 1, 1)


def dates_of(zone: ZoneInfo, first: date, last: date) -> Iterator[date]:
    """Yield the local dates that a wall clock showed, each once, by looking at it every four hours."""
    now = datetime.combine(first, datetime.min.time(), UTC) - timedelta(days=2)
    shown: set[date] = set()
    while now.date() <= last + timedelta(days=2):
        day = now.astimezone(zone).date()
        if day not in shown and first <= day < last:
            yield day
        shown.add(day)
        now += timedelta(hours=4)


def served(schedule: str, zone: ZoneInfo, first: date, last: date, rng: random.Random) -> list[str]:
    """Run a clock with random downtime and return the slots used up, each with what folded into it."""
    plan = parse_schedule(schedule)
    now = datetime.combine(first, datetime.min.time(), UTC) - timedelta(days=2)
    end = datetime.combine(last, datetime.min.time(), UTC) + timedelta(days=2)
    at, used = now, []
    while now < end:
        now += timedelta(minutes=rng.choice((1, 37, 240, 1440, 1440, 2881, 9000)))
        found = due_slots(plan, zone, at, now)
        assert latest_due(plan, zone, at, now) == (found[-1] if found else None)
        if found:
            used += [slot.key for slot in found]
            at = found[-1].instant
        elif rng.random() < 0.1:
            now -= timedelta(minutes=rng.randrange(300))  # the clock is put back
    return used


def check(name: str, years: tuple[date, date], times: tuple[str, ...], forms: tuple[str, ...]) -> None:
    zone, rng = ZoneInfo(name), random.Random(f"{SEED} {name}")
    days = list(dates_of(zone, *years))
    for at, form in product(times, forms):
        used = served(form.format(at), zone, *years, rng)
        wanted = [f"{day}T{at}" for day in days if DAYS[form](day)]
        kept = [key for key in used if f"{years[0]}" <= key < f"{years[1]}"]
        assert kept == sorted(wanted), f"TORTURE_SEED={SEED} {name} {form.format(at)}"
        assert max(Counter(used).values(), default=1) == 1


@pytest.mark.torture
@pytest.mark.parametrize("name", ZONES)
def test_each_slot_once_and_none_missed(name):
    others = random.Random(f"{SEED} {name}").sample(FORMS[1:], 3 if TORTURE == "full" else 1)
    check(name, (FIRST, LAST), TIMES, (FORMS[0], *others))


def test_the_years_in_which_zones_skipped_a_date():
    for name, year in (("Pacific/Apia", 2011), ("Pacific/Kwajalein", 1993), ("Pacific/Kiritimati", 1994)):
        check(name, (date(year, 1, 1), date(year + 1, 2, 1)), TIMES, ("daily {}",))


def test_a_schedule_of_every_minute_is_fast_after_a_long_downtime():
    every_minute, zone = parse_schedule("* * * * *"), ZoneInfo("Europe/Paris")
    now = datetime(2026, 11, 24, tzinfo=UTC)
    asked: list[datetime] = []

    class Counting(ZoneInfo):
        def utcoffset(self, moment, /):
            asked.append(moment)
            return super().utcoffset(moment)

    counting = Counting("Europe/Paris")
    found = latest_due(every_minute, counting, now - timedelta(days=3000), now)
    assert found is not None
    assert found == latest_due(every_minute, zone, None, now)
    assert found.instant == now
    assert len(asked) < 500
