"""Put a copy of the library back, without sending again what was sent since, where that can be known."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from digest.errors import StoreError, UsageError
from digest.model import Home
from digest.services.workspace import Clock, open_library
from digest.store.sqlite_backup import copy_library, faults
from digest.system.locks import LEADER, hold

# What SQLite keeps beside a database.
_BESIDE = ("-wal", "-shm")


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put back. `until` is the clock of its last run; `aside` where the library before is now.

    `spared` counts the papers, per subscription, that will not be sent again; `unknown` says what could
    not be found out.
    """

    file: Path
    until: datetime | None
    aside: Path | None
    spared: int
    unknown: tuple[str, ...]


def backup(home: Home, target: Path) -> Path:
    """Copy the library to a file while others may work on it. Raises UsageError, StoreError."""
    path = library_file(home)
    if not path.exists():
        raise UsageError(f"{path}: there is no library yet; digest run makes it")
    if target.is_dir():
        raise UsageError(f"{target}: is a folder; name a file in it")
    with open_library(home, create=False) as store:
        store.backup(target)
    return target


def restore(home: Home, file: Path, newer: Path | None, clock: Clock) -> Restored:
    """Put the library in `file` in the place of the home's, which is kept beside it.

    `newer` is a library of a later state: what it had sent is not sent again. The library in use is
    taken for it if it is whole. Raises UsageError if a file is no whole library; nothing is changed then.
    """
    path = library_file(home)
    for each in filter(None, (file, newer)):
        if problem := faults(each) if each.is_file() else "there is no such file":
            raise UsageError(f"{each}: {problem}; name a file that digest backup wrote")
    if file.exists() and path.exists() and file.samefile(path):
        raise UsageError(f"{file}: is the library in use; name a copy of it")
    with ExitStack() as held:
        held.enter_context(hold(home.path, command="digest restore", timeout=0, file=LEADER))
        held.enter_context(hold(home.path, command="digest restore"))
        draft = held.enter_context(_opened(home, file, path.with_name(f".{path.name}.part")))
        beside = path.with_name(f".{path.name}.newer.part")
        ahead = held.enter_context(_opened(home, newer, beside)) if newer else None
        # What is to be used can be used, whatever wrote it: from here on something is changed.
        aside = _put_aside(path, clock.now)
        if ahead is None and aside and faults(aside) is None:
            ahead = held.enter_context(_opened(home, aside, beside))
        spared = _spare(draft, ahead) if ahead else 0
        for ending in _BESIDE:  # of the library before: they would be taken for the copy's
            path.with_name(path.name + ending).unlink(missing_ok=True)
        draft.replace(path)
    with closing(sqlite3.connect(path)) as database:
        (until,) = database.execute("select max(clock) from run").fetchone()
    last = datetime.fromisoformat(until) if until else None
    return Restored(file, last, aside, spared, _unknown(last, newer or (aside if ahead else None)))


def library_file(home: Home) -> Path:
    """Return the file of a home's library. Raises UsageError if it is in another kind of database."""
    from sqlalchemy.engine import make_url

    url = make_url(home.settings.database)
    if not url.drivername.startswith("sqlite") or url.database in {None, "", ":memory:"}:
        raise UsageError(
            "digest.toml: database: is no SQLite file; use the backup of your database, as pg_dump"
        )
    return home.path / str(url.database)


def _put_aside(path: Path, now: datetime) -> Path | None:
    """Copy the library in use to a file beside it; one that is damaged is copied as it is."""
    if not path.exists():
        return None
    aside = path.with_name(f"{path.stem}-before-restore-{now:%Y%m%dT%H%M%S}{path.suffix}")
    if faults(path) is None:
        with closing(sqlite3.connect(path)) as database:
            copy_library(database, aside)
        return aside
    for ending in ("", *_BESIDE):
        part = path.with_name(path.name + ending)
        if part.exists():
            shutil.copyfile(part, aside.with_name(aside.name + ending))
    return aside


@contextmanager
def _opened(home: Home, file: Path, draft: Path) -> Iterator[Path]:
    """Copy a library to a draft for the block, with an older schema brought up. Raises UsageError if it is none."""
    try:
        with closing(sqlite3.connect(f"file:{file.resolve()}?mode=ro", uri=True)) as source:
            copy_library(source, draft)
        folder = replace(home, path=draft.parent)
        try:
            with (
                open_library(folder, create=True, url=f"sqlite:///{draft.name}") as store,
                store.begin() as tx,
            ):
                tx.pending_files.mark("index", "")
        except StoreError as error:
            raise UsageError(f"{file}: {error}") from error
        _fold(draft)
        yield draft
    finally:
        for ending in ("", *_BESIDE):
            draft.with_name(draft.name + ending).unlink(missing_ok=True)


def _fold(path: Path) -> None:
    """Fold SQLite's log into the file, so that the file is all."""
    with closing(sqlite3.connect(path)) as database:
        database.execute("pragma wal_checkpoint(truncate)")


def _spare(draft: Path, newer: Path) -> int:
    """Let no reader be sent again what the newer library had sent. Returns the papers spared.

    A paper is known by its `uid`, which does not depend on numbers. A paper that the restored library
    does not know yet is remembered, too, for when its file is read again. Who gets no mail any more in
    the newer library gets none in this one.
    """
    with closing(sqlite3.connect(draft, isolation_level=None)) as database:
        database.execute("attach ? as newer", (str(newer.resolve()),))
        database.execute("begin immediate")
        for statement in (_SETTLE, _SUPPRESS):
            database.execute(statement)
        spared = database.execute(_SPARE).rowcount
        database.execute("commit")
    _fold(draft)
    return spared


# What may have reached a reader: a message in doubt counts as sent; so does an issue that was not mailed.
_REACHED = "('sent', 'in_doubt', 'leased')"
_SPARE = f"""
    insert or ignore into main.spared (subscription, uid)
    select s.subscription, p.uid from newer.served s join newer.paper p on p.number = s.paper
    where not exists (
        select 1 from main.served o join main.paper q on q.number = o.paper
        where o.subscription = s.subscription and q.uid = p.uid)
    and (s.issue in (select issue from newer.outbox where status in {_REACHED})
         or s.issue not in (select issue from newer.outbox))"""  # noqa: S608 - no value of others
_SETTLE = f"""
    update main.outbox set status = 'sent', reply = 'sent before the library was restored'
    where status not in ('sent', 'suppressed') and exists (
        select 1 from main.issue i
        join newer.issue j on j.subscription = i.subscription and j.number = i.number
        join newer.outbox o on o.issue = j.id
        where i.id = main.outbox.issue and o.recipient = main.outbox.recipient
          and o.channel = main.outbox.channel and o.status in {_REACHED})"""  # noqa: S608 - no value of others
_SUPPRESS = """
    insert or ignore into main.suppression (address, subscription, reason, at)
    select address, subscription, reason, at from newer.suppression"""


def _unknown(until: datetime | None, newer: Path | None) -> tuple[str, ...]:
    since = f"{until:%Y-%m-%d %H:%M} UTC" if until else "it was begun"
    if newer is None:
        told = f"what was sent after {since} is not known, and may be sent again; "
        return (f"{told}if the later library is still there, say where: --newer FILE",)
    return (f"what was sent after {newer} was last written is not known, and may be sent again",)
