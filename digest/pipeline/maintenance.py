"""Maintenance of a home: backups of the library, and removal of old output and old details of the ledger."""

import re
import time
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from digest.model import Home
from digest.store.store import Store
from digest.system.files import private_folder

FOLDER = "backups"
_COPY = re.compile(r"digest-(\d{4}-\d\d-\d\d)\.db")
_ISSUE = re.compile(r"(\d{4}-\d\d-\d\d)-\d+\.(?:html|md|txt|eml)")
_AT_ONCE = 500  # issues whose files are removed between two transactions
_DRAFT_AGE = 24 * 3600  # seconds; a younger draft may belong to a run that is at work


@dataclass(frozen=True, slots=True)
class MaintenanceReport:
    """What was done: the backup made (None if none was due), and how many backups, files and details were removed."""

    backup: Path | None
    copies_removed: int
    files_removed: int
    details_removed: int


def run_maintenance(home: Home, store: Store, now: datetime) -> MaintenanceReport:
    """Back up the library once a day, and remove what the settings do not keep. Raises StoreError."""
    policy = home.settings.schedule
    today = now.astimezone(ZoneInfo(home.settings.timezone)).date()
    made, removed = _back_up(home, store, today, policy.backups) if policy.backups else (None, 0)
    files = _remove_drafts(home.output)
    if policy.keep_output is not None:
        files += _remove_old_issues(home.output / "issues", today - policy.keep_output)
    if home.settings.keep_files is not None:
        files += _prune_issues(home, store, today - home.settings.keep_files)
    details = 0
    if policy.keep_ledger is not None:
        with store.begin() as tx:
            details = tx.ledger.forget(before=now - policy.keep_ledger)
    with store.begin() as tx:
        details += tx.clicks.forget(before=now - policy.keep_clicks)
    store.tidy()
    return MaintenanceReport(made, removed, files, details)


def _back_up(home: Home, store: Store, today: date, keep: int) -> tuple[Path | None, int]:
    """Copy the library into `backups/` once a day, and remove all but the newest copies; return the new copy
    and the number removed.
    """
    folder = home.path / FOLDER
    target = folder / f"digest-{today}.db"
    made = None
    if store.capabilities.single_file and not target.exists():
        private_folder(folder)
        store.backup(target)
        made = target
    old = copies(home)[:-keep]
    for path in old:
        path.unlink()
    return made, len(old)


def copies(home: Home) -> list[Path]:
    """Return the paths of the daily copies of the library, the newest last."""
    folder = home.path / FOLDER
    return sorted(path for path in folder.glob("*") if _COPY.fullmatch(path.name))


def _remove_old_issues(folder: Path, first_kept: date) -> int:
    """Remove the files of issues before a day; return how many. Their content stays in the library and archive."""
    removed = 0
    for path in folder.glob("*/*"):
        named = _ISSUE.fullmatch(path.name)
        if named and date.fromisoformat(named[1]) < first_kept:
            path.unlink()
            removed += 1
    return removed


def _prune_issues(home: Home, store: Store, first_kept: date) -> int:
    """Remove the files and archive pages of issues before a day; return how many. `digest render` writes them again."""
    removed = 0
    while True:
        with store.begin(write=False) as tx:
            old = tx.on_disk.older(first_kept.isoformat(), _AT_ONCE)
        if not old:
            return removed
        for _, subscription, number, day in old:
            stem = f"{subscription}/{day}-{number}"
            paths = sorted(home.output.glob(f"issues/{stem}.*"))
            for path in (*paths, home.output / f"site/issues/{stem}.html"):
                removed += path.exists()
                path.unlink(missing_ok=True)
        # After a crash before this the next run writes the files again, as they are missing, and they are removed later.
        with store.begin() as tx:
            tx.on_disk.set_pruned([key for key, *_ in old], pruned=True)


def _remove_drafts(folder: Path) -> int:
    """Remove drafts that a crash left behind; return how many."""
    removed = 0
    for path in folder.rglob(".*.part"):
        if time.time() - path.stat().st_mtime > _DRAFT_AGE:
            path.unlink()
            removed += 1
    return removed
