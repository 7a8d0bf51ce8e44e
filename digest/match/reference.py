"""What a match is, said the slow and obvious way: every atom is looked for in every field.

A faster engine must give the same matches with the same score and the same evidence.
"""

import math
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from operator import itemgetter

from digest.match.query.parser import FIELDS, STEMMED, And, Atom, Node, Not, Query, positive_atoms
from digest.model import Evidence, Match, Paper
from digest.text.words import Word, words

TITLE_WEIGHT = 2.0

Place = tuple[int, int]  # from `at` to `after` in the word graph of a text


class FieldText:
    """A text that a phrase cannot leave: a field, or one name of a list of names.

    `at` holds the words that begin at a place of the word graph; `by_text` and `by_stem` the places
    where a word begins that is met by this text or stem.
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
        """Return where in the text a place of the word graph starts and ends."""
        start = self.at[place[0]][0].start
        return start, next(word.end for word in self.at[place[1] - 1] if word.after == place[1])


@dataclass(frozen=True, slots=True)
class AnalysedPaper:
    """A paper whose texts are words, ready for any number of queries."""

    paper: Paper
    parts: tuple[FieldText, ...]


def analyse(paper: Paper) -> AnalysedPaper:
    """Return the paper with the words of its searchable fields."""
    return AnalysedPaper(paper, tuple(FieldText(field, text, item) for field, item, text in texts_of(paper)))


def match(query: Query, analysed: AnalysedPaper) -> Match | None:
    """Return the match if the query accepts the paper, with its score and all evidence."""
    looked_up: dict[tuple[object, ...], list[tuple[FieldText, list[Place]]]] = {}

    def find(atom: Atom) -> list[tuple[FieldText, list[Place]]]:
        key = atom.key
        if key not in looked_up:
            looked_up[key] = list(_occurrences(atom, analysed))
        return looked_up[key]

    def occurs(atom: Atom) -> bool:
        return bool(find(atom))

    if not accepts(query, occurs):
        return None
    found = [(atom, find(atom)) for atom in positive_atoms(query) if occurs(atom)]
    return Match(analysed.paper, _score(found), _evidence(found))


def accepts(query: Query, occurs: Callable[[Atom], bool]) -> bool:
    """Tell whether any keyword holds and no exclude does, given which atoms occur."""

    def holds(node: Node) -> bool:
        if isinstance(node, Atom):
            return occurs(node)
        if isinstance(node, Not):
            return not holds(node.child)
        return (all if isinstance(node, And) else any)(map(holds, node.children))

    return any(map(holds, query.keywords)) and not any(map(holds, query.exclude))


def best_first(matches: Iterable[Match]) -> list[Match]:
    """Sort by score; the newer of two equal ones first, then the one that was seen first."""

    def rank(found: Match) -> tuple[float, int, int]:
        published = found.paper.published or date.min
        return -found.score, -published.toordinal(), found.paper.number

    return sorted(matches, key=rank)


# --- score and evidence --------------------------------------------------------------------------


def _score(found: Sequence[tuple[Atom, list[tuple[FieldText, list[Place]]]]]) -> float:
    """Sum over the atoms: boost times the weight of the best field."""
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
    # an item asked for in two scopes is found at the same place twice
    return tuple(sorted(dict.fromkeys(evidence), key=_evidence_order))


def _evidence_order(one: Evidence) -> tuple[int, int, int, int]:
    return FIELDS.index(one.field), one.item or 0, one.start, one.end


# --- where an atom occurs ------------------------------------------------------------------------


def texts_of(paper: Paper) -> Iterator[tuple[str, int | None, str]]:
    """Yield the searchable texts of a paper: field, place in the list if it is one, text."""
    yield "title", None, paper.title
    yield "abstract", None, paper.abstract
    if paper.organization is not None:
        yield "organization", None, paper.organization
    lists = (("author", paper.authors), ("category", paper.categories), ("source", paper.sources))
    for name, texts in lists:
        for item, text in enumerate(texts):
            yield name, item, text


def _occurrences(atom: Atom, analysed: AnalysedPaper) -> Iterator[tuple[FieldText, list[Place]]]:
    for part in analysed.parts:
        if part.field in atom.fields and (places := occurrences(atom, part)):
            yield part, places


def occurrences(atom: Atom, part: FieldText) -> list[Place]:
    """Return the places of a text where the atom occurs, in order.

    Where one place holds another, only the inner one counts: `pre*` is met by the first word of
    "pre-training", not again by the whole.
    """
    if atom.near is None:
        return _innermost(_phrases(atom, atom.words, part))
    met = [_innermost(_phrases(atom, unit, part)) for unit in units(atom.words)]
    return [place for place in _windows(met, atom.near) if _between(place, met) <= atom.near]


def _innermost(places: Iterable[Place]) -> list[Place]:
    distinct = set(places)
    if len(distinct) < 2:  # as nearly always
        return list(distinct)
    kept: list[Place] = []
    for at, after in sorted(distinct, key=lambda place: (-place[0], place[1])):
        if not kept or after < kept[-1][1]:
            kept.append((at, after))
    return kept[::-1]


def _phrases(atom: Atom, graph: Sequence[Word], part: FieldText) -> Iterator[Place]:
    """Yield the places where a path through the graph is also a path through the text."""
    first, last = graph[0].at, graph[-1].after
    starts = {at for asked in graph if asked.at == first for at in _beginnings(atom, asked, part)}
    for start in starts:
        reached: dict[int, set[int]] = {first: {start}}
        for asked in graph:  # in an order where all that leads to a word comes before it
            for at in reached.get(asked.at, ()):
                for met in part.at.get(at, ()):
                    if _meets(atom, asked, met, part):
                        reached.setdefault(asked.after, set()).add(met.after)
        for after in reached.get(last, ()):
            yield start, after


def _beginnings(atom: Atom, asked: Word, part: FieldText) -> Iterable[int]:
    """Return where in the text a word may begin that meets the one asked for."""
    if is_prefix(atom, asked):
        return {at for text, places in part.by_text.items() if text.startswith(asked.text) for at in places}
    if is_stemmed(atom, part.field):
        return part.by_stem.get(asked.stem, ())
    return part.by_text.get(asked.text, ())


def _meets(atom: Atom, asked: Word, met: Word, part: FieldText) -> bool:
    """Tell whether a word of the text is the one asked for; a bare word meets one with a sign."""
    if is_prefix(atom, asked):
        return met.text.startswith(asked.text)
    if is_stemmed(atom, part.field):
        return asked.stem in {met.stem, met.bare_stem}
    return asked.text in {met.text, met.bare}


def is_prefix(atom: Atom, asked: Word) -> bool:
    """Tell whether a word of the atom is followed by a star."""
    return atom.prefix and asked.after == atom.words[-1].after


def is_stemmed(atom: Atom, field: str) -> bool:
    """Tell whether the atom's words are compared by their stems in a field."""
    return field in STEMMED and not atom.exact


