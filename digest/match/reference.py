"""The reference matcher: it defines what a match is in the obvious way, looking for every atom in every field.

A faster matcher must give the same matches with the same scores and evidence.
"""

import math
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from operator import itemgetter

from digest.match.query.parser import FIELDS, STEMMED, And, Atom, Node, Not, Or, Query
from digest.model import Evidence, Match, Paper
from digest.text.formulas import closed
from digest.text.words import Word, words

TITLE_WEIGHT = 2.0

Place = tuple[int, int]  # (at, after): where it begins and ends in the word graph of a text


class FieldText:
    """A text with its words: a field, or one item of a list such as the authors. No phrase spans two of them.

    `at` maps a place of the word graph to the words that begin there; `by_text` and `by_stem` map a text or
    stem to the places where a word begins that matches it.
    """

    __slots__ = ("at", "by_stem", "by_text", "field", "item", "text", "words")

    def __init__(self, field: str, text: str, item: int | None = None) -> None:
        self.field, self.text, self.item = field, text, item
        self.words = words(text)
        self.at: dict[int, list[Word]] = defaultdict(list)
        self.by_text: dict[str, list[int]] = defaultdict(list)
        self.by_stem: dict[str, list[int]] = defaultdict(list)
        for word in self.words:
            self.at[word.at].append(word)
            self.by_text[word.text].append(word.at)
            self.by_stem[word.stem].append(word.at)
            if word.sign:
                self.by_text[word.bare].append(word.at)
                self.by_stem[word.bare_stem].append(word.at)

    def characters(self, place: Place) -> tuple[int, int]:
        """Return the start and end in the text, in characters, of a place of the word graph."""
        start = self.at[place[0]][0].start
        end = next(word.end for word in self.at[place[1] - 1] if word.after == place[1])
        return start, closed(self.text, start, end)


@dataclass(frozen=True, slots=True)
class AnalysedPaper:
    """A paper with the words of its texts, ready for any number of queries."""

    paper: Paper
    parts: tuple[FieldText, ...]


def analyse(paper: Paper) -> AnalysedPaper:
    """Return the paper with the words of its searchable fields."""
    return AnalysedPaper(paper, tuple(FieldText(field, text, item) for field, item, text in texts_of(paper)))


def match(query: Query, analysed: AnalysedPaper) -> Match | None:
    """Return the match with its score and all evidence; None if the query does not accept the paper."""
    looked_up: dict[
        int, list[tuple[FieldText, list[Place]]]
    ] = {}  # by `id`, as the query keeps its atoms alive

    def find(atom: Atom) -> list[tuple[FieldText, list[Place]]]:
        found = looked_up.get(id(atom))
        if found is None:
            found = looked_up[id(atom)] = _occurrences(atom, analysed)
        return found

    def occurs(atom: Atom) -> bool:
        return bool(find(atom))

    if not accepts(query, occurs):
        return None
    found = [(atom, find(atom)) for atom in credited(query, occurs)]
    return Match(analysed.paper, _score(found), _evidence(found))


def accepts(query: Query, occurs: Callable[[Atom], bool]) -> bool:
    """Return whether the query accepts a paper in which exactly those atoms occur for which `occurs` is true."""

    def holds(node: Node) -> bool:
        return _holds(node, occurs)

    return any(map(holds, query.keywords)) and not any(map(holds, query.exclude))


def credited(query: Query, occurs: Callable[[Atom], bool]) -> tuple[Atom, ...]:
    """Return the distinct atoms that a match counts, each with its highest boost, in the order of the query.

    An atom counts where it occurs, under no NOT, with every group around it satisfied: `a AND b` credits nothing
    if only one of them occurs, and in `(a^3 AND b) OR a` the boost needs `b`.
    """
    best: dict[tuple[object, ...], Atom] = {}
    waiting = list(reversed(query.keywords))
    while waiting:
        node = waiting.pop()
        if isinstance(node, Atom):
            if occurs(node) and node.boost > best.setdefault(node.key, node).boost:
                best[node.key] = replace(best[node.key], boost=node.boost)
        elif isinstance(node, Or) or (isinstance(node, And) and _holds(node, occurs)):
            waiting.extend(reversed(node.children))
    return tuple(best.values())


