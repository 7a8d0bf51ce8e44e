"""The issues: their content, and the papers that each subscription was served."""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, tuple_

from digest.model import Issue, IssueLine
from digest.model.issues import BEST
from digest.store.columns import Moment
from digest.store.issue_content import count_discover, decode_issue, papers_of
from digest.store.on_disk import is_on_request
from digest.store.pending_files import PendingFiles
from digest.store.revisions import Revisions, as_text, from_text
from digest.store.schema import absorbed, cursors, issues, served, spared, verdicts
from digest.store.schema import papers as library
from digest.store.sql import chunks, insert_rows, papers_among


@dataclass(frozen=True, slots=True)
class StoredIssue:
    """An issue with its key in the database and the formats of its files."""

    id: int
    formats: tuple[str, ...]
    issue: Issue


@dataclass(frozen=True, slots=True)
class NewIssue:
    """An issue to be stored, with the interval (first, last] of the log and the papers that it serves.

    `content` is what `digest.store.issue_content.encode_issue` makes of it.
    """

    issue: Issue
    content: bytes
    interval: tuple[int, int]
    formats: tuple[str, ...]
    serves: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class IssueFiles:
    """What names the files of an issue."""

    key: int
    subscription: str
    number: int
    day: date
    formats: tuple[str, ...]

    @property
    def stem(self) -> str:
        """Return the stem of the issue's files, like `Issue.stem`."""
        return f"{self.day.isoformat()}-{self.number}"


