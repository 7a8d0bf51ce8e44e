"""`digest database copy`: a library from SQLite to PostgreSQL and back, while nobody changes it.

Tables are copied in batches, each in a transaction, as the lines that an export has; an interrupted copy goes on after the
last batch. Before the copy can be used, all its lines are compared with those of the original.
"""

import hashlib
import json
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from digest.errors import StoreError, UsageError
from digest.model import Home
from digest.text.format import count

if TYPE_CHECKING:
    from digest.store.exchange import Exchange
    from digest.store.store import Store

_BATCH = 5_000
# Small tables, copied together at the end: what they say of departures is in a file where the library is one.
_LAST = ("secrets", "suppressions", "departures")

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Copied:
    """A finished copy: from where to where, without passwords; lines by name of the table; `before`: of these, lines that
    an earlier, interrupted copy had copied.
    """

    source: str
    target: str
    rows: dict[str, int]
    before: int


def copy_library(home: Home, source: str, target: str, progress: Progress) -> Copied:
    """Copy a library into an empty database, and compare both. `source` and `target` are URLs, or files of SQLite.

    Raises UsageError if the source has no library, or the target is not empty; StoreError, LockedError.
    """
    from digest.system.locks import FILE, LEADER, hold

    source, target = _url(source), _url(target)
    with ExitStack() as held:
        for file in (LEADER, FILE):
            held.enter_context(hold(home.path, command="digest database copy", timeout=0, file=file))
        original = held.enter_context(_opened(home, source, create=False))
        with original.begin(write=False) as tx:
            if tx.exchange.filled() is None:
                raise UsageError(f"{_shown(source)}: has no library; check its name")
        copy = held.enter_context(_opened(home, target, create=True))
        if original.name == copy.name:
            raise UsageError(f"{original.name} and {copy.name} are the same database; name another one")
        return _Copying(original, copy, source, target, progress).run()


def _url(named: str) -> str:
    return named if "://" in named else f"sqlite:///{Path(named).absolute()}"


def _shown(url: str) -> str:
    from sqlalchemy.engine import make_url

    return make_url(url).render_as_string()


@contextmanager
def _opened(home: Home, url: str, *, create: bool) -> Iterator["Store"]:
    """Open a database for the block, and hold its lock if it is on a server."""
    from digest.store.engine import open_store

    with ExitStack() as held:
        store = open_store(url, home=home.path, create=create, copying=create)
        held.callback(store.close)
        if store.capabilities.server:
            held.enter_context(store.exclusive("digest database copy", timeout=0))
        yield store


@dataclass(slots=True)
class _Copying:
    """A copy in progress; `rows` and `hashes` are of the lines of the original, by name of the table."""

    original: "Store"
    copy: "Store"
    source: str
    target: str
    progress: Progress
    rows: dict[str, int] = field(default_factory=dict)
    before: int = 0
    _hashes: dict[str, bytes] = field(default_factory=dict)
    _last: dict[str, int] = field(default_factory=dict)
    _late: dict[str, list[bytes]] = field(default_factory=dict)

    def run(self) -> Copied:
        from digest.store.pending_files import KINDS

        with self.original.begin() as tx:  # for writing, so that nobody else writes
            tx.exchange.stop_writers()
            with self.copy.begin() as target:
                target.exchange.begin_copy(self.original.name)
            total = tx.exchange.size()
            for name, last, lines in tx.exchange.export():
                if last:
                    self._last[name] = last
                if name in _LAST:
                    self._late[name] = list(lines)
                    self.rows[name] = len(self._late[name])
                else:
                    self._copy_table(name, lines, total)
            with self.copy.begin() as target:
                self._finish(target.exchange)
                for kind in KINDS:
                    target.pending_files.mark_all(kind, tx.pending_files.keys(kind))
                target.pending_files.mark("index", "")
        return Copied(_shown(self.source), _shown(self.target), self.rows, self.before)

    def _copy_table(self, name: str, lines: Iterator[bytes], total: int) -> None:
        """Copy the lines of a table that the copy does not have yet."""
        hashed, done = _Hashed(lines), sum(self.rows.values())
        with self.copy.begin(write=False) as target:
            known = target.exchange.count(name)
        numbered = enumerate(hashed, 1)
        self.before += sum(1 for _ in islice(numbered, known))
        while batch := list(islice(numbered, _BATCH)):
            with self.copy.begin() as target:
                target.exchange.take(name, batch)
            self.progress("copying", done + hashed.count, total)
        self.rows[name], self._hashes[name] = hashed.count, hashed.digest.digest()

    def _finish(self, target: "Exchange") -> None:
        """Copy the last tables, and compare everything. Raises StoreError."""
        for name, known in self._late.items():
            target.take(name, enumerate(known, 1))
        target.finish(self._last)
        target.end_copy()
        late: dict[str, list[bytes]] = {}
        for name, _, lines in target.export():
            if name in _LAST:
                late[name] = list(lines)
                continue
            hashed = _Hashed(lines)
            deque(hashed, maxlen=0)
            self._compare(name, hashed.count, same=hashed.digest.digest() == self._hashes[name])
        if missing := _missing(self._late, late):
            self._compare(missing, len(late[missing]), same=False)

    def _compare(self, name: str, lines: int, *, same: bool) -> None:
        if not same:
            raise StoreError(
                f"{self.copy.name}: {name} has {count(lines, 'line')} that are not the {self.rows[name]} of "
                f"{self.original.name}, which has changed since the copy began; empty the target, and copy again"
            )


class _Hashed:
    """Lines as they pass: how many, and their SHA-256."""

    def __init__(self, lines: Iterator[bytes]) -> None:
        self._lines, self.count, self.digest = lines, 0, hashlib.sha256()

    def __iter__(self) -> Iterator[bytes]:
        for line in self._lines:
            self.count += 1
            self.digest.update(line + b"\n")
            yield line


def _missing(original: dict[str, list[bytes]], copy: dict[str, list[bytes]]) -> str:
    """Return the name of a table of `_LAST` of which the copy lacks a line; "" if every line was copied.

    Departures, and their key, are in a file on one side, and may be rows on the other.
    """
    for name, key in (("secrets", "name"), ("suppressions", "address")):
        found = set(copy[name])
        for line in original[name]:
            if line not in found and not str(json.loads(line)[key]).startswith(("#", "departures")):
                return name
    return ""
