"""One round of the clock: what arrived, what is due, and the run that does it. `schedule` makes the rounds."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from digest.errors import ConfigError, DigestError
from digest.home.settings_file import open_home
from digest.home.subscription_files import SubscriptionCache
from digest.model import Home
from digest.model.reports import RunReport
from digest.pipeline.ingest import Options
from digest.read.inbox_watcher import InboxWatcher
from digest.services import runs
from digest.services.workspace import Clock

# Seconds that slots wait for files that are being written, and for sources that are being asked.
PATIENCE, FETCH_PATIENCE = 10.0, 55.0


class Stopped(DigestError):  # noqa: N818 - nothing went wrong
    """A run was asked to stop and did, between two transactions; the next one continues."""


@dataclass(frozen=True, slots=True)
class TickResult:
    """What a round found and did; `report` is None where nothing was to be done.

    `unfinished`: a file of the inbox is still being written, so look again soon.
    """

    arrived: tuple[str, ...]
    due: frozenset[str]
    unfinished: bool
    report: RunReport | None


class Ticker:
    """The rounds of one home: it remembers which files it has taken, and settings that were in order."""

    def __init__(
        self,
        home: Home,
        *,
        stopping: Callable[[], bool],
        fetching: Callable[[], bool] = lambda: False,
        alive: Callable[[], None] = lambda: None,
    ) -> None:
        """`alive` is called whenever a run has got a step further."""
        self.home = home
        self._path = home.path
        self._stopping, self._fetching, self._alive = stopping, fetching, alive
        self._inbox = InboxWatcher(str(home.inbox))
        self._roster = SubscriptionCache()
        self._waiting: float | None = None  # since when, monotonic

    @property
    def waits(self) -> bool:
        """Whether slots wait for what is being written or fetched."""
        return self._waiting is not None

    def refresh(self) -> ConfigError | None:
        """Read the settings again; while they have mistakes, those before stay in force."""
        try:
            self.home = open_home(str(self._path))
        except ConfigError as error:
            return error
        return None

    def go(self, clock: Clock) -> TickResult:
        """Do what is to be done now. Raises DigestError: it is then still to be done in the next round."""
        arrived, unfinished = self._inbox.poll(wall=time.time(), monotonic=time.monotonic())
        loaded = self._roster.load_all(
            self.home.subscriptions,
            timezone=self.home.settings.timezone,
            language=self.home.settings.language,
        )
        due = runs.due(self.home, loaded, clock)
        if not due:
            self._waiting = None
        if (due and self._patient(unfinished=unfinished)) or not (arrived or due):
            return TickResult((), due, unfinished, None)
        self._waiting = None
        left = frozenset(set(map(str, _files(self.home.inbox))) - set(arrived))
        # What arrived concerns every subscription's feed; a slot only its own.
        options = Options(leave=left, among=None if arrived else due)
        report = runs.run(
            self.home,
            options,
            clock,
            dry_run=False,
            words=("schedule",),
            progress=self._pause,
            loaded=loaded,
            then_deliver=False,  # that takes as long as it takes: the clock has an errand of its own for it
        )
        self._inbox.mark_read(arrived)
        return TickResult(arrived, due, unfinished, report)

    def _patient(self, *, unfinished: bool) -> bool:
        """Tell whether slots wait: what is being written or fetched now may be what they are to bring."""
        patience = max(PATIENCE * unfinished, FETCH_PATIENCE * self._fetching())
        if self._waiting is None and patience:
            self._waiting = time.monotonic()
        return self._waiting is not None and time.monotonic() - self._waiting < patience

    def _pause(self, _stage: str, _done: int, _total: int) -> None:
        self._alive()
        if self._stopping():
            raise Stopped("stopped between two transactions; the next run continues from here")


def _files(inbox: Path) -> tuple[str, ...]:
    from digest.read import files_of

    return files_of(str(inbox))
