"""What runs decided for a subscription that was not due: the ledger does not record it, as it can be computed."""

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from digest.compose.decide import Moment, decide, is_paused, not_due_reason, pause_reason, waits
from digest.model import RunRecord, Subscription, Verdict
from digest.pipeline.ingest import owned

if TYPE_CHECKING:
    from digest.model import Home
    from digest.store.store import Store, Transaction

# The last run that included a subscription, and its decision, if it used up no slot.
Waiting = tuple[RunRecord, Verdict] | None
_DISABLED = "disabled: enabled = false"


def last_waiting(
    home: "Home", store: "Store", tx: "Transaction", name: str, subscription: Subscription | None
) -> Waiting:
    """Return what the last run that included a subscription decided, if it used up no slot."""
    from digest.pipeline.decisions import load_candidates, search
    from digest.pipeline.matching import RunMatcher

    cursor = tx.cursors.get(name) if subscription else None
    if subscription is None or cursor is None:
        return None
    last = next(iter(tx.ledger.runs_of(name, since=cursor.enrolled, limit=1)), None)
    if last is None:
        return None
    if not subscription.enabled:
        return last, Verdict(name, 0, 0, None, _DISABLED, None)
    matcher = RunMatcher(store, owned(home, last.clock).has)
    moment = Moment(last.clock, tx.library.end())
    (candidate,) = load_candidates(tx, matcher, [subscription], moment)
    if not waits(candidate, moment):
        return None
    return last, decide(candidate, search(matcher, candidate, moment), moment).verdict


def with_waiting(
    tx: "Transaction",
    name: str,
    subscription: Subscription | None,
    between: tuple[datetime, datetime],
    waiting: Waiting,
) -> tuple[tuple[RunRecord, Verdict], ...]:
    """Return what the runs between two times decided, newest first, also those for which nothing was due."""
    since, until = between
    found = list(tx.ledger.verdicts_of(name, since=since, until=until))
    cursor = tx.cursors.get(name) if subscription else None
    if subscription is None or cursor is None:
        return tuple(found)
    recorded = {record.id for record, _ in found}
    newest = next((record.id for record, _ in tx.ledger.verdicts_of(name, settled=True, limit=1)), 0)
    for record in tx.ledger.runs_of(name, since=max(since, cursor.enrolled), until=until):
        if record.id not in recorded:
            verdict = Verdict(name, 0, 0, None, _reason(subscription, record.clock), None)
            if waiting and record.id > newest:  # the same papers still wait
                verdict = replace(verdict, considered=waiting[1].considered, matched=waiting[1].matched)
            found.append((record, verdict))
    return tuple(sorted(found, key=lambda pair: -pair[0].id))


def _reason(subscription: Subscription, clock: datetime) -> str:
    """Return why a run at this time made no issue, as far as the subscription of today tells."""
    if not subscription.enabled:
        return _DISABLED
    if is_paused(subscription, clock.astimezone(ZoneInfo("UTC"))):
        return pause_reason(subscription)
    return not_due_reason(subscription, clock)
