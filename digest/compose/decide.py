"""What a run decides for one subscription, as a value: its feed, its issue or the reason for not having one. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from digest.compose.issue import Findings, compose
from digest.compose.slots import Slot, instant_of, latest_due, next_slot, parse_schedule
from digest.i18n.catalogue import language
from digest.i18n.language import ENGLISH, Language
from digest.match.near_misses import NearMiss
from digest.model import Cursor, Entry, FeedPaper, Issue, Subscription, Verdict
from digest.text.format import named_time

# A last slot further ahead of the clock was used up while the clock was wrong, and is put back; without that the
# subscription would get no issue until then. A smaller lead, as after a small correction, is waited out: a run
# must not make the issue of a slot twice.
AHEAD = timedelta(days=2)
# How long a subscription with `send_empty` may go without an issue before it gets a note.
WEEK = timedelta(days=7)
# The time from which a subscription is due if it has not used up a slot yet.
AT_ONCE = datetime(1, 1, 2, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Due:
    """Whether an issue is due: with `waiting` it is not, for that reason; else it uses up `slot`, if any."""

    slot: Slot | None = None
    waiting: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A subscription with all that the store knows of it and a decision needs.

    `cursor` is as stored. `slot` is its unused slot, if it has one. `served` are the papers since
    `cursor.position` that earlier issues showed, `in_feed` those since `cursor.feed_position` in its feed.
    `last_issue` is when its last issue was made; it is known only if the subscription wants notes.
    `quiet` counts the papers of the slots since then, with the position of the first (None without any). `missed` is
    what its issue says of slots that no run used.
    """

    subscription: Subscription
    cursor: Cursor
    slot: Slot | None = None
    served: frozenset[int] = frozenset()
    in_feed: frozenset[int] = frozenset()
    last_issue: datetime | None = None
    quiet: tuple[int, int | None] = (0, None)
    missed: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """What a run found for a candidate: in the interval of its issue, and for its feed.

    `feed` are the papers that enter its feed, with the terms that matched them. `misses` are near misses, if
    nothing matched; `quiet_misses` those since its last issue, for a note. `unmatched` is the reason for no issue
    if nothing matched.
    """

    findings: Findings
    unmatched: str = ""
    feed: tuple[FeedPaper, ...] = ()
    misses: tuple[NearMiss, ...] = ()
    quiet_misses: tuple[NearMiss, ...] | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """The state of a run that is the same for all its decisions: its clock and the `end` of the log.

    `full`: the report also shows what matches for subscriptions that get no issue.
    """

    now: datetime
    end: int
    force: bool = False
    full: bool = True


@dataclass(frozen=True, slots=True)
class Decision:
    """What a run does for one subscription: applied as a whole, or not at all.

    `cursor` is as it will be, `expected` as it was when this was decided; both are None if the cursor stays, as
    for an invalid subscription. `serves` are the papers that the `issue` serves.
    """

    verdict: Verdict
    expected: Cursor | None = None
    cursor: Cursor | None = None
    feed: tuple[FeedPaper, ...] = ()
    issue: Issue | None = None
    serves: tuple[int, ...] = ()


def decide(candidate: Candidate, found: Found, moment: Moment) -> Decision:
    """Return what a run does for a candidate: papers enter its feed, and it gets an issue if one is due.

    The findings of a candidate that `gets_issue` are in the order in which its issue shows them.
    """
    subscription, now, findings = candidate.subscription, moment.now, found.findings
    interval = (candidate.cursor.position, moment.end)
    cursor = replace(
        set_right(candidate.cursor, now), feed_position=max(candidate.cursor.feed_position, moment.end)
    )
    if not moment.full and waits(candidate, moment):
        return Decision(
            Verdict(subscription.id, 0, 0, None, "not due", None), candidate.cursor, cursor, found.feed
        )
    due = issue_due(candidate, findings, moment)
    nearest = () if findings.matched else explain_no_match(findings, found.misses, ENGLISH)
    counts = findings.considered, findings.matched
    slot = due.slot.instant if due.slot else None
    # Each is made once, when all of it is known: copies would cost much for very many subscriptions.
    verdict = partial(Verdict, subscription.id, *counts, error=None, slot=slot, interval=interval)
    decision = partial(Decision, expected=candidate.cursor, feed=found.feed)
    if due.waiting:
        waiting = verdict(issue=None, reason=due.waiting, nearest=nearest)
        return decision(waiting, cursor=cursor)
    moved = partial(replace, cursor)
    if slot or findings.considered:
        moved = partial(moved, position=moment.end, since=now, last_slot=slot or cursor.last_slot)
    note, since = "", cursor
    if not findings.matched:
        if not _note_due(candidate, due, now):
            reason = "; ".join((found.unmatched, *nearest[:1]))
            return decision(verdict(issue=None, reason=reason, nearest=nearest), cursor=moved())
        last = candidate.last_issue or cursor.enrolled
        findings = replace(findings, considered=findings.considered + candidate.quiet[0])
        misses = found.misses if found.quiet_misses is None else found.quiet_misses
        nearest = explain_no_match(findings, misses, ENGLISH)
        note = note_text(explain_no_match(findings, misses, language(subscription.language)))
        since = replace(cursor, since=last)
    note = " ".join(filter(None, (candidate.missed, note)))
    issue = compose(subscription, since, findings, made=now, slot=due.slot, note=note)
    return decision(
        verdict(issue=issue.number, reason=None, nearest=nearest),
        cursor=moved(issues=issue.number),
        issue=issue,
        serves=tuple(item.paper.number for item in (*findings.new, *findings.discover)),
    )


