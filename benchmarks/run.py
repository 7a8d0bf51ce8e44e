"""The CPU time of a first run with N subscriptions, beside that of the script that somebody would write instead.

python benchmarks/run.py [SCALE_FOLDER] [--subscriptions N] [--papers P…] [--runs R] [--home FOLDER] [--json]

The folder (default: ../shared/scale) has make_subscriptions.py, which writes subscriptions, and plain_script.py: TOML,
SQLite FTS5, one Jinja template; no schedule, feed or email. It writes the HTML of the issues alone; digest writes HTML,
emails, feeds and archive. The papers are those of ../shared/data/arxiv-days. Each number is the least of the runs, as
other work on the machine only adds. Files are written below FOLDER (default: a folder for temporary files).
"""

import argparse
import gzip
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
SCALE = ROOT.parent / "shared" / "scale"


def measured(command: list[str], log: Path) -> dict[str, float]:
    """Run a command and return its seconds, on a processor and by the clock, and its largest memory in MB."""
    start = time.perf_counter()
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    if os.waitstatus_to_exitcode(status) not in (0, 1):
        raise SystemExit(log.read_text("utf-8"))
    return {"cpu": usage.ru_utime + usage.ru_stime, "wall": wall, "MB": usage.ru_maxrss / 1024}


def write_papers(scale: Path, count: int, path: Path) -> None:
    """Write papers as the JSON lines that `digest read` prints."""
    (source,) = (scale.parent / "data" / "arxiv-days").glob("papers*.jsonl.gz")
    titles: set[str] = set()
    with gzip.open(source, "rt") as file, path.open("w") as out:
        for line in file:
            paper = json.loads(line)
            if len(titles) == count:
                break
            if paper["title"] not in titles:
                titles.add(paper["title"])
                arxiv = {"arxiv": f"2503.{len(titles):05d}", "doi": None}
                row = {"title": paper["title"], "abstract": paper["summary"], "authors": ["Ada Steep"]}
                row |= {
                    "published": "2025-03-18",
                    "categories": ["cs.CV"],
                    "ids": arxiv,
                    "url": arxiv_url(arxiv),
                }
                out.write(json.dumps(row) + "\n")


def arxiv_url(ids: dict[str, str | None]) -> str:
    return f"https://arxiv.org/abs/{ids['arxiv']}"


def megabytes(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def compare(scale: Path, subscriptions: int, papers: int, runs: int, where: Path) -> dict[str, object]:
    """Return the seconds of both for so many subscriptions and papers, and the size of what digest writes."""
    ours, plain, size = [], [], 0.0
    for _ in range(runs):
        with tempfile.TemporaryDirectory(dir=where) as folder:
            home, listed = Path(folder) / "home", Path(folder) / "papers.jsonl"
            (home / "inbox").mkdir(parents=True)
            write_papers(scale, papers, listed)
            shutil.copy(listed, home / "inbox")
            make = [sys.executable, str(scale / "make_subscriptions.py"), str(subscriptions), str(home)]
            measured(make, Path(folder) / "log")
            script = [sys.executable, str(scale / "plain_script.py"), str(home), str(listed)]
            run = [sys.executable, "-m", "digest", "--home", str(home), "run", "--quiet"]
            plain.append(measured(script, Path(folder) / "log"))
            ours.append(measured(run, Path(folder) / "log"))
            size = megabytes(home / "output")
    best = {
        "digest": min(ours, key=lambda each: each["cpu"]),
        "script": min(plain, key=lambda each: each["cpu"]),
    }
    return {
        "subscriptions": subscriptions,
        "papers": papers,
        **{f"{who} {unit}": round(value, 2) for who, row in best.items() for unit, value in row.items()},
        "ratio of cpu": round(best["digest"]["cpu"] / best["script"]["cpu"], 1),
        "output MB": round(size),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", type=Path, default=SCALE)
    parser.add_argument("--subscriptions", type=int, default=1_000)
    parser.add_argument("--papers", type=int, nargs="+", default=[50, 1_000])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--home", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    rows = [
        compare(arguments.folder, arguments.subscriptions, papers, arguments.runs, arguments.home)
        for papers in arguments.papers
    ]
    if arguments.json:
        print(json.dumps({"runs": arguments.runs, "rows": rows}))
        return
    names = list(rows[0])
    print("  ".join(f"{name:>13}" for name in names))
    for row in rows:
        print("  ".join(f"{row[name]!s:>13}" for name in names))


if __name__ == "__main__":
    main()
