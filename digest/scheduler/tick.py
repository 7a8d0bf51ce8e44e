"""One tick of the schedule (a round, to users): what has arrived, what is due, and the run for it."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from digest.errors import ConfigError, DigestError
from digest.home.settings_file import open_home
from digest.home.subscription_files import file_states
from digest.model import Home
from digest.model.reports import RunReport
from digest.pipeline.context import Options
from digest.read.inbox_watcher import InboxWatcher
from digest.services import runs
from digest.services.runs import RunRequest
from digest.services.workspace import Clock

# Seconds that due subscriptions wait for files being written, and for sources being fetched.
FILE_TIMEOUT, FETCH_TIMEOUT = 10.0, 55.0


class Stopped(DigestError):  # noqa: N818 - not an error
    """A run ended between two transactions because the process is stopping; the next run continues it."""


@dataclass(frozen=True, slots=True)
class TickResult:
    """What a tick found and did.

    `arrived` are the paths of the files it read, `due` the ids of the subscriptions with a slot.
    `unfinished`: a file of the inbox is still being written, so tick again soon. `report` is None if no
    run was needed.
    """

    arrived: tuple[str, ...]
    due: frozenset[str]
    unfinished: bool
    report: RunReport | None


class Ticker:
    """Ticks of one home. Remembers which files it has read, and the last valid settings."""

    def __init__(
        self,
        home: Home,
        *,
        stopping: Callable[[], bool],
        fetching: Callable[[], bool] = lambda: False,
        progressed: Callable[[], None] = lambda: None,
        decided: Callable[[], None] = lambda: None,
    ) -> None:
        """`stopping` and `fetching` are asked for the state of the process; a run calls `progressed` often.

        It calls `decided` when its mail is in the outbox, before it writes files.
        """
        self.home = home
        self._path = home.path
        self._stopping, self._fetching, self._progressed = stopping, fetching, progressed
        self._decided = decided
        self._inbox = InboxWatcher(str(home.inbox))
        self._files: object = None  # the state in which the subscription files were taken up
        self._waiting_since: float | None = None  # monotonic

    @property
    def waiting(self) -> bool:
        """Whether due subscriptions wait for a file being written or a source being fetched."""
        return self._waiting_since is not None

    def refresh(self) -> ConfigError | None:
        """Read the settings again. If they are invalid, return the error and keep the old ones."""
        try:
            self.home = open_home(str(self._path))
        except ConfigError as error:
            return error
        return None

    def tick(self, clock: Clock) -> TickResult:
        """Do what is due now. Raises DigestError; it is then still due at the next tick."""
        arrived, unfinished = self._inbox.poll(wall=time.time(), monotonic=time.monotonic())
        files = self._subscription_files()
        due, taken_up = runs.due(self.home, clock, files_changed=files != self._files)
        if taken_up:
            self._files = files
        if not due:
            self._waiting_since = None
        if (due and self._must_wait(unfinished=unfinished)) or not (arrived or due):
            return TickResult((), due, unfinished, None)
        self._waiting_since = None
        other_files = frozenset(set(map(str, _files(self.home.inbox))) - set(arrived))
        # New papers concern the feed of every subscription; a slot concerns only its own.
        options = Options(leave=other_files, among=None if arrived else due)
        # Delivery may take long, so a separate job does it.
        request = RunRequest(options, clock, arguments=("schedule",), deliver=False, decided=self._decided)
        report = runs.run(self.home, request, self._progress)
        self._inbox.mark_read(arrived)
        return TickResult(arrived, due, unfinished, report)

    def _subscription_files(self) -> object:
        """Return a value that differs when the subscription files, or the default time zone, may have changed."""
        states = file_states(self.home.subscriptions)
        unsure = states is not None and "" in states.values()
        return self.home.settings.timezone, states, time.monotonic() if unsure else 0

    def _must_wait(self, *, unfinished: bool) -> bool:
        """Return whether due subscriptions wait: files and sources in progress may still add papers for them."""
        timeout = max(FILE_TIMEOUT * unfinished, FETCH_TIMEOUT * self._fetching())
        if self._waiting_since is None and timeout:
            self._waiting_since = time.monotonic()
        return self._waiting_since is not None and time.monotonic() - self._waiting_since < timeout

    def _progress(self, _stage: str, _done: int, _total: int) -> None:
        self._progressed()
        if self._stopping():
            raise Stopped("stopped between two transactions; the next run continues from here")


def _files(inbox: Path) -> tuple[str, ...]:
    from digest.read import files_of

    return files_of(str(inbox))
