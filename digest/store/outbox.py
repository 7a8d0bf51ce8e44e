"""The outbox: deliveries of issues to recipients, and suppressed addresses.

    pending → leased → sent | deferred | failed | suppressed | in_doubt

A line is leased by a holder until a time. `begin` records that the server may now accept the message: a lease
that expires after that leaves the line in doubt, one that expires before leaves it pending. A holder changes
a line only while it holds the lease.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from secrets import token_bytes
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    insert,
    literal,
    not_,
    or_,
    select,
    update,
)

from digest.model import Delivery, Letter, Outcome
from digest.model.reports import COUNTED
from digest.signing import departure_code
from digest.store.codec import decode, encode
from digest.store.departed import HASHED, Departed
from digest.store.departures import Departures
from digest.store.schema import deliveries, issues, outbox, secrets, suppressions
from digest.store.sql import chunks, insert_missing, insert_rows, inserted_key
from digest.text.addresses import address_key, one_of_each

OPEN = ("pending", "leased", "deferred", "in_doubt")
DOUBT = "the program or the connection ended before the server replied"
DROPPED = "dropped by the operator"
# The subscription of a line; a letter has none, so that it is stopped only for addresses that get no mail at all.
_subscription = func.coalesce(issues.c.subscription, "")


@dataclass(frozen=True, slots=True)
class Suppression:
    """A suppressed address: for one subscription, or for all ("")."""

    address: str
    subscription: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class LeaseHolder:
    """A holder of leases on one channel, in the delivery run `number`.

    `resend`: lines that are in doubt for the first time, since an earlier delivery run, are due as well.
    """

    name: str
    channel: str
    number: int
    resend: bool


class Outbox:
    """Lines of the outbox, one per issue, recipient and channel, and the suppressed addresses."""

    def __init__(self, connection: Connection, departures: Departures | None = None) -> None:
        self._db = connection
        self._departed = Departed(connection, departures)

    def add(self, new: Iterable[tuple[int, Iterable[str]]], *, channel: str, at: datetime) -> None:
        """Queue issues, by key, each for its recipients, each of them once, however often it is spelt."""
        rows = [
            {"issue": issue, **_new_line(recipient, channel, at)}
            for issue, recipients in new
            for recipient in one_of_each(recipients)
        ]
        if rows:
            insert_rows(self._db, outbox, rows)
            for chunk in chunks(row["issue"] for row in rows):
                self._departed.take_in(at, outbox.c.issue.in_(chunk))

    def add_letter(self, letter: Letter, recipient: str, *, channel: str, at: datetime) -> None:
        """Queue a letter for one recipient."""
        line = {"letter": encode(letter), **_new_line(recipient, channel, at)}
        self._db.execute(insert(outbox).values(line))

    def forget_letters(self, *, before: datetime) -> int:
        """Delete the letters that were queued before a time and are not under way. Returns how many."""
        old = and_(outbox.c.letter.is_not(None), outbox.c.queued < before, outbox.c.status != "leased")
        return int(self._db.execute(delete(outbox).where(old)).rowcount)

    def secret(self) -> bytes:
        """Return the secret for the tokens of this library; the first call creates it."""
        found = self.known_secret()
        if found is None:
            insert_missing(self._db, secrets, {"name": "tokens", "value": token_bytes(32)})
            found = self.known_secret()
        assert found is not None, "it was just inserted"
        return found

    def known_secret(self) -> bytes | None:
        """Return the secret, or None."""
        found = self._db.scalar(select(secrets.c.value).where(secrets.c.name == "tokens"))
        return bytes(found) if found else None

    def departure_key(self) -> bytes:
        """Return the key of the departures of this library and its home; the first call creates it.

        What the library has suppressed is in the file of departures afterwards, also in a home that had none.
        """
        return self._departed.need_key()

    def departure_keys(self) -> tuple[bytes, ...]:
        """Return the keys of departures that are known. Creates nothing."""
        return self._departed.keys()

    def departure_codes(self, address: str, subscription: str) -> frozenset[str]:
        """Return the codes that stand for a departure, one for each key that is known."""
        return frozenset(departure_code(key, address, subscription) for key in self.departure_keys())

    def has_departed(self, code: str) -> bool:
        """Return whether a departure was noted, by its code."""
        return self._departed.has_code(code)

    def check_departures(self) -> None:
        """Raise StoreError if it cannot be found out who has left."""
        self._departed.left([("", "")])

    def depart(self, code: str, subscription: str, *, address: str | None, at: datetime) -> None:
        """Note a departure: of an address or, where it is unknown, by its code.

        In the file of departures, if there is one, which needs no transaction for writing.
        """
        if address is not None:
            self._departed.note(address, subscription, at)
        else:
            self._departed.note_code(code, subscription, at)

    def open_delivery(self, *, at: datetime) -> tuple[int, tuple[int, ...]]:
        """Begin a delivery run. Returns its number and the ids of the open lines."""
        lines = tuple(self._db.scalars(select(outbox.c.id).where(outbox.c.status.in_(OPEN))))
        result = self._db.execute(insert(deliveries).values(started=at, candidates=len(lines)))
        return inserted_key(result), lines

    def anything_due(
        self, *, channels: Iterable[str], now: datetime, dead: Collection[str], resend: bool
    ) -> bool:
        """Return whether a delivery run has anything to do: a line that is due, or a lease that has expired.

        `dead` are the names of holders that no longer run; `resend` is as for `LeaseHolder`.
        """
        conditions = [_expired(now, dead)]
        for channel in channels:
            conditions += _due(now, LeaseHolder("", channel, 0, resend))
        return any(self._db.scalar(select(exists().where(condition))) for condition in conditions)

    def close_delivery(
        self, number: int, lines: Collection[int], *, at: datetime, pause: str
    ) -> tuple[dict[str, int], tuple[Delivery, ...]]:
        """End a delivery run. Returns the number of its lines by status, which is recorded, and the lines.

        Without those that another delivery run has settled meanwhile: they are in the report of that one.
        """
        settled = and_(outbox.c.status.in_(("sent", "failed")), outbox.c.delivery != number)
        others = {
            key
            for chunk in chunks(lines)
            for key in self._db.scalars(select(outbox.c.id).where(outbox.c.id.in_(chunk), settled))
        }
        counts, found = dict.fromkeys(COUNTED, 0), self.lines(key for key in lines if key not in others)
        for delivery in found:
            counts["pending" if delivery.status == "leased" else delivery.status] += 1
        self._db.execute(
            update(deliveries)
            .where(deliveries.c.id == number)
            .values(ended=at, pause=pause or None, candidates=len(found), **counts)
        )
        return counts, found

    def claim(
        self,
        holder: LeaseHolder,
        *,
        now: datetime,
        until: datetime,
        limit: int,
        blocked: Collection[str] = (),
    ) -> tuple[Delivery, ...]:
        """Lease at most `limit` lines that are due, not to blocked domains; new ones first, then the oldest.

        Lines to suppressed addresses are settled instead. Returns the leased lines in order of their ids.
        """
        keys: list[int] = []
        for condition in _due(now, holder):
            allowed = and_(condition, outbox.c.domain.not_in(blocked)) if blocked else condition
            # SQLite has one writer at a time; in other systems, another writer skips the rows locked here.
            chosen = select(outbox.c.id).where(allowed).order_by(outbox.c.due, outbox.c.id).limit(limit)
            while not keys and (found := list(self._db.scalars(chosen.with_for_update(skip_locked=True)))):
                self._departed.take_in(now, outbox.c.id.in_(found))
                keys = self._unsuppressed(found, now)
            if keys:
                break
        else:
            return ()
        lease = update(outbox).where(outbox.c.id.in_(keys))
        self._db.execute(
            lease.values(
                status="leased",
                holder=holder.name,
                leased_until=until,
                begun=False,
                attempts=outbox.c.attempts + 1,
            )
        )
        return self.lines(keys)

    def _unsuppressed(self, keys: list[int], now: datetime) -> list[int]:
        """Settle the lines whose address is suppressed. Returns the other ones."""
        suppressed = and_(
            suppressions.c.address == outbox.c.address,
            suppressions.c.subscription.in_(("", _subscription)),
        )
        found = self._db.execute(
            select(outbox.c.id, suppressions.c.reason)
            .outerjoin(issues, issues.c.id == outbox.c.issue)
            .join(suppressions, suppressed)
            .where(outbox.c.id.in_(keys))
        )
        reasons = {row.id: row.reason for row in found}
        for key, reason in reasons.items():
            self._db.execute(
                update(outbox)
                .where(outbox.c.id == key)
                .values(status="suppressed", reply=reason, settled=now)
            )
        return [key for key in keys if key not in reasons]

    def waits_for(self, domains: Collection[str], holder: LeaseHolder, *, now: datetime) -> bool:
        """Return whether anything is due to these domains."""
        return any(
            self._db.scalar(select(exists().where(condition, outbox.c.domain.in_(domains))))
            for condition in _due(now, holder)
        )

    def begin(self, key: int, holder: str, *, until: datetime) -> bool:
        """Record that the outcome of a line may become unknown, and renew its lease.

        Returns False if the lease was lost.
        """
        return self._db.execute(BEGIN, begin_values(key, holder, until)).rowcount == 1

    def settle(
        self, delivery: Delivery, holder: str, outcome: Outcome, *, now: datetime, number: int
    ) -> bool:
        """Record the outcome of an attempt in the delivery run `number`. Returns False if the lease was lost.

        A line that is in doubt because the lease of this holder expired is settled, too: its outcome is known
        now.
        """
        values = settle_values(delivery, holder, outcome, now=now, number=number)
        mine = self._db.execute(SETTLE, values).rowcount == 1
        if mine and outcome.suppress:
            self.suppress(delivery.recipient, reason=outcome.suppress, at=now)
        return mine

    def release(self, holder: str) -> None:
        """Return the leases that were not used."""
        idle = and_(outbox.c.holder == holder, outbox.c.status == "leased", outbox.c.begun.is_(False))
        self._db.execute(
            update(outbox)
            .where(idle)
            .values(status="pending", leased_until=None, attempts=outbox.c.attempts - 1)
        )

    def recover(self, *, now: datetime, dead: Collection[str], number: int, start: str = "") -> None:
        """End expired leases and those of dead holders: lines are in doubt if begun, else pending.

        The lines of a holder `…@start` from before a restart of the machine are all in doubt: the last writes
        of that holder may be missing. `start` identifies the present start of the machine.
        """
        expired = _expired(now, dead)
        before_restart = and_(outbox.c.holder.contains("@"), not_(outbox.c.holder.endswith(f"@{start}")))
        self._db.execute(
            update(outbox)
            .where(expired, or_(outbox.c.begun.is_(True), before_restart))
            .values(
                status="in_doubt",
                reply=DOUBT,
                doubts=outbox.c.doubts + 1,
                leased_until=None,
                settled=now,
                delivery=number,
            )
        )
        self._db.execute(update(outbox).where(expired).values(status="pending", leased_until=None))

    def lines(self, keys: Iterable[int]) -> tuple[Delivery, ...]:
        """Return the lines with these ids, in order of their ids."""
        found = [
            delivery_of(row)
            for chunk in chunks(keys)
            for row in self._db.execute(LINES.where(outbox.c.id.in_(chunk)))
        ]
        return tuple(sorted(found, key=lambda each: each.id))

    def of_run(self, run: int) -> tuple[Delivery, ...]:
        """Return the lines of all issues of a run."""
        return self._all(issues.c.run == run)

    def of_issues(self, subscription: str, numbers: Collection[int]) -> tuple[Delivery, ...]:
        """Return the lines of some issues of a subscription."""
        return self._all(and_(issues.c.subscription == subscription, issues.c.number.in_(numbers)))

    def counted_by_run(self, runs: Collection[int]) -> dict[int, dict[str, int]]:
        """Return the number of messages by status for each of these runs that has any."""
        found: dict[int, dict[str, int]] = {}
        for chunk in chunks(runs):
            rows = self._db.execute(
                select(issues.c.run, outbox.c.status, func.count())
                .join(issues, issues.c.id == outbox.c.issue)
                .where(issues.c.run.in_(chunk))
                .group_by(issues.c.run, outbox.c.status)
            )
            for run, status, count in rows:
                of_run = found.setdefault(run, dict.fromkeys(COUNTED, 0))
                of_run["pending" if status == "leased" else status] += count
        return found

    def unfinished(self) -> tuple[Delivery, ...]:
        """Return all lines except those that were sent and never in doubt."""
        return self._all(or_(outbox.c.status != "sent", outbox.c.doubts > 0))

    def everything(self) -> tuple[Delivery, ...]:
        """Return all lines."""
        return self._all(literal(value=True))

    def _all(self, condition: ColumnElement[bool]) -> tuple[Delivery, ...]:
        rows = self._db.execute(LINES.where(condition).order_by(outbox.c.id))
        return tuple(delivery_of(row) for row in rows)

    def others_accepted(self, key: int) -> bool:
        """Return whether a later line was sent: lines are first tried in the order of their ids."""
        later = select(outbox.c.id).where(outbox.c.id > key, outbox.c.status == "sent").limit(1)
        return self._db.scalar(later) is not None

    def resume(self, *, now: datetime) -> None:
        """Make due what delivery runs deferred that were paused since a run last sent anything."""
        last = select(func.coalesce(func.max(deliveries.c.id), 0)).where(deliveries.c.sent > 0)
        paused = select(deliveries.c.id).where(
            deliveries.c.pause.is_not(None), deliveries.c.id > last.scalar_subquery()
        )
        self._db.execute(
            update(outbox)
            .where(outbox.c.status == "deferred", outbox.c.delivery.in_(paused), outbox.c.due > now)
            .values(due=now)
        )

    def retry(self, keys: Iterable[int], *, now: datetime) -> None:
        """Make lines that are not leased due at once, like new ones."""
        for chunk in chunks(keys):
            self._db.execute(
                update(outbox)
                .where(outbox.c.id.in_(chunk), outbox.c.status != "leased")
                .values(status="pending", due=now, queued=now, attempts=0)
            )

    def drop(self, keys: Iterable[int], *, now: datetime) -> None:
        """Give up lines that are not leased."""
        for chunk in chunks(keys):
            self._db.execute(
                update(outbox)
                .where(outbox.c.id.in_(chunk), outbox.c.status != "leased")
                .values(status="failed", reply=DROPPED, settled=now)
            )

    def bounce(self, key: int, reason: str, *, now: datetime) -> bool:
        """Record that a sent message bounced. Returns False if it was not sent, or has bounced already."""
        sent = and_(outbox.c.id == key, outbox.c.status.in_(("sent", "in_doubt")))
        result = self._db.execute(
            update(outbox).where(sent).values(status="failed", reply=f"bounced: {reason}", settled=now)
        )
        return result.rowcount == 1

    def suppress(self, address: str, *, reason: str, at: datetime, subscription: str = "") -> None:
        """Suppress an address for a subscription, or for all (""); first in the file of departures.

        An earlier suppression keeps its reason.
        """
        self._departed.note(address, subscription, at)
        insert_missing(self._db, suppressions, suppress_values(address, reason, at, subscription))

    def is_suppressed(self, address: str, subscription: str) -> bool:
        """Return whether an address is suppressed for a subscription."""
        if self._departed.left({(address_key(address), subscription)}):
            return True
        known = suppressions.c.subscription.in_(("", subscription))
        same = suppressions.c.address == address_key(address)
        return self._db.execute(select(suppressions).where(same, known)).first() is not None

    def unsuppress(self, address: str) -> int:
        """Remove all suppressions of an address. Returns their number."""
        hashed = self._departed.allow(address, datetime.now(UTC))
        result = self._db.execute(delete(suppressions).where(suppressions.c.address == address_key(address)))
        return result.rowcount or int(hashed)

    def suppressions(self) -> tuple[Suppression, ...]:
        """Return all suppressions, by address and subscription."""
        rows = self._db.execute(
            select(suppressions)
            .where(not_(suppressions.c.address.startswith(HASHED)))
            .order_by(suppressions.c.address, suppressions.c.subscription)
        )
        return tuple(Suppression(*row) for row in rows)

    def recipients(self) -> tuple[tuple[str, int, int], ...]:
        """Return address, number of queued and number of sent messages for all recipients, by address."""
        sent = func.sum(case((outbox.c.status == "sent", 1), else_=0))
        rows = self._db.execute(
            select(outbox.c.address, func.count(), sent).group_by(outbox.c.address).order_by(outbox.c.address)
        )
        return tuple((row[0], row[1], row[2]) for row in rows)


# These two run for every message, so they are built once; `delivery_writer` runs them, too.
BEGIN = (
    update(outbox)
    .where(outbox.c.id == bindparam("key"), outbox.c.holder == bindparam("by"), outbox.c.status == "leased")
    .values(begun=True, leased_until=bindparam("until"))
)
SETTLE = (
    update(outbox)
    .where(
        outbox.c.id == bindparam("key"),
        outbox.c.holder == bindparam("by"),
        or_(outbox.c.status == "leased", outbox.c.status == "in_doubt"),
    )
    .values(
        status=bindparam("became"),
        reply=bindparam("answer"),
        due=bindparam("next"),
        doubts=outbox.c.doubts + case((outbox.c.status == "leased", bindparam("doubted")), else_=0),
        leased_until=None,
        begun=False,
        settled=bindparam("now"),
        delivery=bindparam("number"),
    )
)


def begin_values(key: int, holder: str, until: datetime) -> dict[str, object]:
    """Return the parameters of BEGIN."""
    return {"key": key, "by": holder, "until": until}


def settle_values(
    delivery: Delivery, holder: str, outcome: Outcome, *, now: datetime, number: int
) -> dict[str, object]:
    """Return the parameters of SETTLE."""
    return {
        "key": delivery.id,
        "by": holder,
        "became": outcome.status,
        "answer": outcome.reply,
        "next": outcome.due or delivery.due,
        "doubted": int(outcome.status == "in_doubt"),
        "now": now,
        "number": number,
    }


def suppress_values(address: str, reason: str, at: datetime, subscription: str = "") -> dict[str, object]:
    """Return a row of suppressions."""
    return {"address": address_key(address), "subscription": subscription, "reason": reason, "at": at}


LINES = select(
    outbox.c.id,
    func.coalesce(outbox.c.issue, 0),
    _subscription,
    func.coalesce(issues.c.number, 0),
    outbox.c.recipient,
    outbox.c.channel,
    outbox.c.status,
    outbox.c.attempts,
    outbox.c.doubts,
    outbox.c.queued,
    outbox.c.due,
    outbox.c.reply,
    outbox.c.settled,
    outbox.c.letter,
).outerjoin(issues, issues.c.id == outbox.c.issue)


def _new_line(recipient: str, channel: str, at: datetime) -> dict[str, object]:
    return {
        "recipient": recipient,
        "address": address_key(recipient),
        "domain": address_key(recipient).rpartition("@")[2],
        "channel": channel,
        "status": "pending",
        "attempts": 0,
        "doubts": 0,
        "queued": at,
        "due": at,
        "begun": False,
        "reply": "",
    }


def _expired(now: datetime, dead: Collection[str]) -> ColumnElement[bool]:
    """Return the condition for leases that have expired or whose holder is dead."""
    return and_(outbox.c.status == "leased", or_(outbox.c.leased_until <= now, outbox.c.holder.in_(dead)))


def _due(now: datetime, holder: LeaseHolder) -> list[ColumnElement[bool]]:
    """Return the conditions for lines that are due, one per status, so that an index finds them in order."""
    due = and_(outbox.c.channel == holder.channel, outbox.c.due <= now)
    conditions = [and_(due, outbox.c.status == "pending"), and_(due, outbox.c.status == "deferred")]
    if not holder.resend:
        return conditions
    first_doubt = and_(outbox.c.doubts == 1, outbox.c.delivery != holder.number)
    return [*conditions, and_(due, outbox.c.status == "in_doubt", first_doubt)]


def delivery_of(row: Any) -> Delivery:
    found = Delivery(*row[:-1])
    return found if row.letter is None else replace(found, letter=decode(Letter, bytes(row.letter)))
