"""Types of columns of the library database, and the collection of its tables."""

from datetime import UTC, datetime

from sqlalchemy import Dialect, MetaData, String, Text, TypeDecorator


class Moment(TypeDecorator[datetime]):
    """An aware datetime, stored as fixed-width ISO text in UTC, so that text order is time order."""

    impl = String(27)
    cache_ok = True

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

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        del dialect
        if value is None:
            return None
        return value.encode("utf-8", "backslashreplace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")


meta = MetaData()
