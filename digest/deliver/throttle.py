"""Rate limits of domains: the most messages at the same time, and per minute."""

from collections import Counter


class Throttle:
    """Counts the messages to each domain.

    A limit of 0 means no limit. Times are seconds of a monotonic clock.
    """

    def __init__(self, *, at_once: int, per_minute: int) -> None:
        self._at_once = at_once
        self._spacing = 60 / per_minute if per_minute else 0.0
        self._active: Counter[str] = Counter()
        self._free_at: dict[str, float] = {}

    @property
    def limited(self) -> bool:
        """Whether there is any limit."""
        return bool(self._at_once or self._spacing)

    def begin(self, domain: str, now: float) -> None:
        """Count a message to a domain that begins now."""
        if self._at_once:
            self._active[domain] += 1
        if self._spacing:
            self._free_at[domain] = now + self._spacing

    def end(self, domain: str) -> None:
        """Count a message to a domain that has ended."""
        if self._at_once:
            self._active[domain] -= 1

    def blocked(self, now: float) -> frozenset[str]:
        """Return the domains that may get no message now."""
        waiting = (domain for domain, free_at in self._free_at.items() if free_at > now)
        full = (domain for domain, active in self._active.items() if active >= self._at_once)
        return frozenset([*waiting, *full])

    def wait(self, now: float) -> float:
        """Return the number of seconds to wait before asking again."""
        return max(0.01, min((each - now for each in self._free_at.values() if each > now), default=0.05))
