"""Group commit: many small writes of a delivery run share one transaction."""

import threading
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack

from digest.store.delivery_writer import DeliveryWriter
from digest.store.store import Store

_SWEEP_SECONDS = 0.02  # that a write may wait for others


class PendingWrite:
    """A write, and its result once it was done."""

    __slots__ = ("_error", "_result", "work")

    def __init__(self, work: Callable[[DeliveryWriter], bool]) -> None:
        self.work = work
        self._result = False
        self._error: BaseException | None = None

    def done(self, result: bool, error: BaseException | None = None) -> None:
        self._result, self._error = result, error

    def result(self) -> bool:
        """Return the result of the write, or raise its error."""
        if self._error is not None:
            raise self._error
        return self._result


class GroupCommit:
    """Writes for all threads of a delivery run, in one transaction after the other.

    A thread that waits for its write also writes everything that others have queued; threads that come
    meanwhile wait, and mostly find their writes done. So an outcome, which no thread waits for, is usually
    written together with the beginning of the next message; a background thread writes the rest. Writes that
    are not `durable` survive the end of this process, but survive a power cut only after the next lease.
    """

    def __init__(self, store: Store, *, durable: bool) -> None:
        self._open = ExitStack()
        self._transaction = self._open.enter_context(store.delivery_writer(durable=durable))
        self._queue: deque[PendingWrite] = deque()
        self._writing = threading.Lock()
        self._stopped = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._sweep, name="group-commit", daemon=True)
        self._thread.start()

    def write(self, work: Callable[[DeliveryWriter], bool]) -> bool:
        """Do a write, and all that are queued, and return its result. Raises StoreError."""
        write = PendingWrite(work)
        self._queue.append(write)
        self._flush()
        return write.result()

    def enqueue(self, work: Callable[[DeliveryWriter], bool]) -> None:
        """Queue a write, to be done soon. Raises the error of an earlier write."""
        self._queue.append(PendingWrite(work))
        self.check()

    def check(self) -> None:
        """Raise the first error of a write, if there was one."""
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """Do all writes that are queued, then close the connection."""
        self._stopped.set()
        self._thread.join()
        self._flush()
        self._open.close()

    def _sweep(self) -> None:
        while not self._stopped.wait(_SWEEP_SECONDS):
            if self._queue:
                self._flush()

    def _flush(self) -> None:
        with self._writing:
            writes = [self._queue.popleft() for _ in range(len(self._queue))]
            if not writes:
                return
            try:
                with self._transaction() as writer:
                    results = [each.work(writer) for each in writes]
            except BaseException as error:  # noqa: BLE001 - raised by `result` and `check`
                self._failure = self._failure or error
                for each in writes:
                    each.done(result=False, error=error)
            else:
                for each, result in zip(writes, results, strict=True):
                    each.done(result)
