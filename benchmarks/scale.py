"""What a run costs as subscriptions grow: rows without files, imported, matched with 50 papers, stored and queued.

python benchmarks/scale.py [SCALE_FOLDER] [--rows N…] [--papers P] [--script-up-to N] [--home FOLDER] [--json]

The subscriptions are those of make_subscriptions.py (see benchmarks/run.py), each with an address. For every N: seconds
of processor time for the import, for the first run, for the next run with nothing new, and for an idle minute of the
clock; the largest memory of the first run, and the size of the library. Beside them the first run of plain_script.py,
which writes HTML files instead, for up to so many subscriptions.
"""

import argparse
import json
import sys
import tempfile
import time
import tomllib
from datetime import UTC, datetime
from pathlib import Path

from run import SCALE, measured, write_papers

_IDLE_MINUTES = 5


def write_rows(files: Path, path: Path) -> None:
    """Write subscription files as the JSON lines that `digest subscriptions import` reads."""
    with path.open("w") as out:
        for each in sorted(files.glob("*.toml")):
            out.write(json.dumps({"id": each.stem, **tomllib.loads(each.read_text("utf-8"))}) + "\n")


def idle_minute(home: Path) -> float:
    """Return the processor seconds of a minute of the clock in which nothing is due and no file has come."""
    from digest.home.settings_file import open_home
    from digest.scheduler.tick import Ticker
    from digest.services.workspace import Clock

    ticker, now = Ticker(open_home(str(home)), stopping=lambda: False), datetime.now(UTC)
    ticker.tick(Clock(now, now))  # the first one finds the files of the inbox
    start = time.process_time()
    for _ in range(_IDLE_MINUTES):
        ticker.tick(Clock(now, now))
    return (time.process_time() - start) / _IDLE_MINUTES


def costs(scale: Path, rows: int, papers: int, folder: Path, *, script: bool) -> dict[str, object]:
    """Return the costs of a home with so many rows."""
    home, plain, log = folder / "home", folder / "plain", folder / "log"
    (home / "inbox").mkdir(parents=True)
    listed = home / "inbox" / "papers.jsonl"
    write_papers(scale, papers, listed)
    measured([sys.executable, str(scale / "make_subscriptions.py"), str(rows), str(plain)], log)
    write_rows(plain / "subscriptions", folder / "rows.jsonl")
    digest = [sys.executable, "-m", "digest", "--home", str(home)]
    imported = measured([*digest, "subscriptions", "import", str(folder / "rows.jsonl")], log)
    first = measured([*digest, "run", "--quiet"], log)
    again = measured([*digest, "run", "--quiet"], log)
    found = {
        "rows": rows,
        "import": imported["cpu"],
        "first run": first["cpu"],
        "wall": first["wall"],
        "ms a row": 1000 * first["cpu"] / rows,
        "MB": first["MB"],
        "library MB": (home / "digest.db").stat().st_size / 1e6,
        "nothing new": again["cpu"],
        "idle minute": idle_minute(home),
    }
    if script:
        command = [sys.executable, str(scale / "plain_script.py"), str(plain), str(listed)]
        found["script"] = measured(command, log)["cpu"]
        found["times"] = found["first run"] / found["script"]
    return {name: round(value, 3) if isinstance(value, float) else value for name, value in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", type=Path, default=SCALE)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000, 10_000])
    parser.add_argument("--papers", type=int, default=50)
    parser.add_argument("--script-up-to", type=int, default=10_000)
    parser.add_argument("--home", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    found = []
    for rows in sorted(arguments.rows):
        with tempfile.TemporaryDirectory(dir=arguments.home) as folder:
            script = rows <= arguments.script_up_to
            found.append(costs(arguments.folder, rows, arguments.papers, Path(folder), script=script))
    if arguments.json:
        print(json.dumps(found))
        return
    names = list(found[0])
    print("  ".join(f"{name:>11}" for name in names))
    for row in found:
        print("  ".join(f"{row.get(name, '')!s:>11}" for name in names))


if __name__ == "__main__":
    main()
