"""The time of whole processes: start-up, a first run and a run without news, compared with a bare interpreter.

python benchmarks/main_job.py [PAGES_FOLDER] [--runs N] [--json]
"""

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
DATA = ROOT.parent / "shared" / "data" / "daily-papers-pages"


def seconds(command: list[str]) -> float:
    """Return the wall-clock seconds of a command."""
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=DATA)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    pages = sorted(
        map(str, (arguments.folder if arguments.folder.is_dir() else ROOT / "inbox").glob("[0-9]*.txt"))
    )
    digest = [sys.executable, "-m", "digest"]
    times: dict[str, list[float]] = {
        "bare python": [],
        "digest --help": [],
        "run, first": [],
        "run, nothing new": [],
    }
    for _ in range(arguments.runs):
        with tempfile.TemporaryDirectory() as folder:
            home = Path(folder)
            shutil.copytree(ROOT / "subscriptions", home / "subscriptions")
            run = [*digest, "run", "--home", folder, *pages]
            times["bare python"].append(seconds([sys.executable, "-c", "pass"]))
            times["digest --help"].append(seconds([*digest, "--help"]))
            times["run, first"].append(seconds(run))
            times["run, nothing new"].append(seconds(run))
    base = statistics.median(times["bare python"])
    rows = {
        name: {
            "median_s": round(statistics.median(values), 4),
            "ratio": round(statistics.median(values) / base, 1),
        }
        for name, values in times.items()
    }
    if arguments.json:
        print(json.dumps({"pages": len(pages), "runs": arguments.runs, "commands": rows}))
        return
    print(f"{len(pages)} pages, medians of {arguments.runs} runs, whole processes")
    for name, row in rows.items():
        print(f"{name:18} {row['median_s']:8.3f} s {row['ratio']:7.1f} × bare python")


if __name__ == "__main__":
    main()
