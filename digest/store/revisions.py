"""Revisions: papers as issues show them, each stored once however many issues show it, and never changed or deleted."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

import msgspec
from sqlalchemy import Connection, select

from digest.model import SAMPLE, Paper
from digest.store.codec import decode, encode
from digest.store.schema import revisions
from digest.store.sql import chunks, insert_all_missing


class Revisions:
    """Papers in a stated form, by the number of the revision."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def keep(self, papers: Iterable[Paper]) -> list[int]:
        """Store those of these papers that are not stored in this form yet; return their revisions, in order."""
        given = list(papers)
        # Most are one object in many issues; an object is encoded once.
        bodies = {id(paper): encode(paper) for paper in {id(paper): paper for paper in given}.values()}
        digests = {each: hashlib.sha256(body).hexdigest() for each, body in bodies.items()}
        rows = {
            digests[id(paper)]: {
                "digest": digests[id(paper)],
                "paper": paper.number,
                "body": bodies[id(paper)],
            }
            for paper in given
        }
        known = self._known(rows)
        insert_all_missing(self._db, revisions, [row for digest, row in rows.items() if digest not in known])
        known |= self._known(digest for digest in rows if digest not in known)
        return [known[digests[id(paper)]] for paper in given]

    def keep_all(self, papers: Mapping[int, Sequence[Paper]]) -> dict[int, list[int]]:
        """Do the same for the papers of several issues at once, by any key."""
        keys = iter(self.keep(paper for each in papers.values() for paper in each))
        return {issue: list(islice(keys, len(each))) for issue, each in papers.items()}

    def _known(self, digests: Iterable[str]) -> dict[str, int]:
        return {
            digest: key
            for chunk in chunks(digests)
            for digest, key in self._db.execute(
                select(revisions.c.digest, revisions.c.id).where(revisions.c.digest.in_(chunk))
            )
        }

    def of(self, keys: Iterable[int]) -> dict[int, Paper]:
        """Return the papers of these revisions."""
        return {
            key: decode(Paper, body)
            for chunk in chunks(keys)
            for key, body in self._db.execute(
                select(revisions.c.id, revisions.c.body).where(revisions.c.id.in_(chunk))
            )
        }

    def titles(self, keys: Iterable[int]) -> dict[int, str]:
        """Return the titles of the papers of these revisions, those of samples marked."""
        return {
            key: decode(_Title, body).marked
            for chunk in chunks(keys)
            for key, body in self._db.execute(
                select(revisions.c.id, revisions.c.body).where(revisions.c.id.in_(chunk))
            )
        }


class _Title(msgspec.Struct):
    title: str
    sources: tuple[str, ...] = ()

    @property
    def marked(self) -> str:
        """The title, as `Paper.marked_title` has it."""
        return f"Sample: {self.title}" if self.sources == (SAMPLE,) else self.title


def as_text(keys: Sequence[int]) -> str:
    """Return the revisions of an issue as its column has them."""
    return " ".join(map(str, keys))


def from_text(text: str) -> Iterator[int]:
    """Yield the revisions that the column of an issue has."""
    return map(int, text.split())
