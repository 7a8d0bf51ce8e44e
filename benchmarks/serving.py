"""Requests per second of `digest serve`, compared with static file servers on this machine.

    python benchmarks/serving.py [FOLDER] [--seconds 2] [--runs 3] [--json]

Pages of 1, 10 and 100 KiB (made of the text of the files in FOLDER) are requested over one and eight connections
that stay open; each connection sends its next request when it has read the response. Beside `digest serve`, they
are served by Python's http.server (threads, TCP_NODELAY) and, if it is installed, by nginx. Figures are medians of
the runs, which take turns: requests per second, and the median time of a response in milliseconds.
"""

import argparse
import contextlib
import functools
import http.client
import http.server
import itertools
import json
import os
import shutil
import socket
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from digest.home.settings_file import open_home
from digest.scheduler.service import Service, logger
from digest.web.server import page_listener

ROOT = Path(__file__).parents[1]
DATA = ROOT.parent / "shared" / "data" / "daily-papers-pages"
SIZES, CONNECTIONS = (1, 10, 100), (1, 8)
NGINX = """\
{user}daemon off; pid {folder}/nginx.pid; error_log /dev/null; worker_processes 1;
events {{}}
http {{
  access_log off; keepalive_requests 1000000;
  server {{ listen 127.0.0.1:{port}; root {root}; }}
}}
"""


@contextlib.contextmanager
def digest_server(home: Path) -> Iterator[int]:
    service = Service(open_home(str(home)), logger(machine=True))
    with page_listener(service, "127.0.0.1", 0) as listener:
        yield listener.port


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_args: object) -> None:
        pass


@contextlib.contextmanager
def python_server(home: Path) -> Iterator[int]:
    handler = functools.partial(QuietHandler, directory=str(home / "output" / "site"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@contextlib.contextmanager
def nginx_server(home: Path) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    file = home / "nginx.conf"
    user = "user root; " if os.geteuid() == 0 else ""  # or its workers may not read the folder
    file.write_text(NGINX.format(user=user, folder=home, port=port, root=home / "output" / "site"), "utf-8")
    process = subprocess.Popen(["nginx", "-e", "/dev/null", "-c", str(file)])
    try:
        for _ in range(100):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait()


def rate(port: int, path: str, connections: int, seconds: float) -> tuple[float, float]:
    """Return the requests per second over all connections, and the median time of a response in ms."""
    times: list[float] = []
    end = time.perf_counter() + seconds

    def ask() -> None:
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        with contextlib.closing(client):
            while (start := time.perf_counter()) < end:
                client.request("GET", path)
                answer = client.getresponse()
                assert answer.status == 200, answer.status
                answer.read()
                times.append(time.perf_counter() - start)

    threads = [threading.Thread(target=ask) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(times) / seconds, statistics.median(times) * 1000


def measure(arguments: argparse.Namespace, home: Path) -> list[dict[str, float]]:
    site = home / "output" / "site"
    site.mkdir(parents=True)
    text = "".join(file.read_text("utf-8") for file in sorted(arguments.folder.glob("*.txt")))
    for size in SIZES:
        (site / f"{size}.html").write_bytes((text.encode() * 100)[: size * 1024])
    servers = {"digest serve": digest_server, "http.server": python_server}
    if shutil.which("nginx"):
        servers["nginx"] = nginx_server
    rows = []
    with contextlib.ExitStack() as stack:
        ports = {name: stack.enter_context(server(home)) for name, server in servers.items()}
        for size, connections in itertools.product(SIZES, CONNECTIONS):
            found: dict[str, list[tuple[float, float]]] = {name: [] for name in ports}
            for _ in range(arguments.runs):
                for name, port in ports.items():
                    found[name].append(rate(port, f"/{size}.html", connections, arguments.seconds))
            row: dict[str, float] = {"kib": size, "connections": connections}
            for name, results in found.items():
                row[name] = round(statistics.median(each for each, _ in results), 1)
                row[f"{name}, ms"] = round(statistics.median(each for _, each in results), 2)
            rows.append(row)
    return rows


def cli() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", type=Path, default=DATA)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    if not arguments.folder.is_dir():
        arguments.folder = ROOT / "inbox"
    with tempfile.TemporaryDirectory() as folder:
        rows = measure(arguments, Path(folder))
    if arguments.json:
        print(json.dumps({"pages": rows}))
        return
    names = [name for name in rows[0] if f"{name}, ms" in rows[0]]
    print(f"{'KiB':>4} {'connections':>11}" + "".join(f"{name + ' /s':>17}{'ms':>8}" for name in names))
    for row in rows:
        cells = "".join(f"{row[name]:17,.0f}{row[f'{name}, ms']:8.2f}" for name in names)
        print(f"{row['kib']:4} {row['connections']:11}{cells}")


if __name__ == "__main__":
    cli()
