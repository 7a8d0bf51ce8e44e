"""New and changed files in the inbox, each reported once it is complete."""

import fcntl
import os
import signal
from dataclasses import dataclass, field

from digest.read.load import files_of

QUIET = 0.25  # seconds without a change after which a file counts as complete

FileState = tuple[int, int, int]  # inode, size in bytes, modification time in nanoseconds


@dataclass(slots=True)
class InboxWatcher:
    """The files of a folder that are new or changed since they were last marked as read.

    A file is complete when no process has it open for writing, as far as the system can tell, and it has
    not changed for `QUIET` seconds.
    """

    folder: str
    _read: dict[str, FileState] = field(default_factory=dict)
    # The current state of each file that is not marked as read, and when it was first seen in this state.
    _waiting: dict[str, tuple[FileState, float]] = field(default_factory=dict)

    def poll(self, *, wall: float, monotonic: float) -> tuple[tuple[str, ...], bool]:
        """Return the complete files, sorted by name, and whether other files are still being written.

        `wall` is the current time in seconds since the epoch, `monotonic` that of the monotonic clock.
        """
        found = {path: state for path in files_of(self.folder) if (state := _state(path)) is not None}
        self._read = {path: state for path, state in self._read.items() if path in found}
        waiting = {path: state for path, state in found.items() if self._read.get(path) != state}
        self._waiting = {
            path: self._waiting[path] if self._waiting.get(path, (None,))[0] == state else (state, monotonic)
            for path, state in waiting.items()
        }
        complete = tuple(
            path
            for path, state in waiting.items()
            if (monotonic - self._waiting[path][1] >= QUIET or wall - state[2] / 1e9 >= 2 * QUIET)
            and not being_written(path)
        )
        return complete, len(complete) < len(waiting)

    def mark_read(self, paths: tuple[str, ...]) -> None:
        """Mark files as read in the state that the last `poll` saw."""
        self._read.update({path: self._waiting[path][0] for path in paths if path in self._waiting})


def _state(path: str) -> FileState | None:
    try:
        found = os.stat(path)  # noqa: PTH116 - called for thousands of files every minute
    except (OSError, ValueError):
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def being_written(path: str) -> bool:
    """Return whether a process has the file open for writing; False where the system cannot tell.

    Linux grants a read lease only on a file that no process has open for writing (fcntl(2), F_SETLEASE).
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (OSError, ValueError):
        return False
    try:
        # If a process opens the file meanwhile, the kernel signals us. By default SIGURG does nothing.
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except BlockingIOError:
        return True
    except (OSError, AttributeError):  # we do not own the file, or leases are not supported
        return False
    finally:
        os.close(descriptor)
    return False
