"""Trends: terms of titles that more papers have than in the weeks before. Pure.

The newest two weeks are compared with up to ten before them; a week is seven days counted back from the newest
day, so each has every weekday. Sources that are too new to compare are ignored, as their papers would look like a
trend.
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
_STEADY = 4  # weeks with papers of a source before it can be compared
_PRIOR = 0.5
_BY_CHANCE = 0.2  # terms expected to reach the threshold by chance, per run
_FEWEST = 5  # papers that must have the term now; fewer say nothing
_SHOWN_TERMS = 2
_NAMED_BY = 30  # papers whose titles decide how terms are written
# Two terms are one trend if they share this part of the papers of the rarer one: they are words of one phrase
# or of one subject.
_TOGETHER = 0.5


class Titled(NamedTuple):
    """The terms of a paper's title (stems, pairs of stems), the day and the `source` that listed it."""

    paper: int
    day: date
    source: str
    terms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rise:
    """Terms that rise together, the strongest first.

    `counts` are the papers with one of them, per week, the newest week last, from the first week with papers
    on. `papers` are the newest of these papers, from the newest two weeks; `last` is the newest day.
    """

    terms: tuple[str, ...]
    counts: tuple[int, ...]
    papers: tuple[int, ...]
    last: date


@dataclass(frozen=True, slots=True)
class Period:
    """The weeks to compare: they end with the day `last`, and only these sources count."""

    last: date
    sources: frozenset[str]

    @property
    def first(self) -> date:
        """The first day of the oldest week."""
        return self.last - timedelta(days=7 * WEEKS - 1)

    def week(self, day: date) -> int:
        """Return the week of a day, 0 for the newest."""
        return (self.last - day).days // 7


def period(days: Mapping[str, Iterable[date]]) -> Period | None:
    """Return the weeks to compare, given the days on which each source returned papers; None if there are too few."""
    sorted_days = {source: sorted(set(brought)) for source, brought in days.items()}
    ends = [brought[-1] for brought in sorted_days.values() if brought and _is_steady(brought, brought[-1])]
    if not ends:
        return None
    last = max(ends)
    steady = (source for source, brought in sorted_days.items() if _is_steady(brought, last))
    return Period(last, frozenset(steady))


def _is_steady(days: Sequence[date], last: date) -> bool:
    """Return whether a source returned papers in enough of the weeks up to `last`, and in the newest ones."""
    weeks = {(last - day).days // 7 for day in days if day <= last}
    return len(weeks & set(range(WEEKS))) >= _STEADY and any(week in weeks for week in range(_NOW))


def rising(titles: Iterable[Titled], when: Period, most: int = 5) -> tuple[Rise, ...]:
    """Return at most `most` rises in a period, the strongest first."""
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
    """Return the rises as trends, with the terms spelled as in the titles, which are given by paper number."""
    return tuple(
        Trend(
            ", ".join(full_phrase(term, [titles[number] for number in each.papers]) for term in each.terms),
            each.counts,
            each.last,
        )
        for each in rises
    )


def _scores(now: Sequence[Titled], before: Sequence[Titled], newest: Counter[str]) -> dict[str, float]:
    """Return the rise of each term in standard deviations, for terms above the threshold.

    `newest` counts the papers of the newest week with each term: a term that has fallen again does not rise. As a
    library may get new sources, the count before is what the present sources would have brought: the papers before
    × the mean of each source's share of the term, weighted by its papers now (direct standardisation in
    epidemiology). The threshold is so high that in only one of five runs any term reaches it by chance.
    """
    newly = _often(now)
    tested = sum(1 for count in (newly + _often(before)).values() if count >= _FEWEST)
    threshold = NormalDist().inv_cdf(1 - _BY_CHANCE / tested) if tested else 0
    shares = Counter(each.source for each in now)
    earlier: dict[str, list[Titled]] = {}
    for each in before:
        earlier.setdefault(each.source, []).append(each)
    compared = sum(count for source, count in shares.items() if source in earlier) or 1
    weighted = [
        (shares[source] / compared / len(titles), _often(titles)) for source, titles in earlier.items()
    ]
    found = {}
    for term in newly:
        if newly[term] < _FEWEST or _NOW * newest[term] < _FEWEST:
            continue
        share = sum(weight * often[term] for weight, often in weighted)
        score = _score(newly[term], len(now), share * len(before), len(before))
        if score >= threshold:
            found[term] = score
    return found


def _often(titles: Sequence[Titled]) -> Counter[str]:
    return Counter(chain.from_iterable(each.terms for each in titles))


def _score(y: float, n: float, z: float, m: float) -> float:
    """Return the z-score of the log-odds ratio of a term that y of n papers have now and z of m had before.

    It has a Dirichlet prior of half a paper: Monroe, Colaresi and Quinn, "Fightin' Words", Political Analysis
    16(4), 2008.
    """
    rise = log((y + _PRIOR) / (n - y + _PRIOR)) - log((z + _PRIOR) / (m - z + _PRIOR))
    return rise / sqrt(1 / (y + _PRIOR) + 1 / (z + _PRIOR))


def _grouped(order: Sequence[str], having: Mapping[str, set[int]]) -> list[list[str]]:
    """Group the terms that share most of their papers with the strongest term of a group."""
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
    """Return the terms that name a group: no word repeats, and of two that share a word the longer is taken."""
    chosen: list[str] = []
    for term in group:
        shared = [other for other in chosen if set(other.split()) & set(term.split())]
        if not shared and len(chosen) < _SHOWN_TERMS:
            chosen.append(term)
        elif len(shared) == 1 and set(shared[0].split()) < set(term.split()):
            chosen[chosen.index(shared[0])] = term
    return tuple(chosen)
