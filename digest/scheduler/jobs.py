"""What the clock does beside its rounds, so that no slot waits for a slow server: mail and sources."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from digest.model import Home
from digest.model.reports import DeliveryReport
from digest.services import runs
from digest.services.workspace import Clock, open_library
from digest.system.locks import dead_workers

if TYPE_CHECKING:
    from digest.fetch.fetch import FetchResult
    from digest.pipeline.bounces import Collected

# Seconds in which a mail server that could not be reached, or does not want us, is left alone.
REST = 300.0
# Seconds between two looks at what came back, where no mail is due; before mail is sent it is looked at anyway.
LOOK = 300.0


@dataclass(slots=True)
class DeliveryJob:
    """Delivers mail that is due: queued just now, deferred until now, or left by somebody who died."""

    stopping: Callable[[], bool]
    rest: float = REST
    _rests_until: float = 0.0  # monotonic

    def go(self, home: Home, clock: Clock) -> DeliveryReport | None:
        """Deliver; None if nothing is due, or the server is left alone. Raises DigestError."""
        if not home.settings.channels or time.monotonic() < self._rests_until:
            return None
        # What cannot even begin is left alone as well.
        self._rests_until = time.monotonic() + self.rest
        report = self._deliver(home, clock)
        self._rests_until = time.monotonic() + self.rest if report and report.pause else 0.0
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
            from digest.pipeline import delivery as dispatch  # only now: it brings TLS and templates along

            return dispatch.deliver(home, store, now=clock.now, stopping=self.stopping)


@dataclass(slots=True)
class BounceJob:
    """Reads what came back, also while no mail is due."""

    stopping: Callable[[], bool]
    every: float = LOOK
    _next: float = 0.0  # monotonic

    def go(self, home: Home, clock: Clock) -> "Collected | None":
        """Read what is new; None if it is too early, or there is nowhere to read it. Raises DigestError."""
        if not home.settings.bounces.read_somewhere or time.monotonic() < self._next:
            return None
        self._next = time.monotonic() + self.every
        from digest.pipeline import bounces as returns

        with open_library(home, create=True) as store:
            return returns.collect(home, store, now=clock.now, stopping=self.stopping)


@dataclass(slots=True)
class FetchJob:
    """Asks the sources whose time has come; `busy` while it does."""

    busy: bool = False

    def go(self, home: Home, clock: Clock) -> "Iterator[FetchResult]":
        """Yield what came of each source. Raises DigestError."""
        self.busy = True
        try:
            if names := _due(home, clock):
                yield from runs.fetch(home, names, None, clock, lambda _stage, _done, _total: None)
        finally:
            self.busy = False


def _due(home: Home, clock: Clock) -> list[str]:
    """Return the names of the sources that the clock should ask now."""
    if not home.settings.sources:
        return []
    from digest.fetch.state import SourceStates

    memories = SourceStates.load(home.inbox)
    return [each.name for each in home.settings.sources if memories.of(each.name).due(each.every, clock.now)]
