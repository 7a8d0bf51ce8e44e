"""`digest schedule` or `digest serve` as a process, observed by its log, optionally with a faked clock."""

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

TIMEOUT = 60.0  # seconds; long, because shared machines are slow
FAKETIME = next(iter(sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))), None)
needs_faketime = pytest.mark.skipif(
    FAKETIME is None, reason="faketime is not installed: apt-get install faketime"
)


class Scheduler:
    """A process of `digest schedule`, or of another command given by `arguments`.

    `clock` is a time for faketime, such as "@2026-03-28 12:00:00 x60".
    """

    def __init__(self, home: TestHome, *arguments: str, clock: str | None = None) -> None:
        command = ["-m", "digest", *(arguments or ("schedule",)), "--json", "--home", str(home.path)]
        environment = {**os.environ, "TZ": "UTC"}
        if clock:
            # Timed waits use the monotonic clock, which is not faked, so that they take their real time.
            environment |= {
                "LD_PRELOAD": str(FAKETIME),
                "FAKETIME": clock,
                "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            }
        self._events: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self.seen: list[dict[str, Any]] = []
        self.process: subprocess.Popen[str] | forked.Program
        if clock:  # faketime must be loaded when the interpreter starts
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

    def until(self, event: str, **values: Any) -> dict[str, Any]:
        """Wait for the next log line of this event with these values, and return it."""
        deadline = time.monotonic() + TIMEOUT
        while (remaining := deadline - time.monotonic()) > 0:
            try:
                line = self._events.get(timeout=remaining)
            except queue.Empty:
                break
            if line is None:
                break
            self.seen.append(line)
            if line["event"] == event and all(line.get(key) == value for key, value in values.items()):
                return line
        self.kill()
        raise AssertionError(f"no {event} {values}; the log: {self.seen}; {self.errors()}")

    def errors(self) -> str:
        assert self.process.stderr is not None
        return self.process.stderr.read()

    def stop(self) -> int:
        """Stop the process like systemd, and return its exit status."""
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(TIMEOUT)
        while (line := self._events.get(timeout=TIMEOUT)) is not None:
            self.seen.append(line)
        return status

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(TIMEOUT)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        for stream in (self.process.stdout, self.process.stderr):
            if stream:
                stream.close()
