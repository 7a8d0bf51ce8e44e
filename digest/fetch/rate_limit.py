"""How often a host is asked: never faster than it wishes."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

# arXiv asks for three seconds between requests: https://info.arxiv.org/help/api/tou.html.
_SECONDS = {"arxiv.org": 3.0}
_OTHERS = 1.0


def seconds_between(host: str) -> float:
    """Return how many seconds must lie between two requests to a host."""
    for domain, seconds in _SECONDS.items():
        if host == domain or host.endswith(f".{domain}"):
            return seconds
    return _OTHERS


@dataclass(slots=True)
class Pace:
    """When each site was last asked; `wait` sleeps until it may be asked again. arXiv's hosts are one site."""

    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    factor: float = 1.0
    _last: dict[str, float] = field(default_factory=dict)

    def wait(self, host: str) -> None:
        site = next((domain for domain in _SECONDS if host == domain or host.endswith(f".{domain}")), host)
        gap = seconds_between(host) * self.factor
        if site in self._last:
            rest = self._last[site] + gap - self.clock()
            if rest > 0:
                self.sleep(rest)
        self._last[site] = self.clock()
