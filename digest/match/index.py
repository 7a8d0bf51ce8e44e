"""Very many queries at once, with exactly the answers of `naive`.

Terms shared by many queries are looked up once per batch. Each distinct atom becomes a bitmap over the
batch's papers, each query a small program of AND, OR and NOT over bitmaps; equal sub-trees of different
queries are one node. Nodes are evaluated level by level with numpy, 64 papers a machine word.

    index = Index(queries)
    hits = index.match(Batch(analysed_papers))
    hits.papers(query_number)          # positions in the batch, in order
    hits.top(20)                       # arrays: query, paper, score; best first within a query

Evidence is not computed here: `naive.match` gives it for the matches that reach an issue.
"""

import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from digest.match.naive import Analysed, Part, is_prefix, is_stemmed, occurrences, units
from digest.match.query import And, Atom, Node, Not, Query, positive_atoms
from digest.text import Word

_WORD = 64
_PAIRS_AT_ONCE = 1 << 18  # matches scored in one piece: bounds the memory
# Sums of boosts that are multiples of 2^-20 and below 2^32 are exact in any order.
_STEP, _LARGEST = 2.0**20, 2.0**32

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bits = npt.NDArray[np.uint64]


# --- the batch: words → bitmaps -------------------------------------------------------------------


class Batch:
    """Papers to be matched together, with bitmaps (Python integers) of where each word occurs."""

    def __init__(self, papers: Sequence[Analysed]) -> None:
        self.papers = papers
        self._by_text: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        self._by_stem: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        self._pairs: dict[str, dict[tuple[str, str], int]] = defaultdict(lambda: defaultdict(int))
        for number, analysed in enumerate(papers):
            bit = 1 << number
            for part in analysed.parts:
                self._enter(part, bit)
        self._sorted = {field: sorted(texts) for field, texts in self._by_text.items()}

    def _enter(self, part: Part, bit: int) -> None:
        by_text, by_stem = self._by_text[part.field], self._by_stem[part.field]
        for text in part.by_text:
            by_text[text] |= bit
        for stem in part.by_stem:
            by_stem[stem] |= bit
        pairs = self._pairs[part.field]
        for word in part.words:
            for following in part.at.get(word.after, ()):
                pairs[word.bare_stem, following.bare_stem] |= bit

    def occurrences(self, atom: Atom) -> tuple[int, int]:
        """Return the bitmaps of the papers where the atom occurs: anywhere, and in the title."""
        anywhere = title = 0
        for field in atom.fields:
            found = self._in_field(atom, field)
            anywhere |= found
            if field == "title":
                title = found
        return anywhere, title

    def _in_field(self, atom: Atom, field: str) -> int:
        if len(atom.words) == 1:
            return self._word(atom, atom.words[0], field)
        if atom.near is None:
            candidates = self._path(atom, atom.words, field)
        else:
            candidates = -1
            for unit in units(atom.words):
                candidates &= self._path(atom, unit, field)
        found = 0
        for number in _bits_of(candidates):
            parts = (part for part in self.papers[number].parts if part.field == field)
            if any(occurrences(atom, part) for part in parts):
                found |= 1 << number
        return found

    def _path(self, atom: Atom, graph: Sequence[Word], field: str) -> int:
        """Return the papers that have the words of some path through the graph, pairs side by side."""
        reached: dict[int, int] = {graph[0].at: -1}
        ends: dict[int, list[Word]] = defaultdict(list)
        for word in graph:
            here = reached.get(word.at, 0) & self._word(atom, word, field)
            if here and ends[word.at] and not is_prefix(atom, word):
                here &= self._beside(ends[word.at], word, field)
            reached[word.after] = reached.get(word.after, 0) | here
            ends[word.after].append(word)
        return reached[graph[-1].after]

    def _beside(self, before: Iterable[Word], word: Word, field: str) -> int:
        pairs = self._pairs.get(field, {})
        found = 0
        for each in before:
            found |= pairs.get((each.bare_stem, word.bare_stem), 0)
        return found

    def _word(self, atom: Atom, word: Word, field: str) -> int:
        if is_prefix(atom, word):
            return self._prefix(word.text, field)
        if is_stemmed(atom, field):
            return self._by_stem.get(field, {}).get(word.stem, 0)
        return self._by_text.get(field, {}).get(word.text, 0)

    def _prefix(self, text: str, field: str) -> int:
        known = self._sorted.get(field, [])
        by_text = self._by_text.get(field, {})
        found = 0
        for place in range(bisect_left(known, text), len(known)):
            if not known[place].startswith(text):
                break
            found |= by_text[known[place]]
        return found


def _bits_of(bitmap: int) -> Iterator[int]:
    """Yield the positions of the bits that are set."""
    while bitmap:
        low = bitmap & -bitmap
        yield low.bit_length() - 1
        bitmap ^= low


# --- the index: queries → programs ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Step:
    """Nodes of one height and one operation: `first` to `last`, their children in a row."""

    operation: str
    first: int
    last: int
    children: Ints
    starts: Ints


