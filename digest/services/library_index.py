"""The words of a home's library, kept in memory by a process that answers many queries, such as `digest serve`.

Finding the words of all papers takes about a millisecond a paper, so it happens once, in the background. After that,
only papers that were listed, joined or split since are read again.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from digest.match.paper_index import PaperIndex, field_words
from digest.match.reference import texts_of
from digest.model import Home, Paper
from digest.pipeline.set_aside import Boundary
from digest.services.workspace import open_library

LOOK_EVERY = 1.0  # seconds; an older index is brought up to date before it is used
_BATCH, _PAUSE = 50, 0.001  # papers, and seconds between them that other threads get while the index is built


class LibraryIndex:
    """The index of the library of a home. All methods may be called from any thread.

    `home` returns the home with its current settings.
    """

    def __init__(self, home: Callable[[], Home]) -> None:
        self._home = home
        self._lock = threading.Lock()  # held while the index is used or brought up to date
        self._starting = threading.Lock()
        self._built = threading.Event()
        self._building: threading.Thread | None = None
        self._failure: Exception | None = None
        self._known: _KnownLibrary | None = None
        self._looked = 0.0  # monotonic time

    def start(self) -> None:
        """Begin to build the index in the background, unless it is built or being built."""
        with self._starting:
            if self._known is None and (self._building is None or not self._building.is_alive()):
                self._built.clear()
                self._building = threading.Thread(target=self._build, name="library index", daemon=True)
                self._building.start()

    @contextmanager
    def opened(self, wait: float | None = None) -> Iterator[PaperIndex | None]:
        """Yield the index of the library as it is now, for this thread alone; None if it is not yet built.

        It is waited for at most `wait` seconds, by default without a limit. Raises StoreError and UsageError.
        """
        ready = self._is_ready(wait)
        with self._lock:
            yield self._known.index if ready and self._known else None

    def _is_ready(self, wait: float | None) -> bool:
        for _ in range(2):  # an index of a library that was replaced since is built again
            self.start()
            if not self._built.wait(wait):
                return False
            with self._lock:
                if self._failure is not None:
                    raise self._failure
                if self._is_current():
                    return True
                self._known = None
        return False

    def _is_current(self) -> bool:
        """Bring the index up to date if it is older than a moment; return whether it is of the same library."""
        if self._known is None:
            return False
        if time.monotonic() - self._looked > LOOK_EVERY:
            if not self._known.refresh(self._home()):
                return False
            self._looked = time.monotonic()
        return True

    def _build(self) -> None:
        known, failure = None, None
        try:
            known = _KnownLibrary(self._home)
        except Exception as error:  # noqa: BLE001 - raised where the index is used
            failure = error
        with self._lock:
            self._known, self._failure, self._looked = known, failure, time.monotonic()
        self._built.set()


class _KnownLibrary:
    """The index, and what it was made from: the database, its state, and the searchable texts of each paper."""

    def __init__(self, home: Callable[[], Home]) -> None:
        self._home = home
        self._database = home().settings.database
        self._texts: dict[int, int] = {}  # by number of the paper: hashes
        self._boundary = Boundary()
        self.index = PaperIndex(self._load)
        with open_library(home(), create=False) as store, store.begin(write=False) as tx:
            self._state = tx.library.state()
            for place, paper in enumerate(tx.library.all_papers()):
                self._add(paper)
                if place % _BATCH == 0:
                    time.sleep(_PAUSE)
        self.index.settle()

    def _load(self, numbers: Sequence[int]) -> dict[int, Paper]:
        with open_library(self._home(), create=False) as store, store.begin(write=False) as tx:
            return tx.library.papers(numbers)

    def refresh(self, home: Home) -> bool:
        """Read papers again that may have changed. Return False if the library is another one."""
        if home.settings.database != self._database:
            return False
        with open_library(home, create=False) as store, store.begin(write=False) as tx:
            state = tx.library.state()
            if state == self._state:
                return True
            if state.file < self._state.file or state.decision < self._state.decision:
                return False
            roots = tx.identities.roots(tx.library.touched_since(self._state))
            found = tx.library.papers(roots.values())
            for number in roots.keys() - found.keys():
                self._remove(number)
            for number in sorted(found):
                if self._texts.get(number) != _hash_of(found[number]):
                    self._remove(number)
                    self._add(found[number])
            self._state = state
            return len(self._texts) == tx.library.count()

    def _add(self, paper: Paper) -> None:
        self._texts[paper.number] = _hash_of(paper)
        texts = self._boundary.one("match", paper, field_words, otherwise=None)
        if texts is not None:
            self.index.add(paper, texts)

    def _remove(self, number: int) -> None:
        self._texts.pop(number, None)
        self.index.remove(number)


def _hash_of(paper: Paper) -> int:
    return hash((paper.first_seen, paper.published, *texts_of(paper)))
