"""deliver: what stands in the outbox is rendered from stored content, addressed and sent.

    lease → render → address → send → settle

The run's lock is not held: several of these work side by side on one outbox, each line leased by one.
"""

import os
import random
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from queue import Empty, SimpleQueue

from digest.deliver.address import Mailbox, mailbox, sender_mailbox
from digest.deliver.bounces import Bounce, read_bounce
from digest.deliver.dkim import Signer, load_signer
from digest.deliver.loop import Loop
from digest.deliver.mailboxes import mark_read, messages_in
from digest.deliver.mailing import Mailing, Sender
from digest.deliver.post import SmtpChannel
from digest.deliver.smtp import Server
from digest.errors import UsageError
from digest.links import public_base
from digest.lock import dead_signs, forget_sign, sign_of_life, this_start
from digest.model import Delivery, Home, Outcome, Smtp
from digest.ports import Channel
from digest.report import COUNTED, DeliveryReport
from digest.store import Held, Outbox, Store
from digest.write import renderer_for

Chance = Callable[[], float]
_LINGER = 0.001  # seconds
_MAILINGS_AT_HAND = 64  # issues of some 100 KB


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
    chance: Chance = random.random,
    stopping: Callable[[], bool] = lambda: False,
) -> DeliveryReport:
    """Empty the outbox over every configured channel, or till `stopping`. Raises UsageError, StoreError."""
    clock = SteadyClock(now)
    channels = _channels(home, store)
    problems: dict[str, None] = {}
    if home.settings.bounces.mailbox:
        try:
            read_bounces(store, [home.path / home.settings.bounces.mailbox], now=now, fresh=True)
        except UsageError as error:  # no reason to keep mail back
            problems[str(error)] = None
    with store.begin() as tx:
        number, lines = tx.outbox.open_delivery(at=now)
    recover(home, store, now=now, number=number)
    pauses: list[str] = []
    for name, channel in channels.items():
        with _leases(home, store, name, clock, number) as outbox:
            loop = Loop(outbox, channel, now=clock, chance=chance, stopping=stopping)
            loop.run()
        problems |= loop.problems
        pauses += [loop.pause] if loop.pause else []
    pause = "; ".join(pauses)
    with store.begin() as tx:
        counts = tx.outbox.close_delivery(number, lines, at=clock(), pause=pause)
        messages = tx.outbox.lines(lines)
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
                        "nobody",
                        channel=channel,
                        now=now,
                        until=now,
                        limit=len(lines),
                        resend=home.settings.in_doubt == "resend",
                        number=number,
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
    dead = dead_signs(home.path)
    with store.begin() as tx:
        tx.outbox.recover(now=now, dead=dead, number=number, start=this_start())
    for holder in dead if tidy else ():
        forget_sign(home.path, holder)


# --- what comes back -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Returned:
    """A message that came back: where it lies, what it is, and the line of the outbox it is about."""

    file: Path
    bounce: Bounce
    line: Delivery | None


def read_bounces(
    store: Store, paths: Sequence[Path], *, now: datetime, fresh: bool = False
) -> tuple[Returned, ...]:
    """Read what came back and note it: who cannot be reached, complains or leaves gets no more mail.

    `fresh`: only what is new in a Maildir, which is marked as read then. Raises UsageError.
    """
    with store.begin() as tx:
        secret = tx.outbox.secret()
    found = []
    for path in paths:
        for file, data in messages_in(path, fresh=fresh):
            bounce = read_bounce(data, secret)
            with store.begin() as tx:
                lines = tx.outbox.lines([bounce.line]) if bounce.line is not None else ()
                if lines:
                    _note(tx.outbox, lines[0], bounce, now)
            found.append(Returned(file, bounce, lines[0] if lines else None))
            if fresh and bounce.kind not in {"other", "forged"}:
                mark_read(file)
    return tuple(found)


def _note(outbox: Outbox, line: Delivery, bounce: Bounce, now: datetime) -> None:
    if bounce.kind == "hard":
        # Once: an address that the operator has allowed again is not stopped by the same report.
        if outbox.came_back(line.id, bounce.text, now=now):
            outbox.suppress(line.recipient, reason=f"came back: {bounce.text}", at=now)
    elif bounce.kind == "complaint":
        outbox.suppress(line.recipient, reason=bounce.text, at=now)
    elif bounce.kind == "unsubscribe":
        outbox.suppress(line.recipient, reason=bounce.text, at=now, subscription=line.subscription)


