"""Clicks on papers in the archive, and which of them count as a reader's. Pure.

A click says less than a like: readers open papers by mistake or out of doubt, and programs follow every link of
a page. Requests of programs that identify themselves are not recorded (`made_by_hand`). Other programs are
recognised by their speed: clicks on several papers within seconds do not count (`counted`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

NEWEST = 50  # clicks of a subscription that count; more would outweigh its likes and dislikes
AGAIN = timedelta(minutes=10)  # a second click on a paper within this time is a repeat of the first
# No reader opens so many different papers within so short a time.
_BURSTS = ((3, timedelta(seconds=3)), (8, timedelta(minutes=1)))
_PROGRAMS = ("bot", "crawl", "spider", "slurp", "preview", "scan", "headless", "monitor")


@dataclass(frozen=True, slots=True)
class Click:
    """A click on a paper of the library, on a page of a subscription. It does not record who made it."""

    subscription: str
    paper: int
    at: datetime


def made_by_hand(method: str, headers: Mapping[str, str]) -> bool:
    """Return whether a request looks like a reader's click; names of headers are in lower case.

    It does not if it is a HEAD request, if a browser prefetches the page (the headers Sec-Purpose, Purpose,
    X-Moz), or if the User-Agent is that of a program or not that of a browser.
    """
    agent = headers.get("user-agent", "").lower()
    prefetched = any("pre" in headers.get(name, "").lower() for name in ("sec-purpose", "purpose", "x-moz"))
    program = not agent.startswith("mozilla/5.0") or any(word in agent for word in _PROGRAMS)
    return method == "GET" and not prefetched and not program


def counted(clicks: Iterable[Click]) -> tuple[Click, ...]:
    """Return the clicks that count: of each paper the latest, of each subscription at most NEWEST, newest first."""
    ordered = sorted(clicks, key=lambda click: (click.subscription, click.at, click.paper))
    found: list[Click] = []
    for _, group in groupby(ordered, key=lambda click: click.subscription):
        own = list(group)
        hasty = _hasty(own)
        latest = {click.paper: click for place, click in enumerate(own) if place not in hasty}
        newest = sorted(latest.values(), key=lambda click: (click.at, click.paper), reverse=True)
        found += newest[:NEWEST]
    return tuple(found)


def _hasty(clicks: list[Click]) -> set[int]:
    """Return the places of the clicks that are part of a burst; `clicks` are in order of time."""
    hasty: set[int] = set()
    for many, span in _BURSTS:
        first = 0
        for last, click in enumerate(clicks):
            while click.at - clicks[first].at > span:
                first += 1
            if len({other.paper for other in clicks[first : last + 1]}) >= many:
                hasty.update(range(first, last + 1))
    return hasty
