"""A cache of rendered pages, so that many readers of one page cost as much as the first of them."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable

from digest.web.static import Page

_MOST_BYTES = 64 * 1024 * 1024


class PageCache:
    """Keeps the pages that were used last, up to a number of bytes. Safe for threads."""

    def __init__(self, most_bytes: int = _MOST_BYTES) -> None:
        self._most = most_bytes
        self._pages: OrderedDict[Hashable, Page] = OrderedDict()
        # Pages are rendered one at a time: rendering uses one processor at most, and clients that ask for
        # the same page at once get the same rendering.
        self._rendering, self._lock = threading.Lock(), threading.Lock()

    def get(self, key: Hashable, render: Callable[[], str | None]) -> Page | None:
        """Return the page of a key, rendered if it is not known; None if `render` returns None."""
        if (known := self._known(key)) is not None:
            return known
        with self._rendering:
            if (known := self._known(key)) is not None:
                return known
            rendered = render()
            if rendered is None:
                return None
            page = Page.of(rendered)
            self._keep(key, page)
            return page

    def _known(self, key: Hashable) -> Page | None:
        with self._lock:
            if key in self._pages:
                self._pages.move_to_end(key)
            return self._pages.get(key)

    def _keep(self, key: Hashable, page: Page) -> None:
        with self._lock:
            self._pages[key] = page
            while len(self._pages) > 1 and sum(len(each.body) for each in self._pages.values()) > self._most:
                self._pages.popitem(last=False)
