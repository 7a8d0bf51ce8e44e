"""The loops over very many rows: compiled by numba where it is installed, else numpy alone."""

from functools import cache
from importlib import import_module
from typing import Protocol, cast

from digest.match.index.arrays import Bitmaps, Bits, Places, Top
from digest.match.index.batch import Batch
from digest.match.index.compiler import Program
from digest.match.index.phrase_tree import Tree


class Backend(Protocol):
    """A module with these functions; every backend gives the same answers."""

    def find_units(self, tree: Tree, batch: Batch, rows: Places, bits: Bits) -> None:
        """Set the bits of the units that occur in the batch.

        `rows` holds for each token the row of `bits` at which the units of its field begin; -1 if no
        query asks for the field.
        """
        ...

    def evaluate(self, program: Program, atoms: Bits, papers: int) -> Bits:
        """Return in which of so many papers each of `program.evaluated` holds, given those with each atom."""
        ...

    def top(self, program: Program, bits: Bitmaps, queries: Places, limit: int) -> Top:
        """Return the best matches of these queries, as `digest.match.index.exact.top` does."""
        ...


# Above this number of queries × papers, numba saves more than the second that it takes to load.
_WORTH_LOADING = 30_000_000


def suited(work: int) -> Backend:
    """Return the backend for so many queries × papers: for little work one that loads at once."""
    return fastest() if work >= _WORTH_LOADING else _backend("numpy")


@cache
def fastest() -> Backend:
    """Return the fastest backend that is installed."""
    try:
        return _backend("numba")
    except ImportError:
        return _backend("numpy")


def _backend(name: str) -> Backend:
    return cast(Backend, import_module(f"digest.match.index.kernels_{name}"))
