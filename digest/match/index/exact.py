"""The best matches of queries with exact scores: slower than the compiled loop, but right for any boosts."""

import math

import numpy as np

from digest.match.index.arrays import Bitmaps, Places, Scores, Top, joined, ranges
from digest.match.index.compiler import Program

_PAIRS_AT_ONCE = 1 << 16  # matches scored together; bounds the memory


def top(program: Program, bits: Bitmaps, queries: Places, limit: int) -> Top:
    """Return at most `limit` matches of each query, in the order of `queries`, best first.

    Of equal scores the paper with the lower place comes first.
    """
    counts = np.bitwise_count(bits.accepted[queries]).sum(axis=1, dtype=np.int64)
    ends = np.cumsum(counts)
    pieces: list[Top] = []
    first = 0
    while first < len(queries):
        done = ends[first - 1] if first else 0
        last = max(first + 1, int(np.searchsorted(ends, done + _PAIRS_AT_ONCE, side="right")))
        pieces.append(_top(program, bits, queries[first:last], limit))
        first = last
    return joined(pieces)


def _top(program: Program, bits: Bitmaps, queries: Places, limit: int) -> Top:
    rows = bits.accepted[queries].astype("<u8", copy=False).view(np.uint8)
    place, papers = np.nonzero(np.unpackbits(rows, axis=1, bitorder="little"))
    numbers = queries[place]
    scores = _scores(program, bits, numbers, papers)
    order = np.lexsort((papers, -scores, place))
    numbers, papers, scores, place = numbers[order], papers[order], scores[order], place[order]
    begins = np.flatnonzero(np.r_[True, place[1:] != place[:-1]]) if len(place) else place
    rank = np.arange(len(place)) - np.repeat(begins, np.diff(np.r_[begins, len(place)]))
    kept = rank < limit
    return numbers[kept], papers[kept], scores[kept]


def _scores(program: Program, bits: Bitmaps, queries: Places, papers: Places) -> Scores:
    """Return the scores of matches, given as pairs of query and paper."""
    counts = np.diff(program.score_starts)[queries].astype(np.int64)
    slot = ranges(program.score_starts[queries], counts)
    pair = np.repeat(np.arange(len(queries)), counts)
    atom = program.score_atom[slot]
    column, bit = papers[pair] // 64, (papers[pair] % 64).astype(np.uint64)
    one = np.uint64(1)
    weight = ((bits.anywhere[atom, column] >> bit) & one) + ((bits.title[atom, column] >> bit) & one)
    condition = program.score_condition[slot]
    some = np.flatnonzero(condition >= 0)
    weight[some] *= (bits.conditions[condition[some], column[some]] >> bit[some]) & one
    parts = program.score_boost[slot].astype(np.float64) * weight.astype(np.float64)
    scores: Scores = np.bincount(pair, parts, minlength=len(queries)).astype(np.float64)
    starts = np.cumsum(counts) - counts
    # Where the sum depends on the order of its terms, it is rounded once, as the reference matcher does.
    for place in np.flatnonzero(program.inexact[queries]):
        scores[place] = math.fsum(parts[starts[place] : starts[place] + counts[place]])
    return scores
