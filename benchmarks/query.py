"""From the texts of queries to trees and to a compiled program, in microseconds a query, beside luqum and lark.

    python benchmarks/query.py [FOLDER …] [--queries 2000] [--runs 5] [--json]

luqum reads the same syntax (Lucene's). lark has a grammar for just these queries (LALR, its fastest) and
makes the plainest tree, without a place for an error. Ours also cuts the items into words and stems them.
`items known` is a process that has read queries before: it keeps the items it met. Medians of processor time, in turns.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from matching.workload import FOLDERS, LUCENE, SAMPLES, real_papers, workload

from digest.match.index.compiler import compile_queries
from digest.match.query.parser import query_of

_GRAMMAR = r"""
?query: _all
_all: clause (_AND clause)*
?clause: item | group | _NOT item -> without | _NOT group -> without
group: "(" item (_OR item)* ")"
item: [FIELD] (PREFIX | WORD | PHRASE) [BOOST]
FIELD.3: /(title|abstract|author):/
BOOST: /\^[0-9.]+/
_AND.2: "AND"
_OR.2: "OR"
_NOT.2: "NOT"
PREFIX.1: /[a-z]+\*/
WORD: /[a-z]+/
PHRASE: /"[^"]+"/
%ignore " "
"""

Reader = Callable[[Sequence[str]], Any]


def ours(texts: Sequence[str]) -> Any:
    return [query_of([text]) for text in texts]


def ours_fresh(texts: Sequence[str]) -> Any:
    forget()
    return ours(texts)


def ours_to_program(texts: Sequence[str]) -> Any:
    return compile_queries(ours(texts))


def ours_fresh_to_program(texts: Sequence[str]) -> Any:
    forget()
    return ours_to_program(texts)


def forget() -> None:
    """Forget the items and words of earlier queries."""
    for name, module in list(sys.modules.items()):
        if name.startswith(("digest.match.query.", "digest.text.")):
            for each in vars(module).values():
                if hasattr(each, "cache_clear"):
                    each.cache_clear()


def luqum() -> Reader:
    from luqum.parser import parser

    return lambda texts: [parser.parse(text) for text in texts]


def lark() -> Reader:
    from lark import Lark

    parser = Lark(_GRAMMAR, start="query", parser="lalr")
    return lambda texts: [parser.parse(text) for text in texts]


OURS: dict[str, Reader] = {
    "ours, text to tree": ours_fresh,
    "ours, text to program": ours_fresh_to_program,
    "ours, to tree, items known": ours,
    "ours, to program, items known": ours_to_program,
}
BASE = "ours, text to program"
OTHERS: dict[str, Callable[[], Reader]] = {"luqum": luqum, "lark": lark}


def seconds(read: Reader, texts: Sequence[str]) -> float:
    began = time.process_time()
    read(texts)
    return time.process_time() - began


def measure(texts: Sequence[str], runs: int) -> tuple[dict[str, list[float]], list[str]]:
    """Return the seconds of each reader's runs, and the readers that are not installed."""
    readers, absent = dict(OURS), []
    for name, make in OTHERS.items():
        try:
            readers[name] = make()
        except ImportError:
            absent.append(name)
    times: dict[str, list[float]] = {name: [] for name in readers}
    for read in readers.values():
        read(texts[:10])
    names = list(readers)
    for run in range(runs):
        turn = run % len(names)
        for name in [*names[turn:], *names[:turn]]:
            if "known" in name:
                ours(texts)
            times[name].append(seconds(readers[name], texts))
    return times, absent


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--queries", type=int, default=2_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    papers = real_papers(arguments.folders or FOLDERS) or real_papers([SAMPLES])
    if not papers:
        raise SystemExit("no papers there: name folders of saved pages or of answers of the Daily Papers API")
    texts = list(workload([paper.plain() for paper in papers], arguments.queries).texts(LUCENE))
    times, absent = measure(texts, arguments.runs)
    medians = {name: statistics.median(values) / len(texts) * 1e6 for name, values in times.items()}
    rows = {
        name: {"us": round(median, 2), "ratio": round(median / medians[BASE], 2)}
        for name, median in medians.items()
    }
    characters = sum(map(len, texts)) / len(texts)
    if arguments.json:
        print(
            json.dumps(
                {
                    "queries": len(texts),
                    "characters": characters,
                    "runs": arguments.runs,
                    "absent": absent,
                    "readers": rows,
                }
            )
        )
        return
    print(f"{len(texts)} queries of {characters:.0f} characters, median of {arguments.runs} runs")
    for name, row in rows.items():
        print(f"{name:30} {row['us']:9.1f} µs a query {row['ratio']:8.2f} × {BASE}")
    for name in absent:
        print(f"{name:30} absent: pip install {name}")


if __name__ == "__main__":
    main()