# --- words near each other -----------------------------------------------------------------------


def units(graph: Sequence[Word]) -> list[list[Word]]:
    """Take the graph apart into words; a hyphenated pair stays together."""
    found: list[list[Word]] = []
    reach = -1
    for word in graph:
        if word.at >= reach:
            found.append([])
        found[-1].append(word)
        reach = max(reach, word.after)
    return found


def _windows(units: Sequence[Sequence[Place]], near: int) -> list[Place]:
    """Return the smallest places that hold every unit, each at another place, unless far too long."""
    starts = sorted({at for places in units for at, _ in places})
    ends = sorted({after for places in units for _, after in places})
    longest = near + sum(max((after - at for at, after in places), default=0) for places in units)
    windows = []
    reached = 0  # a later start never ends earlier
    for start in starts:
        while reached < len(ends) and ends[reached] <= start + longest:
            if _assign(units, (start, ends[reached])) is not None:
                windows.append((start, ends[reached]))
                break
            reached += 1
    return _innermost(windows)


def _between(window: Place, units: Sequence[Sequence[Place]]) -> int:
    """Return how many words of the window belong to no unit."""
    taken = _assign(units, window) or []
    return window[1] - window[0] - len({word for at, after in taken for word in range(at, after)})


def _assign(units: Sequence[Sequence[Place]], window: Place) -> list[Place] | None:
    """Give each unit a place of its own within the window, if that can be done."""
    inside = [_within(places, window) for places in units]
    owner: dict[Place, int] = {}

    def settle(unit: int, tried: set[Place]) -> bool:
        free = [place for place in inside[unit] if place not in owner]
        if free:
            owner[free[0]] = unit
            return True
        for place in inside[unit]:
            if place not in tried:
                tried.add(place)
                if settle(owner[place], tried):
                    owner[place] = unit
                    return True
        return False

    return list(owner) if all(settle(unit, set()) for unit in range(len(units))) else None


def _within(places: Sequence[Place], window: Place) -> Sequence[Place]:
    """Return those within the window of places none of which holds another."""
    first = bisect_left(places, (window[0], 0))
    return places[first : bisect_right(places, window[1], lo=first, key=itemgetter(1))]
