"""How many papers a week, as a row of small bars: inline SVG, for pages only."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from digest.i18n.language import ENGLISH, Language

WEEKS = 26
_STEP, _WIDTH, _HEIGHT = 9, 6, 36


@dataclass(frozen=True, slots=True)
class Bar:
    """A week's bar: its left edge, top and height in the picture, and what it says."""

    x: int
    y: int
    height: int
    label: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars of the last weeks, the newest at the right. `summary` says the same in words."""

    width: int
    height: int
    bar_width: int
    bars: tuple[Bar, ...]
    summary: str


def papers_a_week(days: Iterable[date], say: Language = ENGLISH, weeks: int = WEEKS) -> Chart | None:
    """Return the chart of the days on which papers were first seen; None for fewer than four weeks.

    It ends with the newest day's week and never with today's, so the same papers give the same chart.
    """
    counts = Counter(day - timedelta(days=day.weekday()) for day in days)
    if not counts:
        return None
    last, first = max(counts), min(counts)
    shown = min(weeks, (last - first).days // 7 + 1)
    if shown < 4:
        return None
    mondays = [last - timedelta(weeks=back) for back in reversed(range(shown))]
    most = max(counts[monday] for monday in mondays)
    bars = tuple(
        _bar(
            place,
            say.gettext(
                "week of %(monday)s: %(number)s", monday=monday.isoformat(), number=say.number(counts[monday])
            ),
            counts[monday],
            most,
        )
        for place, monday in enumerate(mondays)
    )
    total = sum(counts[monday] for monday in mondays)
    summary = say.gettext(
        "%(total)s papers in %(weeks)s weeks, %(latest)s in the latest, at most %(most)s in one",
        total=say.number(total),
        weeks=str(shown),
        latest=say.number(counts[last]),
        most=say.number(most),
    )
    return Chart(shown * _STEP, _HEIGHT, _WIDTH, bars, summary)


def weekly_bars(last: date, counts: Sequence[int], say: Language) -> Chart:
    """Return the chart of weeks that end with a day, the newest at the right."""
    most = max(counts, default=0)
    ends = [last - timedelta(weeks=back) for back in reversed(range(len(counts)))]
    bars = tuple(
        _bar(
            place,
            say.gettext("week to %(day)s: %(number)s", day=day.isoformat(), number=say.number(count)),
            count,
            most,
        )
        for place, (day, count) in enumerate(zip(ends, counts, strict=True))
    )
    return Chart(len(counts) * _STEP, _HEIGHT, _WIDTH, bars, ", ".join(map(say.number, counts)))


def _bar(place: int, label: str, count: int, most: int) -> Bar:
    height = max(1, round(_HEIGHT * count / most)) if count else 1
    return Bar(place * _STEP, _HEIGHT - height, height, label)
