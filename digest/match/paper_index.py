"""Any query over the same papers, again and again: their words are looked up once, with their positions, then kept.

The index answers every query with the papers that the reference matcher accepts, without looking at their texts
again. Each text of a field gets a range of positions of its own, as long as its word graph and one more, so that no
phrase spans two texts. Positions of a word are sorted arrays, and a phrase is an intersection of shifted arrays.
"""

from array import array
from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digest.match.query.parser import And, Atom, Node, Not, Query
from digest.match.reference import Place, is_prefix, is_stemmed, texts_of, units, windows
from digest.match.spelling import beginning
from digest.model import Paper
from digest.text.words import Word, words

FieldWords = list[tuple[str, tuple[Word, ...]]]  # each searchable text: its field and its words
Positions = NDArray[np.uint32]

_KEPT = 2_000  # items whose papers are remembered
_MANY_NEW = 5_000  # words since the vocabulary was sorted
_NONE: Positions = np.zeros(0, np.uint32)


class PaperIndex:
    """The words of papers. A set of papers is an int whose bit `n` is set for the paper at place `n`.

    `load` returns papers by their library numbers, to show them; without it, the index keeps the papers. It is not
    thread-safe.
    """

    def __init__(self, load: Callable[[Sequence[int]], Mapping[int, Paper]] | None = None) -> None:
        self.numbers: list[int] = []  # of the papers, by place
        self.live = 0  # the papers that were not removed
        self._load = load
        self._kept: list[Paper] = []
        self._seen: list[tuple[datetime, int]] = []  # when papers were first seen, and their places, sorted
        self._moments = array("d")  # the same by place, in seconds
        self._labels: dict[tuple[str, str], array[int]] = {}  # places of papers with a source or a year
        self._places: dict[int, int] = {}  # of the papers by number, without those that were removed
        self._texts: set[str] = set()  # all words, as they are spelt
        self._sorted: list[str] = []  # those before the new ones
        self._new: list[str] = []
        self._spellings: dict[str, list[str]] = defaultdict(list)  # a text, also without its sign: the texts
        self._stems: dict[str, list[str]] = defaultdict(list)  # a stem, also without its sign: the texts
        self._fields: dict[str, _Field] = defaultdict(_Field)
        self._found: dict[tuple[object, ...], int] = {}

    def add(self, paper: Paper, texts: FieldWords) -> None:
        """Add a paper with its words, which `field_words` finds."""
        place = len(self.numbers)
        for field, found in texts:
            if found:
                self._fields[field].add(place, found)
                for word in found:
                    if word.text not in self._texts:
                        self._learn(word)
        self.numbers.append(paper.number)
        self._places[paper.number] = place
        self.live |= 1 << place
        insort(self._seen, (paper.first_seen, place))
        self._moments.append(paper.first_seen.timestamp())
        for label in labels_of(paper):
            self._labels.setdefault(label, array("I")).append(place)
        if self._load is None:
            self._kept.append(paper)
        self._found.clear()

    def _learn(self, word: Word) -> None:
        self._texts.add(word.text)
        self._new.append(word.text)
        for text in {word.text, word.bare}:
            self._spellings[text].append(word.text)
        for stem in {word.stem, word.bare_stem}:
            self._stems[stem].append(word.text)

    def settle(self) -> None:
        """Sort what the first queries would have to sort: after many papers were added."""
        self._sorted, self._new = sorted(self._texts), []

    def remove(self, number: int) -> None:
        """Remove the paper with a library number, if the index has it."""
        place = self._places.pop(number, None)
        if place is not None:
            self.live &= ~(1 << place)

    def papers(self, places: Iterable[int]) -> list[Paper]:
        """Return the papers at places, in that order, without those that no longer exist."""
        if self._load is None:
            return [self._kept[place] for place in places]
        numbers = [self.numbers[place] for place in places]
        found = self._load(numbers)
        return [found[number] for number in numbers if number in found]

    def first_seen(self, since: datetime, until: datetime) -> int:
        """Return the papers first seen at or after `since` and before `until`."""
        first, after = (bisect_left(self._seen, (moment, -1)) for moment in (since, until))
        return self.set_of([place for _, place in self._seen[first:after]]) & self.live

    def newest(self, papers: int) -> list[int]:
        """Return the places of the papers of a set, those first seen last before the others."""
        places = np.fromiter(places_of(papers), np.intp)
        order = np.lexsort((places, np.array(self._moments)[places]))
        return places[order[::-1]].tolist()  # type: ignore[no-any-return]

    def labelled(self, kind: str) -> dict[str, int]:
        """Return the papers that are not removed by their `source`, or by their `year` of publication."""
        found = {
            name: _bits(np.array(places, np.intp), len(self.numbers)) & self.live
            for (each, name), places in self._labels.items()
            if each == kind
        }
        return {name: papers for name, papers in found.items() if papers}

    def numbered(self, numbers: Iterable[int]) -> int:
        """Return the set of the papers with library numbers, of those that the index has."""
        return self.set_of([self._places[number] for number in numbers if number in self._places])

    def set_of(self, places: Sequence[int]) -> int:
        """Return the set of the papers at places."""
        return _bits(np.array(places, np.intp), len(self.numbers))

    def accepted(self, query: Query) -> int:
        """Return the papers that a query accepts: those that the reference matcher accepts."""
        return self._any(query.keywords) & ~self._any(query.exclude)

    def holding(self, node: Node) -> int:
        """Return the papers for which a node of a query holds."""
        if isinstance(node, Atom):
            return self._atom(node) & self.live
        if isinstance(node, Not):
            return self.live & ~self.holding(node.child)
        if isinstance(node, And):
            return reduce(int.__and__, map(self.holding, node.children), self.live)
        return self._any(node.children)

    def often(self, text: str, fields: Sequence[str]) -> int:
        """Return how often fields contain a word that is spelt so."""
        return sum(self._fields[field].often(text) for field in fields if field in self._fields)

    def inflections(self, stemmed: str) -> Iterable[str]:
        """Return the words with a stem."""
        return self._stems.get(stemmed, ())

    def beginning(self, prefix: str) -> Iterator[str]:
        """Yield the words that begin so."""
        if len(self._new) > _MANY_NEW or not self._sorted:
            self.settle()
        yield from self._sorted[slice(*beginning(self._sorted, prefix))]
        yield from (text for text in self._new if text.startswith(prefix))

    def _any(self, nodes: Sequence[Node]) -> int:
        return reduce(int.__or__, map(self.holding, nodes), 0)

    def _atom(self, atom: Atom) -> int:
        if (known := self._found.get(atom.key)) is not None:
            return known
        found = 0
        for name in atom.fields:
            if name in self._fields:
                field = self._fields[name]
                places = field.owners_of(self._occurrences(atom, field, name))
                found |= _bits(places, len(self.numbers))
        if len(self._found) >= _KEPT:
            self._found.clear()
        self._found[atom.key] = found
        return found

    def _occurrences(self, atom: Atom, field: "_Field", name: str) -> Positions:
        """Return a position in each text of a field in which the atom occurs; several are possible."""

        def paths(graph: Sequence[Word]) -> list[tuple[int, Positions]]:
            return _paths(graph, lambda word: field.positions(self._meant(atom, word, name)))

        if atom.near is None:
            return _merged([starts for _, starts in paths(atom.words)])
        return _near([paths(unit) for unit in units(atom.words)], atom.near, field)

    def _meant(self, atom: Atom, word: Word, field: str) -> Iterable[str]:
        """Return the words that match a word of the atom."""
        if is_prefix(atom, word):
            return self.beginning(word.text)
        if is_stemmed(atom, field):
            return self._stems.get(word.stem, ())
        return self._spellings.get(word.text, ())


