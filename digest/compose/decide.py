"""What a run decides for one subscription: whether an issue is due, and why it makes none. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from digest.compose.issue import Findings
from digest.compose.slots import Slot, instant_of, latest_due, next_slot, parse_schedule
from digest.i18n.language import Language
from digest.match.near_misses import NearMiss
from digest.model import Cursor, Entry, Subscription
from digest.text.format import local_time

# A last slot further ahead of the clock was used up while the clock was wrong, and is put back; without that the
# subscription would get no issue until then. A smaller lead, as after a small correction, is waited out: a run
# must not make the issue of a slot twice.
AHEAD = timedelta(days=2)
# How long a subscription with `send_empty` may go without an issue before it gets a note.
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Due:
    """Whether an issue is due: with `waiting` it is not, for that reason; else it uses up `slot`, if any."""

    slot: Slot | None = None
    waiting: str = ""


def is_ahead(cursor: Cursor, now: datetime) -> bool:
    """Return whether the last slot of a cursor was used up while the clock was far ahead."""
    return cursor.last_slot is not None and cursor.last_slot - now > AHEAD


def is_paused(subscription: Subscription, now: datetime) -> bool:
    """Return whether a subscription is paused; it no longer is on the day `paused_until`, in its own zone."""
    today = now.astimezone(ZoneInfo(subscription.timezone)).date()
    return subscription.paused_until is not None and today < subscription.paused_until


def waiting_slot(subscription: Subscription, last: datetime | None, now: datetime) -> Slot | None:
    """Return the latest slot after the last one used and not after `now`, or None.

    Slots within a pause do not count, except for the first issue (`last` is None).
    """
    zone = ZoneInfo(subscription.timezone)
    slot = latest_due(parse_schedule(subscription.schedule), zone, last, now)
    if slot and last and subscription.paused_until:
        pause_ends = instant_of(datetime.combine(subscription.paused_until, time()), zone)
        return slot if slot.instant >= pause_ends else None
    return slot


def issue_due(
    subscription: Subscription, cursor: Cursor, findings: Findings, *, slot: Slot | None, now: datetime
) -> Due:
    """Return whether an issue is due, given the unused slot of the subscription, if it has one."""
    if is_paused(subscription, now):
        return Due(waiting=f"paused until {subscription.paused_until}")
    if slot or cursor.last_slot is None:
        return Due(slot)
    zone = ZoneInfo(subscription.timezone)
    upcoming = next_slot(parse_schedule(subscription.schedule), zone, max(now, cursor.last_slot))
    when = local_time(upcoming.instant, zone) if upcoming else "ever"
    reason = f"not due until {when} ({subscription.timezone})"
    if findings.considered:
        reason += f"; {findings.matched} of {findings.considered} waiting papers match"
    return Due(waiting=reason)


def note_due(subscription: Subscription, slot: Slot | None, last: datetime, now: datetime) -> bool:
    """Return whether a slot without matches gets a note, given when the last issue was made."""
    return subscription.send_empty != "never" and slot is not None and now - last >= WEEK


def no_match_reason(entries: Sequence[Entry]) -> str:
    """Return the reason for no issue: the number of papers among which none matches."""
    new = {entry.paper for entry in entries if entry.kind == "new"}
    changed = {entry.paper for entry in entries} - new
    if not (new or changed):
        return "no new papers"
    counts = [f"{len(new)} new"] * bool(new) + [f"{len(changed)} revised"] * bool(changed)
    last = len(changed) or len(new)
    return f"no match among {' and '.join(counts)} paper{'' if last == 1 else 's'}"


def explain_no_match(findings: Findings, misses: Sequence[NearMiss], lang: Language) -> tuple[str, ...]:
    """Return sentences on the matching papers that are in no new issue, and on the near misses."""
    sentences = [miss.sentence(lang=lang) for miss in misses]
    if findings.old:
        old = lang.ngettext(
            "%(number)s matching paper is older than the newer_than limit",
            "%(number)s matching papers are older than the newer_than limit",
            findings.old,
        )
        sentences.insert(0, old)
    if findings.before:
        before = lang.ngettext(
            "%(number)s matching paper was already in an earlier issue",
            "%(number)s matching papers were already in an earlier issue",
            findings.before,
        )
        sentences.insert(0, before)
    return tuple(sentences)


def note_text(sentences: Sequence[str]) -> str:
    """Return sentences as the text of a note: capitalised, with full stops; "" for none."""
    return "".join(f"{each[0].upper()}{each[1:]}. " for each in sentences).rstrip()
