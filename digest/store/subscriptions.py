"""Subscriptions as rows: what their files say, and those without a file; and when each is due."""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    union,
    union_all,
    update,
)

from digest.errors import Problem
from digest.model import FileStamp, InvalidSubscription, Subscription, SubscriptionRow
from digest.store.codec import decode, encode
from digest.store.schema import cursors, subscriptions, subscriptions_read
from digest.store.sql import chunks, execute_rows, insert_rows

# The time at which a subscription that no run has seen yet is due.
UNSEEN = datetime(1, 1, 1, tzinfo=UTC)

_LOADED = (
    subscriptions.c.id,
    subscriptions.c.settings,
    subscriptions.c.problems,
    subscriptions.c.state,
    subscriptions.c.digest,
    subscriptions.c.home,
)
_HAS_FILE = subscriptions.c.state.is_not(None)
_EVER = union_all(select(subscriptions.c.id), select(cursors.c.subscription)).subquery()


class Subscriptions:
    """Subscriptions by id. The time zone and the language of one that does not set them are ""."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def count(self) -> int:
        """Return how many subscriptions there are, valid or not."""
        return int(self._db.scalar(select(func.count()).select_from(subscriptions)) or 0)

    def ids(self) -> list[str]:
        """Return all ids, sorted."""
        return list(self._db.scalars(select(subscriptions.c.id).order_by(subscriptions.c.id)))

    def stamps(self, owner: str | None = None) -> dict[str, FileStamp]:
        """Return the stamps of all subscriptions that have a file, or of those whose file the home `owner` has."""
        found = select(subscriptions.c.id, subscriptions.c.state, subscriptions.c.digest).where(_HAS_FILE)
        if owner is not None:
            found = found.where(subscriptions.c.home == owner)
        return {row[0]: FileStamp(row[1], row[2] or "") for row in self._db.execute(found)}

    def of(self, ids: Iterable[str]) -> dict[str, SubscriptionRow]:
        """Return those of these subscriptions that there are."""
        return {
            row.id: _row(row)
            for chunk in chunks(ids)
            for row in self._db.execute(select(*_LOADED).where(subscriptions.c.id.in_(chunk)))
        }

    def all(self, *, with_file: bool | None = None, after: str = "") -> Iterator[SubscriptionRow]:
        """Yield all subscriptions, or only those with a file or without one, by id; only those after an id."""
        postgres = self._db.dialect.name == "postgresql"  # which may sort as a language does
        by_id = subscriptions.c.id.collate("C") if postgres else subscriptions.c.id
        chosen = select(*_LOADED).where(by_id > after).order_by(by_id)
        if with_file is not None:
            chosen = chosen.where(_HAS_FILE if with_file else ~_HAS_FILE)
        return map(_row, self._db.execute(chosen))

    def concerned(self, *, now: datetime, end: int, ahead: datetime) -> Iterator[SubscriptionRow]:
        """Yield, by id, the subscriptions for which a run has something to do, and the invalid ones.

        They are `due`, or the log, which has this `end`, has entries after their cursors.
        """
        wanted = or_(
            subscriptions.c.id.in_(self._due(now, ahead)),
            subscriptions.c.problems.is_not(None),
            subscriptions.c.next_due.is_not(None) & (cursors.c.feed_position < end),
        )
        joined = subscriptions.outerjoin(cursors, cursors.c.subscription == subscriptions.c.id)
        chosen = select(*_LOADED).select_from(joined).where(wanted).order_by(subscriptions.c.id)
        return map(_row, self._db.execute(chosen))

    def due(self, *, now: datetime, ahead: datetime) -> frozenset[str]:
        """Return the ids of the subscriptions that a run would serve `now`.

        Among them are those whose last slot is after `ahead`: it was used up while the clock was wrong.
        """
        return frozenset(self._db.scalars(self._due(now, ahead)))

    def _due(self, now: datetime, ahead: datetime) -> Any:
        past = select(subscriptions.c.id).where(subscriptions.c.next_due <= now)
        joined = cursors.join(subscriptions, subscriptions.c.id == cursors.c.subscription)
        wrong = select(cursors.c.subscription).select_from(joined).where(cursors.c.last_slot > ahead)
        return union(past, wrong.where(subscriptions.c.next_due.is_not(None)))

    def due_among(self, ids: Iterable[str], *, now: datetime) -> frozenset[str]:
        """Return those of these subscriptions that are due `now`."""
        chosen = select(subscriptions.c.id).where(subscriptions.c.next_due <= now)
        return frozenset(
            each
            for chunk in chunks(ids)
            for each in self._db.scalars(chosen.where(subscriptions.c.id.in_(chunk)))
        )

    def unseen(self) -> dict[str, SubscriptionRow]:
        """Return the subscriptions that no run has seen yet."""
        chosen = select(*_LOADED).where(subscriptions.c.next_due <= UNSEEN)
        return {row.id: _row(row) for row in self._db.execute(chosen)}

    def since(self, ids: Iterable[str]) -> dict[str, datetime]:
        """Return since when each of these subscriptions has been known without a break."""
        chosen = select(subscriptions.c.id, subscriptions.c.since)
        return {
            row.id: row.since
            for chunk in chunks(ids)
            for row in self._db.execute(chosen.where(subscriptions.c.id.in_(chunk)))
        }

    def ever_among(self, ids: Iterable[str]) -> frozenset[str]:
        """Return those of these ids that a subscription has, or had before it was ended: there may be a cursor."""
        return frozenset(
            each
            for chunk in chunks(ids)
            for each in self._db.scalars(select(_EVER.c.id).where(_EVER.c.id.in_(chunk)))
        )

    def put(
        self,
        rows: Sequence[SubscriptionRow],
        due: Mapping[str, datetime | None],
        now: datetime,
        known: Container[str],
    ) -> None:
        """Store subscriptions, in place of those with the same ids, with the times at which they are due.

        `known` are the ids that subscriptions have so far, at least those among these rows.
        """
        new = [_values(each, due, since=now) for each in rows if each.value.id not in known]
        old = [
            {f"new_{name}": value for name, value in _values(each, due, since=now).items()}
            for each in rows
            if each.value.id in known
        ]
        insert_rows(self._db, subscriptions, new)
        execute_rows(self._db, _UPDATE, old)

    def stamp(self, stamps: Mapping[str, FileStamp]) -> None:
        """Store the stamps of files that say what is known already."""
        rows = [
            {"new_id": name, "new_state": stamp.state, "new_digest": stamp.digest}
            for name, stamp in stamps.items()
        ]
        execute_rows(self._db, _STAMP, rows)

    def set_due(self, due: Mapping[str, datetime | None]) -> None:
        """Store when subscriptions are due; None for never."""
        execute_rows(self._db, _DUE, [{"new_id": name, "new_due": moment} for name, moment in due.items()])

    def remove(self, ids: Iterable[str]) -> None:
        """End subscriptions. Their cursors, numbers and served papers stay, for the case that they return."""
        for chunk in chunks(ids):
            self._db.execute(delete(subscriptions).where(subscriptions.c.id.in_(chunk)))

    def reader(self) -> tuple[str, str]:
        """Return the version that checked the files, and the zones for which due times hold; "" if unknown."""
        row = self._db.execute(select(subscriptions_read.c.version, subscriptions_read.c.zones)).one_or_none()
        return ("", "") if row is None else (row.version, row.zones)

    def set_reader(self, version: str, zones: str) -> None:
        """Store what `reader` returns."""
        self._db.execute(delete(subscriptions_read))
        self._db.execute(insert(subscriptions_read).values(id=1, version=version, zones=zones))


def _row(row: Any) -> SubscriptionRow:
    stamp = None if row.state is None else FileStamp(row.state, row.digest or "")
    if row.settings is not None:
        return SubscriptionRow(decode(Subscription, bytes(row.settings)), stamp, row.home)
    return SubscriptionRow(
        InvalidSubscription(row.id, decode(tuple[Problem, ...], bytes(row.problems))), stamp, row.home
    )


def _values(
    row: SubscriptionRow, due: Mapping[str, datetime | None], *, since: datetime
) -> dict[str, object]:
    value, valid = row.value, isinstance(row.value, Subscription)
    return {
        "id": value.id,
        "settings": encode(value) if valid else None,
        "problems": None if isinstance(value, Subscription) else encode(value.problems),
        "state": row.stamp.state if row.stamp else None,
        "digest": row.stamp.digest if row.stamp else None,
        "since": since,
        "next_due": due.get(value.id),
        "mailed": isinstance(value, Subscription) and bool(value.email),
        "home": row.owner if row.stamp else None,
    }


def _changed(*names: str) -> dict[str, ColumnElement[Any]]:
    return {name: bindparam(f"new_{name}") for name in names}


_BY_ID = update(subscriptions).where(subscriptions.c.id == bindparam("new_id"))
_UPDATE = _BY_ID.values(_changed("settings", "problems", "state", "digest", "next_due", "mailed", "home"))
_STAMP = _BY_ID.values(_changed("state", "digest"))
_DUE = _BY_ID.values({"next_due": bindparam("new_due")})
