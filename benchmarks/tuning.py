"""Suggested keywords, previews of keywords and searches of a large library, beside what they replace and SQLite's FTS5.

    python benchmarks/tuning.py [DATA_FOLDER] [--users 40] [--side held] [--papers 100000] [--runs 5]
        [--only suggest|preview] [--json]

Suggestions: a user is a main heading of MEDLINE with at least 20 records, in the order of their numbers. The first
three records are liked; keywords are suggested from the records up to the third liked one. Right are the records of the
heading among all later ones: mean precision, recall and F1 of the suggested query. `before` is `suggest_before.py`.
Headings are split in two halves by a hash: the constants were chosen on `train`, and the default is the other half.

Previews and searches: a library of so many papers, each with a title of arXiv's and sentences of several abstracts
(papers of `arxiv-days`, shuffled with a fixed seed), first seen over a year. A preview counts 8 weeks, each keyword
and the newest matches; a search counts all papers and returns the first 20, newest first. Queries are new to the index
(`first`), then asked again. FTS5 answers the same queries as far as its syntax allows: it counts the matches of the
weeks, for a search it also returns 20 titles. Times are medians of processor time in milliseconds.
"""

import argparse
import gzip
import json
import random
import sqlite3
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import suggest_before
from ranking import chosen, medline

from digest.match.paper_index import PaperIndex, field_words
from digest.match.query.parser import query_of
from digest.model import Paper
from digest.pipeline.set_aside import Boundary
from digest.rank.suggest import suggest
from digest.services.tuning import Interest, index_of, tune
from digest.text.keyphrases import keyphrases

DATA = Path(__file__).parents[2] / "shared" / "data"
NOW = datetime(2026, 3, 12, 9, tzinfo=UTC)
LIKED, LATER = 3, 5
PHRASES: tuple[tuple[str, ...], ...] = (
    ("diffusion",),
    ('"large language model*"',),
    ("distill*", "quantiz*", '"mixture of experts"'),
    ('"reinforcement learning" AND agent*', "title:benchmark"),
    ('"video generation"~4', "text-to-video"),
    ("retrieval AND (augmented OR dense) -survey",),
    ("model* AND data* AND learn*",),
)
FTS: tuple[str, ...] = (
    "diffusion",
    '"large language" + model*',
    'distill* OR quantiz* OR "mixture of experts"',
    '("reinforcement learning" AND agent*) OR title : benchmark',
    'NEAR(video generation, 4) OR "text to video"',
    "(retrieval AND (augmented OR dense)) NOT survey",
    "model* AND data* AND learn*",
)


# --- suggestions -----------------------------------------------------------------------------------


def measured(
    index: PaperIndex, where: Sequence[int], keywords: Sequence[str], exclude: Sequence[str]
) -> tuple[float, float, float]:
    """Return precision, recall and F1 of a query on the records after the last liked one."""
    later = index.live >> (where[LIKED - 1] + 1) << (where[LIKED - 1] + 1)
    right = sum(1 << place for place in where[LIKED:])
    found = index.accepted(query_of(keywords, exclude)) & later if keywords else 0
    hits = (found & right).bit_count()
    precision, recall = hits / max(1, found.bit_count()), hits / right.bit_count()
    return precision, recall, 2 * precision * recall / (precision + recall) if hits else 0.0


def suggestions(folder: Path, side: str, count: int) -> dict[str, dict[str, float]]:
    papers, headings = medline(folder)
    users = [headings[each] for each in chosen(list(headings), side, count)]
    users = [where for where in users if len(where) >= LIKED + LATER]
    whole = index_of(papers, Boundary())
    everything, known = whole.live, {}

    def remembered(*texts: str) -> dict[str, str]:
        if texts not in known:
            known[texts] = keyphrases(*texts)
        return known[texts]

    suggest_before.keyphrases = remembered

    def now(liked: Sequence[Paper], size: int) -> tuple[Sequence[str], Sequence[str]]:
        whole.live = (1 << size) - 1  # the library as it was
        found = suggest(liked, whole)
        whole.live = everything
        return [each.text for each in found.keywords], [each.text for each in found.exclude]

    def before(liked: Sequence[Paper], size: int) -> tuple[Sequence[str], Sequence[str]]:
        return suggest_before.suggest(liked, papers[:size]), ()

    table = {}
    for name, make in (("now", now), ("before", before)):
        found, times = [], []
        for where in users:
            start = time.process_time()
            keywords, exclude = make([papers[place] for place in where[:LIKED]], where[LIKED - 1] + 1)
            times.append(time.process_time() - start)
            found.append(measured(whole, where, keywords, exclude))
        means = [statistics.mean(column) for column in zip(*found, strict=True)]
        table[name] = {"users": len(users), "precision": means[0], "recall": means[1], "f1": means[2]}
        table[name]["ms"] = 1000 * statistics.median(times)
    return table


