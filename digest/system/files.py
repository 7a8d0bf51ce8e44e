"""Atomic file writes: a file is replaced whole or not at all."""

import os
from pathlib import Path

from digest.errors import StoreError


def write_whole(path: Path, data: bytes) -> bool:
    """Replace a file atomically: readers see the old or the new content, also after a crash.

    Missing folders are created. Returns False if the file already has this content. Raises StoreError.
    """
    try:
        if path.is_file() and path.read_bytes() == data:
            return False
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.part")
        with draft.open("wb") as handle:
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


def sync_folder(folder: Path) -> None:
    """Flush a folder to disk, so that new and renamed files survive a power failure. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
