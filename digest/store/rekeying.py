"""The migration that rewrites ids, identity keys and traces in a library by the present rules of `digest.identity`."""

from collections.abc import Iterable
from dataclasses import replace

from sqlalchemy import Connection, delete, select, update

from digest.diff.source_records import SourceRecord
from digest.identity import doi, identified, keys_of
from digest.identity.keys import doi_key
from digest.model import Listing
from digest.store.codec import decode, encode
from digest.store.identities import Identities
from digest.store.pending_files import PendingFiles
from digest.store.schema import aliases, papers, witnesses
from digest.store.sql import chunks

_DOIS = "doi:"


def rekey(connection: Connection) -> None:
    """Make every paper known by the keys that its listings have now.

    Ids in the records are normalised again, DOIs among the keys are replaced, other keys are kept, since they may
    come from titles that no record has any more. Two papers that turn out to have one id become one when a file
    lists them again.
    """
    for numbers in chunks(connection.scalars(select(papers.c.number).order_by(papers.c.number))):
        known = _records(connection, numbers)
        keys = {(key, number): listing for number, listing in known for key in keys_of(listing)}
        some = dict(known)
        keys |= {
            (key, number): some[number]
            for key, number in _replaced_dois(connection, numbers)
            if number in some
        }
        identities = Identities(connection)
        identities.keep_keys(keys)
        identities.keep_traces(known)


def _records(connection: Connection, numbers: Iterable[int]) -> list[tuple[int, Listing]]:
    """Normalise the ids in the records of papers; return each number with the listings of its sources."""
    pending = PendingFiles(connection)
    for row in connection.execute(
        select(papers.c.number, papers.c.record).where(papers.c.number.in_(numbers))
    ).all():
        record = decode(Listing, row.record)
        if (now := identified(record)) != record:
            where = papers.c.number == row.number
            connection.execute(update(papers).where(where).values(record=encode(now)))
            pending.mark("paper", str(row.number))
    found = []
    for row in connection.execute(select(witnesses).where(witnesses.c.paper.in_(numbers))).all():
        stored = decode(SourceRecord, row.word)
        says = identified(stored.says)
        found.append((row.paper, says))
        if says != stored.says:
            stamp = replace(stored.stamp, version=stored.stamp.version or says.version or 0)
            word = encode(replace(stored, says=says, stamp=stamp))
            where = (witnesses.c.paper == row.paper) & (witnesses.c.source == row.source)
            connection.execute(update(witnesses).where(where).values(word=word))
    return found


def _replaced_dois(connection: Connection, numbers: Iterable[int]) -> list[tuple[str, int]]:
    """Delete the keys of papers that are DOIs in an older normal form; return the keys that replace them."""
    found = []
    of_papers = aliases.c.paper.in_(numbers) & aliases.c.key.startswith(_DOIS)
    for key, number in connection.execute(select(aliases.c.key, aliases.c.paper).where(of_papers)).all():
        name = key.removeprefix(_DOIS)
        now = doi_key(doi(name) or name)
        if now != key:
            connection.execute(delete(aliases).where((aliases.c.key == key) & (aliases.c.paper == number)))
            found.append((now, number))
    return found
