"""Backups of a SQLite library, made while it is in use, and checks of library files."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from digest.errors import StoreError
from digest.system.files import private_file

_STEP = 1_000  # pages copied at once; a writer waits no longer than that takes


def copy_library(database: Any, target: Path) -> None:
    """Copy an open SQLite database to a file, atomically. Raises StoreError."""
    draft = target.with_name(f".{target.name}.part")
    try:
        draft.unlink(missing_ok=True)
        private_file(draft)
        with closing(sqlite3.connect(draft)) as copy:
            database.backup(copy, pages=_STEP)
            copy.execute("PRAGMA journal_mode = DELETE").fetchall()
        _sync(draft)
        if problem := faults(draft):
            raise StoreError(
                f"{target}: the backup is damaged ({problem}); check the disk, then back up again"
            )
        draft.replace(target)
        _sync(target.parent)
    except (OSError, sqlite3.Error) as error:
        raise StoreError(
            f"{target}: cannot be written ({error}); use a file in an existing folder that is writable"
        ) from error
    finally:
        draft.unlink(missing_ok=True)


def faults(path: Path) -> str | None:
    """Return what is wrong with a library file, None if it is a valid library."""
    try:
        with closing(sqlite3.connect(f"file:{_quoted(path)}?mode=ro", uri=True)) as database:
            tables = {name for (name,) in database.execute("select name from sqlite_master")}
            if not {"schema_version", "run", "paper", "cursor"} <= tables:
                return "it is not a paper-digest library"
            found = database.execute("pragma quick_check(1)").fetchone()[0]
            return None if found == "ok" else str(found)
    except sqlite3.Error as error:
        return str(error)


def _quoted(path: Path) -> str:
    from urllib.parse import quote

    return quote(str(path.resolve()))


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
