"""Atomic file writes: a file is replaced whole or not at all. Private files are only for the user who runs digest."""

import errno
import os
import stat
from pathlib import Path

from digest.errors import StoreError

PRIVATE_FILE, PRIVATE_FOLDER = 0o600, 0o700
_OTHERS = 0o077  # the bits of a mode that concern anybody but the owner


def write_whole(path: Path, data: bytes, *, private: bool = False) -> bool:
    """Replace a file atomically: readers see the old or the new content, also after a crash.

    Missing folders are created. A `private` file has mode 600, others that of the umask. Returns False if the file
    already has this content. Raises StoreError.
    """
    try:
        if path.is_file() and path.read_bytes() == data:
            if private:
                make_private(path)
            return False
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.part")
        draft.unlink(missing_ok=True)  # a draft of an interrupted run may have another mode
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        with os.fdopen(os.open(draft, flags, PRIVATE_FILE if private else 0o666), "wb") as handle:
            handle.write(data)
            handle.flush()
            os.fsync(handle.fileno())
        draft.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise StoreError(
            f"{path}: cannot be written ({error.strerror}); check the disk and the permissions, then run again"
        ) from error
    return True


def private_folder(path: Path) -> None:
    """Create a folder with mode 700 where it is missing, and take its rights from others. Raises StoreError."""
    try:
        path.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"{path}: cannot be created ({error.strerror}); check the disk and the permissions, then run again"
        ) from error
    make_private(path)


def private_file(path: Path) -> None:
    """Create an empty file with mode 600 where it is missing. Raises OSError."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE))


def is_private(path: Path) -> bool:
    """Return whether only its owner has rights on a file or folder; true if it does not exist."""
    try:
        return not path.stat().st_mode & _OTHERS
    except OSError:
        return True


def make_private(path: Path) -> bool:
    """Take the rights on a file or folder from everybody but its owner.

    Returns whether they had any. What belongs to another user keeps its mode: `digest doctor` reports it.
    """
    if is_private(path):
        return False
    try:
        path.chmod(path.stat().st_mode & ~_OTHERS & 0o777)
    except OSError:
        return False
    return True


def sync_folder(folder: Path) -> None:
    """Flush a folder to disk, so that new and renamed files survive a power failure. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_regular(path: Path) -> bytes:
    """Return the content of a regular file.

    Raises OSError if it cannot be read, also for a folder, a pipe, a socket and a device: reading those could block
    for ever, or never end.
    """
    # Without O_NONBLOCK, opening a named pipe without a writer would block for ever.
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, "it is a folder", str(path))
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, "it is a device, a pipe or a socket", str(path))
        with open(descriptor, "rb", closefd=False) as file:
            return file.read()
    finally:
        os.close(descriptor)
