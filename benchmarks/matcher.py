"""Queries × papers: the time from papers to the best 20 scored matches of each query, compared with other engines.

    python benchmarks/matcher.py [FOLDER …] [--queries 10000] [--papers 50] [--growth] [--cold] [--full] [--json]

All engines get the same generated queries (`matching/workload.py`) and the same papers. The others find booleans only;
the index also scores. All must find the same pairs, which a checksum verifies. Engines that are not installed are
skipped: `pip install -e '.[fast,bench]'` installs all except PostgreSQL, which is started with a private socket if its
programs are found.

`match` is the time from the texts of the papers to all pairs. The index has matched 500 other papers before, whose
words are in its cache; `first batch` is without this. `load` is the time from the queries in the language of the engine
to a ready engine (for the index: compiled, written to a file and read again). Figures are medians; the engines take
turns in different orders. `cpu s` is processor time, which other load changes less; that of PostgreSQL is not included,
because it works in another process. `extra MB` is the peak memory during matching above the memory before. `--full`
makes the whole table, in about an hour.
"""

import argparse
import json
import math
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from matching import engines, ours
from matching.worker import Worker, once
from matching.workload import FOLDERS, SAMPLES, Text, Workload, at_least, real_papers, workload

INDEX, NUMPY, STEMMED, REFERENCE = "index", "index (numpy alone)", "index (stemmed)", "reference matcher"
OURS: dict[str, type[ours.Ours]] = {INDEX: ours.OursNumba, NUMPY: ours.OursNumpy, STEMMED: ours.Ours}
OTHERS: dict[str, Callable[[Workload], Any]] = {
    "scipy sparse": engines.Sparse,
    "ahocorasick_rs": engines.AhoCorasickRs,
    "pyahocorasick": engines.PyAhoCorasick,
    "hyperscan": engines.Hyperscan,
    "SQLite FTS5": engines.Fts5,
    "tantivy": engines.Tantivy,
    "mokaccino": engines.Mokaccino,
    "PostgreSQL": engines.Postgres,
    "PostgreSQL (GIN)": engines.PostgresGin,
    REFERENCE: ours.Reference,
}
MOST_MB = 6_000
_WARM_UP = 500  # papers that the index matches before the timed ones
MOST_PAIRS = {REFERENCE: 100_000}  # more would take longer than everything else together

Row = dict[str, Any]


# --- sizes ---------------------------------------------------------------------------------------


@dataclass
class Bench:
    """The settings of the measurement: queries, papers, and limits of runs and time."""

    work: Workload
    plain: list[Text]
    raw: list[Text]
    runs: int
    limit: float  # seconds; sizes that are expected to take longer are skipped
    budget: float  # seconds for the runs of an engine at a size; there is always one run
    folder: Path
    compiled: dict[Any, tuple[Path, Row]] = field(default_factory=dict)
    known: dict[str, Row] = field(default_factory=dict)  # the last figures of each engine

    def file(self, work: Workload, *, stemmed: bool, key: Any) -> tuple[Path, Row]:
        """Return the file of the compiled queries and the figures of compiling it."""
        key = (key, work.size, stemmed)
        if key not in self.compiled:
            file = self.folder / f"{len(self.compiled)}.program"
            answer = once(lambda: ours.compile_to(file, work, stemmed=stemmed))
            if "failed" in answer:
                raise SystemExit(f"compiling {work.size} queries: {answer['failed']}")
            self.compiled[key] = file, answer
        return self.compiled[key]

    def measure(
        self, work: Workload, counts: Sequence[int], names: Sequence[str], key: Any = ""
    ) -> Iterator[list[Row]]:
        """Yield the rows for each number of papers."""
        with ExitStack() as stack:
            loaded: dict[str, Row] = {}
            workers: dict[str, Worker] = {}
            for name in names:
                if reason := self._too_much(name, work.size, 0):
                    loaded[name] = {"failed": reason}
                    continue
                workers[name] = Worker(self._maker(name, work, key))
                stack.callback(workers[name].close)
                loaded[name] = workers[name].ask("load", seconds=3 * self.limit)
                if name in OURS and "load" in loaded[name]:
                    made = self.file(work, stemmed=name == STEMMED, key=key)[1]
                    loaded[name] |= {"parse": made["parse"], "compile": made["compile"]}
                    loaded[name]["load"] += made["parse"] + made["compile"]
            for count in counts:
                yield self._rows(work, count, workers, loaded)

    def _maker(self, name: str, work: Workload, key: Any) -> Callable[[], Any]:
        if name in OURS:
            file, _ = self.file(work, stemmed=name == STEMMED, key=key)
            return lambda: OURS[name](file)
        return lambda: OTHERS[name](work)

    def _too_much(self, name: str, queries: int, papers: int) -> str:
        """Return a reason if smaller sizes show that an engine would take too much time or memory, or ''."""
        if queries * papers > MOST_PAIRS.get(name, math.inf):
            return "over limit"
        last = self.known.get(name)
        if last is None:
            return ""
        more = queries / last["queries"]
        seconds = last["match"] * more * papers / last["papers"] + (0 if papers else last["load"] * more)
        if name in OURS:
            return ""  # the index has no limit
        return "over limit" if seconds > self.limit or last["load_mb"] * more > MOST_MB else ""

    def _rows(
        self, work: Workload, count: int, workers: dict[str, Worker], loaded: dict[str, Row]
    ) -> list[Row]:
        rows: dict[str, Row] = {
            name: {"queries": work.size, "papers": count, "engine": name, **answer}
            for name, answer in loaded.items()
        }
        active = []
        for name, row in rows.items():
            if not row.keys() & {"failed", "missing"}:
                if reason := self._too_much(name, work.size, count):
                    row["failed"] = reason
                else:
                    active.append(name)
        times: dict[str, list[Row]] = {name: [] for name in active}
        for run in range(self.runs):
            turn = run % max(1, len(active))
            for name in [*active[turn:], *active[:turn]]:
                done = times[name]
                if (
                    "failed" in rows[name]
                    or sum(each["match"] for each in done) * (1 + 1 / max(1, run)) > self.budget
                ):
                    continue
                texts = self.raw if name == STEMMED else self.plain
                papers, others = texts[:count], texts[count : count + _WARM_UP]
                answer = workers[name].ask("match", papers, others, not run, seconds=10 * self.limit)
                if "match" in answer:
                    done.append(answer)
                else:
                    rows[name]["failed"] = answer.get("failed") or answer["missing"]
        for name in active:
            rows[name] |= _medians(times[name])
            if "failed" not in rows[name]:
                self.known[name] = rows[name]
        _compare(rows)
        if "match" in rows.get(INDEX, {}):
            best = int(rows[INDEX]["best"])
            rows[INDEX]["bound"] = workers[INDEX].ask("bound", count, best, self.runs, seconds=self.limit)
        return list(rows.values())


