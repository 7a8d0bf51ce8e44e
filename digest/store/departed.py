"""Departures as the library sees them: those of the file next to it, or, on a database server, rows of its table.

A row that stands for an unknown address has its hash, after a "#", as its address.
"""

from collections.abc import Collection, Iterable
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, Connection, delete, exists, func, select

from digest.signing import departure_code
from digest.store.departures import ALL, Departures, Pair, new_key
from digest.store.schema import cursors, issues, outbox, secrets, suppressions
from digest.store.sql import chunks, insert_missing
from digest.text.addresses import address_key

HASHED = "#"
KEY = "departures"  # the row of table `secret`
_subscription = func.coalesce(issues.c.subscription, ALL)  # of a line of the outbox; a letter has none
_EARLIER = "left earlier, before this library was begun or restored"


class Departed:
    """Who has left. A library that is one file has `file`; of others, the table `suppression` is the truth."""

    def __init__(self, connection: Connection, file: Departures | None) -> None:
        self._db, self._file = connection, file

    def keys(self) -> tuple[bytes, ...]:
        """Return the keys that codes may be made with, that of the file first."""
        found = (self._file.key() if self._file else None, self._stored_key())
        return tuple(dict.fromkeys(key for key in found if key))

    def need_key(self) -> bytes:
        """Return the key, created where missing; bring file and table to the same state. Raises StoreError."""
        stored = self._stored_key()
        if self._file is None:
            return stored or self._keep(new_key())
        key = self._file.need_key(stored)
        if stored is None:
            self._keep(key)
        self._note_all(datetime.now(UTC))
        return key

    def left(self, pairs: Collection[Pair]) -> set[Pair]:
        """Return those addresses and subscriptions that are in the file, or in the table by their hash."""
        if self._file is not None:
            if self._file.key() is None and self._file.any():
                self._file.need_key(self._stored_key())
            return self._file.left(pairs)
        key = self._stored_key() if self._any_hashed() else None
        if key is None:
            return set()
        codes = {
            HASHED + departure_code(key, pair[0], each): pair for pair in pairs for each in (pair[1], ALL)
        }
        found: set[Pair] = set()
        for chunk in chunks(codes):
            rows = self._db.scalars(select(suppressions.c.address).where(suppressions.c.address.in_(chunk)))
            found |= {codes[row] for row in rows}
        return found

    def take_in(self, at: datetime, lines: ColumnElement[bool]) -> None:
        """Suppress those addresses of these lines of the outbox that have left by the file, or by a hash."""
        if not (self._file.any() if self._file else self._any_hashed()):
            return
        rows = self._db.execute(
            select(outbox.c.address, _subscription)
            .outerjoin(issues, issues.c.id == outbox.c.issue)
            .where(
                lines,
                ~exists().where(
                    suppressions.c.address == outbox.c.address,
                    suppressions.c.subscription.in_((ALL, _subscription)),
                ),
            )
        )
        for address, subscription in self.left({(row[0], row[1]) for row in rows}):
            row = {"address": address, "subscription": subscription, "reason": _EARLIER, "at": at}
            insert_missing(self._db, suppressions, row)

    def note(self, address: str, subscription: str, at: datetime) -> None:
        """Note in the file that an address has left. Raises StoreError."""
        if self._file is not None:
            self._file.need_key(self._stored_key() if self._file.key() is None else None)
            self._file.add([(address_key(address), subscription)], at)

    def note_code(self, code: str, subscription: str, at: datetime) -> None:
        """Note that an unknown address has left, by its hash. Raises StoreError."""
        if self._file is not None:
            self._file.add_code(code, at)
            return
        row = {"address": HASHED + code, "subscription": subscription, "reason": _EARLIER, "at": at}
        insert_missing(self._db, suppressions, row)

    def has_code(self, code: str) -> bool:
        """Return whether a departure was noted, by its code."""
        if self._file is not None:
            return self._file.has_code(code)
        noted = select(exists().where(suppressions.c.address == HASHED + code))
        return bool(self._db.scalar(noted))

    def allow(self, address: str, at: datetime) -> bool:
        """Forget that an address has left; return whether anything was known by its hash. Raises StoreError."""
        subscriptions = [*self._db.scalars(select(cursors.c.subscription)), ALL]
        if self._file is not None:
            known = self.left({(address_key(address), each) for each in subscriptions})
            self._file.allow(address, at)  # also where it has left a subscription that is unknown here
            return bool(known)
        key = self._stored_key() if self._any_hashed() else None
        if key is None:
            return False
        codes = [HASHED + departure_code(key, address, each) for each in subscriptions]
        return self._forget(codes)

    def _forget(self, codes: Iterable[str]) -> bool:
        found = [
            self._db.execute(delete(suppressions).where(suppressions.c.address.in_(chunk))).rowcount
            for chunk in chunks(codes)
        ]
        return any(found)

    def _note_all(self, at: datetime) -> None:
        """Note what only the table has: suppressions of an older version, or of a restored library."""
        assert self._file is not None
        rows = self._db.execute(select(suppressions.c.address, suppressions.c.subscription))
        self._file.add([(row[0], row[1]) for row in rows if not row[0].startswith(HASHED)], at)

    def _stored_key(self) -> bytes | None:
        found = self._db.scalar(select(secrets.c.value).where(secrets.c.name == KEY))
        return bytes(found) if found else None

    def _keep(self, key: bytes) -> bytes:
        insert_missing(self._db, secrets, {"name": KEY, "value": key})
        return self._stored_key() or key

    def _any_hashed(self) -> bool:
        chosen = exists().where(suppressions.c.address.startswith(HASHED))
        return bool(self._db.scalar(select(chosen)))
