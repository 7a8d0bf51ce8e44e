"""Changes of one subscription: its text, a pause, its end. It may have a file or be a row of the library."""

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from digest.errors import UsageError
from digest.home.subscription_files import check
from digest.home.subscription_tables import toml_text
from digest.home.toml import toml_value
from digest.model import Home, InvalidSubscription, Subscription, SubscriptionRow
from digest.services.workspace import locked_library, open_library

if TYPE_CHECKING:
    from digest.store.store import Transaction

_COMMAND = "digest serve (console)"  # what others are shown as the holder of the lock
_WAIT = 10.0  # seconds for a run that holds the lock
_TABLE = re.compile(r"^\s*\[", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Text:
    """The text of a subscription as its file has it, or would have it; `file` is its path, None for a row."""

    id: str
    text: str
    file: Path | None


def text_of(home: Home, name: str) -> Text:
    """Return the text of a subscription. Raises UsageError if it is unknown or cannot be read."""
    with open_library(home, create=False) as store, store.begin(write=False) as tx:
        return _text_of(home, tx, name)


def _text_of(home: Home, tx: "Transaction", name: str) -> Text:
    from digest.pipeline.cursors import current_rows, home_with_file, unknown

    row = tx.subscriptions.of([name]).get(name)
    path = home.subscriptions / f"{name}.toml"
    other = home_with_file(home, tx, row, datetime.now(UTC)) if row else None
    if other:
        raise UsageError(f"its file is in the home {other.path} on {other.host}; change it there")
    if (row is None or row.stamp) and Path(name).name == name and path.exists():
        try:
            return Text(name, path.read_text("utf-8"), path)
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{path}: cannot be read; edit the file by hand ({error})") from error
    if row is None or row.stamp:
        raise unknown(name, [each.value.id for each in current_rows(home, tx)])
    if not isinstance(row.value, Subscription):
        raise UsageError(str(row.value))
    return Text(name, toml_text(row.value), None)


def version(text: str) -> str:
    """Return what tells one text of a subscription from another."""
    return sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def change_subscription(home: Home, name: str, text: str, *, known: str | None = None) -> None:
    """Give a subscription another text, in its file or in the library.

    Raises UsageError, which lists the mistakes, or says that it no longer has the version `known`; then nothing changes.
    """
    from digest.pipeline.cursors import store_rows
    from digest.system.files import write_whole

    text = text.replace("\r\n", "\n")
    with (
        locked_library(home, command=_COMMAND, create=False, wait=_WAIT) as store,
        store.begin() as tx,
    ):
        before = _text_of(home, tx, name)
        if known is not None and known != version(before.text):
            raise UsageError("the subscription has changed meanwhile; look at it, then change it again")
        checked = check(name, text, shown=name, timezone="", language="")
        if isinstance(checked, InvalidSubscription):
            raise UsageError("\n".join(map(str, checked.problems)))
        if before.file is not None:
            write_whole(before.file, text.encode(), keep_mode=True)
        else:
            store_rows(home, tx, [SubscriptionRow(checked)], datetime.now(UTC))


def pause(home: Home, name: str, until: date | None) -> None:
    """Pause a subscription until a day, or end its pause. Raises UsageError."""
    change_subscription(home, name, with_value(text_of(home, name).text, "paused_until", until))


def enable(home: Home, name: str, *, enabled: bool) -> None:
    """Turn a subscription on or off. Raises UsageError."""
    change_subscription(
        home, name, with_value(text_of(home, name).text, "enabled", None if enabled else False)
    )


def delete(home: Home, name: str) -> None:
    """End a subscription: remove its file, or its row. Its issues stay. Raises UsageError if it is unknown."""
    from digest.services.subscription_exchange import remove_subscription

    found = text_of(home, name)
    if found.file is None:
        remove_subscription(home, name, wait=_WAIT)
        return
    with (
        locked_library(home, command=_COMMAND, create=False, wait=_WAIT),
        suppress(FileNotFoundError),
    ):
        found.file.unlink()


def with_value(text: str, key: str, value: object) -> str:
    """Return the text of a subscription file with another value of a key at its top, None for none.

    Comments and all other lines stay as they are.
    """
    table = _TABLE.search(text)
    top, rest = (text[: table.start()], text[table.start() :]) if table else (text, "")
    line = re.compile(rf"^[ \t]*{re.escape(key)}[ \t]*=.*(?:\n|\Z)", re.MULTILINE)
    bare = line.sub("", top)
    if value is None:
        return bare + rest
    added = f"{key} = {toml_value(value)}\n"
    return added + bare + rest
