"""Schedules and their slots in every zone."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.compose.slots import Schedule, Slot, due_slots, instant_of, next_slot, parse_schedule

ZONES = sorted(available_timezones())
MONDAY = date(2026, 11, 16)
MINUTE = timedelta(minutes=1)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def keys(schedule: str, zone: str, after: str, until: str) -> list[str]:
    slots = due_slots(parse_schedule(schedule), ZoneInfo(zone), utc(after), utc(until))
    return [slot.key for slot in slots]


def refusal(text: str) -> str | None:
    try:
        parse_schedule(text)
    except ValueError as error:
        return str(error)
    return None


def days_of(text: str, first: date = date(2028, 2, 1), count: int = 366) -> set[date]:
    schedule = parse_schedule(text)
    return {day for n in range(count) if schedule.includes(day := first + timedelta(n))}


# --- forms ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "weekdays", "times"), [
    ("daily 08:00", range(7), ["08:00"]), ("daily 7:30", range(7), ["07:30"]), ("DAILY 00:00,23:59", range(7), ["00:00", "23:59"]),
    ("weekdays 08:00", range(5), ["08:00"]), ("weekends 10:00", (5, 6), ["10:00"]), ("  mon,thu   17:00,09:00,9:00 ", (0, 3), ["09:00", "17:00"]),
    ("Sunday,tue 09:00", (1, 6), ["09:00"]), ("0 8 * * *", range(7), ["08:00"]), ("30 8,17 * * 1-5", range(5), ["08:30", "17:30"]),
    ("0 8 * * 0", (6,), ["08:00"]), ("0 8 * * 7", (6,), ["08:00"]), ("0 8 * * 0,7", (6,), ["08:00"]), ("0 8 * * sun", (6,), ["08:00"]),
    ("0 8 * * 5-7", (4, 5, 6), ["08:00"]), ("0 8 * * fri-sun", (4, 5, 6), ["08:00"]), ("0 8 * * Sun-Tue", (6, 0, 1), ["08:00"]),
    ("0 8 * * */2", (6, 1, 3, 5), ["08:00"]), ("0 8 * * 1-5/2", (0, 2, 4), ["08:00"]), ("*/20 8 * * *", range(7), ["08:00", "08:20", "08:40"]),
    ("50/5 8 * * *", range(7), ["08:50", "08:55"]), ("0 20/2 * * *", range(7), ["20:00", "22:00"]), ("5,1-2 0 * * *", range(7), ["00:01", "00:02", "00:05"]),
])  # fmt: skip
def test_weekdays_and_times(text, weekdays, times):
    schedule = parse_schedule(text)
    assert [f"{at:%H:%M}" for at in schedule.times] == times
    assert {n for n in range(7) if schedule.includes(MONDAY + timedelta(n))} == set(weekdays)
    assert schedule.text == text


@pytest.mark.parametrize(("text", "expected"), [
    ("monthly 1 08:00", lambda day: day.day == 1), ("monthly 31 08:00", lambda day: day.day == 31),
    ("Monthly LAST 08:00", lambda day: (day + timedelta(1)).day == 1), ("0 8 1,15 * *", lambda day: day.day in {1, 15}),
    ("0 8 29 2 *", lambda day: (day.month, day.day) == (2, 29)), ("0 8 * jan,Feb *", lambda day: day.month < 3),
    ("0 8 * 5/3 *", lambda day: day.month in {5, 8, 11}), ("0 8 13 * fri", lambda day: day.day == 13 or day.weekday() == 4),
    ("0 8 1-7 * */7", lambda day: day.day < 8 and day.weekday() == 6), ("0 8 */100,1-7 * mon", lambda day: day.day < 8 and day.weekday() == 0),
    ("0 8 */1 * 1", lambda day: day.weekday() == 0), ("0 8 1-31 * 1", lambda day: True), ("0 8 1 * 0-6", lambda day: True),
    ("0 8 1 * *,1", lambda day: day.day == 1), ("0 8 10 */6 mon", lambda day: day.month in {1, 7} and (day.day == 10 or day.weekday() == 0)),
])  # fmt: skip
def test_days_of_the_year(text, expected):
    first = date(2028, 2, 1)
    assert days_of(text) == {day for n in range(366) if expected(day := first + timedelta(n))}


@pytest.mark.parametrize(("text", "part"), [
    ("", "is not a valid schedule"), ("daily", "is not a valid schedule"), ("08:00", "is not a valid schedule"), ("@daily", "is not a valid schedule"),
    ("daily at 08:00", "is not a valid schedule"), ("mon, thu 09:00", "is not a valid schedule"), ("monthly 1 08:00 x y", "is not a valid schedule"),
    ("0 8 * *", "is not a valid schedule"), ("0 8 * * * *", "is not a valid schedule"), ("dayly 08:00", "'dayly' is not a weekday"),
    ("mon-fri 08:00", "'mon-fri' is not a weekday"), ("monster 08:00", "'monster' is not a weekday"), ("mon,,tue 08:00", "'' is not a weekday"),
    ("daily 8", "'8' is not a valid time; use HH:MM, as in 08:00"), ("daily 24:00", "'24:00'"), ("daily 08:60", "'08:60'"), ("daily 08:00,", "'' is not a valid time"),
    ("daily 08:00pm", "'08:00pm'"), ("daily ٠٨:٠٠", "is not a valid time"), ("monthly 0 08:00", "'0' is not a day of the month; use 1 to 31 or last"),
    ("monthly 32 08:00", "'32'"), ("monthly first 08:00", "'first'"), ("monthly ² 08:00", "'²' is not a day of the month"), ("monthly -1 08:00", "'-1'"),
    ("60 8 * * *", "'60' is not a number from 0 to 59"), ("0 24 * * *", "'24' is not a number from 0 to 23"), ("0 8 0 * *", "'0' is not a number from 1 to 31"),
    ("0 8 32 * *", "'32' is not a number from 1 to 31"), ("0 8 * 13 *", "'13' is not a number from 1 to 12"), ("0 8 * * 8", "'8' is not a number from 0 to 7"),
    ("0 8 ? * *", "'?' is not a number from 1 to 31"), ("0 8 * * mon#1", "'mon#1' is not a number from"), ("0 8 * * jan", "'jan' is not a number from"), ("٣ 8 * * *", "is not a number from 0 to 59"),
    ("*/0 8 * * *", "'*/0' has no valid step; use a number from 1"), ("*/ 8 * * *", "'*/' has no valid step"), ("*/² 8 * * *", "has no valid step"), ("*/5/2 8 * * *", "has no valid step"),
    ("9-5 8 * * *", "'9-5' runs backwards"), ("0 8 * * fri-mon", "'fri-mon' runs backwards"), ("0 8 30 2 *", "never occurs"), ("0 8 31 4,6,9,11 *", "never occurs"),
    ("1- 8 * * *", "'' is not a number from 0 to 59"), (", 8 * * *", "'' is not a number from 0 to 59"),
])  # fmt: skip
def test_errors_of_schedules(text, part):
    assert part in str(refusal(text))


@given(st.text(max_size=20) | st.text("0123456789*/-, :amonthlydsu", max_size=24))
def test_any_text_is_read_or_refused(text):
    if reason := refusal(text):
        assert "invalid literal" not in reason
        return
    schedule = parse_schedule(text)
    assert schedule.times == tuple(sorted(set(schedule.times)))
    assert next_slot(schedule, ZoneInfo("UTC"), utc("2026-01-01")) is not None


# --- changes of clocks ---------------------------------------------------------------------------


@pytest.mark.parametrize(("zone", "wall", "instant"), [
    ("Europe/Paris", "2026-03-29T01:59", "2026-03-29T00:59"), ("Europe/Paris", "2026-03-29T02:00", "2026-03-29T01:00"),
    ("Europe/Paris", "2026-03-29T02:30", "2026-03-29T01:00"), ("Europe/Paris", "2026-03-29T03:00", "2026-03-29T01:00"),
    ("Europe/Paris", "2026-10-25T02:30", "2026-10-25T00:30"), ("Europe/Paris", "2026-10-25T03:00", "2026-10-25T02:00"),
    ("Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-03T15:30"), ("America/Sao_Paulo", "2018-11-04T00:00", "2018-11-04T03:00"),
    ("Antarctica/Troll", "2026-03-29T01:30", "2026-03-29T01:00"), ("Africa/Monrovia", "1972-01-07T00:10", "1972-01-07T00:44:30"),
    ("America/St_Johns", "2010-11-06T23:30", "2010-11-07T02:00"), ("Asia/Kathmandu", "1986-01-01T00:05", "1985-12-31T18:30"),
])  # fmt: skip
def test_wall_times_become_instants(zone, wall, instant):
    assert instant_of(datetime.fromisoformat(wall), ZoneInfo(zone)) == utc(instant)


def test_midnight_after_the_spring_change_is_kept():
    assert keys("0 0 * * *", "Europe/Paris", "2026-03-28T12:00", "2026-03-31") == [
        "2026-03-29T00:00",
        "2026-03-30T00:00",
        "2026-03-31T00:00",
    ]


def test_times_in_one_gap_happen_together():
    assert keys("daily 02:15,02:45", "Europe/Paris", "2026-03-28T12:00", "2026-03-29T00:59") == []
    assert keys("daily 02:15,02:45", "Europe/Paris", "2026-03-28T12:00", "2026-03-29T01:00") == [
        "2026-03-29T02:15",
        "2026-03-29T02:45",
    ]


def test_a_repeated_hour_happens_once():
    assert keys("daily 02:30", "Europe/Paris", "2026-10-24T22:00", "2026-10-25T22:00") == ["2026-10-25T02:30"]
    assert keys("daily 02:30", "Europe/Paris", "2026-10-25T00:30", "2026-10-25T22:00") == []


@pytest.mark.parametrize(("zone", "skipped"), [
    ("Pacific/Apia", "2011-12-30"), ("Pacific/Fakaofo", "2011-12-30"), ("Pacific/Kwajalein", "1993-08-21"), ("Pacific/Kiritimati", "1994-12-31"),
])  # fmt: skip
def test_a_skipped_date_has_no_slot(zone, skipped):
    day = date.fromisoformat(skipped)
    found = keys("daily 00:00,08:00,23:59", zone, f"{day - timedelta(5)}", f"{day + timedelta(5)}")
    assert not [key for key in found if key.startswith(skipped)]
    for beside in (day - timedelta(1), day + timedelta(1)):
        assert [key[11:] for key in found if key.startswith(beside.isoformat())] == [
            "00:00",
            "08:00",
            "23:59",
        ]


# --- an independent model: walk through the minutes ---------------------------------------------


def walked(
    days: dict[date, bool], times: set[time], zone: ZoneInfo, first: datetime, count: int
) -> list[Slot]:
    """Return the slots by running a wall clock: a slot occurs when the clock first shows its time or a later one."""
    wanted = sorted(datetime.combine(day, at) for day, yes in days.items() if yes for at in times)
    shown: set[date] = set()
    found: list[tuple[datetime, datetime]] = []
    latest = (first - MINUTE).astimezone(zone).replace(tzinfo=None)
    wanted = [wall for wall in wanted if wall > latest]
    at = 0
    for n in range(count):
        now = first + n * MINUTE
        wall = now.astimezone(zone).replace(tzinfo=None)
        shown.add(wall.date())
        while at < len(wanted) and wanted[at] <= wall:
            found.append((now, wanted[at]))
            at += 1
    return [Slot(now, f"{wall:%Y-%m-%dT%H:%M}") for now, wall in found if wall.date() in shown]


def fields(low: int, high: int) -> st.SearchStrategy[tuple[str, frozenset[int]]]:
    """Return cron fields with what they mean."""
    number = st.integers(low, high).map(lambda n: (str(n), frozenset({n})))
    span = st.tuples(st.integers(low, high), st.integers(low, high), st.integers(1, 9)).map(
        lambda p: (f"{min(p[:2])}-{max(p[:2])}/{p[2]}", frozenset(range(min(p[:2]), max(p[:2]) + 1, p[2])))
    )
    step = st.integers(1, high).map(lambda n: (f"*/{n}", frozenset(range(low, high + 1, n))))
    part = number | span | step | st.just(("*", frozenset(range(low, high + 1))))
    return st.lists(part, min_size=1, max_size=2).map(
        lambda parts: (",".join(text for text, _ in parts), frozenset().union(*(set_ for _, set_ in parts)))
    )


@st.composite
def crons(draw) -> tuple[str, set[time], dict[date, bool], date]:
    first = date(draw(st.integers(1975, 2037)), draw(st.integers(1, 12)), 1)
    (minute, minutes), (hour, hours) = draw(fields(0, 59)), draw(fields(0, 23))
    (day, days), (month, months), (weekday, weekdays) = (
        draw(fields(1, 31)),
        draw(fields(1, 12)),
        draw(fields(0, 7)),
    )

    def fits(each: date) -> bool:
        by_day, by_weekday = each.day in days, bool({each.isoweekday() % 7, each.isoweekday()} & weekdays)
        starred = day[0] == "*" or weekday[0] == "*"
        return each.month in months and ((by_day and by_weekday) if starred else (by_day or by_weekday))

    span = {each: fits(each) for n in range(-3, 37) if (each := first + timedelta(n))}
    text = f"{minute} {hour} {day} {month} {weekday}"
    return text, {time(h, m) for h in hours for m in minutes}, span, first


@settings(max_examples=40)
@given(crons(), st.sampled_from(ZONES))
def test_a_month_of_minutes_agrees_with_a_wall_clock(cron, name):
    text, times, days, first = cron
    if reason := refusal(text):
        assert "never occurs" in reason
        assert not any(days.values())
        return
    schedule = parse_schedule(text)
    zone = ZoneInfo(name)
    start, count = datetime.combine(first, time(), UTC), 32 * 24 * 60
    model = walked(days, times, zone, start, count)
    assert list(due_slots(schedule, zone, start - MINUTE, start + (count - 1) * MINUTE)) == model


@pytest.mark.parametrize(("name", "first"), [
    ("Europe/Paris", "2026-03-28"), ("Europe/Paris", "2026-10-24"), ("Australia/Lord_Howe", "2026-10-03"), ("Australia/Lord_Howe", "2026-04-04"),
    ("Pacific/Apia", "2011-12-28"), ("Pacific/Kwajalein", "1993-08-19"), ("America/Sao_Paulo", "2018-11-03"), ("Asia/Beirut", "2022-03-26"),
    ("America/St_Johns", "2010-11-06"), ("Antarctica/Troll", "2026-03-28"), ("Africa/Casablanca", "2026-02-14"), ("Asia/Pyongyang", "2018-05-04"),
    ("America/Caracas", "2007-12-08"), ("Pacific/Kiritimati", "1994-12-30"), ("Europe/Volgograd", "2020-12-26"),
])  # fmt: skip
def test_every_minute_around_a_change(name, first):
    day = date.fromisoformat(first)
    times = {time(h, m) for h in range(24) for m in range(0, 60, 5)}
    zone, start, count = ZoneInfo(name), datetime.combine(day, time(), UTC), 4 * 24 * 60
    model = walked({day + timedelta(n): True for n in range(-2, 8)}, times, zone, start, count)
    slots = due_slots(parse_schedule("*/5 * * * *"), zone, start - MINUTE, start + (count - 1) * MINUTE)
    assert list(slots) == model
    assert len({slot.key for slot in slots}) == len(slots)


# --- due and next --------------------------------------------------------------------------------

SCHEDULES = (
    "daily 08:00",
    "daily 00:00,02:30,23:59",
    "weekdays 09:00,17:00",
    "monthly last 02:30",
    "0 */6 * * 1,3",
    "0 0 29 2 *",
)


def moments() -> st.SearchStrategy[datetime]:
    return st.datetimes(datetime(1975, 1, 1), datetime(2037, 12, 31)).map(
        lambda moment: moment.replace(tzinfo=UTC)
    )


@given(
    st.sampled_from(SCHEDULES),
    st.sampled_from(ZONES),
    moments(),
    st.timedeltas(timedelta(0), timedelta(days=60)),
)
def test_due_slots_are_the_next_ones_one_by_one(text, name, last, away):
    schedule, zone, now = parse_schedule(text), ZoneInfo(name), last + away
    due = due_slots(schedule, zone, last, now)
    at, expected = last, []
    while (slot := next_slot(schedule, zone, at)) and slot.instant <= now:
        expected.append(slot.instant)
        at = slot.instant
    assert sorted({slot.instant for slot in due}) == expected
    assert list(due) == sorted(due)
    assert all(last < slot.instant <= now for slot in due)


@given(st.sampled_from(SCHEDULES), st.sampled_from(ZONES), moments())
def test_the_first_time_only_the_latest_slot_is_due(text, name, now):
    schedule, zone = parse_schedule(text), ZoneInfo(name)
    (latest,) = due_slots(schedule, zone, None, now)
    assert latest.instant <= now
    assert due_slots(schedule, zone, latest.instant, now) == ()
    assert latest == due_slots(schedule, zone, latest.instant - MINUTE, now)[-1]


@given(
    st.sampled_from(SCHEDULES),
    st.sampled_from(ZONES),
    moments(),
    st.timedeltas(timedelta(0), timedelta(days=400)),
)
def test_nothing_is_due_while_the_clock_is_behind_the_last_slot(text, name, now, back):
    assert due_slots(parse_schedule(text), ZoneInfo(name), now + back, now) == ()


@given(st.sampled_from(SCHEDULES), st.sampled_from(ZONES), moments(), st.integers(0, 40), st.integers(0, 40))
def test_looking_twice_finds_the_same_slots(text, name, last, one, other):
    schedule, zone = parse_schedule(text), ZoneInfo(name)
    middle = last + timedelta(days=one)
    end = middle + timedelta(days=other)
    whole = due_slots(schedule, zone, last, end)
    assert due_slots(schedule, zone, last, middle) + due_slots(schedule, zone, middle, end) == whole


def test_a_slot_is_due_at_its_very_minute():
    assert keys("daily 08:00", "Europe/Paris", "2026-01-01T07:00", "2026-01-02T06:59:59") == []
    assert keys("daily 08:00", "Europe/Paris", "2026-01-01T07:00", "2026-01-02T07:00") == ["2026-01-02T08:00"]


def test_downtime_leaves_every_slot_due_in_order():
    found = keys("weekdays 08:00", "UTC", "2026-11-16T08:00", "2026-11-23T08:00")
    assert found == [f"2026-11-{day}T08:00" for day in (17, 18, 19, 20, 23)]


def test_rare_days_are_found():
    leap_sunday = parse_schedule("0 8 29 2 */7")
    found = next_slot(leap_sunday, ZoneInfo("UTC"), utc("2005-01-01"))
    assert found is not None and found.key == "2032-02-29T08:00"
    assert due_slots(leap_sunday, ZoneInfo("UTC"), None, utc("2026-01-01"))[0].key == "2004-02-29T08:00"


def test_the_search_for_slots_ends():
    leap_sunday = parse_schedule("0 8 29 2 */7")
    (slot,) = due_slots(leap_sunday, ZoneInfo("UTC"), utc("1900-01-01"), utc("1990-01-01"))
    assert slot.key == "1976-02-29T08:00"


def test_the_ends_of_the_calendar():
    daily, zone = parse_schedule("daily 08:00"), ZoneInfo("UTC")
    assert next_slot(daily, zone, utc("9999-12-31")) is None
    assert due_slots(daily, zone, None, utc("0001-01-02")) == ()


def test_a_schedule_without_limits_has_every_day():
    assert Schedule("", (time(8),)).includes(MONDAY)
