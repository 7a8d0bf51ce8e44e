"""Sources that fail or return nothing new, as every run and `digest doctor` report them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from digest.diff.staleness import NEWEST_FILES, complaints
from digest.model import Home
from digest.store.store import Store
from digest.text.format import local_day, local_time

# arXiv announces nothing for up to four days around holidays.
_SILENCE = timedelta(days=5)
# A failure that lasts longer is more than a passing problem.
_PATIENCE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Trouble:
    """A problem of a source in `digest.toml`; `lasting` if it is unlikely to resolve itself."""

    message: str
    remedy: str
    lasting: bool = False


def stale_formats(home: Home, store: Store, now: datetime) -> tuple[str, ...]:
    """Return sentences on the formats whose digest files no longer contain anything new."""
    today = now.astimezone(ZoneInfo(home.settings.timezone)).date()
    with store.begin(write=False) as tx:
        sources = sorted(tx.library.sources())
        return tuple(
            complaint
            for source in sources
            for complaint in complaints(tx.library.batches(source, limit=NEWEST_FILES), today)
        )


def failing_sources(home: Home, now: datetime) -> tuple[Trouble, ...]:
    """Return the sources that fail or have had nothing new for long, in the order of `digest.toml`."""
    if not home.settings.sources:
        return ()
    return tuple(_failing(home, now))


def _failing(home: Home, now: datetime) -> Iterator[Trouble]:
    from digest.fetch.state import SourceStates

    memories, zone = SourceStates.load(home.inbox), home.settings.timezone
    offline = unreachable_sources(home) == len(home.settings.sources)
    for source in home.settings.sources:
        memory, command = memories.of(source.name), f"digest fetch --source {source.name}"
        asked, changed, failing = map(memory.time_of, ("asked", "changed", "failing"))
        if memory.error:
            since = ""
            if failing and asked and failing < asked:
                since = f" (since {local_time(failing, zone)})"
            yield Trouble(
                f"the source {source.name} could not be fetched: {memory.error}{since}",
                f"{_remedy(memory.unreachable, offline)}; then run {command}",
                lasting=failing is not None and now - failing > _PATIENCE,
            )
        elif changed is None:
            problem = "has returned nothing yet" if asked else "has not been fetched yet"
            yield Trouble(f"the source {source.name} {problem}", f"see what it returns: {command}")
        elif now - changed > _SILENCE:
            problem = f"has returned nothing new since {local_day(changed, zone)}"
            yield Trouble(
                f"the source {source.name} {problem}",
                f"check whether its site has moved; then run {command}",
            )


def _remedy(unreachable: bool, offline: bool) -> str:
    if offline:
        return "check the network connection of this machine"
    if unreachable:
        return "its server may be down; if this lasts, check its address"
    return "if its address or login has changed, correct digest.toml"


def unreachable_sources(home: Home) -> int:
    """Return how many sources failed at their last attempt because no server could be reached."""
    from digest.fetch.state import SourceStates

    states = SourceStates.load(home.inbox)
    found = (states.of(source.name) for source in home.settings.sources)
    return sum(bool(state.error) and state.unreachable for state in found)


def failed_sources(home: Home) -> int:
    """Return how many sources failed at their last attempt."""
    from digest.fetch.state import SourceStates

    states = SourceStates.load(home.inbox)
    return sum(bool(states.of(source.name).error) for source in home.settings.sources)


def unfetched_sources(home: Home, now: datetime) -> tuple[Trouble, ...]:
    """Return the sources with an interval (`every`) that have not been fetched for more than two of them."""
    from digest.fetch.state import SourceStates

    memories, zone = SourceStates.load(home.inbox), home.settings.timezone
    fetched = [(each, memories.of(each.name).time_of("asked")) for each in home.settings.sources]
    return tuple(
        Trouble(
            f"the source {each.name} was last fetched {local_time(moment, zone)}",
            "keep digest schedule running, or run digest fetch regularly, for example with cron",
        )
        for each, moment in fetched
        if moment and each.every and now - moment > 2 * each.every + _PATIENCE
    )
