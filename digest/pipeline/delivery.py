"""deliver: what stands in the outbox is rendered from stored content, addressed and sent.

    lease → render → address → send → settle

The run's lock is not held: several of these work side by side on one outbox, each line leased by one.
"""

import os
import random
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from digest.deliver.worker import Worker
from digest.model import Delivery, Home, Outcome, Smtp
from digest.model.reports import COUNTED, DeliveryReport
from digest.pipeline.bounces import collect
from digest.pipeline.channels import open_channels
from digest.store.group_commit import GroupCommit
from digest.store.outbox import Leases
from digest.store.store import Store
from digest.system.locks import boot_id, dead_workers, forget_worker, liveness_file

Jitter = Callable[[], float]


@dataclass(frozen=True, slots=True)
class SteadyClock:
    """A clock that starts at a stated time and goes on from there."""

    stated: datetime
    started: float = field(default_factory=time.monotonic)

    def __call__(self) -> datetime:
        return self.stated + timedelta(seconds=time.monotonic() - self.started)


def deliver(
    home: Home,
    store: Store,
    *,
    now: datetime,
    jitter: Jitter = random.random,
    stopping: Callable[[], bool] = lambda: False,
) -> DeliveryReport:
    """Empty the outbox over every configured channel, or till `stopping`. Raises UsageError, StoreError."""
    clock = SteadyClock(now)
    channels = open_channels(home, store)
    # What cannot be read of what came back is no reason to keep mail back.
    problems = dict.fromkeys(collect(home, store, now=now, stopping=stopping).problems)
    with store.begin() as tx:
        number, lines = tx.outbox.open_delivery(at=now)
    recover(home, store, now=now, number=number)
    pauses: list[str] = []
    for name, channel in channels.items():
        with _leases(home, store, name, clock, number) as outbox:
            worker = Worker(outbox, channel, now=clock, jitter=jitter, stopping=stopping)
            worker.run()
        problems |= worker.problems
        pauses += [worker.pause] if worker.pause else []
    pause = "; ".join(pauses)
    with store.begin() as tx:
        counts, messages = tx.outbox.close_delivery(number, lines, at=clock(), pause=pause)
    return DeliveryReport(counts, messages, pause, tuple(problems))


def rehearse(home: Home, store: Store, *, now: datetime) -> DeliveryReport:
    """Say what stands in the outbox and how much of it is due; sends and records nothing."""
    with store.rehearse():
        with store.begin() as tx:
            number, lines = tx.outbox.open_delivery(at=now)
        recover(home, store, now=now, number=number, tidy=False)
        with store.begin() as tx:
            before = tx.outbox.lines(lines)
            due = sum(
                len(
                    tx.outbox.claim(
                        Leases(
                            "rehearsal", channel, timedelta(0), home.settings.in_doubt == "resend", number
                        ),
                        now=now,
                        limit=len(lines),
                    )
                )
                for channel in home.settings.channels
            )
            after = tx.outbox.lines(lines)
    # What would be sent is shown as it stands; only who gets no mail is known beforehand.
    messages = tuple(
        new if new.status == "suppressed" else old for old, new in zip(before, after, strict=True)
    )
    counts: Counter[str] = Counter("pending" if each.status == "leased" else each.status for each in messages)
    return DeliveryReport({name: counts[name] for name in COUNTED}, messages, sendable=due)


def recover(home: Home, store: Store, *, now: datetime, number: int, tidy: bool = True) -> None:
    """End the leases of those who died, and those that are over, in the emptying `number`."""
    dead = dead_workers(home.path)
    with store.begin() as tx:
        tx.outbox.recover(now=now, dead=dead, number=number, start=boot_id())
    for holder in dead if tidy else ():
        forget_worker(home.path, holder)


# --- the outbox as the loop sees it ----------------------------------------------------------------


class LeasedOutbox:
    """The outbox as one worker sees it, for `digest.deliver.worker`."""

    def __init__(self, store: Store, clock: SteadyClock, leases: Leases) -> None:
        self._store, self._clock, self._leases = store, clock, leases
        # A lease is durable and names the start of the machine: after a power cut it is in doubt whole.
        self._commits = GroupCommit(store, durable="@" not in leases.holder)

    def claim(self, limit: int, blocked: frozenset[str]) -> Sequence[Delivery]:
        with self._store.begin() as tx:
            return tx.outbox.claim(self._leases, now=self._clock(), limit=limit, blocked=blocked)

    def waits_for(self, blocked: frozenset[str]) -> bool:
        with self._store.begin(write=False) as tx:
            return tx.outbox.waits_for(blocked, self._leases, now=self._clock())

    def begin(self, delivery: Delivery) -> Callable[[], bool]:
        holder, until = self._leases.holder, self._clock() + self._leases.length
        return lambda: self._commits.write(lambda writer: writer.begin(delivery.id, holder, until=until))

    def settle(self, delivery: Delivery, outcome: Outcome) -> None:
        """Record an outcome soon; until then the message is in doubt. Raises the error of an earlier outcome."""
        now, leases = self._clock(), self._leases
        self._commits.enqueue(
            lambda writer: writer.settle(delivery, leases.holder, outcome, now=now, number=leases.number)
        )

    def release(self) -> None:
        self._commits.stop()
        self._commits.check()
        with self._store.begin() as tx:
            tx.outbox.release(self._leases.holder)


@contextmanager
def _leases(
    home: Home, store: Store, channel: str, clock: SteadyClock, number: int
) -> Iterator[LeasedOutbox]:
    """Be a holder of leases for the block."""
    smtp = home.settings.smtp or Smtp("")
    # Longer than any try can take: every step has its own limit.
    length = timedelta(seconds=smtp.final_timeout + 6 * smtp.timeout + 60)
    holder = f"{os.getpid()}-{secrets.token_hex(8)}"
    if store.capabilities.relaxed_durability and (start := boot_id()):
        holder += f"@{start}"
    resend = home.settings.in_doubt == "resend"
    with liveness_file(home.path, holder):
        yield LeasedOutbox(store, clock, Leases(holder, channel, length, resend, number))
