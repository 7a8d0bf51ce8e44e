"""Types of columns of the library database, and the collection of its tables."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Dialect, MetaData, String, Text, TypeDecorator
from sqlalchemy.types import TypeEngine

# PostgreSQL orders and compares by the rules of a language, unless a column asks for the order of bytes, as in SQLite
# and Python.
_BY_BYTES = "C"


class Moment(TypeDecorator[datetime]):
    """An aware datetime, stored as fixed-width ISO text in UTC, so that text order is time order."""

    impl = String(27)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(_by_bytes(String(27), dialect))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        del dialect
        return None if value is None else value.astimezone(UTC).isoformat(timespec="microseconds")[:26] + "Z"

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        del dialect
        return None if value is None else datetime.fromisoformat(value)


class Plain(TypeDecorator[str]):
    """A text; what UTF-8 cannot encode (as in a file name of other bytes) is stored as an escape.

    PostgreSQL stores no NUL, so that a replacement character stands for it everywhere.
    """

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(_by_bytes(Text(), dialect))

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        del dialect
        if value is None:
            return None
        return value.encode("utf-8", "backslashreplace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")


def _by_bytes(kind: String, dialect: Dialect) -> String:
    return type(kind)(kind.length, collation=_BY_BYTES) if dialect.name == "postgresql" else kind


def order_by_bytes() -> None:
    """Let all texts of the tables be ordered and compared by their bytes, on every database. Call it once, last."""
    for table in meta.tables.values():
        for column in table.columns:
            kind = column.type
            if isinstance(kind, String):
                column.type = kind.with_variant(type(kind)(kind.length, collation=_BY_BYTES), "postgresql")


meta = MetaData()
