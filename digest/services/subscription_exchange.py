"""Import and export of many subscriptions, and removal of those without a file."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from digest.errors import Problem, StoreError, UsageError
from digest.home.subscription_files import file_states, printable
from digest.home.subscription_tables import READERS, Row, csv_lines, json_lines, toml_text
from digest.model import Home, InvalidSubscription, Subscription, SubscriptionRow
from digest.services.workspace import locked_library, open_library

if TYPE_CHECKING:
    from digest.store.store import Transaction

FORMATS = tuple(READERS)
_LINES = {"csv": csv_lines, "jsonl": json_lines}
_SHOWN = 50  # mistakes in a message
_BATCH = 2_000


@dataclass(slots=True)
class Imported:
    """How many subscriptions an import added, changed, and found as they are."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0


@dataclass(slots=True)
class _Mistakes:
    """The first mistakes of an import, and how many there are."""

    shown: list[str] = field(default_factory=list)
    count: int = 0

    def add(self, *problems: object) -> None:
        self.count += len(problems)
        self.shown += map(str, problems[: _SHOWN - len(self.shown)])

    def raise_any(self) -> None:
        if self.count:
            more = [f"and {self.count - len(self.shown)} more"] if self.count > len(self.shown) else []
            raise UsageError("\n".join([*self.shown, *more, "no subscription was imported"]))


def format_of(path: Path, stated: str | None) -> str:
    """Return the format of a file or folder of subscriptions. Raises UsageError if it is not clear."""
    if stated:
        return stated
    if path.is_dir() or not path.suffix:
        return "toml"
    found = {".csv": "csv", ".tsv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}.get(path.suffix.lower())
    if found is None:
        raise UsageError(f"{path}: the format is not clear; use --format {', '.join(FORMATS)}")
    return found


def import_subscriptions(home: Home, path: Path, stated: str | None = None) -> Imported:
    """Store all subscriptions of a file or folder as rows without a file, in place of those with the same ids.

    Raises UsageError, which lists the mistakes, StoreError, LockedError; then nothing is stored.
    """
    from digest.pipeline.outputs import write_concealed

    if not path.exists():
        raise UsageError(f"{path}: the file or folder does not exist; check its name")
    form = format_of(path, stated)
    if path.is_dir() != (form == "toml"):
        raise UsageError(f"{path}: {form} is {'a folder' if form == 'toml' else 'one file'}; check --format")
    files = frozenset(map(printable, file_states(home.subscriptions) or ()))
    with locked_library(home, command="digest subscriptions import", create=True) as store:
        try:
            with store.begin() as tx:
                done = _store_all(home, tx, READERS[form](path), files)
        except OSError as error:
            raise UsageError(f"{path}: cannot be read ({error.strerror}); check its permissions") from error
        write_concealed(home, store)  # what fails stays marked; the next run reports it
        return done


def _store_all(home: Home, tx: "Transaction", found: Iterator[Row], files: frozenset[str]) -> Imported:
    """Store subscriptions in batches; raise UsageError after all of them were checked if there is a mistake."""
    from digest.pipeline.cursors import store_rows

    now, seen, mistakes, done = datetime.now(UTC), set[str](), _Mistakes(), Imported()
    while some := list(islice(found, _BATCH)):
        rows = []
        for where, each in some:
            if isinstance(each, InvalidSubscription):
                mistakes.add(*each.problems)
            elif each.id in seen:
                mistakes.add(
                    Problem(where, "id", f"{each.id!r} is in an earlier row, too", "choose another id")
                )
            elif each.id in files:
                file = f"{home.subscriptions.name}/{each.id}.toml"
                mistakes.add(
                    Problem(
                        where, "id", f"{file} has the id {each.id!r}", "edit that file, or choose another id"
                    )
                )
            else:
                seen.add(each.id)
                rows.append(SubscriptionRow(each))
        if mistakes.count:
            continue
        ever = tx.subscriptions.ever_among(each.value.id for each in rows)
        known = tx.subscriptions.of(ever)
        new = [each for each in rows if known.get(each.value.id) != each]
        store_rows(home, tx, new, now, ever)
        changed = sum(each.value.id in known for each in new)
        done.added += len(new) - changed
        done.changed += changed
        done.unchanged += len(rows) - len(new)
    mistakes.raise_any()
    return done


def exported(home: Home, form: str) -> Iterator[str]:
    """Yield the lines of all valid subscriptions in a format. Raises UsageError, StoreError."""
    if form == "toml":
        raise UsageError("toml is a folder; name one: digest subscriptions export --format toml PATH")
    with open_library(home, create=False) as store, store.begin(write=False) as tx:
        yield from _LINES[form](_valid(home, tx))


def export_file(home: Home, path: Path, form: str) -> int:
    """Write all valid subscriptions into a file; return how many. Raises StoreError."""
    from digest.system.files import write_whole

    with open_library(home, create=False) as store, store.begin(write=False) as tx:
        found = list(_valid(home, tx))
    write_whole(path, "".join(_LINES[form](iter(found))).encode("utf-8", "replace"), private=True)
    return len(found)


def export_folder(home: Home, folder: Path, _form: str = "toml") -> int:
    """Write a file for each valid subscription into a folder that is new or empty; return how many.

    Raises UsageError, StoreError.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder}: is not an empty folder; choose another one")
    count = 0
    with open_library(home, create=False) as store, store.begin(write=False) as tx:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for count, each in enumerate(_valid(home, tx), 1):  # noqa: B007 - counts
                (folder / f"{each.id}.toml").write_bytes(toml_text(each).encode("utf-8", "replace"))
        except OSError as error:
            raise StoreError(
                f"{folder}: cannot be written ({error.strerror}); check its permissions"
            ) from error
    return count


def _valid(home: Home, tx: "Transaction") -> Iterator[Subscription]:
    from digest.pipeline.cursors import current_rows

    return (each.value for each in current_rows(home, tx) if isinstance(each.value, Subscription))


def remove_subscription(home: Home, name: str, *, wait: float = 60.0) -> None:
    """End a subscription without a file; wait so many seconds for a run.

    Raises UsageError if it has a file or is unknown, StoreError, LockedError.
    """
    from digest.home.identity import known_id
    from digest.pipeline.cursors import current_rows, home_with_file, unknown

    with (
        locked_library(home, command="digest subscriptions remove", create=False, wait=wait) as store,
        store.begin() as tx,
    ):
        row = tx.subscriptions.of([name]).get(name)
        path = home.subscriptions / f"{name}.toml"
        other = home_with_file(home, tx, row, datetime.now(UTC)) if row else None
        if other:
            raise UsageError(
                f"the subscription {name!r} has a file in the home {other.path} on {other.host}; remove it there"
            )
        here = row is not None and row.owner in {None, known_id(home.path)}
        if (row and row.stamp and here) or (Path(name).name == name and path.exists()):
            raise UsageError(f"the subscription {name!r} has a file; remove {path}")
        if row is None:
            raise unknown(name, [each.value.id for each in current_rows(home, tx)])
        tx.subscriptions.remove([name])
        tx.accounts.disown(name)
