"""Mail: the outbox, bounces, and recipients who are suppressed."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from digest.errors import UsageError
from digest.model import Delivery, Home
from digest.services.workspace import Clock, open_library
from digest.text.format import iso

if TYPE_CHECKING:
    from digest.pipeline.bounces import BounceReport
    from digest.store import Outbox
    from digest.store.outbox import Suppression

OPEN = ("pending", "deferred", "in_doubt")  # still to be sent, and not being sent now
_RECENT = timedelta(days=30)  # since it was put into the outbox; nobody wants older issues sent by accident


def outbox(home: Home, *, everything: bool) -> tuple[Delivery, ...]:
    """Return the messages that are unfinished, have failed or were ever in doubt; or all messages."""
    with open_library(home, create=False) as store, store.begin(write=False) as tx:
        return tx.outbox.everything() if everything else tx.outbox.unfinished()


def retry(home: Home, ids: Sequence[int], *, everything: bool, clock: Clock) -> tuple[Delivery, ...]:
    """Make messages due now and return them: those with these ids, or all open ones and those that failed because of us.

    Raises UsageError if an id is unknown, or its message is sent or being sent.
    """
    with open_library(home, create=False) as store, store.begin() as tx:
        keys = _chosen(tx.outbox, ids, everything=everything, failed_since=clock.now - _RECENT)
        tx.outbox.retry(keys, now=clock.now)
        return tx.outbox.lines(keys)


def drop(home: Home, ids: Sequence[int], *, everything: bool, clock: Clock) -> tuple[Delivery, ...]:
    """Give messages up and return them: those with these ids, or all open ones. Raises UsageError as `retry`."""
    with open_library(home, create=False) as store, store.begin() as tx:
        keys = _chosen(tx.outbox, ids, everything=everything)
        tx.outbox.drop(keys, now=clock.now)
        return tx.outbox.lines(keys)


def _chosen(
    outbox: "Outbox", ids: Sequence[int], *, everything: bool, failed_since: datetime | None = None
) -> list[int]:
    """Return the ids of the messages to change. `failed_since` adds those that failed since then because of us."""
    if everything and not ids:
        from digest.deliver.retry_policy import failed_because_of_us

        return [
            each.id
            for each in outbox.unfinished()
            if each.status in OPEN
            or (failed_since and each.queued >= failed_since and failed_because_of_us(each))
        ]
    if not ids:
        raise UsageError("name messages by their id (digest outbox list shows them), or use --all")
    found = {each.id: each for each in outbox.lines(ids)}
    for number in ids:
        if number not in found:
            raise UsageError(
                f"message {number} does not exist; to list all messages: digest outbox list --all"
            )
        if found[number].status == "leased":
            raise UsageError(
                f"message {number} is being sent; wait until that ends, then check it: digest outbox list"
            )
        if found[number].status == "sent":
            raise UsageError(f"message {number} is already sent: {found[number].reply}")
    return list(ids)


def bounces(home: Home, paths: Sequence[str], clock: Clock) -> "BounceReport":
    """Process the bounces in these mailboxes or messages, or the new ones where `[bounces]` says.

    Raises UsageError if neither names a place, or a path cannot be read.
    """
    from digest.pipeline.bounces import BounceReport, process_new, process_paths

    if not paths and not home.settings.bounces.read_somewhere:
        raise UsageError(
            "no mailbox to read; name a Maildir, an mbox or a message, or set mailbox or imap under [bounces] in digest.toml"
        )
    with open_library(home, create=True) as store:
        if paths:
            return BounceReport(process_paths(store, [Path(each) for each in paths], now=clock.now))
        return process_new(home, store, now=clock.now)


def recipients(home: Home) -> list[dict[str, Any]]:
    """Return every address by name: counts of its mail, and its suppressions, one row each, as JSON objects."""
    with open_library(home, create=False) as store, store.begin(write=False) as tx:
        queued = {address: (all_, sent) for address, all_, sent in tx.outbox.recipients()}
        suppressed = tx.outbox.suppressions()
    suppressed_addresses = {each.address for each in suppressed}
    rows: list[tuple[str, Suppression | None]] = [
        (address, None) for address in queued if address not in suppressed_addresses
    ]
    rows += [(each.address, each) for each in suppressed]
    return [
        {
            "address": address,
            "queued": queued.get(address, (0, 0))[0],
            "sent": queued.get(address, (0, 0))[1],
            "suppressed": suppression is not None,
            "subscription": suppression.subscription if suppression else None,
            "reason": suppression.reason if suppression else None,
            "since": iso(suppression.at) if suppression else None,
        }
        for address, suppression in sorted(rows, key=lambda row: row[0])
    ]


def suppress(home: Home, address: str, *, subscription: str, reason: str, clock: Clock) -> None:
    """Stop mail to an address: of one subscription, or of all (""). Raises UsageError for an invalid address."""
    if "@" not in address and home.settings.room(address) is None:
        raise UsageError(f"{address!r} is not an address; use name@example.org, or the name of a chat room")
    with open_library(home, create=True) as store, store.begin() as tx:
        tx.outbox.suppress(address, reason=reason, at=clock.now, subscription=subscription)


def unsuppress(home: Home, address: str) -> None:
    """Allow mail to an address again. Raises UsageError if it is not suppressed."""
    with open_library(home, create=False) as store, store.begin() as tx:
        if not tx.outbox.unsuppress(address):
            raise UsageError(
                f"{address!r} is not suppressed; to list suppressed addresses: digest recipients list"
            )
