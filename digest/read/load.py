"""Bytes and modification time of files; everything that can go wrong with that is a value."""

import hashlib
import os
import stat
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BufferedReader
from pathlib import Path

from digest.model import Rejected

_MIB = 1024 * 1024
# Room for any zone's offset.
_EARLIEST, _LATEST = datetime(1, 1, 3, tzinfo=UTC), datetime(9999, 12, 29, tzinfo=UTC)
_REMEDIES = {
    FileNotFoundError: ("there is no such file", "check the name; nothing was read"),
    NotADirectoryError: ("there is no such file", "check the name: a part of the path is no folder"),
    PermissionError: ("may not be read", "give the user who runs digest the right to read it"),
}


@dataclass(frozen=True, slots=True)
class Loaded:
    """The bytes of a file, their SHA-256, and when the file was modified (aware, UTC)."""

    path: str
    data: bytes
    digest: str
    modified: datetime


def load(path: str, *, max_bytes: int) -> Loaded | Rejected:
    """Return the content of one regular file of at most `max_bytes` bytes. Raises no OSError."""
    try:
        return _load(path, max_bytes)
    except OSError as problem:
        return _unreadable(path, problem)
    except ValueError:  # a NUL in the name
        return Rejected(path, "this cannot be the name of a file", "check the name; nothing was read")


def files_of(folder: str) -> tuple[str, ...]:
    """Return the files of a folder that count as digest files, by name, each joined to the folder.

    Left out: folders, hidden files, `*.part`, `*~` and `README*`. An absent folder has no files; one
    that cannot be listed is returned itself, as if it were a file, so that `load` says why. A Maildir
    has its messages in its folders `new` and `cur`.
    """
    if _is_maildir(folder):
        return tuple(name for box in ("new", "cur") for name in files_of(os.path.join(folder, box)))  # noqa: PTH118
    try:
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries if _counts(entry.name) and not _is_folder(entry))
    except FileNotFoundError:
        return ()
    except (OSError, ValueError):
        return (folder,)
    return tuple(os.path.join(folder, name) for name in names)  # noqa: PTH118 - keeps the folder as given


def _is_maildir(folder: str) -> bool:
    try:
        return all((Path(folder) / box).is_dir() for box in ("cur", "new", "tmp"))
    except (OSError, ValueError):
        return False


def _load(path: str, max_bytes: int) -> Loaded | Rejected:
    # Without O_NONBLOCK a named pipe that nobody writes to would hold the run for ever.
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return _no_file(path, status.st_mode)
        with open(descriptor, "rb", closefd=False) as file:
            # No more is held than may be read; the size told beforehand may be wrong.
            data = file.read(max_bytes + 1) if status.st_size <= max_bytes else b""
            if len(data) > max_bytes or status.st_size > max_bytes:
                file.seek(0)
                return _too_large(path, file, max_bytes)
    finally:
        os.close(descriptor)
    return Loaded(path, data, hashlib.sha256(data).hexdigest(), _time(status.st_mtime))


def _no_file(path: str, mode: int) -> Rejected:
    if stat.S_ISDIR(mode):
        return Rejected(path, "is a folder", "name the files in it")
    return Rejected(path, "is no regular file but a device, a pipe or a socket", "name a regular file")


def _too_large(path: str, file: BufferedReader, most: int) -> Rejected:
    """Reject a file over the limit; its digest, by which it is remembered, is taken piece by piece."""
    digest = hashlib.file_digest(file, "sha256").hexdigest()
    reason = f"has {file.tell() / _MIB:,.1f} MiB, more than the limit of {most / _MIB:,.1f} MiB"
    return Rejected(path, reason, "split it, or raise max_file_mb in digest.toml", digest=digest)


def _unreadable(path: str, problem: OSError) -> Rejected:
    for kind, (reason, remedy) in _REMEDIES.items():
        if isinstance(problem, kind):
            return Rejected(path, reason, remedy)
    reason = f"cannot be read: {problem.strerror or problem}"
    return Rejected(path, reason, "check the disk and the path, then run again")


def _time(seconds: float) -> datetime:
    """Return the time as a date-time that has neighbours on both sides, whatever the file system says."""
    try:
        time = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        time = _LATEST if seconds > 0 else _EARLIEST
    return min(max(time, _EARLIEST), _LATEST)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _counts(name: str) -> bool:
    return not name.startswith((".", "README")) and not name.endswith((".part", "~"))
