"""One round of the clock: what arrived, what is due, and the run that does it. `schedule` makes the rounds."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from digest import app
from digest.errors import ConfigError, DigestError
from digest.intake import Options
from digest.model import Home
from digest.read.arrivals import Arrivals
from digest.report import RunReport
from digest.subscriptions import Roster

PATIENCE = 10.0  # seconds that slots wait for files that are being written


class Stopped(DigestError):  # noqa: N818 - nothing went wrong
    """A run was asked to stop and did, between two transactions; the next one continues."""


@dataclass(frozen=True, slots=True)
class Round:
    """What a round found and did; `report` is None where nothing was to be done.

    `unfinished`: a file of the inbox is still being written, so look again soon.
    """

    arrived: tuple[str, ...]
    due: frozenset[str]
    unfinished: bool
    report: RunReport | None


class Rounds:
    """The rounds of one home: it remembers which files it has taken, and settings that were in order."""

    def __init__(self, home: Home, *, stopping: Callable[[], bool]) -> None:
        self.home = home
        self._path = home.path
        self._stopping = stopping
        self._arrivals = Arrivals(str(home.inbox))
        self._roster = Roster()
        self._waiting: float | None = None  # since when, monotonic

    def refresh(self) -> ConfigError | None:
        """Read the settings again; while they have mistakes, those before stay in force."""
        try:
            self.home = app.open_home(str(self._path))
        except ConfigError as error:
            return error
        return None

    def go(self, clock: app.Clock) -> Round:
        """Do what is to be done now. Raises DigestError: it is then still to be done in the next round."""
        arrived, unfinished = self._arrivals.look(wall=time.time(), monotonic=time.monotonic())
        loaded = self._roster.load_all(
            self.home.subscriptions,
            timezone=self.home.settings.timezone,
            language=self.home.settings.language,
        )
        due = app.due(self.home, loaded, clock)
        if (due and unfinished and self._patient()) or not (arrived or due):
            return Round((), due, unfinished, None)
        self._waiting = None
        left = frozenset(set(map(str, _files(self.home.inbox))) - set(arrived))
        # What arrived concerns every subscription's feed; a slot only its own.
        options = Options(leave=left, among=None if arrived else due)
        report = app.run(
            self.home,
            options,
            clock,
            dry_run=False,
            words=("schedule",),
            progress=self._pause,
            loaded=loaded,
        )
        self._arrivals.take(arrived)
        return Round(arrived, due, unfinished, report)

    def _patient(self) -> bool:
        """Tell whether slots may wait: what is being written now may be what they are to bring."""
        if self._waiting is None:
            self._waiting = time.monotonic()
        return time.monotonic() - self._waiting < PATIENCE

    def _pause(self, _stage: str, _done: int, _total: int) -> None:
        if self._stopping():
            raise Stopped("stopped between two transactions; the next run continues from here")


def _files(inbox: Path) -> tuple[str, ...]:
    from digest.read import files_of

    return files_of(str(inbox))
