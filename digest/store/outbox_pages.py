"""Pages of the outbox for people: filtered, newest first, a part at a time, whatever its length."""

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, false, func, or_, select, true

from digest.model import Delivery
from digest.store.outbox import LINES, delivery_of
from digest.store.schema import issues, outbox
from digest.store.sql import chunks


class OutboxPages:
    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def counts(self) -> dict[str, int]:
        """Return the number of messages of each status that there is."""
        rows = self._db.execute(select(outbox.c.status, func.count()).group_by(outbox.c.status))
        return {row[0]: row[1] for row in rows}

    def page(
        self, *, text: str = "", statuses: Collection[str] = (), before: int | None = None, limit: int
    ) -> tuple[Delivery, ...]:
        """Return messages, newest first: with `text` in recipient or subscription, of these statuses (of any, if
        empty), with ids below `before`, at most `limit`.
        """
        chosen = LINES.where(_wanted(text, statuses)).order_by(outbox.c.id.desc()).limit(limit)
        if before is not None:
            chosen = chosen.where(outbox.c.id < before)
        return tuple(delivery_of(row) for row in self._db.execute(chosen))

    def count(self, *, text: str = "", statuses: Collection[str] = ()) -> int:
        """Return how many messages `page` would return without a limit."""
        joined = outbox.outerjoin(issues, issues.c.id == outbox.c.issue)
        chosen = select(func.count()).select_from(joined).where(_wanted(text, statuses))
        return int(self._db.scalar(chosen) or 0)

    def sent_to(self, addresses: Iterable[str]) -> dict[str, tuple[int, int]]:
        """Return the number of messages and of sent messages for each of these addresses, in lower case, with any."""
        sent = func.sum(case((outbox.c.status == "sent", 1), else_=0))
        found: dict[str, tuple[int, int]] = {}
        for chunk in chunks(addresses):
            rows: Any = self._db.execute(
                select(outbox.c.address, func.count(), sent)
                .where(outbox.c.address.in_(chunk))
                .group_by(outbox.c.address)
            )
            found |= {address: (number, int(accepted)) for address, number, accepted in rows}
        return found


def _wanted(text: str, statuses: Collection[str]) -> ColumnElement[bool]:
    """Return the condition of a page. "bounced" stands for messages that were returned after they had been sent."""
    found: ColumnElement[bool] = true()
    if text:
        found &= or_(
            outbox.c.recipient.icontains(text, autoescape=True),
            issues.c.subscription.icontains(text, autoescape=True),
        )
    if statuses:
        plain = [each for each in statuses if each != "bounced"]
        bounced = outbox.c.reply.startswith("bounced: ") if "bounced" in statuses else false()
        found &= or_(outbox.c.status.in_(plain), bounced)
    return found
