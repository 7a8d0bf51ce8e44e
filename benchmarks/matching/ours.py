"""The index of digest: compiling queries to a file, matching, and the bound by memory bandwidth."""

import mmap
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from digest.match import reference
from digest.match.index import backends, kernels_numpy
from digest.match.index.compiler import Program, compile_queries
from digest.match.index.index import Hits, Index
from digest.match.query.parser import Query, query_of
from digest.model import Paper
from matching import caches
from matching.engines import Pairs
from matching.workload import OURS, OURS_STEMMED, Text, Workload

BEST = 20
_SEEN = datetime(2026, 1, 1, tzinfo=UTC)


def papers_of(texts: Sequence[Text]) -> list[Paper]:
    return [Paper(n, f"u{n}", text.title, text.abstract, _SEEN) for n, text in enumerate(texts, 1)]


# --- compiling -----------------------------------------------------------------------------------


class _Parsed(Sequence[Query]):
    """Parses queries one at a time, so that a million trees are not in memory at once."""

    def __init__(self, texts: list[str]) -> None:
        self._texts = texts
        self.seconds = 0.0

    def __len__(self) -> int:
        return len(self._texts)

    def __getitem__(self, index: Any) -> Any:
        return query_of([self._texts[index]])

    def __iter__(self) -> Iterator[Query]:
        for text in self._texts:
            start = time.perf_counter()
            query = query_of([text])
            self.seconds += time.perf_counter() - start
            yield query


def compile_to(file: Path, work: Workload, *, stemmed: bool) -> dict[str, float]:
    """Compile queries to a file; return the seconds of parsing and compiling, and the size."""
    queries = _Parsed(list(work.texts(OURS_STEMMED if stemmed else OURS)))
    start, cpu_start = time.perf_counter(), time.process_time()
    program = compile_queries(queries)
    whole, cpu = time.perf_counter() - start, time.process_time() - cpu_start
    file.write_bytes(program.dump())
    return {
        "parse": queries.seconds,
        "compile": whole - queries.seconds,
        "compile cpu": cpu,  # of parsing and compiling
        "bytes": program.nbytes,
        "atoms": program.atoms,
        "operations": len(program.operation),
    }


# --- matching ------------------------------------------------------------------------------------


class Ours:
    """The index from a file of compiled queries. It measures its own time."""

    def __init__(self, file: Path) -> None:
        backends.suited = lambda _work: backends.fastest()  # a run loads it for more work only
        self.program = Program.load(file.read_bytes())
        self._index = Index(program=self.program)
        small = Program.load(compile_queries([query_of(["a"])]).dump())
        Index(program=small).match(papers_of([Text("a", "b")])).top(BEST)  # compiles the loops

    def first(self, texts: Sequence[Text]) -> dict[str, float]:
        """Return the seconds of the first match of a process, with empty caches."""
        self._clear()
        _, seconds = self.match(texts)
        return {"first match": seconds["match"], "first cpu": seconds["cpu"]}

    def warm_up(self, others: Sequence[Text]) -> None:
        """Fill the caches by matching other papers, and only these."""
        self._clear()
        self._index.match(papers_of(others))

    def _clear(self) -> None:
        self._index = Index(program=self.program)
        caches.clear("digest.text")

    def match(self, texts: Sequence[Text]) -> tuple[Hits, dict[str, float]]:
        """Return the matches, and the seconds until the booleans and the best scored matches."""
        papers = papers_of(texts)
        start, cpu_start = time.perf_counter(), time.process_time()
        hits = self._index.match(papers)
        booleans, cpu_booleans = time.perf_counter(), time.process_time()
        found = sum(len(numbers) for numbers, _, _ in hits.tops(BEST))
        return hits, {
            "match": time.perf_counter() - start,
            "cpu": time.process_time() - cpu_start,
            "booleans": booleans - start,
            "cpu booleans": cpu_booleans - cpu_start,
            "best": found,
        }

    def pairs(self, hits: Hits) -> Iterator[Pairs]:
        counted = int(hits.counts().sum())
        listed = 0
        for numbers, papers, _ in hits.tops(1 << 20):
            listed += len(numbers)
            yield numbers, papers
        if listed != counted:
            raise AssertionError(f"{counted} matches counted, {listed} listed")

    def close(self) -> None:
        pass


