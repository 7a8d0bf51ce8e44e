"""Backup and restore of the library. A restore avoids sending again what was sent since the backup."""

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from digest.errors import StoreError, UsageError
from digest.home.private import BACKUPS, STATE
from digest.model import Home
from digest.services.workspace import Clock, open_library
from digest.store.sqlite_backup import copy_library, faults
from digest.system.files import private_file, private_folder, write_whole
from digest.system.locks import LEADER, hold
from digest.text.format import named_time

NOTE = f"{STATE}/backup.json"  # the last copy that `digest backup` made
# Suffixes of the files that SQLite keeps next to a database.
_SUFFIXES = ("-wal", "-shm")


@dataclass(frozen=True, slots=True)
class Restored:
    """A completed restore.

    `until` is the clock of the restored library's last run; `aside` the copy of the replaced library.
    `spared` counts the papers, per subscription, that will not be sent again; `unknown` are sentences on
    what may be sent twice.
    """

    file: Path
    until: datetime | None
    aside: Path | None
    spared: int
    unknown: tuple[str, ...]


def backup(home: Home, target: Path, now: datetime) -> Path:
    """Copy the library to a file, also while it is in use, and return the file. Raises UsageError, StoreError."""
    path = library_file(home)
    if not path.exists():
        raise UsageError(f"{path}: the library does not exist yet; create it with: digest run")
    if not has_content(path):
        raise UsageError(
            f"{path}: is empty, so there is nothing to copy; restore a backup: digest restore FILE"
        )
    if target.is_dir():
        raise UsageError(f"{target} is a folder; name a file in it")
    with open_library(home, create=False) as store:
        store.backup(target)
    with suppress(StoreError):  # the copy is made, whether or not it can be noted
        _note(home, target, now)
    return target


def _note(home: Home, target: Path, now: datetime) -> None:
    path = home.path / NOTE
    private_folder(path.parent)
    note = {"file": str(target.resolve()), "at": now.isoformat(timespec="seconds")}
    write_whole(path, json.dumps(note).encode() + b"\n", private=True)


def noted_backup(home: Home) -> tuple[Path, datetime] | None:
    """Return the file that `digest backup` wrote last, wherever that is now, and when, or None."""
    try:
        note: dict[str, Any] = dict(json.loads((home.path / NOTE).read_text("utf-8")))
        at = datetime.fromisoformat(str(note["at"]))
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None
    return (Path(str(note.get("file", ""))), at) if at.tzinfo else None


def backups(home: Home) -> list[Path]:
    """Return the copies of the library that are there, daily or made by `digest backup`, the newest last."""
    found = {path.resolve(): path for path in (home.path / BACKUPS).glob("[!.]*.db")}
    if noted := noted_backup(home):
        found.setdefault(noted[0].resolve(), noted[0])
    kept = [(path.stat().st_mtime, path.name, path) for path in found.values() if has_content(path)]
    return [path for *_, path in sorted(kept)]


def has_content(path: Path) -> bool:
    """Return whether a path is a file, not an empty one."""
    try:
        return path.is_file() and path.stat().st_size > 0
    except OSError:
        return False


def restore(home: Home, file: Path, newer: Path | None, clock: Clock) -> Restored:
    """Replace the home's library by the one in `file`; a copy of the replaced one is kept next to it.

    Nothing that `newer`, a library of a later state, has sent is sent again; without it, the replaced
    library is used if it is undamaged. Raises UsageError, and changes nothing, if a file is not a library
    or is damaged; raises LockedError while the schedule or a run uses the home.
    """
    path = library_file(home)
    for each in filter(None, (file, newer)):
        if problem := faults(each) if each.is_file() else "the file does not exist":
            raise UsageError(f"{each}: {problem}; name a file that digest backup wrote")
    if file.exists() and path.exists() and file.samefile(path):
        raise UsageError(f"{file} is the library in use; name a backup of it")
    with ExitStack() as held:
        held.enter_context(hold(home.path, command="digest restore", timeout=0, file=LEADER))
        held.enter_context(hold(home.path, command="digest restore"))
        draft = held.enter_context(_opened(home, file, path.with_name(f".{path.name}.part")))
        later_draft = path.with_name(f".{path.name}.newer.part")
        later = held.enter_context(_opened(home, newer, later_draft)) if newer else None
        # Both files have opened, so nothing below fails because of them: now the home may be changed.
        aside = _put_aside(path, clock.now)
        if later is None and aside and faults(aside) is None:
            later = held.enter_context(_opened(home, aside, later_draft))
        spared = _spare(draft, later) if later else 0
        for suffix in _SUFFIXES:  # SQLite would apply the old library's log to the new one
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        draft.replace(path)
    with closing(sqlite3.connect(path)) as database:
        (until,) = database.execute("select max(clock) from run").fetchone()
    last = datetime.fromisoformat(until) if until else None
    unknown = _unknown(last, newer or (aside if later else None), home.settings.timezone)
    return Restored(file, last, aside, spared, unknown)


