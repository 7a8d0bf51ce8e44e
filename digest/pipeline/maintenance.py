"""Upkeep of a home: copies of the library, room given back, old output and old details pruned."""

import re
import time
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from digest.model import Home
from digest.store.store import Store

FOLDER = "backups"
_COPY = re.compile(r"digest-(\d{4}-\d\d-\d\d)\.db")
_ISSUE = re.compile(r"(\d{4}-\d\d-\d\d)-\d+\.(?:html|md|txt|eml)")
_DRAFT_AGE = 24 * 3600  # seconds; a younger draft may be of a run at work


@dataclass(frozen=True, slots=True)
class MaintenanceReport:
    """What was done: the copy made (None: none wanted, or made before), copies and files removed."""

    backup: Path | None
    copies_removed: int
    files_removed: int
    details_removed: int


def keep_up(home: Home, store: Store, now: datetime) -> MaintenanceReport:
    """Back the library up once a day, prune what policy says, give room back. Raises StoreError."""
    policy = home.settings.schedule
    today = now.astimezone(ZoneInfo(home.settings.timezone)).date()
    made, removed = _back_up(home, store, today, policy.backups) if policy.backups else (None, 0)
    files = _drafts(home.output)
    if policy.keep_output is not None:
        files += _old_issues(home.output / "issues", today - policy.keep_output)
    details = 0
    if policy.keep_ledger is not None:
        with store.begin() as tx:
            details = tx.ledger.forget(before=now - policy.keep_ledger)
    with store.begin() as tx:
        details += tx.clicks.forget(before=now - policy.keep_clicks)
    store.tidy()
    return MaintenanceReport(made, removed, files, details)


def _back_up(home: Home, store: Store, today: date, keep: int) -> tuple[Path | None, int]:
    """Copy the library into `backups/`, and remove all but the newest copies."""
    folder = home.path / FOLDER
    target = folder / f"digest-{today}.db"
    made = None
    if store.capabilities.single_file and not target.exists():
        folder.mkdir(exist_ok=True)
        store.backup(target)
        made = target
    too_many = copies(home)[:-keep]
    for path in too_many:
        path.unlink()
    return made, len(too_many)


def copies(home: Home) -> list[Path]:
    """Return the daily copies of the library, the newest last."""
    folder = home.path / FOLDER
    return sorted(path for path in folder.glob("*") if _COPY.fullmatch(path.name))


def _old_issues(folder: Path, first_kept: date) -> int:
    """Remove the files of issues before a day. Their content stays in the library and in the archive."""
    removed = 0
    for path in folder.glob("*/*"):
        named = _ISSUE.fullmatch(path.name)
        if named and date.fromisoformat(named[1]) < first_kept:
            path.unlink()
            removed += 1
    return removed


def _drafts(folder: Path) -> int:
    """Remove drafts that a crash left behind."""
    removed = 0
    for path in folder.rglob(".*.part"):
        if time.time() - path.stat().st_mtime > _DRAFT_AGE:
            path.unlink()
            removed += 1
    return removed
