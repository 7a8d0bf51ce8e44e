"""Export and import of a whole library, row by row: any database that the store supports, in constant memory."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, func, inspect, select, text, update
from sqlalchemy.exc import DBAPIError

from digest.errors import UsageError
from digest.signing import departure_code
from digest.store.codec import decode
from digest.store.departed import HASHED, KEY
from digest.store.departures import ALL, BACK, Departures, Noted
from digest.store.exported import EXPORTED, NULL, Exported
from digest.store.migrations import SCHEMA, UNFINISHED
from digest.store.schema import cursors, outbox, schema_version, secrets, suppressions
from digest.store.sql import insert_all_missing, insert_missing, insert_rows

DEPARTURES = "departures"  # the file of departures, beside the tables
_FILE_KEY = "departures.key"  # in an export: the key of the file of departures
_BATCH = 5000
_COPYING = "copying"  # the row of table `secret` of an unfinished copy: what it is a copy of
_CODE = re.compile("[a-z2-7]{24}")

Line = tuple[int, bytes]  # a line of a file with its number
_Row = tuple[int, dict[str, Any]]  # the columns of a line, with its number


class Exchange:
    """The rows of a library as lines of JSON, without line ends, and back."""

    def __init__(self, connection: Connection, departures: Departures | None) -> None:
        """`departures` is the file of departures, None for a library whose table has them."""
        self._db, self._departures = connection, departures
        self._noted: list[Noted] = []  # of an import
        self._key: bytes | None = None

    def filled(self) -> str | None:
        """Return the name of a table that has rows, None if the library is empty."""
        for part in EXPORTED:
            if self._db.execute(select(part.table).limit(1)).first() is not None:
                return part.name
        return None

    def export(self) -> Iterator[tuple[str, int | None, Iterator[bytes]]]:
        """Yield each file of an export: its name, the last key that its table gave out, and its lines."""
        last = self._last_keys()
        for part in EXPORTED:
            lines = self._lines(part)
            if part.table is secrets and self._departures and (key := self._departures.key()):
                lines = _with_key(lines, key)
            yield part.name, last.get(part.table.name), lines
        noted = self._departures.notes() if self._departures else ()
        yield DEPARTURES, None, map(msgspec.json.encode, noted)

    def _lines(self, part: Exported) -> Iterator[bytes]:
        chosen = select(part.table).order_by(*part.table.primary_key.columns)
        names, line, encoder = (
            [str(column.name) for column in part.table.columns],
            part.line,
            msgspec.json.Encoder(),
        )
        json = [names.index(name) for name in part.json]
        for found in self._db.execute(chosen.execution_options(yield_per=_BATCH)):
            values: list[Any] = list(found)
            for place in json:
                values[place] = _raw(values[place])
            yield encoder.encode(line(**dict(zip(names, values, strict=True))))

    def count(self, name: str) -> int:
        """Return the number of rows of a table, by the name of its file."""
        part = next(each for each in EXPORTED if each.name == name)
        return int(self._db.scalar(select(func.count()).select_from(part.table)) or 0)

    def size(self) -> int:
        """Return the number of rows of all tables."""
        return sum(self.count(part.name) for part in EXPORTED)

    def stop_writers(self) -> None:
        """Let nobody change the library before the end of this transaction, deliveries included."""
        if self._db.dialect.name == "postgresql":  # SQLite has one writer, and this is it
            self._db.exec_driver_sql("LOCK TABLE outbox, delivery, suppression IN SHARE MODE")

    def begin_copy(self, origin: str) -> bool:
        """Mark the library as a copy that is not finished; return whether it was one already, of the same origin.

        Nobody else can open it until `end_copy`. Raises UsageError if it is not empty.
        """
        version, mark = self._db.scalar(select(schema_version.c.version)), f"{SCHEMA} {origin}".encode()
        if version == UNFINISHED:
            begun = bytes(
                self._db.scalar(select(secrets.c.value).where(secrets.c.name == _COPYING)) or b"? ?"
            )
            if begun != mark:
                old = begun.decode().partition(" ")[2]
                raise UsageError(
                    f"the target has an unfinished copy of {old}, by this or another version of the program; "
                    "finish that one, or empty the target"
                )
            return True
        if filled := self.filled():
            raise UsageError(f"the target is not empty: it has {filled.replace('_', ' ')}; name an empty one")
        self._db.execute(update(schema_version).values(version=UNFINISHED))
        insert_missing(self._db, secrets, {"name": _COPYING, "value": mark})
        return False

    def end_copy(self) -> None:
        """Take away the mark of `begin_copy`."""
        self._db.execute(delete(secrets).where(secrets.c.name == _COPYING))
        self._db.execute(update(schema_version).values(version=SCHEMA))

    def take(self, name: str, lines: Iterable[Line]) -> None:
        """Store the lines of a file of an export; `finish` stores what is left.

        Raises UsageError, which names the file and the line, where one is damaged.
        """
        if name == DEPARTURES:
            self._noted += (_noted(line) for line in lines)
            return
        part = next(each for each in EXPORTED if each.name == name)
        rows = (row for line in lines if (row := self._row(part, line)))
        while batch := list(islice(rows, _BATCH)):
            self._insert(part, batch)

    def _row(self, part: Exported, line: Line) -> _Row | None:
        """Return the columns of a line; None if the home keeps elsewhere what it says."""
        found = _read(part.name, part.line, line)
        values = {str(column.name): getattr(found, column.name) for column in part.table.columns}
        for name, kind in part.json.items():
            values[name] = _checked(part, name, kind, bytes(values[name]), line[0])
        if part.table is secrets and values["name"] == _FILE_KEY:
            self._key = values["value"]
            return None
        if part.table is suppressions and self._departures and values["address"].startswith(HASHED):
            self._noted.append(Noted(values["at"], "left", values["address"].removeprefix(HASHED)))
            return None
        return line[0], values

    def _insert(self, part: Exported, rows: Sequence[_Row]) -> None:
        """Insert rows; where the database refuses them, name the first that it refuses."""
        if self._refusal(part, rows) is None:
            return
        for row in rows:
            if reason := self._refusal(part, [row]):
                raise damaged(part.name, row[0], f"the database refuses it: {reason}")

    def _refusal(self, part: Exported, rows: Sequence[_Row]) -> str | None:
        try:
            with self._db.begin_nested():
                insert_rows(self._db, part.table, [values for _, values in rows])
        except (DBAPIError, OverflowError) as error:
            return str(error.orig if isinstance(error, DBAPIError) else error).splitlines()[0]
        return None

    def finish(self, last: dict[str, int]) -> None:
        """Store departures, and continue keys after the last one of each file. Call it last, before the commit.

        Raises StoreError.
        """
        key = self._key or self._db.scalar(select(secrets.c.value).where(secrets.c.name == KEY))
        if self._departures is None:
            self._note_in_table(key)
        elif key:
            self._departures.begin_with(self._noted, bytes(key))
        tables = {part.name: part.table.name for part in EXPORTED}
        self._set_last_keys({tables[name]: number for name, number in last.items() if name in tables})

    def _note_in_table(self, key: bytes | None) -> None:
        """Store the lines of a file of departures as rows without an address."""
        if key:
            insert_missing(self._db, secrets, {"name": KEY, "value": key})
        left = {each.code: each.at for each in self._noted if each.word == "left"}
        if back := {each.code for each in self._noted if each.word == "back"}:
            for code in self._void(bytes(key or b""), back):
                left.pop(code, None)
        reason = "left earlier, by the file of departures"
        rows = [
            {"address": HASHED + code, "subscription": ALL, "reason": reason, "at": at}
            for code, at in left.items()
        ]
        insert_all_missing(self._db, suppressions, rows)

    def _void(self, key: bytes, back: set[str]) -> Iterator[str]:
        """Yield the codes of those who left and are back, as far as their addresses are known."""
        lines = {each.code: place for place, each in enumerate(self._noted) if each.word == "left"}
        again = {each.code: place for place, each in enumerate(self._noted) if each.word == "back"}
        names = [*self._db.scalars(select(cursors.c.subscription)), ALL]
        for address in self._db.scalars(select(outbox.c.address).distinct()):
            if (returned := departure_code(key, address, BACK)) in back:
                codes = (departure_code(key, address, name) for name in names)
                yield from (code for code in codes if lines.get(code, -1) < again[returned])

    def _last_keys(self) -> dict[str, int]:
        """Return the last key that each table gave to a row, also to one that is gone."""
        if self._db.dialect.name == "sqlite":
            if not inspect(self._db).has_table("sqlite_sequence"):
                return {}
            return {row[0]: row[1] for row in self._db.execute(text("SELECT name, seq FROM sqlite_sequence"))}
        return {
            table: int(value)
            for table, sequence in self._sequences()
            if (value := self._db.scalar(_LAST_VALUE, {"name": sequence})) is not None
        }

    def _set_last_keys(self, last: dict[str, int]) -> None:
        if self._db.dialect.name == "sqlite":
            for table, number in last.items():
                values = {"name": table, "number": number}
                if not self._db.execute(_RAISE, values).rowcount:
                    self._db.execute(_BEGIN, values)
            return
        for table, sequence in self._sequences():
            column = _key_column(table)
            number = max(last.get(table, 0), self._db.scalar(select(func.max(column))) or 0)
            if number:
                self._db.execute(select(func.setval(sequence, number)))

    def _sequences(self) -> Iterator[tuple[str, str]]:
        """Yield the tables whose keys the database makes, with the sequences of PostgreSQL."""
        for part in EXPORTED:
            column = part.table.autoincrement_column
            if column is not None and not column.foreign_keys:
                found = func.pg_get_serial_sequence(f'"{part.table.name}"', column.name)
                if sequence := self._db.scalar(select(found)):
                    yield part.table.name, sequence


_RAISE = text("UPDATE sqlite_sequence SET seq = max(seq, :number) WHERE name = :name")
_BEGIN = text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :number)")
_LAST_VALUE = text(
    "SELECT last_value FROM pg_sequences WHERE (quote_ident(schemaname) || '.' || quote_ident(sequencename)) = :name"
)


def _key_column(table: str) -> Any:
    return next(part.table.autoincrement_column for part in EXPORTED if part.table.name == table)


def _with_key(lines: Iterator[bytes], key: bytes) -> Iterator[bytes]:
    yield from lines
    yield msgspec.json.encode({"name": _FILE_KEY, "value": key})


def _raw(stored: str | bytes | None) -> msgspec.Raw:
    """Return JSON as part of a line. Between its values there may be line ends, within them never."""
    if stored is None:
        return NULL
    data = stored.encode() if isinstance(stored, str) else bytes(stored)
    return msgspec.Raw(data.replace(b"\n", b" "))


def _checked(part: Exported, name: str, kind: Any, data: bytes, number: int) -> str | bytes | None:
    """Return a column that holds JSON as it is stored. Raises UsageError if it is not of its kind."""
    if part.table.columns[name].nullable and data == bytes(NULL):
        return None
    try:
        decode(kind, data)
        return data if part.is_binary(name) else data.decode()
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise damaged(part.name, number, f"{name}: {error}") from error


def _read(name: str, kind: type[Any], line: Line) -> Any:
    try:
        return decode(kind, line[1])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise damaged(name, line[0], str(error)) from error


def _noted(line: Line) -> Noted:
    found: Noted = _read(DEPARTURES, Noted, line)
    if not _CODE.fullmatch(found.code) or found.at.tzinfo is None:
        raise damaged(DEPARTURES, line[0], "it is not a departure")
    return found


def damaged(name: str, number: int, reason: str) -> UsageError:
    """Return the error for a damaged line of a file of an export."""
    return UsageError(
        f"{name}.jsonl, line {number}: {reason}; nothing was imported; copy the export again, or make a new one"
    )
