"""A limit of time for work that has no place where it could look at a clock, in any thread.

A thread counts ticks for all work under way, and raises Overtime in the thread whose work has had too many. So
it costs nothing while the work goes on, threads of a service are limited like the main thread, and a machine that
slept in between has had no ticks. On a busy machine work that had less than half of its time on a processor may go on,
up to six times as long. Python delivers the exception between two of its own instructions: one call of a
C function (a search with a regular expression) is not interrupted, only what follows it. Work may therefore be
anything but what must not be left halfway: no transaction, no file.
"""

import ctypes
import math
import os
import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

SECONDS = 5.0  # for one paper in one stage
_TICK = 0.1
_BUSY = 6  # times the limit: the longest that work may take on a busy machine
_IDLE_TICKS = 3  # until the thread ends


class TookTooLong(Exception):  # noqa: N818 - its text is a reason for users
    """Work was ended because it took longer than its limit."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"took more than {seconds:g} s")


class Overtime(BaseException):
    """Ends the work. `within` catches it; no boundary inside the work does, as it is not an Exception."""


class _Work:
    __slots__ = ("began", "fired", "seconds", "thread", "ticks")

    def __init__(self, seconds: float) -> None:
        self.thread = threading.get_ident()
        self.seconds = seconds
        self.ticks = 0
        self.began: float | None = None  # seconds of its thread on a processor, at the first tick
        self.fired = False

    def tick(self) -> bool:
        """Count a tick; return whether the work has taken too long."""
        used = _used(self.thread)
        if self.began is None:
            self.began = used
        self.ticks += 1
        passed = self.ticks * _TICK
        if passed < self.seconds:
            return False
        return not used - self.began < self.seconds / 2 - _TICK or passed >= _BUSY * self.seconds


class _Watcher:
    """The work under way, and the thread that watches it, which exists only while there is some."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._works: set[_Work] = set()
        self._awake = False

    def add(self, work: _Work) -> None:
        with self._lock:
            self._works.add(work)
            if self._awake:
                return
            self._awake = True
        threading.Thread(target=self._watch, name="deadlines", daemon=True).start()

    def remove(self, work: _Work) -> None:
        with self._lock:
            self._works.discard(work)
        if work.fired:
            _settle(work.thread)

    def _watch(self) -> None:
        idle, never = 0, threading.Event()
        while idle < _IDLE_TICKS:
            never.wait(_TICK)
            with self._lock:
                for work in tuple(self._works):
                    if work.tick():
                        work.fired = True
                        self._works.discard(work)
                        _raise_in(work.thread, Overtime)
                idle = 0 if self._works else idle + 1
                if idle == _IDLE_TICKS:
                    self._awake = False


def _used(thread: int) -> float:
    """Return the seconds that a thread has been on a processor; infinity where the system does not tell."""
    try:
        return time.clock_gettime(time.pthread_getcpuclockid(thread))
    except (AttributeError, OSError):
        return math.inf


def _raise_in(thread: int, error: type[BaseException]) -> None:
    """Raise an exception in a thread; it replaces one that was not delivered yet."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(error))


def _settle(this_thread: int) -> None:
    """Leave no exception that could be delivered after the work: replace it by one that is delivered here.

    Python 3.11 can take one back, but then never stops looking for it, and a traced function never begins.
    """
    try:
        _raise_in(this_thread, Overtime)
        while True:
            pass
    except Overtime:
        pass


_watcher = _Watcher()


def _forked() -> None:
    """Begin again in a forked process, which has none of the threads."""
    global _watcher  # noqa: PLW0603
    _watcher = _Watcher()


os.register_at_fork(after_in_child=_forked)


def within(work: Callable[[], T], seconds: float = SECONDS) -> T:
    """Return what the work returns. Raises TookTooLong if it takes longer than about `seconds`."""
    this, watcher = _Work(seconds), _watcher
    try:
        try:
            watcher.add(this)
            return work()
        finally:
            watcher.remove(this)
    except Overtime:
        if not this.fired:
            raise
    raise TookTooLong(seconds)
