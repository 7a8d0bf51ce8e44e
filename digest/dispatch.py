"""deliver: what stands in the outbox is rendered from stored content, addressed and sent.

    lease → render → address → send → settle

The run's lock is not held: several of these work side by side on one outbox, each line leased by one.
"""

import os
import random
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path

from digest.deliver.address import Mailbox, mailbox, sender_mailbox
from digest.deliver.dkim import Signer, load_signer
from digest.deliver.loop import Loop
from digest.deliver.mailing import Mailing, Sender
from digest.deliver.policy import FIRST_RETRY
from digest.deliver.post import SmtpChannel
from digest.deliver.smtp import Server
from digest.errors import UsageError
from digest.links import public_base
from digest.lock import forget_sign, is_dead, sign_of_life
from digest.model import Delivery, Home, Outcome, Smtp
from digest.ports import Channel
from digest.report import DeliveryReport
from digest.store import Store
from digest.write import renderer_for

Chance = Callable[[], float]
_MAILINGS_AT_HAND = 64  # issues of some 100 KB


@dataclass(frozen=True, slots=True)
class SteadyClock:
    """A clock that starts at a stated time and goes on from there."""

    stated: datetime
    started: float = field(default_factory=time.monotonic)

    def __call__(self) -> datetime:
        return self.stated + timedelta(seconds=time.monotonic() - self.started)


def deliver(home: Home, store: Store, *, now: datetime, chance: Chance = random.random) -> DeliveryReport:
    """Empty the outbox over every configured channel. Raises UsageError, StoreError."""
    clock = SteadyClock(now)
    channels = _channels(home, store)
    recover(home, store, now=now)
    with store.begin() as tx:
        number, lines = tx.outbox.open_delivery(at=now)
    pauses: list[str] = []
    problems: dict[str, None] = {}
    for name, channel in channels.items():
        with _leases(home, store, name, clock) as outbox:
            loop = Loop(outbox, channel, now=clock, chance=chance)
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
        recover(home, store, now=now, tidy=False)
        with store.begin() as tx:
            number, lines = tx.outbox.open_delivery(at=now)
            due = 0
            for channel in home.settings.channels:
                due += len(
                    tx.outbox.claim(
                        "nobody",
                        channel=channel,
                        now=now,
                        until=now,
                        limit=len(lines),
                        resend=home.settings.in_doubt == "resend",
                    )
                )
            counts = tx.outbox.close_delivery(number, lines, at=now, pause="")
            return DeliveryReport(counts, tx.outbox.lines(lines), sendable=due)


def recover(home: Home, store: Store, *, now: datetime, tidy: bool = True) -> None:
    """End the leases of those who died, and those that are over."""
    with store.begin() as tx:
        dead = [holder for holder in tx.outbox.holders() if is_dead(home.path, holder)]
        tx.outbox.recover(now=now, dead=dead, again=FIRST_RETRY)
    for holder in dead if tidy else ():
        forget_sign(home.path, holder)


# --- the outbox as the loop sees it ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Leases:
    """One holder's view of the outbox for one channel: every call a transaction."""

    store: Store
    holder: str
    channel: str
    clock: SteadyClock
    lease: timedelta
    resend: bool

    def claim(self, limit: int, closed: frozenset[str]) -> Sequence[Delivery]:
        now = self.clock()
        with self.store.begin() as tx:
            return tx.outbox.claim(
                self.holder,
                channel=self.channel,
                now=now,
                until=now + self.lease,
                limit=limit,
                resend=self.resend,
                closed=closed,
            )

    def waits_for(self, closed: frozenset[str]) -> bool:
        with self.store.begin(write=False) as tx:
            return tx.outbox.waits_for(closed, channel=self.channel, now=self.clock(), resend=self.resend)

    def begin(self, delivery: Delivery) -> bool:
        with self.store.begin() as tx:
            return tx.outbox.begin(delivery.id, self.holder, until=self.clock() + self.lease)

    def settle(self, delivery: Delivery, outcome: Outcome) -> None:
        with self.store.begin() as tx:
            tx.outbox.settle(delivery.id, self.holder, outcome, now=self.clock())

    def release(self) -> None:
        with self.store.begin() as tx:
            tx.outbox.release(self.holder)


@contextmanager
def _leases(home: Home, store: Store, channel: str, clock: SteadyClock) -> Iterator[_Leases]:
    """Be a holder of leases for the block."""
    smtp = home.settings.smtp or Smtp("")
    # Longer than any try can take: every step has its own limit.
    lease = timedelta(seconds=smtp.final_timeout + 6 * smtp.timeout + 60)
    holder = f"{os.getpid()}-{secrets.token_hex(8)}"
    resend = home.settings.in_doubt == "resend"
    with sign_of_life(home.path, holder):
        yield _Leases(store, holder, channel, clock, lease, resend)


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
