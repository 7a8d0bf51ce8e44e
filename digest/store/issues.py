"""The desk: cursors, issues, who was served what, feeds, and what is still to be written to disk."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import Connection, Table, and_, delete, func, insert, or_, select, update

from digest.model import Cursor, Issue, IssueLine
from digest.store.codec import decode, encode
from digest.store.schema import absorbed, cursors, feed_items, issues, served, spared, unwritten
from digest.store.schema import papers as library
from digest.store.sql import chunks, inserted_key

Kind = Literal["issue", "feed", "paper", "index"]


@dataclass(frozen=True, slots=True)
class StoredIssue:
    """An issue with its database id and the forms in which it is wanted."""

    id: int
    formats: tuple[str, ...]
    issue: Issue


@dataclass(frozen=True, slots=True)
class FeedLine:
    """A paper's place in a subscription's feed."""

    paper: int
    entered: datetime
    terms: tuple[str, ...]


class Desk:
    def __init__(self, connection: Connection) -> None:
        self._db = connection

    # --- cursors

    def cursor(self, subscription: str) -> Cursor | None:
        row = self._db.execute(select(cursors).where(cursors.c.subscription == subscription)).one_or_none()
        return None if row is None else Cursor(*row)

    def cursors(self) -> tuple[Cursor, ...]:
        return tuple(
            Cursor(*row) for row in self._db.execute(select(cursors).order_by(cursors.c.subscription))
        )

    def enrol(
        self, subscription: str, name: str, *, position: int, since: datetime | None, at: datetime
    ) -> None:
        """Set the cursor of a subscription seen for the first time."""
        self._db.execute(
            insert(cursors).values(
                subscription=subscription,
                name=name,
                position=position,
                since=since,
                feed_position=position,
                last_slot=None,
                issues=0,
                enrolled=at,
            )
        )
        self.mark_unwritten("feed", subscription)
        self.mark_unwritten("index", "")

    def rename(self, subscription: str, name: str) -> None:
        self._db.execute(update(cursors).where(cursors.c.subscription == subscription).values(name=name))
        self.mark_unwritten("feed", subscription)
        self.mark_unwritten("index", "")

    def move(self, subscription: str, *, position: int, since: datetime, last_slot: datetime | None) -> None:
        """Move a cursor to `position`; `last_slot` None leaves the last slot used as it is."""
        values: dict[str, object] = {"position": position, "since": since}
        if last_slot is not None:
            values["last_slot"] = last_slot
        self._db.execute(update(cursors).where(cursors.c.subscription == subscription).values(values))

    def rewind(self, subscription: str, *, last_slot: datetime) -> None:
        """Take back a last slot that a wrong clock put far ahead."""
        self._db.execute(
            update(cursors).where(cursors.c.subscription == subscription).values(last_slot=last_slot)
        )

    def move_feed(self, subscription: str, *, position: int) -> None:
        self._db.execute(
            update(cursors).where(cursors.c.subscription == subscription).values(feed_position=position)
        )

    # --- issues

    def add_issue(
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
                self.mark_unwritten("paper", str(row["paper"]))
        self.mark_unwritten("issue", str(key))
        self.mark_unwritten("index", "")
        return key

    def issue(self, key: int) -> StoredIssue:
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

    def issues_since(self, subscription: str, moment: datetime) -> tuple[Issue, ...]:
        """Return the issues of a subscription made after a moment, oldest first."""
        chosen = select(issues.c.content).where(issues.c.subscription == subscription, issues.c.made > moment)
        return tuple(decode(Issue, content) for content in self._db.scalars(chosen.order_by(issues.c.id)))

    def issue_keys(self) -> tuple[int, ...]:
        return tuple(self._db.scalars(select(issues.c.id)))

    def issue_lines(self) -> tuple[IssueLine, ...]:
        """Return all issues, newest first."""
        return tuple(_line(row) for row in self._db.execute(select(*_LINE).order_by(issues.c.id.desc())))

    def issue_lines_with(self, paper: int) -> tuple[IssueLine, ...]:
        """Return the issues that brought a paper as New, newest first."""
        parts = select(absorbed.c.paper).where(absorbed.c.root == paper)
        brought = select(served.c.issue).where(or_(served.c.paper == paper, served.c.paper.in_(parts)))
        chosen = select(*_LINE).where(issues.c.id.in_(brought)).order_by(issues.c.id.desc())
        return tuple(_line(row) for row in self._db.execute(chosen))

    def issues_about(self, subscription: str, paper: int, positions: Iterable[int]) -> tuple[IssueLine, ...]:
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
        return self._among(served, subscription, wanted) | frozenset(
            number
            for chunk in chunks(wanted)
            for number in self._db.scalars(before.where(library.c.number.in_(chunk)))
        )

    # --- feeds

    def in_feed(self, subscription: str, papers: Iterable[int]) -> frozenset[int]:
        """Return which of these papers the subscription's feed has."""
        return self._among(feed_items, subscription, papers)

    def add_to_feed(
        self, subscription: str, papers: Iterable[tuple[int, Sequence[str]]], *, run: int, at: datetime
    ) -> None:
        """Let papers enter a feed, each with the terms that matched."""
        rows = [
            {
                "subscription": subscription,
                "paper": paper,
                "run": run,
                "entered": at,
                "terms": json.dumps(list(terms)),
            }
            for paper, terms in papers
        ]
        if rows:
            self._db.execute(insert(feed_items), rows)
            self.mark_unwritten("feed", subscription)

    def feed(self, subscription: str, limit: int) -> tuple[FeedLine, ...]:
        """Return the newest items of a feed, newest first; a part of a paper that is there too is left out."""
        also = feed_items.alias()
        twin = select(also.c.paper).where(
            also.c.subscription == subscription, also.c.paper == absorbed.c.root
        )
        rows = self._db.execute(
            select(feed_items)
            .outerjoin(absorbed, absorbed.c.paper == feed_items.c.paper)
            .where(feed_items.c.subscription == subscription, ~twin.exists())
            .order_by(feed_items.c.run.desc(), feed_items.c.paper.desc())
            .limit(limit)
        )
        return tuple(FeedLine(row.paper, row.entered, tuple(json.loads(row.terms))) for row in rows)

    def feeds_with(self, papers: Iterable[int]) -> frozenset[str]:
        """Return the subscriptions whose feed has any of these papers."""
        return frozenset(
            name
            for chunk in chunks(papers)
            for name in self._db.scalars(
                select(feed_items.c.subscription)
                .outerjoin(absorbed, absorbed.c.paper == feed_items.c.paper)
                .where(or_(feed_items.c.paper.in_(chunk), absorbed.c.root.in_(chunk)))
                .distinct()
            )
        )

    # --- what is still to be written

    def mark_unwritten(self, kind: Kind, key: str) -> None:
        if not self._db.execute(select(unwritten).filter_by(kind=kind, key=key)).first():
            self._db.execute(insert(unwritten).values(kind=kind, key=key))

    def mark_written(self, kind: Kind, keys: Iterable[str]) -> None:
        for chunk in chunks(keys):
            self._db.execute(delete(unwritten).where(unwritten.c.kind == kind, unwritten.c.key.in_(chunk)))

    def unwritten(self, kind: Kind) -> tuple[str, ...]:
        return tuple(
            self._db.scalars(
                select(unwritten.c.key).where(unwritten.c.kind == kind).order_by(unwritten.c.key)
            )
        )

    def _among(self, table: Table, subscription: str, papers: Iterable[int]) -> frozenset[int]:
        """Return which of these papers, or which with a part, a table has for a subscription."""
        whole = func.coalesce(absorbed.c.root, table.c.paper)
        chosen = (
            select(whole)
            .select_from(table.outerjoin(absorbed, absorbed.c.paper == table.c.paper))
            .where(table.c.subscription == subscription)
        )
        return frozenset(
            number
            for chunk in chunks(papers)
            for number in self._db.scalars(
                chosen.where(or_(table.c.paper.in_(chunk), absorbed.c.root.in_(chunk)))
            )
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
