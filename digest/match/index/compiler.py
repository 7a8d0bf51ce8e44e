"""The compiler of queries: it turns them into arrays of what to look for and how to combine it.

A program holds only arrays and lists of words, so it can be stored and loaded without compiling.
"""

import json
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from itertools import chain
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from digest.match.index.arrays import Numbers, Places, ranges
from digest.match.query.parser import FIELDS, And, Atom, Node, Not, Or, Query, parse
from digest.match.reference import is_prefix, is_stemmed, units
from digest.text.words import Word

STEMS, TEXTS = 0, 1  # the roots of the tree of words
AND, OR, NOT = 0, 1, 2

# An item with more paths, from many hyphens, is looked up by its words and then checked, as each path
# would need nodes of its own.
_MAX_PATHS = 16
# Sums of boosts that are multiples of 2^-20 and below 2^32 are exact in any order.
_STEP, _LARGEST = 2.0**20, 2.0**32
_MAGIC = b"paper-digest program 3\n"


@dataclass(frozen=True)
class Program:
    """Compiled queries, in three layers; queries share equal parts of each.

    * A **unit** is what to look for in one text: a word, a phrase, a prefix, or words near each other. Its words
      are a path from a root of a tree (a trie): from `STEMS` where words are compared by their stems, from `TEXTS`
      where they are compared as written. A hyphenated word has several paths to one unit.
    * An **atom** is a unit in some fields, with one bit per paper.
    * An **operation** joins atoms and earlier operations by AND, OR or NOT; each query is one or an atom.
    * A **score** is an atom that counts for a query with a boost, perhaps under a condition: the groups around it
      hold. Of the scores of one atom in one query at most one applies to a paper.

    Where rows belong to a number n, they are `starts[n]` to `starts[n + 1]`.

    `words`, `prefixes` and `checked` are texts. A unit that is checked is first narrowed down to the papers
    with all the units it needs; there the reference matcher looks for the item with that text.
    """

    words: tuple[str, ...]
    prefixes: tuple[str, ...]
    checked: tuple[str, ...]
    edge_from: Numbers  # tree: from a node, by a word, to a node
    edge_word: Numbers
    edge_to: Numbers
    star_from: Numbers  # tree: at this node, a next word with this prefix completes the unit
    star_prefix: Numbers
    star_unit: Numbers
    end_node: Numbers  # tree: this node completes the unit; sorted
    end_unit: Numbers
    check_unit: Numbers
    check_starts: Numbers
    check_needs: Numbers
    unit_count: Numbers  # a single number
    atom_unit: Numbers
    atom_fields: Numbers  # bits, as in FIELDS
    operation: Numbers
    level: Numbers  # one more than the highest level among the operations that it joins
    join_starts: Numbers
    joined: Numbers  # the atoms from 0 on, then the operations
    query: Numbers  # the atom or operation that a query is
    score_starts: Numbers
    score_atom: Numbers
    score_boost: npt.NDArray[np.float32] | npt.NDArray[np.float64]
    score_condition: Numbers  # a place in `condition`; -1 where the atom counts wherever it occurs
    condition: Numbers  # the atoms and operations that must hold for some atoms to count
    inexact: npt.NDArray[np.bool_]  # queries whose sum of boosts depends on the order

    @property
    def size(self) -> int:
        """The number of queries."""
        return len(self.query)

    @property
    def atoms(self) -> int:
        return len(self.atom_unit)

    @property
    def units(self) -> int:
        return int(self.unit_count[0])

    @property
    def nbytes(self) -> int:
        return sum(array.nbytes for _, array in self._arrays())

    @cached_property
    def evaluated(self) -> Numbers:
        """The atoms and operations whose papers a match needs: the queries, then the conditions."""
        return np.concatenate((self.query, self.condition))

    @cached_property
    def checks(self) -> tuple[Atom, ...]:
        """The items that the reference matcher checks."""
        atoms = map(parse, self.checked)
        return tuple(atom for atom in atoms if isinstance(atom, Atom))

    @cached_property
    def steps(self) -> tuple[tuple[int, Places, Places, Places], ...]:
        """The operations grouped by level and kind, in the order in which to evaluate them.

        Each step is the kind, the places of the results, the operands of all its operations in one array,
        and where the operands of each begin.
        """
        counts = np.diff(self.join_starts)
        kinds = self.level.astype(np.int64) * 4 + self.operation
        order = np.argsort(kinds, kind="stable")
        found = []
        for members in np.split(order, np.flatnonzero(np.diff(kinds[order])) + 1) if len(order) else ():
            of_each = counts[members]
            joined = self.joined[ranges(self.join_starts[members], of_each)].astype(np.int64)
            starts = np.cumsum(of_each, dtype=np.int64) - of_each
            found.append((int(self.operation[members[0]]), members + self.atoms, joined, starts))
        return tuple(found)

    def dump(self) -> bytes:
        """Return the program as bytes, for `load`."""
        arrays = list(self._arrays())
        head = json.dumps(
            {
                "texts": [self.words, self.prefixes, self.checked],
                "arrays": [[name, array.dtype.str, len(array)] for name, array in arrays],
            },
            ensure_ascii=True,
        ).encode()
        head += b" " * (-(len(_MAGIC) + 8 + len(head)) % 8)
        parts = [_MAGIC, struct.pack("<q", len(head)), head]
        for _, array in arrays:
            parts += [array.tobytes(), b"\0" * (-array.nbytes % 8)]
        return b"".join(parts)

    @classmethod
    def load(cls, data: bytes | memoryview) -> "Program":
        """Return the program that `dump` wrote; its arrays share these bytes.

        Raises ValueError if another version wrote them.
        """
        view = memoryview(data)
        if bytes(view[: len(_MAGIC)]) != _MAGIC:
            raise ValueError("not compiled queries of this version")
        place = len(_MAGIC) + 8
        (length,) = struct.unpack("<q", view[len(_MAGIC) : place])
        head = json.loads(bytes(view[place : place + length]))
        place += length
        arrays: dict[str, Any] = {}
        for name, kind, count in head["arrays"]:
            arrays[name] = np.frombuffer(view, np.dtype(kind), count, place)
            place += arrays[name].nbytes + -arrays[name].nbytes % 8
        words, prefixes, checked = map(tuple, head["texts"])
        return cls(words=words, prefixes=prefixes, checked=checked, **arrays)

    def _arrays(self) -> Iterator[tuple[str, npt.NDArray[Any]]]:
        for each in fields(self):
            if isinstance(value := getattr(self, each.name), np.ndarray):
                yield each.name, value


