"""The jobs that run alongside the ticks, so that no slot waits for a slow server: mail, bounces and sources."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from digest.model import Home
from digest.model.reports import DeliveryReport
from digest.services import runs
from digest.services.lost_library import need_library
from digest.services.tenancy import occupy
from digest.services.workspace import Clock, open_library
from digest.system.locks import dead_workers

if TYPE_CHECKING:
    from digest.fetch.fetch import FetchResult
    from digest.pipeline.bounces import BounceReport

# Seconds until a mail server that cannot be reached, or rejects all mail, is tried again.
RETRY_AFTER = 300.0
# Seconds between two readings of the bounce mailboxes; they are also read before every delivery run.
BOUNCE_INTERVAL = 300.0


@dataclass(slots=True)
class DeliveryJob:
    """Delivers mail that is due: new, deferred until now, or leased by a worker that died."""

    stopping: Callable[[], bool]
    retry_after: float = RETRY_AFTER
    _paused_until: float = 0.0  # monotonic

    def run(self, home: Home, clock: Clock) -> DeliveryReport | None:
        """Deliver; None if nothing is due, or a failing server is not to be tried yet. Raises DigestError."""
        if not home.settings.channels or time.monotonic() < self._paused_until:
            return None
        self._paused_until = time.monotonic() + self.retry_after  # holds if the delivery cannot even start
        report = self._deliver(home, clock)
        self._paused_until = time.monotonic() + self.retry_after if report and report.pause else 0.0
        return report

    def _deliver(self, home: Home, clock: Clock) -> DeliveryReport | None:
        settings = home.settings
        with open_library(home, create=False) as store:
            with store.begin(write=False) as tx:
                due = tx.outbox.anything_due(
                    channels=settings.channels,
                    now=clock.now,
                    dead=dead_workers(home.path),
                    resend=settings.in_doubt == "resend",
                )
            if not due:
                return None
            from digest.pipeline import delivery  # imported late: it loads TLS and templates

            occupy(home, store, clock.now)
            return delivery.deliver(home, store, now=clock.now, stopping=self.stopping)


@dataclass(slots=True)
class BounceJob:
    """Reads the bounce mailboxes, also while no mail is due."""

    stopping: Callable[[], bool]
    interval: float = BOUNCE_INTERVAL
    _next: float = 0.0  # monotonic

    def run(self, home: Home, clock: Clock) -> "BounceReport | None":
        """Process new bounces; None if it is too early, or no mailbox is set. Raises DigestError."""
        if not home.settings.bounces.read_somewhere or time.monotonic() < self._next:
            return None
        self._next = time.monotonic() + self.interval
        from digest.pipeline.bounces import process_new

        need_library(home)
        with open_library(home, create=True) as store:
            occupy(home, store, clock.now)
            return process_new(home, store, now=clock.now, stopping=self.stopping)


@dataclass(slots=True)
class FetchJob:
    """Fetches the sources that are due. `busy` is True until it has ended."""

    busy: bool = False

    def run(self, home: Home, clock: Clock) -> "Iterator[FetchResult]":
        """Fetch, and yield the result of each source. Raises DigestError."""
        self.busy = True
        try:
            if names := _due_sources(home, clock):
                yield from runs.fetch(home, names, None, clock, lambda _stage, _done, _total: None)
        finally:
            self.busy = False


def _due_sources(home: Home, clock: Clock) -> list[str]:
    """Return the names of the sources that are due."""
    if not home.settings.sources:
        return []
    from digest.fetch.state import SourceStates

    memories = SourceStates.load(home.inbox)
    return [each.name for each in home.settings.sources if memories.of(each.name).due(each.every, clock.now)]
