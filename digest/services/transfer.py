"""Export of a whole home as JSON Lines, and its import into an empty home.

An export is a folder: a file of lines for each table (`digest.store.exported`), the files that people wrote in `home/`,
and `manifest.json`, which is written last, so that an interrupted export is not taken for a whole one.
"""

import hashlib
import json
import os
import shutil
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from digest import __version__
from digest.errors import StoreError, UsageError
from digest.home.private import library_path, make_home_private
from digest.model import Home, Settings
from digest.services.lost_library import mark_library
from digest.services.tenancy import occupy
from digest.services.workspace import Clock, locked_library, open_library
from digest.system.files import PRIVATE_FILE, private_folder, sync_folder, write_whole

if TYPE_CHECKING:
    from digest.store.store import Transaction

MANIFEST, FILES = "manifest.json", "home"
_ABOUT = (
    "An export of a paper-digest home. It contains addresses and secrets: keep it private. "
    "docs/export.md describes it; digest import reads it."
)
_SETTINGS = "digest.toml"
_FOLDERS = ("subscriptions", "templates")  # of a home: what people write, besides the settings


@dataclass(frozen=True, slots=True)
class Exchanged:
    """A completed export or import: the folder, the number of lines of each file, and files of the home.

    `kept` are files of the home that differ from those of the export and were not replaced.
    """

    folder: Path
    rows: dict[str, int]
    files: tuple[str, ...]
    kept: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Table:
    """A file of lines: how many, the SHA-256, and the last number that its table gave to a row."""

    name: str
    lines: int
    sha256: str
    last: int | None


@dataclass(frozen=True, slots=True)
class _Manifest:
    """What an export consists of, and the program and the schema of its library."""

    program: str
    schema: int
    tables: tuple[_Table, ...]
    files: tuple[str, ...]


