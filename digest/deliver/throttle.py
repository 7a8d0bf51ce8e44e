"""Domains that have had enough for now: so many messages at once, so many a minute."""

from collections import Counter


class Gate:
    """Counts what each domain has. 0 is no limit. Times are seconds of any steady clock."""

    def __init__(self, *, at_once: int, per_minute: int) -> None:
        self._at_once = at_once
        self._spacing = 60 / per_minute if per_minute else 0.0
        self._inside: Counter[str] = Counter()
        self._opens: dict[str, float] = {}

    @property
    def limited(self) -> bool:
        return bool(self._at_once or self._spacing)

    def enter(self, domain: str, now: float) -> None:
        if self._at_once:
            self._inside[domain] += 1
        if self._spacing:
            self._opens[domain] = now + self._spacing

    def leave(self, domain: str) -> None:
        if self._at_once:
            self._inside[domain] -= 1

    def closed(self, now: float) -> frozenset[str]:
        """Return the domains that nothing may be sent to now."""
        late = (domain for domain, opens in self._opens.items() if opens > now)
        full = (domain for domain, inside in self._inside.items() if inside >= self._at_once)
        return frozenset([*late, *full])

    def wait(self, now: float) -> float:
        """Return how many seconds to wait before looking again."""
        return max(0.01, min((opens - now for opens in self._opens.values() if opens > now), default=0.05))
