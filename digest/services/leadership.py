"""Which process leads the schedule: of a home, by a lock; of a library on a server, by a lease that it renews.

A process that is stopped or cut off from the server longer than its lease has lost it. Its clock tells it so, before
another one takes over.
"""

import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from digest.errors import LockedError, StoreError
from digest.home.private import on_server
from digest.model import Home
from digest.services.workspace import open_library
from digest.system.locks import LEADER, hold, holder

if TYPE_CHECKING:
    from digest.store.store import Store

_NAME = "schedule"
_RENEWALS = 4  # in the time of a lease

Leads = Callable[[], bool]


@contextmanager
def leading(home: Home, command: str) -> Iterator[Leads]:
    """Lead the schedule for the block; yields a function that says whether this process still does.

    Raises LockedError, which names the process that leads, StoreError.
    """
    if not on_server(home):
        with hold(home.path, command=command, timeout=0, file=LEADER):
            yield lambda: True
        return
    with open_library(home, create=True) as store:
        lease = _Lease(store, command, home.settings.schedule.lease)
        if not lease.renew():
            with store.begin(write=False) as tx:
                shown = tx.leases.last(_NAME)
            raise LockedError(f"the schedule is led by {shown}")
        with lease:
            yield lease.valid


def leader_of(home: Home) -> tuple[str, bool] | None:
    """Describe the process that leads the schedule, and whether on this machine; None if no process leads it.

    Raises StoreError.
    """
    if not on_server(home):
        found = holder(home.path, LEADER, home.settings.timezone)
        return (found, True) if found else None
    with open_library(home, create=False) as store, store.begin(write=False) as tx:
        leader = tx.leases.leader(_NAME)
    return (leader.shown, leader.host == socket.gethostname()) if leader else None


class _Lease:
    """The lease of this process; a thread renews it."""

    def __init__(self, store: "Store", command: str, seconds: float) -> None:
        from digest.store.leases import Leader

        self._store, self._seconds = store, seconds
        self._holder, host = secrets.token_hex(8), socket.gethostname()
        self._leader: Leader = Leader(host, f"{command} (process {os.getpid()} on {host})")
        self._until = 0.0  # monotonic
        self._lost = False
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="lease", daemon=True)

    def valid(self) -> bool:
        """Return whether the lease has never ended. It ends here a little earlier than on the server."""
        self._lost = self._lost or time.monotonic() >= self._until
        return not self._lost

    def renew(self) -> bool:
        """Take or renew the lease; return whether this process has it. Raises StoreError."""
        began = time.monotonic()
        with self._store.begin(alone=False) as tx:
            mine = tx.leases.take(_NAME, self._holder, self._leader, self._seconds)
        self._until = began + self._seconds if mine else 0.0
        return mine

    def _keep(self) -> None:
        while not self._over.wait(self._seconds / _RENEWALS) and self.valid():
            with suppress(StoreError):  # tried again while the lease lasts
                self.renew()

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(self._seconds)
        with suppress(StoreError), self._store.begin(alone=False) as tx:
            tx.leases.release(_NAME, self._holder)
