"""Whether a database holds a library, found out without creating or changing anything."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection, create_engine, inspect
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

# A library of which any run was committed has a row in one of these.
_TELLING = ("run", "paper", "cursor")
BEGUN = "begun"  # a row of table `secret`: an operator has begun this library in place of a lost one


def holds_library(url: str, file: Path | None) -> bool:
    """Return whether a database holds a library; False if it is missing, without tables, or emptied.

    `file` is the SQLite file of the URL, None for a server. True also where it cannot be found out: opening the
    database then reports what is wrong.
    """
    try:
        if file is not None:
            return _file_holds(file)
        found = make_url(url)
        return found.drivername.startswith("sqlite") or _server_holds(url)
    except (sqlite3.Error, SQLAlchemyError, ArgumentError, NoSuchModuleError, ImportError, ValueError):
        return True


def damage_of(file: Path) -> str:
    """Return what SQLite says of a file that is damaged or not a database; "" if it can be read, or is missing."""
    try:
        _file_holds(file)
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # extended codes have more in the higher bytes
        return str(error) if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB} else ""
    return ""


def _file_holds(file: Path) -> bool:
    if not file.exists():
        return False
    with closing(sqlite3.connect(f"file:{quote(str(file.resolve()))}?mode=ro", uri=True)) as database:
        tables = {name for (name,) in database.execute("select name from sqlite_master")}
        return _holds(tables, lambda query: database.execute(query).fetchone() is not None)


def _server_holds(url: str) -> bool:
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            return connection_holds(connection)
    finally:
        engine.dispose()


def connection_holds(connection: Connection) -> bool:
    """Return whether the database of a connection holds a library."""
    tables = set(inspect(connection).get_table_names())
    return _holds(tables, lambda query: connection.exec_driver_sql(query).first() is not None)


def _holds(tables: set[str], any_row: Callable[[str], bool]) -> bool:
    queries = [f"select 1 from {table} limit 1" for table in _TELLING if table in tables]  # noqa: S608 - constants
    if "secret" in tables:
        queries.append(f"select 1 from secret where name = '{BEGUN}'")  # noqa: S608 - a constant
    return any(map(any_row, queries))
