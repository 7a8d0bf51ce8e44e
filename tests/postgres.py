"""A PostgreSQL server for tests, if the machine has one: a cluster of its own, without network, removed at the end."""

import itertools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import pytest


@dataclass
class Postgres:
    """A running server. Each test has a database of its own."""

    folder: Path
    programs: Path
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def new_database(self) -> str:
        """Create an empty database and return its URL."""
        import psycopg

        name = f"test{next(self._numbers)}"
        with psycopg.connect(host=str(self.folder), user="digest", dbname="postgres", autocommit=True) as db:
            db.execute(f"create database {name}")
        return f"postgresql+psycopg://digest@/{name}?host={self.folder}"


@contextmanager
def server() -> Iterator[Postgres]:
    """Run a server for the block; skip the test where there is none."""
    programs = _programs()
    if programs is None or find_spec("psycopg") is None:
        missing = "PostgreSQL" if programs is None else "psycopg"
        if os.environ.get("DIGEST_REQUIRE_POSTGRES"):
            raise pytest.UsageError(f"{missing} is not installed, but DIGEST_REQUIRE_POSTGRES is set")
        pytest.skip(f"{missing} is not installed")
    folder = Path(tempfile.mkdtemp(prefix="digest-pg-", dir="/tmp"))  # a short path, for the socket
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
        data, socket = (
            folder / "data",
            f"-c listen_addresses= -c unix_socket_directories={folder} -c fsync=off",
        )
        _run(programs / "initdb", "-D", data, "-A", "trust", "-U", "digest")
        _run(programs / "pg_ctl", "-D", data, "-o", socket, "-w", "-l", folder / "log", "start")
        try:
            yield Postgres(folder, programs)
        finally:
            _run(programs / "pg_ctl", "-D", data, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path | None:
    """Return the folder of initdb and pg_ctl; Debian keeps it out of PATH."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    return max(Path("/usr/lib/postgresql").glob("*/bin"), default=None)


def _run(*words: object) -> None:
    """Run a program, as the user postgres if we are root: the server refuses to run as root."""
    user = "postgres" if os.geteuid() == 0 else None
    subprocess.run(
        [str(word) for word in words], check=True, stdout=subprocess.DEVNULL, user=user, group=user, cwd="/"
    )
