"""Matches → issues: which papers are New, which are Updated, in which order and how many. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from digest.compose.slots import Slot
from digest.model import Cursor, Entry, FeedPaper, Issue, Item, Match, Paper, Subscription, Theme, Trend
from digest.rank.themes import themes_of

MAX_UPDATED = 10

Themes = Callable[[Sequence[Paper], Iterable[str]], tuple[Theme, ...]]


@dataclass(frozen=True, slots=True)
class Findings:
    """What an interval of the log contains for a subscription.

    `new` and `updated` are complete, best first; `considered` counts the papers of the interval. `before` counts
    matching papers that an earlier issue showed, `old` those that `newer_than` excludes. `order` is what New is
    ordered by, "" for keywords alone; `discover` are papers that no keyword matches; `trends` are the library's.
    """

    considered: int
    new: tuple[Item, ...]
    updated: tuple[Item, ...]
    before: int = 0
    old: int = 0
    order: str = ""
    discover: tuple[Item, ...] = ()
    trends: tuple[Trend, ...] = ()

    @property
    def matched(self) -> int:
        return len(self.new) + len(self.updated)


def recent_enough(subscription: Subscription, paper: Paper, now: datetime) -> bool:
    """Return whether a paper is new enough for `newer_than`; one without a date is."""
    if subscription.newer_than is None or paper.published is None:
        return True
    return (
        paper.published >= (now - subscription.newer_than).astimezone(ZoneInfo(subscription.timezone)).date()
    )


def find(
    entries: Sequence[Entry],
    *,
    matches: Iterable[Match],
    served: frozenset[int],
    papers: Mapping[int, Paper],
    old: int = 0,
) -> Findings:
    """Return the findings of an interval for one subscription.

    `matches` are the papers of the interval that its query accepts, best first; `served` are the papers of the
    interval that an earlier issue showed, in `papers` by number; `old` counts the matches that `newer_than`
    excludes.
    """
    accepted = {match.paper.number: match for match in matches}
    revised = _revisions(entry for entry in entries if entry.paper in served)
    new = tuple(
        Item(match.paper, match.score, match.evidence)
        for number, match in accepted.items()
        if number not in served
    )
    updated = [
        Item(accepted[number].paper, accepted[number].score, accepted[number].evidence, what)
        if number in accepted
        else Item(papers[number], changes=what)
        for number, what in revised.items()
    ]
    updated.sort(key=lambda item: (-item.score, item.paper.number))
    before = len((accepted.keys() & served) - revised.keys())
    return Findings(len({entry.paper for entry in entries}), new, tuple(updated), before, old)


def _revisions(entries: Iterable[Entry]) -> dict[int, tuple[str, ...]]:
    """Return what was revised, by paper, in the order of the log."""
    revised: dict[int, tuple[str, ...]] = {}
    for entry in entries:
        if entry.kind == "updated":
            revised[entry.paper] = tuple(dict.fromkeys((*revised.get(entry.paper, ()), *entry.what)))
    return revised


def compose(
    subscription: Subscription,
    cursor: Cursor,
    findings: Findings,
    *,
    made: datetime,
    slot: Slot | None = None,
    note: str = "",
) -> Issue:
    """Return the next issue after a cursor, made from the findings since then; `with_themes` adds the themes.

    Papers above `max_papers` or MAX_UPDATED go into `more_new` and `more_updated`, for the archive.
    """
    cap = subscription.max_papers
    zone = ZoneInfo(subscription.timezone)
    return Issue(
        subscription=subscription.id,
        name=subscription.name,
        number=cursor.issues + 1,
        day=made.astimezone(zone).date(),
        made=made,
        timezone=subscription.timezone,
        since=cursor.since,
        slot=slot.instant.astimezone(zone).isoformat() if slot else None,
        considered=findings.considered,
        new=findings.new[:cap],
        more_new=findings.new[cap:],
        updated=findings.updated[:MAX_UPDATED],
        more_updated=findings.updated[MAX_UPDATED:],
        keywords=subscription.keywords,
        exclude=subscription.exclude,
        schedule=subscription.schedule,
        note=note,
        mailed=bool(subscription.email),
        order=findings.order,
        discover=findings.discover,
        trends=findings.trends,
        interests=tuple(each.name for each in subscription.interests)
        if len(subscription.interests) > 1
        else (),
        language=subscription.language,
        names=subscription.names,
    )


def with_interests(issue: Issue, met: Callable[[Paper], tuple[int, ...]]) -> Issue:
    """Return an issue of several interests with those that each paper meets; `met` returns their places."""

    def named(items: tuple[Item, ...]) -> tuple[Item, ...]:
        return tuple(replace(item, interests=met(item.paper)) for item in items)

    return replace(
        issue,
        new=named(issue.new),
        updated=named(issue.updated),
        more_new=named(issue.more_new),
        more_updated=named(issue.more_updated),
    )


def in_order_of(issue: Issue, feed: Sequence[FeedPaper]) -> tuple[FeedPaper, ...]:
    """Return what enters a feed in the order of the issue of the same run, with its interests or themes."""
    items = (*issue.new, *issue.more_new)
    places = {item.paper.number: place for place, item in enumerate(items)}
    about: dict[int, tuple[str, ...]] = {
        number: (theme.name,) for theme in issue.themes for number in theme.papers
    }
    for item in items if issue.interests else ():
        about[item.paper.number] = tuple(issue.interests[place] for place in item.interests)
    ranked = sorted(feed, key=lambda each: places.get(each.paper, len(places)))
    return tuple(each._replace(about=about.get(each.paper, each.about)) for each in ranked)


def with_themes(issue: Issue, find: Themes = themes_of) -> Issue:
    """Return an issue with the themes of its New papers."""
    return replace(issue, themes=find([item.paper for item in issue.new], issue.keywords))
