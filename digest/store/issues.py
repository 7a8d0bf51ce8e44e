"""The issues: their composed content, and which papers each subscription was served."""

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
    """An issue with its database id and the forms in which it is wanted."""

    id: int
    formats: tuple[str, ...]
    issue: Issue


class Issues:
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
        """Store an issue, count it, and note the papers it serves. Returns its key."""
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
            for row in rows:  # its page names the issues that brought it
                self._pending.mark("paper", str(row["paper"]))
        self._pending.mark("issue", str(key))
        self._pending.mark("index", "")
        return key

    def get(self, key: int) -> StoredIssue:
        row = self._db.execute(select(issues).where(issues.c.id == key)).one()
        return StoredIssue(row.id, tuple(filter(None, row.formats.split(","))), decode(Issue, row.content))

    def numbered(self, subscription: str, number: int) -> Issue | None:
        """Return an issue of a subscription by its number."""
        same = (issues.c.subscription == subscription) & (issues.c.number == number)
        content = self._db.scalar(select(issues.c.content).where(same))
        return None if content is None else decode(Issue, content)

    def last_made(self, subscription: str) -> datetime | None:
        """Return when the subscription's latest issue was made."""
        newest = select(issues.c.made).where(issues.c.subscription == subscription)
        return self._db.scalar(newest.order_by(issues.c.number.desc()).limit(1))

    def made_since(self, subscription: str, moment: datetime) -> tuple[Issue, ...]:
        """Return the issues of a subscription made after a moment, oldest first."""
        chosen = select(issues.c.content).where(issues.c.subscription == subscription, issues.c.made > moment)
        return tuple(decode(Issue, content) for content in self._db.scalars(chosen.order_by(issues.c.id)))

    def ids(self) -> tuple[int, ...]:
        return tuple(self._db.scalars(select(issues.c.id)))

    def lines(self) -> tuple[IssueLine, ...]:
        """Return all issues, newest first."""
        return tuple(_line(row) for row in self._db.execute(select(*_LINE).order_by(issues.c.id.desc())))

    def lines_with(self, paper: int) -> tuple[IssueLine, ...]:
        """Return the issues that brought a paper as New, newest first."""
        parts = select(absorbed.c.paper).where(absorbed.c.root == paper)
        brought = select(served.c.issue).where(or_(served.c.paper == paper, served.c.paper.in_(parts)))
        chosen = select(*_LINE).where(issues.c.id.in_(brought)).order_by(issues.c.id.desc())
        return tuple(_line(row) for row in self._db.execute(chosen))

    def lines_about(self, subscription: str, paper: int, positions: Iterable[int]) -> tuple[IssueLine, ...]:
        """Return a subscription's issues that brought a paper, or whose interval holds a later position."""
        of_it = issues.c.subscription == subscription
        parts = select(absorbed.c.paper).where(absorbed.c.root == paper)
        brought = (
            select(served.c.issue)
            .where(served.c.subscription == subscription)
            .where(or_(served.c.paper == paper, served.c.paper.in_(parts)))
            .order_by(served.c.issue)
        )
        first = self._db.scalar(brought)
        if first is None:
            return ()
        held = [and_(issues.c.first < position, issues.c.last >= position) for position in positions]
        chosen = select(*_LINE).where(of_it, issues.c.id >= first, or_(issues.c.id == first, *held))
        return tuple(_line(row) for row in self._db.execute(chosen.order_by(issues.c.id)))

    def served(self, subscription: str, papers: Iterable[int]) -> frozenset[int]:
        """Return which of these papers the subscription was served before, perhaps by a library given up."""
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
