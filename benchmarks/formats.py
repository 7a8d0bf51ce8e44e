"""Papers per second for each format, compared with the bare parser, on the real files.

    python benchmarks/formats.py [DATA_FOLDER] [--runs N] [--json]

digest is timed from bytes to listings, including the encoding, recognising the format, parsing, and all fields.
The peer is only the parser on the same bytes, without use of its result (`json.loads`, lxml's `fromstring`,
feedparser, `csv.DictReader`, `email`), or a split of the text between papers if there is no parser. rispy and
bibtexparser are used if they are installed. Small files are repeated. Figures are medians of the runs.
"""

import argparse
import csv
import gzip
import importlib
import json
import re
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email import message_from_bytes
from io import BytesIO, StringIO
from pathlib import Path

from digest.model import DigestFile
from digest.read import Loaded, parse

DATA = Path(__file__).parents[2] / "shared" / "data"
WHEN = datetime(2026, 11, 20, tzinfo=UTC)


@dataclass(frozen=True)
class Case:
    """The documents of a format, and the bare parser for one of them (None if it is not installed)."""

    name: str
    documents: list[bytes]
    peer: str
    plain: Callable[[bytes], object] | None


def feedparser_of(data: bytes) -> object:
    return importlib.import_module("feedparser").parse(BytesIO(data))


def lxml_of(data: bytes) -> object:
    return importlib.import_module("lxml.etree").fromstring(data)


def optional(module: str, use: Callable[[object, str], object]) -> Callable[[bytes], object] | None:
    try:
        found = importlib.import_module(module)
    except ImportError:
        return None
    return lambda data: use(found, data.decode())


def numbered(text: str, title: str, times: int) -> bytes:
    """Return a bibliography repeated many times, each time with different titles."""
    pieces = (re.sub(title, rf"\g<0>{number} ", text) for number in range(times))
    return "\n".join(pieces).encode()


def cases(data: Path) -> Iterator[Case]:
    def files(folder: str, pattern: str) -> list[bytes]:
        return [path.read_bytes() for path in sorted((data / folder).glob(pattern))]

    responses = [json.loads(document) for document in files("arxiv-api", "q_*.json")]
    atoms = [response["body"].encode() for response in responses]
    crawled = gzip.decompress((data / "arxiv-days" / "papers_2025-03_05.jsonl.gz").read_bytes())
    mails = files("arxiv-mail", "*.txt")
    entry = (data / "alerts" / "cs.AI_atom_2025-08-20_excerpt.xml").read_bytes()
    head, item, tail = re.split(rb"(<entry>.*</entry>)", entry, flags=re.DOTALL)
    feed = head + b"".join(item.replace(b"2508.13428", b"2508.%05d" % number) for number in range(300)) + tail
    ris = numbered((data / "bibliography" / "dataset_2.ris").read_text("utf-8"), r"(?m)^TI  - ", 40)
    bib = numbered((data / "bibliography" / "NBER_w33843.bib").read_text("utf-8"), r'title = "', 300)
    table = "title,abstract,doi\n" + "".join(
        f'"Paper {n}","{"Words, of it. " * 80}",10.1/{n}\n' for n in range(1000)
    )
    yield Case(
        "daily-papers-page",
        files("daily-papers-pages", "*.txt"),
        "split at blank lines",
        lambda d: re.split(r"\n\s*\n", d.decode()),
    )
    yield Case("daily-papers-api", files("daily-papers-api", "*.json"), "json.loads", json.loads)
    yield Case("arxiv-api", atoms, "lxml.etree", lxml_of)
    yield Case("arxiv-api", atoms, "feedparser", feedparser_of)
    yield Case("arxiv-feed", [feed], "feedparser", feedparser_of)
    yield Case("arxiv-json", [crawled], "json.loads", lambda d: [json.loads(line) for line in d.splitlines()])
    yield Case("arxiv-mail", mails, "split at the marks", lambda d: re.split(r"(?m)^\\\\", d.decode()))
    yield Case("arxiv-mail (message)", mails, "email", lambda d: message_from_bytes(d).get_payload())
    yield Case(
        "arxiv-abs",
        files("arxiv-abs", "*.abs"),
        "split at the marks",
        lambda d: re.split(r"(?m)^\\\\", d.decode()),
    )
    yield Case(
        "feed",
        [feed.replace(b"arxiv.org", b"shore.example").replace(b"arXiv.org", b"shore.example")],
        "feedparser",
        feedparser_of,
    )
    yield Case("ris", [ris], "rispy", optional("rispy", lambda rispy, text: rispy.loads(text)))
    yield Case(
        "bibtex", [bib], "bibtexparser", optional("bibtexparser", lambda bib, text: bib.parse_string(text))
    )
    yield Case(
        "csv", [table.encode()], "csv.DictReader", lambda d: list(csv.DictReader(StringIO(d.decode())))
    )


def ours(documents: list[bytes]) -> int:
    """Read all documents and return the number of papers."""
    total = 0
    for number, document in enumerate(documents):
        found = parse(Loaded(f"{number}", document, "0" * 64, WHEN), today=date(2026, 11, 20), zone=UTC)
        assert isinstance(found, DigestFile), found
        total += len(found.listings)
    return total


def seconds(work: Callable[[], object], runs: int) -> float:
    """Return the median of the runs, after a run that is not counted."""
    work()
    spent = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        spent.append(time.perf_counter() - start)
    return statistics.median(spent)


def measure(case: Case, runs: int) -> dict[str, object]:
    papers = ours(case.documents)
    mine = papers / seconds(lambda: ours(case.documents), runs)
    plain = case.plain
    theirs = papers / seconds(lambda: [plain(one) for one in case.documents], runs) if plain else None
    return {"format": case.name, "papers": papers, "papers_per_s": round(mine), "peer": case.peer,
            "peer_papers_per_s": round(theirs) if theirs else None,
            "share_of_peer": round(mine / theirs, 2) if theirs else None}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="?", type=Path, default=DATA)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    rows = [measure(case, arguments.runs) for case in cases(arguments.data)]
    if arguments.json:
        print(json.dumps({"runs": arguments.runs, "formats": rows}))
        return
    print(f"{'format':22} {'papers':>7} {'papers/s':>10}   {'bare parser':22} {'papers/s':>10} {'ratio':>10}")
    for row in rows:
        theirs = row["peer_papers_per_s"]
        shown = f"{theirs:>10,} {row['share_of_peer']:>10}" if theirs else f"{'missing':>10}"
        print(f"{row['format']:22} {row['papers']:>7,} {row['papers_per_s']:>10,}   {row['peer']:22} {shown}")


if __name__ == "__main__":
    main()
