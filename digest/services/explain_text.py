"""The answer to "why did I get nothing?", in a few sentences. Pure: `explain` gathers the facts."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from digest.model import RunRecord, Subscription, Verdict
from digest.text.format import count

Decided = tuple[tuple[RunRecord, Verdict], ...]

_LATE = 900  # seconds after its slot from which a run is said to have been late
_NOT_DUE = "not due"  # how the reasons of runs begin that found no slot
_INACTIVE = {
    "paused": "the subscription is {reason}",
    "disabled": "the subscription is disabled (enabled = false)",
}
_TIME = re.compile(r"\bat \d\d:\d\d")
_NO_RUN_YET = "No run has included this subscription yet. To start one: digest run"


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a subscription on one day of its zone, or recently (`day` is None).

    `decided` is newest first; recent ones leave out runs without a slot, except the newest. `slots` are
    those that the current schedule has on the day, in order. `later` is the first decision after the day
    that used a slot. `enrolled` is when a run first included the subscription, `issued` the number of its
    issues so far, `overdue` a slot that has passed without a run. `subscription` is None if its file is
    missing or invalid.
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
    home_zone: str = ""

    def at(self, moment: datetime) -> str:
        """Return "at 08:00" on the day asked for, else "on Tue 2026-11-17 at 08:00"."""
        local = moment.astimezone(self.zone)
        day = "" if local.date() == self.day else f"on {local:%a %Y-%m-%d} "
        return f"{day}at {local:%H:%M}"


def answer(facts: Facts) -> tuple[str, ...]:
    """Return the sentences that explain a day, or the recent past; they say whose times these are if not the home's."""
    sentences = tuple(_day(facts, facts.day) if facts.day else _recent(facts))
    if facts.zone.key != facts.home_zone and any(_TIME.search(each) for each in sentences):
        return (*sentences, f"Times are in {facts.zone.key} time.")
    return sentences


def _day(facts: Facts, day: date) -> Iterator[str]:
    made = [pair for pair in reversed(facts.decided) if pair[1].issue]
    missed = tuple(_missed_slot(facts))
    if made:
        yield from (_issue(facts, *pair) for pair in made)
        yield from missed
        return
    reason = _no_match(facts) or _invalid_file(facts) or _inactive(facts)
    if reason:
        yield reason
    if missed:
        yield from missed
    elif not reason:
        yield _no_slot(facts, day)


def _issue(facts: Facts, record: RunRecord, verdict: Verdict) -> str:
    made = f"Issue {verdict.issue} was made {facts.at(record.clock)}"
    if not verdict.matched:
        return (
            f"{made}: a note without papers, because nothing had matched for a week (send_empty)."
            f"{_near_miss(verdict)}"
        )
    forced = "" if verdict.slot else ", outside the schedule (--force)"
    return f"{made}{forced}: {verdict.matched} of {count(verdict.considered, 'paper')} matched."


def _no_match(facts: Facts) -> str:
    """Explain the last slot of the day that was used."""
    for record, verdict in facts.decided:
        if verdict.slot:
            late = (record.clock - verdict.slot).total_seconds() >= _LATE
            ran = f" (the run started {facts.at(record.clock)})" if late else ""
            return f"No issue for the slot {facts.at(verdict.slot)}{ran}: {_outcome(verdict)}"
    return ""


def _invalid_file(facts: Facts) -> str:
    error = next((verdict.error for _, verdict in facts.decided if verdict.error), "")
    if not error:
        return ""
    return (
        "No issue: runs skipped this subscription because its file was invalid. "
        f"Once the file is fixed, the next run catches up. The error: {error}"
    )


def _inactive(facts: Facts) -> str:
    reasons = (verdict.reason for _, verdict in facts.decided if verdict.reason)
    reason = next((each for each in reasons if not each.startswith(_NOT_DUE)), "")
    return f"No issue: {_spelled_out(reason)}." if reason else ""


def _spelled_out(reason: str) -> str:
    """Return the reason of a verdict as a clause."""
    return _INACTIVE.get(reason.partition(" ")[0].rstrip(":"), "{reason}").format(reason=reason)


