"""What travels through a whole run: its options, its clock and its number in the ledger."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime

from digest.model import Home
from digest.store.store import Transaction

# Called with the stage, how much of it is done, and how much there is in all.
Progress = Callable[[str, int, int], None]


def silent(_stage: str, _done: int, _total: int) -> None:
    """Show no progress."""


@dataclass(frozen=True, slots=True)
class Options:
    """The options of a run.

    `paths` are read in place of the inbox; `captured` is the capture date of all of them. `force` makes issues
    that are not due. `only` and `among` limit the run to one or some subscriptions. `rewrite` writes all output
    again. `leave` are files of the inbox to ignore. `all` reports on every subscription, however many there are.
    """

    paths: tuple[str, ...] = ()
    captured: date | None = None
    force: bool = False
    only: str | None = None
    rewrite: bool = False
    among: frozenset[str] | None = None
    leave: frozenset[str] = frozenset()
    all: bool = False


@dataclass(frozen=True, slots=True)
class RunContext:
    """The home and the options of a run, its clock, and its number in the ledger.

    `now` is the clock of every decision, `started` the machine's own clock, for the ledger. `number` is 0 until
    the run is `opened`. `full`: the report is to say what matches for subscriptions that are not due, too.
    """

    home: Home
    options: Options
    now: datetime
    started: datetime
    progress: Progress = silent
    number: int = 0
    full: bool = True

    def opened(self, tx: Transaction) -> "RunContext":
        """Open the run in the ledger and return the context with its number."""
        return replace(
            self, number=tx.ledger.open_run(started=self.started, clock=self.now, only=self.options.only)
        )
