"""The order of papers with equal scores: the centrality of what they matched, beside the date and the library number.

    python benchmarks/order.py [DATA_FOLDER] [--side held|train] [--json]

MEDLINE: the query is the words of a heading as a phrase; the papers are those with the heading that match. Indexers
marked it as a main heading of some of them, which are right: nDCG at 10 of the whole list, and AUC among papers of
equal score. Headings are split in two halves by a hash; the weights were chosen on `train`.
Daily Papers: the query is a frequent word of titles, the papers those of a day; AUC of the order among equals against
the upvotes, which the order does not see.
"""

import argparse
import gzip
import json
import re
import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from hashlib import sha256
from math import log2
from pathlib import Path
from zoneinfo import ZoneInfo

from digest.match.query.parser import query_of
from digest.match.reference import analyse, match
from digest.model import Item, Paper
from digest.rank.centrality import centrality
from digest.read import read
from digest.text.stopwords import STOPWORDS
from digest.text.words import words

DATA = Path(__file__).parents[2] / "shared" / "data"
SEEN = datetime(2026, 1, 1, tzinfo=UTC)
Ranked = tuple[float, float, Item]  # score, right or upvotes, item
ORDERS: dict[str, Callable[[Item], tuple[float, ...]]] = {
    "date and number": lambda item: (-item.paper.published.toordinal() if item.paper.published else 0, item.paper.number),
    "centrality": lambda item: (-centrality(item).value,),
}  # fmt: skip


def medline(folder: Path, side: str) -> Iterator[list[Ranked]]:
    with gzip.open(next((folder / "medline").glob("*.jsonl.gz")), "rt") as file:
        records = [each for each in map(json.loads, file) if each["abstract"]]
    having = defaultdict(list)
    for place, record in enumerate(records):
        for heading in record["mesh"]:
            having[heading].append(place)
    for heading, places in sorted(having.items()):
        asked = " ".join(re.findall(r"[A-Za-z]{3,}", heading))
        even = sha256(heading.encode()).digest()[0] % 2 == 0
        if not asked or even != (side == "train") or not 20 <= len(places) <= 1_500:
            continue
        found = []
        for place in places:
            record = records[place]
            published = date(int(record["year"]), 1, 1) if record["year"] else None
            paper = Paper(place, str(place), record["title"], record["abstract"], SEEN, published=published)
            if matched := match(query_of([f'"{asked}"']), analyse(paper)):
                right = float(heading in record["major"])
                found.append((matched.score, right, Item(paper, matched.score, matched.evidence)))
        right = sum(each[1] for each in found)
        if len(found) >= 8 and 3 <= right <= len(found) - 3:
            yield found


def daily(folder: Path) -> Iterator[list[Ranked]]:
    """Yield the papers of a day that match one of the 120 most frequent words of titles, in the order of a hash."""
    days = []
    for path in sorted((folder / "daily-papers-api").glob("*.json")):
        file = read(str(path), today=date(2026, 1, 1), zone=ZoneInfo("UTC"), max_bytes=10**8)
        day = [each for each in getattr(file, "listings", ()) if each.upvotes is not None]
        numbers = [int.from_bytes(sha256(each.title.encode()).digest()[:4]) for each in day]
        papers = [
            Paper(number, str(number), each.title, each.abstract or "", SEEN)
            for number, each in zip(numbers, day, strict=True)
        ]
        days.append(
            [
                (each.title, float(each.upvotes or 0), analyse(paper))
                for each, paper in zip(day, papers, strict=True)
            ]
        )
    often = Counter(
        word.text
        for day in days
        for title, _, _ in day
        for word in words(title)
        if word.stem not in STOPWORDS
    )
    for keyword, _ in often.most_common(120):
        query = query_of([keyword])
        for day in days:
            yield [
                (found.score, upvotes, Item(found.paper, found.score, found.evidence))
                for _, upvotes, analysed in day
                if (found := match(query, analysed))
            ]


def ndcg(found: Sequence[Ranked], order: Callable[[Item], tuple[float, ...]]) -> float:
    """Return nDCG at 10 of the order by score, then `order`."""
    rights = [each[1] for each in sorted(found, key=lambda each: (-each[0], order(each[2])))]
    gain = [
        sum(right / log2(n + 2) for n, right in enumerate(some[:10]))
        for some in (rights, sorted(rights)[::-1])
    ]
    return gain[0] / gain[1]


def pairs(found: Sequence[Ranked], order: Callable[[Item], tuple[float, ...]]) -> tuple[float, int]:
    """Return how many pairs of papers of equal score are in the right order (ties count half), and of how many."""
    good, total = 0.0, 0
    placed = [(score, right, order(item)) for score, right, item in found]
    for one in placed:
        for two in placed:
            if one[0] == two[0] and one[1] > two[1]:
                total += 1
                good += 1 if one[2] < two[2] else 0.5 * (one[2] == two[2])
    return good, total


def measured(lists: Sequence[Sequence[Ranked]]) -> dict[str, dict[str, float]]:
    results = {}
    for name, order in ORDERS.items():
        counts = [pairs(found, order) for found in lists]
        results[name] = {"auc": sum(good for good, _ in counts) / sum(total for _, total in counts)}
        if all(any(each[1] for each in found) for found in lists):
            results[name]["ndcg10"] = statistics.mean(ndcg(found, order) for found in lists)
    return results


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", type=Path, default=DATA)
    parser.add_argument("--side", choices=("held", "train"), default="held")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    if not (arguments.folder / "medline").is_dir():
        print(f"{arguments.folder}: has no medline; give a folder that has it")
        return
    results = {
        f"medline, {arguments.side}": measured(list(medline(arguments.folder, arguments.side))),
        "daily papers": measured(list(daily(arguments.folder))),
    }
    if arguments.json:
        print(json.dumps(results))
        return
    for data, rows in results.items():
        for name, figures in rows.items():
            print(f"{data:14} {name:16} " + "  ".join(f"{key} {value:.4f}" for key, value in figures.items()))


if __name__ == "__main__":
    main()
