"""A database has one home: two that run on it would take each other's slots, numbers and files.

A home has an id, in `state/home`, that goes with it when it is moved. While it uses a database that others can reach, it
renews a lease there. Another home is refused until that lease ends; a home that no longer exists gives way at once.
"""

import os
import socket
import uuid
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from digest.errors import StoreError, UsageError
from digest.home.private import STATE, library_path
from digest.model import Home
from digest.store.tenancy import Tenant
from digest.system.files import private_folder, write_whole
from digest.text.format import named_time

if TYPE_CHECKING:
    from digest.store.store import Store

LEASE = timedelta(days=2)  # a home that runs once a day keeps its database
_RENEWED_AFTER = timedelta(hours=1)
_ID_FILE = f"{STATE}/home"
_ATTEMPTS = 5


def occupy(home: Home, store: "Store", now: datetime) -> None:
    """Take or renew the lease on the database of a home, if other homes can reach it.

    Raises UsageError if another home has it, StoreError.
    """
    if not _is_shared(home):
        return
    mine = Tenant(_id_of(home), socket.gethostname(), str(home.path.resolve()), now + LEASE)
    for _ in range(_ATTEMPTS):
        with store.begin(write=False) as tx:
            old = tx.tenancy.tenant()
        if old and _same_place(old, mine) and now < old.until - LEASE + _RENEWED_AFTER:
            return
        if old and old.until > now and (refusal := _refusal(old, mine, home)):
            raise UsageError(refusal)
        with store.begin() as tx:
            if tx.tenancy.claim(mine, old):
                return
    raise StoreError("the database changes hands too often; give each home a database of its own")


def need_own_database(home: Home, now: datetime) -> None:
    """Raise UsageError if the database of a home is another's; take the lease on it otherwise."""
    from digest.services.workspace import open_library

    if _is_shared(home):
        with open_library(home, create=True) as store:
            occupy(home, store, now)


def _is_shared(home: Home) -> bool:
    """Return whether other homes can reach the database: it is on a server, or outside of the home's folder."""
    file = library_path(home)
    if file is None:
        return not home.settings.database.startswith("sqlite")
    return not file.resolve().is_relative_to(home.path.resolve())


def _id_of(home: Home) -> str:
    """Return the id of a home; the first call creates it. Raises StoreError."""
    path = home.path / _ID_FILE
    if found := _read_id(home.path):
        return found
    private_folder(path.parent)
    draft = path.with_name(f".home.{uuid.uuid4().hex}")
    write_whole(draft, f"{uuid.uuid4()}\n".encode(), private=True)
    try:
        with suppress(FileExistsError):  # another process was faster
            os.link(draft, path)
    except OSError as error:
        raise StoreError(f"{path}: cannot be written ({error.strerror}); check the permissions") from error
    finally:
        draft.unlink()
    return _read_id(home.path)


def _read_id(folder: Path) -> str:
    try:
        return (folder / _ID_FILE).read_text("utf-8", "replace").strip()
    except OSError:
        return ""


def _same_place(one: Tenant, other: Tenant) -> bool:
    return (one.home, one.host, one.path) == (other.home, other.host, other.path)


def _refusal(old: Tenant, mine: Tenant, home: Home) -> str:
    """Return why a home must not use a database on which `old` has a lease; "" if it may."""
    here = old.host == mine.host
    # A home of this machine that was moved or removed is no longer where it was.
    still_there = not here or _read_id(Path(old.path)) == old.home
    remedy = 'give each home a database of its own (the setting "database" in digest.toml)'
    if old.home == mine.home:
        if not here or not still_there or _same_folder(old.path, home.path):
            return ""
        return (
            f"this home is a copy of {old.path}, and both name the same database; {remedy}, and remove "
            f"{home.path / _ID_FILE}"
        )
    if not still_there:
        return ""
    return (
        f"the database named in digest.toml belongs to the home {old.path} on {old.host} until "
        f"{named_time(old.until, home.settings.timezone)}; {remedy}; if that home no "
        "longer exists, wait until then"
    )


def _same_folder(one: str, other: Path) -> bool:
    try:
        return other.samefile(one)
    except OSError:
        return False