def _holds(node: Node, occurs: Callable[[Atom], bool]) -> bool:
    if isinstance(node, Atom):
        return occurs(node)
    if isinstance(node, Not):
        return not _holds(node.child, occurs)
    return (all if isinstance(node, And) else any)(_holds(child, occurs) for child in node.children)


def best_first(matches: Iterable[Match]) -> list[Match]:
    """Return the matches by descending score; of equal scores the newer paper first, then the lower number."""

    def rank(found: Match) -> tuple[float, int, int]:
        published = found.paper.published or date.min
        return -found.score, -published.toordinal(), found.paper.number

    return sorted(matches, key=rank)


def _score(found: Sequence[tuple[Atom, list[tuple[FieldText, list[Place]]]]]) -> float:
    """Return the sum over the atoms of boost times the weight of the best field."""
    return math.fsum(
        atom.boost * max(TITLE_WEIGHT if part.field == "title" else 1.0 for part, _ in hits)
        for atom, hits in found
    )


def _evidence(found: Sequence[tuple[Atom, list[tuple[FieldText, list[Place]]]]]) -> tuple[Evidence, ...]:
    evidence = []
    for atom, hits in found:
        for part, places in hits:
            for place in places:
                start, end = part.characters(place)
                text = part.text[start:end]
                evidence.append(Evidence(atom.term, part.field, text, start, end, part.item))
    # An item that is typed twice in two scopes, as in `title:(a) a`, is found at the same place twice.
    return tuple(sorted(dict.fromkeys(evidence), key=_evidence_order))


def _evidence_order(one: Evidence) -> tuple[int, int, int, int]:
    return FIELDS.index(one.field), one.item or 0, one.start, one.end


def texts_of(paper: Paper) -> Iterator[tuple[str, int | None, str]]:
    """Yield the searchable texts of a paper as (field, place in the list or None, text)."""
    yield "title", None, paper.title
    yield "abstract", None, paper.abstract
    if paper.organization is not None:
        yield "organization", None, paper.organization
    lists = (("author", paper.authors), ("category", paper.categories), ("source", paper.sources))
    for name, texts in lists:
        for item, text in enumerate(texts):
            yield name, item, text


def _occurrences(atom: Atom, analysed: AnalysedPaper) -> list[tuple[FieldText, list[Place]]]:
    fields = atom.fields
    return [
        (part, places)
        for part in analysed.parts
        if part.field in fields and (places := occurrences(atom, part))
    ]


def occurrences(atom: Atom, part: FieldText) -> list[Place]:
    """Return the places of a text where the atom occurs, in ascending order.

    If one place contains another, only the inner one counts: `pre*` matches the first word of "pre-training",
    and not the whole again.
    """
    if atom.near is None:
        return _innermost(_phrases(atom, atom.words, part))
    return windows([_phrases(atom, unit, part) for unit in units(atom.words)], atom.near)


def windows(found: Iterable[Iterable[Place]], near: int) -> list[Place]:
    """Return the smallest places that hold every unit at a place of its own, with at most `near` other words."""
    units = [_innermost(places) for places in found]
    return [place for place in _windows(units, near) if _between(place, units) <= near]


def _innermost(places: Iterable[Place]) -> list[Place]:
    distinct = set(places)
    if len(distinct) < 2:
        return list(distinct)
    kept: list[Place] = []
    for at, after in sorted(distinct, key=lambda place: (-place[0], place[1])):
        if not kept or after < kept[-1][1]:
            kept.append((at, after))
    return kept[::-1]


