"""A PostgreSQL server for tests, if the machine has one: a cluster of its own, without network, removed at the end."""

import itertools
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Self

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
            # It orders texts by the rules of a language, as most databases do.
            by_language = " template template0 locale_provider icu icu_locale 'en'"
            db.execute(f"create database {name}{by_language if db.info.server_version >= 150000 else ''}")
        return f"postgresql+psycopg://digest@/{name}?host={self.folder}"

    def start(self) -> None:
        options = f"-c listen_addresses= -c unix_socket_directories={self.folder} -c fsync=off"
        data, log = self.folder / "data", self.folder / "log"
        _run(self.programs / "pg_ctl", "-D", data, "-o", options, "-w", "-l", log, "start")

    def stop(self, mode: str = "immediate") -> None:
        """Stop the server; "immediate" is like a crash of its machine."""
        _run(self.programs / "pg_ctl", "-D", self.folder / "data", "-m", mode, "stop")

    @contextmanager
    def cable(self, url: str) -> Iterator["Cable"]:
        """Connect a TCP port of this machine to the server for the block, which can be cut."""
        with Cable(self.folder / ".s.PGSQL.5432", url) as cable:
            yield cable


class Cable:
    """A TCP port that forwards to the socket of a server. While `cut`, nothing passes, and nobody notices."""

    def __init__(self, target: Path, url: str) -> None:
        self._target, self.cut, self._over = target, threading.Event(), False
        self._listener = socket.create_server(("127.0.0.1", 0))
        port = self._listener.getsockname()[1]
        self.url = f"{url.partition('@')[0]}@127.0.0.1:{port}{url.partition('@')[2].partition('?')[0]}"
        self._open: list[socket.socket] = []

    def __enter__(self) -> Self:
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over = True
        for each in (self._listener, *self._open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _listen(self) -> None:
        while not self._over:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.socket(socket.AF_UNIX)
            try:
                far.connect(str(self._target))
            except OSError:
                near.close()
                continue
            self._open += (near, far)
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._pass, args=(one, other), daemon=True).start()

    def _pass(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(65536):
                while self.cut.is_set():
                    time.sleep(0.01)
                other.sendall(data)
        for each in (one, other):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


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
        _run(programs / "initdb", "-D", folder / "data", "-A", "trust", "-U", "digest")
        running = Postgres(folder, programs)
        running.start()
        try:
            yield running
        finally:
            running.stop()
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
