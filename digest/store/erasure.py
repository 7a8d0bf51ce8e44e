"""Deletion of everything that a library has about subscriptions and an address."""

from collections.abc import Collection

from sqlalchemy import Connection, Table, delete, select

from digest.store import columns, schema
from digest.store.sql import chunks
from digest.text.addresses import address_key

# Tables with a column of one of these names are found by it, so that none is forgotten.
_SUBSCRIPTION, _ADDRESS = "subscription", "address"


class Erasure:
    """Deletes rows for good; what other subscriptions need, such as papers and revisions, stays."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def erase(self, subscriptions: Collection[str], address: str) -> None:
        """Delete all rows about these subscriptions, and all that name an address ("" for none)."""
        issues = schema.issues
        for chunk in chunks(subscriptions):
            of_these = select(issues.c.id).where(issues.c.subscription.in_(chunk))
            keys = list(self._db.scalars(of_these))
            self._db.execute(delete(schema.outbox).where(schema.outbox.c.issue.in_(of_these)))
            for some in chunks(map(str, keys)):
                unwritten = schema.unwritten
                self._db.execute(
                    delete(unwritten).where(unwritten.c.kind == "issue", unwritten.c.key.in_(some))
                )
            for table in _with_column(_SUBSCRIPTION):
                self._db.execute(delete(table).where(table.c[_SUBSCRIPTION].in_(chunk)))
            self._db.execute(delete(schema.subscriptions).where(schema.subscriptions.c.id.in_(chunk)))
        if not address:
            return
        for table in _with_column(_ADDRESS):
            self._db.execute(delete(table).where(table.c[_ADDRESS] == address_key(address)))


def _with_column(name: str) -> list[Table]:
    """Return the tables that have a column, those that refer to others first."""
    return [table for table in reversed(columns.meta.sorted_tables) if name in table.c]
