"""Doctor checks of what a home must keep: its library, and the privacy of its files."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from digest.errors import StoreError, UsageError
from digest.home.private import wide_paths
from digest.model import Home, Subscription
from digest.model.reports import Finding
from digest.services.lost_library import need_library
from digest.services.workspace import Clock, open_library
from digest.text.format import count, local_time

_STALE_BACKUP = timedelta(days=3)


def examine_loss(home: Home) -> Iterator[Finding]:
    """Find out whether the library is lost."""
    try:
        need_library(home)
    except UsageError as error:
        message, *remedies = str(error).split("; ")
        yield Finding("database", "bad", message, "; ".join(remedies))


def examine_backups(home: Home, clock: Clock) -> Iterator[Finding]:
    """Find out whether there is a recent copy of the library, daily or made by `digest backup`."""
    from digest.services.backup import backups, noted_backup

    if not home.settings.schedule.backups:
        return
    found, noted, zone = backups(home), noted_backup(home), home.settings.timezone
    made = max(((datetime.fromtimestamp(path.stat().st_mtime, UTC), path) for path in found), default=None)
    elsewhere = noted and not noted[0].exists() and not noted[0].is_relative_to(home.path.resolve())
    if noted and elsewhere and (made is None or noted[1] > made[0]):
        message = f"the newest backup, {noted[0]} of {local_time(noted[1], zone)}, cannot be found"
        remedy = "if you moved it, or its disk is not connected, ignore this; otherwise make one: digest backup FILE"
        yield Finding("database", "warning", message, remedy)
    elif made is None:
        remedy = "make one: digest backup FILE (digest schedule makes one every day)"
        yield Finding("database", "warning", "the library has no backup", remedy)
    elif (age := clock.started - made[0]) > _STALE_BACKUP:
        message = f"the newest backup, {_shown(home, made[1])}, is {count(age.days, 'day')} old"
        remedy = "check that digest schedule is running, or make one: digest backup FILE"
        yield Finding("database", "warning", message, remedy)
    else:
        message = f"the newest backup, {_shown(home, made[1])}, was made {local_time(made[0], zone)}"
        yield Finding("database", "good", message)


def _shown(home: Home, path: Path) -> str:
    return str(path.relative_to(home.path) if path.is_relative_to(home.path) else path)


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
    first = _shown(home, wide[0])
    others = f" and {count(len(wide) - 1, 'other path')}" if len(wide) > 1 else ""
    verb = "are" if others else "is"
    message = f"{first}{others} {verb} open to other users of this machine"
    yield Finding("modes", "warning", message, "the next run makes this private: digest run")


def examine_privacy(home: Home) -> Iterator[Finding]:
    """Find public files of private subscriptions."""
    from digest.pipeline.privacy import published_files
    from digest.services.subscriptions import subscriptions_now

    private = [
        each.id
        for each in subscriptions_now(home)
        if isinstance(each, Subscription) and each.visibility == "private"
    ]
    public = [path for name in private for path in published_files(home.output, name)]
    if public:
        others = f" and {count(len(public) - 1, 'other file')}" if len(public) > 1 else ""
        message = (
            f"{_shown(home, public[0])}{others} can be read by everybody, but the subscription is private"
        )
        yield Finding("modes", "warning", message, "the next run removes them: digest run")