def compile_queries(queries: Sequence[Query]) -> Program:
    """Compile queries; their numbers are their places in the sequence."""
    compiler = _Compiler()
    for query in queries:
        compiler.add(query)
    return compiler.program()


class _Score(NamedTuple):
    """What an atom adds to the score of a match: its boost, where a condition (-1: none) holds."""

    atom: int
    boost: float
    condition: int


_FIELD_BITS: Final = {name: 1 << place for place, name in enumerate(FIELDS)}
_Path = tuple[Word, ...]


class _Compiler:
    """Collects the units, atoms and operations of queries; equal ones of different queries are shared."""

    def __init__(self) -> None:
        self.words: dict[str, int] = {}
        self.prefixes: dict[str, int] = {}
        self.edges: dict[tuple[int, int], int] = {}
        self.stars: dict[tuple[int, int, int], None] = {}
        self.ends: dict[tuple[int, int], None] = {}
        self.units: dict[tuple[object, ...], int] = {}
        self.checks: list[tuple[int, str, list[int]]] = []
        self.atoms: dict[tuple[object, ...], int] = {}
        self.atom_units: list[int] = []
        self.atom_fields: list[int] = []
        self.by_term: dict[tuple[str, tuple[str, ...]], int] = {}
        # An operation and its operands → its number. While compiling, atoms are numbered from 0 up and
        # operations from -1 down, as the final number of atoms is not known yet.
        self.nodes: dict[tuple[int, ...], int] = {}
        self.levels: list[int] = []
        self.numbers: dict[int, int] = {}  # of the nodes of the query that is being added, by their id()
        self.roots: list[int] = []
        self.scores: list[list[_Score]] = []
        self.conditions: dict[int, int] = {}

    def add(self, query: Query) -> None:
        wanted = self.join(OR, [self.node(node) for node in query.keywords])
        scores = self.scores_of(query.keywords)
        if query.exclude:
            unwanted = self.join(OR, [self.node(node) for node in query.exclude])
            wanted = self.join(AND, [wanted, self.operation((NOT, unwanted))])
        self.roots.append(wanted)
        self.scores.append(scores)
        self.numbers.clear()

    def node(self, node: Node) -> int:
        """Return the number of a node."""
        if isinstance(node, Atom):
            key = (node.term, node.fields)
            number = self.by_term.get(key)
            if number is None:
                number = self.by_term[key] = self.atom(node)
            return number
        number = self.numbers.get(id(node))
        if number is None:
            if isinstance(node, Not):
                number = self.operation((NOT, self.node(node.child)))
            else:
                operation = AND if isinstance(node, And) else OR
                number = self.join(operation, [self.node(child) for child in node.children])
            self.numbers[id(node)] = number
        return number

    def scores_of(self, keywords: Sequence[Node]) -> list[_Score]:
        """Return the scores of a query: its atoms under no NOT, with the groups that must hold around each."""
        found: dict[int, dict[float, list[tuple[int, ...]]]] = {}  # by atom and boost: groups that must hold

        def visit(node: Node, groups: tuple[int, ...], *, certain: bool) -> None:
            """Collect the atoms of a node; `certain` if a match implies that the node holds."""
            if isinstance(node, Atom):
                found.setdefault(self.node(node), {}).setdefault(node.boost, []).append(groups)
            elif isinstance(node, And):
                inside = groups if certain else (*groups, self.node(node))
                for child in node.children:
                    visit(child, inside, certain=certain)
            elif isinstance(node, Or):
                for child in node.children:
                    visit(child, groups, certain=certain and len(node.children) == 1)

        for node in keywords:
            visit(node, (), certain=len(keywords) == 1)
        return list(chain.from_iterable(self.scores_of_atom(atom, of) for atom, of in found.items()))

    def scores_of_atom(self, atom: int, places: dict[float, list[tuple[int, ...]]]) -> Iterator[_Score]:
        """Yield the scores of an atom, highest boost first; each applies where none before it does."""
        before: list[int] = []
        for boost in sorted(places, reverse=True):
            if () in places[boost]:
                yield _Score(atom, boost, self.condition(self.all_but(None, before)))
                return
            here = self.join(OR, [self.join(AND, list(groups)) for groups in places[boost]])
            yield _Score(atom, boost, self.condition(self.all_but(here, before)))
            before.append(here)

    def all_but(self, holds: int | None, before: list[int]) -> int | None:
        """Return the number of: this holds, and none of those before; None if that is always so."""
        parts = [] if holds is None else [holds]
        if before:
            parts.append(self.operation((NOT, self.join(OR, before))))
        return self.join(AND, parts) if parts else None

    def condition(self, number: int | None) -> int:
        return -1 if number is None else self.conditions.setdefault(number, len(self.conditions))

    def join(self, operation: int, children: list[int]) -> int:
        if not children:
            return self.nothing()
        distinct = sorted(set(children))
        return distinct[0] if len(distinct) == 1 else self.operation((operation, *distinct))

    def nothing(self) -> int:
        """Return an atom that never occurs."""
        number = self.atoms.setdefault((), len(self.atoms))
        if number == len(self.atom_units):
            self.atom_units.append(self.units.setdefault((), len(self.units)))
            self.atom_fields.append(0)
        return number

    def operation(self, shape: tuple[int, ...]) -> int:
        number = self.nodes.setdefault(shape, -1 - len(self.nodes))
        if -number > len(self.levels):
            self.levels.append(
                1 + max((self.levels[-1 - child] for child in shape[1:] if child < 0), default=0)
            )
        return number

    def atom(self, atom: Atom) -> int:
        number = self.atoms.setdefault(atom.key, len(self.atoms))
        if number == len(self.atom_units):
            stemmed = is_stemmed(atom, atom.fields[0])
            unit_of = self.plain if atom.near is None else self.check
            self.atom_units.append(unit_of(atom, stemmed=stemmed))
            self.atom_fields.append(sum(_FIELD_BITS[name] for name in atom.fields))
        return number

    def plain(self, atom: Atom, *, stemmed: bool) -> int:
        if _paths_through(atom.words) > _MAX_PATHS:
            return self.check(atom, stemmed=stemmed)
        return self.unit(atom, atom.words, stemmed=stemmed)

    def unit(self, atom: Atom, graph: Sequence[Word], *, stemmed: bool) -> int:
        """Return the unit for the words of an atom, or for consecutive words of it."""
        star = is_prefix(atom, graph[-1])
        key = (*_shape(atom, graph, stemmed=stemmed), stemmed, star)
        unit = self.units.get(key)
        if unit is None:
            unit = self.units[key] = len(self.units)
            for path in _paths(graph):
                self.grow(path, unit, stemmed=stemmed, star=star)
        return unit

    def grow(self, path: _Path, unit: int, *, stemmed: bool, star: bool) -> None:
        """Add a path to the tree that ends in the unit."""
        node = STEMS if stemmed and len(path) > star else TEXTS
        for word in path[: len(path) - star]:
            number = self.words.setdefault(word.stem if stemmed else word.text, len(self.words))
            node = self.edges.setdefault((node, number), TEXTS + 1 + len(self.edges))
        if star:
            prefix = self.prefixes.setdefault(path[-1].text, len(self.prefixes))
            self.stars[node, prefix, unit] = None
        else:
            self.ends[node, unit] = None

    def check(self, atom: Atom, *, stemmed: bool) -> int:
        """Return the unit of an atom that the reference matcher checks where all its words occur."""
        key = (*_shape(atom, atom.words, stemmed=stemmed), stemmed, atom.prefix, atom.exact, atom.near)
        unit = self.units.get(key)
        if unit is None:
            needs = {self.unit(atom, part, stemmed=stemmed) for part in units(atom.words)}
            unit = self.units[key] = len(self.units)
            self.checks.append((unit, atom.item, sorted(needs)))
        return unit

    def program(self) -> Program:
        atoms = len(self.atoms)

        def final(number: int) -> int:
            return number if number >= 0 else atoms - 1 - number

        edges = _columns(self.edges, 2)
        stars = _columns(self.stars, 3)
        ends = _columns(sorted(self.ends), 2)
        checks = sorted(self.checks)
        shapes = list(self.nodes)
        scores = list(chain.from_iterable(self.scores))
        return Program(
            words=tuple(self.words),
            prefixes=tuple(self.prefixes),
            checked=tuple(term for _, term, _ in checks),
            edge_from=edges[0],
            edge_word=edges[1],
            edge_to=_ints(self.edges.values()),
            star_from=stars[0],
            star_prefix=stars[1],
            star_unit=stars[2],
            end_node=ends[0],
            end_unit=ends[1],
            check_unit=_ints(unit for unit, _, _ in checks),
            check_starts=_starts(len(needs) for _, _, needs in checks),
            check_needs=_ints(chain.from_iterable(needs for _, _, needs in checks)),
            unit_count=_ints([len(self.units)]),
            atom_unit=_ints(self.atom_units),
            atom_fields=_ints(self.atom_fields),
            operation=_ints(shape[0] for shape in shapes),
            level=_ints(self.levels),
            join_starts=_starts(len(shape) - 1 for shape in shapes),
            joined=_ints(final(child) for shape in shapes for child in shape[1:]),
            query=_ints(map(final, self.roots)),
            score_starts=_starts(map(len, self.scores)),
            score_atom=_ints(score.atom for score in scores),
            score_boost=_smallest(np.array([score.boost for score in scores], np.float64)),
            score_condition=_ints(score.condition for score in scores),
            condition=_ints(map(final, self.conditions)),
            inexact=np.array([not _is_exact(each) for each in self.scores], np.bool_),
        )


