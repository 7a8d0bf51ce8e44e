"""Matches → issues: what is New, what is Updated, in which order, how much of it. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from digest.model import Issue, Item, Match, Paper, Subscription, Trend
from digest.rank.themes import themes_of

MAX_UPDATED = 10


class Logged(Protocol):
    """A line of the log, as far as composing needs it."""

    @property
    def paper(self) -> int: ...
    @property
    def kind(self) -> str: ...
    @property
    def what(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class Findings:
    """What an interval of the log holds for a subscription; New and Updated whole, best first.

    `before` counts matching papers that an earlier issue brought, `old` those that `newer_than` kept out;
    `order` says by what New is ordered, if it is not by keywords alone; `trends` what rises in the library.
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
    """Tell whether `newer_than` lets the paper pass; one without a date passes."""
    if subscription.newer_than is None or paper.published is None:
        return True
    return (
        paper.published >= (now - subscription.newer_than).astimezone(ZoneInfo(subscription.timezone)).date()
    )


def find(
    entries: Sequence[Logged],
    *,
    matches: Iterable[Match],
    served: frozenset[int],
    papers: Mapping[int, Paper],
    old: int = 0,
) -> Findings:
    """Sort an interval out for one subscription.

    `matches` are what its query accepts among the interval's papers, best first; `served` the papers of
    the interval that an earlier issue brought; `old` how many matches `newer_than` kept out.
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


def _revisions(entries: Iterable[Logged]) -> dict[int, tuple[str, ...]]:
    revised: dict[int, tuple[str, ...]] = {}
    for entry in entries:
        if entry.kind == "updated":
            revised[entry.paper] = tuple(dict.fromkeys((*revised.get(entry.paper, ()), *entry.what)))
    return revised


def compose(
    subscription: Subscription,
    findings: Findings,
    *,
    number: int,
    slot: str | None,
    made: datetime,
    since: datetime | None,
    note: str = "",
) -> Issue:
    """Make an issue of what was found: capped, the rest kept for the archive."""
    cap = subscription.max_papers
    return Issue(
        subscription=subscription.id,
        name=subscription.name,
        number=number,
        day=made.astimezone(ZoneInfo(subscription.timezone)).date(),
        made=made,
        timezone=subscription.timezone,
        since=since,
        slot=slot,
        considered=findings.considered,
        new=findings.new[:cap],
        more_new=findings.new[cap:],
        updated=findings.updated[:MAX_UPDATED],
        more_updated=findings.updated[MAX_UPDATED:],
        keywords=subscription.keywords,
        exclude=subscription.exclude,
        schedule=subscription.schedule,
        note=note,
        order=findings.order,
        discover=findings.discover,
        trends=findings.trends,
        language=subscription.language,
        themes=themes_of([item.paper for item in findings.new[:cap]], subscription.keywords),
    )
