"""The answer to "why did I get no issue?" in a few sentences, from what the ledger has and the schedule wants.

Values in, sentences out: `why` gathers the facts.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from digest.model import RunRecord, Subscription, Verdict

Decided = tuple[tuple[RunRecord, Verdict], ...]

_LATE = 900  # seconds after its slot from which a run counts as late
_PASSING = ("not due", "paused", "disabled")  # how reasons begin that use up no slot


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a subscription, on one day of its zone or (`day` is None) lately.

    `decided` is newest first, lately without what was not due but for the newest. `slots` are those that
    the schedule as it is now has on that day; `later` is the first decision after the day that used up a
    slot; `enrolled` is when a run first saw the subscription, `issued` how many issues it ever had,
    `overdue` a slot that passed without a run.
    `subscription` is None if its file is gone or has mistakes.
    """

    zone: ZoneInfo
    now: datetime
    day: date | None
    decided: Decided
    subscription: Subscription | None
    slots: tuple[datetime, ...] = ()
    later: tuple[RunRecord, Verdict] | None = None
    enrolled: datetime | None = None
    issued: int = 0
    overdue: datetime | None = None

    def at(self, moment: datetime) -> str:
        """Return a moment as the reader's clock shows it: the time alone on the day asked for."""
        local = moment.astimezone(self.zone)
        return f"{local:%H:%M}" if local.date() == self.day else f"{local:%a %Y-%m-%d %H:%M}"


def answer(facts: Facts) -> tuple[str, ...]:
    """Say in sentences what came of a day, or lately."""
    return tuple(_of_day(facts, facts.day) if facts.day else _lately(facts))


# --- a day ---------------------------------------------------------------------------------------


def _of_day(facts: Facts, day: date) -> Iterator[str]:
    made = [pair for pair in reversed(facts.decided) if pair[1].issue]
    if made:
        yield from (_issue(facts, *pair) for pair in made)
        yield from _missed(facts)
        return
    missed = tuple(_missed(facts))
    told = next(filter(None, (tell(facts) for tell in (_without_match, _mistake, _passed_over))), "")
    if told:
        yield told
        yield from missed
    elif missed:
        yield from missed
    else:
        yield _no_slot(facts, day)


def _issue(facts: Facts, record: RunRecord, verdict: Verdict) -> str:
    told = f"Issue {verdict.issue} was made {_when(facts, record.clock)}"
    if not verdict.matched:
        return (
            f"{told}, a note without papers (send_empty), as nothing had matched for long.{_nearest(verdict)}"
        )
    considered = "paper" if verdict.considered == 1 else "papers"
    forced = "" if verdict.slot else ", regardless of the clock"
    return f"{told}{forced}: {verdict.matched} of {verdict.considered} {considered} matched."


def _without_match(facts: Facts) -> str:
    """Say what came of the last slot that was used up."""
    for record, verdict in facts.decided:
        if verdict.slot:
            late = (record.clock - verdict.slot).total_seconds() >= _LATE
            ran = f" (the run came {_when(facts, record.clock)})" if late else ""
            return f"No issue: for the slot of {facts.at(verdict.slot)}{ran}, {_nothing(verdict)}"
    return ""


def _mistake(facts: Facts) -> str:
    errors = [verdict.error for _, verdict in facts.decided if verdict.error]
    if not errors:
        return ""
    return f"No issue: its file had a mistake, so runs left it out; mended, it catches up: {errors[0]}"


def _passed_over(facts: Facts) -> str:
    """Say that it was stopped, or which slot the runs of the day waited for."""
    reasons = [verdict.reason for _, verdict in facts.decided if verdict.reason]
    stopped = [reason for reason in reasons if not reason.startswith("not due")]
    return f"No issue: {stopped[0]}." if stopped else ""


