"""deliver: the messages in the outbox are leased, rendered from stored content, addressed, sent and settled.

It does not hold the lock of runs: several processes may deliver from one outbox at the same time, as each message
is leased by one of them.
"""

import os
import random
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

from digest.deliver.worker import Worker
from digest.model import Delivery, Home, Outcome
from digest.model.reports import COUNTED, DeliveryReport
from digest.pipeline.bounces import process_new
from digest.pipeline.channels import open_channels
from digest.pipeline.set_aside import Boundary, reason_of, sentences
from digest.store.delivery_writer import DeliveryWriter
from digest.store.group_commit import GroupCommit, Work
from digest.store.outbox import LeaseHolder
from digest.store.store import Store, Transaction
from digest.system.locks import boot_id, dead_workers, forget_worker, liveness_file

Jitter = Callable[[], float]
_NO_REPLY = "the reply cannot be recorded"
# Seconds for which a delivery waits for a database server that is lost: what was sent is to be recorded.
_PATIENCE = 60.0
_MARGIN = timedelta(minutes=2)  # a lease lasts longer than any attempt, for the writes of the database


@dataclass(frozen=True, slots=True)
class SteadyClock:
    """A clock that starts at a given time and then runs like the machine's."""

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
    resume: bool = False,
) -> DeliveryReport:
    """Send the outbox over every configured channel, until `stopping`.

    `resume` also tries at once what an outage of the mail server deferred. Raises StoreError.
    """
    clock = SteadyClock(now)
    boundary = Boundary.of(store)
    channels, refused = open_channels(home, store, boundary)
    pauses = [] if channels else [f"{name}: {reason}" for name, reason in refused.items()]
    unopened = (
        () if pauses else (f"nothing was sent over {name}: {reason}" for name, reason in refused.items())
    )
    # Bounces are processed first, to suppress their addresses; a problem with them does not stop the mail.
    bounces = process_new(home, store, now=now, stopping=stopping)
    problems = dict.fromkeys((*unopened, *bounces.problems))
    number, lines = store.transact(partial(_open, now=now, resume=resume))
    recover(home, store, now=now, number=number)
    for name, channel in channels.items():
        with _leased_outbox(home, store, name, clock, number, channel.longest_attempt) as outbox:
            worker = Worker(outbox, channel, now=clock, jitter=jitter, stopping=stopping)
            worker.run()
        problems |= worker.problems | outbox.problems
        pauses += [worker.pause] if worker.pause else []
    boundary.save(store, now)
    problems |= dict.fromkeys(sentences(boundary.found))
    pause = "; ".join(pauses)
    counts, messages = store.transact(
        lambda tx: tx.outbox.close_delivery(number, lines, at=clock(), pause=pause), patience=_PATIENCE
    )
    return DeliveryReport(counts, messages, pause, tuple(problems))


def _open(tx: Transaction, *, now: datetime, resume: bool) -> tuple[int, tuple[int, ...]]:
    if resume:
        tx.outbox.resume(now=now)
    return tx.outbox.open_delivery(at=now)


def rehearse(home: Home, store: Store, *, now: datetime) -> DeliveryReport:
    """Return what is in the outbox and how much of it is due; nothing is sent or recorded."""
    with store.rehearse():
        with store.begin() as tx:
            number, lines = tx.outbox.open_delivery(at=now)
        recover(home, store, now=now, number=number, tidy=False)
        with store.begin() as tx:
            before = tx.outbox.lines(lines)
            due = sum(
                len(
                    tx.outbox.claim(
                        LeaseHolder("rehearsal", channel, number, resend=home.settings.in_doubt == "resend"),
                        now=now,
                        until=now,
                        limit=len(lines),
                    )
                )
                for channel in home.settings.channels
            )
            after = tx.outbox.lines(lines)
    # Messages that would be sent are shown with their present status; only suppression is known beforehand.
    messages = tuple(
        new if new.status == "suppressed" else old for old, new in zip(before, after, strict=True)
    )
    counts: Counter[str] = Counter("pending" if each.status == "leased" else each.status for each in messages)
    return DeliveryReport({name: counts[name] for name in COUNTED}, messages, sendable=due)


