"""Files that arrive in a folder, each once it is complete."""

import fcntl
import os
import signal
from dataclasses import dataclass, field

from digest.read.load import files_of

QUIET = 0.25  # seconds for which a file must not change

Print = tuple[int, int, int]  # what changes with a file: inode, size, time of modification in nanoseconds


@dataclass(slots=True)
class Arrivals:
    """What came into a folder, or changed, since it was last taken.

    `look` returns the complete files and whether others are still being written. A file is complete when
    nobody has it open for writing (where the system tells) and it has not changed for a moment.
    """

    folder: str
    _taken: dict[str, Print] = field(default_factory=dict)
    _seen: dict[str, tuple[Print, float]] = field(default_factory=dict)

    def look(self, *, wall: float, monotonic: float) -> tuple[tuple[str, ...], bool]:
        """Return the complete files by name, and whether any is unfinished. Times are in seconds."""
        found = {path: mark for path in files_of(self.folder) if (mark := _print(path)) is not None}
        self._taken = {path: mark for path, mark in self._taken.items() if path in found}
        waiting = {path: mark for path, mark in found.items() if self._taken.get(path) != mark}
        self._seen = {
            path: self._seen[path] if self._seen.get(path, (None,))[0] == mark else (mark, monotonic)
            for path, mark in waiting.items()
        }
        complete = tuple(
            path
            for path, mark in waiting.items()
            if (monotonic - self._seen[path][1] >= QUIET or wall - mark[2] / 1e9 >= 2 * QUIET)
            and not being_written(path)
        )
        return complete, len(complete) < len(waiting)

    def take(self, paths: tuple[str, ...]) -> None:
        """Remember complete files as taken, as they were when they were seen last."""
        self._taken.update({path: self._seen[path][0] for path in paths if path in self._seen})


def _print(path: str) -> Print | None:
    try:
        found = os.stat(path)  # noqa: PTH116 - thousands of them, every minute
    except (OSError, ValueError):
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def being_written(path: str) -> bool:
    """Tell whether a process has the file open for writing; False where the system cannot tell.

    Linux grants a lease for reading only on a file that nobody writes (fcntl(2), F_SETLEASE).
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (OSError, ValueError):
        return False
    try:
        # Who opens it for writing meanwhile is told by a signal: one that does nothing by default.
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except BlockingIOError:
        return True
    except (OSError, AttributeError):  # not the file's owner; a system or file system without leases
        return False
    finally:
        os.close(descriptor)
    return False
