"""One process per engine, so that each has its own memory and the engines can take turns."""

import ctypes
import gc
import multiprocessing
import time
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from matching.workload import Text

Answer = dict[str, Any]
_FORK = multiprocessing.get_context("fork")  # the queries are there already, not sent


class Worker:
    """An engine in a process of its own."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._connection, other = _FORK.Pipe()
        self._process = _FORK.Process(target=_serve, args=(make, other), daemon=True)
        self._process.start()
        other.close()

    def ask(self, what: str, *arguments: Any, seconds: float) -> Answer:
        """Return the answer; `missing` or `failed` say why there is none."""
        try:
            self._connection.send((what, arguments))
            if not self._connection.poll(seconds):
                self._process.kill()
                return {"failed": f"no answer after {seconds:.0f} s"}
            answer: Answer = self._connection.recv()
        except (EOFError, OSError):
            return {"failed": "its process ended"}
        return answer

    def close(self) -> None:
        if self._process.is_alive():
            self.ask("close", seconds=20)
            self._process.join(20)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._connection.close()


def _serve(make: Callable[[], Any], connection: Connection) -> None:
    engine: Any = None
    while True:
        what, arguments = connection.recv()
        try:
            if what == "load":
                engine, answer = _load(make)
            elif what == "close":
                if engine is not None:
                    engine.close()
                connection.send({})
                return
            else:
                answer = _ASKED[what](engine, *arguments)
        except (ImportError, FileNotFoundError) as problem:
            answer = {"missing": str(problem)}
        except Exception as problem:  # noqa: BLE001 - a peer may fail in any way; the table says so
            answer = {"failed": f"{type(problem).__name__}: {problem}"}
        connection.send(answer)


def _load(make: Callable[[], Any]) -> tuple[Any, Answer]:
    before = _memory("VmRSS")
    began = time.perf_counter()
    engine = make()
    seconds = time.perf_counter() - began
    gc.collect()
    gc.freeze()
    return engine, {"load": seconds, "load_mb": _memory("VmRSS") - before}


def _match(engine: Any, papers: Sequence[Text], others: Sequence[Text], verify: bool) -> Answer:
    """Match once. `verify` counts the pairs and sums them up, which takes time of its own."""
    gc.collect()
    before = _reset_peak()
    answer: Answer = {}
    if hasattr(engine, "first"):
        answer |= engine.first(papers)
        answer["match_mb"] = _memory("VmHWM") - before
        engine.meet(others)
    began, cpu_began = time.perf_counter(), time.process_time()
    found = engine.match(papers)
    answer |= {"match": time.perf_counter() - began, "cpu": time.process_time() - cpu_began}
    answer.setdefault("match_mb", _memory("VmHWM") - before)
    if hasattr(engine, "first"):
        found, inner = found
        answer |= inner
    return answer | (_sum_of(engine.pairs(found)) if verify else {})


def _sum_of(pieces: Any) -> Answer:
    """Return how many pairs there are, and a sum of them that no order changes."""
    count = total = 0
    for queries, papers in pieces:
        count += len(queries)
        mixed = queries.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + papers.astype(np.uint64)
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
            mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
        total += int(np.sum(mixed ^ (mixed >> np.uint64(31)), dtype=np.uint64))
    return {"pairs": count, "checksum": f"{total % 2**64:016x}"}


def _bound(engine: Any, papers: int, best: int, runs: int) -> Answer:
    from matching.ours import bound

    found = bound(engine.program, papers, best, runs)
    return {"booleans": found.booleans, "scored": found.scored}


_ASKED: dict[str, Callable[..., Answer]] = {"match": _match, "bound": _bound}


def once(function: Callable[[], Answer], seconds: float = 3600) -> Answer:
    """Return the answer of a function that runs in a process of its own."""
    worker = Worker(lambda: _Once(function))
    try:
        answer = worker.ask("load", seconds=seconds)
        return answer if answer.keys() & {"missing", "failed"} else worker.ask("answer", seconds=seconds)
    finally:
        worker.close()


class _Once:
    def __init__(self, function: Callable[[], Answer]) -> None:
        self.answer = function()

    def close(self) -> None:
        pass


_ASKED["answer"] = lambda engine: engine.answer


# --- memory, where Linux tells -------------------------------------------------------------------

_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def _memory(name: str) -> float:
    """Return a figure of this process's memory in MB: what it holds (VmRSS) or held at most (VmHWM)."""
    if not _STATUS.exists():
        return float("nan")
    rows = dict(line.split(":", 1) for line in _STATUS.read_text().splitlines())
    return int(rows[name].split()[0]) / 1000


def _reset_peak() -> float:
    """Give back what is free, let the peak begin at what is held now, and return that."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
    if _CLEAR.exists():
        _CLEAR.write_text("5")
    return _memory("VmRSS")
