"""What came back and was acted on, and how far each mailbox on a server was read."""

from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from digest.store.schema import mailboxes, returned


class ProcessedBounces:
    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def first_time(self, digest: str, *, at: datetime) -> bool:
        """Note a message by its digest. False if it was noted before."""
        if self._db.scalar(select(returned.c.digest).where(returned.c.digest == digest)) is not None:
            return False
        self._db.execute(insert(returned).values(digest=digest, at=at))
        return True

    def read_up_to(self, mailbox: str) -> tuple[int, int]:
        """Return the last uid that was read in a mailbox and its validity, 0 and 0 if none was."""
        row = self._db.execute(
            select(mailboxes.c.uid, mailboxes.c.validity).where(mailboxes.c.name == mailbox)
        ).first()
        return (row.uid, row.validity) if row else (0, 0)

    def note(self, mailbox: str, uid: int, validity: int) -> None:
        """Note that a mailbox was read up to a uid; never back while its uids are valid."""
        last, valid = self.read_up_to(mailbox)
        values = {"uid": max(uid, last) if validity == valid else uid, "validity": validity}
        if (last, valid) == (0, 0):
            self._db.execute(insert(mailboxes).values(name=mailbox, **values))
        else:
            self._db.execute(update(mailboxes).where(mailboxes.c.name == mailbox).values(**values))