# --- previews and searches -------------------------------------------------------------------------


def library(folder: Path, count: int) -> list[Paper]:
    with gzip.open(next((folder / "arxiv-days").glob("papers_*.jsonl.gz")), "rt") as file:
        records = [json.loads(line) for line in file]
    chance = random.Random(1)
    sentences = [each for record in records for each in record["summary"].split(". ") if len(each) > 40]
    papers = []
    for number in range(1, count + 1):
        record, age = chance.choice(records), timedelta(days=365 * (1 - number / count))
        abstract = ". ".join(chance.choices(sentences, k=8))
        papers.append(
            Paper(number, f"u{number}", record["title"], abstract, NOW - age, tuple(record["authors"]))
        )
    return papers


def fts(papers: Sequence[Paper]) -> sqlite3.Connection:
    database = sqlite3.connect(":memory:")
    database.execute("create virtual table paper using fts5(title, abstract, tokenize = 'porter unicode61')")
    rows = ((each.number, each.title, each.abstract) for each in papers)
    database.executemany("insert into paper(rowid, title, abstract) values (?, ?, ?)", rows)
    return database


def milliseconds(runs: int, work: Callable[[], Any]) -> float:
    times = []
    for _ in range(runs):
        start = time.process_time()
        work()
        times.append(1000 * (time.process_time() - start))
    return statistics.median(times)


def searched(index: PaperIndex, query: tuple[str, ...]) -> tuple[int, list[Paper]]:
    found = index.accepted(query_of(query))
    return found.bit_count(), index.papers(index.newest(found)[:20])


def speeds(folder: Path, count: int, runs: int) -> dict[str, dict[str, Any]]:
    papers = library(folder, count)
    start = time.process_time()
    index = index_of(papers, Boundary())
    index.settle()
    built = time.process_time() - start
    database = fts(papers)
    first = next(each.number for each in papers if each.first_seen >= NOW - timedelta(weeks=8))
    counting = "select count(*) from paper where paper match ? and rowid >= ?"
    newest = "select rowid, title from paper where paper match ? order by rowid desc limit 20"
    extra = papers[-1]
    table: dict[str, dict[str, Any]] = {}
    for query, same in zip(PHRASES, FTS, strict=True):
        interests = [Interest(query)]
        cold = milliseconds(1, lambda interests=interests: tune(index, interests, NOW))
        warm = milliseconds(runs, lambda interests=interests: tune(index, interests, NOW))
        index.add(extra, field_words(extra))  # forgets the items that it has looked up
        index.remove(extra.number)
        table[" | ".join(query)] = {
            "matches": index.accepted(query_of(query)).bit_count(),
            "preview first": cold,
            "preview again": warm,
            "search": milliseconds(runs, lambda query=query: searched(index, query)),
            "fts5 count": milliseconds(
                runs, lambda same=same: database.execute(counting, (same, first)).fetchone()
            ),
            "fts5 search": milliseconds(
                runs,
                lambda same=same: (
                    database.execute(counting, (same, 0)).fetchone(),
                    database.execute(newest, (same,)).fetchall(),
                ),
            ),
        }
    table["building the index"] = {"papers": count, "seconds": built}
    return table


# --- the table -------------------------------------------------------------------------------------


def show(title: str, table: dict[str, dict[str, Any]]) -> None:
    print(f"\n{title}")
    for name, row in table.items():
        cells = "  ".join(
            f"{key} {value:.3f}" if isinstance(value, float) else f"{key} {value}"
            for key, value in row.items()
        )
        print(f"  {name:<55}{cells}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", type=Path, default=DATA)
    parser.add_argument("--users", type=int, default=40)
    parser.add_argument("--side", choices=("train", "held"), default="held")
    parser.add_argument("--papers", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", choices=("suggest", "preview"))
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found: dict[str, Any] = {}
    if options.only != "preview":
        found["suggest"] = suggestions(options.folder, options.side, options.users)
    if options.only != "suggest":
        found["preview"] = speeds(options.folder, options.papers, options.runs)
    if options.json:
        json.dump(found, sys.stdout)
        return
    for name, table in found.items():
        show(name, table)


if __name__ == "__main__":
    main()
