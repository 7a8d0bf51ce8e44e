"""What in a home only the user who runs digest may read: the library, its copies, state, and emails.

The archive and the feeds are for everybody; their modes are those of the umask.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from digest.model import Home
from digest.system.files import is_private, make_private
from digest.system.heartbeat import FILE as HEARTBEAT
from digest.system.locks import FILE as LOCK
from digest.system.locks import LEADER, LIVENESS_FOLDER, SERVERS

STATE, BACKUPS = "state", "backups"
_SUFFIXES = ("", "-wal", "-shm", "-journal")  # of the files that SQLite keeps next to a database
_FETCHED = "inbox/.fetched.json"


def wide_paths(home: Home) -> tuple[Path, ...]:
    """Return the private files and folders of a home that other users may read or write."""
    return tuple(path for path in (*_few(home), *_emails(home)) if not is_private(path))


def make_home_private(home: Home, *, emails: bool) -> int:
    """Make private what should be. Returns how many files and folders changed.

    `emails` includes those of issues, of which there may be very many.
    """
    paths: Iterable[Path] = (*_few(home), *_emails(home)) if emails else _few(home)
    return sum(map(make_private, paths))


def _few(home: Home) -> Iterator[Path]:
    database = library_path(home)
    if database is not None:
        yield from (database.with_name(database.name + suffix) for suffix in _SUFFIXES)
        yield from database.parent.glob(f"{database.stem}-before-restore-*")
    yield from (home.path / name for name in (LOCK, LEADER, HEARTBEAT, _FETCHED))
    for name in (STATE, BACKUPS, LIVENESS_FOLDER, SERVERS):
        folder = home.path / name
        yield folder
        yield from folder.glob("*")


def _emails(home: Home) -> Iterator[Path]:
    issues = home.output / "issues"
    yield issues
    yield from (folder for folder in issues.glob("*") if folder.is_dir())
    yield from issues.glob("*/*.eml")


def library_path(home: Home) -> Path | None:
    """Return the file of the library; None for a database server, a library in memory and an invalid URL."""
    scheme, _, rest = home.settings.database.partition("://")
    file = rest.partition("?")[0].removeprefix("/")
    if scheme.partition("+")[0] != "sqlite" or file in {"", ":memory:"}:
        return None
    return home.path / file


def on_server(home: Home) -> bool:
    """Return whether the library is on a database server, so that several hosts can use it at the same time."""
    return not home.settings.database.startswith("sqlite")