def export_home(home: Home, target: Path, now: datetime) -> Exchanged:
    """Write all that a home holds into a folder that is new or empty, as of one moment, also during a run.

    Raises UsageError, StoreError.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise UsageError(f"{target}: is not an empty folder; name a new one")
    draft = target.absolute().with_name(f".{target.absolute().name}.part")
    try:
        shutil.rmtree(draft, ignore_errors=True)
        private_folder(draft)
        schema, tables = _write_tables(home, draft)
        files = _copy_files(home, draft / FILES)
        manifest = asdict(_Manifest(__version__, schema, tables, files))
        note = {"about": _ABOUT, "exported": now.isoformat(timespec="seconds")} | manifest
        _write_new(draft / MANIFEST, iter([json.dumps(note, indent=1).encode()]))
        sync_folder(draft)
        draft.replace(target)
        sync_folder(target.absolute().parent)
    except OSError as error:
        raise StoreError(f"{target}: cannot be written ({error.strerror}); check the disk") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return Exchanged(target, {each.name: each.lines for each in tables}, files)


def _write_tables(home: Home, folder: Path) -> tuple[int, tuple[_Table, ...]]:
    """Write the lines of all files; return the schema of the library, and the files."""
    from digest.store.migrations import SCHEMA

    found = []
    with open_library(home, create=False) as store, store.begin(write=False) as tx:
        if tx.exchange.filled() is None:
            raise UsageError("the home has no library yet; create it with: digest run")
        for name, last, lines in tx.exchange.export():
            found.append(_Table(name, *_write_new(folder / f"{name}.jsonl", lines), last))
    return SCHEMA, tuple(found)


def _write_new(path: Path, lines: Iterator[bytes]) -> tuple[int, str]:
    """Write lines into a new private file; return their number and the SHA-256 of the file. Raises OSError."""
    count, digest = 0, hashlib.sha256()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
    with os.fdopen(descriptor, "wb") as file:
        for count, line in enumerate(lines, 1):  # noqa: B007 - counts
            file.write(line)
            file.write(b"\n")
            digest.update(line)
            digest.update(b"\n")
        file.flush()
        os.fsync(file.fileno())
    return count, digest.hexdigest()


def _copy_files(home: Home, target: Path) -> tuple[str, ...]:
    """Copy settings, subscription files and templates; return their paths in the home. Raises OSError."""
    found = [path for name in _FOLDERS for path in sorted((home.path / name).rglob("*"))]
    copied = []
    for path in (home.path / _SETTINGS, *found):
        relative = path.relative_to(home.path)
        if path.is_file() and not any(part.startswith(".") for part in relative.parts):
            private_folder((target / relative).parent)
            write_whole(target / relative, path.read_bytes(), private=True)
            copied.append(relative.as_posix())
    return tuple(copied)


def import_home(target: Path, source: Path, clock: datetime | None) -> Exchanged:
    """Fill an empty home with an export; all or nothing. An interrupted import is repeated by the same command.

    Raises UsageError, which names the file and the line of what is damaged, StoreError, LockedError.
    """
    from digest.system.locks import LEADER, hold

    manifest = _manifest(source)
    home, kept = _home_of(target, source, manifest)
    target.mkdir(parents=True, exist_ok=True)
    now = Clock.of(home, clock)
    with ExitStack() as held:
        held.enter_context(hold(home.path, command="digest import", timeout=0, file=LEADER))
        store = held.enter_context(locked_library(home, command="digest import", create=True))
        occupy(home, store, now.now)
        with store.begin() as tx:
            _need_empty(tx, home)
            rows = _take_tables(tx, source, manifest)
            tx.exchange.finish({each.name: each.last for each in manifest.tables if each.last})
            # A run of a home whose import ended from here on is refused, as its library is missing.
            mark_library(home, now.started)
            files = _place_files(home, source, manifest)
            tx.pending_files.mark("index", "")
    make_home_private(home, emails=False)
    return Exchanged(source, rows, files, kept)


def _manifest(source: Path) -> _Manifest:
    from digest.store.migrations import SCHEMA

    path = source / MANIFEST
    try:
        found = json.loads(path.read_bytes())
        tables = (
            _Table(each["name"], each["lines"], each["sha256"], each["last"]) for each in found["tables"]
        )
        manifest = _Manifest(
            str(found["program"]), int(found["schema"]), tuple(tables), tuple(map(str, found["files"]))
        )
    except FileNotFoundError as error:
        raise UsageError(
            f"{source}: is not a complete export (it has no {MANIFEST}); make one: digest export DIR"
        ) from error
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise UsageError(f"{path}: is damaged; copy the export again, or make a new one") from error
    schema, program = manifest.schema, manifest.program
    if schema != SCHEMA:
        remedy = (
            "update the program"
            if schema > SCHEMA
            else f"import it with version {program}, then run this program in that home"
        )
        raise UsageError(
            f"{source}: was exported by paper-digest {program} with schema {schema}, and this program has {SCHEMA}; "
            f"{remedy}"
        )
    return manifest


def _home_of(target: Path, source: Path, manifest: _Manifest) -> tuple[Home, tuple[str, ...]]:
    """Return the home as it will be, and its own settings if they stay. Raises UsageError for files in the way."""
    from digest.home.settings_file import load_settings

    kept: tuple[str, ...] = ()
    for name in manifest.files:
        path, new = target / name, source / FILES / name
        if ".." in Path(name).parts or Path(name).is_absolute() or not new.is_file():
            raise UsageError(f"{new}: is missing from the export; copy the export again, or make a new one")
        if path.exists() and path.read_bytes() != new.read_bytes():
            if name != _SETTINGS:
                raise UsageError(f"{path}: differs from the file of the export; move it away")
            if _says_something(path):
                kept = (name,)
    chosen = (target if kept or _SETTINGS not in manifest.files else source / FILES) / _SETTINGS
    return Home(target, load_settings(chosen) if chosen.exists() else Settings()), kept


def _says_something(settings: Path) -> bool:
    """Return whether a settings file has more than comments."""
    with suppress(ValueError):
        return bool(tomllib.loads(settings.read_text("utf-8")))
    return True


def _need_empty(tx: "Transaction", home: Home) -> None:
    filled = tx.exchange.filled()
    if filled:
        place = library_path(home) or "the database named in digest.toml"
        raise UsageError(
            f"the home is not empty: {place} has {filled.replace('_', ' ')}; import into a new home: digest init DIR"
        )


def _take_tables(tx: "Transaction", source: Path, manifest: _Manifest) -> dict[str, int]:
    """Store the lines of all files, none of which is missing or was changed. Raises UsageError."""
    from digest.store.exchange import DEPARTURES
    from digest.store.exported import EXPORTED

    stated = {each.name: each for each in manifest.tables}
    rows = {}
    for name in (*(part.name for part in EXPORTED), DEPARTURES):
        path, lines = source / f"{name}.jsonl", _Lines()
        if name not in stated:
            raise UsageError(f"{source / MANIFEST}: does not list {path.name}; make a new export")
        try:
            tx.exchange.take(name, lines.of(path))
        except OSError as error:
            raise UsageError(f"{path}: cannot be read ({error.strerror}); copy the export again") from error
        if lines.count != stated[name].lines:
            raise UsageError(
                f"{path}: has {lines.count} lines instead of {stated[name].lines}; nothing was imported; copy the "
                "export again"
            )
        if lines.digest.hexdigest() != stated[name].sha256:
            raise UsageError(
                f"{path}: was changed since it was exported (SHA-256 differs); nothing was imported; copy the export again"
            )
        rows[name] = lines.count
    return rows


class _Lines:
    """The lines of a file as they are read: how many, and their SHA-256."""

    def __init__(self) -> None:
        self.count, self.digest = 0, hashlib.sha256()

    def of(self, path: Path) -> Iterator[tuple[int, bytes]]:
        with path.open("rb") as file:
            for line in file:
                self.count += 1
                self.digest.update(line)
                yield self.count, line


def _place_files(home: Home, source: Path, manifest: _Manifest) -> tuple[str, ...]:
    """Write the files of the export that the home does not keep; return their paths. Raises StoreError."""
    for name in ("inbox", "output", *_FOLDERS):
        (home.path / name).mkdir(exist_ok=True)
    written = []
    for name in manifest.files:
        path = home.path / name
        if name == _SETTINGS and path.exists() and _says_something(path):
            continue
        if write_whole(path, (source / FILES / name).read_bytes()):
            written.append(name)
    return tuple(written)
