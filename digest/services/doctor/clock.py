"""Whether anything drives a home: what `doctor` checks of its sources and of `digest schedule`."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from digest.errors import DigestError
from digest.model import Home, Subscription
from digest.model.reports import Finding
from digest.pipeline.source_health import failing_sources, stale_formats, unfetched_sources
from digest.services.metrics import LATE
from digest.services.subscriptions import SubscriptionStatus, subscription_statuses
from digest.services.workspace import Clock, open_library
from digest.system import heartbeat
from digest.system.heartbeat import Heartbeat
from digest.system.locks import LEADER, holder

# A slot that waits for so long waits for somebody who does not come: cron may ask every hour.
_OVERDUE = timedelta(hours=2)


def examine_sources(home: Home, clock: Clock) -> Iterator[Finding]:
    """Say which sources fail, or bring nothing any more, and since when."""
    found = (*failing_sources(home, clock.now), *unfetched_sources(home, clock.now))
    for trouble in found:
        yield Finding("sources", "bad" if trouble.lasting else "warning", trouble.message, trouble.remedy)
    if home.settings.sources and not found:
        count = len(home.settings.sources)
        yield Finding("sources", "good", f"{count} source{'' if count == 1 else 's'} asked, and answering")
    try:
        with open_library(home, create=False) as store:
            complaints = stale_formats(home, store, clock.now)
    except DigestError:  # told by the check of the database
        return
    for complaint in complaints:
        remedy = "look at the files in inbox/, and whether what brings them still runs"
        yield Finding("sources", "warning", complaint, remedy)


def examine_schedule(home: Home, clock: Clock) -> Iterator[Finding]:
    """Say whether rounds are made, and whether slots wait for nobody."""
    try:
        who = holder(home.path, LEADER)
        late = _overdue(home, clock.now)
    except DigestError:
        return
    pulse, zone = heartbeat.read(home.path), ZoneInfo(home.settings.timezone)
    if who is not None:
        yield _running(who, pulse, clock, zone)
    elif late:
        yield _waiting(late, pulse, zone)
    elif pulse:
        told = f"digest schedule does not run; its last round was at {_at(pulse.at, zone)}"
        yield Finding("schedule", "good", f"{told}; no slot waits for it")
    else:
        yield Finding("schedule", "good", "digest schedule has not been used here; no slot waits for it")


def _running(who: str, pulse: Heartbeat | None, clock: Clock, zone: ZoneInfo) -> Finding:
    if who.startswith("digest restore"):
        return Finding("schedule", "skipped", f"rounds wait for {who}")
    if pulse is None or (clock.started - pulse.at).total_seconds() > LATE:
        since = f"since {_at(pulse.at, zone)}" if pulse else "yet"
        remedy = "unless a long run is at work, stop that process and start it again; its log says more"
        return Finding("schedule", "bad", f"{who} has ended no round {since}", remedy)
    told = f"{who}: last round at {_at(pulse.at, zone)}"
    if pulse.wrong:
        return Finding(
            "schedule",
            "warning",
            f"{told} went wrong: {pulse.wrong}",
            "what comes after the mistake: its log",
        )
    return Finding("schedule", "good", told)


def _waiting(
    late: list[tuple[datetime, SubscriptionStatus]], pulse: Heartbeat | None, zone: ZoneInfo
) -> Finding:
    """Say which slots passed without a run."""
    since, first = min(late, key=lambda pair: pair[0])
    waits = f"{len(late)} subscription{'s wait' if len(late) > 1 else ' waits'} for a run"
    told = f"{waits}, {first.subscription.id} since {_at(since, zone)}, and digest schedule does not run"
    if pulse:
        told += f" (last round {_at(pulse.at, zone)})"
    remedy = "start it, as systemctl start digest, or look at your own clock's log; digest run catches up now"
    return Finding("schedule", "warning", told, remedy)


def _overdue(home: Home, now: datetime) -> list[tuple[datetime, SubscriptionStatus]]:
    """Return subscriptions a slot of which has passed long ago without a run, with that slot."""
    return [
        (each.overdue, each)
        for each in subscription_statuses(home, Clock(now, now))
        if isinstance(each.subscription, Subscription) and each.overdue and now - each.overdue > _OVERDUE
    ]


def _at(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%a %Y-%m-%d %H:%M:%S}"
