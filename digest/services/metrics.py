"""Monitoring: the texts of `/metrics` and `/healthz`.

Metrics of the library come from the database; those of the process start from zero with it.
Format: https://prometheus.io/docs/instrumenting/exposition_formats/ (text, version 0.0.4).
"""

import json
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from digest.errors import DigestError
from digest.model import Home
from digest.model.reports import RunReport
from digest.services.workspace import open_library

LATE = (
    180  # seconds without a completed round, or progress in one, after which the schedule counts as stopped
)

Sample = tuple[dict[str, str], float]
_RESULTS = (("ok", True), ("failed", False))
Page = tuple[int, str, str]  # status, media type, text


@dataclass(slots=True)
class Meters:
    """The counters of a process.

    `rounds`, `deliveries` and `fetches` (by source) are counted by success. Times are seconds of Unix time:
    `last_round` is the end of the last round, `last_done` the last time that a round succeeded or made
    progress. `ok` and `error` describe the last round.
    """

    leads: bool = False
    ok: bool = True
    error: str = ""
    last_round: float | None = None
    last_done: float | None = None
    started: float = field(default_factory=time.time)
    rounds: Counter[bool] = field(default_factory=Counter)
    deliveries: Counter[bool] = field(default_factory=Counter)
    fetches: Counter[tuple[str, bool]] = field(default_factory=Counter)
    stages: Counter[str] = field(default_factory=Counter)
    runs: int = 0

    def count_run(self, report: RunReport) -> None:
        """Count a run, and the seconds of each of its stages."""
        self.runs += 1
        for name, seconds in report.stages.items():
            self.stages[name] += seconds  # type: ignore[assignment]  # a counter of seconds

    def end_round(self, error: str, *, done: bool) -> None:
        """Count a round; `error` is empty if it succeeded. `done=False`: it could do no work at all."""
        self.rounds[not error] += 1
        self.last_round = time.time()
        self.ok, self.error = not error, error
        if done:
            self.progressed()

    def progressed(self) -> None:
        """Note that a round is making progress."""
        self.last_done = time.time()

    def healthy(self, now: float) -> bool:
        """Return whether rounds do their work. A process that waits to lead is healthy."""
        return not self.leads or now - (self.last_done or self.started) < LATE


def exposition(home: Home, meters: Meters, now: float) -> str:
    """Return all metrics as text; `now` is Unix time. Raises DigestError if the library cannot be read."""
    with open_library(home, create=False) as store, store.begin(write=False) as tx:
        figures = tx.ledger.figures()
    families: list[tuple[str, str, str, Iterable[Sample]]] = [
        ("digest_leader", "gauge", "1 if this process is the one that runs the schedule.", [({}, float(meters.leads))]),
        ("digest_rounds_total", "counter", "Rounds of this process.", [
            ({"result": name}, meters.rounds[ok]) for name, ok in _RESULTS
        ]),
        ("digest_deliveries_total", "counter", "Delivery runs by this process.", [
            ({"result": name}, meters.deliveries[ok]) for name, ok in _RESULTS
        ]),
        ("digest_fetches_total", "counter", "Fetches of each source by this process.", [
            ({"source": source, "result": name}, meters.fetches[source, ok])
            for source in sorted({source for source, _ in list(meters.fetches)})
            for name, ok in _RESULTS
        ]),
        ("digest_last_round_timestamp_seconds", "gauge", "When the last round ended.", [({}, meters.last_round or 0)]),
        ("digest_stage_seconds_total", "counter", "Seconds this process has spent in each stage of its runs.", [
            ({"stage": name}, seconds) for name, seconds in sorted(meters.stages.items())
        ]),
        ("digest_runs_total", "counter", "Runs in the ledger, by status.", [
            ({"status": name}, count) for name, count in figures.runs
        ]),
        ("digest_papers", "gauge", "Papers in the library.", [({}, figures.papers)]),
        ("digest_issues", "gauge", "Issues made.", [({}, figures.issues)]),
        ("digest_subscriptions", "gauge", "Subscriptions that runs have processed.", [({}, figures.subscriptions)]),
        ("digest_rejected_files", "gauge", "Rejected digest files.", [({}, figures.rejected)]),
        ("digest_source_last_success_timestamp_seconds", "gauge", "When a source last returned a file.", [
            ({"source": name}, moment.timestamp()) for name, moment in figures.sources
        ]),
        ("digest_outbox_messages", "gauge", "Messages in the outbox, by status.", [
            ({"status": name}, count) for name, count in figures.outbox
        ]),
        ("digest_outbox_oldest_pending_seconds", "gauge", "Age of the oldest pending message.", [
            ({}, max(0.0, now - figures.oldest_pending.timestamp()) if figures.oldest_pending else 0)
        ]),
    ]  # fmt: skip
    return "".join(_family(*family) for family in families)


def metrics_page(home: Home, meters: Meters) -> Page:
    """Return the answer to `/metrics`."""
    try:
        return 200, "text/plain; version=0.0.4; charset=utf-8", exposition(home, meters, time.time())
    except DigestError as error:
        return 500, "text/plain; charset=utf-8", f"{error}\n"


def health_page(meters: Meters) -> Page:
    """Return the answer to `/healthz`."""
    healthy = meters.healthy(time.time())
    report = {
        "status": "ok" if healthy else "no round does its work",
        "leader": meters.leads,
        "last_round_ok": meters.ok,
        "reason": meters.error or None,
    }
    return 200 if healthy else 503, "application/json", json.dumps(report) + "\n"


def _family(name: str, kind: str, about: str, samples: Iterable[Sample]) -> str:
    lines = [f"# HELP {name} {about}", f"# TYPE {name} {kind}"]
    for labels, value in samples:
        inner = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
        lines.append(f"{name}{{{inner}}} {value!r}" if inner else f"{name} {value!r}")
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
