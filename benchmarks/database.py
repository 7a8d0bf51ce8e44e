"""How fast a library reaches a PostgreSQL server: `digest database copy`, `digest import`, and back, beside bare COPY.

python benchmarks/database.py [--rows N] [--home FOLDER] [--json]

The library has N subscriptions without files, with their cursors. The server is one of the tests: local, with fsync off.
For each way: rows, seconds, rows a second, and rows a second of processor time of this process alone. The peer is psycopg's
COPY of the same rows of the table of subscriptions, as they are in the database.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.homes import TestHome, page
from tests.postgres import Postgres, server

Row = dict[str, object]


def timed(name: str, work: Callable[[], int]) -> Row:
    wall, cpu = time.perf_counter(), time.process_time()
    rows = work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {
        "way": name,
        "rows": rows,
        "seconds": round(wall, 2),
        "rows/s": round(rows / wall),
        "rows/cpu s": round(rows / cpu),
    }


def lines_of(home: TestHome, *words: object) -> int:
    done = home.call(*words, "--json")
    assert done.status == 0, done.err
    return sum(done.json["lines"].values())


def home_with(folder: Path, rows: int) -> TestHome:
    home = TestHome(folder)
    home.put("a.txt", page("One lamp", "Two lamps"))
    home.run("2026-11-20T09:00")
    table = folder / "rows.jsonl"
    with table.open("w") as file:
        for n in range(rows):
            row = {
                "id": f"row{n}",
                "email": [f"r{n}@example.org"],
                "keywords": [f"lantern{n % 997}", "lamp*"],
            }
            file.write(json.dumps(row) + "\n")
    assert home.call("subscriptions", "import", table).status == 0
    return home


def bare_copy(source: str, target: str) -> int:
    """Copy the table of subscriptions from one database of the server to another, with nothing else."""
    import psycopg

    plain = [url.replace("+psycopg", "") for url in (source, target)]
    with psycopg.connect(plain[0]) as one, psycopg.connect(plain[1]) as other:
        rows = one.execute("select * from subscription").fetchall()
        other.execute(
            "create table subscription (like_id text, settings bytea, problems bytea, state text, digest text,"
            " since text, next_due text, mailed boolean, home text)"
        )
        with other.cursor().copy("copy subscription from stdin") as copy:
            for row in rows:
                copy.write_row(row)
    return len(rows)


def measure(folder: Path, rows: int, postgres: Postgres) -> list[Row]:
    home, there = home_with(folder / "home", rows), postgres.new_database()
    new = TestHome(folder / "new")
    new.write("digest.toml", f'database = "{postgres.new_database()}"\n')
    lines_of(home, "export", folder / "export")
    return [
        timed("copy to PostgreSQL", lambda: lines_of(home, "database", "copy", "sqlite:///digest.db", there)),
        timed("copy back", lambda: lines_of(home, "database", "copy", there, folder / "back.db")),
        timed("import into PostgreSQL", lambda: lines_of(new, "import", folder / "export")),
        timed("bare COPY (peer)", lambda: bare_copy(there, postgres.new_database())),
    ]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--home", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.home) as folder, server() as postgres:
        found = measure(Path(folder), arguments.rows, postgres)
    if arguments.json:
        print(json.dumps(found))
        return
    for row in [dict(zip(found[0], found[0], strict=True)), *found]:
        print(f"{row['way']:<24}", *(f"{row[name]:>12}" for name in list(found[0])[1:]))


if __name__ == "__main__":
    main()
