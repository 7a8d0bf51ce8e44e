"""The loops of `kernels`, compiled by numba: the extra `fast`. Same arguments, same answers."""

import numpy as np
import numpy.typing as npt
from numba import njit

from digest.match import kernels
from digest.match.kernels import Bits, Places, Top
from digest.match.program import Program

_ONE = np.uint64(1)
_QUERIES_AT_ONCE = 1 << 16  # bounds the memory


def set_bits(bits: Bits, rows: npt.NDArray[np.integer], papers: Places) -> None:
    _set_bits(bits, rows, papers)


def evaluate(program: Program, atoms: Bits, papers: int) -> Bits:
    accepted = np.empty((program.size, atoms.shape[1]), np.uint64)
    values = np.empty(program.atoms + len(program.operation), np.uint64)
    for column in range(atoms.shape[1]):
        everyone = np.uint64((1 << min(64, max(0, papers - column * 64))) - 1)
        values[: program.atoms] = atoms[:, column]
        _evaluate(values, program.atoms, program.operation, program.join_starts, program.joined, everyone)
        _gather(values, program.query, accepted, column)
    return accepted


def top(program: Program, accepted: Bits, anywhere: Bits, title: Bits, queries: Places, limit: int) -> Top:
    careful = program.inexact[queries]
    pieces = [kernels.top(program, accepted, anywhere, title, queries[careful], limit)]
    plain = queries[~careful]
    for first in range(0, len(plain), _QUERIES_AT_ONCE):
        part = plain[first : first + _QUERIES_AT_ONCE]
        room = int(np.minimum(_counts(accepted, part), limit).sum())
        numbers, papers, scores = np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room)
        _top(
            part, accepted, anywhere, title, program.score_starts, program.score_atom, program.score_boost,
            limit, numbers, papers, scores,
        )  # fmt: skip
        pieces.append((numbers, papers, scores))
    numbers, papers, scores = kernels.joined(pieces)
    if careful.any():
        order = np.argsort(numbers, kind="stable")
        numbers, papers, scores = numbers[order], papers[order], scores[order]
    return numbers, papers, scores


@njit(nogil=True, cache=True)
def _set_bits(bits, rows, papers):  # type: ignore[no-untyped-def]
    for place in range(len(rows)):
        paper = papers[place]
        bits[rows[place], paper >> 6] |= _ONE << np.uint64(paper & 63)


@njit(nogil=True, cache=True)
def _evaluate(values, first, operations, starts, joined, everyone):  # type: ignore[no-untyped-def]
    for place in range(len(operations)):
        begin, end = starts[place], starts[place + 1]
        operation = operations[place]
        value = values[joined[begin]]
        if operation == 0:
            for child in range(begin + 1, end):
                value &= values[joined[child]]
        elif operation == 1:
            for child in range(begin + 1, end):
                value |= values[joined[child]]
        else:
            value = ~value & everyone
        values[first + place] = value


@njit(nogil=True, cache=True)
def _gather(values, queries, accepted, column):  # type: ignore[no-untyped-def]
    for query in range(len(queries)):
        accepted[query, column] = values[queries[query]]


@njit(nogil=True, cache=True)
def _counts(accepted, queries):  # type: ignore[no-untyped-def]
    counts = np.zeros(len(queries), np.int64)
    for place in range(len(queries)):
        for column in range(accepted.shape[1]):
            bits = accepted[queries[place], column]
            while bits:
                bits &= bits - _ONE
                counts[place] += 1
    return counts


@njit(nogil=True, cache=True)
def _lowest(bits):  # type: ignore[no-untyped-def]
    """Return the place of the lowest bit that is set."""
    place = 0
    low = bits & (~bits + _ONE)
    for shift in (32, 16, 8, 4, 2, 1):
        if low >> np.uint64(shift):
            low >>= np.uint64(shift)
            place += shift
    return place


@njit(nogil=True, cache=True)
def _top(queries, accepted, anywhere, title, starts, atoms, boosts, limit, numbers, papers, scores):  # type: ignore[no-untyped-def]
    score = np.zeros(64)
    best_score, best_paper = np.empty(limit + 1), np.empty(limit + 1, np.int64)
    out = 0
    for query in queries:
        kept = 0
        for column in range(accepted.shape[1]):
            bits = accepted[query, column]
            if not bits:
                continue
            for slot in range(starts[query], starts[query + 1]):
                boost = np.float64(boosts[slot])
                found = anywhere[atoms[slot], column] & bits
                while found:
                    score[_lowest(found)] += boost
                    found &= found - _ONE
                found = title[atoms[slot], column] & bits
                while found:
                    score[_lowest(found)] += boost
                    found &= found - _ONE
            while bits:
                paper = _lowest(bits)
                bits &= bits - _ONE
                value = score[paper]
                score[paper] = 0.0
                if kept == limit and value <= best_score[kept - 1]:
                    continue
                place = kept
                while place and best_score[place - 1] < value:
                    best_score[place] = best_score[place - 1]
                    best_paper[place] = best_paper[place - 1]
                    place -= 1
                best_score[place] = value
                best_paper[place] = (column << 6) + paper
                kept = min(kept + 1, limit)
        for place in range(kept):
            numbers[out] = query
            papers[out] = best_paper[place]
            scores[out] = best_score[place]
            out += 1
