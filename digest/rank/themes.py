"""The themes of a long issue: groups of related papers, each with a name that most of its papers have. Pure.

Papers are TF-IDF vectors whose rarities are those of a background, and average linkage of their cosines makes a tree of
them. The tree is cut where good names exist. Ties are broken by place, so the same issue always has the same themes.
numpy, scipy and scikit-learn, which load slowly, are imported when themes are made.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from digest.model import Paper, Theme
from digest.rank.background import EMPTY, Background
from digest.rank.theme_names import Name, Names
from digest.text.words import words

FEWEST = 12  # papers; a shorter issue needs no themes
MOST_THEMES = 7
_MAX_PAPERS = 400  # the time grows with the square of the papers, so longer issues get no themes
_LARGER = 1.3  # the worth of a theme grows with this power of its papers
_HAVE_NAME = 0.6  # of the papers of a theme must have its name after others joined it


@dataclass(frozen=True, slots=True)
class _Node:
    """A part of the tree: the best themes in it, their worth, and the sum of the likenesses of its papers."""

    places: tuple[int, ...]
    alike: float = 0.0
    worth: float = 0.0
    themes: "tuple[tuple[Name, tuple[int, ...]], ...]" = ()


def themes_of(
    papers: Sequence[Paper], keywords: Iterable[str] = (), background: Background = EMPTY
) -> tuple[Theme, ...]:
    """Return the themes of an issue, in the order of their first papers; none if there are fewer than two.

    The words of `keywords`, the subscription's, count for nothing, as nearly every paper has them.
    """
    if not FEWEST <= len(papers) <= _MAX_PAPERS:
        return ()
    ignored = {word.stem for text in keywords for word in words(text)}
    from digest.rank.likeness import likenesses

    alike = likenesses(papers, ignored, background)
    if alike is None:
        return ()
    names = Names(papers, ignored, background)
    themes = _without_repeats(_with_leftovers(_cut(alike, names), alike, names), names)
    themes.sort(key=lambda theme: (-len(theme[1]), theme[1]))
    chosen = sorted(themes[:MOST_THEMES], key=lambda theme: theme[1])
    if len(chosen) < 2:
        return ()
    return tuple(
        Theme(names.shown(name, places), tuple(papers[place].number for place in places))
        for name, places in chosen
    )


def _cut(alike: Sequence[Sequence[float]], names: Names) -> list[tuple[Name, tuple[int, ...]]]:
    """Return the named groups that are worth most: of a part of the tree and its parts the better is taken."""
    import numpy as np
    from scipy.cluster.hierarchy import linkage
    from scipy.spatial.distance import squareform

    size = len(alike)
    distances = np.clip(1 - np.array(alike), 0, None)
    np.fill_diagonal(distances, 0)
    tree = linkage(squareform(distances, checks=False), "average")
    nodes = [_Node((place,)) for place in range(size)]
    mean = float(1 - squareform(distances, checks=False).mean()) or 1.0
    largest = max(3, size // 2)  # otherwise one theme could swallow the issue
    for one, two, distance, _ in tree.tolist():
        first, second = nodes[int(one)], nodes[int(two)]
        nodes.append(_joined(first, second, 1 - distance, mean, names, largest))
    return list(nodes[-1].themes)


def _joined(one: _Node, two: _Node, likeness: float, mean: float, names: Names, largest: int) -> _Node:
    places = tuple(sorted((*one.places, *two.places)))
    alike = one.alike + two.alike + len(one.places) * len(two.places) * likeness
    worth, themes = one.worth + two.worth, (*one.themes, *two.themes)
    if len(places) <= largest and (name := names.best(places)):
        count = len(places)
        cohesion = max(0.0, alike / (count * (count - 1) / 2)) / mean
        whole = (count - 1) ** _LARGER * name.worth * cohesion**0.5
        if whole > worth:
            return _Node(places, alike, whole, ((name, places),))
    return _Node(places, alike, worth, themes)


def _without_repeats(
    themes: list[tuple[Name, tuple[int, ...]]], names: Names
) -> list[tuple[Name, tuple[int, ...]]]:
    """Return themes of which no name is a part of another's: such themes are joined, or only the larger one is kept."""
    chosen: list[tuple[Name, tuple[int, ...]]] = []
    for name, places in sorted(themes, key=lambda theme: (-len(theme[1]), theme[1])):
        stems = set(name.stems.split(" "))
        for number, (other, group) in enumerate(chosen):
            others = set(other.stems.split(" "))
            if stems <= others or others <= stems:
                joined = tuple(sorted((*group, *places)))
                shorter = min(name, other, key=lambda each: (len(each.stems), each.stems))
                if len(names.having(shorter) & set(joined)) >= _HAVE_NAME * len(joined):
                    chosen[number] = shorter, joined
                break
        else:
            chosen.append((name, places))
    return chosen


def _with_leftovers(
    themes: list[tuple[Name, tuple[int, ...]]], alike: Sequence[Sequence[float]], names: Names
) -> list[tuple[Name, tuple[int, ...]]]:
    """Return themes with the papers that belong to none: each joins the nearest one that its name still fits."""
    groups = [set(places) for _, places in themes]
    left = set(range(len(alike))).difference(*groups)
    near = []
    for place in left:
        for number, group in enumerate(groups):
            close = sum(alike[place][other] for other in group) / len(group)
            near.append((-(place in names.having(themes[number][0])), -close, place, number))
    most = max(3, len(alike) // 2)
    for named, _, place, number in sorted(near):
        group = groups[number]
        nearest = min((each for each in near if each[2] == place), key=lambda each: each[1:])
        if place not in left or len(group) >= most or (not named and nearest[3] != number):
            continue
        having = len(names.having(themes[number][0]) & {*group, place})
        if having >= _HAVE_NAME * (len(group) + 1):
            group.add(place)
            left.discard(place)
    return [(name, tuple(sorted(group))) for (name, _), group in zip(themes, groups, strict=True)]