def _is_exact(scores: Sequence[_Score]) -> bool:
    """Return whether every sum of these boosts, each taken once or twice, is exact in any order."""
    return sum(score.boost for score in scores) < _LARGEST / 2 and all(
        score.boost == 1.0 or (score.boost * _STEP).is_integer() for score in scores
    )


def _smallest(boosts: npt.NDArray[np.float64]) -> npt.NDArray[np.float32] | npt.NDArray[np.float64]:
    with np.errstate(over="ignore"):
        small = boosts.astype(np.float32)
    return small if np.array_equal(small, boosts) else boosts


def _shape(atom: Atom, graph: Sequence[Word], *, stemmed: bool) -> tuple[tuple[str, int, int], ...]:
    """Return a key that is equal for items that differ only in the spelling of their words."""
    first = graph[0].at
    return tuple(
        (
            word.stem if stemmed and not is_prefix(atom, word) else word.text,
            word.at - first,
            word.after - first,
        )
        for word in graph
    )


def _paths_through(graph: Sequence[Word]) -> int:
    """Return the number of paths from the first place of the graph to its last."""
    counts = {graph[0].at: 1}
    for word in graph:
        counts[word.after] = counts.get(word.after, 0) + counts.get(word.at, 0)
    return counts[graph[-1].after]


def _paths(graph: Sequence[Word]) -> Iterator[_Path]:
    """Yield the paths from the first place of the graph to its last."""
    found: dict[int, list[_Path]] = {graph[0].at: [()]}
    for word in graph:  # the words that lead to a word come before it
        found.setdefault(word.after, []).extend([(*path, word) for path in found.get(word.at, ())])
    yield from found[graph[-1].after]


def _ints(values: Any) -> Numbers:
    return np.fromiter(values, np.int32)


def _starts(lengths: Any) -> Numbers:
    counts = _ints(lengths)
    return np.concatenate(([0], np.cumsum(counts))).astype(np.int32)


def _columns(rows: Any, width: int) -> list[Numbers]:
    """Return rows of `width` numbers as columns."""
    flat = _ints(chain.from_iterable(rows))
    return [np.ascontiguousarray(flat[place::width]) for place in range(width)]