class _Field:
    """The words of the texts of one field, and which papers the texts belong to."""

    def __init__(self) -> None:
        self._next = 0  # position
        self._begins = array("I")  # the first position of each text
        self._owners = array("I")  # its paper, by place
        # Positions where a word begins, by its width in the word graph and by how it is spelt.
        self._words: dict[int, dict[str, array[int]]] = {}

    def add(self, place: int, found: Sequence[Word]) -> None:
        self._begins.append(self._next)
        self._owners.append(place)
        begin, plain = self._next, self._words.setdefault(1, {})
        for word in found:
            width = word.after - word.at
            known = plain if width == 1 else self._words.setdefault(width, {})
            positions = known.get(word.text)
            if positions is None:
                positions = known[word.text] = array("I")
            positions.append(begin + word.at)
        self._next = begin + max(word.after for word in found) + 1

    def often(self, text: str) -> int:
        return sum(len(known.get(text, ())) for known in self._words.values())

    def positions(self, texts: Iterable[str]) -> dict[int, Positions]:
        """Return where words begin that are spelt in one of these ways, by their width."""
        texts = tuple(texts)
        found = {}
        for width, known in self._words.items():
            # Copies, as an array cannot grow while numpy shares its memory.
            each = [np.array(known[text], np.uint32) for text in texts if text in known]
            if each:
                found[width] = _merged(each)
        return found

    def owners_of(self, positions: Positions) -> NDArray[np.intp]:
        """Return the places of the papers to which positions belong."""
        return np.array(self._owners, np.intp)[self.text_of(positions)]

    def text_of(self, positions: Positions) -> NDArray[np.intp]:
        """Return which text of the field each position belongs to."""
        begins = np.array(self._begins, np.uint32)
        return np.searchsorted(begins, positions, side="right") - 1


