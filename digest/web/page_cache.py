"""A cache of what was made for readers, so that many readers of one page cost as much as the first of them."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Made = TypeVar("Made")

_MOST_BYTES = 64 * 1024 * 1024


class PageCache(Generic[Made]):
    """Keeps what was used last, up to a number of bytes. Safe for threads. `size` returns the bytes of a value."""

    def __init__(self, size: Callable[[Made], int], most_bytes: int = _MOST_BYTES) -> None:
        self._size, self._most, self._used = size, most_bytes, 0
        self._kept: OrderedDict[Hashable, Made] = OrderedDict()
        # Values are made one at a time: this uses one processor at most, and clients that ask for the same page
        # at once get the same value.
        self._making, self._lock = threading.Lock(), threading.Lock()

    def get(self, key: Hashable, make: Callable[[], Made | None]) -> Made | None:
        """Return the value of a key, made if it is not known; None if `make` returns None."""
        if (known := self.known(key)) is not None:
            return known
        with self._making:
            if (known := self.known(key)) is not None:
                return known
            made = make()
            if made is not None:
                self._keep(key, made)
            return made

    def known(self, key: Hashable) -> Made | None:
        """Return the value of a key, None if it is not known."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def _keep(self, key: Hashable, made: Made) -> None:
        with self._lock:
            self._kept[key] = made
            self._used += self._size(made)
            while len(self._kept) > 1 and self._used > self._most:
                self._used -= self._size(self._kept.popitem(last=False)[1])
