"""Themes of issues, beside the method before them: average linkage by the words of the issue alone.

    python benchmarks/themes.py [DATA_FOLDER] [--side held|train] [--seed N] [--names N] [--json]

Issues: groups of 10 to 60 papers of Daily Papers with their keywords as labels, and of MEDLINE: 3 to 7 headings,
4 to 10 papers of each, and 30 % other papers. Both sides are other papers. The background is of papers of neither side.

lift     how much likelier two papers of a theme share a label than any two papers of the issue
F1       of each planted heading and the theme that fits it best (MEDLINE)
ok       share of the names that are in the text of at least half of their theme and under 20 % of the others
known    share of the names that are a keyword or a part of a heading of a paper in the issue
pairs    share of the pairs of papers of a theme that are still in one after one other paper was left out
names    share of the names that are still there then
"""

import argparse
import gzip
import json
import random
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from itertools import combinations
from pathlib import Path

from benchmarks import themes_before
from digest.model import Paper, Theme
from digest.rank import outline
from digest.rank.background import Background, background_of
from digest.rank.themes import themes_of
from digest.text.words import words

DATA = Path(__file__).parents[2] / "shared" / "data"
SEEN = datetime(2026, 1, 1, tzinfo=UTC)
Find = Callable[[Sequence[Paper]], Sequence[Theme]]


@dataclass
class Issue:
    papers: list[Paper]
    labels: dict[int, frozenset[str]]  # by number of the paper
    planted: frozenset[str] = frozenset()


def side_of(text: str) -> str:
    """Return the side of a paper: a fifth of them are of neither (the background of MEDLINE)."""
    return ("background", "train", "train", "held", "held")[sha256(text.encode()).digest()[0] % 5]


def daily(folder: Path, side: str, random_of: random.Random) -> tuple[list[Issue], list[Paper]]:
    """Return issues of Daily Papers with the keywords of each as labels, and the background."""
    rows: dict[str, tuple[str, str, frozenset[str]]] = {}
    for path in sorted((folder / "daily-papers-api").glob("*.json")):
        for entry in _entries(path):
            paper = entry["paper"]
            labels = frozenset(map(str.casefold, paper.get("ai_keywords") or ()))
            rows[paper["id"]] = paper["title"], paper["summary"], labels
    issues = []
    labelled = [key for key in sorted(rows) if rows[key][2]]
    background = [_paper(n, *rows[key][:2]) for n, key in enumerate(sorted(rows)) if not rows[key][2]]
    chosen = [key for key in labelled if side_of(key) == side]
    for _ in range(60):
        some = random_of.sample(chosen, min(len(chosen), random_of.randint(10, 60)))
        papers = [_paper(n, *rows[key][:2]) for n, key in enumerate(some, 1)]
        issues.append(Issue(papers, {n: rows[key][2] for n, key in enumerate(some, 1)}))
    return issues, background


def _entries(path: Path) -> Iterator[dict]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except ValueError:
        return
    for entry in found if isinstance(found, list) else []:
        if isinstance(entry, dict) and entry.get("paper", {}).get("summary"):
            yield entry


def _paper(number: int, title: str, abstract: str) -> Paper:
    return Paper(number, str(number), " ".join(title.split()), " ".join(abstract.split()), SEEN)


def medline(folder: Path, side: str, random_of: random.Random) -> tuple[list[Issue], list[Paper]]:
    """Return issues of papers with a few headings and others, and the background."""
    with gzip.open(next((folder / "medline").glob("*.jsonl.gz")), "rt") as file:
        records = [each for each in map(json.loads, file) if each["abstract"]]
    background = [each for each in records if side_of(each["pmid"]) == "background"][:2_000]
    mine = [each for each in records if side_of(each["pmid"]) == side]
    having = defaultdict(list)
    for record in mine:
        for heading in record["major"]:
            having[heading].append(record)
    headings = [each for each in sorted(having) if 6 <= len(having[each]) <= 120]
    issues = []
    for _ in range(141):
        planted = random_of.sample(headings, random_of.randint(3, 7))
        some = {
            record["pmid"]: record
            for heading in planted
            for record in random_of.sample(
                having[heading], min(len(having[heading]), random_of.randint(4, 10))
            )
        }
        for record in random_of.sample(mine, round(len(some) * 0.3 / 0.7)):
            some[record["pmid"]] = record
        order = random_of.sample(list(some.values()), len(some))[:60]
        papers = [_paper(n, each["title"], each["abstract"]) for n, each in enumerate(order, 1)]
        labels = {n: frozenset(each["mesh"]) & frozenset(planted) for n, each in enumerate(order, 1)}
        issues.append(Issue(papers, labels, frozenset(planted)))
    return issues, [_paper(n, each["title"], each["abstract"]) for n, each in enumerate(background)]


def lift(issue: Issue, themes: Sequence[Theme]) -> tuple[int, int, int, int]:
    """Return the pairs with a common label and the pairs, within themes and in all."""

    def shared(pairs: Sequence[tuple[int, int]]) -> int:
        return sum(bool(issue.labels[one] & issue.labels[two]) for one, two in pairs)

    within = [pair for theme in themes for pair in combinations(theme.papers, 2)]
    every = list(combinations(sorted(issue.labels), 2))
    return shared(within), len(within), shared(every), len(every)


