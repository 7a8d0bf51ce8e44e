"""Known papers with changed titles, and new papers, looked up in a library of 20,000 papers or more.

    python benchmarks/identity_perturbed.py [ARXIV_DAYS_FOLDER] [--titles 20000,1000000] [--probes 200] [--pairs 400] [--json]

The library is a real one in a temporary SQLite file. The titles are those of the papers in the folder (*.jsonl.gz
with `title`, `summary`, `authors`); further titles are combined from halves of them, with sentences of other
abstracts. Each probe is a listing without ids, which is looked up like in a run: with abstract and authors, with
authors only, and with the title only. `found` counts the right paper, `wrong` any other. Series (`Part I` and `II`,
`1` and `2`, `GPT-3` and `GPT-4`) and fresh titles must find nothing. The peers are equal titles in lower case
without punctuation, and the best rapidfuzz ratio of at least 90, with fewer probes, because it reads all titles.

First, pairs of both kinds side by side, with the same authors and venue and nothing else, and with further evidence:
other papers by the same authors, which must stay two, and the same paper under a mended title, which must be one where
an abstract, an id or an address confirms it. The other papers are those in the folder that share at least half of their
authors, and titles with one content word replaced by another real one, with the abstract of another paper.
"""

import argparse
import gzip
import json
import random
import re
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import islice, pairwise
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from sqlalchemy import insert, text

from digest.diff.source_records import Recency, SourceRecord
from digest.identity import compare, folding, keys_of, may_be_one, traces
from digest.model import DigestFile, Listing
from digest.pipeline.ingest import judge
from digest.store.codec import encode
from digest.store.engine import open_store
from digest.store.schema import aliases, papers, witnesses
from digest.store.schema import traces as trace_rows
from digest.store.store import Store, Transaction

DATA = Path(__file__).parents[2] / "shared" / "data" / "arxiv-days"
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
SERIES = (
    (" Part I", " Part II"), (" 1", " 2"), (" with GPT-3", " with GPT-4"), (" v2.5", " v3.5"), (" (2D)", " (3D)"),
)  # fmt: skip


# --- the library ----------------------------------------------------------------------------------------