def library_file(home: Home) -> Path:
    """Return the file of a home's library. Raises UsageError if its database is not SQLite."""
    from sqlalchemy.engine import make_url

    url = make_url(home.settings.database)
    if not url.drivername.startswith("sqlite") or url.database in {None, "", ":memory:"}:
        raise UsageError(
            "digest.toml: database: is not a SQLite file; to back up the library of a server: "
            f"{dump_command(home)}; to restore it: {_restore_command(home)}"
        )
    return home.path / str(url.database)


def dump_command(home: Home) -> str:
    """Return the command that backs up the database of a home on a server, without its password."""
    return f"pg_dump --format=custom --file=digest.dump '{_libpq_url(home)}'"


def _restore_command(home: Home) -> str:
    return f"pg_restore --clean --if-exists --single-transaction --dbname='{_libpq_url(home)}' digest.dump"


def _libpq_url(home: Home) -> str:
    from sqlalchemy.engine import make_url

    url = make_url(home.settings.database)
    plain = url.set(drivername=url.get_backend_name())._replace(password=None)
    return plain.render_as_string()


def _put_aside(path: Path, now: datetime) -> Path | None:
    """Copy the library in use to a file next to it; a damaged one is copied byte by byte."""
    if not path.exists():
        return None
    aside = path.with_name(f"{path.stem}-before-restore-{now:%Y%m%dT%H%M%S}{path.suffix}")
    if faults(path) is None:
        with closing(sqlite3.connect(path)) as database:
            copy_library(database, aside)
        return aside
    for suffix in ("", *_SUFFIXES):
        part = path.with_name(path.name + suffix)
        if part.exists():
            copied = aside.with_name(aside.name + suffix)
            private_file(copied)
            shutil.copyfile(part, copied)
    return aside


@contextmanager
def _opened(home: Home, file: Path, draft: Path) -> Iterator[Path]:
    """Copy a library to a draft for the block, and migrate its schema. Raises UsageError if that fails."""
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
        _checkpoint(draft)
        yield draft
    finally:
        for suffix in ("", *_SUFFIXES):
            draft.with_name(draft.name + suffix).unlink(missing_ok=True)


def _checkpoint(path: Path) -> None:
    """Write SQLite's log into the database file, so that the file alone is complete."""
    with closing(sqlite3.connect(path)) as database:
        database.execute("pragma wal_checkpoint(truncate)")


def _spare(draft: Path, newer: Path) -> int:
    """Mark in the draft what the newer library has sent; return how many papers, per subscription.

    Papers are identified by `uid`, as numbers may differ. This includes papers that the draft does not
    know yet but may read again. Addresses suppressed in the newer library are suppressed here too.
    """
    with closing(sqlite3.connect(draft, isolation_level=None)) as database:
        database.execute("attach ? as newer", (str(newer.resolve()),))
        database.execute("begin immediate")
        for statement in (_SETTLE, _SUPPRESS):
            database.execute(statement)
        spared = database.execute(_SPARE).rowcount
        database.execute("commit")
    _checkpoint(draft)
    return spared


# Statuses of mail that may have reached its reader. An issue without mail counts as sent as well.
_REACHED = "('sent', 'in_doubt', 'leased')"
_SPARE = f"""
    insert or ignore into main.spared (subscription, uid)
    select s.subscription, p.uid from newer.served s join newer.paper p on p.number = s.paper
    where not exists (
        select 1 from main.served o join main.paper q on q.number = o.paper
        where o.subscription = s.subscription and q.uid = p.uid)
    and (s.issue in (select issue from newer.outbox where status in {_REACHED})
         or not exists (select 1 from newer.outbox o where o.issue = s.issue))"""  # noqa: S608 - only constants are inserted
_SETTLE = f"""
    update main.outbox set status = 'sent', reply = 'sent before the library was restored'
    where status not in ('sent', 'suppressed') and exists (
        select 1 from main.issue i
        join newer.issue j on j.subscription = i.subscription and j.number = i.number
        join newer.outbox o on o.issue = j.id
        where i.id = main.outbox.issue and o.recipient = main.outbox.recipient
          and o.channel = main.outbox.channel and o.status in {_REACHED})"""  # noqa: S608 - only constants are inserted
_SUPPRESS = """
    insert or ignore into main.suppression (address, subscription, reason, at)
    select address, subscription, reason, at from newer.suppression"""


def _unknown(until: datetime | None, newer: Path | None, zone: str) -> tuple[str, ...]:
    if newer is None:
        since = f"have been sent since {named_time(until, zone)}" if until else "had been sent"
        remedy = "if you still have the later library, give it with --newer FILE"
        return (f"it is not known which emails {since}, so some may be sent again; {remedy}",)
    return (
        f"it is not known which emails have been sent since {newer} was last written, so some may be sent again",
    )
