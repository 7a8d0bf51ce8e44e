"""Stale sources: they respond, but return nothing new. Pure.

A broken feed looks like a quiet day; only a comparison with its earlier files tells them apart.
"""

from collections.abc import Sequence
from datetime import date
from itertools import pairwise, takewhile
from statistics import median

from digest.model import SourceBatch

NEWEST_FILES = 12  # of a source that are compared
_ENOUGH = 3  # earlier files that show what is usual
_WEEKEND = 3  # days for which a source may repeat itself
_FEW, _MANY = 0.1, 10  # a tenth of the usual number is too few, if at least ten papers are usual


def complaints(batches: Sequence[SourceBatch], today: date) -> tuple[str, ...]:
    """Return what is wrong with a source, as sentences, given its newest files, newest first."""
    if not batches:
        return ()
    latest, earlier = batches[0], batches[1:]
    found = (
        _repeated(latest, earlier),
        _incomplete(latest, earlier),
        _outdated(latest, earlier),
        _stopped(batches, today),
    )
    return tuple(f"{latest.source}: {complaint}" for complaint in found if complaint)


def _repeated(latest: SourceBatch, earlier: Sequence[SourceBatch]) -> str | None:
    """Return a complaint if the newest file lists the same papers as the one before it."""
    if not earlier or latest.papers != earlier[0].papers:
        return None
    if latest.captured == earlier[0].captured:
        return _stuck(latest, earlier)
    return (
        f"{latest.path} lists the same {_papers(len(latest.papers))} as {earlier[0].path} before it; "
        "the source may have stopped"
    )


def _stuck(latest: SourceBatch, earlier: Sequence[SourceBatch]) -> str | None:
    """Return a complaint if the source has listed one and the same day, by its own dates, for over a weekend."""
    same = takewhile(
        lambda batch: (batch.captured, batch.papers) == (latest.captured, latest.papers), earlier
    )
    first = [batch.read for batch in same if batch.read][-1:]
    if latest.read is None or not first or (latest.read - first[0]).days <= _WEEKEND:
        return None
    return (
        f"{latest.path} lists the same {_papers(len(latest.papers))} of {latest.captured} as the file read on "
        f"{first[0]}; the source may have stopped"
    )


def _incomplete(latest: SourceBatch, earlier: Sequence[SourceBatch]) -> str | None:
    """Return a complaint if the newest file has far fewer papers than usual."""
    if len(earlier) < _ENOUGH:
        return None
    usual = median(len(batch.papers) for batch in earlier)
    if usual < _MANY or len(latest.papers) > usual * _FEW:
        return None
    return (
        f"{latest.path} lists only {_papers(len(latest.papers))}; usually it lists {usual:g}; "
        "it may not have been saved completely"
    )


def _outdated(latest: SourceBatch, earlier: Sequence[SourceBatch]) -> str | None:
    """Return a complaint if the newest paper is much older than is usual for this source."""
    lags = [lag for batch in earlier if (lag := _lag(batch)) is not None]
    lag = _lag(latest)
    if lag is None or len(lags) < _ENOUGH or lag <= 2 * max(median(lags), 0) + 4:
        return None
    return f"the newest paper in {latest.path} is {lag} days old; usually it is {median(lags):g}"


def _lag(batch: SourceBatch) -> int | None:
    """Return the days from the newest date among the papers to the capture date; None without dates."""
    return None if batch.newest is None else (batch.captured - batch.newest).days


def _stopped(batches: Sequence[SourceBatch], today: date) -> str | None:
    """Return a complaint if a source that delivered files regularly has not delivered any for a long time."""
    days = sorted({batch.captured for batch in batches})
    if len(days) <= _ENOUGH:
        return None
    gaps = [(after - before).days for before, after in pairwise(days)]
    silent = (today - days[-1]).days
    if silent <= 2 * max(gaps) + 2:
        return None
    usual = median(gaps)
    often = "every day" if usual == 1 else f"every {usual:g} days"
    return f"nothing since {days[-1]}, {silent} days ago; it used to deliver papers {often}"


def _papers(count: int) -> str:
    return f"{count} paper{'' if count == 1 else 's'}"
