"""Which homes use a database that others can reach: a file has one at a time, a server any number.

A home has an id, in `state/home`, that goes with it when it is moved. While it uses such a database, it renews a lease
there. On a server the lease shows which subscription files it has; nobody else ends their subscriptions before the
lease ends. Of a file another home is refused until then; a home that no longer exists gives way at once.
"""

import socket
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from digest.errors import StoreError, UsageError
from digest.home.identity import ID_FILE, home_id, is_gone, new_id
from digest.home.private import library_path, on_server
from digest.model import Home
from digest.store.tenancy import Tenant
from digest.text.format import named_time

if TYPE_CHECKING:
    from digest.store.store import Store

LEASE = timedelta(days=2)  # a home that runs once a day keeps its database
_RENEWED_AFTER = timedelta(hours=1)
_ATTEMPTS = 5


def occupy(home: Home, store: "Store", now: datetime) -> None:
    """Take or renew the lease on the database of a home, if other homes can reach it.

    Raises UsageError if another home has a file, StoreError.
    """
    if not _is_shared(home):
        return
    mine = Tenant(home_id(home.path), socket.gethostname(), str(home.path.resolve()), now + LEASE)
    if on_server(home):
        _register(home, store, mine, now)
        return
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


def _register(home: Home, store: "Store", mine: Tenant, now: datetime) -> None:
    """Take or renew the lease of a home on a server. A copy of a home gets an id of its own."""
    with store.begin(write=False) as tx:
        old = tx.tenancy.homes().get(mine.home)
    if old and _same_place(old, mine):
        if now < old.until - LEASE + _RENEWED_AFTER:
            return
    elif (
        old
        and old.host == mine.host
        and not is_gone(old.host, old.path, old.home)
        and not _same_folder(old.path, home.path)
    ):
        mine = replace(mine, home=new_id(home.path))
    with store.begin() as tx:
        tx.tenancy.register(mine)


def need_own_database(home: Home, now: datetime) -> None:
    """Raise UsageError if the database of a home is a file of another's; take the lease on it otherwise."""
    from digest.services.workspace import open_library

    if _is_shared(home):
        with open_library(home, create=True) as store:
            occupy(home, store, now)


def _is_shared(home: Home) -> bool:
    """Return whether other homes can reach the database: it is on a server, or outside of the home's folder."""
    file = library_path(home)
    if file is None:
        return on_server(home)
    return not file.resolve().is_relative_to(home.path.resolve())


def _same_place(one: Tenant, other: Tenant) -> bool:
    return (one.home, one.host, one.path) == (other.home, other.host, other.path)


def _refusal(old: Tenant, mine: Tenant, home: Home) -> str:
    """Return why a home must not use a database on which `old` has a lease; "" if it may."""
    here = old.host == mine.host
    # A home of this machine that was moved or removed is no longer where it was.
    still_there = not is_gone(old.host, old.path, old.home)
    remedy = 'give each home a database of its own (the setting "database" in digest.toml)'
    if old.home == mine.home:
        if not here or not still_there or _same_folder(old.path, home.path):
            return ""
        return (
            f"this home is a copy of {old.path}, and both name the same database; {remedy}, and remove "
            f"{home.path / ID_FILE}"
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
