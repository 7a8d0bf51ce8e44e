"""A process for each engine, so that its memory is separate and the engines can take turns."""

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

Result = dict[str, Any]
_FORK = multiprocessing.get_context("fork")  # forks share the queries, which need not be sent


class Worker:
    """An engine in its own process."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._connection, other = _FORK.Pipe()
        self._process = _FORK.Process(target=_serve, args=(make, other), daemon=True)
        self._process.start()
        other.close()

    def ask(self, request: str, *arguments: Any, seconds: float) -> Result:
        """Return the result of a request, or a reason in `missing` or `failed`."""
        try:
            self._connection.send((request, arguments))
            if not self._connection.poll(seconds):
                self._process.kill()
                return {"failed": f"no result after {seconds:.0f} s"}
            result: Result = self._connection.recv()
        except (EOFError, OSError):
            return {"failed": "its process ended"}
        return result

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
        request, arguments = connection.recv()
        try:
            if request == "load":
                engine, result = _load(make)
            elif request == "close":
                if engine is not None:
                    engine.close()
                connection.send({})
                return
            else:
                result = _REQUESTS[request](engine, *arguments)
        except (ImportError, FileNotFoundError) as error:
            result = {"missing": str(error)}
        except Exception as error:  # noqa: BLE001 - any failure of an engine is shown in the table
            result = {"failed": f"{type(error).__name__}: {error}"}
        connection.send(result)


def _load(make: Callable[[], Any]) -> tuple[Any, Result]:
    before = _memory("VmRSS")
    start = time.perf_counter()
    engine = make()
    seconds = time.perf_counter() - start
    gc.collect()
    gc.freeze()
    return engine, {"load": seconds, "load_mb": _memory("VmRSS") - before}


def _match(engine: Any, papers: Sequence[Text], others: Sequence[Text], verify: bool) -> Result:
    """Match once. With `verify`, the pairs are counted and a checksum is computed, which is not timed."""
    gc.collect()
    before = _reset_peak()
    result: Result = {}
    if hasattr(engine, "first"):
        result |= engine.first(papers)
        result["match_mb"] = _memory("VmHWM") - before
        engine.warm_up(others)
    start, cpu_start = time.perf_counter(), time.process_time()
    found = engine.match(papers)
    result |= {"match": time.perf_counter() - start, "cpu": time.process_time() - cpu_start}
    result.setdefault("match_mb", _memory("VmHWM") - before)
    if hasattr(engine, "first"):
        found, inner = found
        result |= inner
    return result | (_sum_of(engine.pairs(found)) if verify else {})


def _sum_of(pieces: Any) -> Result:
    """Return the number of pairs and a checksum that does not depend on their order."""
    count = total = 0
    for queries, papers in pieces:
        count += len(queries)
        mixed = queries.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + papers.astype(np.uint64)
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
            mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
        total += int(np.sum(mixed ^ (mixed >> np.uint64(31)), dtype=np.uint64))
    return {"pairs": count, "checksum": f"{total % 2**64:016x}"}


def _bound(engine: Any, papers: int, best: int, runs: int) -> Result:
    from matching.ours import bound

    found = bound(engine.program, papers, best, runs)
    return {"booleans": found.booleans, "scored": found.scored}


_REQUESTS: dict[str, Callable[..., Result]] = {"match": _match, "bound": _bound}


def once(function: Callable[[], Result], seconds: float = 3600) -> Result:
    """Return the result of a function that runs in its own process."""
    worker = Worker(lambda: _Once(function))
    try:
        result = worker.ask("load", seconds=seconds)
        return result if result.keys() & {"missing", "failed"} else worker.ask("result", seconds=seconds)
    finally:
        worker.close()


class _Once:
    def __init__(self, function: Callable[[], Result]) -> None:
        self.result = function()

    def close(self) -> None:
        pass


_REQUESTS["result"] = lambda engine: engine.result


# --- memory, on Linux ----------------------------------------------------------------------------

_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def _memory(name: str) -> float:
    """Return the memory of this process in MB: the current (VmRSS) or the peak (VmHWM)."""
    if not _STATUS.exists():
        return float("nan")
    rows = dict(line.split(":", 1) for line in _STATUS.read_text().splitlines())
    return int(rows[name].split()[0]) / 1000


def _reset_peak() -> float:
    """Release free memory, reset the peak to the current memory, and return it."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
    if _CLEAR.exists():
        _CLEAR.write_text("5")
    return _memory("VmRSS")
