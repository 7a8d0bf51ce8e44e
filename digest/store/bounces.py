"""Bounces that were processed, and how far each mailbox on a server was read."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from digest.store.schema import mailboxes, returned
from digest.store.sql import chunks, insert_missing


class ProcessedBounces:
    """Messages by their digest, so that each has an effect only once, and the last UID of each mailbox."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def first_time(self, digest: str, *, at: datetime) -> bool:
        """Record a message by its digest. Returns False if it was recorded before."""
        return insert_missing(self._db, returned, {"digest": digest, "at": at})

    def known(self, digests: Iterable[str]) -> set[str]:
        """Return those of the digests that were recorded."""
        return {
            each
            for chunk in chunks(digests)
            for each in self._db.scalars(select(returned.c.digest).where(returned.c.digest.in_(chunk)))
        }

    def read_up_to(self, mailbox: str) -> tuple[int, int]:
        """Return the last UID that was read in a mailbox and its UIDVALIDITY; 0 and 0 before the first."""
        row = self._db.execute(
            select(mailboxes.c.uid, mailboxes.c.validity).where(mailboxes.c.name == mailbox)
        ).first()
        return (row.uid, row.validity) if row else (0, 0)

    def note(self, mailbox: str, uid: int, validity: int) -> None:
        """Record the last UID read in a mailbox; it never decreases while the UIDVALIDITY is the same."""
        last, valid = self.read_up_to(mailbox)
        values = {"uid": max(uid, last) if validity == valid else uid, "validity": validity}
        if (last, valid) == (0, 0):
            self._db.execute(insert(mailboxes).values(name=mailbox, **values))
        else:
            self._db.execute(update(mailboxes).where(mailboxes.c.name == mailbox).values(**values))