# --- the outbox as the loop sees it ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Note:
    """Something to be written, and where it is told that it is safe."""

    work: Callable[[Outbox], bool]
    written: "Future[bool]"


class _Clerk:
    """Writes what all connections note down, one transaction after the other.

    A thread of its own writes all notes that came in while those before were being written, and a message goes
    over the wire meanwhile. An outcome, which nobody waits for, lingers a millisecond for the note that mostly
    follows it, the beginning of the next message. What is not `durable` is safe from the end
    of this process at once, from a power cut with the next lease.
    """

    def __init__(self, store: Store, *, durable: bool) -> None:
        self._open = ExitStack()
        self._held = self._open.enter_context(store.hold(durable=durable))
        self._notes: SimpleQueue[_Note] = SimpleQueue()
        self._waiting, self._urgent = threading.Event(), threading.Event()
        self._over = False
        self._thread = threading.Thread(target=self._sweep, name="delivery-clerk", daemon=True)
        self._thread.start()

    def note(self, work: Callable[[Outbox], bool], *, urgent: bool) -> "Future[bool]":
        """Have something written, at once if it is urgent. The future tells when; a failure is its own."""
        note = _Note(work, Future())
        self._notes.put(note)
        if urgent:
            self._urgent.set()
        self._waiting.set()
        return note.written

    def stop(self) -> None:
        """Write what is left, then end."""
        self._over = True
        self._urgent.set()
        self._waiting.set()
        self._thread.join()
        self._write()
        self._open.close()

    def _sweep(self) -> None:
        while not self._over:
            self._waiting.wait()
            self._urgent.wait(_LINGER)
            self._waiting.clear()
            self._urgent.clear()
            self._write()

    def _write(self) -> None:
        notes = []
        with suppress(Empty):
            while True:
                notes.append(self._notes.get_nowait())
        if notes:
            _together(self._held, notes)


def _together(held: Held, notes: Sequence[_Note]) -> None:
    """Write notes in one transaction."""
    try:
        with held.begin() as tx:
            answers = [each.work(tx.outbox) for each in notes]
    except BaseException as error:  # noqa: BLE001 - raised where somebody waits for it
        for each in notes:
            each.written.set_exception(error)
    else:
        for each, answer in zip(notes, answers, strict=True):
            each.written.set_result(answer)


class _Leases:
    """One holder's view of the outbox for one channel, in one emptying of it."""

    def __init__(
        self,
        store: Store,
        holder: str,
        channel: str,
        clock: SteadyClock,
        lease: timedelta,
        *,
        resend: bool,
        number: int,
    ) -> None:
        self._store, self._holder, self._channel, self._clock = store, holder, channel, clock
        self._lease, self._resend, self._number = lease, resend, number
        # A lease is durable and names the start of the machine: after a power cut it is in doubt whole.
        self._clerk = _Clerk(store, durable="@" not in holder)
        self._unwritten: list[Future[bool]] = []  # failures of what nobody waited for

    def claim(self, limit: int, closed: frozenset[str]) -> Sequence[Delivery]:
        now = self._clock()
        with self._store.begin() as tx:
            return tx.outbox.claim(
                self._holder,
                channel=self._channel,
                now=now,
                until=now + self._lease,
                limit=limit,
                resend=self._resend,
                number=self._number,
                closed=closed,
            )

    def waits_for(self, closed: frozenset[str]) -> bool:
        with self._store.begin(write=False) as tx:
            return tx.outbox.waits_for(
                closed,
                channel=self._channel,
                now=self._clock(),
                resend=self._resend,
                number=self._number,
            )

    def begin(self, delivery: Delivery) -> Callable[[], bool]:
        until = self._clock() + self._lease
        written = self._clerk.note(
            lambda outbox: outbox.begin(delivery.id, self._holder, until=until), urgent=True
        )
        return written.result

    def settle(self, delivery: Delivery, outcome: Outcome) -> None:
        """Have it written; until it is, the line is in doubt. Raises what an earlier one met."""
        now, number = self._clock(), self._number
        written = self._clerk.note(
            lambda outbox: outbox.settle(delivery, self._holder, outcome, now=now, number=number),
            urgent=False,
        )
        written.add_done_callback(self._keep_failure)
        self._raise_failure()

    def _keep_failure(self, written: "Future[bool]") -> None:
        if written.exception() is not None:
            self._unwritten.append(written)

    def _raise_failure(self) -> None:
        for written in self._unwritten[:1]:
            written.result()

    def release(self) -> None:
        self._clerk.stop()
        self._raise_failure()
        with self._store.begin() as tx:
            tx.outbox.release(self._holder)


