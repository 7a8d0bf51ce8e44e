"""The loops of `kernels_numpy`, compiled by numba (the extra `fast`): same arguments, same answers."""

import numpy as np
from numba import njit

from digest.match.index import exact
from digest.match.index.arrays import Bitmaps, Bits, Places, Top, joined
from digest.match.index.batch import Batch
from digest.match.index.compiler import STEMS, TEXTS, Program
from digest.match.index.phrase_tree import Tree

_ONE = np.uint64(1)
_QUERIES_AT_ONCE = 1 << 16  # bounds the memory
_COLUMNS = 8  # of 64 papers, evaluated together: a cache line

# Multiplied by a single bit, this number has a different value in its top six bits for each of the 64 places.
_DE_BRUIJN = np.uint64(0x03F79D71B4CB0A89)
_TOP_SIX = np.uint64(58)
_PLACES = np.zeros(64, np.int64)
for _place in range(64):
    _PLACES[((0x03F79D71B4CB0A89 << _place) & (2**64 - 1)) >> 58] = _place


def find_units(tree: Tree, batch: Batch, rows: Places, bits: Bits) -> None:
    text, begins, after = batch.tokens.text, batch.begins, batch.tokens.after
    stars = (tree.star_starts, tree.stars.keys, tree.stars.values, *tree.prefixes(batch))
    if len(tree.stars.keys):
        _find_prefixes(text, rows, batch.paper, tree.root_stars, *stars[2:], bits)
    for root, words in ((STEMS, batch.stem), (TEXTS, text)):
        _walk(
            words, text, begins, after, rows, batch.paper, tree.roots[root], tree.ends, tree.end_unit,
            tree.edge_starts, tree.edges.keys, tree.edges.values, stars, bits,
        )  # fmt: skip


def evaluate(program: Program, atoms: Bits, papers: int) -> Bits:
    wanted = program.evaluated
    evaluated = np.empty((len(wanted), atoms.shape[1]), np.uint64)
    values = np.empty((program.atoms + len(program.operation), min(_COLUMNS, atoms.shape[1])), np.uint64)
    everyone = np.array(
        [(1 << min(64, max(0, papers - 64 * column))) - 1 for column in range(atoms.shape[1])], np.uint64
    )
    for first in range(0, atoms.shape[1], _COLUMNS):
        columns = slice(first, first + _COLUMNS)
        some = values[:, : atoms.shape[1] - first]
        some[: program.atoms] = atoms[:, columns]
        run = _evaluate_one if some.shape[1] == 1 else _evaluate
        run(
            some, program.atoms, program.operation, program.join_starts, program.joined, everyone[columns],
            wanted, evaluated[:, columns],
        )  # fmt: skip
    return evaluated


def top(program: Program, bits: Bitmaps, queries: Places, limit: int) -> Top:
    inexact = program.inexact[queries]
    pieces = [exact.top(program, bits, queries[inexact], limit)]
    plain = queries[~inexact]
    for first in range(0, len(plain), _QUERIES_AT_ONCE):
        part = plain[first : first + _QUERIES_AT_ONCE]
        counts = np.bitwise_count(bits.accepted[part]).sum(axis=1, dtype=np.int64)
        room = int(np.minimum(counts, limit).sum())
        numbers, papers, scores = np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room)
        _top(
            part, *bits, program.score_starts, program.score_atom, program.score_boost,
            program.score_condition, limit, numbers, papers, scores,
        )  # fmt: skip
        pieces.append((numbers, papers, scores))
    numbers, papers, scores = joined(pieces)
    if inexact.any():
        order = np.argsort(numbers, kind="stable")
        numbers, papers, scores = numbers[order], papers[order], scores[order]
    return numbers, papers, scores


@njit(nogil=True, cache=True)
def _find_prefixes(text, rows, papers, starts, units, first, count, prefixes, bits):  # type: ignore[no-untyped-def]
    for token in range(len(text)):
        if rows[token] < 0:
            continue
        word = text[token]
        for place in range(first[word], first[word] + count[word]):
            for found in range(starts[prefixes[place]], starts[prefixes[place] + 1]):
                _set_bit(bits, rows[token] + units[found], papers[token])


@njit(nogil=True, cache=True)
def _star(node, word, row, paper, stars, bits):  # type: ignore[no-untyped-def]
    """Set the bits of the units that end at a node with a prefix of this word."""
    starts, keys, units, first, count, prefixes = stars
    for place in range(first[word], first[word] + count[word]):
        key = (np.int64(node) << 32) | np.int64(prefixes[place])
        found = _bisect(keys, starts[node], starts[node + 1], key)
        while found < starts[node + 1] and keys[found] == key:
            _set_bit(bits, row + units[found], paper)
            found += 1


