"""Which sources fail, or bring nothing any more: what every run tells, and `doctor`."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from digest.diff.staleness import LOOKED_AT, complaints
from digest.model import Home
from digest.store.store import Store

# arXiv rests for up to four days around holidays.
_SILENCE = timedelta(days=5)
# What fails for longer is no passing thing.
_PATIENCE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with a source of `digest.toml`; `lasting` if it will not pass by itself."""

    message: str
    remedy: str
    lasting: bool = False


def stale(home: Home, store: Store, now: datetime) -> tuple[str, ...]:
    """Say whose digest files bring nothing new any more, by kind of file."""
    today = now.astimezone(ZoneInfo(home.settings.timezone)).date()
    with store.begin(write=False) as tx:
        sources = sorted(tx.library.sources())
        return tuple(
            complaint
            for source in sources
            for complaint in complaints(tx.library.batches(source, limit=LOOKED_AT), today)
        )


def troubles(home: Home, now: datetime) -> tuple[Trouble, ...]:
    """Name the sources that fail, or have had nothing new for long: they may be broken, not quiet."""
    if not home.settings.sources:
        return ()
    return tuple(_troubles(home, now))


def _troubles(home: Home, now: datetime) -> Iterator[Trouble]:
    from digest.fetch.state import SourceStates

    memories, zone = SourceStates.load(home.inbox), ZoneInfo(home.settings.timezone)
    for source in home.settings.sources:
        memory, ask = memories.of(source.name), f"digest fetch --source {source.name}"
        asked, changed, failing = map(memory.time_of, ("asked", "changed", "failing"))
        if memory.error:
            since = ""
            if failing and asked and failing < asked:
                since = f" (so since {failing.astimezone(zone):%a %Y-%m-%d %H:%M})"
            yield Trouble(
                f"the source {source.name} could not be fetched: {memory.error}{since}",
                f"mend it in digest.toml if its address or its login has changed, then: {ask}",
                lasting=failing is not None and now - failing > _PATIENCE,
            )
        elif changed is None:
            told = "was asked and has brought nothing yet" if asked else "has not been asked yet"
            yield Trouble(f"the source {source.name} {told}", f"see what it answers: {ask}")
        elif now - changed > _SILENCE:
            told = f"has had nothing new since {changed.astimezone(zone):%Y-%m-%d}"
            yield Trouble(
                f"the source {source.name} {told}",
                f"look whether its site announces papers elsewhere now; ask it again: {ask}",
            )


def forgotten(home: Home, now: datetime) -> tuple[Trouble, ...]:
    """Name the sources that nobody asks any more, though they are to be asked regularly."""
    from digest.fetch.state import SourceStates

    memories, zone = SourceStates.load(home.inbox), ZoneInfo(home.settings.timezone)
    asked = [(each, memories.of(each.name).time_of("asked")) for each in home.settings.sources]
    return tuple(
        Trouble(
            f"the source {each.name} was last asked {moment.astimezone(zone):%a %Y-%m-%d %H:%M}",
            "let digest schedule run, or put digest fetch on a clock of your own",
        )
        for each, moment in asked
        if moment and each.every and now - moment > 2 * each.every + _PATIENCE
    )
