"""The pulse of `digest schedule`: what it leaves in the home after each round, so that others see whether it lives."""

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from digest.errors import StoreError
from digest.system.files import write_whole

FILE = ".digest.schedule.json"


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """When the last round ended, and why it went wrong (empty: it went well)."""

    at: datetime
    wrong: str = ""


def write(home: Path, pulse: Heartbeat) -> None:
    """Leave a pulse in the home; a full disk is no reason to stop."""
    note = {**asdict(pulse), "at": pulse.at.isoformat(timespec="seconds")}
    with suppress(StoreError):
        write_whole(home / FILE, json.dumps(note).encode())


def read(home: Path) -> Heartbeat | None:
    """Return the last pulse; None if there never was one, or it cannot be read."""
    try:
        note: dict[str, Any] = dict(json.loads((home / FILE).read_text("utf-8")))
        at = datetime.fromisoformat(str(note["at"]))
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return Heartbeat(at if at.tzinfo else at.replace(tzinfo=UTC), str(note.get("wrong", "")))
