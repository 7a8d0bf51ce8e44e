"""Parsing and compiling queries, in microseconds per query, compared with luqum and lark.

    python benchmarks/query.py [FOLDER …] [--queries 2000] [--runs 5] [--json]

luqum parses the same syntax (Lucene's). lark has a grammar for exactly these queries (LALR, its fastest parser) and
builds a plain tree without positions of errors. digest also splits the items into words and stems them. With `items
known`, the items are in the cache of the process. Figures are medians of processor time; the parsers take turns.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from matching import caches
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

Parser = Callable[[Sequence[str]], Any]


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
    """Clear the caches of items and words."""
    caches.clear("digest.match.query", "digest.text")


def luqum() -> Parser:
    from luqum.parser import parser

    return lambda texts: [parser.parse(text) for text in texts]


def lark() -> Parser:
    from lark import Lark

    parser = Lark(_GRAMMAR, start="query", parser="lalr")
    return lambda texts: [parser.parse(text) for text in texts]


OURS: dict[str, Parser] = {
    "ours, text to tree": ours_fresh,
    "ours, text to program": ours_fresh_to_program,
    "ours, to tree, items known": ours,
    "ours, to program, items known": ours_to_program,
}
BASE = "ours, text to program"
OTHERS: dict[str, Callable[[], Parser]] = {"luqum": luqum, "lark": lark}


def seconds(parse: Parser, texts: Sequence[str]) -> float:
    start = time.process_time()
    parse(texts)
    return time.process_time() - start


def measure(texts: Sequence[str], runs: int) -> tuple[dict[str, list[float]], list[str]]:
    """Return the seconds of all runs of each parser, and the parsers that are not installed."""
    parsers, absent = dict(OURS), []
    for name, make in OTHERS.items():
        try:
            parsers[name] = make()
        except ImportError:
            absent.append(name)
    times: dict[str, list[float]] = {name: [] for name in parsers}
    for parse in parsers.values():
        parse(texts[:10])
    names = list(parsers)
    for run in range(runs):
        turn = run % len(names)
        for name in [*names[turn:], *names[:turn]]:
            if "known" in name:
                ours(texts)
            times[name].append(seconds(parsers[name], texts))
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
        raise SystemExit(
            "no papers found; give folders with saved pages or responses of the Daily Papers API"
        )
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
        print(f"{name:30} {row['us']:9.1f} µs per query {row['ratio']:8.2f} × {BASE}")
    for name in absent:
        print(f"{name:30} not installed: pip install {name}")


if __name__ == "__main__":
    main()
