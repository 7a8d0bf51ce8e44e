"""The migrations of older library databases, one step per schema version."""

from collections.abc import Callable

from sqlalchemy import Connection, delete, insert, inspect, select, text, update

from digest.errors import StoreError
from digest.store.columns import meta
from digest.store.presence import connection_holds
from digest.store.rekeying import rekey
from digest.store.schema import (
    absorbed,
    aliases,
    apart,
    backgrounds,
    clicks,
    decisions,
    deliveries,
    feedback,
    homes,
    issues,
    leases,
    mailboxes,
    outbox,
    programs,
    read_titles,
    returned,
    revisions,
    schema_version,
    secrets,
    seeds,
    set_aside,
    spared,
    subscriptions,
    subscriptions_read,
    summaries,
    suppressions,
    tenants,
    titles,
    traces,
    written_for,
)
from digest.store.sql import chunks, insert_missing
from digest.store.web_schema import actions, owned, readers, requests
from digest.text.addresses import address_key


def _add_delivery(connection: Connection) -> None:
    """Add the outbox."""
    meta.create_all(connection, tables=[outbox, suppressions, secrets, deliveries])


def _keep_programs(connection: Connection) -> None:
    programs.create(connection)


def _explain(connection: Connection) -> None:
    """Add slot, interval and near misses to verdicts, and the newest date to files."""
    for column in ("slot VARCHAR(27)", "first INTEGER", "last INTEGER", "nearest TEXT"):
        connection.exec_driver_sql(f"ALTER TABLE verdict ADD COLUMN {column}")
    connection.exec_driver_sql("CREATE UNIQUE INDEX verdict_slot ON verdict (subscription, slot)")
    connection.exec_driver_sql("ALTER TABLE file ADD COLUMN newest VARCHAR(10)")
    meta.create_all(connection, tables=[spared])


def _identity(connection: Connection) -> None:
    """Add parts of papers, titles of several papers, decisions, and traces of titles."""
    from digest.identity import traces as traces_of
    from digest.model import Listing
    from digest.store.codec import decode

    for table in (absorbed, apart, decisions, traces):
        table.create(connection)
    for column in ("rule", "evidence"):
        connection.execute(text(f"ALTER TABLE listing ADD COLUMN {column} TEXT"))
    old = connection.execute(text("SELECT key, paper FROM alias")).all()
    aliases.drop(connection)
    aliases.create(connection)
    if old:
        connection.execute(insert(aliases), [{"key": row.key, "paper": row.paper} for row in old])
    rows = []
    for row in connection.execute(text("SELECT number, record FROM paper")).all():
        record = decode(Listing, bytes(row.record))
        found = traces_of(record.title, record.abstract)
        rows += [
            {"hash": one, "paper": row.number, "sketch": found.sketch} for one in dict.fromkeys(found.stored)
        ]
    if rows:
        connection.execute(insert(traces), rows)


def _keep_feedback(connection: Connection) -> None:
    feedback.create(connection)
    seeds.create(connection)


def _keep_titles(connection: Connection) -> None:
    meta.create_all(connection, tables=[titles, read_titles])


def _keep_summaries(connection: Connection) -> None:
    meta.create_all(connection, tables=[summaries])


def _keep_clicks(connection: Connection) -> None:
    meta.create_all(connection, tables=[clicks])


def _keep_returned(connection: Connection) -> None:
    meta.create_all(connection, tables=[returned, mailboxes])


def _keep_set_aside(connection: Connection) -> None:
    meta.create_all(connection, tables=[set_aside])


def _keep_tenant(connection: Connection) -> None:
    meta.create_all(connection, tables=[tenants])


def _keep_written_for(connection: Connection) -> None:
    meta.create_all(connection, tables=[written_for])


def _keep_backgrounds(connection: Connection) -> None:
    meta.create_all(connection, tables=[backgrounds])


def _normalise_addresses(connection: Connection) -> None:
    """Bring addresses at internationalised domains to one spelling; others are in lower case already."""
    for old in connection.scalars(select(outbox.c.address).distinct()).all():
        if (new := address_key(old)) != old:
            connection.execute(update(outbox).where(outbox.c.address == old).values(address=new))
    for address, subscription, reason, at in connection.execute(select(suppressions)).all():
        if (new := address_key(address)) != address:
            row = {"address": new, "subscription": subscription, "reason": reason, "at": at}
            insert_missing(connection, suppressions, row)
            connection.execute(delete(suppressions).where(suppressions.c.address == address))


def _keep_subscriptions(connection: Connection) -> None:
    """Add subscriptions, which the first run stores, the scope of runs, and an index to find slots ahead of the clock."""
    meta.create_all(connection, tables=[subscriptions, subscriptions_read])
    if "only" not in {each["name"] for each in inspect(connection).get_columns("run")}:
        connection.exec_driver_sql("ALTER TABLE run ADD COLUMN only TEXT")
    connection.exec_driver_sql("CREATE INDEX IF NOT EXISTS cursor_last_slot ON cursor (last_slot)")


