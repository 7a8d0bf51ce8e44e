"""Leases on a server: what one of several hosts does for all of them, until it stops renewing its lease.

The clock is that of the server, so that the clocks of the hosts need not agree.
"""

from dataclasses import dataclass

from sqlalchemy import Connection, delete, select, text

from digest.store.schema import leases

_NOW = "extract(epoch from clock_timestamp())"
_TAKE = text(
    f"""INSERT INTO lease (name, holder, host, shown, until)
    VALUES (:name, :holder, :host, :shown, {_NOW} + :seconds)
    ON CONFLICT (name) DO UPDATE
    SET holder = excluded.holder, host = excluded.host, shown = excluded.shown, until = excluded.until
    WHERE lease.holder = excluded.holder OR lease.until < {_NOW}"""  # noqa: S608 - a constant
)
_HELD = text(f"SELECT host, shown FROM lease WHERE name = :name AND until >= {_NOW}")  # noqa: S608 - a constant


@dataclass(frozen=True, slots=True)
class Leader:
    """Who holds a lease: the name of the host, and the process as people are shown it."""

    host: str
    shown: str


class Leases:
    """Leases by name."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def take(self, name: str, holder: str, leader: Leader, seconds: float) -> bool:
        """Take or renew a lease; return whether the holder has it now."""
        values = {"name": name, "holder": holder, "host": leader.host, "shown": leader.shown}
        return self._db.execute(_TAKE, {**values, "seconds": seconds}).rowcount == 1

    def release(self, name: str, holder: str) -> None:
        """Give a lease back."""
        self._db.execute(delete(leases).where(leases.c.name == name, leases.c.holder == holder))

    def leader(self, name: str) -> Leader | None:
        """Return who has a lease now; None if it has ended, or the library is a file."""
        if self._db.dialect.name != "postgresql":
            return None
        row = self._db.execute(_HELD, {"name": name}).first()
        return Leader(row.host, row.shown) if row else None

    def last(self, name: str) -> str:
        """Return who had a lease last, as people are shown it."""
        return self._db.scalar(select(leases.c.shown).where(leases.c.name == name)) or "another process"
