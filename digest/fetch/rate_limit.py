"""Rate limits: the least time between two requests to a site."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock

# arXiv asks for three seconds between requests: https://info.arxiv.org/help/api/tou.html.
_SECONDS = {"arxiv.org": 3.0}
_DEFAULT_SECONDS = 1.0


def seconds_between(host: str) -> float:
    """Return the least number of seconds between two requests to a host."""
    return _SECONDS.get(_site_of(host), _DEFAULT_SECONDS)


def _site_of(host: str) -> str:
    return next((domain for domain in _SECONDS if host == domain or host.endswith(f".{domain}")), host)


@dataclass(slots=True)
class RateLimit:
    """Remembers the last request to each site, for any number of threads; all hosts of arXiv are one site."""

    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    factor: float = 1.0
    _last: dict[str, float] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def wait(self, host: str) -> float:
        """Sleep until the site of the host may get another request. Returns the seconds slept."""
        site = _site_of(host)
        with self._lock:  # each thread takes the next free time of the site, then sleeps
            now = self.clock()
            turn = (
                max(now, self._last[site] + seconds_between(host) * self.factor)
                if site in self._last
                else now
            )
            self._last[site] = turn
        if turn > now:
            self.sleep(turn - now)
        return turn - now
