"""Sources that have gone stale: they answer, but bring nothing. Pure.

A feed that is broken is silent in the same way as a quiet day; what it used to bring tells them apart.
"""

from collections.abc import Sequence
from datetime import date
from itertools import pairwise, takewhile
from statistics import median

from digest.model import SourceBatch

LOOKED_AT = 12  # newest files of a source that are compared
_ENOUGH = 3  # earlier files before habits are known
_WEEKEND = 3  # days for which a source may say the same again
_FEW, _MANY = 0.1, 10  # a tenth of what used to be many is too few


def complaints(batches: Sequence[SourceBatch], today: date) -> tuple[str, ...]:
    """Say what is wrong with a source, given its newest files, the newest first."""
    if not batches:
        return ()
    latest, earlier = batches[0], batches[1:]
    found = (_same(latest, earlier), _thin(latest, earlier), _aged(latest, earlier), _late(batches, today))
    return tuple(f"{latest.source}: {complaint}" for complaint in found if complaint)


def _same(latest: SourceBatch, earlier: Sequence[SourceBatch]) -> str | None:
    if not earlier or latest.papers != earlier[0].papers:
        return None
    if latest.captured == earlier[0].captured:
        return _stuck(latest, earlier)
    return (
        f"{latest.path} lists the same {_papers(len(latest.papers))} as {earlier[0].path} before it; "
        "the source may have stopped"
    )


def _stuck(latest: SourceBatch, earlier: Sequence[SourceBatch]) -> str | None:
    """Complain of a source that goes on telling of one day, as its own dates say, for longer than a weekend."""
    same = takewhile(
        lambda batch: (batch.captured, batch.papers) == (latest.captured, latest.papers), earlier
    )
    first = [batch.read for batch in same if batch.read][-1:]
    if latest.read is None or not first or (latest.read - first[0]).days <= _WEEKEND:
        return None
    return (
        f"{latest.path} lists the same {_papers(len(latest.papers))} of {latest.captured} as what was read on "
        f"{first[0]}; the source may have stopped"
    )


def _thin(latest: SourceBatch, earlier: Sequence[SourceBatch]) -> str | None:
    if len(earlier) < _ENOUGH:
        return None
    usual = median(len(batch.papers) for batch in earlier)
    if usual < _MANY or len(latest.papers) > usual * _FEW:
        return None
    return (
        f"{latest.path} lists {_papers(len(latest.papers))}, where {usual:g} are usual; was it saved whole?"
    )


def _aged(latest: SourceBatch, earlier: Sequence[SourceBatch]) -> str | None:
    """Complain of a newest item that is far older than this source's newest items used to be."""
    lags = [lag for batch in earlier if (lag := _lag(batch)) is not None]
    lag = _lag(latest)
    if lag is None or len(lags) < _ENOUGH or lag <= 2 * max(median(lags), 0) + 4:
        return None
    return f"the newest paper in {latest.path} is {lag} days old; {median(lags):g} are usual"


def _lag(batch: SourceBatch) -> int | None:
    return None if batch.newest is None else (batch.captured - batch.newest).days


def _late(batches: Sequence[SourceBatch], today: date) -> str | None:
    """Complain of a source that brought something regularly and then stopped."""
    days = sorted({batch.captured for batch in batches})
    if len(days) <= _ENOUGH:
        return None
    gaps = [(after - before).days for before, after in pairwise(days)]
    silent = (today - days[-1]).days
    if silent <= 2 * max(gaps) + 2:
        return None
    usual = median(gaps)
    often = "every day" if usual == 1 else f"every {usual:g} days"
    return f"nothing since {days[-1]}, {silent} days ago; it used to come {often}"


def _papers(count: int) -> str:
    return f"{count} paper{'' if count == 1 else 's'}"
