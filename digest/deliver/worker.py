"""Emptying the outbox: lease, send, settle, over as many connections as the channel allows."""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Protocol

from digest.deliver.refusals import Refusals
from digest.deliver.retry_policy import outcome_of, retry_at
from digest.deliver.throttle import Throttle
from digest.errors import ChannelUnavailable, DigestError, RefusedError, TemplateError
from digest.model import Delivery, Outcome, Reply
from digest.ports import Channel, Link

# A batch takes about a fifth of a second: long enough to need few transactions, short enough that an address that is
# suppressed meanwhile gets at most one more message.
_BATCH_SECONDS, _FIRST_BATCH, _LARGEST_BATCH = 0.2, 10, 200
_FAILURES_IN_A_ROW = 10
_POLL_SECONDS = 0.2


class Outbox(Protocol):
    """What a worker needs of the outbox; every call is one transaction, from any thread."""

    def claim(self, limit: int, blocked: frozenset[str]) -> Sequence[Delivery]:
        """Lease deliveries that are due, none to a blocked domain."""
        ...

    def waits_for(self, blocked: frozenset[str]) -> bool:
        """Return whether anything is due to these domains."""
        ...

    def begin(self, delivery: Delivery) -> Callable[[], bool]:
        """Return a function that records that the outcome may become unknown; false if the lease was lost."""
        ...

    def others_accepted(self, delivery: Delivery) -> bool:
        """Return whether others were accepted since this delivery was first tried."""
        ...

    def settle(self, delivery: Delivery, outcome: Outcome) -> None:
        """Record the outcome of an attempt."""
        ...

    def release(self) -> None:
        """Return all leases that were not used."""
        ...