def gets_issue(candidate: Candidate, found: Found, moment: Moment) -> bool:
    """Return whether `decide` makes an issue from what was found."""
    due = issue_due(candidate, found.findings, moment)
    return not due.waiting and (found.findings.matched > 0 or _note_due(candidate, due, moment.now))


def set_right(cursor: Cursor, now: datetime) -> Cursor:
    """Return a cursor whose last slot is not far ahead of the clock (see `is_ahead`)."""
    return replace(cursor, last_slot=now) if is_ahead(cursor, now) else cursor


def is_ahead(cursor: Cursor, now: datetime) -> bool:
    """Return whether the last slot of a cursor was used up while the clock was far ahead."""
    return cursor.last_slot is not None and cursor.last_slot - now > AHEAD


def is_paused(subscription: Subscription, now: datetime) -> bool:
    """Return whether a subscription is paused; it no longer is on the day `paused_until`, in its own zone."""
    if subscription.paused_until is None:
        return False
    return now.astimezone(ZoneInfo(subscription.timezone)).date() < subscription.paused_until


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


def next_due(subscription: Subscription, cursor: Cursor, after: datetime | None = None) -> datetime | None:
    """Return the time from which a run would use up a slot of a subscription that has a cursor; None for never.

    With `after`, slots up to that time do not count: a run has decided about them.
    """
    if not subscription.enabled:
        return None
    zone, moments = ZoneInfo(subscription.timezone), [each for each in (cursor.last_slot, after) if each]
    pause_ends = None
    if subscription.paused_until:
        pause_ends = instant_of(datetime.combine(subscription.paused_until, time()), zone)
        moments.append(pause_ends - timedelta(microseconds=1))
    if cursor.last_slot is None and after is None:
        return pause_ends or AT_ONCE
    upcoming = next_slot(parse_schedule(subscription.schedule), zone, max(moments))
    return upcoming.instant if upcoming else None


def issue_due(candidate: Candidate, findings: Findings, moment: Moment) -> Due:
    """Return whether an issue is due; with `force` one always is, and it uses up no slot."""
    if moment.force:
        return Due()
    if not waits(candidate, moment):
        return Due(candidate.slot)
    subscription, now = candidate.subscription, moment.now
    if is_paused(subscription, now):
        return Due(waiting=pause_reason(subscription))
    last = set_right(candidate.cursor, now).last_slot or now
    reason = not_due_reason(subscription, max(now, last))
    if findings.considered:
        reason += f"; {findings.matched} of {findings.considered} waiting papers match"
    return Due(waiting=reason)


def pause_reason(subscription: Subscription) -> str:
    """Return the reason for no issue of a subscription that is paused."""
    return f"paused until {subscription.paused_until}"


def not_due_reason(subscription: Subscription, after: datetime) -> str:
    """Return the reason for no issue before the first slot after a time."""
    zone = ZoneInfo(subscription.timezone)
    upcoming = next_slot(parse_schedule(subscription.schedule), zone, after)
    when = named_time(upcoming.instant, subscription.timezone) if upcoming else "ever"
    return f"not due until {when}"


def waits(candidate: Candidate, moment: Moment) -> bool:
    """Return whether a candidate gets no issue whatever matches: it is paused, or no slot has passed."""
    if moment.force:
        return False
    waiting = candidate.slot is None and candidate.cursor.last_slot is not None
    return waiting or is_paused(candidate.subscription, moment.now)


def wants_note(subscription: Subscription) -> bool:
    """Return whether a subscription gets a note after a week without an issue."""
    return subscription.send_empty != "never"


def _note_due(candidate: Candidate, due: Due, now: datetime) -> bool:
    """Return whether a slot without matches gets a note."""
    last = candidate.last_issue or candidate.cursor.enrolled
    return wants_note(candidate.subscription) and due.slot is not None and now - last >= WEEK


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
