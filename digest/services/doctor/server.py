"""The checks of a database server: version, rights, encoding, clock, connections, durability, and who holds its lock."""

from collections.abc import Iterator
from datetime import UTC, datetime

from digest.home.private import on_server
from digest.model import Home
from digest.model.reports import Finding
from digest.services.backup import dump_command
from digest.services.workspace import open_library
from digest.text.format import count

_OLDEST = 14  # the oldest version that its makers still support
_SKEW = 5.0  # seconds
_CROWDED = 0.8  # of the connections

_CHECK = "database"


def examine_server(home: Home) -> Iterator[Finding]:
    """Find out whether the server suits a library. Raises StoreError."""
    if not on_server(home):
        return
    with open_library(home, create=False) as store:
        facts = store.server_facts()
    if facts is None:
        return
    version = facts.version // 10_000
    name = f"PostgreSQL {version}.{facts.version % 10_000}"
    if version < _OLDEST:
        yield _warning(f"{name} is older than {_OLDEST}", f"update the server to version {_OLDEST} or newer")
    if facts.standby:
        yield _bad("the server is a standby, which accepts no changes", "name the primary in digest.toml")
    if not facts.may_create:
        yield _bad(
            "the user may not create tables, which an update of paper-digest can need",
            "as the owner of the database: GRANT CREATE ON SCHEMA public TO the user in digest.toml",
        )
    if facts.encoding != "UTF8":
        yield _bad(
            f"the database has the encoding {facts.encoding}",
            "create one with UTF8, and copy the library into it: digest database copy FROM TO",
        )
    skew = (facts.clock - datetime.now(UTC)).total_seconds()
    if abs(skew) > _SKEW:
        side = "ahead of" if skew > 0 else "behind"
        message = f"the clock of the server is {abs(skew):.0f} seconds {side} the clock of this machine"
        yield _warning(message, "set both by NTP")
    if facts.used > _CROWDED * facts.most:
        message = f"{facts.used} of {count(facts.most, 'connection')} of the server are in use"
        yield _warning(message, "raise max_connections, or run fewer processes")
    if not facts.safe:
        message = "fsync or full_page_writes is off, so a power cut can destroy the library"
        yield _warning(message, "turn both on in postgresql.conf")
    held = f"; {facts.holder} holds the lock of runs" if facts.holder else ""
    connections = f"{facts.used} of {count(facts.most, 'connection')}"
    yield Finding(_CHECK, "good", f"{name}, time zone {facts.zone}, {connections} in use{held}")
    yield Finding(
        _CHECK, "good", "digest makes no backups of a server", f"make them with: {dump_command(home)}"
    )


def _warning(message: str, remedy: str) -> Finding:
    return Finding(_CHECK, "warning", message, remedy)


def _bad(message: str, remedy: str) -> Finding:
    return Finding(_CHECK, "bad", message, remedy)
