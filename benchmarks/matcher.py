"""Queries × papers: from papers to the scored best 20 of each query, beside SQLite FTS5 and the slow matcher.

    python benchmarks/matcher.py [PAGES_FOLDER] [--queries 1000,10000] [--papers 50] [--runs N] [--json]

The queries are invented from the papers' own words: 3 to 8 items in one to three AND-ed OR-groups, a
quarter with a NOT; half words, a third phrases, the rest prefixes; some in the title only; boosts 1 to 5.
FTS5 is asked for booleans only. Its words are not stemmed, so all items are exact and both see the same
words; the number of pairs found is printed and must agree.
"""

import argparse
import json
import random
import re
import sqlite3
import statistics
import time
from datetime import UTC, datetime
from itertools import chain, pairwise
from pathlib import Path

from digest.match.index import Batch, Index
from digest.match.naive import analyse, match
from digest.match.query import query_of
from digest.model import Paper

DATA = Path(__file__).parents[2] / "shared" / "data" / "daily-papers-pages"


def letters(text: str) -> str:
    """Return the words of a text as every engine sees them."""
    return " ".join(re.findall(r"[a-z]{2,}", text.lower()))


def papers_of(folder: Path, count: int) -> list[Paper]:
    """Return papers of saved pages; more than there are is made of their sentences, shuffled."""
    blocks = [
        block.strip()
        for page in sorted(folder.glob("*.txt"))
        for block in re.split(r"\n\s*\n", page.read_text("utf-8"))
    ]
    real = [(letters(t), letters(a)) for t, a in pairwise(blocks) if len(a) > 300 > len(t) > 20]
    chance = random.Random(1)
    words = [word for _, abstract in real for word in abstract.split()]
    while len(real) < count:
        start = chance.randrange(len(words) - 260)
        real.append((chance.choice(real)[0], " ".join(words[start : start + 250])))
    seen = datetime(2026, 1, 1, tzinfo=UTC)
    return [Paper(number, f"u{number}", *pair, seen) for number, pair in enumerate(real[:count], 1)]


def queries_of(papers: list[Paper], count: int) -> list[tuple[str, str]]:
    """Return pairs: the query in our language, and in FTS5's."""
    chance = random.Random(2)
    texts = [paper.abstract.split() for paper in papers]
    common = {
        word
        for word in set(chain.from_iterable(texts))
        if sum(word in text for text in texts) > len(texts) / 20
    }

    def item() -> tuple[str, str]:
        text = chance.choice(texts)
        while True:
            start = chance.randrange(len(text) - 1)
            if text[start] not in common and len(text[start]) > 4:
                break
        kind = chance.random()
        one, two = text[start], text[start + 1]
        if kind < 0.5:
            ours, theirs = f"={one}", f'"{one}"'
        elif kind < 0.85:
            ours, theirs = f'="{one} {two}"', f'"{one} {two}"'
        else:
            ours, theirs = f"{one[:5]}*", f'"{one[:5]}"*'
        if chance.random() < 0.15:
            ours, theirs = f"title:{ours}", f"title:{theirs}"
        return ours + f"^{chance.randrange(1, 6)}", theirs

    made = []
    for _ in range(count):
        groups = [
            [item() for _ in range(chance.randrange(1, 4))] for _ in range(chance.choice((1, 1, 2, 2, 2, 3)))
        ]
        ours = " AND ".join("(" + " OR ".join(i[0] for i in group) + ")" for group in groups)
        theirs = " AND ".join("(" + " OR ".join(i[1] for i in group) + ")" for group in groups)
        if chance.random() < 0.25:
            without = item()
            ours, theirs = f"{ours} -{without[0].split('^')[0]}", f"({theirs}) NOT {without[1]}"
        made.append((ours, theirs))
    return made


def index_engine(papers: list[Paper], queries: list[str]) -> dict[str, float]:
    began = time.perf_counter()
    parsed = [query_of([query]) for query in queries]
    read = time.perf_counter()
    index = Index(parsed)
    compiled = time.perf_counter()
    hits = index.match(Batch([analyse(paper) for paper in papers]))
    pairs = int(hits.counts().sum())
    booleans = time.perf_counter()
    hits.top(20)
    return {
        "load": compiled - began,
        "parse": read - began,
        "booleans": booleans - compiled,
        "match": time.perf_counter() - compiled,
        "pairs": pairs,
    }


def fts5_engine(papers: list[Paper], queries: list[str]) -> dict[str, float]:
    began = time.perf_counter()
    database = sqlite3.connect(":memory:")
    database.execute("create virtual table t using fts5(title, abstract, detail=full)")
    database.executemany("insert into t values (?, ?)", [(paper.title, paper.abstract) for paper in papers])
    pairs = sum(
        len(database.execute("select rowid from t where t match ?", (query,)).fetchall()) for query in queries
    )
    return {"match": time.perf_counter() - began, "pairs": pairs}


def naive_engine(papers: list[Paper], queries: list[str]) -> dict[str, float]:
    parsed = [query_of([query]) for query in queries]
    began = time.perf_counter()
    analysed = [analyse(paper) for paper in papers]
    pairs = sum(match(query, paper) is not None for query in parsed for paper in analysed)
    return {"match": time.perf_counter() - began, "pairs": pairs}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", type=Path, default=DATA)
    parser.add_argument("--queries", default="1000,10000")
    parser.add_argument("--papers", default="50")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    if not any(arguments.folder.glob("*.txt")):
        parser.exit(0, f"{arguments.folder}: no saved pages there; name a folder that has some\n")
    rows = []
    for papers_wanted in map(int, arguments.papers.split(",")):
        papers = papers_of(arguments.folder, papers_wanted)
        for count in map(int, arguments.queries.split(",")):
            queries = queries_of(papers, count)
            engines = {"index": (index_engine, 0), "fts5": (fts5_engine, 1), "naive": (naive_engine, 0)}
            for name, (engine, side) in engines.items():
                if name == "naive" and count * papers_wanted > 100_000:
                    continue
                runs = [engine(papers, [query[side] for query in queries]) for _ in range(arguments.runs)]
                median = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
                rows.append({"queries": count, "papers": papers_wanted, "engine": name, **median})
    if arguments.json:
        print(json.dumps(rows))
        return
    print(
        f"{'queries':>9} {'papers':>7} {'engine':8} {'match s':>9} {'× index':>8} {'load s':>8} {'pairs':>9}"
    )
    for row in rows:
        ours = next(
            r
            for r in rows
            if r["engine"] == "index" and r["queries"] == row["queries"] and r["papers"] == row["papers"]
        )
        print(
            f"{row['queries']:9} {row['papers']:7} {row['engine']:8} {row['match']:9.4f} {row['match'] / ours['match']:8.1f} "
            f"{row.get('load', 0):8.3f} {row['pairs']:9.0f}"
        )


if __name__ == "__main__":
    main()
