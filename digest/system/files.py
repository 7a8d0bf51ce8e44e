"""Atomic file writes: a file is replaced whole or not at all. Private files are only for the user who runs digest."""

import errno
import os
import stat
from collections.abc import Callable, Collection
from functools import cache
from pathlib import Path

from digest.errors import StoreError

PRIVATE_FILE, PRIVATE_FOLDER = 0o600, 0o700
_FEW = 4  # files and folders that are flushed one by one: the rest of the file system may have much to flush
_DRAFT = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
_OTHERS = 0o077  # the bits of a mode that concern anybody but the owner


def write_whole(path: Path, data: bytes, *, private: bool = False, keep_mode: bool = False) -> bool:
    """Replace a file atomically: readers see the old or the new content, also after a crash.

    Missing folders are created. A `private` file has mode 600, others that of the umask, or, with `keep_mode`, that
    of the file so far. Returns False if the file already has this content. Raises StoreError.
    """
    try:
        if _has(path, data, private=private):
            return False
        mode = stat.S_IMODE(path.stat().st_mode) if keep_mode and path.exists() else None
        draft = _write_draft(path, data, private=private or mode is not None)
        if mode is not None:
            Path(draft).chmod(mode)
        _flush_file(Path(draft))
        _put_in_place(draft, path)
        sync_folder(path.parent)
    except OSError as error:
        raise _not_written(path, error) from error
    return True


class FileBatch:
    """Files that are replaced together, each as by `write_whole`, except that the disk is waited for once.

    `write` writes a draft beside the file; `finish` flushes all drafts to the disk and then puts each in its place.
    What is not finished leaves the old files as they are.
    """

    def __init__(self) -> None:
        self._drafts: dict[Path, str] = {}

    def write(self, path: Path, data: bytes, *, private: bool = False) -> bool:
        """Write the draft of a file; return False if the file already has this content. Raises StoreError."""
        try:
            if _has(path, data, private=private):
                return False
            self._drafts[path] = _write_draft(path, data, private=private)
        except OSError as error:
            raise _not_written(path, error) from error
        return True

    def finish(self) -> dict[Path, StoreError]:
        """Put all files in place; return those for which that failed, with the reasons. Raises StoreError."""
        drafts, self._drafts = self._drafts, {}
        failed: dict[Path, StoreError] = {}
        try:
            folders = {path.parent for path in drafts}
            _flush(drafts.values(), folders)
            for path, draft in drafts.items():
                try:
                    _put_in_place(draft, path)
                except OSError as error:
                    failed[path] = _not_written(path, error)
            _flush(folders, folders)
        except OSError as error:
            raise _not_written(next(iter(drafts)), error) from error
        return failed


def _has(path: Path, data: bytes, *, private: bool) -> bool:
    """Return whether a file has this content."""
    try:
        found = os.stat(path)  # noqa: PTH116 - a run asks this of each file, and pathlib takes twice the time
    except (FileNotFoundError, NotADirectoryError):
        return False
    if not (stat.S_ISREG(found.st_mode) and found.st_size == len(data) and path.read_bytes() == data):
        return False
    if private:
        make_private(path)
    return True


def _write_draft(path: Path, data: bytes, *, private: bool) -> str:
    """Write a draft beside a file, and missing folders. Raises OSError."""
    # Paths are texts here: a run writes thousands of files, and pathlib would take half of the time.
    folder, name = os.path.split(path)
    draft = os.path.join(folder, f".{name}.part")  # noqa: PTH118 - the folder of a bare name is ""
    mode = PRIVATE_FILE if private else 0o666
    try:
        descriptor = os.open(draft, _DRAFT, mode)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(draft, _DRAFT, mode)
    try:
        if private:
            os.fchmod(descriptor, PRIVATE_FILE)  # a draft of an interrupted run may have another mode
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
    finally:
        os.close(descriptor)
    return draft


def _put_in_place(draft: str, path: Path) -> None:
    os.replace(draft, path)  # noqa: PTH105


def _not_written(path: Path, error: OSError) -> StoreError:
    return StoreError(
        f"{path}: cannot be written ({error.strerror}); check the disk and the permissions, then run again"
    )


def _flush(paths: Collection[Path | str], folders: Collection[Path]) -> None:
    """Flush files or folders to disk, which are in, or are, these folders. Raises OSError.

    All of a file system is flushed at once, where the system can do that.
    """
    if len(paths) <= _FEW or (flush := _syncfs()) is None:
        for path in paths:
            _flush_file(Path(path))
        return
    flushed = set()
    for folder in folders:
        device = folder.stat().st_dev
        if device not in flushed:
            flushed.add(device)
            flush(folder)


def _flush_file(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@cache
def _syncfs() -> Callable[[Path], None] | None:
    """Return a function that flushes the file system of a path (syncfs, Linux), None without one."""
    import ctypes

    try:
        library = ctypes.CDLL(None, use_errno=True)
        function = library.syncfs
    except (OSError, AttributeError):
        return None

    def flush(path: Path) -> None:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            if function(descriptor) != 0:
                number = ctypes.get_errno()
                raise OSError(number, os.strerror(number), str(path))
        finally:
            os.close(descriptor)

    return flush


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
    _flush_file(folder)


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
