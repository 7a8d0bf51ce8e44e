"""Rising terms in real weeks and in shuffled weeks, compared with the simple rule "twice as often as before".

    python benchmarks/trends.py [DATA_FOLDER] [--shuffles 20] [--json]

The data are the titles of `arxiv-days` and `daily-papers-api` with their dates. `found` is the number of rising
terms at the end of the data. `by chance` is the mean number over shuffles of the dates within each source, where no
term really rises. `ms` is the median time. The simple rule takes a term with at least five papers in the last two
weeks whose share is at least twice its earlier share.
"""

import argparse
import gzip
import json
import random
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date
from pathlib import Path

from digest.model import DigestFile
from digest.rank.trends import Period, Titled, period, rising
from digest.read import read
from digest.text.keyphrases import keyphrases

DATA = Path(__file__).parents[2] / "shared" / "data"


def arxiv(folder: Path) -> Iterator[tuple[date, str, str]]:
    for path in sorted((folder / "arxiv-days").glob("papers*.jsonl.gz")):
        with gzip.open(path, "rt") as file:
            for each in map(json.loads, file):
                yield date.fromisoformat(each["first_seen"]), f"arxiv {each['categories'][0]}", each["title"]


def daily(folder: Path) -> Iterator[tuple[date, str, str]]:
    for path in sorted((folder / "daily-papers-api").glob("*.json")):
        file = read(str(path), today=date(2026, 1, 1), zone=UTC, max_bytes=10**9)
        if isinstance(file, DigestFile):
            yield from ((file.captured, "daily", listing.title) for listing in file.listings)


def ours(titles: Sequence[Titled], when: Period) -> int:
    return len(rising(titles, when, most=10_000))


def twice(titles: Sequence[Titled], when: Period) -> int:
    in_period = [(when.week(each.day) < 2, each) for each in titles if when.first <= each.day <= when.last]
    now, before = (
        Counter(t for new, each in in_period if new is part for t in each.terms) for part in (True, False)
    )
    sizes = Counter(new for new, _ in in_period)
    return sum(
        1
        for term, met in now.items()
        if met >= 5 and met / sizes[True] >= 2 * before[term] / max(1, sizes[False])
    )


def shuffled(titles: Sequence[Titled], rng: random.Random) -> list[Titled]:
    days: dict[str, list[date]] = {}
    for each in titles:
        days.setdefault(each.source, []).append(each.day)
    for each in days.values():
        rng.shuffle(each)
    return [each._replace(day=days[each.source].pop()) for each in titles]


def rows(name: str, dated: Sequence[tuple[date, str, str]], shuffles: int) -> list[dict[str, object]]:
    titles = [
        Titled(n, day, source, tuple(keyphrases(title))) for n, (day, source, title) in enumerate(dated)
    ]
    days: dict[str, list[date]] = {}
    for each in titles:
        days.setdefault(each.source, []).append(each.day)
    when = period(days)
    if when is None:
        return []
    rules: dict[str, Callable[[Sequence[Titled], Period], int]] = {"ours": ours, "twice as often": twice}
    found = []
    for rule, count in rules.items():
        rng, times = random.Random(1), []
        by_chance = [count(shuffled(titles, rng), when) for _ in range(shuffles)]
        for _ in range(5):
            start = time.perf_counter()
            risen = count(titles, when)
            times.append(1000 * (time.perf_counter() - start))
        found.append(
            {"data": name, "titles": len(titles), "rule": rule, "found": risen,
             "by chance": statistics.mean(by_chance), "ms": statistics.median(times)}
        )  # fmt: skip
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", type=Path, default=DATA)
    parser.add_argument("--shuffles", type=int, default=20)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    found = [
        row
        for name, load in (("arxiv-days", arxiv), ("daily-papers-api", daily))
        for row in rows(name, list(load(arguments.folder)), arguments.shuffles)
    ]
    if arguments.json:
        print(json.dumps({"rows": found}))
        return
    print(f"{'data':17} {'titles':>7} {'rule':15} {'found':>6} {'by chance':>10} {'ms':>7}")
    for row in found:
        print(
            f"{row['data']:17} {row['titles']:7} {row['rule']:15} {row['found']:6} {row['by chance']:10.2f} {row['ms']:7.1f}"
        )
    if not found:
        print(f"{arguments.folder}: has no arxiv-days or daily-papers-api; give a folder that has them")


if __name__ == "__main__":
    main()
