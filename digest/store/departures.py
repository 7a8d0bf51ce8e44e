"""The file of departures: who gets no more mail, kept next to the library so that it outlives it.

A departure is appended and flushed to disk before anything else is done about it, then taken into the library. The
file names nobody: each line has a keyed hash of an address and a subscription; the key is in a file of its own.

    2026-11-28T13:05:11Z left <hash of address and subscription; of the address alone for all subscriptions>
    2026-11-28T13:07:40Z back <hash of the address>    everything before concerning this address is void

A line that a crash has torn is ignored, and what follows it is not.
"""

import os
import re
import secrets
import threading
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Literal

from digest.errors import StoreError
from digest.signing import departure_code
from digest.system.files import PRIVATE_FILE, private_folder, sync_folder

STATE = "state"  # the folder of a home for them
FILE, KEY_FILE = "suppressions", "suppressions.key"
_LINE = re.compile(rb"(\S+) (left|back) ([a-z2-7]{24})")
_KEY_BYTES = 32
ALL, BACK = "", "*"  # in place of a subscription

Pair = tuple[str, str]  # an address in lower case, and a subscription


@dataclass(frozen=True, slots=True)
class Noted:
    """A line of the file."""

    at: datetime
    word: Literal["left", "back"]
    code: str


def new_key() -> bytes:
    """Return a new key for the hashes."""
    return secrets.token_bytes(_KEY_BYTES)