def _phrases(atom: Atom, graph: Sequence[Word], part: FieldText) -> set[Place]:
    """Return the places where a path through the graph matches a path through the text."""
    if len(graph) == 1:
        (word,) = graph
        return {
            (at, each.after)
            for at in _beginnings(atom, word, part)
            for each in part.at.get(at, ())
            if _matches(atom, word, each, part)
        }
    first, last = graph[0].at, graph[-1].after
    starts = set[int]()
    for word in graph:
        if word.at == first:
            starts.update(_beginnings(atom, word, part))
    found = set[Place]()
    for start in starts:
        reached: dict[int, set[int]] = {first: {start}}
        for word in graph:  # the words that lead to a word come before it
            for at in reached.get(word.at, ()):
                for candidate in part.at.get(at, ()):
                    if _matches(atom, word, candidate, part):
                        reached.setdefault(word.after, set()).add(candidate.after)
        for after in reached.get(last, ()):
            found.add((start, after))
    return found


def _beginnings(atom: Atom, word: Word, part: FieldText) -> Iterable[int]:
    """Return the places where a word of the text begins that may match this word of the atom."""
    if is_prefix(atom, word):
        return {at for text, places in part.by_text.items() if text.startswith(word.text) for at in places}
    if is_stemmed(atom, part.field):
        return part.by_stem.get(word.stem, ())
    return part.by_text.get(word.text, ())


def _matches(atom: Atom, word: Word, candidate: Word, part: FieldText) -> bool:
    """Return whether a word of the text matches a word of the atom; a bare word matches one with a sign."""
    if is_prefix(atom, word):
        return candidate.text.startswith(word.text)
    if is_stemmed(atom, part.field):
        return word.stem in {candidate.stem, candidate.bare_stem}
    return word.text in {candidate.text, candidate.bare}


def is_prefix(atom: Atom, word: Word) -> bool:
    """Return whether a star follows a word of the atom."""
    return atom.prefix and word.after == atom.words[-1].after


def is_stemmed(atom: Atom, field: str) -> bool:
    """Return whether the words of the atom are compared by their stems in a field."""
    return field in STEMMED and not atom.exact


def units(graph: Sequence[Word]) -> list[list[Word]]:
    """Return the words of the graph, each as a graph; a hyphenated pair stays together."""
    found: list[list[Word]] = []
    reach = -1
    for word in graph:
        if word.at >= reach:
            found.append([])
        found[-1].append(word)
        reach = max(reach, word.after)
    return found


def _windows(units: Sequence[Sequence[Place]], near: int) -> list[Place]:
    """Return the smallest places that hold every unit at a place of its own, except those that are far too long."""
    starts = sorted({at for places in units for at, _ in places})
    ends = sorted({after for places in units for _, after in places})
    longest = near + sum(max((after - at for at, after in places), default=0) for places in units)
    windows = []
    reached = 0  # the smallest window of a later start does not end earlier
    for start in starts:
        while reached < len(ends) and ends[reached] <= start + longest:
            if _assign(units, (start, ends[reached])) is not None:
                windows.append((start, ends[reached]))
                break
            reached += 1
    return _innermost(windows)


def _between(window: Place, units: Sequence[Sequence[Place]]) -> int:
    """Return the number of words of the window that belong to no unit."""
    taken = _assign(units, window) or []
    return window[1] - window[0] - len({word for at, after in taken for word in range(at, after)})


def _assign(units: Sequence[Sequence[Place]], window: Place) -> list[Place] | None:
    """Return a different place within the window for each unit, in no order; None if that is impossible."""
    inside = [_within(places, window) for places in units]
    owner: dict[Place, int] = {}

    def assign(unit: int, tried: set[Place]) -> bool:
        free = [place for place in inside[unit] if place not in owner]
        if free:
            owner[free[0]] = unit
            return True
        for place in inside[unit]:
            if place not in tried:
                tried.add(place)
                if assign(owner[place], tried):
                    owner[place] = unit
                    return True
        return False

    return list(owner) if all(assign(unit, set()) for unit in range(len(units))) else None


def _within(places: Sequence[Place], window: Place) -> Sequence[Place]:
    """Return the places within the window; none of the given places contains another."""
    first = bisect_left(places, (window[0], 0))
    return places[first : bisect_right(places, window[1], lo=first, key=itemgetter(1))]
