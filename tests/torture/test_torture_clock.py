"""The scheduler across daylight-saving changes, and two schedulers that are killed at random. Needs faketime."""

import os
import random
import re
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from digest.compose.slots import due_slots, parse_schedule
from tests.clocks import Scheduler, needs_faketime
from tests.homes import TestHome, page

pytestmark = [pytest.mark.torture, needs_faketime]

TORTURE = os.environ.get("TORTURE", "")
SEED = int(os.environ["TORTURE_SEED"])
HOURS = ("00:00", "01:30", "02:00", "02:30", "03:00", "08:00")
# The day before a change of daylight saving, and zones with a change in the following night.
CHANGES = (
    (date(2026, 3, 28), ("Europe/Berlin", "Antarctica/Troll", "Asia/Beirut")),
    (date(2026, 10, 24), ("Europe/Berlin", "Antarctica/Troll", "Asia/Beirut")),
    (date(2026, 3, 7), ("US/Pacific", "America/Havana")),
    (date(2026, 10, 31), ("US/Pacific", "America/Havana")),
)
SPEED = 5400  # an hour takes two thirds of a second
SPAN = timedelta(days=2, hours=14)


def slots_of(home: TestHome, name: str) -> list[datetime]:
    rows = home.rows(
        "select slot from verdict where subscription = ? and slot is not null order by run", name
    )
    return [datetime.fromisoformat(slot) for (slot,) in rows]


@pytest.mark.skipif(not TORTURE, reason="takes a minute: make torture")
def test_the_scheduler_across_daylight_saving_changes(tmp_path):
    """Two nights pass in all homes at the same time; every slot is used exactly once."""
    with ThreadPoolExecutor(len(CHANGES)) as pool:
        for done in [pool.submit(across, *change, tmp_path / str(change[0])) for change in CHANGES]:
            done.result()


def across(day: date, zones: tuple[str, ...], folder: Path) -> None:
    home = TestHome(folder)
    expected = {}
    for zone in zones:
        for at in HOURS:
            name = re.sub(r"[^a-z0-9]+", "-", f"{zone} {at}".lower())
            home.subscribe(name, "lantern", schedule=f"daily {at}", timezone=zone)
            expected[name] = (parse_schedule(f"daily {at}"), ZoneInfo(zone))
    start = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    end = start + SPAN
    command = [sys.executable, "-m", "digest", "run", "--home", str(home.path), "--now", start.isoformat()]
    subprocess.run(command, check=True, capture_output=True)
    with Scheduler(home, clock=f"@{start:%Y-%m-%d %H:%M:%S} x{SPEED}") as clock:
        while datetime.fromisoformat(clock.until("run")["timestamp"]) < end:
            pass
        assert clock.stop() == 0
    # Only slots before the last completed run, because the very last run was stopped at some point.
    last = datetime.fromisoformat(home.rows("select max(clock) from run where status = 'done'")[0][0])
    for name, (schedule, zone) in expected.items():
        used = [slot for slot in slots_of(home, name) if start < slot <= last]
        assert used == [slot.instant for slot in due_slots(schedule, zone, start, last)], name
        assert {slot.astimezone(zone).date() for slot in used} >= {day + timedelta(days=n) for n in (1, 2)}


def test_two_schedulers_that_are_killed_at_random(tmp_path):
    """A minute takes a second, with a slot every minute. Papers keep arriving, and both processes are killed."""
    print(f"TORTURE_SEED={SEED}")
    rng = random.Random(SEED)
    home = TestHome(tmp_path / "home")
    home.subscribe("minutely", "lantern", schedule="* * * * *", max_papers=1000)
    titles: list[str] = []
    start = time.monotonic()
    deadline = start + {"sample": 60, "full": 600}.get(TORTURE, 8)

    def clock() -> str:
        """Return the current time of a clock that has run at this speed since the start."""
        now = datetime(2026, 11, 20, 12, tzinfo=UTC) + timedelta(seconds=60 * (time.monotonic() - start))
        return f"@{now:%Y-%m-%d %H:%M:%S} x60"

    pair = [Scheduler(home, clock=clock()) for _ in range(2)]
    kills = 0
    try:
        while time.monotonic() < deadline:
            titles.append(f"Lantern number {len(titles)} of the pier")
            (home.path / "inbox" / f"{len(titles)}.part").write_text(page(titles[-1]), "utf-8")
            (home.path / "inbox" / f"{len(titles)}.part").rename(home.path / "inbox" / f"{len(titles)}.txt")
            time.sleep(rng.uniform(0.2, 1.5))
            victims = rng.choice(((0,), (1,), (0, 1)))
            if rng.random() < 0.6:
                for victim in victims:
                    pair[victim].kill()
                    pair[victim].__exit__()
                kills += len(victims)
                time.sleep(rng.choice((0, 0, 0.5, 2)))
                for victim in victims:
                    pair[victim] = Scheduler(home, clock=clock())
        assert kills
    finally:
        for scheduler in pair:
            scheduler.kill()
            scheduler.__exit__()
    settle(home, clock())
    used = slots_of(home, "minutely")
    assert len(used) > 2
    assert used == sorted(set(used))
    assert all(slot.second == 0 for slot in used)
    intervals = home.rows('select first, "last" from issue order by number')
    assert all(before[1] <= after[0] for before, after in pairwise(intervals))
    served = Counter(
        title
        for (title,) in home.rows(
            "select json_extract(record, '$.title') from served join paper on number = served.paper"
        )
    )
    assert served == Counter(titles), f"TORTURE_SEED={SEED}"
    assert home.rows("pragma integrity_check") == [("ok",)]
    assert home.rows("select count(*) from unwritten") == [(0,)]


def settle(home: TestHome, clock: str) -> None:
    """Run a scheduler without kills until all is done."""
    with Scheduler(home, clock=clock) as last:
        papers = len(list((home.path / "inbox").glob("*.txt")))
        last.until("run")
        while len(slots_of(home, "minutely")) < 4 or home.rows("select count(*) from served") != [(papers,)]:
            last.until("run")
        assert last.stop() == 0
