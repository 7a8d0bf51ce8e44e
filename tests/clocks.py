"""A running `digest schedule`, or `digest serve`: started as a process, watched by its log, under a clock of its own if wanted."""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, Self

import pytest

from tests import forked
from tests.homes import TestHome

PATIENCE = 60.0  # seconds; shared machines are slow
FAKETIME = next(iter(sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))), None)
needs_faketime = pytest.mark.skipif(
    FAKETIME is None, reason="faketime is not installed: apt-get install faketime"
)


class Scheduler:
    """A `digest schedule` process, or that of other `words`.

    `clock` is what faketime understands, such as "@2026-03-28 12:00:00 x60".
    """

    def __init__(self, home: TestHome, *words: str, clock: str | None = None) -> None:
        told = words or ("schedule",)
        command = ["-m", "digest", *told, "--json", "--home", str(home.path)]
        environment = {**os.environ, "TZ": "UTC"}
        if clock:
            # Timed waits go by the monotonic clock: left alone, they take as long as they say.
            environment |= {
                "LD_PRELOAD": str(FAKETIME),
                "FAKETIME": clock,
                "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            }
        self._events: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self.seen: list[dict[str, Any]] = []
        self.process: subprocess.Popen[str] | forked.Program
        if clock:  # it is of the interpreter, from its start
            self.process = subprocess.Popen(
                [sys.executable, *command],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                env=environment,
            )
        else:
            self.process = forked.start(command, env=environment)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._events.put(json.loads(line))
        self._events.put(None)

    def until(self, event: str, **facts: Any) -> dict[str, Any]:
        """Return the next log line of this event with these facts."""
        deadline = time.monotonic() + PATIENCE
        while (left := deadline - time.monotonic()) > 0:
            try:
                line = self._events.get(timeout=left)
            except queue.Empty:
                break
            if line is None:
                break
            self.seen.append(line)
            if line["event"] == event and all(line.get(key) == value for key, value in facts.items()):
                return line
        self.kill()
        raise AssertionError(f"no {event} {facts}; the log: {self.seen}; {self.complaints()}")

    def complaints(self) -> str:
        assert self.process.stderr is not None
        return self.process.stderr.read()

    def stop(self) -> int:
        """Ask it to stop, as systemd does, and return its exit status."""
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(PATIENCE)
        while (line := self._events.get(timeout=PATIENCE)) is not None:
            self.seen.append(line)
        return status

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(PATIENCE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        for stream in (self.process.stdout, self.process.stderr):
            if stream:
                stream.close()
