"""Open the database that a URL names."""

import re
from pathlib import Path

from sqlalchemy import URL, create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.pool import StaticPool

from digest.errors import UsageError
from digest.store.sqlite import _sqlite
from digest.store.store import Store


def open_store(url: str, *, home: Path, create: bool = True) -> Store:
    """Open the database of `url`; a relative SQLite path counts from `home`.

    `create=False` gives an empty library in memory where there is no SQLite file yet, for commands
    that only look. Raises UsageError if the URL is wrong, StoreError if it cannot be opened.
    """
    try:
        parsed = make_url(url)
        return _open(parsed, home, create=create)
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        raise UsageError(
            f"digest.toml: database: {_shown(url)!r} needs a driver that is not installed; "
            "install it, or write sqlite:///digest.db"
        ) from error
    except (ArgumentError, ValueError) as error:
        raise UsageError(
            f"digest.toml: database: {_shown(url)!r} is no database URL; write sqlite:///digest.db"
        ) from error


def _shown(url: str) -> str:
    """Return a database URL without user and password."""
    return re.sub(r"//.*@", "//…@", url)


def _open(parsed: URL, home: Path, *, create: bool) -> Store:
    if not parsed.drivername.startswith("sqlite"):
        return Store(create_engine(parsed))
    path = None if parsed.database in (None, "", ":memory:") else home / str(parsed.database)
    if path is None or not (create or path.exists()):
        return Store(_sqlite("sqlite://", poolclass=StaticPool))
    if not path.parent.is_dir():
        raise UsageError(f"digest.toml: database: there is no folder {path.parent}; make it, or name another")
    return Store(_sqlite(parsed.set(database=str(path)).render_as_string(hide_password=False)))
