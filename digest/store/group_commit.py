"""Group commit: many small writes of a delivery run share one transaction."""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import ExitStack

from digest.errors import DigestError, RefusedError
from digest.store.delivery_writer import DeliveryWriter
from digest.store.store import Store

_SWEEP_SECONDS = 0.02  # that a write may wait for others


Work = Callable[[DeliveryWriter], bool]


class PendingWrite:
    """A write, and its result once it was done.

    `instead` is done if the write is refused; if that is refused as well, `failed` is called with the error and
    returns what to do then.
    """

    __slots__ = ("_error", "_result", "failed", "instead", "work")

    def __init__(
        self, work: Work, instead: Work | None = None, failed: Callable[[Exception], Work] | None = None
    ) -> None:
        self.work, self.instead, self.failed = work, instead, failed
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
    If one of the writes is refused, each has a transaction of its own, so that the others are written.
    """

    def __init__(self, store: Store, *, durable: bool, patience: float = 0.0) -> None:
        """`patience` is as for `Store.insist`: writing twice what these writes say changes nothing."""
        self._store, self._patience = store, patience
        self._open = ExitStack()
        self._transaction = self._open.enter_context(store.delivery_writer(durable=durable))
        self._queue: deque[PendingWrite] = deque()
        self._writing = threading.Lock()
        self._stopped = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._sweep, name="group-commit", daemon=True)
        self._thread.start()

    def write(self, work: Work) -> bool:
        """Do a write, and all that are queued, and return its result. Raises StoreError."""
        write = PendingWrite(work)
        self._queue.append(write)
        self._flush()
        return write.result()

    def enqueue(self, work: Work, *, instead: Work, failed: Callable[[Exception], Work]) -> None:
        """Queue a write, to be done soon; see `PendingWrite`. Raises an earlier error of the database."""
        self._queue.append(PendingWrite(work, instead, failed))
        self.check()

    def check(self) -> None:
        """Raise the first error that concerns all writes, such as a full disk, if there was one."""
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
                self._do([(each, each.work) for each in writes])
            except BaseException as error:  # noqa: BLE001 - raised by `result` and `check`
                if _concerns_all(error):
                    self._fail(writes, error)
                else:
                    self._do_apart(writes)

    def _do(self, works: Sequence[tuple[PendingWrite, Work]]) -> None:
        """Do writes in one transaction."""

        def attempt() -> list[bool]:
            with self._transaction() as writer:
                return [work(writer) for _, work in works]

        results = self._store.insist(attempt, patience=self._patience)
        for (write, _), result in zip(works, results, strict=True):
            write.done(result)

    def _do_apart(self, writes: Sequence[PendingWrite]) -> None:
        """Do each write in a transaction of its own, so that the others are written if one is refused."""
        for place, write in enumerate(writes):
            try:
                refusal = self._refusal(write, write.work)
                if refusal is not None and write.instead is not None:
                    refusal = self._refusal(write, write.instead)
                if refusal is not None and write.failed is not None:
                    refusal = self._refusal(write, write.failed(refusal)) and refusal
            except BaseException as error:  # noqa: BLE001 - as in `_flush`
                self._fail(writes[place:], error)
                return
            if refusal is not None:
                write.done(result=False, error=refusal)

    def _refusal(self, write: PendingWrite, work: Work) -> Exception | None:
        """Do a write. Returns its own error, if it had one; raises what concerns all writes."""
        try:
            self._do([(write, work)])
        except Exception as error:
            if _concerns_all(error):
                raise
            return error
        return None

    def _fail(self, writes: Sequence[PendingWrite], error: BaseException) -> None:
        self._failure = self._failure or error
        for each in writes:
            each.done(result=False, error=error)


def _concerns_all(error: BaseException) -> bool:
    """Return whether an error is not that of one write: a full disk, a database that is gone."""
    if isinstance(error, RefusedError):
        return False
    return isinstance(error, DigestError | OSError) or not isinstance(error, Exception)
