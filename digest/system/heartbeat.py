"""The heartbeat of `digest schedule`: a file that it writes after each round, for `digest doctor` to read."""

import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from digest.errors import StoreError
from digest.system.files import write_whole

FILE = ".digest.schedule.json"


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """When the last round ended (aware), and its error; empty if it succeeded."""

    at: datetime
    error: str = ""


def write(home: Path, heartbeat: Heartbeat) -> None:
    """Write the heartbeat of a home. A full disk is ignored: the schedule must go on."""
    record = {"at": heartbeat.at.isoformat(timespec="seconds"), "wrong": heartbeat.error}
    with suppress(StoreError):
        write_whole(home / FILE, json.dumps(record).encode(), private=True)


def read(home: Path) -> Heartbeat | None:
    """Return the last heartbeat of a home, or None if the file is missing or damaged."""
    try:
        record: dict[str, Any] = dict(json.loads((home / FILE).read_text("utf-8")))
        at = datetime.fromisoformat(str(record["at"]))
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return Heartbeat(at if at.tzinfo else at.replace(tzinfo=UTC), str(record.get("wrong", "")))
