"""Files that appear whole or not at all."""

import os
from pathlib import Path

from digest.errors import StoreError


def write_whole(path: Path, data: bytes) -> bool:
    """Write a file so that a reader, or a crash, meets the old one or the new one whole.

    A file that already has these bytes is left alone. Returns whether it was written. Raises StoreError.
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
    """Make the folder's new entry survive a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
