"""The issues: their content, and the papers that each subscription was served."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, and_, insert, or_, select, update

from digest.model import Issue, IssueLine
from digest.store.codec import decode, encode
from digest.store.pending_files import PendingFiles
from digest.store.schema import absorbed, cursors, issues, served, spared
from digest.store.schema import papers as library
from digest.store.sql import chunks, inserted_key, papers_among


@dataclass(frozen=True, slots=True)
class StoredIssue:
    """An issue with its key in the database and the formats of its files."""

    id: int
    formats: tuple[str, ...]
    issue: Issue


class Issues:
    """Issues by key, or by subscription and number."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection
        self._pending = PendingFiles(connection)

    def add(
        self,
        issue: Issue,
        *,
        interval: tuple[int, int],
        formats: Sequence[str],
        serves: Iterable[int],
        run: int,
    ) -> int:
        """Store an issue and the numbers of the papers that it serves. Returns its key.

        `interval` are the positions (first, last] of the log that it covers.
        """
        result = self._db.execute(
            insert(issues).values(
                subscription=issue.subscription,
                number=issue.number,
                slot=issue.slot,
                made=issue.made,
                name=issue.name,
                day=issue.day.isoformat(),
                new_count=len(issue.new) + len(issue.more_new),
                updated_count=len(issue.updated) + len(issue.more_updated),
                first=interval[0],
                last=interval[1],
                formats=",".join(formats),
                content=encode(issue),
                run=run,
            )
        )
        key = inserted_key(result)
        self._db.execute(
            update(cursors).where(cursors.c.subscription == issue.subscription).values(issues=issue.number)
        )
        rows = [{"subscription": issue.subscription, "paper": paper, "issue": key} for paper in serves]
        if rows:
            self._db.execute(insert(served), rows)
            for row in rows:  # the page of a paper names its issues
                self._pending.mark("paper", str(row["paper"]))
        self._pending.mark("issue", str(key))
        self._pending.mark("index", "")
        return key

    def get(self, key: int) -> StoredIssue:
        """Return the issue with this key; there must be one."""
        row = self._db.execute(select(issues).where(issues.c.id == key)).one()
        return StoredIssue(row.id, tuple(filter(None, row.formats.split(","))), decode(Issue, row.content))

    def numbered(self, subscription: str, number: int) -> Issue | None:
        """Return an issue of a subscription by its number, None if there is none."""
        same = (issues.c.subscription == subscription) & (issues.c.number == number)
        content = self._db.scalar(select(issues.c.content).where(same))
        return None if content is None else decode(Issue, content)

    def last_made(self, subscription: str) -> datetime | None:
        """Return the time of the subscription's last issue, None if there is none."""
        newest = select(issues.c.made).where(issues.c.subscription == subscription)
        return self._db.scalar(newest.order_by(issues.c.number.desc()).limit(1))

    def made_since(self, subscription: str, moment: datetime) -> tuple[Issue, ...]:
        """Return the issues of a subscription made after a time, oldest first."""
        chosen = select(issues.c.content).where(issues.c.subscription == subscription, issues.c.made > moment)
        return tuple(decode(Issue, content) for content in self._db.scalars(chosen.order_by(issues.c.id)))

    def ids(self) -> tuple[int, ...]:
        """Return the keys of all issues."""
        return tuple(self._db.scalars(select(issues.c.id)))

    def lines(self) -> tuple[IssueLine, ...]:
        """Return all issues, newest first."""
        return tuple(_line(row) for row in self._db.execute(select(*_LINE).order_by(issues.c.id.desc())))

    def lines_with(self, paper: int) -> tuple[IssueLine, ...]:
        """Return the issues with a paper under New, newest first."""
        parts = select(absorbed.c.paper).where(absorbed.c.root == paper)
        serving = select(served.c.issue).where(or_(served.c.paper == paper, served.c.paper.in_(parts)))
        chosen = select(*_LINE).where(issues.c.id.in_(serving)).order_by(issues.c.id.desc())
        return tuple(_line(row) for row in self._db.execute(chosen))

    def lines_about(self, subscription: str, paper: int, positions: Iterable[int]) -> tuple[IssueLine, ...]:
        """Return a subscription's issues with a paper under New, and later ones that cover one of `positions`."""
        of_subscription = issues.c.subscription == subscription
        parts = select(absorbed.c.paper).where(absorbed.c.root == paper)
        serving = (
            select(served.c.issue)
            .where(served.c.subscription == subscription)
            .where(or_(served.c.paper == paper, served.c.paper.in_(parts)))
            .order_by(served.c.issue)
        )
        first = self._db.scalar(serving)
        if first is None:
            return ()
        covered = [and_(issues.c.first < position, issues.c.last >= position) for position in positions]
        chosen = select(*_LINE).where(
            of_subscription, issues.c.id >= first, or_(issues.c.id == first, *covered)
        )
        return tuple(_line(row) for row in self._db.execute(chosen.order_by(issues.c.id)))

    def served(self, subscription: str, papers: Iterable[int]) -> frozenset[int]:
        """Return those of these papers that were served, also by a library that a backup has replaced."""
        wanted = tuple(papers)
        if not wanted:
            return frozenset()
        before = (
            select(library.c.number)
            .join(spared, spared.c.uid == library.c.uid)
            .where(spared.c.subscription == subscription)
        )
        return papers_among(self._db, served, subscription, wanted) | frozenset(
            number
            for chunk in chunks(wanted)
            for number in self._db.scalars(before.where(library.c.number.in_(chunk)))
        )


_LINE = (
    issues.c.subscription,
    issues.c.name,
    issues.c.number,
    issues.c.day,
    issues.c.new_count,
    issues.c.updated_count,
)


def _line(row: Any) -> IssueLine:
    return IssueLine(
        row.subscription, row.name, row.number, date.fromisoformat(row.day), row.new_count, row.updated_count
    )
