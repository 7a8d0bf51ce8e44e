"""What a monitor may ask: figures in the text format of Prometheus, and whether rounds are being made.

Figures of the library come from the database and survive a restart; figures of the process begin anew.
The format: https://prometheus.io/docs/instrumenting/exposition_formats/ (text, version 0.0.4).
"""

import json
import threading
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from digest.errors import DigestError, UsageError
from digest.model import Home
from digest.model.reports import RunReport
from digest.services.workspace import open_library

LATE = 180  # seconds without a round that did its work, after which the clock counts as stopped

Sample = tuple[dict[str, str], float]
_RESULTS = (("ok", True), ("failed", False))


@dataclass(slots=True)
class Meters:
    """What a process counts: `rounds`, `deliveries` and `fetches` (of a source) by whether they went well.

    `last_round` is when a round last ended, `last_done` when one last did what was to be done, or got a
    step further, in seconds of Unix time. `well` and `wrong` say how the last one ended.
    """

    leads: bool = False
    well: bool = True
    wrong: str = ""
    last_round: float | None = None
    last_done: float | None = None
    began: float = field(default_factory=time.time)
    rounds: Counter[bool] = field(default_factory=Counter)
    deliveries: Counter[bool] = field(default_factory=Counter)
    fetches: Counter[tuple[str, bool]] = field(default_factory=Counter)
    stages: Counter[str] = field(default_factory=Counter)
    runs: int = 0

    def count(self, report: RunReport) -> None:
        self.runs += 1
        for name, seconds in report.stages.items():
            self.stages[name] += seconds  # type: ignore[assignment]  # a counter of seconds

    def end_round(self, wrong: str, *, done: bool) -> None:
        """Note how a round ended; `done` unless it could not do its work at all."""
        self.rounds[not wrong] += 1
        self.last_round = time.time()
        self.well, self.wrong = not wrong, wrong
        if done:
            self.got_further()

    def got_further(self) -> None:
        self.last_done = time.time()

    def healthy(self, now: float) -> bool:
        """Tell whether rounds are made, and do their work. A process that only waits for its turn is in order."""
        return not self.leads or now - (self.last_done or self.began) < LATE


def exposition(home: Home, meters: Meters, now: float) -> str:
    """Return all figures as text. Raises DigestError if the library cannot be read."""
    with open_library(home, create=False) as store, store.begin(write=False) as tx:
        figures = tx.ledger.figures()
    families: list[tuple[str, str, str, Iterable[Sample]]] = [
        ("digest_leader", "gauge", "1 if this process makes the rounds.", [({}, float(meters.leads))]),
        ("digest_rounds_total", "counter", "Ticker of this process.", [
            ({"result": name}, meters.rounds[well]) for name, well in _RESULTS
        ]),
        ("digest_deliveries_total", "counter", "Emptyings of the outbox by this process.", [
            ({"result": name}, meters.deliveries[well]) for name, well in _RESULTS
        ]),
        ("digest_fetches_total", "counter", "FetchJob of a source by this process.", [
            ({"source": source, "result": name}, meters.fetches[source, well])
            for source in sorted({source for source, _ in list(meters.fetches)})
            for name, well in _RESULTS
        ]),
        ("digest_last_round_timestamp_seconds", "gauge", "When the last round ended.", [({}, meters.last_round or 0)]),
        ("digest_stage_seconds_total", "counter", "Seconds spent in each stage by this process.", [
            ({"stage": name}, seconds) for name, seconds in sorted(meters.stages.items())
        ]),
        ("digest_runs_total", "counter", "Runs in the ledger, by how they ended.", [
            ({"status": name}, count) for name, count in figures.runs
        ]),
        ("digest_papers", "gauge", "Papers in the library.", [({}, figures.papers)]),
        ("digest_issues", "gauge", "Issues made.", [({}, figures.issues)]),
        ("digest_subscriptions", "gauge", "Subscriptions that a run has seen.", [({}, figures.subscriptions)]),
        ("digest_rejected_files", "gauge", "Files that are set aside.", [({}, figures.rejected)]),
        ("digest_source_last_success_timestamp_seconds", "gauge", "When a source last brought a file.", [
            ({"source": name}, moment.timestamp()) for name, moment in figures.sources
        ]),
        ("digest_outbox_messages", "gauge", "Messages in the outbox, by status.", [
            ({"status": name}, count) for name, count in figures.outbox
        ]),
        ("digest_outbox_oldest_pending_seconds", "gauge", "Age of the oldest message that waits.", [
            ({}, max(0.0, now - figures.oldest_pending.timestamp()) if figures.oldest_pending else 0)
        ]),
    ]  # fmt: skip
    return "".join(_family(*family) for family in families)


Page = tuple[int, str, str]  # status, media type, text


def figures(home: Home, meters: Meters) -> Page:
    """Return the answer to `/metrics`."""
    try:
        return 200, "text/plain; version=0.0.4; charset=utf-8", exposition(home, meters, time.time())
    except DigestError as error:
        return 500, "text/plain; charset=utf-8", f"{error}\n"


def health(meters: Meters) -> Page:
    """Return the answer to `/healthz`."""
    healthy = meters.healthy(time.time())
    told = {
        "status": "ok" if healthy else "no round does its work",
        "leader": meters.leads,
        "last_round_ok": meters.well,
        "reason": meters.wrong or None,
    }
    return 200 if healthy else 503, "application/json", json.dumps(told) + "\n"


def _family(name: str, kind: str, about: str, samples: Iterable[Sample]) -> str:
    lines = [f"# HELP {name} {about}", f"# TYPE {name} {kind}"]
    for labels, value in samples:
        inner = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
        lines.append(f"{name}{{{inner}}} {value!r}" if inner else f"{name} {value!r}")
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


class Server:
    """Answers GET /metrics and /healthz at an address, in a thread of its own, for the block.

    Raises UsageError if it cannot listen there.
    """

    def __init__(self, address: tuple[str, int], home: Home, meters: Meters) -> None:
        try:
            self._server = ThreadingHTTPServer(address, _handler(home, meters))
        except OSError as error:
            host, port = address
            raise UsageError(
                f"digest.toml: schedule.metrics: cannot listen at {host}:{port} ({error.strerror}); name another"
            ) from error
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def _handler(home: Home, meters: Meters) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            if path == "/metrics":
                self._answer(*figures(home, meters))
            elif path == "/healthz":
                self._answer(*health(meters))
            else:
                self._answer(404, "text/plain; charset=utf-8", "There is /metrics and /healthz.\n")

        def _answer(self, status: int, kind: str, text: str) -> None:
            body = text.encode("utf-8", "backslashreplace")
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is http.server's
            del format, args

    return Handler
