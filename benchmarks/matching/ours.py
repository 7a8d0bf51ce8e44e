"""Our engine: queries compiled to a file, matching from that file, and the least that memory allows."""

import mmap
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

import digest.text.words
from digest.match import reference
from digest.match.index import kernels_numpy
from digest.match.index.compiler import Program, compile_queries
from digest.match.index.index import Hits, Index
from digest.match.query.parser import Query, query_of
from digest.model import Paper
from matching.engines import Pairs
from matching.workload import OURS, OURS_STEMMED, Text, Workload

BEST = 20
_SEEN = datetime(2026, 1, 1, tzinfo=UTC)


def papers_of(texts: Sequence[Text]) -> list[Paper]:
    return [Paper(n, f"u{n}", text.title, text.abstract, _SEEN) for n, text in enumerate(texts, 1)]


# --- compiling -----------------------------------------------------------------------------------


class _Parsed(Sequence[Query]):
    """Queries read from their texts one after the other, so that a million trees need not be kept."""

    def __init__(self, texts: list[str]) -> None:
        self._texts = texts
        self.seconds = 0.0

    def __len__(self) -> int:
        return len(self._texts)

    def __getitem__(self, place: Any) -> Any:
        return query_of([self._texts[place]])

    def __iter__(self) -> Iterator[Query]:
        for text in self._texts:
            began = time.perf_counter()
            query = query_of([text])
            self.seconds += time.perf_counter() - began
            yield query


def compile_to(file: Path, work: Workload, *, stemmed: bool) -> dict[str, float]:
    """Compile queries from their texts into a file; return how long reading and compiling took."""
    queries = _Parsed(list(work.texts(OURS_STEMMED if stemmed else OURS)))
    began, cpu_began = time.perf_counter(), time.process_time()
    program = compile_queries(queries)
    whole, cpu = time.perf_counter() - began, time.process_time() - cpu_began
    file.write_bytes(program.dump())
    return {
        "parse": queries.seconds,
        "compile": whole - queries.seconds,
        "compile cpu": cpu,  # of both
        "bytes": program.nbytes,
        "atoms": program.atoms,
        "operations": len(program.operation),
    }


# --- matching ------------------------------------------------------------------------------------


class Ours:
    """The index, made from a file of compiled queries. It says itself how long it took."""

    def __init__(self, file: Path) -> None:
        self.program = Program.load(file.read_bytes())
        self._index = Index(program=self.program)
        small = Program.load(compile_queries([query_of(["a"])]).dump())
        Index(program=small).match(papers_of([Text("a", "b")])).top(BEST)  # the loops are compiled now

    def first(self, texts: Sequence[Text]) -> dict[str, float]:
        """Return the seconds of a process's first match, which has met no word yet."""
        self._forget()
        _, seconds = self.match(texts)
        return {"first match": seconds["match"], "first cpu": seconds["cpu"]}

    def meet(self, others: Sequence[Text]) -> None:
        """Let other papers have been matched before, and nothing else."""
        self._forget()
        self._index.match(papers_of(others))

    def _forget(self) -> None:
        self._index = Index(program=self.program)
        for each in vars(digest.text).values():
            if hasattr(each, "cache_clear"):
                each.cache_clear()

    def match(self, texts: Sequence[Text]) -> tuple[Hits, dict[str, float]]:
        """Return the matches, and the seconds until they are there as booleans and as scored best."""
        papers = papers_of(texts)
        began, cpu_began = time.perf_counter(), time.process_time()
        hits = self._index.match(papers)
        booleans, cpu_booleans = time.perf_counter(), time.process_time()
        found = sum(len(numbers) for numbers, _, _ in hits.tops(BEST))
        return hits, {
            "match": time.perf_counter() - began,
            "cpu": time.process_time() - cpu_began,
            "booleans": booleans - began,
            "cpu booleans": cpu_booleans - cpu_began,
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
    """The same, where numba is installed."""

    def __init__(self, file: Path) -> None:
        import numba  # noqa: F401 - raises ImportError

        super().__init__(file)


class OursNumpy(Ours):
    """The same with numpy alone."""

    def __init__(self, file: Path) -> None:
        kernels_numpy.fastest = lambda: kernels_numpy
        super().__init__(file)


class Naive:
    """The slow matcher, the one that says what a match is."""

    def __init__(self, work: Workload) -> None:
        self._queries = [query_of([text]) for text in work.texts(OURS)]

    def match(self, texts: Sequence[Text]) -> list[tuple[int, int]]:
        papers = [reference.analyse(paper) for paper in papers_of(texts)]
        return [
            (number, place)
            for number, query in enumerate(self._queries)
            for place, paper in enumerate(papers)
            if reference.match(query, paper) is not None
        ]

    def pairs(self, found: list[tuple[int, int]]) -> Iterator[Pairs]:
        rows = np.array(found, np.int64).reshape(-1, 2)
        yield rows[:, 0], rows[:, 1]

    def close(self) -> None:
        pass


# --- the least that memory allows ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Bound:
    """Seconds that one thread needs for the same traffic with memory, without any of the work."""

    booleans: float
    scored: float


def bound(program: Program, papers: int, best: int, runs: int) -> Bound:
    """Measure it: read the compiled queries once, look up every item they join, write the answers.

    For the scores: also look up every scored item, in the tables of the whole text and of the title, and
    write query, paper and score of the best.
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
        for place in range(len(array)):
            array[place] = place

    width = max(1, -(-papers // 64))
    chance = np.random.default_rng(1)
    atoms = max(1, program.atoms)
    table = chance.integers(0, 1 << 63, atoms, np.uint64)
    arrays = [getattr(program, name) for name in _BOOLEANS]
    tables = [getattr(program, name) for name in _SCORES]
    joins = chance.integers(0, atoms, len(program.joined), np.int32)
    scores = chance.integers(0, atoms, len(program.score_atom), np.int32)
    out = np.zeros(program.size, np.uint64)
    listed = np.zeros(3 * best, np.uint64)

    def once(program_arrays: Iterable[Any], rows: Any, times: int, written: Any, copies: int) -> float:
        views = [np.frombuffer(array.data, np.uint64, array.nbytes // 8) for array in program_arrays]
        began = time.process_time()
        for view in views:
            read(view)
        for _ in range(times):
            gather(table, rows)
        for _ in range(copies):
            write(written)
        return time.process_time() - began

    def median(measure: Callable[[], float]) -> float:
        measure()
        return float(np.median([measure() for _ in range(runs)]))

    booleans = median(lambda: once(arrays, joins, width, out, width))
    scored = median(lambda: once(tables, scores, 2 * width, listed, 1))
    return Bound(booleans, booleans + scored)


_BOOLEANS = ("operation", "join_starts", "joined", "query")
_SCORES = ("score_starts", "score_atom", "score_boost")


# --- the start of a process ----------------------------------------------------------------------


def cold_start(file: Path) -> dict[str, float]:
    """Return the seconds until compiled queries are ready: read and mapped, then indexed."""
    kernels_numpy.fastest()  # imports are not counted
    began, cpu_began = time.perf_counter(), time.process_time()
    with file.open("rb") as opened:
        view = memoryview(mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ))
    mapped = Program.load(view)
    loaded = time.perf_counter()
    index = Index(program=mapped)
    ready, cpu_ready = time.perf_counter(), time.process_time()
    index.match(papers_of([Text("a", "b")])).top(BEST)
    return {
        "load": loaded - began,
        "index": ready - loaded,
        "whole": ready - began,
        "cpu": cpu_ready - cpu_began,
        "first match": time.perf_counter() - ready,
    }
