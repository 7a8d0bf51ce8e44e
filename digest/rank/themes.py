"""The themes of a long issue: groups of related papers, and a name for each. Pure.

Papers are TF-IDF vectors over the issue itself. Ties are broken by place, so the same issue always has the same
themes.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import combinations, pairwise
from math import log
from typing import NamedTuple

from digest.model import Paper, Theme
from digest.text.keyphrases import is_content_word, surface_forms
from digest.text.stopwords import GENERIC
from digest.text.words import words

FEWEST = 8  # papers; a shorter issue needs no themes
MOST_THEMES = 6
_MAX_PAPERS = 200  # the time grows with the cube of the papers, so longer issues get no themes
_ALIKE = 0.06  # the least cosine at which groups are merged
_TITLE_TIMES = 3
_NAME_TERMS = 2
_PAIR = 1.3  # a pair of words says more than a single word

Vector = Mapping[str, float]


def themes_of(papers: Sequence[Paper], keywords: Iterable[str] = ()) -> tuple[Theme, ...]:
    """Return the themes of an issue, the largest first; none if there are fewer than two.

    The words of `keywords`, the subscription's, are ignored, as nearly every paper has them.
    """
    if not FEWEST <= len(papers) <= _MAX_PAPERS:
        return ()
    ignored = {word.stem for text in keywords for word in words(text)}
    counts = [counts_of(paper, ignored) for paper in papers]
    groups = [group for group in _groups(_vectors(counts)) if len(group) > 1]
    groups.sort(key=lambda group: (-len(group), group))
    groups = groups[:MOST_THEMES]
    if len(groups) < 2:
        return ()
    names = _names(groups, counts, [_every(paper.title, paper.abstract).in_title for paper in papers])
    return tuple(
        Theme(
            ", ".join(surface_forms(name, [papers[place] for place in group])),
            tuple(papers[place].number for place in group),
        )
        for name, group in zip(names, groups, strict=True)
        if name
    )


def counts_of(paper: Paper, ignored: set[str]) -> Counter[str]:
    """Return the count of each term in a paper, without those that have an ignored word."""
    every = _every(paper.title, paper.abstract)
    found = every.counts.copy()
    for word in ignored & every.with_word.keys():
        for term in every.with_word[word]:
            found.pop(term, None)
    return found


class _Every(NamedTuple):
    """The count of each term in a paper, the terms of its title, and the terms that have a word."""

    counts: Counter[str]
    in_title: frozenset[str]
    with_word: dict[str, list[str]]


@lru_cache(maxsize=1024)  # each takes about 40 kB
def _every(title: str, abstract: str) -> _Every:
    counts: Counter[str] = Counter()
    for text, times in ((title, _TITLE_TIMES), (abstract, 1)):
        for term in _terms(text):
            counts[term] += times
    with_word: dict[str, list[str]] = {}
    for term in counts:
        for word in term.split():
            with_word.setdefault(word, []).append(term)
    return _Every(counts, frozenset(_terms(title)), with_word)


def _terms(text: str) -> list[str]:
    stems = [word.stem for word in words(text) if is_content_word(word)]
    return [*stems, *(f"{one} {two}" for one, two in pairwise(stems))]


def _vectors(counts: Sequence[Counter[str]]) -> list[dict[str, float]]:
    """Return TF-IDF vectors of length 1, without terms that only one paper has."""
    often = Counter(term for each in counts for term in each)
    vectors = []
    for each in counts:
        vector = {
            term: (1 + log(times)) * log(len(counts) / often[term])
            for term, times in sorted(each.items())
            if 1 < often[term] < len(counts)
        }
        length = sum(weight * weight for weight in vector.values()) ** 0.5 or 1.0
        vectors.append({term: weight / length for term, weight in vector.items()})
    return vectors


def _groups(vectors: Sequence[Vector]) -> list[list[int]]:
    """Return groups of similar papers, as sorted places.

    The two most similar groups are merged repeatedly (average linkage) until no two are similar enough.
    """
    groups = {place: [place] for place in range(len(vectors))}
    alike = {
        (one, two): _dot(vectors[one], vectors[two]) for one, two in combinations(range(len(vectors)), 2)
    }
    largest = max(3, len(vectors) // 2)  # otherwise one theme could swallow the issue
    while alike:
        (one, two), value = max(alike.items(), key=lambda pair: (round(pair[1], 9), -pair[0][0], -pair[0][1]))
        if value < _ALIKE:
            break
        del alike[one, two]
        if len(groups[one]) + len(groups[two]) > largest:
            continue
        sizes = len(groups[one]), len(groups[two])
        groups[one] = sorted(groups[one] + groups.pop(two))
        for other in groups:
            if other != one:
                kept, merged = (min(one, other), max(one, other)), (min(two, other), max(two, other))
                similarity = alike.pop(merged, 0.0)
                alike[kept] = (sizes[0] * alike.get(kept, 0.0) + sizes[1] * similarity) / sum(sizes)
    return list(groups.values())


def _dot(one: Vector, two: Vector) -> float:
    return sum(weight * two[term] for term, weight in one.items() if term in two)


def _names(
    groups: Sequence[Sequence[int]], counts: Sequence[Counter[str]], titles: Sequence[frozenset[str]]
) -> list[list[str]]:
    """Return the terms that name each group, the most distinctive ones; no word repeats.

    A term must be in two papers of the group and in a title. Its worth is its c-TF-IDF in counts of papers: the
    share of the group's papers that have it, where titles count twice, × the logarithm of how rare it is in the
    other papers.
    """
    often = Counter(term for each in counts for term in each)
    names = []
    for group in groups:
        inside = Counter(term for place in group for term in counts[place])
        outside = 1 + len(counts) - len(group)
        titled = Counter(term for place in group for term in counts[place].keys() & titles[place])
        worth = {
            term: (count + titled[term])
            / len(group)
            * log(outside / (1 + often[term] - count))
            * (_PAIR if " " in term else 1.0)
            for term, count in inside.items()
            if count > 1 and titled[term] and not set(term.split()) & GENERIC
        }
        chosen: list[str] = []
        for term in sorted(worth, key=lambda term: (-round(worth[term], 9), term)):
            if not any(set(term.split()) & set(other.split()) for other in chosen):
                chosen.append(term)
            if len(chosen) == _NAME_TERMS:
                break
        names.append(chosen)
    return names