_ISSUES_AT_ONCE = 200


def _share_papers(connection: Connection) -> None:
    """Make revisions of the papers that issues hold, and leave references to them in the issues."""
    from digest.model import Issue
    from digest.store.codec import decode
    from digest.store.issue_content import encode_issue, papers_of
    from digest.store.revisions import Revisions, as_text

    meta.create_all(connection, tables=[revisions])
    if "revisions" not in {each["name"] for each in inspect(connection).get_columns("issue")}:
        connection.exec_driver_sql("ALTER TABLE issue ADD COLUMN revisions TEXT NOT NULL DEFAULT ''")
    kept = Revisions(connection)
    old = select(issues.c.id, issues.c.content).where(issues.c.revisions == "").order_by(issues.c.id)
    last = 0
    while rows := connection.execute(old.where(issues.c.id > last).limit(_ISSUES_AT_ONCE)).all():
        made = {row.id: decode(Issue, row.content) for row in rows}
        for key, keys in kept.keep_all({key: papers_of(issue) for key, issue in made.items()}).items():
            values = {"content": encode_issue(made[key]), "revisions": as_text(keys)}
            connection.execute(update(issues).where(issues.c.id == key).values(values))
        last = rows[-1].id


def _keep_files(connection: Connection) -> None:
    """Add which subscriptions have an address, and which issues no longer have files."""
    from digest.model import Subscription
    from digest.store.codec import decode

    for table, column in (("subscription", "mailed"), ("issue", "pruned")):
        if column not in {each["name"] for each in inspect(connection).get_columns(table)}:
            connection.exec_driver_sql(
                f"ALTER TABLE {table} ADD COLUMN {column} BOOLEAN NOT NULL DEFAULT false"
            )
    stored = select(subscriptions.c.id, subscriptions.c.settings).where(
        subscriptions.c.settings.is_not(None), subscriptions.c.state.is_(None)
    )
    for rows in connection.execute(stored).partitions(1000):
        mailed = [row.id for row in rows if decode(Subscription, bytes(row.settings)).email]
        for chunk in chunks(mailed):
            connection.execute(update(subscriptions).where(subscriptions.c.id.in_(chunk)).values(mailed=True))


def _keep_visibility(connection: Connection) -> None:
    if "visibility" not in {each["name"] for each in inspect(connection).get_columns("cursor")}:
        added = "ALTER TABLE cursor ADD COLUMN visibility VARCHAR(8) NOT NULL DEFAULT 'public'"
        connection.exec_driver_sql(added)


def _keep_homes(connection: Connection) -> None:
    """Add the homes of a library on a server, and which of them has the file of a subscription."""
    meta.create_all(connection, tables=[homes])
    if "home" not in {each["name"] for each in inspect(connection).get_columns("subscription")}:
        connection.exec_driver_sql("ALTER TABLE subscription ADD COLUMN home VARCHAR(64)")


def _keep_letters(connection: Connection) -> None:
    """Let lines of the outbox hold a letter instead of an issue."""
    if "letter" in {each["name"] for each in inspect(connection).get_columns("outbox")}:
        return
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("ALTER TABLE outbox ADD COLUMN letter BYTEA")
        connection.exec_driver_sql("ALTER TABLE outbox ALTER COLUMN issue DROP NOT NULL")
        return
    names = ", ".join(each["name"] for each in inspect(connection).get_columns("outbox"))
    for index in inspect(connection).get_indexes("outbox"):
        connection.exec_driver_sql(f"DROP INDEX IF EXISTS {index['name']}")
    connection.exec_driver_sql("ALTER TABLE outbox RENAME TO old_outbox")
    outbox.create(connection)
    connection.exec_driver_sql(f"INSERT INTO outbox ({names}) SELECT {names} FROM old_outbox")  # noqa: S608 - names of columns
    last = "SELECT max(seq) FROM sqlite_sequence WHERE name IN ('outbox', 'old_outbox')"
    number = connection.exec_driver_sql(last).scalar()  # ids of removed lines are never used again
    connection.exec_driver_sql("DROP TABLE old_outbox")
    if number is not None:
        connection.exec_driver_sql("DELETE FROM sqlite_sequence WHERE name = 'outbox'")
        connection.exec_driver_sql("INSERT INTO sqlite_sequence (name, seq) VALUES ('outbox', ?)", (number,))


def _keep_actions(connection: Connection) -> None:
    actions.create(connection, checkfirst=True)


