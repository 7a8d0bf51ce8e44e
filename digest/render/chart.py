"""Charts of papers a week: small bars for an inline SVG, on pages only."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from digest.i18n.language import ENGLISH, Language

WEEKS = 26
CHART = timedelta(weeks=WEEKS + 1)  # before the newest paper, of which a chart needs all papers
_STEP, _WIDTH, _HEIGHT = 9, 6, 36


@dataclass(frozen=True, slots=True)
class Bar:
    """The bar of a week: its left edge, top and height in pixels, and its label."""

    x: int
    y: int
    height: int
    label: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars of the last weeks, the newest at the right. Sizes are in pixels; `summary` is the text alternative."""

    width: int
    height: int
    bar_width: int
    bars: tuple[Bar, ...]
    summary: str


def papers_a_week(days: Iterable[date], lang: Language = ENGLISH, weeks: int = WEEKS) -> Chart | None:
    """Return the chart of the days on which papers were first seen; None for fewer than four weeks.

    It ends with the week of the newest day, not with today's, so that the same papers give the same chart.
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
            lang.gettext(
                "week of %(monday)s: %(number)s",
                monday=monday.isoformat(),
                number=lang.number(counts[monday]),
            ),
            counts[monday],
            most,
        )
        for place, monday in enumerate(mondays)
    )
    total = sum(counts[monday] for monday in mondays)
    summary = lang.gettext(
        "%(total)s papers in %(weeks)s weeks; %(latest)s in the latest week, at most %(most)s in a week",
        total=lang.number(total),
        weeks=str(shown),
        latest=lang.number(counts[last]),
        most=lang.number(most),
    )
    return Chart(shown * _STEP, _HEIGHT, _WIDTH, bars, summary)


def weekly_bars(last: date, counts: Sequence[int], lang: Language) -> Chart:
    """Return the chart of the papers of each week; the last week ends on the day `last`."""
    most = max(counts, default=0)
    ends = [last - timedelta(weeks=back) for back in reversed(range(len(counts)))]
    bars = tuple(
        _bar(
            place,
            lang.gettext("week to %(day)s: %(number)s", day=day.isoformat(), number=lang.number(count)),
            count,
            most,
        )
        for place, (day, count) in enumerate(zip(ends, counts, strict=True))
    )
    return Chart(len(counts) * _STEP, _HEIGHT, _WIDTH, bars, ", ".join(map(lang.number, counts)))


def _bar(place: int, label: str, count: int, most: int) -> Bar:
    height = max(1, round(_HEIGHT * count / most)) if count else 1
    return Bar(place * _STEP, _HEIGHT - height, height, label)