class OursNumba(Ours):
    """The index with numba."""

    def __init__(self, file: Path) -> None:
        import numba  # noqa: F401 - raises ImportError

        super().__init__(file)


class OursNumpy(Ours):
    """The index with numpy only."""

    def __init__(self, file: Path) -> None:
        backends.fastest = lambda: kernels_numpy
        super().__init__(file)


class Reference:
    """The reference matcher, which defines what a match is."""

    def __init__(self, work: Workload) -> None:
        self._queries = [query_of([text]) for text in work.texts(OURS)]

    def match(self, texts: Sequence[Text]) -> list[tuple[int, int]]:
        papers = [reference.analyse(paper) for paper in papers_of(texts)]
        return [
            (number, index)
            for number, query in enumerate(self._queries)
            for index, paper in enumerate(papers)
            if reference.match(query, paper) is not None
        ]

    def pairs(self, found: list[tuple[int, int]]) -> Iterator[Pairs]:
        rows = np.array(found, np.int64).reshape(-1, 2)
        yield rows[:, 0], rows[:, 1]

    def close(self) -> None:
        pass


# --- the bound by memory bandwidth ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Bound:
    """The seconds of one thread for the memory traffic of a match, without its computation."""

    booleans: float
    scored: float


def bound(program: Program, papers: int, best: int, runs: int) -> Bound:
    """Measure the bound: read the compiled queries once, look up each item they join, write the results.

    For scores, each scored item is also looked up in the tables of the whole text and of the title, and query,
    paper and score of the best matches are written.
    """
    import numba

    @numba.njit
    def read(array):  # type: ignore[no-untyped-def]
        total = np.uint64(0)
        for each in array:
            total ^= each
        return total

    @numba.njit
    def gather(table, rows):  # type: ignore[no-untyped-def]
        total = np.uint64(0)
        for row in rows:
            total ^= table[row]
        return total

    @numba.njit
    def write(array):  # type: ignore[no-untyped-def]
        for index in range(len(array)):
            array[index] = index

    width = max(1, -(-papers // 64))
    rng = np.random.default_rng(1)
    atoms = max(1, program.atoms)
    table = rng.integers(0, 1 << 63, atoms, np.uint64)
    arrays = [getattr(program, name) for name in _BOOLEANS]
    tables = [getattr(program, name) for name in _SCORES]
    joins = rng.integers(0, atoms, len(program.joined), np.int32)
    scores = rng.integers(0, atoms, len(program.score_atom), np.int32)
    out = np.zeros(program.size, np.uint64)
    listed = np.zeros(3 * best, np.uint64)

    def once(program_arrays: Iterable[Any], rows: Any, times: int, written: Any, copies: int) -> float:
        views = [np.frombuffer(array.data, np.uint64, array.nbytes // 8) for array in program_arrays]
        start = time.process_time()
        for view in views:
            read(view)
        for _ in range(times):
            gather(table, rows)
        for _ in range(copies):
            write(written)
        return time.process_time() - start

    def median(measure: Callable[[], float]) -> float:
        measure()
        return float(np.median([measure() for _ in range(runs)]))

    booleans = median(lambda: once(arrays, joins, width, out, width))
    scored = median(lambda: once(tables, scores, 2 * width, listed, 1))
    return Bound(booleans, booleans + scored)


_BOOLEANS = ("operation", "join_starts", "joined", "query")
_SCORES = ("score_starts", "score_atom", "score_boost", "score_condition")


# --- the start of a process ----------------------------------------------------------------------


def cold_start(file: Path) -> dict[str, float]:
    """Return the seconds until compiled queries are mapped and indexed."""
    backends.fastest()  # imports are not counted
    start, cpu_start = time.perf_counter(), time.process_time()
    with file.open("rb") as opened:
        view = memoryview(mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ))
    mapped = Program.load(view)
    loaded = time.perf_counter()
    index = Index(program=mapped)
    ready, cpu_ready = time.perf_counter(), time.process_time()
    index.match(papers_of([Text("a", "b")])).top(BEST)
    return {
        "load": loaded - start,
        "index": ready - loaded,
        "whole": ready - start,
        "cpu": cpu_ready - cpu_start,
        "first match": time.perf_counter() - ready,
    }