def _keep_accounts(connection: Connection) -> None:
    """Add what people ask for on the web, readers, and which subscriptions they have."""
    meta.create_all(connection, tables=[requests, readers, owned])


def _keep_leases(connection: Connection) -> None:
    meta.create_all(connection, tables=[leases])


def _rank_feeds(connection: Connection) -> None:
    """Add the rank of feed items within their run, and what they are about."""
    have = {each["name"] for each in inspect(connection).get_columns("feed_item")}
    for name, kind in (("place", "INTEGER NOT NULL DEFAULT 0"), ("about", "TEXT NOT NULL DEFAULT '[]'")):
        if name not in have:
            connection.exec_driver_sql(f"ALTER TABLE feed_item ADD COLUMN {name} {kind}")


def _keep_order(_connection: Connection) -> None:
    """Let `_order_by_bytes`, which follows every migration, see a library of a server that needs nothing else."""


# One step per schema version after the first, oldest first. Never change a released step; append new ones. After a
# change of the rules of `digest.identity` for ids, keys or traces, append `rekey` again.
MIGRATIONS: tuple[Callable[[Connection], None], ...] = (
    _keep_programs,
    _explain,
    _add_delivery,
    _identity,
    _keep_feedback,
    _keep_titles,
    _keep_summaries,
    _keep_clicks,
    _keep_returned,
    _keep_set_aside,
    rekey,
    _keep_tenant,
    _normalise_addresses,
    rekey,  # capital letters of Greek have names, too
    _keep_written_for,
    _keep_subscriptions,
    _share_papers,
    _keep_backgrounds,
    _keep_files,
    _keep_visibility,
    _keep_homes,
    _keep_letters,
    _keep_actions,
    _keep_accounts,
    _keep_leases,
    _rank_feeds,
    _keep_order,
)

SCHEMA = 1 + len(MIGRATIONS)  # the version of the schema of this program

UNFINISHED = 0  # in its place while a library is being copied into the database

_LOCK_KEY = 0x64696765_73740001  # any number that no other program is likely to use


def is_current(connection: Connection) -> bool:
    """Return whether the database has the schema of this program; changes nothing."""
    if not inspect(connection).has_table("schema_version"):
        return False
    version = connection.execute(select(schema_version.c.version)).scalar()
    return bool(version == 1 + len(MIGRATIONS))


def _create_again(connection: Connection) -> None:
    """Create the schema of a library that was emptied of everything, the version of its schema included."""
    if connection_holds(connection):
        raise StoreError(
            "the library database is damaged: the version of its schema is missing; restore a backup: "
            "digest restore FILE"
        )
    meta.drop_all(connection)
    meta.create_all(connection)
    connection.execute(insert(schema_version).values(version=1 + len(MIGRATIONS)))


_OTHER_ORDER = text(
    """SELECT table_name, column_name, data_type, character_maximum_length AS length
    FROM information_schema.columns WHERE table_schema = current_schema() AND data_type IN ('text', 'character varying')
    AND collation_name IS DISTINCT FROM 'C'"""
)


def _order_by_bytes(connection: Connection) -> None:
    """Let the texts of an older library on a server be ordered by their bytes, and those of columns that were added."""
    if connection.dialect.name != "postgresql":
        return
    for table, column, kind, length in connection.execute(_OTHER_ORDER).all():
        if table in meta.tables:
            whole = f"varchar({length})" if length else kind
            statement = f'ALTER TABLE "{table}" ALTER COLUMN "{column}" TYPE {whole} COLLATE "C"'
            connection.exec_driver_sql(statement)


def migrate(connection: Connection, *, copying: bool = False) -> None:
    """Create or migrate the schema, in the transaction of the caller; not that of an unfinished copy, for `copying`.

    Raises StoreError if a newer version of the program has written the database.
    """
    current = 1 + len(MIGRATIONS)
    if connection.dialect.name == "postgresql":  # two that find no tables must not both create them
        connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _LOCK_KEY})
    if not inspect(connection).has_table("schema_version"):
        meta.create_all(connection)
        connection.execute(insert(schema_version).values(version=current))
        return
    version = connection.execute(select(schema_version.c.version)).scalar()
    if version is None:
        _create_again(connection)
        return
    if version == UNFINISHED:
        if copying:
            return
        raise StoreError(
            "the library database is an unfinished copy; finish it with the same command: "
            "digest database copy FROM TO"
        )
    if version > current:
        raise StoreError(
            f"the library database has schema version {version}, but this program supports only {current}: "
            "it was written by a newer paper-digest; update the program"
        )
    steps = MIGRATIONS[version - 1 :]
    for place, step in enumerate(steps):
        if step not in steps[place + 1 :]:  # a repeated step is needed only once
            step(connection)
    if version < current:
        _order_by_bytes(connection)
        connection.execute(update(schema_version).values(version=current))