class Index:
    """Queries compiled to programs. Their numbers are their places in the sequence given."""

    def __init__(self, queries: Sequence[Query]) -> None:
        compiler = _Compiler()
        roots = [compiler.query(query) for query in queries]
        self.size = len(roots)
        self.atoms = tuple(compiler.atoms)
        self._steps, renumbered = compiler.steps()
        self._nodes = len(renumbered)
        self._roots = renumbered[np.array(roots, dtype=np.int64)] if roots else np.zeros(0, np.int64)
        self._score_atoms, self._score_boosts, self._score_starts, self._inexact = _scoring(queries, compiler)

    def match(self, batch: Batch) -> "Hits":
        """Return which queries accept which papers of the batch."""
        width = max(1, -(-len(batch.papers) // _WORD))
        found = [batch.occurrences(atom) for atom in self.atoms]
        anywhere = _table([each[0] for each in found], width)
        title = _table([each[1] for each in found], width)
        accepted = np.empty((self.size, width), np.uint64)
        for column in range(width):
            papers = min(_WORD, len(batch.papers) - column * _WORD)
            accepted[:, column] = self._evaluate(anywhere[:, column], papers)
        return Hits(self, batch, accepted, anywhere, title)

    def _evaluate(self, atoms: Bits, papers: int) -> Bits:
        """Run all programs over one word of papers."""
        everyone = np.uint64((1 << max(papers, 0)) - 1)
        values = np.empty(self._nodes, np.uint64)
        values[: len(atoms)] = atoms
        for step in self._steps:
            inputs = values[step.children]
            if step.operation == "not":
                values[step.first : step.last] = ~inputs & everyone
            else:
                combine = np.bitwise_and if step.operation == "and" else np.bitwise_or
                values[step.first : step.last] = combine.reduceat(inputs, step.starts)
        return values[self._roots]

    def score(self, queries: Ints, papers: Ints, anywhere: Bits, title: Bits) -> Floats:
        """Return the scores of matches, given as pairs of query and paper numbers."""
        counts = self._score_starts[queries + 1] - self._score_starts[queries]
        pair = np.repeat(np.arange(len(queries)), counts)
        offset = np.arange(len(pair)) - np.repeat(np.cumsum(counts) - counts, counts)
        slot = self._score_starts[queries][pair] + offset
        atom = self._score_atoms[slot]
        column, bit = papers[pair] // _WORD, (papers[pair] % _WORD).astype(np.uint64)
        one = np.uint64(1)
        weight = ((anywhere[atom, column] >> bit) & one) + ((title[atom, column] >> bit) & one)
        parts = self._score_boosts[slot] * weight.astype(np.float64)
        scores: Floats = np.bincount(pair, parts, minlength=len(queries)).astype(np.float64)
        starts = np.cumsum(counts) - counts
        for place in np.flatnonzero(self._inexact[queries]):
            scores[place] = math.fsum(parts[starts[place] : starts[place] + counts[place]])
        return scores


class _Compiler:
    """Queries → nodes of a common graph; equal nodes are one."""

    def __init__(self) -> None:
        self.atoms: list[Atom] = []
        self.atom_ids: dict[tuple[object, ...], int] = {}
        self._nodes: dict[tuple[str, tuple[int, ...]], int] = {}
        self._shapes: list[tuple[str, tuple[int, ...]] | None] = []  # None for an atom
        self._heights: list[int] = []
        self._atom_nodes: list[int] = []

    def query(self, query: Query) -> int:
        """Return the node of a whole query."""
        wanted = self._join("or", [self._node(node) for node in query.keywords])
        if not query.exclude:
            return wanted
        unwanted = self._join("or", [self._node(node) for node in query.exclude])
        return self._join("and", [wanted, self._intern("not", (unwanted,))])

    def _node(self, node: Node) -> int:
        if isinstance(node, Atom):
            return self._atom(node)
        if isinstance(node, Not):
            return self._intern("not", (self._node(node.child),))
        operation = "and" if isinstance(node, And) else "or"
        return self._join(operation, [self._node(child) for child in node.children])

    def _atom(self, atom: Atom) -> int:
        key = atom.key
        if key not in self.atom_ids:
            self.atom_ids[key] = len(self.atoms)
            self.atoms.append(atom)
            self._atom_nodes.append(self._add(None, 0))
        return self._atom_nodes[self.atom_ids[key]]

    def _join(self, operation: str, children: list[int]) -> int:
        distinct = tuple(sorted(set(children)))
        return distinct[0] if len(distinct) == 1 else self._intern(operation, distinct)

    def _intern(self, operation: str, children: tuple[int, ...]) -> int:
        shape = (operation, children)
        if shape not in self._nodes:
            height = 1 + max((self._heights[child] for child in children), default=0)
            self._nodes[shape] = self._add(shape, height)
        return self._nodes[shape]

    def _add(self, shape: tuple[str, tuple[int, ...]] | None, height: int) -> int:
        self._shapes.append(shape)
        self._heights.append(height)
        return len(self._shapes) - 1

    def steps(self) -> tuple[list[_Step], Ints]:
        """Return the steps of the common program, and each node's number in it (atoms come first)."""
        groups: dict[tuple[int, str], list[int]] = defaultdict(list)
        for node, shape in enumerate(self._shapes):
            if shape is not None:
                groups[self._heights[node], shape[0]].append(node)
        renumbered = np.empty(len(self._shapes), np.int64)
        renumbered[self._atom_nodes] = np.arange(len(self._atom_nodes))
        steps, first = [], len(self._atom_nodes)
        for (_, operation), members in sorted(groups.items()):
            renumbered[members] = np.arange(first, first + len(members))
            shapes = [self._shapes[node] for node in members]
            rows = [shape[1] for shape in shapes if shape is not None]
            lengths = np.array([0, *map(len, rows)], np.int64)
            children = renumbered[np.array([child for row in rows for child in row], np.int64)]
            steps.append(_Step(operation, first, first + len(members), children, np.cumsum(lengths)[:-1]))
            first += len(members)
        return steps, renumbered


def _scoring(
    queries: Sequence[Query], compiler: _Compiler
) -> tuple[Ints, Floats, Ints, npt.NDArray[np.bool_]]:
    """Return the positive atoms and boosts of all queries in a row, where each begins, and which
    queries need care because their sums depend on the order.
    """
    atoms: list[int] = []
    boosts: list[float] = []
    starts = [0]
    inexact = []
    for query in queries:
        positive = positive_atoms(query)
        atoms += [compiler.atom_ids[atom.key] for atom in positive]
        boosts += [atom.boost for atom in positive]
        starts.append(len(atoms))
        whole = all((atom.boost * _STEP).is_integer() and atom.boost < _LARGEST for atom in positive)
        inexact.append(not whole or sum(atom.boost for atom in positive) >= _LARGEST)
    return (
        np.array(atoms, np.int64),
        np.array(boosts),
        np.array(starts, np.int64),
        np.array(inexact, np.bool_),
    )


def _table(bitmaps: Sequence[int], width: int) -> Bits:
    """Return bitmaps as rows of 64-bit words, the first papers in the first word."""
    raw = b"".join(bitmap.to_bytes(width * 8, "little") for bitmap in bitmaps)
    return np.frombuffer(raw, np.dtype("<u8")).reshape(len(bitmaps), width).astype(np.uint64, copy=False)


# --- hits -----------------------------------------------------------------------------------------


class Hits:
    """Which queries accept which papers: a bitmap per query, scores on demand."""

    def __init__(self, index: Index, batch: Batch, accepted: Bits, anywhere: Bits, title: Bits) -> None:
        self._index, self._batch = index, batch
        self.accepted = accepted
        self._anywhere, self._title = anywhere, title

    def counts(self) -> Ints:
        """Return how many papers each query accepts."""
        counted: Ints = np.bitwise_count(self.accepted).sum(axis=1, dtype=np.int64)
        return counted

    def papers(self, query: int) -> tuple[int, ...]:
        """Return the papers (places in the batch) that a query accepts, in order."""
        row = int.from_bytes(self.accepted[query].astype("<u8").tobytes(), "little")
        return tuple(_bits_of(row))

    def pairs(self) -> Iterator[tuple[Ints, Ints, Floats]]:
        """Yield all matches in pieces: query numbers (ascending), places of papers, scores.

        A query's matches are never divided between two pieces.
        """
        ends = np.cumsum(self.counts())
        first = 0
        while first < self._index.size:
            done = ends[first - 1] if first else 0
            last = max(first + 1, int(np.searchsorted(ends, done + _PAIRS_AT_ONCE, side="right")))
            bits = np.unpackbits(
                self.accepted[first:last].astype("<u8", copy=False).view(np.uint8), axis=1, bitorder="little"
            )
            queries, papers = np.nonzero(bits)
            queries += first
            if len(queries):
                yield queries, papers, self._index.score(queries, papers, self._anywhere, self._title)
            first = last

    def top(self, limit: int) -> tuple[Ints, Ints, Floats]:
        """Return the best matches of each query: query numbers, places of papers, scores."""
        published = [analysed.paper.published or date.min for analysed in self._batch.papers]
        newest = np.array([-day.toordinal() for day in published], np.int64)
        numbers = np.array([analysed.paper.number for analysed in self._batch.papers], np.int64)
        kept = [_best(*piece, newest, numbers, limit) for piece in self.pairs()]
        if not kept:
            return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)
        queries, papers, scores = (np.concatenate(each) for each in zip(*kept, strict=True))
        return queries, papers, scores


def _best(
    queries: Ints, papers: Ints, scores: Floats, newest: Ints, numbers: Ints, limit: int
) -> tuple[Ints, Ints, Floats]:
    order = np.lexsort((numbers[papers], newest[papers], -scores, queries))
    queries, papers, scores = queries[order], papers[order], scores[order]
    begins = np.flatnonzero(np.r_[True, queries[1:] != queries[:-1]])
    place = np.arange(len(queries)) - np.repeat(begins, np.diff(np.r_[begins, len(queries)]))
    kept = place < limit
    return queries[kept], papers[kept], scores[kept]
