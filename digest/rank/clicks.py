"""Clicks on papers in the archive, and which of them a reader made. Pure.

A click says less than a like: titles are opened by mistake, out of doubt, and by programs that follow every
link of a page. Programs that say what they are are never noted (`made_by_hand`). Others give themselves away by
haste: clicks on several papers at once count as none (`counted`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

NEWEST = 50  # clicks of a subscription that count, so that they never drown what was said in words
AGAIN = timedelta(minutes=10)  # a second click on a paper within this time is the first one
# So many different papers opened within such a time: no reader does that.
_BURSTS = ((3, timedelta(seconds=3)), (8, timedelta(minutes=1)))
_PROGRAMS = ("bot", "crawl", "spider", "slurp", "preview", "scan", "headless", "monitor")


@dataclass(frozen=True, slots=True)
class Click:
    """A paper of the library was opened from a page of a subscription. Nothing is known of who did it."""

    subscription: str
    paper: int
    at: datetime


def made_by_hand(method: str, headers: Mapping[str, str]) -> bool:
    """Tell whether a request looks like a reader's click; names of headers are in small letters.

    Not so: HEAD, what a browser loads in advance (the headers Sec-Purpose, Purpose, X-Moz), and programs that
    say so, or that do not say they are a browser.
    """
    agent = headers.get("user-agent", "").lower()
    ahead = any("pre" in headers.get(name, "").lower() for name in ("sec-purpose", "purpose", "x-moz"))
    program = not agent.startswith("mozilla/5.0") or any(word in agent for word in _PROGRAMS)
    return method == "GET" and not ahead and not program


def counted(clicks: Iterable[Click]) -> tuple[Click, ...]:
    """Return the clicks that count, each paper's latest, at most NEWEST of a subscription, the newest first."""
    ordered = sorted(clicks, key=lambda click: (click.subscription, click.at, click.paper))
    found: list[Click] = []
    for _, group in groupby(ordered, key=lambda click: click.subscription):
        own = list(group)
        hasty = _hasty(own)
        latest = {
            click.paper: click for place, click in enumerate(own) if place not in hasty
        }  # in the order of papers' first clicks
        newest = sorted(latest.values(), key=lambda click: (click.at, click.paper), reverse=True)
        found += newest[:NEWEST]
    return tuple(found)


def _hasty(clicks: list[Click]) -> set[int]:
    """Return the places of clicks, in order of time, that are part of a burst."""
    hasty: set[int] = set()
    for many, span in _BURSTS:
        first = 0
        for last, click in enumerate(clicks):
            while click.at - clicks[first].at > span:
                first += 1
            if len({other.paper for other in clicks[first : last + 1]}) >= many:
                hasty.update(range(first, last + 1))
    return hasty