def _medians(answers: Sequence[Row]) -> Row:
    if not answers:
        return {}
    first = {key: value for key, value in answers[0].items() if key in {"pairs", "checksum"}}
    measured = {
        key: (max if key == "match_mb" else statistics.median)(answer[key] for answer in answers)
        for key in answers[0]
        if key not in first
    }
    return {"runs": len(answers), **measured, **first}


def _compare(rows: dict[str, Row]) -> None:
    """Set whether each engine found the same pairs as the first engine with the same words."""
    sums = {name: row["checksum"] for name, row in rows.items() if "checksum" in row and name != STEMMED}
    for name, checksum in sums.items():
        rows[name]["agrees"] = checksum == next(iter(sums.values()))


# --- tables --------------------------------------------------------------------------------------


def head() -> str:
    return (
        f"{'queries':>9} {'papers':>6}  {'engine':22} {'runs':>4} {'load s':>9} {'match s':>9} {'× index':>8}"
        f" {'cpu s':>9} {'× index':>8} {'pairs':>10} {'agrees':6} {'load MB':>8} {'extra MB':>8}"
    )


def lines(rows: Sequence[Row]) -> Iterator[str]:
    index, cpu = next(((row["match"], row["cpu"]) for row in rows if "match" in row), (math.nan, math.nan))
    for row in rows:
        start = f"{row['queries']:9} {row['papers']:6}  {row['engine']:22}"
        if "match" not in row:
            yield f"{start} {row.get('failed') or 'not installed: ' + row['missing']}"
            continue
        agrees = {True: "yes", False: "NO", None: ""}[row.get("agrees")]
        yield (
            f"{start} {row['runs']:4} {row['load']:9.3f} {row['match']:9.4f} {row['match'] / index:8.2f}"
            f" {row['cpu']:9.4f} {row['cpu'] / cpu:8.2f} {row['pairs']:10} {agrees:6} {row['load_mb']:8.0f} {row['match_mb']:8.0f}"
        )
        for name, seconds, processor in _MORE:
            if seconds in row:
                yield (
                    f"{'':19}… {name:20} {'':15} {row[seconds]:9.4f} {row[seconds] / index:8.2f}"
                    f" {row[processor]:9.4f} {row[processor] / cpu:8.2f}"
                )
        for name, processor in (("booleans", "cpu booleans"), ("scored", "cpu")):
            if name in (found := row.get("bound", {})):
                times = row[processor] / found[name]
                yield f"{'':19}memory bound, {name:39} {found[name]:9.4f}   cpu s / bound = {times:.1f}"


