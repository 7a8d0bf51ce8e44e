"""Opens the database that a URL names."""

import re
from contextlib import suppress
from pathlib import Path

from sqlalchemy import URL
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.pool import StaticPool

from digest.errors import UsageError
from digest.store.backend import Backend
from digest.store.departures import STATE, Departures
from digest.store.sql import SUPPORTED
from digest.store.sqlite import SqliteBackend, sqlite_engine
from digest.store.store import Store
from digest.system.files import private_file


def open_store(url: str, *, home: Path, create: bool = True, copying: bool = False) -> Store:
    """Open the database of `url`; a relative SQLite path is relative to `home`.

    `create=False` returns an empty library in memory if the SQLite file does not exist yet, for commands that only
    read. `copying` is as for `Store`. Raises UsageError if the URL is invalid, StoreError if the database cannot be opened.
    """
    try:
        return Store(_backend(make_url(url), home, create=create), copying=copying)
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        raise UsageError(
            f"digest.toml: database: {_shown(url)!r} needs a driver that is not installed; "
            "install it, or use sqlite:///digest.db"
        ) from error
    except (ArgumentError, ValueError) as error:
        raise UsageError(
            f"digest.toml: database: {_shown(url)!r} is not a valid database URL; use sqlite:///digest.db"
        ) from error


def _shown(url: str) -> str:
    """Return a database URL without user and password."""
    return re.sub(r"//.*@", "//…@", url)


def _backend(url: URL, home: Path, *, create: bool) -> Backend:
    if not url.drivername.startswith("sqlite"):
        if (name := url.get_backend_name()) not in SUPPORTED:
            raise UsageError(f"digest.toml: database: {name} is not supported; use {' or '.join(SUPPORTED)}")
        from digest.store.server import ServerBackend, server_engine

        return ServerBackend(server_engine(url))
    path = None if url.database in (None, "", ":memory:") else home / str(url.database)
    if path is None or not (create or path.exists()):
        departures = None if path is None else Departures(home / STATE)
        return SqliteBackend(sqlite_engine("sqlite://", poolclass=StaticPool), departures)
    if not path.parent.is_dir():
        raise UsageError(
            f"digest.toml: database: the folder {path.parent} does not exist; create it, or use another database"
        )
    if not path.exists():
        _create(path)
    file_url = url.set(database=str(path)).render_as_string(hide_password=False)
    return SqliteBackend(sqlite_engine(file_url), Departures(home / STATE))


def _create(path: Path) -> None:
    """Create the file with its mode; SQLite gives the files next to it the same. It reports what fails here."""
    with suppress(OSError):
        private_file(path)