def recover(home: Home, store: Store, *, now: datetime, number: int, tidy: bool = True) -> None:
    """End the leases of dead workers and those that have expired, in the delivery run `number`.

    `tidy` also removes the liveness files of the dead workers.
    """
    dead = dead_workers(home.path)
    store.transact(lambda tx: tx.outbox.recover(now=now, dead=dead, number=number, start=boot_id()))
    for holder in dead if tidy else ():
        forget_worker(home.path, holder)


class LeasedOutbox:
    """The outbox as one worker sees it, for `digest.deliver.worker`."""

    def __init__(self, store: Store, clock: SteadyClock, holder: LeaseHolder, length: timedelta) -> None:
        """A lease lasts for `length`."""
        self._store, self._clock, self._holder, self._length = store, clock, holder, length
        # A holder that names the boot of the machine need not flush every outcome to disk: after a power cut
        # the boot differs, and all its leases are in doubt.
        self.problems: dict[str, None] = {}
        self._commits = GroupCommit(store, durable="@" not in holder.name, patience=_PATIENCE)

    def claim(self, limit: int, blocked: frozenset[str]) -> Sequence[Delivery]:
        def claim(tx: Transaction) -> Sequence[Delivery]:
            now = self._clock()
            return tx.outbox.claim(
                self._holder, now=now, until=now + self._length, limit=limit, blocked=blocked
            )

        return self._store.transact(claim, patience=_PATIENCE)

    def waits_for(self, blocked: frozenset[str]) -> bool:
        return self._view(lambda tx: tx.outbox.waits_for(blocked, self._holder, now=self._clock()))

    def _view(self, look: Callable[[Transaction], bool]) -> bool:
        return self._store.transact(look, write=False, patience=_PATIENCE)

    def begin(self, delivery: Delivery) -> Callable[[], bool]:
        holder, until = self._holder.name, self._clock() + self._length
        return lambda: self._commits.write(lambda writer: writer.begin(delivery.id, holder, until=until))

    def others_accepted(self, delivery: Delivery) -> bool:
        return self._view(lambda tx: tx.outbox.others_accepted(delivery.id))

    def settle(self, delivery: Delivery, outcome: Outcome) -> None:
        """Record an outcome soon; until then the message is in doubt. Raises an earlier error of the database.

        The reply is a stranger's: if the database refuses it, the outcome is recorded without it.
        """
        now, holder = self._clock(), self._holder

        def settled(outcome: Outcome, writer: DeliveryWriter) -> bool:
            return writer.settle(delivery, holder.name, outcome, now=now, number=holder.number)

        def failed(error: Exception) -> Work:
            self.problems[
                f"{delivery}: its outcome was not recorded ({reason_of(error)}), so it is in doubt; to list it: "
                "digest outbox list"
            ] = None
            return partial(settled, Outcome("in_doubt", _NO_REPLY))

        without_reply = replace(outcome, reply=_NO_REPLY, suppress=outcome.suppress and _NO_REPLY)
        self._commits.enqueue(
            partial(settled, outcome), instead=partial(settled, without_reply), failed=failed
        )

    def release(self) -> None:
        self._commits.stop()
        self._commits.check()
        self._store.transact(lambda tx: tx.outbox.release(self._holder.name), patience=_PATIENCE)


@contextmanager
def _leased_outbox(
    home: Home, store: Store, channel: str, clock: SteadyClock, number: int, longest_attempt: timedelta
) -> Iterator[LeasedOutbox]:
    """Return the outbox of a worker that counts as alive for the block."""
    holder = f"{os.getpid()}-{secrets.token_hex(8)}"
    if store.capabilities.relaxed_durability and (start := boot_id()):
        holder += f"@{start}"
    leases = LeaseHolder(holder, channel, number, resend=home.settings.in_doubt == "resend")
    with liveness_file(home.path, holder):
        yield LeasedOutbox(store, clock, leases, longest_attempt + _MARGIN)
