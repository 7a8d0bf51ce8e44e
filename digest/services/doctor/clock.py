"""Doctor checks of what drives a home: its sources and the schedule."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from digest.errors import DigestError
from digest.model import Home, Subscription
from digest.model.reports import Finding
from digest.pipeline.source_health import (
    failed_sources,
    failing_sources,
    stale_formats,
    unfetched_sources,
    unreachable_sources,
)
from digest.services.leadership import leader_of
from digest.services.metrics import LATE
from digest.services.subscriptions import SubscriptionStatus, subscription_statuses
from digest.services.workspace import Clock, open_library
from digest.system import heartbeat
from digest.system.heartbeat import Heartbeat
from digest.text.format import count, local_time

# A slot may wait this long without a warning: cron may start a run only every hour.
_OVERDUE = timedelta(hours=2)


def examine_sources(home: Home, clock: Clock) -> Iterator[Finding]:
    """Find sources that fail, return nothing new, or are no longer fetched."""
    found = (*failing_sources(home, clock.now), *unfetched_sources(home, clock.now))
    for trouble in found:
        yield Finding("sources", "bad" if trouble.lasting else "warning", trouble.message, trouble.remedy)
    yield from _without_sources(home)
    if home.settings.sources and not found:
        yield Finding("sources", "good", f"{count(len(home.settings.sources), 'source')}, no problems")
    try:
        with open_library(home, create=False) as store:
            complaints = stale_formats(home, store, clock.now)
    except DigestError:  # reported by the check of the database
        return
    for complaint in complaints:
        remedy = "check the files in inbox/, and whether the program that saves them there still works"
        yield Finding("sources", "warning", complaint, remedy)


def _without_sources(home: Home) -> Iterator[Finding]:
    """Report that no source at all could be fetched; if no server was reached, it is probably the network."""
    sources = len(home.settings.sources)
    if not sources or failed_sources(home) < sources:
        return
    message = f"no source could be fetched at the last attempt ({count(sources, 'source')})"
    if unreachable_sources(home) == sources:
        remedy = "check the network connection of this machine; to try again: digest fetch"
    else:
        remedy = "see the reasons above; to try again: digest fetch"
    yield Finding("sources", "bad", message, remedy)


def examine_schedule(home: Home, clock: Clock) -> Iterator[Finding]:
    """Find out whether the schedule runs and works, and which slots are overdue."""
    try:
        leader = leader_of(home)
        overdue = _overdue(home, clock.now)
    except DigestError:  # reported by the check of the database
        return
    last, zone = heartbeat.read(home.path), home.settings.timezone
    if leader is not None:
        shown, here = leader
        elsewhere = Finding("schedule", "good", f"{shown} leads the schedule")
        yield _running(shown, last, clock, zone) if here else elsewhere
    elif overdue:
        yield _not_running(overdue, last, zone)
    elif last:
        message = f"digest schedule is not running (last round {local_time(last.at, zone)})"
        yield Finding("schedule", "good", f"{message}; no slot is overdue")
    else:
        yield Finding("schedule", "good", "digest schedule has never run here; no slot is overdue")


def _running(leader: str, last: Heartbeat | None, clock: Clock, zone: str) -> Finding:
    if leader.startswith("digest restore"):
        return Finding("schedule", "skipped", f"the schedule is waiting for {leader}")
    if last is None or (clock.started - last.at).total_seconds() > LATE:
        since = f"since {local_time(last.at, zone)}" if last else "yet"
        remedy = "unless a long run is in progress, restart that process; see its log for details"
        return Finding("schedule", "bad", f"{leader} has not completed a round {since}", remedy)
    at = local_time(last.at, zone)
    if last.error:
        message = f"{leader}: the last round, at {at}, failed: {last.error}"
        return Finding("schedule", "warning", message, "see its log for details")
    return Finding("schedule", "good", f"{leader}: last round at {at}")


def _not_running(
    overdue: list[tuple[datetime, SubscriptionStatus]], last: Heartbeat | None, zone: str
) -> Finding:
    since, first = min(overdue, key=lambda pair: pair[0])
    verb = "is" if len(overdue) == 1 else "are"
    message = (
        f"{count(len(overdue), 'subscription')} {verb} overdue ({first.subscription.id} since "
        f"{local_time(since, zone)}), and digest schedule is not running"
    )
    if last:
        message += f" (last round {local_time(last.at, zone)})"
    remedy = "start it (systemctl start digest), or check your cron job or timer; to catch up now: digest run"
    return Finding("schedule", "warning", message, remedy)


def _overdue(home: Home, now: datetime) -> list[tuple[datetime, SubscriptionStatus]]:
    """Return the subscriptions with a slot that passed long ago without a run, each with that slot."""
    return [
        (each.overdue, each)
        for each in subscription_statuses(home, Clock(now, now))
        if isinstance(each.subscription, Subscription) and each.overdue and now - each.overdue > _OVERDUE
    ]
