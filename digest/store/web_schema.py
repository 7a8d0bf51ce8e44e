"""The tables of the library database about people on the web: what they ask for, readers, and the operator's actions."""

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, String, Table

from digest.store.columns import Moment, Plain, meta

# What operators did in the console.
actions = Table(
    "action",
    meta,
    Column("id", Integer, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("client", String(64), nullable=False),  # the network of who did it
    Column("action", String(64), nullable=False),
    Column("subject", Plain, nullable=False),
    Column("detail", Plain, nullable=False),
)

# What people ask for on the web: a subscription, to be confirmed by email, or the link to their own page.
requests = Table(
    "request",
    meta,
    Column("id", Integer, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("recipient", Plain, nullable=False),
    Column("address", Plain, nullable=False),  # the recipient in lower case
    Column("wish", LargeBinary),  # Subscription as JSON
    Column("network", String(24), nullable=False),  # keyed hash
    Column("made", Moment, nullable=False),
    Column("mailed", Moment),
    Column("confirmed", Moment),
    Column("subscription", String(64)),  # that was made
    Index("request_of", "address", "mailed"),
    Index("request_from", "network", "made"),
    Index("request_mailed", "mailed"),
    sqlite_autoincrement=True,
)
readers = Table(
    "reader",
    meta,
    Column("id", Integer, primary_key=True),
    Column("recipient", Plain, nullable=False),
    Column("address", Plain, nullable=False, unique=True),  # the recipient in lower case
    Column("language", String(16), nullable=False),
    Column("generation", Integer, nullable=False),
    Column("made", Moment, nullable=False),
    sqlite_autoincrement=True,
)
# The subscriptions that were made on the web. `welcomed`: the reader has got a first email.
owned = Table(
    "owned",
    meta,
    Column("subscription", String(64), primary_key=True),
    Column("reader", ForeignKey("reader.id"), nullable=False, index=True),
    Column("welcomed", Moment),
)
