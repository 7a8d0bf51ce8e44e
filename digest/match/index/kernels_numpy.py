"""The loops over very many rows, with numpy alone; `kernels_numba` has the same, compiled.

`bits` are bitmaps, a row per unit, atom or query, a bit per paper, 64 papers a word (the lowest bit is
the first paper).
"""

import math
from collections.abc import Iterable
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt

from digest.match.index.batch import Batch, ranges
from digest.match.index.compiler import AND, NOT, Program
from digest.match.index.phrase_tree import Tree

Bits = npt.NDArray[np.uint64]
Places = npt.NDArray[np.int64]
Scores = npt.NDArray[np.float64]
Top = tuple[Places, Places, Scores]

_PAIRS_AT_ONCE = 1 << 16  # matches scored in one piece: bounds the memory


def meet(tree: Tree, batch: Batch, rows: Places, bits: Bits) -> None:
    """Set the bits of the units that the batch's words meet.

    `rows` says of each token in which row the units of its field begin, -1 if nothing asks for the field.
    """
    for units, tokens in tree.met(batch):
        row = rows[tokens]
        here = row >= 0
        _set_bits(bits, row[here] + units[here], batch.paper[tokens[here]])


def _set_bits(bits: Bits, rows: npt.NDArray[np.integer], papers: Places) -> None:
    """Set the bit of each paper in its row."""
    place = rows.astype(np.int64) * bits.shape[1] + papers // 64
    order = np.argsort(place, kind="stable")
    place, bit = place[order], np.left_shift(np.uint64(1), (papers[order] % 64).astype(np.uint64))
    if len(place):
        first = np.flatnonzero(np.r_[True, place[1:] != place[:-1]])
        bits.reshape(-1)[place[first]] |= np.bitwise_or.reduceat(bit, first)


def evaluate(program: Program, atoms: Bits, papers: int) -> Bits:
    """Return which papers each query accepts, of the papers where each atom occurs."""
    accepted = np.empty((program.size, atoms.shape[1]), np.uint64)
    values = np.empty(program.atoms + len(program.operation), np.uint64)
    for column in range(atoms.shape[1]):
        everyone = np.uint64((1 << min(64, max(0, papers - column * 64))) - 1)
        values[: program.atoms] = atoms[:, column]
        for operation, places, children, starts in program.steps:
            inputs = values[children]
            if operation == NOT:
                values[places] = ~inputs & everyone
            else:
                combine = np.bitwise_and if operation == AND else np.bitwise_or
                values[places] = combine.reduceat(inputs, starts)
        accepted[:, column] = values[program.query]
    return accepted


def top(program: Program, accepted: Bits, anywhere: Bits, title: Bits, queries: Places, limit: int) -> Top:
    """Return the best matches of these queries: query, paper, score; best first within a query.

    Of equal scores the paper with the lower place is better.
    """
    counts = np.bitwise_count(accepted[queries]).sum(axis=1, dtype=np.int64)
    ends = np.cumsum(counts)
    pieces: list[Top] = []
    first = 0
    while first < len(queries):
        done = ends[first - 1] if first else 0
        last = max(first + 1, int(np.searchsorted(ends, done + _PAIRS_AT_ONCE, side="right")))
        pieces.append(_top(program, accepted, anywhere, title, queries[first:last], limit))
        first = last
    return joined(pieces)


def joined(pieces: Iterable[Top]) -> Top:
    """Return pieces in a row."""
    some = [piece for piece in pieces if len(piece[0])]
    if len(some) == 1:
        return some[0]
    nothing = (np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))
    numbers, papers, scores = zip(nothing, *some, strict=True)
    return np.concatenate(numbers), np.concatenate(papers), np.concatenate(scores)


def _top(program: Program, accepted: Bits, anywhere: Bits, title: Bits, queries: Places, limit: int) -> Top:
    rows = accepted[queries].astype("<u8", copy=False).view(np.uint8)
    place, papers = np.nonzero(np.unpackbits(rows, axis=1, bitorder="little"))
    numbers = queries[place]
    scores = _score(program, anywhere, title, numbers, papers)
    order = np.lexsort((papers, -scores, place))
    numbers, papers, scores, place = numbers[order], papers[order], scores[order], place[order]
    begins = np.flatnonzero(np.r_[True, place[1:] != place[:-1]]) if len(place) else place
    rank = np.arange(len(place)) - np.repeat(begins, np.diff(np.r_[begins, len(place)]))
    kept = rank < limit
    return numbers[kept], papers[kept], scores[kept]


def _score(program: Program, anywhere: Bits, title: Bits, queries: Places, papers: Places) -> Scores:
    """Return the scores of matches, given as pairs of query and paper."""
    counts = np.diff(program.score_starts)[queries].astype(np.int64)
    slot = ranges(program.score_starts[queries], counts)
    pair = np.repeat(np.arange(len(queries)), counts)
    atom = program.score_atom[slot]
    column, bit = papers[pair] // 64, (papers[pair] % 64).astype(np.uint64)
    one = np.uint64(1)
    weight = ((anywhere[atom, column] >> bit) & one) + ((title[atom, column] >> bit) & one)
    parts = program.score_boost[slot].astype(np.float64) * weight.astype(np.float64)
    scores: Scores = np.bincount(pair, parts, minlength=len(queries)).astype(np.float64)
    starts = np.cumsum(counts) - counts
    for place in np.flatnonzero(program.inexact[queries]):
        scores[place] = math.fsum(parts[starts[place] : starts[place] + counts[place]])
    return scores


@cache
def fastest() -> Any:
    """Return the module with the fastest loops that can be had here."""
    try:
        return import_module("digest.match.index.kernels_numba")
    except ImportError:
        return import_module(__name__)