def _paths(
    graph: Sequence[Word], positions: Callable[[Word], dict[int, Positions]]
) -> list[tuple[int, Positions]]:
    """Return where the paths through a graph of words begin in the texts, by their width there."""
    first, last = graph[0].at, graph[-1].after
    reached: dict[int, dict[int, list[Positions]]] = {first: {0: []}}  # end in the graph: width: starts
    for word in graph:  # the words that lead to a word come before it
        if word.at not in reached:
            continue
        for width, begins in positions(word).items():
            for before, parts in list(reached[word.at].items()):
                shift = np.uint32(before)
                starts = _common(_merged(parts) + shift, begins) - shift if before else begins
                if len(starts):
                    ends = reached.setdefault(word.after, {})
                    ends.setdefault(before + width, []).append(starts)
    return [(width, _merged(parts)) for width, parts in reached.get(last, {}).items()]


def _near(found: Sequence[list[tuple[int, Positions]]], near: int, field: _Field) -> Positions:
    """Return a position in each text in which the units occur near each other, as the reference matcher defines it."""
    if not all(found):
        return _NONE
    starts = [_merged([positions for _, positions in unit]) for unit in found]
    everywhere = _merged(starts)
    if all(width == 1 for unit in found for width, _ in unit) and len(everywhere) == sum(map(len, starts)):
        return _windows(starts, near + len(found), field)
    # Units that may share words, or have several: the reference decides for each text that has all of them.
    texts = reduce(_common, (np.unique(field.text_of(positions)) for positions in starts))
    within: list[dict[int, list[Place]]] = [defaultdict(list) for _ in found]
    for unit, places in zip(found, within, strict=True):
        for width, positions in unit:
            of = field.text_of(positions)
            chosen = np.isin(of, texts)
            for text, at in zip(of[chosen].tolist(), positions[chosen].tolist(), strict=True):
                places[text].append((at, at + width))
    hits = [
        within[0][text][0][0] for text in texts.tolist() if windows([places[text] for places in within], near)
    ]
    return np.array(hits, np.uint32)


def _windows(units: Sequence[Positions], longest: int, field: _Field) -> Positions:
    """Return where windows of at most `longest` words begin that hold all units, of which each word is one."""
    starts = _merged(list(units))
    ends = starts.astype(np.int64)
    for positions in units:
        following = np.searchsorted(positions, starts)
        beyond = following == len(positions)
        nearest = positions[np.minimum(following, len(positions) - 1)].astype(np.int64)
        ends = np.maximum(ends, np.where(beyond, np.iinfo(np.int64).max, nearest))
    begins = starts[ends - starts < longest]
    last = ends[ends - starts < longest].astype(np.uint32)
    found: Positions = begins[field.text_of(begins) == field.text_of(last)]
    return found


def _common(one: NDArray[Any], other: NDArray[Any]) -> NDArray[Any]:
    """Return the values of two sorted arrays without repetitions that both have."""
    if len(one) > len(other):
        one, other = other, one
    if not len(one):
        return one
    at = np.minimum(np.searchsorted(other, one), len(other) - 1)
    common: NDArray[Any] = one[other[at] == one]
    return common


def _merged(parts: Sequence[Positions]) -> Positions:
    """Return the values of sorted arrays, sorted, without repetitions."""
    if len(parts) < 2:
        return parts[0] if parts else _NONE
    values = np.concatenate(parts)
    values.sort(kind="stable")  # takes advantage of the sorted parts; np.unique does not
    kept = np.ones(len(values), bool)
    kept[1:] = values[1:] != values[:-1]
    return values[kept]


def labels_of(paper: Paper) -> list[tuple[str, str]]:
    """Return the labels of a paper: its sources, and the year of publication, else that in which it was first seen."""
    year = (paper.published or paper.first_seen).year
    return [("year", str(year)), *(("source", each) for each in paper.sources)]


def field_words(paper: Paper) -> FieldWords:
    """Return the words of the searchable texts of a paper. This is the slow part of adding it."""
    return [(field, words(text)) for field, _, text in texts_of(paper)]


def places_of(papers: int) -> Iterator[int]:
    """Yield the places of the papers of a set, in ascending order."""
    held = np.frombuffer(papers.to_bytes((papers.bit_length() + 7) // 8, "little"), np.uint8)
    yield from np.flatnonzero(np.unpackbits(held, bitorder="little")).tolist()


def _bits(places: NDArray[Any], size: int) -> int:
    held = np.zeros(size, bool)
    held[places] = True
    return int.from_bytes(np.packbits(held, bitorder="little").tobytes(), "little")