class Departures:
    """The departures of a home. One object per process and file; it may be used by several threads."""

    def __init__(self, folder: Path, *, rehearsal: bool = False) -> None:
        """With `rehearsal`, nothing is written."""
        self._folder, self._rehearsal = folder, rehearsal
        self._file, self._key_file = folder / FILE, folder / KEY_FILE
        self._lock = threading.Lock()
        self._key = b""
        self._forget()

    def rehearsed(self) -> "Departures":
        """Return the same departures for a rehearsal."""
        return Departures(self._folder, rehearsal=True)

    def key(self) -> bytes | None:
        """Return the key of the hashes; None before the first departure. Raises StoreError if it was lost."""
        if not self._key:
            try:
                self._key = bytes.fromhex(self._key_file.read_text("ascii").strip())
            except (FileNotFoundError, NotADirectoryError):
                return None
            except (OSError, ValueError) as error:
                raise self._damaged_key(str(error)) from error
        return self._key

    def need_key(self, known: bytes | None = None) -> bytes:
        """Return the key; without one, `known` or a new one becomes the key. Raises StoreError."""
        if found := self.key():
            return found
        if known is None and self._size():
            raise self._damaged_key("it is missing")
        key = known or new_key()
        if self._rehearsal:
            return key
        draft = self._key_file.with_name(f".{KEY_FILE}.{secrets.token_hex(4)}.part")
        try:
            private_folder(self._folder)
            self._append(draft, key.hex().encode() + b"\n")
            with suppress(FileExistsError):  # another process was faster: its key counts
                os.link(draft, self._key_file)
            draft.unlink()
            sync_folder(self._folder)
        except OSError as error:
            raise _unwritable(self._key_file, error) from error
        return self.need_key()

    def any(self) -> bool:
        """Return whether the file has any lines. Raises StoreError."""
        with self._lock:
            self._refresh()
            return bool(self._lines)

    def left(self, pairs: Collection[Pair]) -> set[Pair]:
        """Return those addresses and subscriptions that get no more mail. Raises StoreError."""
        if not self.any():
            return set()
        key = self.key()
        if key is None:
            raise self._damaged_key("it is missing")
        with self._lock:
            return {pair for pair in pairs if self._has_left(key, *pair)}

    def _has_left(self, key: bytes, address: str, subscription: str) -> bool:
        left = max(self._lines.get(departure_code(key, address, each), 0) for each in (subscription, ALL))
        return left > 0 and left > self._lines.get(departure_code(key, address, BACK), 0)

    def add(self, pairs: Collection[Pair], at: datetime) -> None:
        """Note addresses that get no more mail of a subscription ("" for all); they are on disk afterwards.

        Raises StoreError.
        """
        known = self.left(pairs)
        if new := [pair for pair in pairs if pair not in known]:
            key = self.need_key()
            self.note([departure_code(key, *pair) for pair in new], at)

    def add_code(self, code: str, at: datetime) -> None:
        """Note a departure by its code; it is on disk afterwards. Raises StoreError."""
        if not self.has_code(code):
            self.note([code], at)

    def has_code(self, code: str) -> bool:
        """Return whether a departure was noted since the last line that allows any mail again."""
        with self._lock:
            self._refresh()
            return self._lines.get(code, 0) > self._last_back

    def allow(self, address: str, at: datetime) -> None:
        """Note that an address may get mail again. Raises StoreError."""
        if self.any():
            self.note([departure_code(self.need_key(), address, BACK)], at, "back")

    def note(self, codes: Iterable[str], at: datetime, word: str = "left") -> None:
        """Append lines with these codes and flush them to disk. Raises StoreError."""
        moment = at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        data = "".join(f"{moment} {word} {code}\n" for code in codes).encode()
        if self._rehearsal or not data:
            return
        try:
            private_folder(self._folder)
            new = not self._file.exists()
            with self._lock:
                self._append(self._file, (b"" if self._whole() else b"\n") + data)
            if new:
                sync_folder(self._folder)
        except OSError as error:
            raise _unwritable(self._file, error) from error

    def notes(self) -> Iterator[Noted]:
        """Yield the whole lines of the file, in its order. Raises StoreError."""
        try:
            with self._file.open("rb") as file:
                for line in file:
                    if named := _LINE.fullmatch(line.rstrip(b"\r\n")):
                        at, word, code = (part.decode("ascii") for part in named.groups())
                        yield Noted(datetime.fromisoformat(at), "back" if word == "back" else "left", code)
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as error:
            raise _unreadable(self._file, error) from error

    def begin_with(self, notes: Sequence[Noted], key: bytes) -> None:
        """Write a key and lines, in their order, where there are none, or only the first of these.

        Raises StoreError.
        """
        known = list(self.notes())
        if known != list(notes[: len(known)]) or self.need_key(key) != key:
            raise StoreError(f"{self._file}: has the departures of another home; move it and its key away")
        for (at, word), group in groupby(notes[len(known) :], lambda each: (each.at, each.word)):
            self.note([each.code for each in group], at, word)

    def _append(self, path: Path, data: bytes) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        descriptor = os.open(path, flags, PRIVATE_FILE)
        try:
            while data:
                data = data[os.write(descriptor, data) :]
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _whole(self) -> bool:
        """Return whether the last line of the file has its end."""
        try:
            with self._file.open("rb") as handle:
                if handle.seek(0, os.SEEK_END) == 0:
                    return True
                handle.seek(-1, os.SEEK_END)
                return handle.read(1) == b"\n"
        except FileNotFoundError:
            return True

    def _size(self) -> int:
        try:
            return self._file.stat().st_size
        except OSError:
            return 0

    def _forget(self) -> None:
        self._lines: dict[str, int] = {}  # codes, with the number of their last line
        self._count = self._last_back = self._read_up_to = self._inode = 0

    def _refresh(self) -> None:
        """Read what was appended since the last time, also by other processes. Raises StoreError."""
        try:
            found = self._file.stat()
        except (FileNotFoundError, NotADirectoryError):
            self._forget()
            return
        except OSError as error:
            raise _unreadable(self._file, error) from error
        if found.st_ino != self._inode or found.st_size < self._read_up_to:
            self._forget()
            self._inode = found.st_ino
        if found.st_size == self._read_up_to:
            return
        try:
            with self._file.open("rb") as handle:
                handle.seek(self._read_up_to)
                data = handle.read()
        except OSError as error:
            raise _unreadable(self._file, error) from error
        end = data.rfind(b"\n") + 1
        for line in data.split(b"\n"):  # the last one may be torn, or still be written: it is read again
            if named := _LINE.fullmatch(line.rstrip(b"\r")):
                self._count += 1
                self._lines[named[3].decode("ascii")] = self._count
                if named[2] == b"back":
                    self._last_back = self._count
        self._read_up_to += end

    def _damaged_key(self, reason: str) -> StoreError:
        return StoreError(
            f"{self._key_file}: cannot be read ({reason}), so it is unknown who has left; restore the file from a "
            f"backup, or, without a backup, move {self._file} away"
        )


def _unreadable(path: Path, error: OSError) -> StoreError:
    return StoreError(
        f"{path}: cannot be read ({error.strerror}); make it readable for the user who runs digest"
    )


def _unwritable(path: Path, error: OSError) -> StoreError:
    return StoreError(f"{path}: cannot be written ({error.strerror}); check the disk and the permissions")
