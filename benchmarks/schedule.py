"""Slots compared with APScheduler's CronTrigger: missed and doubled dates in a year in all zones, and start-up time.

python benchmarks/schedule.py [HOME_WITH_SUBSCRIPTIONS] [--zones N] [--year Y] [--runs N] [--json]
"""

import argparse
import json
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

from apscheduler.triggers.cron import CronTrigger

from digest.compose.slots import due_slots, latest_due, parse_schedule

ROOT = Path(__file__).parents[1]
TIMES = ("00:00", "01:30", "02:00", "02:30", "03:00", "08:00")
HOUR = timedelta(hours=1)


def local_dates(zone: ZoneInfo, year: int) -> list[date]:
    """Return the dates of a year that exist in the zone."""
    start = datetime(year, 1, 1, tzinfo=UTC) - 30 * HOUR
    seen = {(start + n * 4 * HOUR).astimezone(zone).date() for n in range(380 * 6)}
    return sorted(day for day in seen if day.year == year)


def ours(zone: ZoneInfo, at: str, year: int) -> Counter[str]:
    """Return how often each local date is served by a scheduler of digest with a tick per day."""
    schedule, served = parse_schedule(f"daily {at}"), Counter[str]()
    last = datetime(year - 1, 12, 29, tzinfo=UTC)
    for day in range(375):
        for slot in due_slots(schedule, zone, last, datetime(year - 1, 12, 30, tzinfo=UTC) + 24 * HOUR * day):
            served[slot.key[:10]] += 1
            last = slot.instant
    return served


def crontrigger(zone: ZoneInfo, at: str, year: int) -> Counter[str]:
    """Return how often CronTrigger fires on each local date, called like its scheduler does."""
    hour, minute = map(int, at.split(":"))
    trigger = CronTrigger(hour=hour, minute=minute, timezone=zone)
    end = datetime(year + 1, 1, 3, tzinfo=UTC)
    fired, previous = Counter[str](), None
    now = datetime(year - 1, 12, 30, tzinfo=UTC).astimezone(zone)
    for _ in range(2 * 380):
        upcoming = trigger.get_next_fire_time(previous, now)
        if upcoming is None or upcoming.astimezone(UTC) > end:
            break
        fired[upcoming.astimezone(zone).date().isoformat()] += 1
        previous = upcoming
        now = (upcoming.astimezone(UTC) + timedelta(microseconds=1)).astimezone(zone)
    return fired


def compare(zones: list[str], year: int) -> dict[str, dict[str, float]]:
    """Return, for each engine and time of day, the missed and doubled local dates, and the seconds."""
    rows: dict[str, dict[str, float]] = {}
    for name, engine in (("due_slots", ours), ("CronTrigger", crontrigger)):
        for at in TIMES:
            missed = doubled = slots = affected = 0
            start = time.perf_counter()
            for each in zones:
                zone = ZoneInfo(each)
                served = engine(zone, at, year)
                days = [day.isoformat() for day in local_dates(zone, year)]
                lost = sum(1 for day in days if not served[day])
                twice = sum(1 for day in days if served[day] > 1)
                slots += len(days)
                missed, doubled = missed + lost, doubled + twice
                affected += 1 if lost or twice else 0
            rows[f"{name} {at}"] = {
                "slots": slots,
                "missed": missed,
                "doubled": doubled,
                "zones_affected": affected,
                "seconds": round(time.perf_counter() - start, 2),
            }
    return rows


def catch_up(runs: int) -> dict[str, float]:
    """Return the microseconds to find the latest due slot after 3,000 days without a run."""
    now, zone = datetime(2026, 11, 24, tzinfo=UTC), ZoneInfo("Europe/Paris")
    found = {}
    for text in ("daily 08:00", "* * * * *"):
        schedule, times = parse_schedule(text), []
        for _ in range(runs * 20):
            start = time.perf_counter()
            latest_due(schedule, zone, now - timedelta(days=3000), now)
            times.append(time.perf_counter() - start)
        found[text] = round(statistics.median(times) * 1e6, 1)
    return found


# A minimal APScheduler program: one immediate job, then the end.
BARE = """
import threading
from datetime import UTC, datetime
from apscheduler.schedulers.background import BackgroundScheduler
done = threading.Event()
scheduler = BackgroundScheduler(timezone=UTC)
scheduler.add_job(done.set, "interval", seconds=60, next_run_time=datetime.now(UTC))
scheduler.start()
done.wait()
print("run", flush=True)
scheduler.shutdown()
"""


def first_round(home: Path, runs: int) -> dict[str, float]:
    """Return the median seconds from the start of a process to its first check or job, and to the end of it."""
    took: dict[str, list[float]] = {}
    for _ in range(runs):
        took.setdefault("bare APScheduler, first job", []).append(
            *_times([sys.executable, "-c", BARE], ("run",))
        )
        with tempfile.TemporaryDirectory() as folder:
            for name in ("subscriptions", "inbox"):
                if (home / name).is_dir():
                    shutil.copytree(home / name, Path(folder) / name)
            command = [sys.executable, "-m", "digest", "schedule", "--json", "--home", folder]
            for which in ("first home", "same home again"):
                begin, end = _times(command, ('"event": "started"', '"event": "run"'))
                took.setdefault(f"{which}, first check begins", []).append(begin)
                took.setdefault(f"{which}, first check ends", []).append(end)
    return {name: round(statistics.median(times), 3) for name, times in took.items()}


def _times(command: list[str], events: tuple[str, ...]) -> list[float]:
    """Start a process and return the seconds until it prints each of the events."""
    start, waiting, found = time.perf_counter(), list(events), []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        while waiting:
            if waiting[0] in process.stdout.readline():
                waiting.pop(0)
                found.append(time.perf_counter() - start)
        process.terminate()
        process.communicate()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "home", nargs="?", type=Path, default=ROOT, help="a home whose subscriptions are used"
    )
    parser.add_argument("--zones", type=int, default=60, help="a seeded sample; 0 for all")
    parser.add_argument("--year", type=int, default=2026)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    zones = sorted(available_timezones())
    if arguments.zones:
        zones = random.Random(1).sample(zones, arguments.zones)
    rows = compare(zones, arguments.year)
    folded = catch_up(arguments.runs)
    rounds = first_round(arguments.home, arguments.runs)
    if arguments.json:
        print(
            json.dumps(
                {
                    "zones": len(zones),
                    "year": arguments.year,
                    "engines": rows,
                    "catch_up_us": folded,
                    "first_round_s": rounds,
                }
            )
        )
        return
    print(f"{len(zones)} zones, {arguments.year}: local dates with no issue or more than one")
    print(f"{'':22} {'slots':>7} {'missed':>7} {'doubled':>8} {'zones':>6} {'s':>7}")
    for name, row in rows.items():
        print(
            f"{name:22} {row['slots']:7} {row['missed']:7} {row['doubled']:8} {row['zones_affected']:6} {row['seconds']:7}"
        )
    for text, took in folded.items():
        print(f"latest due slot after 3,000 days, {text:12} {took:9.1f} µs")
    for name, took in rounds.items():
        print(f"start of the process to: {name:40} {took:6.2f} s")


if __name__ == "__main__":
    main()
