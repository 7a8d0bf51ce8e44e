"""A library that is lost is not silently begun again: that would mail readers who left, and number issues from 1.

A library is lost if its database is missing or empty, although the home shows that it had one: by the marker that
the first committed run leaves, a backup, or files that a run wrote.
"""

import json
import os
from datetime import datetime
from pathlib import Path

from digest.errors import UsageError
from digest.home.private import STATE, library_path
from digest.model import Home
from digest.services.backup import backups, has_content
from digest.services.workspace import open_library
from digest.system.files import private_folder, write_whole

MARKER = f"{STATE}/library.json"
_WRITTEN_BY_RUNS = ("issues", "feeds", "site")  # in output/


def need_library(home: Home, *, begin_again: bool = False, dry_run: bool = False) -> None:
    """Raise UsageError if the library of the home is lost; with `begin_again`, begin a new one instead.

    A damaged file is refused in any case: it may still be of use, so it is not written over.
    """
    from digest.store.presence import damage_of, holds_library

    file = library_path(home)
    if file and (damage := damage_of(file)):
        raise UsageError(_damaged(home, file, damage))
    proof = _proof(home)
    if proof is None or holds_library(home.settings.database, file):
        return
    if not begin_again:
        raise UsageError(_refusal(home, proof))
    if not dry_run:
        _begin_again(home)


def loss_of(home: Home) -> str:
    """Return what is wrong, and what to do, if the library's file is lost; else "". It opens no database."""
    file = library_path(home)
    if file is None or has_content(file):
        return ""
    proof = _proof(home)
    return _refusal(home, proof) if proof else ""


def mark_library(home: Home, now: datetime) -> bool:
    """Leave the marker that this home has a library, after the commit of a run; return whether it is new.

    Raises StoreError.
    """
    path = home.path / MARKER
    if path.exists():
        return False
    private_folder(path.parent)
    note = {"library": "begun", "at": now.isoformat(timespec="seconds")}
    return write_whole(path, json.dumps(note).encode() + b"\n", private=True)


def _proof(home: Home) -> Path | None:
    """Return what shows that the home had a library, the best first; None if nothing does."""
    if backup := newest_backup(home):
        return backup
    if (home.path / MARKER).exists():
        return home.path / MARKER
    folders = (home.output / name for name in _WRITTEN_BY_RUNS)
    return next((found for folder in folders if (found := _any_file(folder))), None)


def newest_backup(home: Home) -> Path | None:
    """Return the newest copy of the library: a daily one, one that was asked for, or one from before a restore."""
    found = backups(home)
    if database := library_path(home):
        aside = database.parent.glob(f"{database.stem}-before-restore-*{database.suffix}")
        found += (path for path in aside if has_content(path))
    return max(found, key=lambda path: (path.stat().st_mtime, path.name), default=None)


def _any_file(folder: Path) -> Path | None:
    for parent, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted(files):
            if not name.startswith((".", "README")):
                return Path(parent) / name
    return None


def _refusal(home: Home, proof: Path) -> str:
    file = library_path(home)
    if file is None:
        lost = "the database named in digest.toml is empty"
    else:
        lost = f"{file} is {'empty' if file.exists() else 'missing'}"
    backup = newest_backup(home)
    restore = f"restore it: digest restore {backup}" if backup and file else "restore a backup of it"
    return (
        f"{lost}, but {proof.relative_to(home.path) if proof.is_relative_to(home.path) else proof} shows that this "
        "home had a library; without it, issue numbers would restart, and papers already sent would be sent again; "
        f"{restore}; or, to begin a new library: digest run --new-library"
    )


def _damaged(home: Home, file: Path, damage: str) -> str:
    backup = newest_backup(home)
    return (
        f"{file} is damaged or not a library ({damage}); keep the file, and restore "
        + (f"the newest backup: digest restore {backup}" if backup else "a backup of it: digest restore FILE")
        + "; or move the file away, and begin a new library: digest run --new-library"
    )


def _begin_again(home: Home) -> None:
    with open_library(home, create=True) as store, store.begin() as tx:
        tx.ledger.mark_begun()