@njit(nogil=True, cache=True)
def _walk(  # type: ignore[no-untyped-def]
    words, text, begins, after, rows, papers, roots, ends, end_unit, edge_starts, edge_keys, edge_to, stars, bits
):  # fmt: skip
    nodes, tokens = np.empty(64, np.int64), np.empty(64, np.int64)  # where paths continue
    for start in range(len(words)):
        row, paper, word = rows[start], papers[start], words[start]
        if row < 0 or not 0 <= word < len(roots) or not roots[word]:
            continue
        nodes[0], tokens[0] = roots[word], start
        waiting = 1
        while waiting:
            waiting -= 1
            node, token = nodes[waiting], tokens[waiting]
            for place in range(ends[node], ends[node + 1]):
                _set_bit(bits, row + end_unit[place], paper)
            first, last = edge_starts[node], edge_starts[node + 1]
            starred = stars[0][node] < stars[0][node + 1]
            if first == last and not starred:
                continue
            for following in range(begins[after[token]], begins[after[token] + 1]):
                if starred:
                    _star(node, text[following], row, paper, stars, bits)
                if words[following] < 0:
                    continue
                key = (np.int64(node) << 32) | np.int64(words[following])
                found = _bisect(edge_keys, first, last, key)
                if found < last and edge_keys[found] == key:
                    if waiting == len(nodes):
                        nodes = np.concatenate((nodes, nodes))
                        tokens = np.concatenate((tokens, tokens))
                    nodes[waiting], tokens[waiting] = edge_to[found], following
                    waiting += 1


@njit(nogil=True, cache=True)
def _bisect(keys, first, last, key):  # type: ignore[no-untyped-def]
    """Return the place of the first key that is not lower."""
    while first < last:
        middle = (first + last) >> 1
        if keys[middle] < key:
            first = middle + 1
        else:
            last = middle
    return first


@njit(nogil=True, cache=True)
def _set_bit(bits, row, paper):  # type: ignore[no-untyped-def]
    bits[row, paper >> 6] |= _ONE << np.uint64(paper & 63)


@njit(nogil=True, cache=True)
def _evaluate(values, first, operations, starts, joined, everyone, wanted, evaluated):  # type: ignore[no-untyped-def]
    """Evaluate all operations, each for several columns of papers, and write those wanted."""
    columns = values.shape[1]
    for place in range(len(operations)):
        begin, end = starts[place], starts[place + 1]
        operation = operations[place]
        to, child = first + place, joined[begin]
        if operation == 2:
            for column in range(columns):
                values[to, column] = ~values[child, column] & everyone[column]
            continue
        for column in range(columns):
            values[to, column] = values[child, column]
        for each in range(begin + 1, end):
            child = joined[each]
            if operation == 0:
                for column in range(columns):
                    values[to, column] &= values[child, column]
            else:
                for column in range(columns):
                    values[to, column] |= values[child, column]
    for row in range(len(wanted)):
        for column in range(columns):
            evaluated[row, column] = values[wanted[row], column]


@njit(nogil=True, cache=True)
def _evaluate_one(values, first, operations, starts, joined, everyone, wanted, evaluated):  # type: ignore[no-untyped-def]
    """Do the same for one column of papers, faster: each value stays in a register."""
    for place in range(len(operations)):
        begin, end = starts[place], starts[place + 1]
        operation = operations[place]
        value = values[joined[begin], 0]
        if operation == 0:
            for child in range(begin + 1, end):
                value &= values[joined[child], 0]
        elif operation == 1:
            for child in range(begin + 1, end):
                value |= values[joined[child], 0]
        else:
            value = ~value & everyone[0]
        values[first + place, 0] = value
    for row in range(len(wanted)):
        evaluated[row, 0] = values[wanted[row], 0]


@njit(nogil=True, cache=True)
def _lowest(bits):  # type: ignore[no-untyped-def]
    """Return the place of the lowest bit that is set, by multiplication with a de Bruijn number."""
    return _PLACES[((bits & (~bits + _ONE)) * _DE_BRUIJN) >> _TOP_SIX]


@njit(nogil=True, cache=True)
def _top(  # type: ignore[no-untyped-def]
    queries, accepted, conditions, anywhere, title, starts, atoms, boosts, condition, limit, numbers, papers, scores
):  # fmt: skip
    room = accepted.shape[1] << 6
    paper, score = np.empty(room, np.int64), np.empty(room)
    here = np.zeros(64)  # the scores of a column
    out = 0
    for query in queries:
        count = 0
        for column in range(accepted.shape[1]):
            bits = accepted[query, column]
            if not bits:
                continue
            for slot in range(starts[query], starts[query + 1]):
                atom = atoms[slot]
                counted = bits
                if condition[slot] >= 0:
                    counted &= conditions[condition[slot], column]
                found = anywhere[atom, column] & counted
                if found:
                    _add(here, found, boosts[slot])
                    _add(here, title[atom, column] & counted, boosts[slot])
            while bits:
                place = _lowest(bits)
                paper[count], score[count] = (column << 6) + place, here[place]
                here[place] = 0.0
                count += 1
                bits &= bits - _ONE
        out = _keep(query, paper, score, count, limit, numbers, papers, scores, out)


@njit(nogil=True, cache=True)
def _add(scores, bits, boost):  # type: ignore[no-untyped-def]
    """Add a boost to the scores of the papers whose bit is set."""
    while bits:
        scores[_lowest(bits)] += np.float64(boost)
        bits &= bits - _ONE


@njit(nogil=True, cache=True)
def _keep(query, paper, score, count, limit, numbers, papers, scores, out):  # type: ignore[no-untyped-def]
    """Write the best of the `count` papers from `out` on, best first; return where they end."""
    kept = 0
    for place in range(count):
        value = score[place]
        if kept == limit and value <= scores[out + kept - 1]:
            continue
        rank = min(kept, limit - 1)
        while rank and scores[out + rank - 1] < value:
            papers[out + rank], scores[out + rank] = papers[out + rank - 1], scores[out + rank - 1]
            rank -= 1
        papers[out + rank], scores[out + rank] = paper[place], value
        kept = min(kept + 1, limit)
    numbers[out : out + kept] = query
    return out + kept