@contextmanager
def _leases(home: Home, store: Store, channel: str, clock: SteadyClock, number: int) -> Iterator[_Leases]:
    """Be a holder of leases for the block."""
    smtp = home.settings.smtp or Smtp("")
    # Longer than any try can take: every step has its own limit.
    lease = timedelta(seconds=smtp.final_timeout + 6 * smtp.timeout + 60)
    holder = f"{os.getpid()}-{secrets.token_hex(8)}"
    if store.is_sqlite and (start := this_start()):
        holder += f"@{start}"
    resend = home.settings.in_doubt == "resend"
    with sign_of_life(home.path, holder):
        yield _Leases(store, holder, channel, clock, lease, resend=resend, number=number)


# --- channels --------------------------------------------------------------------------------------


def _channels(home: Home, store: Store) -> dict[str, Channel]:
    """Return the configured channels by name. Raises UsageError if something they need is absent."""
    makers = {"smtp": _smtp_channel}
    return {name: makers[name](home, store) for name in home.settings.channels}


def _smtp_channel(home: Home, store: Store) -> Channel:
    sender = sender_of(home, store)
    renderer = renderer_for(home)

    @lru_cache(_MAILINGS_AT_HAND)
    def mailing(issue: int) -> Mailing:
        with store.begin(write=False) as tx:
            stored = tx.desk.issue(issue)
        return Mailing(renderer.eml(stored.issue), sender, stored.issue)

    return SmtpChannel(server_of(home), sender, lambda delivery: mailing(delivery.issue))


def server_of(home: Home) -> Server:
    """Return the mail server with its password. Raises UsageError if that cannot be had."""
    smtp = home.settings.smtp
    assert smtp is not None, "checked with the settings"
    for key, name in (("ca_file", smtp.ca_file), ("password_file", smtp.password_file)):
        if name and not (home.path / name).is_file():
            raise UsageError(f"digest.toml: smtp.{key}: there is no file {home.path / name}")
    if smtp.ca_file:
        smtp = replace(smtp, ca_file=str(home.path / smtp.ca_file))
    return Server(smtp, _password(home, smtp))


def _password(home: Home, smtp: Smtp) -> str | None:
    if smtp.user is None:
        return None
    if smtp.password_env:
        password = os.environ.get(smtp.password_env)
        if password is None:
            raise UsageError(
                f"digest.toml: smtp.password_env: the variable {smtp.password_env} is not set; "
                "set it where digest runs"
            )
        return password
    try:
        return (home.path / str(smtp.password_file)).read_text("utf-8").strip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"digest.toml: smtp.password_file: cannot be read ({type(error).__name__})"
        ) from error


def sender_of(home: Home, store: Store) -> Sender:
    """Return who sends. Raises UsageError if a DKIM key cannot be read."""
    settings = home.settings
    assert settings.smtp is not None, "checked with the settings"
    address = sender_mailbox(settings.smtp.sender)
    assert address is not None, "checked with the settings"
    with store.begin() as tx:
        secret = tx.outbox.secret()
    return Sender(
        address=address,
        bounces=mailbox(settings.bounces.address) or address,
        secret=secret,
        public_url=public_base(settings.base_url),
        verp=settings.bounces.verp,
        one_click=settings.smtp.one_click,
        signers=signers_of(home, address),
    )


def signers_of(home: Home, address: Mailbox) -> tuple[Signer, ...]:
    """Return the DKIM keys, read. Raises UsageError."""
    dkim = home.settings.dkim
    if dkim is None:
        return ()
    domain = dkim.domain or address.domain
    return tuple(
        load_signer(home.path / Path(file), domain=domain, selector=selector) for selector, file in dkim.keys
    )
