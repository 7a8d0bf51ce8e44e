"""The outbox: issues on their way to their recipients, and the addresses that get none.

    pending → leased → sent | deferred | failed | suppressed | in_doubt

A line is leased by a holder until a time. `begin` notes that the message may now be taken by the other
side; a lease that ends after that leaves the line in doubt, one that ends before leaves it pending.
Whatever a holder does, it does only while the lease is its own.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
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

from digest.model import Delivery, Outcome
from digest.model.reports import COUNTED
from digest.store.schema import deliveries, issues, outbox, secrets, suppressions
from digest.store.sql import chunks, inserted_key

OPEN = ("pending", "leased", "deferred", "in_doubt")
DOUBT = "the program or the connection ended before the server's answer"
DROPPED = "dropped by the operator"


@dataclass(frozen=True, slots=True)
class Suppression:
    """An address that gets no mail: of one subscription, or of any ("")."""

    address: str
    subscription: str
    reason: str
    at: datetime


class Outbox:
    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def add(self, issue: int, recipients: Iterable[str], *, channel: str, at: datetime) -> None:
        """Queue an issue for its recipients, each once."""
        rows = [
            {
                "issue": issue,
                "recipient": recipient,
                "address": recipient.lower(),
                "domain": recipient.rpartition("@")[2].lower(),
                "channel": channel,
                "status": "pending",
                "attempts": 0,
                "doubts": 0,
                "queued": at,
                "due": at,
                "begun": False,
                "reply": "",
            }
            for recipient in dict.fromkeys(recipients)
        ]
        if rows:
            self._db.execute(insert(outbox), rows)

    def secret(self) -> bytes:
        """Return the secret that this library's tokens are made with; the first call makes it."""
        found = self._db.scalar(select(secrets.c.value).where(secrets.c.name == "tokens"))
        if found is not None:
            return bytes(found)
        value = token_bytes(32)
        self._db.execute(insert(secrets).values(name="tokens", value=value))
        return value

    # --- one emptying

    def open_delivery(self, *, at: datetime) -> tuple[int, tuple[int, ...]]:
        """Begin an emptying of the outbox. Returns its number and the lines that are open."""
        lines = tuple(self._db.scalars(select(outbox.c.id).where(outbox.c.status.in_(OPEN))))
        result = self._db.execute(insert(deliveries).values(started=at, candidates=len(lines)))
        return inserted_key(result), lines

    def anything_due(
        self, *, channels: Iterable[str], now: datetime, dead: Collection[str], resend: bool
    ) -> bool:
        """Say whether an emptying now would find something to do: a line that is due, or a lease that is over."""
        kinds = [_over(now, dead)]
        for channel in channels:
            kinds += _ready(now, channel=channel, doubted_before=0 if resend else None)
        return any(self._db.scalar(select(exists().where(kind))) for kind in kinds)

    def close_delivery(
        self, number: int, lines: Collection[int], *, at: datetime, pause: str
    ) -> tuple[dict[str, int], tuple[Delivery, ...]]:
        """Return its lines and the counts of what they have become, and note these: none is missing."""
        counts, found = dict.fromkeys(COUNTED, 0), self.lines(lines)
        for delivery in found:
            counts["pending" if delivery.status == "leased" else delivery.status] += 1
        self._db.execute(
            update(deliveries)
            .where(deliveries.c.id == number)
            .values(ended=at, pause=pause or None, **counts)
        )
        return counts, found

    def claim(
        self,
        holder: str,
        *,
        channel: str,
        now: datetime,
        until: datetime,
        limit: int,
        resend: bool,
        number: int,
        closed: Collection[str] = (),
    ) -> tuple[Delivery, ...]:
        """Lease at most `limit` lines that are due, none to a closed domain; new ones first, then the oldest.

        `resend`: a line is due as well that is in doubt for the first time, and came to be so before the
        emptying `number`.
        """
        keys: list[int] = []
        for kind in _ready(now, channel=channel, doubted_before=number if resend else None):
            ready = and_(kind, outbox.c.domain.not_in(closed)) if closed else kind
            # SQLite has one writer at a time; others let the next one skip what this one holds.
            chosen = select(outbox.c.id).where(ready).order_by(outbox.c.due, outbox.c.id).limit(limit)
            while not keys and (found := list(self._db.scalars(chosen.with_for_update(skip_locked=True)))):
                keys = self._unsuppressed(found, now)
            if keys:
                break
        else:
            return ()
        lease = update(outbox).where(outbox.c.id.in_(keys))
        self._db.execute(
            lease.values(
                status="leased",
                holder=holder,
                leased_until=until,
                begun=False,
                attempts=outbox.c.attempts + 1,
            )
        )
        return self.lines(keys)

    def _unsuppressed(self, keys: list[int], now: datetime) -> list[int]:
        """Settle those of these lines whose address gets no mail; return the others."""
        hit = and_(
            suppressions.c.address == outbox.c.address,
            suppressions.c.subscription.in_(("", issues.c.subscription)),
        )
        found = self._db.execute(
            select(outbox.c.id, suppressions.c.reason)
            .join(issues, issues.c.id == outbox.c.issue)
            .join(suppressions, hit)
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

    def waits_for(
        self, domains: Collection[str], *, channel: str, now: datetime, resend: bool, number: int
    ) -> bool:
        """Say whether anything is due to these domains."""
        return any(
            self._db.scalar(select(exists().where(kind, outbox.c.domain.in_(domains))))
            for kind in _ready(now, channel=channel, doubted_before=number if resend else None)
        )

    def begin(self, key: int, holder: str, *, until: datetime) -> bool:
        """Note that the fate of a line may become unknown, and lease it anew. False: it is not the holder's."""
        return self._db.execute(BEGIN, begin_values(key, holder, until)).rowcount == 1

    def settle(
        self, delivery: Delivery, holder: str, outcome: Outcome, *, now: datetime, number: int
    ) -> bool:
        """Note what came of a try in the emptying `number`. False if the line is another's by now.

        Also of a line that was put in doubt while its holder was away: the outcome is better known.
        """
        values = settle_values(delivery, holder, outcome, now=now, number=number)
        mine = self._db.execute(SETTLE, values).rowcount == 1
        if mine and outcome.suppress:
            self.suppress(delivery.recipient, reason=outcome.suppress, at=now)
        return mine

    def release(self, holder: str) -> None:
        """Give back the leases that nothing was done with."""
        idle = and_(outbox.c.holder == holder, outbox.c.status == "leased", outbox.c.begun.is_(False))
        self._db.execute(
            update(outbox)
            .where(idle)
            .values(status="pending", leased_until=None, attempts=outbox.c.attempts - 1)
        )

    def recover(self, *, now: datetime, dead: Collection[str], number: int, start: str = "") -> None:
        """End the leases that are over or whose holders are dead: in doubt if begun, else pending.

        A holder `…@start` of another start of the machine may have begun what the disk does not know of.
        """
        over = _over(now, dead)
        lost = and_(outbox.c.holder.contains("@"), not_(outbox.c.holder.endswith(f"@{start}")))
        self._db.execute(
            update(outbox)
            .where(over, or_(outbox.c.begun.is_(True), lost))
            .values(
                status="in_doubt",
                reply=DOUBT,
                doubts=outbox.c.doubts + 1,
                leased_until=None,
                settled=now,
                delivery=number,
            )
        )
        self._db.execute(update(outbox).where(over).values(status="pending", leased_until=None))

    # --- what the operator sees and does

    def lines(self, keys: Iterable[int]) -> tuple[Delivery, ...]:
        """Return these lines, in order of their ids."""
        found = [
            _delivery(row)
            for chunk in chunks(keys)
            for row in self._db.execute(_LINES.where(outbox.c.id.in_(chunk)))
        ]
        return tuple(sorted(found, key=lambda each: each.id))

    def of_run(self, run: int) -> tuple[Delivery, ...]:
        """Return the lines of all issues that a run made."""
        return self._all(issues.c.run == run)

    def of_issues(self, subscription: str, numbers: Collection[int]) -> tuple[Delivery, ...]:
        """Return the lines of some issues of a subscription."""
        return self._all(and_(issues.c.subscription == subscription, issues.c.number.in_(numbers)))

    def counted_by_run(self, runs: Collection[int]) -> dict[int, dict[str, int]]:
        """Count the messages of the issues of runs by what has become of them; a run without any is left out."""
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
        """Return all lines but those that were sent without a doubt."""
        wanted = or_(outbox.c.status != "sent", outbox.c.doubts > 0)
        return self._all(wanted)

    def everything(self) -> tuple[Delivery, ...]:
        return self._all(literal(value=True))

    def _all(self, wanted: ColumnElement[bool]) -> tuple[Delivery, ...]:
        rows = self._db.execute(_LINES.where(wanted).order_by(outbox.c.id))
        return tuple(_delivery(row) for row in rows)

    def retry(self, keys: Iterable[int], *, now: datetime) -> None:
        """Let lines that are not leased be tried at once, as if they were new."""
        for chunk in chunks(keys):
            self._db.execute(
                update(outbox)
                .where(outbox.c.id.in_(chunk), outbox.c.status != "leased")
                .values(status="pending", due=now, queued=now, attempts=0)
            )

    def drop(self, keys: Iterable[int], *, now: datetime) -> None:
        """Let lines that are not leased be tried no more."""
        for chunk in chunks(keys):
            self._db.execute(
                update(outbox)
                .where(outbox.c.id.in_(chunk), outbox.c.status != "leased")
                .values(status="failed", reply=DROPPED, settled=now)
            )

    def came_back(self, key: int, reason: str, *, now: datetime) -> bool:
        """Note that a message which was sent came back. False if it was not, or is known to have."""
        sent = and_(outbox.c.id == key, outbox.c.status.in_(("sent", "in_doubt")))
        result = self._db.execute(
            update(outbox).where(sent).values(status="failed", reply=f"bounced: {reason}", settled=now)
        )
        return result.rowcount == 1

    # --- addresses

    def suppress(self, address: str, *, reason: str, at: datetime, subscription: str = "") -> None:
        """Let an address get no more mail of a subscription, or of any; a reason noted before stays."""
        known = select(suppressions).filter_by(address=address.lower(), subscription=subscription)
        if not self._db.execute(known).first():
            values = suppress_values(address, reason, at, subscription)
            self._db.execute(insert(suppressions).values(values))

    def is_suppressed(self, address: str, subscription: str) -> bool:
        """Tell whether an address gets no mail of a subscription."""
        known = suppressions.c.subscription.in_(("", subscription))
        same = suppressions.c.address == address.lower()
        return self._db.execute(select(suppressions).where(same, known)).first() is not None

    def unsuppress(self, address: str) -> int:
        """Let an address get mail again. Returns how many suppressions were taken back."""
        result = self._db.execute(delete(suppressions).where(suppressions.c.address == address.lower()))
        return result.rowcount

    def suppressions(self) -> tuple[Suppression, ...]:
        rows = self._db.execute(
            select(suppressions).order_by(suppressions.c.address, suppressions.c.subscription)
        )
        return tuple(Suppression(*row) for row in rows)

    def recipients(self) -> tuple[tuple[str, int, int], ...]:
        """Return every address that was ever queued, with how many messages were queued and sent."""
        sent = func.sum(case((outbox.c.status == "sent", 1), else_=0))
        rows = self._db.execute(
            select(outbox.c.address, func.count(), sent).group_by(outbox.c.address).order_by(outbox.c.address)
        )
        return tuple((row[0], row[1], row[2]) for row in rows)


# These two run for every message: they are built once, and `jotter` runs them too.
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
    return {"key": key, "by": holder, "until": until}


def settle_values(
    delivery: Delivery, holder: str, outcome: Outcome, *, now: datetime, number: int
) -> dict[str, object]:
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
    return {"address": address.lower(), "subscription": subscription, "reason": reason, "at": at}


_LINES = select(
    outbox.c.id,
    outbox.c.issue,
    issues.c.subscription,
    issues.c.number,
    outbox.c.recipient,
    outbox.c.channel,
    outbox.c.status,
    outbox.c.attempts,
    outbox.c.doubts,
    outbox.c.queued,
    outbox.c.due,
    outbox.c.reply,
    outbox.c.settled,
).join(issues, issues.c.id == outbox.c.issue)


def _over(now: datetime, dead: Collection[str]) -> ColumnElement[bool]:
    """Return what a lease looks like that has ended, by its time or by its holder's death."""
    return and_(outbox.c.status == "leased", or_(outbox.c.leased_until <= now, outbox.c.holder.in_(dead)))


def _ready(now: datetime, *, channel: str, doubted_before: int | None) -> list[ColumnElement[bool]]:
    """Return what lines that are due look like, one condition for each status: so an index finds them in order."""
    due = and_(outbox.c.channel == channel, outbox.c.due <= now)
    kinds = [and_(due, outbox.c.status == "pending"), and_(due, outbox.c.status == "deferred")]
    if doubted_before is None:
        return kinds
    doubtful = and_(outbox.c.doubts == 1, outbox.c.delivery != doubted_before)
    return [*kinds, and_(due, outbox.c.status == "in_doubt", doubtful)]


def _delivery(row: Any) -> Delivery:
    return Delivery(*row)
