"""What more papers are about than before: terms of titles that rise over the weeks. Pure.

The newest two weeks are held against up to ten before them; a week is seven days up to the newest day, so
each has every weekday. How far a term rises is the log-odds ratio of its share now and before, in standard
deviations (Monroe, Colaresi and Quinn, "Fightin' Words", Political Analysis 16(4), 2008: the z-score of the
log-odds ratio with a Dirichlet prior, here of half a paper):

    d = log((y + a) / (n - y + a)) - log((z + a) / (m - z + a)),    score = d / sqrt(1 / (y + a) + 1 / (z + a))

where y of n papers have the term now and z of m had it before. A library may get new sources, so z is what
the sources of today would have brought: m × the mean of each source's share before, weighed by its papers now
(the direct standardisation of epidemiology). Sources that were not there for long enough to compare are set
aside whole: papers of a source that begins make no trend. The score that is needed is so high that of all terms
looked at only one in five runs would reach it by chance.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import chain
from math import log, sqrt
from statistics import NormalDist
from typing import NamedTuple

from digest.model import Trend
from digest.text.keyphrases import full_phrase

WEEKS = 12
_NOW = 2  # of these weeks
_STEADY = 4  # weeks in which a source brought something; before that nothing can be said
_PRIOR = 0.5
_BY_CHANCE = 0.2  # terms of all that are looked at
_FEWEST = 5  # papers now
_SHOWN_TERMS = 2
_NAMED_BY = 30  # papers whose titles say how terms are written
_TOGETHER = 0.5  # of the papers of the smaller of two terms: they are one theme


class Titled(NamedTuple):
    """What the title of a paper says: its terms (stems, pairs of stems). `source` is where it was listed."""

    paper: int
    day: date
    source: str
    terms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rise:
    """Terms that rise together, the strongest first; `counts` are the papers a week that have one of them, the
    newest week last, since there were papers at all. `papers` are the newest of them, from the newest two weeks.
    """

    terms: tuple[str, ...]
    counts: tuple[int, ...]
    papers: tuple[int, ...]
    last: date


@dataclass(frozen=True, slots=True)
class Period:
    """The weeks to look at: they end with the day `last`, and only these sources count."""

    last: date
    sources: frozenset[str]

    @property
    def first(self) -> date:
        return self.last - timedelta(days=7 * WEEKS - 1)

    def week(self, day: date) -> int:
        """Return the week of a day, 0 for the newest."""
        return (self.last - day).days // 7


def period(days: Mapping[str, Iterable[date]]) -> Period | None:
    """Return the weeks that can be compared, from the days on which each source brought papers; None if none can."""
    held = {source: sorted(set(brought)) for source, brought in days.items()}
    ends = [brought[-1] for brought in held.values() if brought and _is_steady(brought, brought[-1])]
    if not ends:
        return None
    last = max(ends)
    return Period(last, frozenset(source for source, brought in held.items() if _is_steady(brought, last)))


def _is_steady(days: Sequence[date], last: date) -> bool:
    weeks = {(last - day).days // 7 for day in days if day <= last}
    return len(weeks & set(range(WEEKS))) >= _STEADY and any(week in weeks for week in range(_NOW))


def rising(titles: Iterable[Titled], when: Period, most: int = 5) -> tuple[Rise, ...]:
    """Return what rises in a period, the strongest first."""
    weeks: list[list[Titled]] = [[] for _ in range(WEEKS)]
    first = when.first
    for each in titles:
        if each.source in when.sources and first <= each.day <= when.last:
            weeks[when.week(each.day)].append(each)
    while weeks and not weeks[-1]:
        weeks.pop()
    now, before = (list(chain.from_iterable(part)) for part in (weeks[:_NOW], weeks[_NOW:]))
    scores = _scores(now, before, _often(weeks[0])) if before else {}
    order = sorted(scores, key=lambda term: (-round(scores[term], 9), -len(term), term))
    having: dict[str, set[int]] = {term: set() for term in order}
    for each in now:
        for term in having.keys() & set(each.terms):
            having[term].add(each.paper)
    groups = _grouped(order, having)[:most]
    return tuple(_rise(_name(group), weeks, when.last) for group in groups)


def trends(rises: Iterable[Rise], titles: Mapping[int, str]) -> tuple[Trend, ...]:
    """Return what rises, named as titles of its papers write it."""
    return tuple(
        Trend(
            ", ".join(full_phrase(term, [titles[number] for number in each.papers]) for term in each.terms),
            each.counts,
            each.last,
        )
        for each in rises
    )


def _scores(now: Sequence[Titled], before: Sequence[Titled], newest: Counter[str]) -> dict[str, float]:
    """Return how far each term rises, in standard deviations, of those that rise far enough.

    `newest` are the papers of the newest week that have each term: what has fallen again does not rise.
    """
    newly = _often(now)
    looked_at = sum(1 for count in (newly + _often(before)).values() if count >= _FEWEST)
    enough = NormalDist().inv_cdf(1 - _BY_CHANCE / looked_at) if looked_at else 0
    shares = Counter(each.source for each in now)
    earlier: dict[str, list[Titled]] = {}
    for each in before:
        earlier.setdefault(each.source, []).append(each)
    compared = sum(count for source, count in shares.items() if source in earlier) or 1
    weighed = [
        (shares[source] / compared / len(titles), _often(titles)) for source, titles in earlier.items()
    ]
    found = {}
    for term in newly:
        if newly[term] < _FEWEST or _NOW * newest[term] < _FEWEST:
            continue
        share = sum(weight * often[term] for weight, often in weighed)
        score = _score(newly[term], len(now), share * len(before), len(before))
        if score >= enough:
            found[term] = score
    return found


def _often(titles: Sequence[Titled]) -> Counter[str]:
    return Counter(chain.from_iterable(each.terms for each in titles))


def _score(y: float, n: float, z: float, m: float) -> float:
    rise = log((y + _PRIOR) / (n - y + _PRIOR)) - log((z + _PRIOR) / (m - z + _PRIOR))
    return rise / sqrt(1 / (y + _PRIOR) + 1 / (z + _PRIOR))


def _grouped(order: Sequence[str], having: Mapping[str, set[int]]) -> list[list[str]]:
    """Put terms that mostly stand over the same papers together, by the strongest of them."""
    groups: list[list[str]] = []
    for term in order:
        for group in groups:
            both = having[term] & having[group[0]]
            if len(both) >= _TOGETHER * min(len(having[term]), len(having[group[0]])):
                group.append(term)
                break
        else:
            groups.append([term])
    return groups


def _rise(terms: tuple[str, ...], weeks: Sequence[Sequence[Titled]], last: date) -> Rise:
    having = [[each for each in week if not set(terms).isdisjoint(each.terms)] for week in weeks]
    newest = sorted(((each.day, each.paper) for week in having[:_NOW] for each in week), reverse=True)
    counts = tuple(len(week) for week in reversed(having))
    return Rise(terms, counts, tuple(paper for _, paper in newest[:_NAMED_BY]), last)


def _name(group: Sequence[str]) -> tuple[str, ...]:
    """Return the terms of a group that name it: no word said twice, the longer of two that share one first."""
    chosen: list[str] = []
    for term in group:
        shared = [other for other in chosen if set(other.split()) & set(term.split())]
        if not shared and len(chosen) < _SHOWN_TERMS:
            chosen.append(term)
        elif len(shared) == 1 and set(shared[0].split()) < set(term.split()):
            chosen[chosen.index(shared[0])] = term
    return tuple(chosen)