def _missed_slot(facts: Facts) -> Iterator[str]:
    """Explain the last slot of the day that has passed, if no run used it that day."""
    slot = max((slot for slot in facts.slots if slot <= facts.now), default=None)
    if slot is None or any(verdict.slot and verdict.slot >= slot for _, verdict in facts.decided):
        return
    if any(
        not (verdict.reason or _NOT_DUE).startswith(_NOT_DUE)
        for _, verdict in facts.decided
        if not verdict.slot
    ):
        return  # paused or disabled: the slot did not count
    if facts.enrolled is None:
        yield _NO_RUN_YET
    elif slot < facts.enrolled:
        yield f"No issue: the first run that included this subscription was {facts.at(facts.enrolled)}."
    elif facts.later is None:
        yield _no_run_since(facts, slot)
    else:
        record, verdict = facts.later
        did = f" and made issue {verdict.issue}." if verdict.issue else f": {_outcome(verdict)}"
        yield (
            f"No run started on that day after the slot {facts.at(slot)}. "
            f"The next run, {facts.at(record.clock)}, caught up{did}"
        )


def _no_run_since(facts: Facts, slot: datetime) -> str:
    return (
        f"No run has included this subscription since its slot {facts.at(slot)}. "
        "To catch up: digest run. To check whether digest schedule is running: digest doctor"
    )


def _no_slot(facts: Facts, day: date) -> str:
    if facts.subscription is None:
        return "No run included this subscription on that day."
    upcoming = next((slot for slot in facts.slots if slot > facts.now), None)
    if upcoming:
        return f"No issue yet: the next slot is {facts.at(upcoming)}."
    waiting = next((verdict for _, verdict in facts.decided if verdict.considered), None)
    return f"No issue: the schedule “{facts.subscription.schedule}” has no slot on {day:%a} {day}." + (
        f" {_waiting(waiting)}" if waiting else ""
    )


def _recent(facts: Facts) -> Iterator[str]:
    if not facts.decided:
        yield _NO_RUN_YET
        return
    newest = facts.decided[0][1]
    issues = [place for place, (_, verdict) in enumerate(facts.decided) if verdict.issue]
    after = facts.decided[: issues[0]] if issues else facts.decided
    if issues:
        yield _issue(facts, *facts.decided[issues[0]])
    if used := [verdict for _, verdict in after if verdict.slot]:
        yield _slots_without_issue(facts, used, since_issue=bool(issues))
    if newest.error:
        yield (
            "Runs now skip this subscription because its file is invalid. "
            f"Once the file is fixed, the next run catches up. The error: {newest.error}"
        )
    elif (newest.reason or "").startswith(tuple(_INACTIVE)):
        text = _spelled_out(newest.reason or "")
        yield f"{text[0].upper()}{text[1:]}."
    elif facts.overdue:
        yield _no_run_since(facts, facts.overdue)
    elif newest.considered and not (newest.slot or newest.issue):
        yield _waiting(newest)


def _slots_without_issue(facts: Facts, used: list[Verdict], *, since_issue: bool) -> str:
    """Explain the slots that were used without an issue; `used` is newest first."""
    slot = used[0].slot
    assert slot is not None, "only slots that were used are explained"
    outcome = f"{facts.at(slot)}: {_outcome(used[0])}"
    one = len(used) == 1
    if since_issue:
        start = f"Since then, {'one slot has' if one else f'{len(used)} slots have'} passed without an issue"
    elif facts.issued:
        start = f"No recent issue. The last {'slot' if one else f'{len(used)} slots'} passed without one"
    else:
        start = f"No issue yet. {'One slot has' if one else f'{len(used)} slots have'} passed"
    return f"{start}, {'' if one else 'the latest '}{outcome}"


def _outcome(verdict: Verdict) -> str:
    """Return why there was no issue for a slot, and the nearest miss."""
    near = verdict.nearest[0] if verdict.nearest else ""
    reason = verdict.reason or f"no match among {count(verdict.considered, 'paper')}"
    return f"{reason.removesuffix(f'; {near}')}.{_near_miss(verdict)}"


def _near_miss(verdict: Verdict) -> str:
    return f" Near miss: {verdict.nearest[0]}." if verdict.nearest else ""


def _waiting(verdict: Verdict) -> str:
    if verdict.considered == 1:
        match = "it matches" if verdict.matched else "it does not match"
        return f"1 paper is waiting for the next slot; {match}."
    match = f"{verdict.matched or 'none'} of them {'match' if verdict.matched > 1 else 'matches'}"
    return f"{verdict.considered} papers are waiting for the next slot; {match}."