class Issues:
    """Issues by key, or by subscription and number."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection
        self._pending = PendingFiles(connection)
        self._revisions = Revisions(connection)

    def add(self, new: Sequence[NewIssue], *, run: int, on_request: Container[str] = ()) -> list[int]:
        """Store issues and the papers that they serve. Returns their keys.

        No files of the subscriptions in `on_request` are marked as pending.
        """
        if not new:
            return []
        before = self._db.scalar(select(func.max(issues.c.id))) or 0
        shown = self._revisions.keep_all({place: papers_of(each.issue) for place, each in enumerate(new)})
        rows = [_row(each, run, shown[place]) for place, each in enumerate(new)]
        insert_rows(self._db, issues, rows)
        added = select(issues.c.id, issues.c.subscription, issues.c.number).where(issues.c.id > before)
        by_number = {(row.subscription, row.number): row.id for row in self._db.execute(added)}
        keys = [by_number[each.issue.subscription, each.issue.number] for each in new]
        serves = [
            {"subscription": each.issue.subscription, "paper": paper, "issue": key}
            for key, each in zip(keys, new, strict=True)
            for paper in each.serves
        ]
        insert_rows(self._db, served, serves)
        written = [
            (key, each)
            for key, each in zip(keys, new, strict=True)
            if each.issue.subscription not in on_request
        ]
        if written:
            # The page of a paper names its issues.
            self._pending.mark_all("paper", (str(paper) for _, each in written for paper in each.serves))
            self._pending.mark_all("issue", (str(key) for key, _ in written))
            self._pending.mark("index", "")
        return keys

    def get(self, key: int) -> StoredIssue:
        """Return the issue with this key; there must be one."""
        return self.several([key])[key]

    def several(self, keys: Iterable[int]) -> dict[int, StoredIssue]:
        """Return the issues with these keys."""
        chosen = select(issues.c.id, issues.c.formats, issues.c.content, issues.c.revisions)
        rows = [
            row for chunk in chunks(keys) for row in self._db.execute(chosen.where(issues.c.id.in_(chunk)))
        ]
        shown = {row.id: tuple(from_text(row.revisions)) for row in rows}
        papers = self._revisions.of(key for some in shown.values() for key in some)
        return {
            row.id: StoredIssue(
                row.id,
                tuple(filter(None, row.formats.split(","))),
                decode_issue(row.content, [papers[key] for key in shown[row.id]]),
            )
            for row in rows
        }

    def of_run(self, run: int) -> tuple[StoredIssue, ...]:
        """Return the issues that a run made."""
        made = (verdicts.c.subscription == issues.c.subscription) & (verdicts.c.issue == issues.c.number)
        chosen = select(issues.c.id).join(verdicts, made).where(verdicts.c.run == run)
        return tuple(self.several(self._db.scalars(chosen)).values())

    def numbered(self, subscription: str, number: int) -> Issue | None:
        """Return an issue of a subscription by its number, or None."""
        key = self.key(subscription, number)
        return None if key is None else self.get(key).issue

    def key(self, subscription: str, number: int) -> int | None:
        """Return the key of an issue of a subscription by its number, or None."""
        same = (issues.c.subscription == subscription) & (issues.c.number == number)
        return self._db.scalar(select(issues.c.id).where(same))

    def is_pruned(self, key: int) -> bool:
        """Return whether the files of an issue were removed because of their age."""
        return bool(self._db.scalar(select(issues.c.pruned).where(issues.c.id == key)))

    def last_made(self, subscriptions: Iterable[str]) -> dict[str, datetime]:
        """Return when the last issue of each of these subscriptions was made, if it has one."""
        newest = func.max(issues.c.made, type_=Moment())
        return {
            subscription: made
            for chunk in chunks(subscriptions)
            for subscription, made in self._db.execute(
                select(issues.c.subscription, newest)
                .where(issues.c.subscription.in_(chunk))
                .group_by(issues.c.subscription)
            )
        }

    def discovered_since(self, subscriptions: Iterable[str], moment: datetime) -> dict[str, int]:
        """Return how many papers to discover the issues made after a time showed, by subscription."""
        found: dict[str, int] = {}
        for chunk in chunks(subscriptions):
            chosen = select(issues.c.subscription, issues.c.content).where(
                issues.c.subscription.in_(chunk), issues.c.made > moment
            )
            for subscription, content in self._db.execute(chosen):
                found[subscription] = found.get(subscription, 0) + count_discover(content)
        return found

    def ids(self) -> tuple[int, ...]:
        """Return the keys of all issues."""
        return tuple(self._db.scalars(select(issues.c.id)))

    def ids_of(self, subscriptions: Iterable[str]) -> list[int]:
        """Return the keys of all issues of these subscriptions."""
        return [
            key
            for chunk in chunks(sorted(subscriptions))
            for key in self._db.scalars(select(issues.c.id).where(issues.c.subscription.in_(chunk)))
        ]

    def newest_days(self, files: str = "all") -> dict[str, date]:
        """Return the day of the last issue with files of each subscription that has files."""
        chosen = select(issues.c.subscription, func.max(issues.c.day)).where(
            issues.c.formats != "", _on_disk(files)
        )
        found = self._db.execute(chosen.group_by(issues.c.subscription))
        return {subscription: date.fromisoformat(day) for subscription, day in found}

    def newest(self, limit: int, files: str = "all") -> list[IssueFiles]:
        """Return what files the newest issues have, the newest first, without those that are not on disk."""
        chosen = (
            select(issues.c.id, issues.c.subscription, issues.c.number, issues.c.day, issues.c.formats)
            .where(_on_disk(files))
            .order_by(issues.c.id.desc())
        )
        return [
            IssueFiles(
                row[0], row[1], row[2], date.fromisoformat(row[3]), tuple(filter(None, row[4].split(",")))
            )
            for row in self._db.execute(chosen.limit(limit))
        ]

    def lines(self, files: str = "all") -> tuple[IssueLine, ...]:
        """Return the issues of public subscriptions with files on disk, newest first; `files` is that setting."""
        chosen = select(*_LINE).where(_on_disk(files), _LISTED).order_by(issues.c.id.desc())
        return tuple(_line(row) for row in self._db.execute(chosen))

    def newest_of(self, subscription: str, limit: int) -> list[tuple[IssueLine, datetime]]:
        """Return the newest issues of a subscription with the times at which they were made, newest first."""
        chosen = select(*_LINE, issues.c.made).where(issues.c.subscription == subscription)
        rows = self._db.execute(chosen.order_by(issues.c.number.desc()).limit(limit))
        found = [(_line(row), row.made) for row in rows]
        best = self.best_titles(line for line, _ in found)
        return [(replace(line, best=best.get((subscription, line.number), ())), made) for line, made in found]

    def best_titles(self, lines: Iterable[IssueLine]) -> dict[tuple[str, int], tuple[str, ...]]:
        """Return the titles of the first papers, at most three, of these issues, by subscription and number."""
        wanted = {(line.subscription, line.number) for line in lines}
        key = tuple_(issues.c.subscription, issues.c.number)
        # Only the beginning of the column is needed; three numbers have at most 60 characters.
        start = func.substr(issues.c.revisions, 1, 64)
        chosen = select(issues.c.subscription, issues.c.number, start.label("start")).where(key.in_(wanted))
        shown = {
            (row.subscription, row.number): tuple(map(int, row.start.split()[:BEST]))
            for row in self._db.execute(chosen)
        }
        titles = Revisions(self._db).titles({each for some in shown.values() for each in some})
        return {issue: tuple(titles[each] for each in some) for issue, some in shown.items()}

    def lines_with(self, paper: int) -> tuple[IssueLine, ...]:
        """Return the issues of public subscriptions with a paper under New, newest first."""
        return self.lines_by_paper([paper]).get(paper, ())

    def lines_by_paper(self, papers: Iterable[int], files: str = "all") -> dict[int, tuple[IssueLine, ...]]:
        """Return the issues with each of these papers under New, newest first; without papers that are in none.

        Only issues of public subscriptions with files on disk; `files` is the setting of that name.
        """
        found: dict[int, dict[int, IssueLine]] = {}
        of_parts = served.join(absorbed, absorbed.c.paper == served.c.paper)
        for chunk in chunks(papers):
            for paper, source in ((served.c.paper, served), (absorbed.c.root, of_parts)):
                chosen = select(paper, issues.c.id, *_LINE).select_from(
                    source.join(issues, issues.c.id == served.c.issue)
                )
                for row in self._db.execute(chosen.where(paper.in_(chunk), _on_disk(files), _LISTED)):
                    found.setdefault(row[0], {})[row.id] = _line(row)
        return {
            paper: tuple(lines[key] for key in sorted(lines, reverse=True)) for paper, lines in found.items()
        }

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

    def served(self, subscriptions: Sequence[str], papers: Iterable[int]) -> dict[str, set[int]]:
        """Return those of these papers that each of these subscriptions was served.

        Also those served by a library that a backup has replaced.
        """
        wanted = tuple(papers)
        found = papers_among(self._db, served, subscriptions, wanted)
        if wanted and self._db.execute(select(spared.c.uid).limit(1)).first():
            before = select(spared.c.subscription, library.c.number).join(
                spared, spared.c.uid == library.c.uid
            )
            among = spared.c.subscription.between(min(subscriptions), max(subscriptions))
            for chunk in chunks(wanted):
                for subscription, number in self._db.execute(
                    before.where(library.c.number.in_(chunk), among)
                ):
                    found.setdefault(subscription, set()).add(number)
        return found


def _row(new: NewIssue, run: int, shown: Sequence[int]) -> dict[str, object]:
    issue = new.issue
    return {
        "subscription": issue.subscription,
        "number": issue.number,
        "slot": issue.slot,
        "made": issue.made,
        "name": issue.name,
        "day": issue.day.isoformat(),
        "new_count": len(issue.new) + len(issue.more_new),
        "updated_count": len(issue.updated) + len(issue.more_updated),
        "first": new.interval[0],
        "last": new.interval[1],
        "formats": ",".join(new.formats),
        "content": new.content,
        "revisions": as_text(shown),
        "run": run,
    }


def _on_disk(files: str) -> ColumnElement[bool]:
    return ~issues.c.pruned & ~is_on_request(issues.c.subscription, files)


_LINE = (
    issues.c.subscription,
    issues.c.name,
    issues.c.number,
    issues.c.day,
    issues.c.new_count,
    issues.c.updated_count,
)

_LISTED = issues.c.subscription.in_(select(cursors.c.subscription).where(cursors.c.visibility == "public"))


def _line(row: Any) -> IssueLine:
    return IssueLine(
        row.subscription, row.name, row.number, date.fromisoformat(row.day), row.new_count, row.updated_count
    )
