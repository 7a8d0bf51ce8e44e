"""The tables of the library database; `digest.store.migrations` has the steps from older databases.

Times are stored as ISO 8601 text in UTC, dates as ISO text, values of several fields as JSON.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from digest.store import web_schema  # noqa: F401 - its tables belong to the same collection
from digest.store.columns import Moment, Plain, meta, order_by_bytes

schema_version = Table("schema_version", meta, Column("version", Integer, nullable=False))

runs = Table(
    "run",
    meta,
    Column("id", Integer, primary_key=True),
    Column("started", Moment, nullable=False),  # real time
    Column("clock", Moment, nullable=False),  # --now, else the same
    Column("ended", Moment),
    Column("status", String(16), nullable=False),  # running, done, part, interrupted
    Column("report", Text),  # the run's report as JSON, without its subscriptions
    Column("only", Plain),  # the only subscription that the run was for; null: all
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
    Column("note", Plain, nullable=False),
    Column("run", ForeignKey("run.id"), nullable=False),
    Column("newest", String(10)),  # date of publication of its newest listing
)

rejects = Table(
    "reject",
    meta,
    Column("id", Integer, primary_key=True),
    Column("digest", String(64), unique=True),  # of the bytes; null if they could not be read
    Column("path", Plain, nullable=False),
    Column("reason", Plain, nullable=False),
    Column("remedy", Plain, nullable=False),
    Column("line", Integer),
    Column(
        "reader", String(32), nullable=False
    ),  # version and limits that rejected it; another reader tries again
    Column("run", ForeignKey("run.id"), nullable=False),
)

papers = Table(
    "paper",
    meta,
    Column("number", Integer, primary_key=True),
    Column("uid", String(64), nullable=False, unique=True),
    Column("first_seen", Moment, nullable=False),
    Column("sources", Text, nullable=False),  # names, sorted, one blank between
    Column("record", LargeBinary, nullable=False),  # Listing as JSON, merged from all sources
    sqlite_autoincrement=True,
)

# Papers that are parts of others: each keeps its number, its source records and its keys, so that it can be split
# again. `parent` is the paper that it was joined to, `root` the paper that it is part of now.
absorbed = Table(
    "absorbed",
    meta,
    Column("paper", ForeignKey("paper.number"), primary_key=True),
    Column("parent", ForeignKey("paper.number"), nullable=False),
    Column("root", ForeignKey("paper.number"), nullable=False, index=True),
)

# Papers that a person has split; the lower number first.
apart = Table(
    "apart",
    meta,
    Column("one", ForeignKey("paper.number"), primary_key=True),
    Column("other", ForeignKey("paper.number"), primary_key=True, index=True),
    sqlite_with_rowid=False,
)

# Decisions that joined or split papers, with rule and evidence.
decisions = Table(
    "decision",
    meta,
    Column("id", Integer, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("kind", String(8), nullable=False),  # joined (a new listing), merged (two known papers), split
    Column("paper", ForeignKey("paper.number"), nullable=False),
    Column("part", ForeignKey("paper.number"), nullable=False, index=True),
    Column("rule", Text, nullable=False),
    Column("evidence", Plain, nullable=False),
    sqlite_autoincrement=True,
)

# Several papers may have the same title, and the chapters of a book its DOI, but no other id.
aliases = Table(
    "alias",
    meta,
    Column("key", Text, primary_key=True),
    Column("paper", ForeignKey("paper.number"), primary_key=True, index=True),
    sqlite_with_rowid=False,
)

# Hashes that similar titles have in common, and a sketch with two bits for each word of the title.
traces = Table(
    "trace",
    meta,
    Column("hash", BigInteger, primary_key=True),
    Column("paper", ForeignKey("paper.number"), primary_key=True),
    Column("sketch", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

witnesses = Table(
    "witness",
    meta,
    Column("paper", ForeignKey("paper.number"), primary_key=True),
    Column("source", String(64), primary_key=True),
    Column("word", LargeBinary, nullable=False),  # SourceRecord as JSON
)

listings = Table(
    "listing",
    meta,
    Column("file", ForeignKey("file.id"), primary_key=True),
    Column("rank", Integer, primary_key=True),
    Column("paper", ForeignKey("paper.number"), nullable=False, index=True),
    Column("comments", Integer),
    Column("upvotes", Integer),
    Column("rule", Text),  # the rule that identified its paper, and the evidence
    Column("evidence", Plain),
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
    Column("name", Plain, nullable=False),
    Column("position", Integer, nullable=False),  # of issues
    Column("since", Moment),  # when it reached `position`; null: at the beginning of the log
    Column("feed_position", Integer, nullable=False),
    Column("last_slot", Moment),  # time of the last slot used up
    Column("issues", Integer, nullable=False),
    Column("enrolled", Moment, nullable=False),
    Column("visibility", String(8), nullable=False, server_default="public"),
    Index("cursor_last_slot", "last_slot"),
)

# Subscriptions: what the files in subscriptions/ say, and those that have no file.
subscriptions = Table(
    "subscription",
    meta,
    Column("id", Plain, primary_key=True),  # also of a file whose name is not a valid id
    Column("settings", LargeBinary),  # Subscription as JSON; null if its file is invalid
    Column("problems", LargeBinary),  # of an invalid file: list of Problem as JSON
    Column("state", Text),  # of its file: changes when the file may have changed; null: it has no file
    Column("digest", Text),  # SHA-256 of its file
    Column("since", Moment, nullable=False),  # the clock when it became known, or became known again
    # The time before which no run needs to serve it; null: never. `UNSEEN` if no run has seen it yet.
    Column("next_due", Moment, index=True),
    Column("mailed", Boolean, nullable=False, server_default=text("false")),  # it has an address
    Column(
        "home", String(64)
    ),  # the home that has its file, on a server; null: the only one, or it has no file
)

# What the rows of `subscription` depend on besides the files: one row.
subscriptions_read = Table(
    "subscription_reader",
    meta,
    Column("id", Integer, primary_key=True),  # always 1
    Column("version", Text, nullable=False),  # of the program that checked the files
    Column("zones", Text, nullable=False),  # the default time zone and the version of the time zone rules
)

issues = Table(
    "issue",
    meta,
    Column("id", Integer, primary_key=True),
    Column("subscription", ForeignKey("cursor.subscription"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("slot", String(64)),
    Column("made", Moment, nullable=False),
    Column("name", Plain, nullable=False),
    Column("day", String(10), nullable=False),
    Column("new_count", Integer, nullable=False),
    Column("updated_count", Integer, nullable=False),
    Column("first", Integer, nullable=False),  # the interval of the log, (first, last]
    Column("last", Integer, nullable=False),
    Column("formats", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),  # JSON without papers, see `digest.store.issue_content`
    Column("run", ForeignKey("run.id"), nullable=False),
    Column("revisions", Text, nullable=False, server_default=""),  # of its papers, with blanks between
    Column(
        "pruned", Boolean, nullable=False, server_default=text("false")
    ),  # its files were removed: too old
    UniqueConstraint("subscription", "number"),
    UniqueConstraint("subscription", "slot"),
    sqlite_autoincrement=True,
)

# Papers as issues show them. Rows are never changed or deleted: issues refer to them by `id`.
revisions = Table(
    "revision",
    meta,
    Column("id", Integer, primary_key=True),
    Column("digest", String(64), nullable=False, unique=True),  # SHA-256 of `body`
    Column("paper", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),  # Paper as JSON
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
    # Its rank among those of its run, from 1; 0 for items older than that.
    Column("place", Integer, nullable=False, server_default=text("0")),
    Column(
        "about", Text, nullable=False, server_default="[]"
    ),  # names of its theme or its interests, JSON list
    Index("feed_item_newest", "subscription", "run", "paper"),
    Index("feed_item_paper", "paper"),
    sqlite_with_rowid=False,
)

unwritten = Table(
    "unwritten",
    meta,
    Column("kind", String(8), primary_key=True),  # issue, feed, history, paper, index
    Column("key", String(64), primary_key=True),
)

# One row with the settings that files are written with, as JSON: when they change, everything is written again.
written_for = Table("written_for", meta, Column("settings", Plain, nullable=False))

verdicts = Table(
    "verdict",
    meta,
    Column("run", ForeignKey("run.id"), primary_key=True),
    Column("subscription", Plain, primary_key=True),  # also of a file whose name is not a valid id
    Column("considered", Integer, nullable=False),
    Column("matched", Integer, nullable=False),
    Column("issue", Integer),  # its number, if one was made
    Column("reason", Plain),
    Column("error", Plain),
    Column("slot", Moment),  # the slot that it used up, with or without an issue; each only once
    Column("first", Integer),  # the interval of the log, (first, last]
    Column("last", Integer),
    Column("nearest", Plain),  # JSON list of sentences on near misses
    Index("verdict_slot", "subscription", "slot", unique=True),
)

_STATUSES = "('pending', 'leased', 'sent', 'deferred', 'failed', 'suppressed', 'in_doubt')"

outbox = Table(
    "outbox",
    meta,
    Column("id", Integer, primary_key=True),
    Column("issue", ForeignKey("issue.id")),  # null: a letter
    Column("recipient", Plain, nullable=False),
    Column("address", Plain, nullable=False, index=True),  # the recipient in lower case
    Column("domain", Plain, nullable=False),
    Column("channel", String(32), nullable=False),
    Column("status", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("doubts", Integer, nullable=False),
    Column("queued", Moment, nullable=False),
    Column("due", Moment, nullable=False),  # no attempt before
    Column("holder", String(64)),  # who leased it last
    Column("leased_until", Moment),
    Column("begun", Boolean, nullable=False),  # in this lease; the outcome may be unknown
    Column("settled", Moment),  # time of the last outcome
    Column("delivery", Integer),  # the delivery run of the last outcome
    Column("reply", Plain, nullable=False),
    Column("letter", LargeBinary),  # Letter as JSON
    UniqueConstraint("issue", "recipient", "channel"),
    CheckConstraint(f"status in {_STATUSES}"),
    Index("outbox_due", "channel", "status", "due"),
    sqlite_autoincrement=True,
)

suppressions = Table(
    "suppression",
    meta,
    Column("address", Plain, primary_key=True),  # in lower case
    Column("subscription", String(64), primary_key=True),  # "" for all
    Column("reason", Plain, nullable=False),
    Column("at", Moment, nullable=False),
)

secrets = Table(
    "secret",
    meta,
    Column("name", String(32), primary_key=True),
    Column("value", LargeBinary, nullable=False),
)

# Delivery runs: the number of lines that were open, and their numbers by status at the end.
deliveries = Table(
    "delivery",
    meta,
    Column("id", Integer, primary_key=True),
    Column("started", Moment, nullable=False),
    Column("ended", Moment),
    Column("candidates", Integer, nullable=False),
    *(
        Column(name, Integer, nullable=False, server_default="0")
        for name in ("sent", "deferred", "failed", "suppressed", "in_doubt", "pending")
    ),
    Column("pause", Plain),
    CheckConstraint(
        "ended is null or candidates = sent + deferred + failed + suppressed + in_doubt + pending"
    ),
    sqlite_autoincrement=True,
)


programs = Table(
    "program",
    meta,
    Column("id", Integer, primary_key=True),
    Column("queries", LargeBinary, nullable=False),  # fingerprints, 16 bytes each
    Column("body", LargeBinary, nullable=False),
)


backgrounds = Table(
    "background",
    meta,
    Column("id", Integer, primary_key=True),
    Column("first", Integer, nullable=False),  # numbers of papers
    Column("last", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
)


spared = Table(
    "spared",
    meta,
    Column("subscription", String(64), primary_key=True),
    Column(
        "uid", String(64), primary_key=True
    ),  # of a paper that the library had sent before a backup replaced it
    sqlite_with_rowid=False,
)


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


# Key phrases of the titles of each source and day, for trends. `read_titles` has one row with the position of the log
# up to which titles were read.
titles = Table(
    "title",
    meta,
    Column("day", String(10), primary_key=True),
    Column("source", String(128), primary_key=True),
    Column("position", Integer, primary_key=True),  # of the last entry among them
    Column("body", LargeBinary, nullable=False),  # JSON: lists of a paper's number and its terms
    sqlite_with_rowid=False,
)
read_titles = Table("read_titles", meta, Column("position", Integer, nullable=False))


summaries = Table(
    "summary",
    meta,
    Column("key", String(64), primary_key=True),  # SHA-256 of prompt, model, title and abstract
    Column("model", Plain, nullable=False),
    Column("text", Plain, nullable=False),
    Column("at", Moment, nullable=False),
)


clicks = Table(
    "click",
    meta,
    Column("id", Integer, primary_key=True),
    Column("subscription", String(64), nullable=False),
    Column("paper", ForeignKey("paper.number"), nullable=False),
    Column("at", Moment, nullable=False),
    Index("click_of", "subscription", "at"),
)


# Bounces that were processed, by SHA-256, so that each has an effect only once.
returned = Table(
    "returned",
    meta,
    Column("digest", String(64), primary_key=True),
    Column("at", Moment, nullable=False),
)
# The last UID read in each mailbox on a server, under the UIDVALIDITY `validity` (RFC 9051, 2.3.1.1).
mailboxes = Table(
    "mailbox",
    meta,
    Column("name", Plain, primary_key=True),
    Column("uid", BigInteger, nullable=False),
    Column("validity", BigInteger, nullable=False),
)

# Papers on which a stage failed (see `digest.model.SetAside`); `paper` is 0 where none was to blame.
set_aside = Table(
    "set_aside",
    meta,
    Column("paper", Integer, primary_key=True),
    Column("stage", String(16), primary_key=True),
    Column("subject", String(64), primary_key=True),
    Column("title", Plain, nullable=False),
    Column("part", String(8), nullable=False),
    Column("reason", Plain, nullable=False),
    Column("version", String(64), nullable=False),  # of the program
    Column("at", Moment, nullable=False),
)


# The home that uses a library in a file that several homes can reach.
tenants = Table(
    "tenant",
    meta,
    Column("id", Integer, primary_key=True),  # always 1
    Column("home", String(64), nullable=False),
    Column("host", Plain, nullable=False),
    Column("path", Plain, nullable=False),
    Column("until", Moment, nullable=False),
)

# The homes that use a library on a server.
homes = Table(
    "home",
    meta,
    Column("id", String(64), primary_key=True),
    Column("host", Plain, nullable=False),
    Column("path", Plain, nullable=False),
    Column(
        "until", Moment, nullable=False
    ),  # after this time without a sign of it, others may take over its files
)

# What one of several hosts does for all of them, on a server: leading the schedule.
leases = Table(
    "lease",
    meta,
    Column("name", String(16), primary_key=True),
    Column("holder", String(64), nullable=False),
    Column("host", Plain, nullable=False),
    Column("shown", Plain, nullable=False),  # for people: the process and the host
    Column("until", Float, nullable=False),  # seconds of the server's clock since 1970
)

order_by_bytes()
