"""The tables of the library database, and how an older database becomes this one.

Times are stored as ISO 8601 text in UTC, dates as ISO text, values of several fields as JSON.
"""

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Connection,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    insert,
    inspect,
    select,
    update,
)

from digest.errors import StoreError


class Moment(TypeDecorator[datetime]):
    """An aware datetime, kept as fixed-width ISO text in UTC so that text order is time order."""

    impl = String(27)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        del dialect
        return None if value is None else value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        del dialect
        return (
            None if value is None else datetime.strptime(value, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
        )


class Plain(TypeDecorator[str]):
    """A text; what UTF-8 cannot hold (a file name of other bytes) is kept as an escape."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        del dialect
        return None if value is None else value.encode("utf-8", "backslashreplace").decode()


meta = MetaData()

schema_version = Table("schema_version", meta, Column("version", Integer, nullable=False))

runs = Table(
    "run",
    meta,
    Column("id", Integer, primary_key=True),
    Column("started", Moment, nullable=False),  # by the machine's clock
    Column("clock", Moment, nullable=False),  # what --now said, else the same
    Column("ended", Moment),
    Column("status", String(16), nullable=False),  # running, done, part, interrupted
    Column("report", Text),  # the run's report as JSON
    sqlite_autoincrement=True,
)

files = Table(
    "file",
    meta,
    Column("id", Integer, primary_key=True),
    Column("digest", String(64), nullable=False, unique=True),
    Column("path", Plain, nullable=False),
    Column("source", String(64), nullable=False),
    Column("captured", String(10), nullable=False),
    Column("captured_guessed", Boolean, nullable=False),
    Column("modified", Moment, nullable=False),
    Column("listed", Integer, nullable=False),
    Column("note", Text, nullable=False),
    Column("run", ForeignKey("run.id"), nullable=False),
)

rejects = Table(
    "reject",
    meta,
    Column("id", Integer, primary_key=True),
    Column("digest", String(64), unique=True),  # of the bytes; null if they could not be had
    Column("path", Plain, nullable=False),
    Column("reason", Plain, nullable=False),
    Column("remedy", Plain, nullable=False),
    Column("line", Integer),
    Column("reader", String(32), nullable=False),  # what rejected it (version, limit): another tries again
    Column("run", ForeignKey("run.id"), nullable=False),
)

papers = Table(
    "paper",
    meta,
    Column("number", Integer, primary_key=True),
    Column("uid", String(64), nullable=False, unique=True),
    Column("first_seen", Moment, nullable=False),
    Column("sources", Text, nullable=False),  # names, sorted, one blank between
    Column("record", LargeBinary, nullable=False),  # Listing as JSON: the merged word of all sources
    sqlite_autoincrement=True,
)

aliases = Table(
    "alias",
    meta,
    Column("key", Text, primary_key=True),
    Column("paper", ForeignKey("paper.number"), nullable=False, index=True),
    sqlite_with_rowid=False,
)

witnesses = Table(
    "witness",
    meta,
    Column("paper", ForeignKey("paper.number"), primary_key=True),
    Column("source", String(64), primary_key=True),
    Column("word", LargeBinary, nullable=False),  # Witness as JSON
)

listings = Table(
    "listing",
    meta,
    Column("file", ForeignKey("file.id"), primary_key=True),
    Column("rank", Integer, primary_key=True),
    Column("paper", ForeignKey("paper.number"), nullable=False, index=True),
    Column("comments", Integer),
    Column("upvotes", Integer),
    sqlite_with_rowid=False,
)

entries = Table(
    "entry",
    meta,
    Column("position", Integer, primary_key=True),
    Column("paper", ForeignKey("paper.number"), nullable=False, index=True),
    Column("kind", String(8), nullable=False),
    Column("what", Text, nullable=False),  # fields revised or learnt, separated by commas
    Column("at", Moment, nullable=False, index=True),
    Column("file", ForeignKey("file.id"), nullable=False),
    Column("run", ForeignKey("run.id"), nullable=False),
    CheckConstraint("kind in ('new', 'updated', 'learnt')"),
    sqlite_autoincrement=True,
)

cursors = Table(
    "cursor",
    meta,
    Column("subscription", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("position", Integer, nullable=False),  # issues: served up to here
    Column("since", Moment),  # when the cursor came to stand there; null: at the beginning of the log
    Column("feed_position", Integer, nullable=False),
    Column("last_slot", Moment),  # instant of the last slot used up
    Column("issues", Integer, nullable=False),
    Column("enrolled", Moment, nullable=False),
)

issues = Table(
    "issue",
    meta,
    Column("id", Integer, primary_key=True),
    Column("subscription", ForeignKey("cursor.subscription"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("slot", String(64)),
    Column("made", Moment, nullable=False),
    Column("name", Text, nullable=False),
    Column("day", String(10), nullable=False),
    Column("new_count", Integer, nullable=False),
    Column("updated_count", Integer, nullable=False),
    Column("first", Integer, nullable=False),  # the interval of the log, (first, last]
    Column("last", Integer, nullable=False),
    Column("formats", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),  # Issue as JSON
    Column("run", ForeignKey("run.id"), nullable=False),
    UniqueConstraint("subscription", "number"),
    UniqueConstraint("subscription", "slot"),
    sqlite_autoincrement=True,
)

served = Table(
    "served",
    meta,
    Column("subscription", ForeignKey("cursor.subscription"), primary_key=True),
    Column("paper", ForeignKey("paper.number"), primary_key=True),
    Column("issue", ForeignKey("issue.id"), nullable=False),
    sqlite_with_rowid=False,
)

feed_items = Table(
    "feed_item",
    meta,
    Column("subscription", ForeignKey("cursor.subscription"), primary_key=True),
    Column("paper", ForeignKey("paper.number"), primary_key=True),
    Column("run", ForeignKey("run.id"), nullable=False),
    Column("entered", Moment, nullable=False),
    Column("terms", Text, nullable=False),  # JSON list
    Index("feed_item_newest", "subscription", "run", "paper"),
    Index("feed_item_paper", "paper"),
    sqlite_with_rowid=False,
)

unwritten = Table(
    "unwritten",
    meta,
    Column("kind", String(8), primary_key=True),  # issue, feed, paper, index
    Column("key", String(64), primary_key=True),
)

verdicts = Table(
    "verdict",
    meta,
    Column("run", ForeignKey("run.id"), primary_key=True),
    Column("subscription", Plain, primary_key=True),  # also of a file whose name is no id
    Column("considered", Integer, nullable=False),
    Column("matched", Integer, nullable=False),
    Column("issue", Integer),  # its number, if one was made
    Column("reason", Plain),
    Column("error", Plain),
)


programs = Table(
    "program",
    meta,
    Column("id", Integer, primary_key=True),
    Column("queries", LargeBinary, nullable=False),  # fingerprints, 16 bytes each
    Column("body", LargeBinary, nullable=False),
)


def _keep_programs(connection: Connection) -> None:
    programs.create(connection)


feedback = Table(
    "feedback",
    meta,
    Column("subscription", String(64), primary_key=True),  # also before its first run: no cursor needed
    Column("paper", ForeignKey("paper.number"), primary_key=True),
    Column("verdict", String(8), nullable=False),
    Column("at", Moment, nullable=False),
    CheckConstraint("verdict in ('like', 'dislike')"),
    sqlite_with_rowid=False,
)

seeds = Table(
    "seed",
    meta,
    Column("id", Integer, primary_key=True),
    Column("subscription", String(64), nullable=False, index=True),
    Column("record", LargeBinary, nullable=False),  # Listing as JSON
    Column("at", Moment, nullable=False),
)


def _keep_feedback(connection: Connection) -> None:
    feedback.create(connection)
    seeds.create(connection)


# One step per schema version after the first, oldest first; never edited once released, only appended to.
MIGRATIONS: tuple[Callable[[Connection], None], ...] = (_keep_programs, _keep_feedback)


def migrate(connection: Connection) -> None:
    """Bring the database to this program's schema, in the caller's transaction.

    Raises StoreError if a newer program has written it.
    """
    current = 1 + len(MIGRATIONS)
    if not inspect(connection).has_table("schema_version"):
        meta.create_all(connection)
        connection.execute(insert(schema_version).values(version=current))
        return
    version = connection.execute(select(schema_version.c.version)).scalar_one()
    if version > current:
        raise StoreError(
            f"the library database has schema {version}, this program knows {current}: "
            "it was written by a newer paper-digest; update the program"
        )
    for step in MIGRATIONS[version - 1 :]:
        step(connection)
    if version < current:
        connection.execute(update(schema_version).values(version=current))
