"""Files as bytes with their modification time; an error is returned as a `Rejected`, not raised."""

import hashlib
import os
import stat
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BufferedReader
from pathlib import Path

from digest.model import Rejected

_MIB = 1024 * 1024
# A margin for the offset of any time zone.
_EARLIEST, _LATEST = datetime(1, 1, 3, tzinfo=UTC), datetime(9999, 12, 29, tzinfo=UTC)
_REMEDIES = {
    FileNotFoundError: ("the file does not exist", "check the file name"),
    NotADirectoryError: ("the file does not exist", "check the path: a part of it is not a folder"),
    PermissionError: ("permission denied", "give the user who runs digest permission to read the file"),
}


@dataclass(frozen=True, slots=True)
class Loaded:
    """The bytes of a file, their SHA-256 in hexadecimal, and the modification time (aware, UTC)."""

    path: str
    data: bytes
    digest: str
    modified: datetime


def load(path: str, *, max_bytes: int) -> Loaded | Rejected:
    """Read one regular file of at most `max_bytes` bytes. Raises no OSError."""
    try:
        return _load(path, max_bytes)
    except OSError as error:
        return _unreadable(path, error)
    except ValueError:  # a NUL in the name
        return Rejected(path, "this is not a valid file name", "check the file name")


def files_of(folder: str) -> tuple[str, ...]:
    """Return the paths of the digest files in a folder, sorted by name, each joined to the folder.

    Folders, hidden files, `*.part`, `*~` and `README*` are ignored. A missing folder has no files. A folder
    that cannot be listed is returned itself, so that `load` reports why. Of a Maildir, the messages in
    `new` and `cur` are returned.
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
    # Without O_NONBLOCK, opening a named pipe without a writer would block forever.
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return _not_regular(path, status.st_mode)
        with open(descriptor, "rb", closefd=False) as file:
            # Never hold more than the limit in memory: st_size may be wrong.
            data = file.read(max_bytes + 1) if status.st_size <= max_bytes else b""
            if len(data) > max_bytes or status.st_size > max_bytes:
                file.seek(0)
                return _too_large(path, file, max_bytes)
    finally:
        os.close(descriptor)
    return Loaded(path, data, hashlib.sha256(data).hexdigest(), _time(status.st_mtime))


def _not_regular(path: str, mode: int) -> Rejected:
    if stat.S_ISDIR(mode):
        return Rejected(path, "this is a folder", "name the files in it")
    return Rejected(path, "this is a device, a pipe or a socket", "name a regular file")


def _too_large(path: str, file: BufferedReader, limit: int) -> Rejected:
    """Reject a file above the limit. Its digest, by which it is remembered, is computed in chunks."""
    digest = hashlib.file_digest(file, "sha256").hexdigest()
    reason = f"the file has {file.tell() / _MIB:,.1f} MiB, more than the limit of {limit / _MIB:,.1f} MiB"
    return Rejected(path, reason, "split it, or raise max_file_mb in digest.toml", digest=digest)


def _unreadable(path: str, error: OSError) -> Rejected:
    for kind, (reason, remedy) in _REMEDIES.items():
        if isinstance(error, kind):
            return Rejected(path, reason, remedy)
    reason = f"the file cannot be read: {error.strerror or error}"
    return Rejected(path, reason, "check the disk and the path, then run again")


def _time(seconds: float) -> datetime:
    """Return the time in UTC, limited to the range that can be converted to any time zone."""
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
