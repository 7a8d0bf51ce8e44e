"""A week of real days, fed one by one with the clock moved along: every day is explained to every subscription."""

import json
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from tests.homes import TestHome, issue_of

pytestmark = pytest.mark.shared

FIRST = date(2024, 11, 4)  # a Monday
WEEK = [FIRST + timedelta(days=n) for n in range(8)]
SUBSCRIPTIONS = {
    "agents": {"keywords": ["agent*"]},
    "weekly": {"keywords": ['"language model"'], "schedule": "mon 08:00"},
    "office": {"keywords": ["diffusion"], "schedule": "weekdays 17:00", "timezone": "America/New_York"},
    "nearly": {"keywords": ["video AND quantum"], "send_empty": "weekly note"},
    "never": {"keywords": ["xylophone"]},
    "off": {"keywords": ["agent*"], "enabled": False},
    "holiday": {"keywords": ["agent*"], "paused_until": "2024-11-07"},
}


def fed(home: TestHome, shared: Path, day: date) -> dict[str, str]:
    """Put a day's answer of the API into the inbox, if there is one. Returns its papers: title, abstract."""
    answer = shared / "daily-papers-api" / f"{day}.json"
    if not answer.exists():
        return {}
    home.put(answer.name, answer.read_bytes())
    papers = [each["paper"] for each in json.loads(answer.read_text("utf-8"))]
    return {" ".join(each["title"].split()): " ".join(each["summary"].split()) for each in papers}


def test_every_day_is_explained(shared, tmp_path):
    home = TestHome(tmp_path / "home")
    for name, values in SUBSCRIPTIONS.items():
        home.subscribe(name, *values["keywords"], **{k: v for k, v in values.items() if k != "keywords"})
    brought: dict[str, list[str]] = {name: [] for name in SUBSCRIPTIONS}
    listed: dict[str, str] = {}
    for day in WEEK:
        listed |= fed(home, shared, day)
        for hour in (9, 23):
            report = home.run(f"{day}T{hour:02}:00")
            for name in SUBSCRIPTIONS:
                issue = issue_of(report, name)
                brought[name] += issue["new"] if issue else []
    assert len(listed) > 50
    for name in SUBSCRIPTIONS:
        for day in WEEK:
            decided = _decided(home, name, day)
            assert len(decided) == 2, (name, day)
            for each in decided:
                assert each["issue"] or each["reason"], (name, day)
                assert not each["error"]
    near = [miss for day in WEEK for each in _decided(home, "nearly", day) for miss in each["nearest"]]
    assert any("“video” but not “quantum”" in miss for miss in near)
    explained(home)
    for title in listed:
        had = title in brought["agents"]
        if had:
            assert "agent" in f"{title} {listed[title]}".lower()
    assert brought["agents"]
    assert sorted(brought["holiday"]) == sorted(brought["agents"])
    assert not brought["never"] and not brought["off"]
    answer = home.call("why", "agents", "--paper", brought["agents"][0], "--json").json["paper"]
    assert answer["issues"]
    shown = home.call("why", "never", WEEK[2]).out
    assert len(shown.splitlines()) < 24


def _decided(home: TestHome, name: str, day: date) -> list[dict]:
    decided: list[dict] = home.call("why", name, day, "--json").json["decided"]
    return decided


def explained(home: TestHome) -> None:
    """Check that between them the slots of a subscription considered every entry of the log once."""
    (end,) = home.rows("select max(position) from entry")[0]
    for name in SUBSCRIPTIONS:
        if name in {"off", "weekly"}:
            continue
        rows = home.rows(
            'select first, "last" from verdict where subscription = ? and slot is not null order by run', name
        )
        assert rows[0][0] == 0
        assert all(before[1] == after[0] for before, after in pairwise(rows)), name
        assert rows[-1][1] <= end
