"""Previews: the issue a subscription would get now, and how many papers would have matched in past weeks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from digest.model import Home, Issue, Subscription
from digest.services.subscriptions import subscription_of
from digest.services.workspace import Clock, open_library

if TYPE_CHECKING:
    from digest.store import Library


@dataclass(frozen=True, slots=True)
class Week:
    """A week, by its Monday: the papers first seen in it, and how many of them match."""

    monday: date
    papers: int
    matched: int


def per_week(weeks: Sequence[Week]) -> tuple[float, int]:
    """Return the matches per week, and the number of weeks counted: those from the first with any papers."""
    counted = weeks[next((place for place, week in enumerate(weeks) if week.papers), 0) :]
    return sum(week.matched for week in counted) / len(counted), len(counted)


@dataclass(frozen=True, slots=True)
class Preview:
    """The issue a subscription would get now, and past weeks. `issue` is None if nothing matches.

    `text` is the issue as plain text; `papers` counts the library. `begun`: a run has seen the subscription, so its
    `start` no longer counts; `last_issue` is the number of its last issue, or 0.
    """

    issue: Issue | None
    considered: int
    matched: int
    text: str
    weeks: tuple[Week, ...]
    papers: int
    begun: bool
    last_issue: int

    @property
    def per_week(self) -> tuple[float, int]:
        return per_week(self.weeks)


def preview(home: Home, subscription_id: str, clock: Clock, *, weeks: int) -> Preview:
    """Compose the issue a subscription would get now, and count `weeks` past weeks; record nothing.

    Raises UsageError if the subscription is unknown or invalid.
    """
    from digest.compose.decide import Moment
    from digest.compose.issue import compose, with_themes
    from digest.pipeline import rendering
    from digest.pipeline.cursors import enrol
    from digest.pipeline.decisions import load_candidates, rank_all, search
    from digest.pipeline.ingest import owned
    from digest.pipeline.matching import RunMatcher
    from digest.pipeline.outputs import renderer_for

    subscription = subscription_of(home, subscription_id)
    with open_library(home, create=False) as store, store.rehearse(), store.begin() as tx:
        begun = tx.cursors.get(subscription.id) is not None
        enrol(tx, [subscription], clock.now)
        matcher = RunMatcher(store, owned(home, clock.now).has, model=home.settings.summary_model, home=home)
        moment = Moment(clock.now, tx.library.end(), force=True)
        (candidate,) = load_candidates(tx, matcher, [subscription], moment)
        ((_, found),) = rank_all(matcher, [(candidate, search(matcher, candidate, moment))], moment)
        findings = found.findings
        composed = compose(subscription, candidate.cursor, findings, made=clock.now)
        issue = with_themes(composed, partial(matcher.themes, subscription.id))
        counted = weeks_of(tx.library, subscription, clock.now, weeks)
        papers = tx.library.count()
    text = rendering.issue(matcher.boundary, issue, renderer_for(home).text) if findings.matched else ""
    shown = issue if findings.matched else None
    last = candidate.cursor.issues
    return Preview(shown, findings.considered, findings.matched, text, counted, papers, begun, last)


def weeks_of(library: "Library", subscription: Subscription, now: datetime, weeks: int) -> tuple[Week, ...]:
    """Return the last weeks, oldest first, this one included, in the subscription's zone."""
    from digest.compose.issue import recent_enough
    from digest.match.prefilter import scanner
    from digest.match.query.parser import query_of
    from digest.pipeline.set_aside import Boundary

    zone = ZoneInfo(subscription.timezone)
    find, boundary = scanner(query_of(subscription.keywords, subscription.exclude)), Boundary()
    today = now.astimezone(zone).date()
    monday = today - timedelta(days=today.weekday())
    seen = {monday - timedelta(weeks=back): [0, 0] for back in reversed(range(weeks))}
    since = datetime.combine(min(seen, default=today), time.min, zone) - timedelta(days=1)
    for paper in library.all_papers(since=since):
        day = paper.first_seen.astimezone(zone).date()
        week = seen.get(day - timedelta(days=day.weekday()))
        if week is not None:
            week[0] += 1
            if recent_enough(subscription, paper, paper.first_seen) and boundary.one(
                "match", paper, find, otherwise=None
            ):
                week[1] += 1
    return tuple(Week(start, total, matched) for start, (total, matched) in seen.items())
