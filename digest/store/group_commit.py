"""Group commit: many small writes of a delivery share one transaction."""

import threading
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack

from digest.store.delivery_writer import DeliveryWriter
from digest.store.store import Store

_LINGER = 0.02  # seconds that an outcome may wait for another note


class PendingWrite:
    """Something to be written, and then what came of it."""

    __slots__ = ("_answer", "_error", "work")

    def __init__(self, work: Callable[[DeliveryWriter], bool]) -> None:
        self.work = work
        self._answer = False
        self._error: BaseException | None = None

    def written(self, answer: bool, error: BaseException | None = None) -> None:
        self._answer, self._error = answer, error

    def outcome(self) -> bool:
        if self._error is not None:
            raise self._error
        return self._answer


class GroupCommit:
    """Writes what all connections note down, one transaction after the other.

    Who needs a note on the disk writes it, and with it all that others have noted since; who comes meanwhile
    waits, and mostly finds its own written. So an outcome, which nobody waits for, is written with the beginning
    of the next message; a thread writes what is left lying. What is not `durable` is safe from the end of this
    process at once, from a power cut with the next lease.
    """

    def __init__(self, store: Store, *, durable: bool) -> None:
        self._open = ExitStack()
        self._transaction = self._open.enter_context(store.delivery_writer(durable=durable))
        self._notes: deque[PendingWrite] = deque()
        self._writing = threading.Lock()
        self._over = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._sweep, name="delivery-clerk", daemon=True)
        self._thread.start()

    def write(self, work: Callable[[DeliveryWriter], bool]) -> bool:
        """Write something, and all that was noted before it. Raises StoreError."""
        note = PendingWrite(work)
        self._notes.append(note)
        self._flush()
        return note.outcome()

    def note(self, work: Callable[[DeliveryWriter], bool]) -> None:
        """Have something written soon. Raises what an earlier note met."""
        self._notes.append(PendingWrite(work))
        self.check()

    def check(self) -> None:
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """Write what is left, then end."""
        self._over.set()
        self._thread.join()
        self._flush()
        self._open.close()

    def _sweep(self) -> None:
        while not self._over.wait(_LINGER):
            if self._notes:
                self._flush()

    def _flush(self) -> None:
        with self._writing:
            notes = [self._notes.popleft() for _ in range(len(self._notes))]
            if not notes:
                return
            try:
                with self._transaction() as jotter:
                    answers = [each.work(jotter) for each in notes]
            except BaseException as error:  # noqa: BLE001 - raised where somebody waits for it, or notes again
                self._failure = self._failure or error
                for each in notes:
                    each.written(answer=False, error=error)
            else:
                for each, answer in zip(notes, answers, strict=True):
                    each.written(answer)