_MORE = (
    ("booleans", "booleans", "cpu booleans"),
    ("first batch", "first match", "first cpu"),
)


def warn(rows: Sequence[Row]) -> None:
    for row in rows:
        if row.get("agrees") is False:
            print(
                f"\n!!! {row['engine']} disagrees at {row['queries']} × {row['papers']}: {row['pairs']} pairs,"
                f" checksum {row['checksum']}; either it or the first engine of this size is wrong\n",
                file=sys.stderr,
            )


# --- growth, cold start, targets -----------------------------------------------------------------


def growth(bench: Bench, queries: Sequence[int], papers: Sequence[int]) -> list[Row]:
    """Return the figures of the index for growing numbers of queries, papers, and keywords per query."""
    found = []
    for count in queries:
        rows = next(bench.measure(bench.work.first(count), papers[:1], [INDEX]))
        found += [{"along": "queries", **row} for row in rows]
    middle = queries[len(queries) // 2]
    sizes = [size for size in (1, 3, 10, 50, 64, 250, 1000) if size <= len(bench.plain)]
    for rows in bench.measure(bench.work.first(middle), sizes, [INDEX]):
        found += [{"along": "papers", **row} for row in rows]
    for terms in (2, 5, 10, 20, 50):
        work = workload(bench.plain, queries[0], (terms, terms))
        bench.known.clear()
        for rows in bench.measure(work, papers[:1], [INDEX, "SQLite FTS5"], key=terms):
            found += [{"along": "keywords", "keywords": terms, **row} for row in rows]
    return [row for row in found if "match" in row]


def growth_lines(rows: Sequence[Row]) -> Iterator[str]:
    yield (
        f"{'along':9} {'queries':>9} {'papers':>6} {'keywords':>8}  {'engine':12} {'match s':>9}"
        f" {'cpu s':>9} {'booleans':>9} {'cpu µs per query':>16}"
    )
    for row in rows:
        yield (
            f"{row['along']:9} {row['queries']:9} {row['papers']:6} {row.get('keywords', '3-8'):>8}"
            f"  {row['engine']:12} {row['match']:9.4f} {row['cpu']:9.4f} {row.get('cpu booleans', row['cpu']):9.4f}"
            f" {row['cpu'] / row['queries'] * 1e6:16.3f}"
        )


_COLD = (
    "import json, sys; from pathlib import Path; from matching.ours import cold_start;"
    "print(json.dumps(cold_start(Path(sys.argv[1]))))"
)


def cold(bench: Bench, queries: int) -> Row:
    """Return the median seconds of a new process from a file of compiled queries to an index."""
    file, made = bench.file(bench.work.first(queries), stemmed=False, key="")
    answers = [
        json.loads(
            subprocess.run(
                [sys.executable, "-c", _COLD, str(file)],
                cwd=Path(__file__).parent,
                check=True,
                capture_output=True,
            ).stdout
        )
        for _ in range(max(3, bench.runs))
    ]
    return {"queries": queries, "file_mb": file.stat().st_size / 1e6, **made, **_medians(answers)}


@dataclass(frozen=True, slots=True)
class Target:
    """A target for the index: a factor against another engine, or a maximum of seconds or MB.

    Processor time is compared, except for PostgreSQL, which works in another process.
    """

    queries: int
    papers: int
    what: str
    wanted: float
    at_least: bool = True

    def measured(self, rows: Sequence[Row]) -> float:
        of = {
            row["engine"]: row
            for row in rows
            if (row["queries"], row["papers"]) == (self.queries, self.papers)
        }
        index = of.get(INDEX, {})
        try:
            if self.what in _FIGURES:
                return float(_FIGURES[self.what](of, index))
            seconds = "match" if self.what.startswith("PostgreSQL") else "cpu"
            return float(of[self.what][seconds] / index[seconds])
        except KeyError:
            return math.nan

    def line(self, rows: Sequence[Row]) -> str:
        value = self.measured(rows)
        met = (value >= self.wanted) if self.at_least else (value <= self.wanted)
        sign = "≥" if self.at_least else "≤"
        verdict = "met" if met else "MISSED"
        return f"{self.queries:9} × {self.papers:<5} {self.what:36} {sign} {self.wanted:<7g} {value:9.3f}  {verdict}"


_FIGURES: dict[str, Callable[[dict[str, Row], Row], float]] = {
    "booleans / memory bound": lambda _, index: index["cpu booleans"] / index["bound"]["booleans"],
    "scored / memory bound": lambda _, index: index["cpu"] / index["bound"]["scored"],
    "seconds, scored": lambda _, index: index["match"],
    "processor seconds, scored": lambda _, index: index["cpu"],
    "extra MB": lambda _, index: index["match_mb"],
    "FTS5 / index (numpy alone)": lambda of, _: of["SQLite FTS5"]["cpu"] / of[NUMPY]["cpu"],
}
TARGETS = (
    Target(100_000, 50, "SQLite FTS5", 150),
    Target(100_000, 50, "ahocorasick_rs", 40),
    Target(100_000, 50, "FTS5 / index (numpy alone)", 25),
    Target(10_000, 50, "PostgreSQL", 300),
    Target(10_000, 50, "tantivy", 40),
    Target(10_000, 1000, "SQLite FTS5", 15),
    Target(1_000_000, 50, "booleans / memory bound", 4, at_least=False),
    Target(1_000_000, 50, "scored / memory bound", 7, at_least=False),
    Target(1_000_000, 50, "extra MB", 200, at_least=False),
    Target(1_000_000, 1000, "seconds, scored", 1.5, at_least=False),
    Target(1_000_000, 1000, "processor seconds, scored", 1.5, at_least=False),
    Target(1_000_000, 1000, "extra MB", 1000, at_least=False),
)


# --- the command ---------------------------------------------------------------------------------


def numbers(text: str) -> list[int]:
    return sorted(map(int, text.replace("_", "").split(",")))


def options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "folders", nargs="*", type=Path, help="folders with saved pages (.txt) or API responses (.json)"
    )
    parser.add_argument("--queries", type=numbers, default=[10_000])
    parser.add_argument("--papers", type=numbers, default=[50])
    parser.add_argument(
        "--engines", help="only engines with one of these parts in their names, separated by commas"
    )
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument(
        "--limit", type=float, default=120, metavar="SECONDS", help="skip sizes that take longer"
    )
    parser.add_argument(
        "--budget", type=float, default=4, metavar="SECONDS", help="for the runs of an engine at a size"
    )
    parser.add_argument(
        "--growth", action="store_true", help="also growing numbers of queries, papers and keywords"
    )
    parser.add_argument("--cold", action="store_true", help="also the start of a new process")
    parser.add_argument(
        "--full", action="store_true", help="all sizes to 1,000,000 × 1,000, growth, cold start, targets"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object instead of tables")
    return parser


def main() -> None:
    arguments = options().parse_args()
    if arguments.full:
        arguments.queries = [1_000, 10_000, 100_000, 1_000_000]
        arguments.papers = [50, 1000]
        arguments.growth = arguments.cold = True
    real = real_papers(arguments.folders or FOLDERS) or real_papers([SAMPLES])
    if not real:
        raise SystemExit(
            "no papers found; give folders with saved pages or responses of the Daily Papers API"
        )
    raw = at_least(real, max(arguments.papers) + _WARM_UP)
    plain = [paper.plain() for paper in raw]
    chosen = [part.strip().casefold() for part in (arguments.engines or "").split(",")]
    names = [name for name in (*OURS, *OTHERS) if any(part in name.casefold() for part in chosen)]
    show = (lambda _: None) if arguments.json else (lambda text: print(text, flush=True))
    work = workload(plain, max(arguments.queries))
    machine = {"machine": platform.machine(), "cpus": os.cpu_count(), "python": platform.python_version()}
    show(f"{len(real)} real papers, {len(work.items):,} different keywords; {machine}\n")
    result: Row = {**machine, "real_papers": len(real), "keywords": len(work.items), "rows": []}
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(work, plain, raw, arguments.runs, arguments.limit, arguments.budget, Path(folder))
        show(head())
        for size in arguments.queries:
            for rows in bench.measure(work.first(size), arguments.papers, names):
                result["rows"] += rows
                show("\n".join(lines(rows)) + "\n")
                warn(rows)
        if arguments.growth:
            result["growth"] = growth(bench, arguments.queries, arguments.papers)
            show("\n".join(growth_lines(result["growth"])) + "\n")
        if arguments.cold:
            result["cold"] = cold(bench, arguments.queries[-1])
            show("\n".join(f"{key:12} {value:,.3f}" for key, value in result["cold"].items()) + "\n")
    show(
        "\n".join(
            target.line(result["rows"])
            for target in TARGETS
            if not math.isnan(target.measured(result["rows"]))
        )
    )
    if arguments.json:
        print(json.dumps(_plain_numbers(result)))


def _plain_numbers(value: Any) -> Any:
    """Return a value for JSON, with None for numbers that are not finite."""
    if isinstance(value, dict):
        return {key: _plain_numbers(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain_numbers(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


if __name__ == "__main__":
    main()
