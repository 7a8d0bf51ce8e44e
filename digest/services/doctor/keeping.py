"""Doctor checks of what a home must keep: its library, and the privacy of its files."""

from collections.abc import Iterator

from digest.errors import StoreError, UsageError
from digest.home.private import wide_paths
from digest.model import Home
from digest.model.reports import Finding
from digest.services.lost_library import need_library
from digest.services.workspace import open_library
from digest.text.format import count


def examine_loss(home: Home) -> Iterator[Finding]:
    """Find out whether the library is lost."""
    try:
        need_library(home)
    except UsageError as error:
        message, *remedies = str(error).split("; ")
        yield Finding("database", "bad", message, "; ".join(remedies))


def examine_departures(home: Home) -> Iterator[Finding]:
    """Find out whether it is known who has left: the file of departures, and its key, can be read."""
    try:
        with open_library(home, create=False) as store, store.begin(write=False) as tx:
            tx.outbox.check_departures()
    except StoreError as error:
        message, _, remedy = str(error).partition("; ")
        yield Finding("database", "bad", message, remedy)


def examine_modes(home: Home) -> Iterator[Finding]:
    """Find private files that other users of the machine may read."""
    wide = wide_paths(home)
    if not wide:
        yield Finding("modes", "good", "the library, its copies and emails can be read only by their owner")
        return
    first = wide[0].relative_to(home.path) if wide[0].is_relative_to(home.path) else wide[0]
    others = f" and {count(len(wide) - 1, 'other path')}" if len(wide) > 1 else ""
    verb = "are" if others else "is"
    message = f"{first}{others} {verb} open to other users of this machine"
    yield Finding("modes", "warning", message, "the next run takes their rights away: digest run")
