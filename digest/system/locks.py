"""File locks of a home; the system releases them when their process dies."""

import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from digest.errors import LockedError, StoreError
from digest.system.files import PRIVATE_FILE, private_folder
from digest.text.format import named_time

FILE = ".digest.lock"  # held during a run: one at a time per home
LEADER = ".digest.schedule.lock"  # held by the process that runs the schedule

LIVENESS_FOLDER = ".digest.delivering"
SERVERS = ".digest.serving"  # a liveness file for each server, with its URL


@contextmanager
def hold(home: Path, *, command: str, timeout: float = 60.0, file: str = FILE) -> Iterator[None]:
    """Hold a lock of the home for the block; `file` chooses which.

    Waits up to `timeout` seconds, then raises LockedError, which names the holder. Raises StoreError if
    the file system cannot lock. `command` is what others are shown as the holder.
    """
    path = home / file
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE)
    except OSError as error:
        raise StoreError(
            f"{path}: cannot be opened ({error.strerror}); check the folder's permissions"
        ) from error
    try:
        _acquire(handle, path, timeout)
        _write_holder(handle, command)
        yield
        os.ftruncate(handle, 0)
    finally:
        os.close(handle)


def _write_holder(handle: int, command: str) -> None:
    """Note in the lock file who holds it. A full disk is ignored: the lock is held all the same."""
    note = {"pid": os.getpid(), "host": socket.gethostname(), "command": command}
    note["since"] = datetime.now(UTC).isoformat(timespec="seconds")
    with suppress(OSError):
        os.ftruncate(handle, 0)
        os.pwrite(handle, json.dumps(note).encode(), 0)


def _acquire(handle: int, path: Path, timeout: float) -> None:
    deadline = time.monotonic() + timeout
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() >= deadline:
                by = _read_holder(path) or "another process"
                raise LockedError(
                    f"{path.parent} is in use by {by}; wait until it ends, or stop it"
                ) from error
            time.sleep(0.1)
        except OSError as error:
            raise StoreError(
                f"{path}: the file system does not support locks ({error.strerror}); "
                "put the home on a local disk"
            ) from error
        else:
            return


def holder(home: Path, file: str = FILE, timezone: str = "UTC") -> str | None:
    """Describe the process that holds a lock of the home, with a time in a zone; None if it is free."""
    path = home / file
    if not (path.exists() and _is_held(path)):
        return None
    return _read_holder(path, timezone) or "another process (unknown)"


def _read_holder(path: Path, timezone: str = "UTC") -> str:
    """Return the holder named in a lock file: "digest run (process 7 on host, since …)"; empty if none is."""
    try:
        note = dict(json.loads(path.read_text()))
        since = named_time(datetime.fromisoformat(note["since"]), timezone)
    except (OSError, ValueError, TypeError, KeyError):
        return ""
    return f"{note.get('command')} (process {note.get('pid')} on {note.get('host')}, since {since})"


@contextmanager
def liveness_file(home: Path, name: str, folder: str = LIVENESS_FOLDER, note: str = "") -> Iterator[None]:
    """Keep a locked file `name` for the block, which shows others that this worker is alive, and its note.

    The file is removed when the block ends normally. After a crash it remains, unlocked, and
    `dead_workers` lists it. Raises StoreError.
    """
    path = home / folder / name
    draft = path.with_name(f".{name}")
    try:
        private_folder(path.parent)
        handle = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE)
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.pwrite(handle, note.encode(), 0)
        draft.rename(path)  # only now: it must never be seen without its lock
    except OSError as error:
        raise StoreError(
            f"{path}: cannot be locked ({error.strerror}); check the folder's permissions"
        ) from error
    try:
        yield
        path.unlink(missing_ok=True)
    finally:
        os.close(handle)


def notes_of_live(home: Path, folder: str) -> tuple[str, ...]:
    """Return the notes of the living workers of a folder, and remove the files of dead ones."""
    notes = []
    for path in sorted((home / folder).glob("[!.]*")):
        with suppress(OSError):  # removed a moment ago
            if _is_held(path):
                notes.append(path.read_text("utf-8"))
            else:
                path.unlink()
    return tuple(notes)


def boot_id() -> str:
    """Return an id of this start of the machine; empty where the system has none."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip().replace("-", "")[:16]
    except (OSError, ValueError):
        return ""


def dead_workers(home: Path) -> tuple[str, ...]:
    """Return the sorted names of workers of this machine that died: their liveness files are unlocked."""
    return tuple(sorted(path.name for path in (home / LIVENESS_FOLDER).glob("[!.]*") if not _is_held(path)))


def _is_held(path: Path) -> bool:
    try:
        handle = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:  # removed a moment ago, or not readable: do not declare its worker dead
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False


def forget_worker(home: Path, name: str) -> None:
    """Remove the liveness file of a dead worker."""
    with suppress(OSError):
        (home / LIVENESS_FOLDER / name).unlink()
