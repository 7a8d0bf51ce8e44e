"""Matching for very many queries at once, with exactly the answers of `digest.match.reference`.

Words and phrases are looked up once per batch of papers, however many queries use them, and become bitmaps over
the papers. Each query is a few operations on bitmaps (`compiler`), and one loop runs those of all queries
(`backends`). Evidence is not computed here: `reference.match` finds it for the matches that an issue shows.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from digest.match.index import backends
from digest.match.index.arrays import Bitmaps, Bits, Places, Top, joined
from digest.match.index.batch import Batch, Lexicon
from digest.match.index.compiler import Program, compile_queries
from digest.match.index.phrase_tree import Tree
from digest.match.query.parser import FIELDS, Query
from digest.match.reference import AnalysedPaper, analyse, occurrences
from digest.model import Paper

_TITLE = FIELDS.index("title")
# Queries added one by one are compiled together into the last segment, again with every addition; from
# this many on the segment is left as it is and a new one begins.
_OPEN_UNTIL = 4_096
_QUERIES_AT_ONCE = 1 << 16  # bounds the memory


class Index:
    """Queries compiled for matching. Those of `program`, compiled earlier, have the first numbers.

    index = Index(queries)          # numbered 0, 1, 2 …
    number = index.add(query)       # one more; also change(number, query), remove(number)
    hits = index.match(papers)      # about a thousand, as it holds a bit per query and paper
    hits.pairs()                    # query number, place of the paper in the sequence
    hits.top(20)                    # arrays: query number, place of the paper, score; best first
    """

    def __init__(self, queries: Sequence[Query] = (), *, program: Program | None = None) -> None:
        self.lexicon = Lexicon()
        self._segments: list[_Segment] = []
        self._segment = np.zeros(0, np.int32)  # that holds each number; -1 for none
        self._place = np.zeros(0, np.int32)  # of each number in its segment
        self._size = 0
        self._recent: dict[int, Query] = {}  # added one by one: in the last segment or not compiled yet
        self._stale = False  # some of `_recent` are not compiled yet
        for each in (program, compile_queries(queries) if queries else None):
            if each is not None:
                self._append(each, np.arange(self._size, self._size + each.size))

    def __len__(self) -> int:
        """Return the number of queries, not counting those removed."""
        waiting = sum(1 for number in self._recent if self._is_new(number) or self._segment[number] < 0)
        return int(np.count_nonzero(self._segment >= 0)) + waiting

    def add(self, query: Query) -> int:
        """Add a query and return its number."""
        self._size += 1
        self.change(self._size - 1, query)
        return self._size - 1

    def change(self, number: int, query: Query) -> None:
        """Replace the query with this number. Raises IndexError for an unknown number."""
        self.remove(number)
        self._recent[number] = query
        self._stale = True

    def remove(self, number: int) -> None:
        """Remove a query; `add` never reuses its number. Raises IndexError for an unknown number."""
        if not 0 <= number < self._size:
            raise IndexError(number)
        if not self._is_new(number) and self._segment[number] >= 0:
            self._segments[self._segment[number]].numbers[self._place[number]] = -1
            self._segment[number] = -1
        self._recent.pop(number, None)

    def match(self, papers: Sequence[Paper], analysed: Callable[[Paper], AnalysedPaper] = analyse) -> "Hits":
        """Return which queries accept which papers.

        `analysed` prepares a paper for the reference matcher, which checks words near each other.
        """
        self._compile_recent()
        batch = Batch(papers, self.lexicon, analysed)
        return Hits(self._size, batch, [each.match(batch) for each in self._segments])

    def _is_new(self, number: int) -> bool:
        return number >= len(self._segment)

    def _append(self, program: Program, numbers: Places) -> None:
        self._size = max(self._size, int(numbers.max(initial=-1)) + 1)
        more = self._size - len(self._segment)
        self._segment = np.concatenate((self._segment, np.full(more, -1, np.int32)))
        self._place = np.concatenate((self._place, np.zeros(more, np.int32)))
        self._segment[numbers], self._place[numbers] = len(self._segments), np.arange(program.size)
        self._segments.append(_Segment(program, numbers, self.lexicon))

    def _compile_recent(self) -> None:
        """Compile the queries that were added one by one."""
        if not self._stale:
            return
        if self._segments and self._segments[-1].open:
            old = self._segments.pop()
            self._segment[old.numbers[old.numbers >= 0]] = -1
        self._append(compile_queries(tuple(self._recent.values())), np.array(list(self._recent), np.int64))
        if len(self._recent) < _OPEN_UNTIL:
            self._segments[-1].open = True
        else:
            self._recent.clear()
        self._stale = False


@dataclass(frozen=True, slots=True)
class _Answer:
    """The bitmaps of a segment for a batch."""

    segment: "_Segment"
    bits: Bitmaps


class _Segment:
    """A program whose words are numbered by the index's lexicon.

    `numbers` are those of its queries, -1 for one that was removed; an `open` segment still grows.
    """

    def __init__(self, program: Program, numbers: Places, lexicon: Lexicon) -> None:
        self.program = program
        self.numbers = numbers
        self.open = False
        self._tree = Tree(program, lexicon)
        masks = program.atom_fields
        self._masks = [(int(mask), np.flatnonzero(masks == mask)) for mask in np.unique(masks)]

    def match(self, batch: Batch) -> _Answer:
        backend = backends.suited(self.program.size * batch.size)
        found = self._units(batch, backend)
        anywhere, title = self._atoms(found, batch.width)
        evaluated = backend.evaluate(self.program, anywhere, batch.size)
        accepted, conditions = evaluated[: self.program.size], evaluated[self.program.size :]
        accepted[self.numbers < 0] = 0
        return _Answer(self, Bitmaps(accepted, conditions, anywhere, title))

    def _units(self, batch: Batch, backend: backends.Backend) -> dict[int, Bits]:
        """Return the bitmaps of the units, by field, for each field that a query asks for."""
        wanted = [field for field in range(len(FIELDS)) if any(mask >> field & 1 for mask, _ in self._masks)]
        units = self.program.units
        bits = np.zeros((len(wanted) * units, batch.width), np.uint64)
        rows = np.full(len(FIELDS), -1, np.int64)  # where the units of a field begin
        rows[wanted] = np.arange(len(wanted)) * units
        backend.find_units(self._tree, batch, rows[batch.field], bits)
        found = {field: bits[rows[field] : rows[field] + units] for field in wanted}
        for field, of_field in found.items():
            self._check(batch, field, of_field)
        return found

    def _check(self, batch: Batch, field: int, bits: Bits) -> None:
        """Check the units of words near each other by the reference matcher, in papers with all their words."""
        program = self.program
        if not len(program.check_unit):
            return
        likely = np.bitwise_and.reduceat(bits[program.check_needs], program.check_starts[:-1], axis=0)
        for place in np.flatnonzero(likely.any(axis=1)).tolist():
            atom = program.checks[place]
            row = bits[program.check_unit[place]]
            for paper in _places(likely[place]):
                parts = (part for part in batch.analysed(paper).parts if part.field == FIELDS[field])
                if any(occurrences(atom, part) for part in parts):
                    row[paper // 64] |= np.uint64(1 << paper % 64)

    def _atoms(self, found: dict[int, Bits], width: int) -> tuple[Bits, Bits]:
        """Return the bitmaps of the atoms, anywhere in their fields and in the title."""
        anywhere = np.zeros((self.program.atoms, width), np.uint64)
        title = np.zeros((self.program.atoms, width), np.uint64)
        for mask, atoms in self._masks:
            units = self.program.atom_unit[atoms]
            bits = [found[field][units] for field in found if mask >> field & 1]
            anywhere[atoms] = np.bitwise_or.reduce(bits) if bits else 0
            if mask >> _TITLE & 1:
                title[atoms] = found[_TITLE][units]
        return anywhere, title


def _places(bits: Bits) -> Iterator[int]:
    """Yield the places of the bits that are set in a row, in ascending order."""
    whole = int.from_bytes(bits.astype("<u8").tobytes(), "little")
    while whole:
        low = whole & -whole
        yield low.bit_length() - 1
        whole ^= low


class Hits:
    """Which queries accept which papers; a paper is given by its place in the sequence matched."""

    def __init__(self, size: int, batch: Batch, answers: Sequence[_Answer]) -> None:
        self._size, self._answers = size, answers
        self._order = np.array(batch.order, np.int64)

    def counts(self) -> Places:
        """Return the number of papers that each query accepts, by the query's number."""
        counts = np.zeros(self._size, np.int64)
        for answer in self._answers:
            alive = answer.segment.numbers >= 0
            found = np.bitwise_count(answer.bits.accepted).sum(axis=1, dtype=np.int64)
            counts[answer.segment.numbers[alive]] = found[alive]
        return counts

    def pairs(self) -> Iterator[tuple[int, int]]:
        """Yield the number of each query with each paper that it accepts."""
        for answer in self._answers:
            for first in range(0, len(answer.bits.accepted), _QUERIES_AT_ONCE):
                rows = answer.bits.accepted[first : first + _QUERIES_AT_ONCE]
                some = np.flatnonzero(rows.any(axis=1))
                bits = np.unpackbits(rows[some].astype("<u8").view(np.uint8), axis=1, bitorder="little")
                place, paper = np.nonzero(bits)
                numbers = answer.segment.numbers[first + some[place]]
                yield from zip(numbers.tolist(), self._order[paper].tolist(), strict=True)

    def top(self, limit: int) -> Top:
        """Return at most `limit` matches of each query as arrays of query numbers (ascending), papers and
        scores, best first within a query.
        """
        numbers, papers, scores = joined(self.tops(limit))
        if len(self._answers) > 1:
            order = np.argsort(numbers, kind="stable")
            numbers, papers, scores = numbers[order], papers[order], scores[order]
        return numbers, papers, scores

    def tops(self, limit: int) -> Iterator[Top]:
        """Yield the same in pieces of at most 65,536 queries, to bound the memory."""
        best = backends.fastest().top
        for answer in self._answers:
            segment = answer.segment
            for first in range(0, segment.program.size, _QUERIES_AT_ONCE):
                last = min(first + _QUERIES_AT_ONCE, segment.program.size)
                places, papers, scores = best(
                    segment.program, answer.bits, np.arange(first, last), limit,
                )  # fmt: skip
                yield segment.numbers[places], self._order[papers], scores
