"""Emptying the outbox: lease, send, settle, over as many connections as the channel takes."""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Protocol

from digest.deliver.retry_policy import judge, retry_at
from digest.deliver.throttle import Gate
from digest.errors import ChannelUnavailable, TemplateError
from digest.model import Delivery, Outcome, Reply
from digest.ports import Channel, Link

# Leased at once: what takes about a fifth of a second, so that an address that is suppressed now gets
# hardly one more, and the disk is asked seldom.
_BATCH_SECONDS, _FIRST_BATCH, _MOST = 0.2, 10, 200
_LOST_IN_A_ROW = 10
_WATCH = 0.2  # seconds


class Outbox(Protocol):
    """What the loop asks of the outbox; every call is one transaction, and any thread may make it."""

    def claim(self, limit: int, closed: frozenset[str]) -> Sequence[Delivery]:
        """Lease deliveries that are due, none to a closed domain."""
        ...

    def waits_for(self, closed: frozenset[str]) -> bool:
        """Say whether anything is due to these domains."""
        ...

    def begin(self, delivery: Delivery) -> Callable[[], bool]:
        """Return what notes that the fate of this one may become unknown; false if the lease was lost."""
        ...

    def settle(self, delivery: Delivery, outcome: Outcome) -> None: ...

    def release(self) -> None:
        """Give back all leases that nothing was done with."""
        ...


class Loop:
    """One emptying of the outbox over one channel. `pause` and `problems` then say what went wrong."""

    def __init__(
        self,
        outbox: Outbox,
        channel: Channel,
        *,
        now: Callable[[], datetime],
        jitter: Callable[[], float],
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self._outbox, self._channel, self._now, self._jitter = outbox, channel, now, jitter
        self._stopping = stopping
        self._gate = Gate(at_once=channel.domain_connections, per_minute=channel.domain_per_minute)
        self._turn = threading.Lock()
        self._stop = threading.Event()
        self._lost = 0
        self._defect: BaseException | None = None
        self.pause = ""
        self.problems: dict[str, None] = {}

    def run(self) -> None:
        """Send until nothing is due, the run is paused, or `stopping`: what is being sent is ended then.

        Raises what a worker met and did not expect.
        """
        workers = [
            threading.Thread(target=self._guarded, name=f"delivery-{n}", daemon=True)
            for n in range(self._channel.connections)
        ]
        try:
            for worker in workers:
                worker.start()
            while any(worker.is_alive() for worker in workers):
                workers[0].join(_WATCH)
                if self._stopping():
                    self._stop.set()
                workers = [worker for worker in workers if worker.is_alive()] or workers[:1]
        finally:
            self._stop.set()
            for worker in workers:
                worker.join()
            self._outbox.release()
        if self._defect is not None:
            raise self._defect

    def _guarded(self) -> None:
        try:
            self._work()
        except BaseException as error:  # noqa: BLE001 - raised again by the thread that waits
            self._defect = self._defect or error
            self._stop.set()

    def _work(self) -> None:
        link: Link | None = None
        size = 1 if self._gate.limited else _FIRST_BATCH
        try:
            while not self._stop.is_set() and (batch := self._claim(size)) is not None:
                began = time.monotonic()
                for delivery in batch:
                    if not self._stop.is_set():
                        link = self._deliver(delivery, link)
                    self._gate_leave(delivery)
                if not self._gate.limited:
                    quick = time.monotonic() - began < _BATCH_SECONDS
                    size = min(2 * size, _MOST) if quick else max(size // 2, 1)
        finally:
            if link is not None:
                link.quit()

    def _claim(self, size: int) -> Sequence[Delivery] | None:
        """Lease the next deliveries, at most `size`; none for now is an empty list, none at all None."""
        with self._turn:
            now = time.monotonic()
            closed = self._gate.closed(now)
            batch = self._outbox.claim(size, closed)
            for delivery in batch:
                self._gate.enter(_domain(delivery), now)
        if batch:
            return batch
        if not (closed and self._outbox.waits_for(closed)):
            return None
        self._stop.wait(min(self._gate.wait(now), 1.0))
        return batch

    def _gate_leave(self, delivery: Delivery) -> None:
        with self._turn:
            self._gate.leave(_domain(delivery))

    def _deliver(self, delivery: Delivery, link: Link | None) -> Link | None:
        """Try one delivery and settle it. Returns the link if more can go over it."""
        try:
            if link is None:
                link = self._channel.open()
            answer = link.send(delivery, self._outbox.begin(delivery))
        except ChannelUnavailable as error:
            answer = Reply("connect", 0, str(error))
        except TemplateError as problem:
            self.problems[str(problem)] = None
            again = retry_at(delivery, now=self._now(), jitter=self._jitter())
            self._outbox.settle(delivery, Outcome("deferred", str(problem), due=again))
            return link
        if answer is not None:
            outcome = judge(answer, delivery, now=self._now(), jitter=self._jitter())
            self._outbox.settle(delivery, outcome)
            self._count(answer)
            if outcome.pause:
                self._halt(outcome.pause)
        if link is not None and not link.usable:
            with suppress(OSError):
                link.quit()
            return None
        return link

    def _count(self, answer: Reply) -> None:
        self._lost = 0 if answer.code else self._lost + 1
        if self._lost >= _LOST_IN_A_ROW:
            self._halt(f"{self._lost} tries in a row came to nothing; the last: {answer}")

    def _halt(self, reason: str) -> None:
        self.pause = self.pause or reason
        self._stop.set()


def _domain(delivery: Delivery) -> str:
    return delivery.recipient.rpartition("@")[2].lower()