def f1(issue: Issue, themes: Sequence[Theme]) -> list[float]:
    found = []
    for heading in issue.planted:
        having = {number for number, labels in issue.labels.items() if heading in labels}
        best = 0.0
        for theme in themes:
            both = len(having & set(theme.papers))
            best = max(best, 2 * both / (len(having) + len(theme.papers)))
        found.append(best)
    return found


def stems(text: str) -> str:
    return f" {' '.join(word.stem for word in words(text) if word.after - word.at == 1)} "


def ok(issue: Issue, theme: Theme) -> bool:
    """Return whether every part of a name is in half of its theme and in under 20 % of the others."""
    texts = {each.number: stems(each.title) + "|" + stems(each.abstract) for each in issue.papers}
    for part in theme.name.split(", "):
        having = {number for number, text in texts.items() if stems(part) in text}
        inside, outside = having & set(theme.papers), having - set(theme.papers)
        others = len(texts) - len(theme.papers)
        if len(inside) < 0.5 * len(theme.papers) or len(outside) >= max(1, 0.2 * others):
            return False
    return True


def known(issue: Issue, theme: Theme) -> bool:
    labels = "|".join(stems(label) for each in issue.labels.values() for label in each)
    return any(stems(part) in labels for part in theme.name.split(", "))


def kept(
    issue: Issue, find: Find, themes: Sequence[Theme], random_of: random.Random
) -> tuple[int, int, int, int]:
    """Return the pairs and names that stay when a paper is left out, and how many there were."""
    gone = random_of.choice(issue.papers).number
    after = find([each for each in issue.papers if each.number != gone])
    now = {pair for theme in after for pair in combinations(sorted(theme.papers), 2)}
    before = {pair for theme in themes for pair in combinations(sorted(theme.papers), 2) if gone not in pair}
    names = {stems(theme.name) for theme in themes if set(theme.papers) - {gone}}
    return len(before & now), len(before), len(names & {stems(each.name) for each in after}), len(names)


def measured(issues: Sequence[Issue], find: Find, seed: int) -> dict[str, float]:
    lifts, f1s, oks, knowns, stays, counts = [], [], [], [], [], []
    random_of = random.Random(seed)
    for issue in issues:
        themes = find(issue.papers)
        lifts.append(lift(issue, themes))
        f1s += f1(issue, themes)
        oks += [ok(issue, each) for each in themes]
        knowns += [known(issue, each) for each in themes]
        stays.append(kept(issue, find, themes, random_of))
        counts.append((len(themes), sum(len(each.papers) for each in themes) / len(issue.papers)))
    within, pairs, every, total = map(sum, zip(*lifts, strict=True))
    pairs_kept, pairs_all, names_kept, names_all = map(sum, zip(*stays, strict=True))
    return {
        "lift": within / max(1, pairs) / (every / total),
        "f1": statistics.mean(f1s) if f1s else float("nan"),
        "ok": statistics.mean(oks),
        "known": statistics.mean(knowns),
        "pairs": pairs_kept / max(1, pairs_all),
        "names": names_kept / max(1, names_all),
        "themes": statistics.mean(each[0] for each in counts),
        "covered": statistics.mean(each[1] for each in counts),
    }


def timed(issues: Sequence[Issue], find: Find) -> float:
    """Return the milliseconds for 60 papers that were not read before, the median of 15."""
    papers = [paper for issue in issues for paper in issue.papers]
    times = []
    for n in range(15):
        some = [_paper(k, p.title, p.abstract) for k, p in enumerate(papers[n * 60 : n * 60 + 60])]
        outline._outline.cache_clear()  # noqa: SLF001
        themes_before._terms_of.cache_clear()  # noqa: SLF001
        began = time.perf_counter()
        find(some)
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", type=Path, default=DATA)
    parser.add_argument("--side", choices=("held", "train"), default="held")
    parser.add_argument("--seed", type=int, default=20)
    parser.add_argument("--issues", type=int, help="measure only so many issues of each kind")
    parser.add_argument("--names", type=int, default=0, help="names to show of each kind of issue")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    if not (arguments.folder / "medline").is_dir():
        print(f"{arguments.folder}: has no medline; give a folder that has it")
        return
    results: dict[str, dict[str, float]] = {}
    names: dict[str, list[str]] = {}
    for kind, made in (("daily papers", daily), ("medline", medline)):
        issues, papers = made(arguments.folder, arguments.side, random.Random(arguments.seed))
        issues = issues[: arguments.issues]
        background: Background = background_of(papers[-2_000:])
        ways: dict[str, Find] = {
            "the issue's words alone": themes_before.themes_of,
            "named tree": lambda some, with_=background: themes_of(some, (), with_),
        }
        for name, find in ways.items():
            results[f"{kind}, {name}"] = measured(issues, find, arguments.seed) | {"ms": timed(issues, find)}
        shown = [" · ".join(t.name for t in ways["named tree"](issue.papers)) for issue in issues]
        names[kind] = shown[: arguments.names]
    if arguments.json:
        print(json.dumps({"results": results, "names": names}))
        return
    columns = list(next(iter(results.values())))
    print(f"{'':40}" + "".join(f"{column:>9}" for column in columns))
    for name, row in results.items():
        print(f"{name:40}" + "".join(f"{row[column]:9.3f}" for column in columns))
    for kind, shown in names.items():
        print(*(f"{kind}: {each}" for each in shown), sep="\n")


if __name__ == "__main__":
    main()
