"""What the commands about mail do: the outbox, what came back, who gets no more."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from digest.errors import UsageError
from digest.model import Delivery, Home
from digest.services.workspace import Clock, iso, open_library

if TYPE_CHECKING:
    from digest.pipeline.bounces import Collected
    from digest.store import Outbox
    from digest.store.outbox import Suppression

OPEN = ("pending", "deferred", "in_doubt")  # what may still be sent, and is not being sent


def outbox(home: Home, *, everything: bool) -> tuple[Delivery, ...]:
    """Return what is on its way, has failed or was ever in doubt; or everything."""
    with open_library(home, create=False) as store, store.begin(write=False) as tx:
        return tx.outbox.everything() if everything else tx.outbox.unfinished()


def retry(home: Home, ids: Sequence[int], *, everything: bool, clock: Clock) -> tuple[Delivery, ...]:
    """Let messages be tried again now. Returns them. Raises UsageError for a number that is none."""
    with open_library(home, create=False) as store, store.begin() as tx:
        keys = _chosen(tx.outbox, ids, everything=everything)
        tx.outbox.retry(keys, now=clock.now)
        return tx.outbox.lines(keys)


def drop(home: Home, ids: Sequence[int], *, everything: bool, clock: Clock) -> tuple[Delivery, ...]:
    """Let messages be tried no more. Returns them. Raises UsageError for a number that is none."""
    with open_library(home, create=False) as store, store.begin() as tx:
        keys = _chosen(tx.outbox, ids, everything=everything)
        tx.outbox.drop(keys, now=clock.now)
        return tx.outbox.lines(keys)


def _chosen(outbox: "Outbox", ids: Sequence[int], *, everything: bool) -> list[int]:
    """Return the lines that are meant: the named ones, or all that are open."""
    if everything and not ids:
        return [each.id for each in outbox.unfinished() if each.status in OPEN]
    if not ids:
        raise UsageError("name messages by their id (digest outbox list shows them), or write --all")
    found = {each.id: each for each in outbox.lines(ids)}
    for number in ids:
        if number not in found:
            raise UsageError(f"no message {number} in the outbox; digest outbox list --all shows them")
        if found[number].status == "leased":
            raise UsageError(f"message {number} is being sent; wait for that, then look again")
        if found[number].status == "sent":
            raise UsageError(f"message {number} was sent: {found[number].reply}")
    return list(ids)


def bounces(home: Home, paths: Sequence[str], clock: Clock) -> "Collected":
    """Read what came back: from these places, else what is new where the settings say. Raises UsageError."""
    from digest.pipeline import bounces as returns

    if not paths and not home.settings.bounces.read_somewhere:
        raise UsageError(
            "name a Maildir, an mbox or a message, or set mailbox or imap under [bounces] in digest.toml"
        )
    with open_library(home, create=True) as store:
        if paths:
            return returns.Collected(
                returns.read_places(store, [Path(each) for each in paths], now=clock.now)
            )
        return returns.collect(home, store, now=clock.now)


def recipients(home: Home) -> list[dict[str, Any]]:
    """Return every address: what it got, and what it gets no more, a line for each suppression."""
    with open_library(home, create=False) as store, store.begin(write=False) as tx:
        queued = {address: (all_, sent) for address, all_, sent in tx.outbox.recipients()}
        suppressed = tx.outbox.suppressions()
    stopped = {each.address for each in suppressed}
    rows: list[tuple[str, Suppression | None]] = [
        (address, None) for address in queued if address not in stopped
    ]
    rows += [(each.address, each) for each in suppressed]
    return [
        {
            "address": address,
            "queued": queued.get(address, (0, 0))[0],
            "sent": queued.get(address, (0, 0))[1],
            "suppressed": stop is not None,
            "subscription": stop.subscription if stop else None,
            "reason": stop.reason if stop else None,
            "since": iso(stop.at) if stop else None,
        }
        for address, stop in sorted(rows, key=lambda row: row[0])
    ]


def suppress(home: Home, address: str, *, subscription: str, reason: str, clock: Clock) -> None:
    """Send an address no more mail of a subscription, or of any (""). Raises UsageError."""
    if "@" not in address and home.settings.room(address) is None:
        raise UsageError(f"{address!r} is no address; write name@example.org, or the name of a room")
    with open_library(home, create=True) as store, store.begin() as tx:
        tx.outbox.suppress(address, reason=reason, at=clock.now, subscription=subscription)


def unsuppress(home: Home, address: str) -> None:
    """Send an address mail again. Raises UsageError if nothing kept it from getting mail."""
    with open_library(home, create=False) as store, store.begin() as tx:
        if not tx.outbox.unsuppress(address):
            raise UsageError(f"{address!r} is not suppressed; digest recipients list shows who is")