def _missed(facts: Facts) -> Iterator[str]:
    """Say that no run came after a slot of that day, and which one made up for it."""
    slot = max((slot for slot in facts.slots if slot <= facts.now), default=None)
    if slot is None or any(verdict.slot and verdict.slot >= slot for _, verdict in facts.decided):
        return
    if any(
        not (verdict.reason or "not due").startswith("not due")
        for _, verdict in facts.decided
        if not verdict.slot
    ):
        return  # paused, or disabled: the slot was not wanted
    if facts.enrolled is None:
        yield "No run has looked at it yet: digest run"
    elif slot < facts.enrolled:
        yield f"No issue: a run saw it first {_when(facts, facts.enrolled)}."
    elif facts.later is None:
        yield f"No run has come since its slot of {facts.at(slot)}; digest run catches up, and digest doctor says whether digest schedule runs."
    else:
        record, verdict = facts.later
        came = f"issue {verdict.issue}" if verdict.issue else _nothing(verdict).rstrip(".")
        yield f"No run came that day after its slot of {facts.at(slot)}. The next one, {facts.at(record.clock)}, made up for it: {came}."


def _no_slot(facts: Facts, day: date) -> str:
    if facts.subscription is None:
        return "No run decided about it on that day."
    schedule = f"“{facts.subscription.schedule}”"
    ahead = [slot for slot in facts.slots if slot > facts.now]
    if ahead:
        return f"No issue yet: the slot of {facts.at(ahead[0])} is still to come."
    waiting = next((verdict for _, verdict in facts.decided if verdict.considered), None)
    waits = f" {_waiting(waiting)}" if waiting else ""
    return f"No issue: {schedule} has no slot on {day:%a} {day}.{waits}"


# --- lately --------------------------------------------------------------------------------------


def _lately(facts: Facts) -> Iterator[str]:
    if not facts.decided:
        yield "No run has looked at it yet: digest run"
        return
    newest = facts.decided[0][1]
    issues = [place for place, (_, verdict) in enumerate(facts.decided) if verdict.issue]
    silent = facts.decided[: issues[0]] if issues else facts.decided
    if issues:
        yield _issue(facts, *facts.decided[issues[0]])
    used = [verdict for _, verdict in silent if verdict.slot]
    if used and used[0].slot:
        never = "No issue for long: the last" if facts.issued else "No issue yet:"
        since = "Since then" if issues else never
        slots = f"{len(used)} slots have" if len(used) > 1 else "one slot has"
        last = "the last" if len(used) > 1 else "that"
        yield f"{since} {slots} passed without one; for {last}, {facts.at(used[0].slot)}, {_nothing(used[0])}"
    if newest.error:
        yield f"Now its file has a mistake, so runs leave it out; mended, it catches up: {newest.error}"
    elif (newest.reason or "").startswith(_PASSING[1:]):
        yield f"Now {newest.reason}."
    elif facts.overdue:
        yield f"Its slot of {facts.at(facts.overdue)} has passed, and no run has come since; digest run catches up, and digest doctor says whether digest schedule runs."
    elif newest.considered and not (newest.slot or newest.issue):
        yield _waiting(newest)


# --- words ---------------------------------------------------------------------------------------


def _nothing(verdict: Verdict) -> str:
    """Say that nothing matched, and what came nearest."""
    near = verdict.nearest[0] if verdict.nearest else ""
    reason = (verdict.reason or f"no match among {verdict.considered} papers").removesuffix(f"; {near}")
    return f"{reason}.{_nearest(verdict)}"


def _nearest(verdict: Verdict) -> str:
    return f" Nearest: {verdict.nearest[0]}." if verdict.nearest else ""


def _waiting(verdict: Verdict) -> str:
    papers = "paper waits" if verdict.considered == 1 else "papers wait"
    match = "matches" if verdict.matched < 2 else "match"
    return f"{verdict.considered} {papers} for the next slot; {verdict.matched or 'none'} of them {match}."


def _when(facts: Facts, moment: datetime) -> str:
    local = moment.astimezone(facts.zone)
    return f"at {local:%H:%M}" if local.date() == facts.day else f"on {local:%a %Y-%m-%d} at {local:%H:%M}"
