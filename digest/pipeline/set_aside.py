"""The boundary around work on single papers: one that makes a stage fail is set aside, and the rest goes on.

Whatever a stage raises, memory and recursion included, and whatever takes it more than `SECONDS` on one paper, it
is the paper that is set aside, not the run: first its abstract, then its whole text, then the paper itself, until
the stage succeeds. It is found by trying each paper alone, and only after a failure. What is set aside is stored,
so that later runs neither try nor report it again until the paper or the version of the program changes. A failure
that a harmless paper has, too (a broken template, a query too deep), is not the fault of a paper and is raised.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

from digest import __version__
from digest.errors import DigestError, RefusedError, StoreError, UsageError
from digest.model import Paper, SetAside
from digest.store.store import DATABASE_ERRORS, Store
from digest.system.deadline import SECONDS, TookTooLong, within

T = TypeVar("T")

# Seconds for each further paper of a page that shows many. Rendering one takes a hundredth of that.
_FURTHER = 0.25
_MANY = 3  # subscriptions for which matching a paper fails, until it is left out for all
HARMLESS = Paper(0, "urn:uuid:0", "A paper", "An abstract.", datetime(2000, 1, 1, tzinfo=UTC))

Papers = Mapping[int, Paper]


def without_abstract(paper: Paper) -> Paper:
    """Return a paper without its abstract."""
    return replace(paper, abstract="", snippet=False)


def without_text(paper: Paper) -> Paper:
    """Return a paper of which only what this program made is left: its number and its date."""
    return Paper(paper.number, paper.uid, "", "", paper.first_seen)


_LESS: dict[str, Callable[[Paper], Paper | None]] = {
    "": lambda paper: paper,
    "abstract": without_abstract,
    "text": without_text,
    "whole": lambda _: None,
}


class Boundary:
    """What is set aside, and what was found to be in this run or delivery (`found`)."""

    def __init__(self, known: tuple[SetAside, ...] = ()) -> None:
        self._known = {(each.paper, each.stage, each.subject): each for each in known}
        self.found: list[SetAside] = []

    @classmethod
    def of(cls, store: Store) -> "Boundary":
        """Return the boundary with what the library knows to be set aside."""
        with store.begin(write=False) as tx:
            return cls(tx.set_aside.all())

    def save(self, store: Store, at: datetime) -> None:
        """Store what was found."""
        if self.found:
            with store.begin() as tx:
                tx.set_aside.add(self.found, version=__version__, at=at)

    def one(
        self,
        stage: str,
        paper: Paper,
        work: Callable[[Paper], T],
        *,
        subject: str = "",
        otherwise: T,
        limit: float | None = SECONDS,
    ) -> T:
        """Return the result of work on a paper; `otherwise` if the paper was or is now set aside.

        `limit` is None for work that must not be interrupted, such as a transaction.
        """
        number = paper.number
        if (number, stage, "") in self._known or (subject and (number, stage, subject) in self._known):
            return otherwise
        try:
            return _done(lambda: work(paper), limit)
        except _PASSED:
            raise
        except Exception as error:  # noqa: BLE001 - the paper is set aside
            try:
                _done(lambda: work(HARMLESS), limit)
            except Exception:  # noqa: BLE001 - whatever it is, this paper is not its cause
                raise error from None
            self.set_aside(stage, subject, paper, error)
        return otherwise

    def whole(self, stage: str, subject: str, work: Callable[[], T], *, otherwise: T) -> T:
        """Return the result of work that no single paper can be blamed for; `otherwise` if it fails."""
        if (0, stage, subject) in self._known:
            return otherwise
        try:
            return work()
        except _PASSED:
            raise
        except Exception as error:  # noqa: BLE001 - what is left out is less than the run
            self.set_aside(stage, subject, HARMLESS, error)
        return otherwise

    def some(
        self,
        stage: str,
        subject: str,
        papers: Papers,
        work: Callable[[Papers], T],
        *,
        otherwise: T,
        pure: bool = False,
    ) -> T:
        """Return the result of work on papers without those that make it fail; `otherwise` if it fails for all.

        The work accepts other papers than these, and fewer. `pure`: it may be interrupted.
        """
        known = {number for number, where, of in self._known if where == stage and of in ("", subject)}
        if 0 in known:
            return otherwise
        shown = {number: paper for number, paper in papers.items() if number not in known}
        limit = SECONDS + _FURTHER * len(shown) if pure else None
        try:
            return _done(lambda: work(shown), limit)
        except _PASSED:
            raise
        except Exception:  # noqa: BLE001 - which paper is to blame is tried next
            alone = SECONDS if pure else None
            works = partial(self.one, stage, work=partial(_works, work), subject=subject, limit=alone)
            try:
                left = {number: paper for number, paper in shown.items() if works(paper, otherwise=False)}
            except Exception:  # noqa: BLE001 - none is
                left = shown
        return self.whole(stage, subject, lambda: _done(lambda: work(left), limit), otherwise=otherwise)

    def many(self, stage: str, papers: Papers, work: Callable[[Papers], T]) -> T:
        """Return the result of work on papers, by number, of which those that make it fail have less text.

        The work accepts other papers than these, and fewer.
        """
        shown = {number: less for number, paper in papers.items() if (less := self._less(stage, paper))}
        limit = SECONDS + _FURTHER * len(shown)
        try:
            return _done(lambda: work(shown), limit)
        except _PASSED:
            raise
        except Exception as error:  # noqa: BLE001 - which paper is to blame is tried next
            try:
                _done(lambda: work({HARMLESS.number: HARMLESS}), SECONDS)
            except Exception:  # noqa: BLE001 - whatever it is, no paper is its cause
                raise error from None
        for paper in tuple(shown.values()):
            left = self._tried(stage, papers[paper.number], work)
            if left is None:
                del shown[paper.number]
            else:
                shown[paper.number] = left
        return _done(lambda: work(shown), limit)

    def _less(self, stage: str, paper: Paper) -> Paper | None:
        """Return a paper without what is set aside of it."""
        known = self._known.get((paper.number, stage, ""))
        return _LESS[known.part if known else ""](paper)

    def _tried(self, stage: str, paper: Paper, work: Callable[[Papers], object]) -> Paper | None:
        """Return the paper with as much of it as the work accepts; None if it accepts nothing."""
        first: Exception | None = None
        for part, less in _LESS.items():
            left = less(paper)
            try:
                if left is not None:
                    _done(lambda left=left: work({left.number: left}), SECONDS)  # type: ignore[misc]
            except _PASSED:
                raise
            except Exception as error:  # noqa: BLE001 - the next part is tried
                first = first or error
                continue
            if first is not None:
                self.set_aside(stage, "", paper, first, part)
            return left
        return None

    def set_aside(
        self, stage: str, subject: str, paper: Paper, error: Exception, part: str = "whole"
    ) -> None:
        """Leave a paper, or a part of it, out of a stage from now on; for all subscriptions after some of them."""
        if subject and sum(key[:2] == (paper.number, stage) for key in self._known) + 1 == _MANY:
            subject = ""
        found = SetAside(paper.number, _name(paper), stage, subject, part, reason_of(error))
        if (paper.number, stage, subject) not in self._known:
            self._known[paper.number, stage, subject] = found
            self.found.append(found)


# A full disk or a database that fails concerns everything, and so do settings.
_PASSED = (StoreError, UsageError, OSError, *DATABASE_ERRORS)


def _works(work: Callable[[Papers], object], paper: Paper) -> bool:
    """Return True if the work succeeds for a paper alone."""
    work({paper.number: paper})
    return True


def _done(work: Callable[[], T], limit: float | None) -> T:
    return work() if limit is None else within(work, limit)


def _name(paper: Paper) -> str:
    # Nothing else of this program is called here: it may be what has failed.
    return " ".join(paper.title.split())[:80] or "untitled"


def ends_run(error: Exception) -> bool:
    """Return whether an error concerns the run as a whole: a full disk, a database that is gone; not one item."""
    return isinstance(error, (DigestError, OSError)) and not isinstance(error, RefusedError)


def reason_of(error: Exception) -> str:
    """Return an exception as a reason for users: what it says, or its name."""
    if isinstance(error, TookTooLong):
        return str(error)
    if isinstance(error, RefusedError):
        return error.reason
    text = " ".join(str(error).split())[:200]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def sentences(found: list[SetAside]) -> Iterator[str]:
    """Yield what was set aside, as problems of a run or a delivery."""
    for each in found:
        yield f"{each}; later runs leave it out; to try again: digest run --rewrite"
