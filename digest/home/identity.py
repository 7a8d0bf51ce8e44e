"""The id of a home, in `state/home`; it goes with the folder when that is moved."""

import os
import socket
import uuid
from contextlib import suppress
from pathlib import Path

from digest.errors import StoreError
from digest.home.private import STATE
from digest.system.files import private_folder, write_whole

ID_FILE = f"{STATE}/home"


def home_id(folder: Path) -> str:
    """Return the id of a home; the first call creates it. Raises StoreError."""
    if found := known_id(folder):
        return found
    path = folder / ID_FILE
    draft = path.with_name(f".home.{uuid.uuid4().hex}")
    private_folder(path.parent)
    write_whole(draft, f"{uuid.uuid4()}\n".encode(), private=True)
    try:
        with suppress(FileExistsError):  # another process was faster
            os.link(draft, path)
    except OSError as error:
        raise StoreError(f"{path}: cannot be written ({error.strerror}); check the permissions") from error
    finally:
        draft.unlink()
    return known_id(folder)


def known_id(folder: Path) -> str:
    """Return the id of a home; "" if it has none."""
    try:
        return (folder / ID_FILE).read_text("utf-8", "replace").strip()
    except OSError:
        return ""


def new_id(folder: Path) -> str:
    """Give a copy of a home an id of its own, and return it. Raises StoreError."""
    write_whole(folder / ID_FILE, f"{uuid.uuid4()}\n".encode(), private=True)
    return known_id(folder)


def is_gone(host: str, folder: str, its_id: str) -> bool:
    """Return whether a home of this machine is no longer where it was; False for one of another machine."""
    return host == socket.gethostname() and known_id(Path(folder)) != its_id