class Worker:
    """Empties the outbox over one channel.

    After `run`, `pause` is the reason why it stopped early, "" if it did not; the keys of `problems` are
    errors of templates, and messages on which the channel failed.
    """

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
        self._throttle = Throttle(at_once=channel.domain_connections, per_minute=channel.domain_per_minute)
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._refusals = Refusals()
        self._failures = 0  # in a row
        self._defect: BaseException | None = None
        self.pause = ""
        self.problems: dict[str, None] = {}

    def run(self) -> None:
        """Send until nothing is due, the run is paused, or `stopping`; messages in progress are finished.

        Raises the first unexpected error of a thread.
        """
        threads = [
            threading.Thread(target=self._guarded, name=f"delivery-{n}", daemon=True)
            for n in range(self._channel.connections)
        ]
        try:
            for thread in threads:
                thread.start()
            while any(thread.is_alive() for thread in threads):
                threads[0].join(_POLL_SECONDS)
                if self._stopping():
                    self._stop.set()
                threads = [thread for thread in threads if thread.is_alive()] or threads[:1]
        finally:
            self._stop.set()
            for thread in threads:
                thread.join()
            self._settle_held()
            self._outbox.release()
        if self._defect is not None:
            raise self._defect

    def _settle_held(self) -> None:
        """Settle refusals whose meaning no accepted recipient has shown.

        After a pause they are tried again; else only an address that the reply names is suppressed.
        """
        for delivery, refused in self._refusals.held:
            if self.pause:
                again = retry_at(delivery, now=self._now(), jitter=self._jitter())
                outcome = Outcome("deferred", refused.reply, due=again)
            elif self._refusals.names_recipient(delivery, refused):
                outcome = refused
            else:
                outcome = Outcome("failed", refused.reply)
            self._outbox.settle(delivery, outcome)
        self._refusals.held.clear()

    def _guarded(self) -> None:
        try:
            self._work()
        except BaseException as error:  # noqa: BLE001 - raised again in the main thread
            self._defect = self._defect or error
            self._stop.set()

    def _work(self) -> None:
        link: Link | None = None
        size = 1 if self._throttle.limited else _FIRST_BATCH
        try:
            while not self._stop.is_set() and (batch := self._claim(size)) is not None:
                began = time.monotonic()
                for delivery in batch:
                    if not self._stop.is_set():
                        link = self._deliver(delivery, link)
                    self._end(delivery)
                if not self._throttle.limited:
                    quick = time.monotonic() - began < _BATCH_SECONDS
                    size = min(2 * size, _LARGEST_BATCH) if quick else max(size // 2, 1)
        finally:
            if link is not None:
                link.quit()

    def _claim(self, size: int) -> Sequence[Delivery] | None:
        """Lease the next deliveries, at most `size`.

        Returns an empty list to try again, None if nothing is due.
        """
        with self._lock:
            now = time.monotonic()
            blocked = self._throttle.blocked(now)
            batch = self._outbox.claim(size, blocked)
            for delivery in batch:
                self._throttle.begin(_domain(delivery), now)
        if batch:
            return batch
        if not (blocked and self._outbox.waits_for(blocked)):
            return None
        self._stop.wait(min(self._throttle.wait(now), 1.0))
        return batch

    def _end(self, delivery: Delivery) -> None:
        with self._lock:
            self._throttle.end(_domain(delivery))

    def _deliver(self, delivery: Delivery, link: Link | None) -> Link | None:
        """Attempt one delivery and settle it. Returns the link if another delivery can use it."""
        held = [] if link is None else [link]
        try:
            return self._attempt(delivery, held)
        except BaseException:
            if link is None:  # the caller does not know the link that was opened here
                _close(*held)
            raise

    def _attempt(self, delivery: Delivery, held: list[Link]) -> Link | None:
        """Attempt one delivery over the link that is held, or over a new one, which is then held."""
        begin = _Begin(self._outbox.begin(delivery))
        reply: Reply | None
        try:
            if not held:
                held.append(self._channel.open())
            reply = held[0].send(delivery, begin)
        except ChannelUnavailable as error:
            reply = Reply("connect", 0, str(error))
        except TemplateError as error:
            self.problems[str(error)] = None
            again = retry_at(delivery, now=self._now(), jitter=self._jitter())
            self._outbox.settle(delivery, Outcome("deferred", str(error), due=again))
            return held[0] if held else None
        except Exception as error:
            if isinstance(error, DigestError) and not isinstance(error, RefusedError):
                raise
            reply = self._failed(delivery, begin, error)
            _close(*held)
            held.clear()
        if reply is not None:
            refused = reply.stage == "recipient" and reply.code >= 500
            alone = refused and delivery.attempts > 1 and self._outbox.others_accepted(delivery)
            outcome = outcome_of(reply, delivery, now=self._now(), jitter=self._jitter(), alone=alone)
            with self._lock:
                settled, pause = self._refusals.take(delivery, reply, outcome, alone=alone)
            for each in settled:
                self._outbox.settle(*each)
            self._count(reply)
            if outcome.pause or pause:
                self._halt(outcome.pause or pause)
        if held and not held[0].usable:
            _close(*held)
            held.clear()
        return held[0] if held else None

    def _failed(self, delivery: Delivery, begin: "_Begin", error: Exception) -> Reply:
        """Return the reply to a message on which the channel failed: it may have been sent only once that had begun."""
        reason = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        self.problems[
            f"{delivery}: {delivery.channel} failed ({reason}); report this as a bug of paper-digest"
        ] = None
        return Reply("end" if begin.called else "service", 0, reason)

    def _count(self, reply: Reply) -> None:
        """Stop after too many attempts in a row without a reply."""
        if reply.stage == "address":  # no attempt was made
            return
        self._failures = 0 if reply.code else self._failures + 1
        if self._failures >= _FAILURES_IN_A_ROW:
            self._halt(f"{self._failures} attempts in a row got no reply; the last: {reply}")

    def _halt(self, reason: str) -> None:
        self.pause = self.pause or reason
        self._stop.set()


class _Begin:
    """Records that an outcome may become unknown, and that this was recorded."""

    def __init__(self, begin: Callable[[], bool]) -> None:
        self._begin = begin
        self.called = False

    def __call__(self) -> bool:
        self.called = True
        return self._begin()


def _close(*links: Link) -> None:
    for link in links:
        with suppress(Exception):
            link.quit()


def _domain(delivery: Delivery) -> str:
    return delivery.recipient.rpartition("@")[2].lower()
