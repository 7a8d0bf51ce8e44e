"""Which homes use a database: of a file one at a time, of a server any number; each by a lease that it renews."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update

from digest.store.schema import homes, tenants
from digest.store.sql import insert_missing


@dataclass(frozen=True, slots=True)
class Tenant:
    """A home by its id, the machine and the folder where it was last, and the end of its lease."""

    home: str
    host: str
    path: str
    until: datetime


class Tenancy:
    """The homes of a database: the one row of the home that has a file, and the homes of a library on a server."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def tenant(self) -> Tenant | None:
        """Return the home that uses the database, whether or not its lease has ended."""
        row = self._db.execute(select(tenants)).first()
        return Tenant(row.home, row.host, row.path, row.until) if row else None

    def claim(self, new: Tenant, old: Tenant | None) -> bool:
        """Give the database to a home if `old` still uses it, or still nobody. Returns whether it did."""
        values = {"home": new.home, "host": new.host, "path": new.path, "until": new.until}
        if old is None:
            return insert_missing(self._db, tenants, {"id": 1, **values})
        same = (tenants.c.home == old.home) & (tenants.c.path == old.path) & (tenants.c.until == old.until)
        return self._db.execute(update(tenants).where(same).values(**values)).rowcount == 1

    def homes(self) -> dict[str, Tenant]:
        """Return the homes that use a library on a server, by id, whether or not their leases have ended."""
        return {
            row.id: Tenant(row.id, row.host, row.path, row.until) for row in self._db.execute(select(homes))
        }

    def register(self, new: Tenant) -> None:
        """Note that a home uses the library, in place of what is known of it."""
        values = {"host": new.host, "path": new.path, "until": new.until}
        if not insert_missing(self._db, homes, {"id": new.home, **values}):
            self._db.execute(update(homes).where(homes.c.id == new.home).values(**values))
