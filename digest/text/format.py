"""How counts and times are written in messages and JSON."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime, tzinfo


def count(number: int, noun: str) -> str:
    """Return a number with its noun: "1 paper", "2 papers". For regular English nouns only."""
    return f"{number} {noun if number == 1 else f'{noun}s'}"


def local_time(moment: "datetime", zone: "tzinfo | str") -> str:
    """Return an aware moment on the clock of a zone (or its IANA name), to the minute: "Tue 2026-11-17 08:00"."""
    from zoneinfo import ZoneInfo  # here, as the command line's --help needs only `count`

    return f"{moment.astimezone(ZoneInfo(zone) if isinstance(zone, str) else zone):%a %Y-%m-%d %H:%M}"


def local_day(moment: "datetime", zone: str) -> str:
    """Return the day of an aware moment in a zone: "2026-11-17"."""
    from zoneinfo import ZoneInfo

    return moment.astimezone(ZoneInfo(zone)).date().isoformat()


def named_time(moment: "datetime", zone: str, usual: str = "") -> str:
    """Return a moment as `local_time` and the zone, "Tue 2026-11-17 08:00 (Europe/Paris)", unless it is the usual one.

    Messages and tables show times in the home's zone, which is the usual one, or name the zone.
    """
    return local_time(moment, zone) + ("" if zone == usual else f" ({zone})")


def iso(moment: "datetime | None") -> str | None:
    """Return a moment in ISO 8601; None for None."""
    return None if moment is None else moment.isoformat()
