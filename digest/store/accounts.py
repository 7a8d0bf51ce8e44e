"""Requests made on the web, readers, and the subscriptions that they have."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, exists, func, insert, or_, select, update

from digest.model import Reader, Request, RequestKind, Subscription
from digest.store.codec import decode, encode
from digest.store.sql import inserted_key
from digest.store.web_schema import owned, readers, requests
from digest.text.addresses import address_key

_REQUEST = (
    requests.c.id,
    requests.c.kind,
    requests.c.recipient,
    requests.c.wish,
    requests.c.network,
    requests.c.made,
    requests.c.mailed,
    requests.c.confirmed,
    requests.c.subscription,
)
_READER = (readers.c.id, readers.c.recipient, readers.c.language, readers.c.generation, readers.c.made)
_WAITS_FOR_APPROVAL = and_(requests.c.confirmed.is_not(None), requests.c.subscription.is_(None))


class Accounts:
    """Requests by number, readers by number and address, and which subscriptions readers have."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def request(
        self, kind: RequestKind, recipient: str, wish: Subscription | None, *, network: str, at: datetime
    ) -> int:
        """Store a request; return its number."""
        values = {
            "kind": kind,
            "recipient": recipient,
            "address": address_key(recipient),
            "wish": None if wish is None else encode(wish),
            "network": network,
            "made": at,
        }
        return inserted_key(self._db.execute(insert(requests).values(values)))

    def made_by(self, network: str, *, since: datetime) -> int:
        """Return how many requests a network has made since a time."""
        same = and_(requests.c.network == network, requests.c.made > since)
        return int(self._db.scalar(select(func.count()).select_from(requests).where(same)) or 0)

    def mailed(self, *, since: datetime) -> int:
        """Return how many requests caused an email since a time."""
        chosen = select(func.count()).select_from(requests).where(requests.c.mailed > since)
        return int(self._db.scalar(chosen) or 0)

    def to_mail(self, *, silent_since: datetime, limit: int) -> tuple[Request, ...]:
        """Return requests that caused no email yet, oldest first, at most one for each address and kind.

        Addresses to which a request of the kind caused an email after `silent_since` are left out.
        """
        other = requests.alias()
        recent = exists().where(
            other.c.address == requests.c.address,
            other.c.kind == requests.c.kind,
            other.c.mailed > silent_since,
        )
        first = (
            select(func.min(requests.c.id))
            .where(requests.c.mailed.is_(None), ~recent)
            .group_by(requests.c.address, requests.c.kind)
        )
        chosen = select(*_REQUEST).where(requests.c.id.in_(first)).order_by(requests.c.id).limit(limit)
        return tuple(map(_request, self._db.execute(chosen)))

    def set_mailed(self, ids: Iterable[int], at: datetime) -> None:
        """Store that requests have caused an email."""
        for each in ids:
            self._db.execute(update(requests).where(requests.c.id == each).values(mailed=at))

    def find_request(self, number: int) -> Request | None:
        """Return a request by its number."""
        row = self._db.execute(select(*_REQUEST).where(requests.c.id == number)).one_or_none()
        return None if row is None else _request(row)

    def waiting(self) -> tuple[Request, ...]:
        """Return the confirmed requests that wait for approval, oldest first."""
        chosen = select(*_REQUEST).where(_WAITS_FOR_APPROVAL).order_by(requests.c.confirmed, requests.c.id)
        return tuple(map(_request, self._db.execute(chosen)))

    def confirm(self, number: int, at: datetime) -> bool:
        """Store that a request was confirmed. Returns False if it was before, or does not exist."""
        unconfirmed = and_(requests.c.id == number, requests.c.confirmed.is_(None))
        return self._db.execute(update(requests).where(unconfirmed).values(confirmed=at)).rowcount == 1

    def set_subscription(self, number: int, subscription: str) -> None:
        """Store which subscription was made for a request."""
        values = update(requests).values(subscription=subscription)
        self._db.execute(values.where(requests.c.id == number))

    def drop_requests(self, ids: Iterable[int]) -> None:
        """Delete requests."""
        for each in ids:
            self._db.execute(delete(requests).where(requests.c.id == each))

    def expire(self, *, before: datetime, waiting_before: datetime) -> int:
        """Delete requests made before a time; those that wait for approval, before another one. Returns how many."""
        old = or_(
            and_(requests.c.made < before, ~_WAITS_FOR_APPROVAL),
            and_(_WAITS_FOR_APPROVAL, requests.c.confirmed < waiting_before),
        )
        return int(self._db.execute(delete(requests).where(old)).rowcount)

    def any_before(self, moment: datetime) -> bool:
        """Return whether there are requests made before a time."""
        return bool(self._db.scalar(select(exists().where(requests.c.made < moment))))

    def reader(self, number: int) -> Reader | None:
        """Return a reader by number."""
        row = self._db.execute(select(*_READER).where(readers.c.id == number)).one_or_none()
        return None if row is None else Reader(*row)

    def reader_with(self, address: str) -> Reader | None:
        """Return the reader with an address, in any spelling."""
        chosen = select(*_READER).where(readers.c.address == address_key(address))
        row = self._db.execute(chosen).one_or_none()
        return None if row is None else Reader(*row)

    def readers(self, *, text: str = "", after: int = 0, limit: int = 100) -> tuple[Reader, ...]:
        """Return readers by number, after one of them; only those whose address contains a text."""
        chosen = select(*_READER).where(readers.c.id > after).order_by(readers.c.id).limit(limit)
        if text:
            chosen = chosen.where(readers.c.address.contains(text.casefold(), autoescape=True))
        return tuple(Reader(*row) for row in self._db.execute(chosen))

    def need_reader(self, recipient: str, language: str, at: datetime) -> Reader:
        """Return the reader with an address; make one for a new address."""
        found = self.reader_with(recipient)
        if found is not None:
            return found
        values = {
            "recipient": recipient,
            "address": address_key(recipient),
            "language": language,
            "generation": 1,
            "made": at,
        }
        number = inserted_key(self._db.execute(insert(readers).values(values)))
        return Reader(number, recipient, language, 1, at)

    def revoke(self, number: int) -> None:
        """Make all links to a reader's page invalid."""
        raised = update(readers).values(generation=readers.c.generation + 1)
        self._db.execute(raised.where(readers.c.id == number))

    def own(self, subscription: str, reader: int) -> None:
        """Store that a reader has a subscription, which was just made."""
        self._db.execute(insert(owned).values(subscription=subscription, reader=reader))

    def subscriptions_of(self, reader: int) -> tuple[str, ...]:
        """Return the ids of a reader's subscriptions, sorted."""
        chosen = select(owned.c.subscription).where(owned.c.reader == reader)
        return tuple(self._db.scalars(chosen.order_by(owned.c.subscription)))

    def owner(self, subscription: str) -> Reader | None:
        """Return the reader who has a subscription; None for one that was not made on the web."""
        chosen = select(*_READER).join(owned, owned.c.reader == readers.c.id)
        row = self._db.execute(chosen.where(owned.c.subscription == subscription)).one_or_none()
        return None if row is None else Reader(*row)

    def unwelcomed(self) -> dict[str, int]:
        """Return the subscriptions whose readers have got no email yet, each with the reader's number."""
        chosen = select(owned.c.subscription, owned.c.reader).where(owned.c.welcomed.is_(None))
        return {row.subscription: row.reader for row in self._db.execute(chosen)}

    def welcome(self, subscription: str, at: datetime) -> None:
        """Store that the reader of a subscription has got a first email."""
        self._db.execute(update(owned).where(owned.c.subscription == subscription).values(welcomed=at))

    def disown(self, subscription: str) -> None:
        """Forget who has a subscription."""
        self._db.execute(delete(owned).where(owned.c.subscription == subscription))


def _request(row: Any) -> Request:
    wish = None if row.wish is None else decode(Subscription, bytes(row.wish))
    return Request(
        row.id,
        row.kind,
        row.recipient,
        wish,
        row.network,
        row.made,
        row.mailed,
        row.confirmed,
        row.subscription or "",
    )
