"""How long readers wait for `digest serve` while a run writes to the library, beside a home where nothing runs.

    python benchmarks/reader_pages.py [FOLDER] [--papers 12000] [--readers 300] [--json]

A first run mails an issue to the readers. Then a second process reads one file of many papers (words of the files in
FOLDER, mixed) into the same library. During that, one client after the other opens an unsubscribe page (GET), confirms
it (POST), and opens the archive's start page; each POST is of another reader. Times are in milliseconds. `late` counts
the readers who got mail of the second run more than a second after the answer to their POST.
"""

import argparse
import http.client
import json
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from digest.home.settings_file import open_home
from digest.scheduler.service import Service, logger
from digest.web.server import page_listener

ROOT = Path(__file__).parents[1]
DATA = ROOT.parent / "shared" / "data" / "daily-papers-pages"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
SETTINGS = """\
base_url = "https://digest.example.org/"
channels = ["maildir"]
[maildir]
path = "mail"
from = "Digest <digest@example.org>"
"""
IDLE_SECONDS, PAUSE = 5.0, 0.2


def listings(words: list[str], count: int, seed: int) -> Iterator[str]:
    """Yield the JSON lines of papers with mixed words, every tenth about lamps."""
    chance = random.Random(seed)
    for rank in range(1, count + 1):
        topic = "lamp " if rank % 10 == 0 else ""
        yield json.dumps(
            {
                "title": topic + " ".join(chance.choices(words, k=9)),
                "abstract": " ".join(chance.choices(words, k=150)),
                "authors": [f"{chance.choice(words).title()} {chance.choice(words).title()}"],
                "author_count": 1,
                "published": None,
                "comments": None,
                "upvotes": None,
                "organization": None,
                "categories": [],
                "ids": {"arxiv": None, "doi": None},
                "url": None,
                "withdrawn": False,
                "source": "mixed",
                "file": "mixed",
                "rank": rank,
            }
        )


def run(home: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "digest", *arguments, "--home", str(home), "--quiet"]


def prepare(home: Path, words: list[str], readers: int) -> dict[str, str]:
    """Make a home whose readers have got an issue; return the path of each reader's unsubscribe page."""
    for name in ("inbox", "subscriptions"):
        (home / name).mkdir(parents=True)
    (home / "digest.toml").write_text(SETTINGS, "utf-8")
    addresses = [f"reader{number}@example.org" for number in range(readers)]
    (home / "subscriptions" / "lamps.toml").write_text(
        f'keywords = ["lamp"]\nemail = {json.dumps(addresses)}\n', "utf-8"
    )
    (home / "inbox" / "first.jsonl").write_text("\n".join(listings(words, 50, 1)) + "\n", "utf-8")
    subprocess.run(run(home, "run"), check=False, capture_output=True)
    return {reader: page for _, reader, page in mails(home)}


def mails(home: Path) -> Iterator[tuple[float, str, str]]:
    """Yield the time, the reader and the unsubscribe page of each mail."""
    for file in (home / "mail" / "new").iterdir():
        text = file.read_text("utf-8")
        (reader,) = re.findall(r"^Delivered-To: (.*)$", text, re.MULTILINE)
        (page,) = re.findall(r"https://[^/]*(/unsubscribe/[^>]*)>", text)
        yield file.stat().st_mtime, reader, page


def ask(port: int, method: str, path: str) -> float:
    """Return the milliseconds until a response was read."""
    start = time.perf_counter()
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    client.request(
        method,
        path,
        b"List-Unsubscribe=One-Click" if method == "POST" else None,
        FORM if method == "POST" else {},
    )
    answer = client.getresponse()
    answer.read()
    client.close()
    assert answer.status == 200, (method, path, answer.status)
    return (time.perf_counter() - start) * 1000


def visit(
    port: int, pages: dict[str, str], left: dict[str, float], going_on: Callable[[], bool]
) -> dict[str, list[float]]:
    """Return the times of all requests, by kind, until nothing is going on; takes one page for each POST.

    `left` gets the time of the answer to each POST, by reader.
    """
    times: dict[str, list[float]] = {"GET /unsubscribe": [], "POST /unsubscribe": [], "GET /": []}
    while going_on() and pages:
        reader, page = pages.popitem()
        times["GET /unsubscribe"].append(ask(port, "GET", page))
        times["POST /unsubscribe"].append(ask(port, "POST", page))
        left[reader] = time.time()
        times["GET /"].append(ask(port, "GET", "/"))
        time.sleep(PAUSE)
    return times


def measure(
    home: Path, words: list[str], papers: int, readers: int
) -> tuple[list[dict[str, object]], float, int, int]:
    pages, left = prepare(home, words, readers), dict[str, float]()
    service = Service(open_home(str(home)), logger(machine=True))
    with page_listener(service, "127.0.0.1", 0) as listener:
        end = time.perf_counter() + IDLE_SECONDS
        idle = visit(listener.port, pages, left, lambda: time.perf_counter() < end)
        (home / "inbox" / "many.jsonl").write_text("\n".join(listings(words, papers, 2)) + "\n", "utf-8")
        start, began = time.perf_counter(), time.time()
        process = subprocess.Popen(
            run(home, "run", "--force"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        busy = visit(listener.port, pages, left, lambda: process.poll() is None)
        process.wait()
        seconds = time.perf_counter() - start
    second = [(at, reader) for at, reader, _ in mails(home) if at > began]
    late = sum(left.get(reader, at) + 1 < at for at, reader in second)
    rows = [
        {
            "request": kind,
            "while": state,
            "requests": len(values),
            "median": round(statistics.median(values), 1),
            "p99": round(sorted(values)[int(len(values) * 0.99)], 1),
            "max": round(max(values), 1),
        }
        for kind in idle
        for state, values in (("idle", idle[kind]), ("a run", busy[kind]))
        if values
    ]
    return rows, seconds, len(second), late


def cli() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", type=Path, default=DATA)
    parser.add_argument("--papers", type=int, default=12_000)
    parser.add_argument("--readers", type=int, default=1000)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    if not arguments.folder.is_dir():
        arguments.folder = ROOT / "inbox"
    text = " ".join(file.read_text("utf-8", "replace") for file in sorted(arguments.folder.glob("*.txt")))
    words = sorted(set(re.findall(r"[a-z]{3,12}", text)))
    with tempfile.TemporaryDirectory() as folder:
        rows, seconds, sent, late = measure(Path(folder) / "home", words, arguments.papers, arguments.readers)
    if arguments.json:
        print(json.dumps({"rows": rows, "run_seconds": round(seconds, 1), "sent": sent, "late": late}))
        return
    print(f"{'request':18} {'while':6} {'requests':>8} {'median':>8} {'p99':>8} {'max':>8}")
    for row in rows:
        print("{request:18} {while:6} {requests:8} {median:8} {p99:8} {max:8}".format(**row))
    print(f"\nThe run took {seconds:.1f} s and sent {sent} mails; late: {late}.")


if __name__ == "__main__":
    cli()
