"""Labelled pairs of papers: precision and recall of the program's decision, compared with two simple rules.

    python benchmarks/identity.py [FOLDER…] [--json]

Every *.txt below a FOLDER is a file of pairs. A line has two records and a label, separated by tabs; a record is
`COL title VAL … COL authors VAL … COL venue VAL … COL year VAL …`. Nothing is fitted: the settings are those with
which the library merges papers. "with doubts" also counts the pairs that `digest library doubts` lists for review,
which are never merged automatically. The simple rules are equal titles in lower case without punctuation, and a
rapidfuzz ratio of these of at least 90. `--json` prints the figures of the program only.
"""

import argparse
import json
import re
import sys
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

from digest.identity import compare, identified, may_be_one
from digest.model import Listing

DATA = Path(__file__).parents[2] / "shared" / "data" / "entity-match"
Same = Callable[[Listing, Listing], bool]
Pair = tuple[Listing, Listing, bool]


def pairs_of(path: Path) -> Iterator[Pair]:
    """Yield the pairs in a file. Raises ValueError if it is not a file of pairs."""
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        one, other, label = [*line.split("\t"), "", ""][:3]
        if label.strip() not in {"0", "1"}:
            raise ValueError(f"{path}:{number}: not a pair with a label")
        yield listing_of(one), listing_of(other), label.strip() == "1"


def listing_of(record: str) -> Listing:
    """Return the listing of a record, as from a bibliography."""
    found = re.split(r"COL (\w+) VAL ?", record)
    values = {name.lower(): value.strip() for name, value in zip(found[1::2], found[2::2], strict=True)}
    year = re.match(r"(?:19|20)\d\d", values.get("year", ""))
    authors = re.split(r"\s*,\s+", values.get("authors") or values.get("author") or "")
    return identified(
        Listing(
            rank=1,
            title=values.get("title") or values.get("name") or "",
            abstract=values.get("abstract", ""),
            authors=tuple(filter(None, authors)),
            published=date(int(year[0]), 1, 1) if year else None,
            doi=values.get("doi") or None,
            url=values.get("url") or None,
            venue=values.get("venue") or values.get("journal") or None,
        )
    )


def plain(title: str) -> str:
    return " ".join(re.findall(r"\w+", title.lower()))


def peers() -> dict[str, Same]:
    """Return the simple rules; rapidfuzz only if it is installed."""
    found: dict[str, Same] = {"equal titles": lambda one, other: plain(one.title) == plain(other.title)}
    try:
        from rapidfuzz.fuzz import ratio
    except ImportError:
        print("rapidfuzz is not installed; skipping it", file=sys.stderr)
    else:
        found["rapidfuzz ≥ 90"] = lambda one, other: ratio(plain(one.title), plain(other.title)) >= 90
    return found


def score(pairs: list[Pair], same: Same) -> dict[str, float]:
    """Return precision, recall and F1 of "same paper"; 0 if nothing is found."""
    decisions = [(same(one, other), label) for one, other, label in pairs]
    right = sum(decision and label for decision, label in decisions)
    precision = right / max(1, sum(decision for decision, _ in decisions))
    recall = right / max(1, sum(label for _, label in decisions))
    f1 = 2 * precision * recall / (precision + recall) if right else 0.0
    figures = {"precision": precision, "recall": recall, "f1": f1}
    return {"pairs": len(pairs)} | {name: round(value, 4) for name, value in figures.items()}


def program(one: Listing, other: Listing) -> bool:
    return compare(one, other).same


def with_doubts(one: Listing, other: Listing) -> bool:
    verdict = compare(one, other)
    return verdict.same or may_be_one(one, other, verdict)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folders", nargs="*", type=Path, default=[DATA], metavar="FOLDER")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    files = [path for folder in arguments.folders for path in sorted(folder.rglob("*.txt"))]
    if not files:
        sys.exit(f"there is no *.txt below {', '.join(map(str, arguments.folders))}")
    deciders: dict[str, Same] = {"paper-digest": program}
    if not arguments.json:
        deciders |= {"with doubts": with_doubts} | peers()
        print(f"{'file':28} {'decider':16} {'pairs':>6} {'precision':>9} {'recall':>7} {'F1':>7}")
    found = {}
    for path in files:
        try:
            pairs = list(pairs_of(path))
        except ValueError as error:
            print(error, file=sys.stderr)
            continue
        name = f"{path.parent.name}/{path.name}"
        for decider, same in deciders.items():
            figures = score(pairs, same)
            found.setdefault(name, figures)
            if not arguments.json:
                columns = f"{figures['pairs']:6} {figures['precision']:9.4f} {figures['recall']:7.4f}"
                print(f"{name:28} {decider:16} {columns} {figures['f1']:7.4f}")
    if arguments.json:
        print(json.dumps(found))


if __name__ == "__main__":
    main()
