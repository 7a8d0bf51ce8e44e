"""The loops over very many rows with numpy alone; `kernels_numba` has the same, compiled."""

import numpy as np
import numpy.typing as npt

from digest.match.index.arrays import Bits, Places
from digest.match.index.batch import Batch
from digest.match.index.compiler import AND, NOT, Program
from digest.match.index.exact import top
from digest.match.index.phrase_tree import Tree

__all__ = ["evaluate", "find_units", "top"]


def find_units(tree: Tree, batch: Batch, rows: Places, bits: Bits) -> None:
    for units, tokens in tree.occurrences(batch):
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
    wanted = program.evaluated
    evaluated = np.empty((len(wanted), atoms.shape[1]), np.uint64)
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
        evaluated[:, column] = values[wanted]
    return evaluated
