"""The order of the papers in an issue: one formula, whose parts are kept with each paper. Pure.

worth = (keyword × K + taste × T + popularity × P + freshness × F + other rankers) / (sum of the weights)
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from math import log

from digest.model import Component, Item, Paper, RankingWeights

FRESH_DAYS = 30
_POPULAR = 1_000  # upvotes and comments for the full value
_CODE = 0.2  # share of popularity for published code


def components(
    items: Sequence[Item],
    weights: RankingWeights,
    tastes: Sequence[float] | None,
    today: date,
    others: Mapping[str, Sequence[float]] | None = None,
) -> tuple[tuple[Component, ...], ...]:
    """Return, for each item, the parts of the formula with a weight above 0; `tastes` is None without feedback.

    * K, keywords: the score of the query, divided by the best in the issue;
    * T, taste: how close the paper is to what the reader likes (`digest.rank.taste`), from -1 to 1;
    * P, popularity, and F, freshness, from 0 to 1;
    * what the rankers of plug-ins return, from 0 to 1: in `others` by name, a value per item.
    """
    also = (
        [(name, others[name], weight) for name, weight in weights.others if name in others] if others else []
    )
    best = max((item.score for item in items), default=0) or 1
    return tuple(
        tuple(
            Component(name, round(value, 4), weight)
            for name, value, weight in (
                ("keyword", item.score / best, weights.keyword),
                ("taste", tastes[place] if tastes else 0, weights.taste if tastes else 0),
                ("popularity", popularity(item.paper), weights.popularity),
                ("freshness", freshness(item.paper, today), weights.freshness),
                *((name, values[place], weight) for name, values, weight in also),
            )
            if weight
        )
        for place, item in enumerate(items)
    )


def popularity(paper: Paper) -> float:
    """Return the popularity of a paper, from 0 to 1.

    It is log(1 + upvotes + comments) / log(1001), scaled to at most 0.8, plus 0.2 for published code.
    """
    count = max(0, paper.upvotes or 0) + max(0, paper.comments or 0)
    return min(1.0, log(1 + count) / log(1 + _POPULAR)) * (1 - _CODE) + _CODE * bool(paper.code_url)


def freshness(paper: Paper, today: date) -> float:
    """Return how new a paper is: 1 today, 1/2 after 30 days; 0 if its date is unknown."""
    if paper.published is None:
        return 0.0
    return float(0.5 ** (max(0, (today - paper.published).days) / FRESH_DAYS))


def worth(parts: Sequence[Component]) -> float:
    """Return the weighted mean of the parts, 0 without weights."""
    total = sum(part.weight for part in parts)
    return sum(part.weight * part.value for part in parts) / total if total else 0.0


def ordered(
    items: Sequence[Item],
    parts: Sequence[tuple[Component, ...]],
    *,
    diversity: float = 0.0,
    alike: Sequence[Sequence[float]] = (),
    top: int = 0,
) -> tuple[Item, ...]:
    """Return the items by descending worth, each with its parts; equal ones keep their order.

    If keywords are the only part, the order of the matcher is kept. If `diversity` d is above 0, the first `top`
    items are chosen one by one, each time the one with the highest (1 - d) × worth - d × (similarity to the most
    similar item chosen before): maximal marginal relevance, Carbonell and Goldstein, SIGIR 1998. `alike` has the
    similarity of every two items, a row per item.
    """
    if not diversity and all({part.name for part in each} <= {"keyword"} for each in parts):
        return tuple(items)
    worths = [round(worth(each), 6) for each in parts]
    order = sorted(range(len(items)), key=lambda place: -worths[place])
    if diversity:
        order = _diverse(order, worths, diversity, alike, top)
    return tuple(replace(items[place], parts=parts[place]) for place in order)


def _diverse(
    order: Sequence[int],
    worths: Sequence[float],
    diversity: float,
    alike: Sequence[Sequence[float]],
    top: int,
) -> list[int]:
    waiting = list(order)
    nearest = dict.fromkeys(order, 0.0)
    chosen: list[int] = []
    while waiting and len(chosen) < top:
        best = max(waiting, key=lambda place: (1 - diversity) * worths[place] - diversity * nearest[place])
        waiting.remove(best)
        chosen.append(best)
        for place in waiting:
            nearest[place] = max(nearest[place], alike[best][place])
    return chosen + waiting