def real_papers(folder: Path) -> list[Listing]:
    found = []
    for path in sorted(folder.glob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                paper = json.loads(line)
                title, abstract = (" ".join(paper[name].split()) for name in ("title", "summary"))
                found.append(Listing(1, title, abstract, tuple(paper["authors"][:4])))
    return found


def library_of(real: list[Listing], count: int, rng: random.Random) -> Iterator[Listing]:
    """Yield `count` papers with different titles: the real ones, then combined halves of their titles."""
    seen = set()
    for paper in real[:count]:
        seen.add(plain(paper.title))
        yield replace(paper, abstract=" ".join(paper.abstract.split()[:60]))
    sentences = [one for paper in real for one in re.split(r"(?<=\.)\s+", paper.abstract) if len(one) > 60]
    heads = [paper.title.split() for paper in real if len(paper.title.split()) > 5]
    made = min(count, len(real))
    while made < count:
        one, other = rng.choice(heads), rng.choice(heads)
        title = " ".join(one[: len(one) // 2] + other[len(other) // 2 :])
        if plain(title) not in seen:
            seen.add(plain(title))
            made += 1
            abstract = f"{rng.choice(sentences)} {rng.choice(sentences)}"
            yield Listing(1, title, abstract, tuple(rng.choice(real).authors[:2]))


def fill(store: Store, found: Iterable[Listing]) -> None:
    """Write papers to the tables of the library, in batches."""
    stamp = Recency(0, date(2026, 1, 1), NOON)
    with store.begin() as tx:
        database = tx.library._db  # noqa: SLF001  # a run writes one file at a time, which takes too long here
        database.exec_driver_sql("PRAGMA cache_size = -1000000")  # only while filling, not for the probes
        sharing = Counter[int]()
        numbered = enumerate(found, 1)
        while group := list(islice(numbered, 5_000)):
            rows: dict[str, list[dict[str, object]]] = {"paper": [], "witness": [], "alias": [], "trace": []}
            for number, listing in group:
                kept = replace(listing, rank=0)
                record, word = encode(kept), encode(SourceRecord(kept, stamp))
                about = {"uid": str(number), "first_seen": NOON, "sources": "bibtex", "record": record}
                rows["paper"].append({"number": number, **about})
                rows["witness"].append({"paper": number, "source": "bibtex", "word": word})
                rows["alias"] += [{"key": key, "paper": number} for key in keys_of(listing)]
                trace = traces(listing.title, listing.abstract)
                for one in dict.fromkeys(trace.stored):
                    sharing[one] += 1
                    if sharing[one] <= 64:  # the limit of the library
                        rows["trace"].append({"hash": one, "paper": number, "sketch": trace.sketch})
            for table in (papers, witnesses, aliases, trace_rows):
                database.execute(insert(table), rows[table.name])


# --- changes of a title ------------------------------------------------------------------------------


def case(title: str, rng: random.Random) -> str:
    return rng.choice((title.upper, title.lower, title.swapcase))()


def punctuation(title: str, rng: random.Random) -> str:
    return (
        re.sub(r"[ ,:-]+", lambda found: rng.choice((" ", " – ", ", ") if len(found[0]) > 1 else " "), title)
        + "."
    )


def tex(title: str, rng: random.Random) -> str:
    words = title.split()
    place = rng.randrange(len(words))
    words[place] = rng.choice((r"\textbf{%s}", r"{\it %s}", r"\emph{%s}")) % words[place]
    return " ".join(words)


def unicode_(title: str, rng: random.Random) -> str:
    return (
        title.replace("fi", "ﬁ")
        .replace("-", rng.choice("‐‑–"))
        .replace("e", "e\u0301", 1)
        .replace(" ", "\u00a0", 2)
    )


def typo(title: str, rng: random.Random) -> str:
    words = title.split()
    long = [place for place, word in enumerate(words) if len(word) > 4 and word.isalpha()]
    if not long:
        return title + "s"
    place = rng.choice(long)
    word, at = words[place], rng.randrange(1, len(words[place]) - 1)
    letter = rng.choice("abcdefghijklmnopqrstuvwxyz")
    words[place] = rng.choice(
        (word[:at] + word[at + 1 :], word[:at] + letter + word[at:], word[:at] + letter + word[at + 1 :])
    )
    return " ".join(words)


def typos(title: str, rng: random.Random) -> str:
    return typo(typo(title, rng), rng)


def changed_word(title: str, rng: random.Random) -> str:
    words = title.split()
    place = rng.choice([n for n, word in enumerate(words) if len(word) > 4] or [0])
    words[place] = rng.choice(("Robust", "Scalable", "Learned", "Practical", "Unified"))
    return " ".join(words)


def dropped_word(title: str, rng: random.Random) -> str:
    words = title.split()
    words.pop(rng.choice([n for n, word in enumerate(words) if len(word) > 4] or [0]))
    return " ".join(words)


def dropped_subtitle(title: str, _rng: random.Random) -> str:
    return title.split(": ", maxsplit=1)[0]


CHANGES: dict[str, Callable[[str, random.Random], str]] = {
    "same": lambda title, _rng: title,
    "case": case,
    "punctuation": punctuation,
    "TeX": tex,
    "Unicode": unicode_,
    "one typo": typo,
    "two typos": typos,
    "changed word": changed_word,
    "dropped word": dropped_word,
    "dropped subtitle": dropped_subtitle,
}


# --- pairs of both kinds -----------------------------------------------------------------------------

VENUE = "Proceedings of the Tide Conference"
CONTENT_WORD = re.compile(r"[A-Za-z][a-z]{4,}[,:]?")
LINKING = frozenset(
    [
        "with",
        "from",
        "into",
        "using",
        "under",
        "over",
        "through",
        "between",
        "toward",
        "towards",
        "about",
        "their",
        "based",
    ]
)
Pair = tuple[Listing, Listing]


def another_word(title: str, vocabulary: list[str], rng: random.Random) -> str:
    """Return a title with one content word replaced by that of another title."""
    words = title.split()
    places = [
        n for n, word in enumerate(words) if CONTENT_WORD.fullmatch(word) and word.lower() not in LINKING
    ]
    place = rng.choice(places or [0])
    others = (rng.choice(vocabulary) for _ in range(99))
    words[place] = next(word for word in others if word.lower() != words[place].strip(",:").lower())
    return " ".join(words)


def record_of(paper: Listing, **changes: Any) -> Listing:
    """Return a paper as a bibliography lists it: without abstract, with a venue and a year."""
    return replace(paper, **{"abstract": "", "venue": VENUE, "published": date(2025, 1, 1)} | changes)


def by_the_same_authors(real: list[Listing], count: int, rng: random.Random) -> list[Pair]:
    """Return pairs of different papers that share at least half of their authors."""
    by_author: dict[str, list[Listing]] = {}
    for paper in real:
        for author in paper.authors[:2]:
            by_author.setdefault(author, []).append(paper)
    found = []
    for papers_of in by_author.values():
        for one, other in pairwise(papers_of):
            both = set(one.authors) & set(other.authors)
            if len(both) * 2 >= max(len(one.authors), len(other.authors)) and plain(one.title) != plain(
                other.title
            ):
                found.append((one, other))
    return rng.sample(found, min(count, len(found)))


def both_kinds(real: list[Listing], count: int) -> dict[str, dict[str, list[Pair]]]:
    """Return pairs of listings by kind and by the evidence that they have besides authors and venue."""
    rng = random.Random(1)
    vocabulary = [
        word
        for paper in real
        for word in paper.title.split()
        if CONTENT_WORD.fullmatch(word) and word[-1].isalpha()
    ]
    chosen = rng.sample(real, count)
    strange = rng.sample(real, count)
    titles = [another_word(paper.title, vocabulary, rng) for paper in chosen]
    near = [
        (record_of(paper), record_of(paper, title=title)) for paper, title in zip(chosen, titles, strict=True)
    ]
    authors = by_the_same_authors(real, count, rng)

    def known(pairs: list[Pair], **same: str) -> list[Pair]:
        return [
            tuple(replace(each, **{name: value.format(n) for name, value in same.items()}) for each in pair)
            for n, pair in enumerate(pairs)
        ]  # fmt: skip

    def texts(pairs: list[Pair], others: list[Listing]) -> list[Pair]:
        return [
            (replace(one, abstract=paper.abstract), replace(other, abstract=second.abstract))
            for (one, other), paper, second in zip(pairs, chosen, others, strict=True)
        ]

    return {
        "other paper, same authors": {
            "authors and venue": [(record_of(one), record_of(other)) for one, other in authors],
            "abstracts": [(record_of(one, abstract=one.abstract), record_of(other, abstract=other.abstract)) for one, other in authors],
        },
        "other paper, one word of the title": {"authors and venue": near, "abstracts": texts(near, strange)},
        "same paper, mended title": {
            "abstracts": texts(near, chosen),
            "DOI": known(near, doi="10.1000/tide.{}"),
            "PubMed id": known(near, url="https://pubmed.ncbi.nlm.nih.gov/{}1/"),
            "address": known(near, url="https://tide.example/papers/{}"),
        },
    }  # fmt: skip


def judged(pairs: list[Pair]) -> dict[str, int]:
    """Return how many of the pairs are joined, and how many of the others are doubts."""
    verdicts = [(one, other, compare(one, other)) for one, other in pairs]
    doubts = sum(may_be_one(one, other, verdict) for one, other, verdict in verdicts)
    return {"pairs": len(pairs), "joined": sum(verdict.same for _, _, verdict in verdicts), "doubts": doubts}


def print_pairs(found: dict[str, dict[str, dict[str, int]]]) -> None:
    print(f"{'pairs':36} {'evidence':18} {'pairs':>6} {'joined':>7} {'doubts':>7}")
    for kind, rows in found.items():
        for evidence, row in rows.items():
            print(f"{kind:36} {evidence:18} {row['pairs']:6} {row['joined']:7} {row['doubts']:7}")


# --- the methods --------------------------------------------------------------------------------------


def plain(title: str) -> str:
    return " ".join(re.findall(r"\w+", title.lower()))


def looked_up(tx: Transaction, listing: Listing) -> int | None:
    """Return the number of the known paper to which a run would assign the listing, or None."""
    file = DigestFile("f", "0" * 64, "probe", date(2026, 1, 2), False, NOON, (listing,))
    (change,) = judge(tx, file)
    return change.known.number if change.known else None


def amortised(tx: Transaction, listings: list[Listing], runs: int = 15) -> float:
    """Return the microseconds of processor time per listing in a file of all of them: the median of the runs.

    The cache of words is cleared before each run.
    """
    file = DigestFile(
        "f",
        "0" * 64,
        "probe",
        date(2026, 1, 2),
        False,
        NOON,
        tuple(replace(one, rank=n) for n, one in enumerate(listings, 1)),
    )
    times = []
    for _ in range(runs):
        folding._cached.cache_clear()  # noqa: SLF001
        start = time.process_time()
        judge(tx, file)
        times.append(time.process_time() - start)
    return statistics.median(times) / len(listings) * 1e6


def in_a_file(folder: Path, probed: dict[str, list[Listing]]) -> dict[str, int]:
    """Return the microseconds per listing in a file, for each kind of change."""
    with open_store("sqlite:///library.db", home=folder).begin(write=False) as tx:
        return {kind: round(amortised(tx, listings)) for kind, listings in probed.items()}


IN_A_FILE = ("case", "one typo", "changed word", "fresh")
Method = Callable[[Listing], int | None]


def methods(tx: Transaction, titles: list[str]) -> dict[str, tuple[Method, int]]:
    """Return each method with n, where it gets one in n probes."""
    equal = {plain(title): number for number, title in enumerate(titles, 1)}
    found: dict[str, tuple[Method, int]] = {
        "digest, abstract + authors": (lambda listing: looked_up(tx, listing), 1),
        "digest, authors": (lambda listing: looked_up(tx, replace(listing, abstract="")), 1),
        "digest, title alone": (lambda listing: looked_up(tx, replace(listing, abstract="", authors=())), 1),
        "equal titles": (lambda listing: equal.get(plain(listing.title)), 1),
    }
    try:
        from rapidfuzz import fuzz, process
    except ImportError:
        print("rapidfuzz is not installed; skipping it", file=sys.stderr)
        return found
    folded = [plain(title) for title in titles]

    def nearest(listing: Listing) -> int | None:
        best = process.extractOne(plain(listing.title), folded, scorer=fuzz.ratio, score_cutoff=90)
        return best[2] + 1 if best else None

    found["rapidfuzz ≥ 90"] = nearest, 1 + len(titles) // 20_000
    return found


def probes_of(
    known: list[tuple[int, Listing]], strange: list[Listing], rng: random.Random
) -> dict[str, list[tuple[int | None, Listing]]]:
    """Return the probes by kind: pairs of the number of the right paper (None for a new one) and a listing."""
    found: dict[str, list[tuple[int | None, Listing]]] = {}
    for kind, change in CHANGES.items():
        chosen = [(number, replace(paper, title=change(paper.title, rng))) for number, paper in known]
        if kind == "dropped subtitle":
            chosen = [probe for probe, (_, paper) in zip(chosen, known, strict=True) if ": " in paper.title]
        found[kind] = list(chosen)
    found["series"] = [
        (None, replace(paper, title=paper.title + rng.choice(SERIES)[1])) for _, paper in known
    ]
    found["fresh"] = [(None, paper) for paper in strange]
    return found


def measure(real: list[Listing], count: int, probes: int) -> dict[str, object]:
    rng = random.Random(7)
    fresh, rest = real[:probes], real[probes:]
    listed = list(library_of(rest, count, rng))
    chosen = sorted(rng.sample(range(min(len(rest), count)), probes))
    for place in chosen:  # every fifth paper is the first of a series
        if place % 5 == 0:
            listed[place] = replace(listed[place], title=listed[place].title + rng.choice(SERIES)[0])
    known = [(place + 1, listed[place]) for place in chosen]
    with tempfile.TemporaryDirectory() as folder:
        store = open_store("sqlite:///library.db", home=Path(folder))
        start = time.perf_counter()
        fill(store, listed)
        built = time.perf_counter() - start
        kinds = probes_of(known, fresh, random.Random(9))
        with get_context("spawn").Pool(1) as pool:  # like a run, in a process without a million titles
            probed = {kind: [listing for _, listing in kinds[kind]] for kind in IN_A_FILE}
            files = pool.apply(in_a_file, (Path(folder), probed))
        with store.begin(write=False) as tx:
            rows = {
                name: table_of(method, share, probes_of(known, fresh, random.Random(9)))
                for name, (method, share) in methods(tx, [listing.title for listing in listed]).items()
            }
            index = tx.library._db.execute(text("select count(*) from trace")).scalar_one()  # noqa: SLF001
        store.close()
        size = (Path(folder) / "library.db").stat().st_size
    return {
        "titles": count,
        "build_s": round(built, 1),
        "database_mb": size >> 20,
        "traces": index,
        "us_in_a_file": files,
        "judges": rows,
    }


def table_of(
    decide: Method, share: int, probes: dict[str, list[tuple[int | None, Listing]]]
) -> dict[str, object]:
    row: dict[str, object] = {}
    times = []
    for kind, several in probes.items():
        right = wrong = 0
        probed = several[:: min(share, max(1, len(several) // 10))]
        for number, listing in probed:
            start = time.perf_counter()
            answer = decide(listing)
            times.append(time.perf_counter() - start)
            right += number is not None and answer == number
            wrong += answer is not None and answer != number
        row[kind] = {"found": round(right / len(probed), 3), "wrong": round(wrong / len(probed), 3)}
    return {"us_per_probe": round(statistics.median(times) * 1e6), "kinds": row}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=DATA)
    parser.add_argument(
        "--titles", default="20000", help="library sizes, separated by commas (default 20000)"
    )
    parser.add_argument("--probes", type=int, default=200)
    parser.add_argument("--pairs", type=int, default=400, help="pairs of each kind (default 400)")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    real = real_papers(arguments.folder)
    if len(real) < 3 * arguments.probes:
        sys.exit(f"{arguments.folder}: {len(real)} papers are too few for {arguments.probes} probes")
    pairs = {
        kind: {evidence: judged(each) for evidence, each in rows.items()}
        for kind, rows in both_kinds(real, arguments.pairs).items()
    }
    found = [measure(real, int(count), arguments.probes) for count in arguments.titles.split(",")]
    if arguments.json:
        print(json.dumps({"pairs": pairs, "libraries": found}))
        return
    print_pairs(pairs)
    for library in found:
        about = f"{library['titles']} titles, {library['traces']} traces, {library['database_mb']} MB"
        print(f"\n{about}, built in {library['build_s']} s; found / wrong in %")
        times = ", ".join(f"{kind} {us} µs" for kind, us in library["us_in_a_file"].items())
        print(f"digest, processor time per listing in a file of {arguments.probes}: {times}")
        for name, row in library["judges"].items():
            print(f"{name}: {row['us_per_probe']} µs per probe (median)")
            for kind, share in row["kinds"].items():
                print(f"    {kind:18} {share['found'] * 100:6.1f} {share['wrong'] * 100:6.1f}")


if __name__ == "__main__":
    main()
