"""One run at a time per home: a file lock that the system lets go of when the holder dies."""

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

FILE = ".digest.lock"
LEADER = ".digest.schedule.lock"  # held by the process that makes the rounds


@contextmanager
def hold(home: Path, *, command: str, timeout: float = 60.0, file: str = FILE) -> Iterator[None]:
    """Hold the home's lock for the block. Raises LockedError, naming the holder, after `timeout` seconds.

    `file` names another lock of the home.
    """
    path = home / file
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise StoreError(
            f"{path}: cannot be opened ({error.strerror}); check the folder's permissions"
        ) from error
    try:
        _acquire(handle, path, timeout)
        _sign(handle, command)
        yield
        os.ftruncate(handle, 0)
    finally:
        os.close(handle)


def _sign(handle: int, command: str) -> None:
    """Leave a note of who holds the lock, for those who wait; a full disk is no reason not to run."""
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
                raise LockedError(f"{path.parent}: {_holder(path)}; wait for it or stop it") from error
            time.sleep(0.1)
        except OSError as error:
            raise StoreError(
                f"{path}: the file system cannot lock ({error.strerror}); put the home on a local disk"
            ) from error
        else:
            return


def holder(home: Path, file: str = FILE) -> str | None:
    """Return who holds a lock of the home, in words; None if nobody does."""
    path = home / file
    return _named(path) or "somebody who left no name" if path.exists() and _is_held(path) else None


def _holder(path: Path) -> str:
    named = _named(path)
    return "another run holds this home" + (f": {named}" if named else "")


def _named(path: Path) -> str:
    """Return whom the note in a lock names; empty if it says nothing."""
    try:
        note = dict(json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        return ""
    return (
        f"{note.get('command')} (process {note.get('pid')} on {note.get('host')}, since {note.get('since')})"
    )


# --- signs of life --------------------------------------------------------------------------------

_SIGNS = ".digest.delivering"


@contextmanager
def liveness_file(home: Path, name: str) -> Iterator[None]:
    """Hold a file named `name` locked for the block, so that others see that its maker still lives.

    It goes when the block ends well; else it stays, and others see that its maker is dead.
    """
    path = home / _SIGNS / name
    draft = path.with_name(f".{name}")
    try:
        path.parent.mkdir(exist_ok=True)
        handle = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        draft.rename(path)  # it is never seen without its lock
    except OSError as error:
        raise StoreError(
            f"{path}: cannot be locked ({error.strerror}); check the folder's permissions"
        ) from error
    try:
        yield
        path.unlink(missing_ok=True)
    finally:
        os.close(handle)


def boot_id() -> str:
    """Return what tells this start of the machine from every other; empty where the system cannot tell."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip().replace("-", "")[:16]
    except (OSError, ValueError):
        return ""


def dead_workers(home: Path) -> tuple[str, ...]:
    """Return the names of those who left a sign and hold it no more. One of another machine leaves none."""
    return tuple(sorted(path.name for path in (home / _SIGNS).glob("[!.]*") if not _is_held(path)))


def _is_held(path: Path) -> bool:
    try:
        handle = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:  # gone in this moment, or not ours to judge
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False


def forget_worker(home: Path, name: str) -> None:
    """Remove the sign of one who died."""
    with suppress(OSError):
        (home / _SIGNS / name).unlink()
