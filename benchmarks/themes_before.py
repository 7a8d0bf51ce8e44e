"""The themes before those of `digest.rank.themes`, which `benchmarks/themes.py` compares: words of the issue alone.

Papers are TF-IDF vectors over the issue itself. Ties are broken by place.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache
from heapq import heapify, heappop, heappush
from itertools import chain, combinations
from math import log
from typing import NamedTuple

from digest.model import Paper, Theme
from digest.text.keyphrases import content_terms
from digest.text.stopwords import GENERIC
from digest.text.words import words

FEWEST = 8  # papers; a shorter issue needs no themes
MOST_THEMES = 6
_MAX_PAPERS = 200  # the time grows with the cube of the papers, so longer issues get no themes
_ALIKE = 0.06  # the least cosine at which groups are merged
_TITLE_TIMES = 3
_NAME_TERMS = 2
_PAIR = 1.3  # a pair of words says more than a single word


def themes_of(papers: Sequence[Paper], keywords: Iterable[str] = ()) -> tuple[Theme, ...]:
    """Return the themes of an issue, the largest first; none if there are fewer than two.

    The words of `keywords`, the subscription's, are ignored, as nearly every paper has them.
    """
    if not FEWEST <= len(papers) <= _MAX_PAPERS:
        return ()
    ignored = {word.stem for text in keywords for word in words(text)}
    terms = [terms_of(paper) for paper in papers]
    often = _often(terms, ignored)
    groups = [group for group in _groups(_alike(terms, often)) if len(group) > 1]
    groups.sort(key=lambda group: (-len(group), group))
    groups = groups[:MOST_THEMES]
    if len(groups) < 2:
        return ()
    names = _names(groups, terms, often)
    return tuple(
        Theme(
            ", ".join(_written(term, [terms[place] for place in group]) for term in name),
            tuple(papers[place].number for place in group),
        )
        for name, group in zip(names, groups, strict=True)
        if name
    )


def terms_of(paper: Paper) -> "Terms":
    """Return the terms of a paper; the same for all issues that have it."""
    return _terms_of(paper.title, paper.abstract)


class Terms(NamedTuple):
    """The terms of a paper in order, each with its weight and as the paper writes it first; those of its title."""

    weights: dict[str, float]
    written: dict[str, str]
    in_title: frozenset[str]


@lru_cache(maxsize=1024)  # each takes about 40 kB
def _terms_of(title: str, abstract: str) -> Terms:
    of_title = content_terms(title)
    found = [*of_title, *content_terms(abstract)]
    counts = Counter(term for term, _ in found)
    for term, _ in of_title:
        counts[term] += _TITLE_TIMES - 1
    written: dict[str, str] = {}
    for term, text in found:
        written.setdefault(term, term if text == term else text)
    weights = {term: 1 + log(times) for term, times in sorted(counts.items())}
    return Terms(weights, written, frozenset(term for term, _ in of_title))


def _written(term: str, papers: Iterable[Terms]) -> str:
    """Return a term as the first paper that has it writes it."""
    return next(each.written[term] for each in papers if term in each.written)


def _often(terms: Sequence[Terms], ignored: AbstractSet[str]) -> dict[str, int]:
    """Return in how many papers each term is that several have, without terms that have an ignored word."""
    often = Counter(chain.from_iterable(each.weights for each in terms))
    return {term: count for term, count in often.items() if count > 1 and ignored.isdisjoint(term.split())}


def _alike(terms: Sequence[Terms], often: Mapping[str, int]) -> list[list[float]]:
    """Return how alike each paper is to each later one: the cosine of their TF-IDF vectors.

    A term that all papers have counts nothing.
    """
    many = len(terms)
    rarity = {term: log(many / count) for term, count in often.items() if count < many}
    with_term: dict[str, list[tuple[int, float]]] = {}
    for place, each in enumerate(terms):
        vector = [(term, weight * rarity[term]) for term, weight in each.weights.items() if term in rarity]
        length = sum([weight * weight for _, weight in vector]) ** 0.5 or 1.0
        for term, weight in vector:
            with_term.setdefault(term, []).append((place, weight / length))
    alike = [[0.0] * many for _ in terms]
    for term in sorted(with_term):  # in an order that does not depend on the papers' places
        found = with_term[term]
        for number, (one, weight) in enumerate(found, 1):
            row = alike[one]
            for two, other in found[number:]:
                row[two] += weight * other
    return alike


def _groups(alike: Sequence[Sequence[float]]) -> list[list[int]]:
    """Return groups of similar papers, as sorted places.

    The two most similar groups are merged repeatedly (average linkage) until no two are similar enough.
    """
    many = len(alike)
    groups = {place: [place] for place in range(many)}
    values = {(one, two): alike[one][two] for one, two in combinations(range(many), 2)}
    # The most similar pair is first. A pair whose value has changed since is passed over.
    ranked = [(-round(value, 9), pair) for pair, value in values.items()]
    heapify(ranked)
    largest = max(3, many // 2)  # otherwise one theme could swallow the issue
    while ranked:
        rank, (one, two) = heappop(ranked)
        value = values.get((one, two))
        if value is None or rank != -round(value, 9):
            continue
        if value < _ALIKE:
            break
        del values[one, two]
        if len(groups[one]) + len(groups[two]) > largest:
            continue
        sizes = len(groups[one]), len(groups[two])
        groups[one] = sorted(groups[one] + groups.pop(two))
        for other in groups:
            if other != one:
                kept, merged = (min(one, other), max(one, other)), (min(two, other), max(two, other))
                similarity = values.pop(merged, 0.0)
                values[kept] = (sizes[0] * values.get(kept, 0.0) + sizes[1] * similarity) / sum(sizes)
                heappush(ranked, (-round(values[kept], 9), kept))
    return list(groups.values())


def _names(
    groups: Sequence[Sequence[int]], terms: Sequence[Terms], often: Mapping[str, int]
) -> list[list[str]]:
    """Return the terms that name each group, the most distinctive ones; no word repeats.

    A term must be in two papers of the group and in a title. Its worth is its c-TF-IDF in counts of papers: the
    share of the group's papers that have it, where titles count twice, × the logarithm of how rare it is in the
    other papers.
    """
    names = []
    for group in groups:
        inside = Counter(chain.from_iterable(terms[place].weights for place in group))
        outside = 1 + len(terms) - len(group)
        titled = Counter(chain.from_iterable(terms[place].in_title for place in group))
        worth = {
            term: (inside[term] + count)
            / len(group)
            * log(outside / (1 + often[term] - inside[term]))
            * (_PAIR if " " in term else 1.0)
            for term, count in titled.items()
            if inside[term] > 1 and term in often and not set(term.split()) & GENERIC
        }
        chosen: list[str] = []
        for term in sorted(worth, key=lambda term: (-round(worth[term], 9), term)):
            if not any(set(term.split()) & set(other.split()) for other in chosen):
                chosen.append(term)
            if len(chosen) == _NAME_TERMS:
                break
        names.append(chosen)
    return names
