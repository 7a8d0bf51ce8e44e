"""Why a subscription got an issue, or none, and why a paper was or was not in one."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from digest.compose.slots import due_slots, instant_of, parse_schedule
from digest.errors import UsageError
from digest.model import Delivery, Home, Issue, Paper, Subscription
from digest.model.reports import message_json
from digest.pipeline.ingest import owned
from digest.services.explain_text import Decided, Facts, answer
from digest.services.subscriptions import SubscriptionStatus, status_json, subscription_statuses
from digest.services.workspace import Clock, iso, open_library

if TYPE_CHECKING:
    from digest.model import Cursor, RunRecord, Verdict
    from digest.store import Library
    from digest.store.store import Transaction


_LATELY = 40  # decisions; most are the same again
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class PaperWhy:
    """What became of a paper for a subscription: the answer in words, and the facts it rests on.

    `issues` are the numbers of the issues that had it; `terms` the items of the query that are in it now
    if the query accepts it; `files` its files with their dates of capture.
    """

    paper: Paper
    answer: str
    issues: tuple[int, ...]
    terms: tuple[str, ...]
    files: tuple[tuple[str, date], ...]


@dataclass(frozen=True, slots=True)
class Why:
    """What was decided for a subscription on one day (or lately), newest first, and how it stands now.

    `answer` says it in sentences. `mail` are the messages of the issues that came of it; `sends` tells
    whether mail is sent at all.
    """

    day: date | None
    decided: Decided
    standing: SubscriptionStatus | None
    timezone: str
    answer: tuple[str, ...] = ()
    paper: PaperWhy | None = None
    mail: tuple[Delivery, ...] = ()
    sends: bool = False


def why(home: Home, subscription_id: str, day: date | None, clock: Clock, *, paper: str | None = None) -> Why:
    """Say why a subscription got its issues, or none, and what became of a paper.

    `paper` is a library number, an arXiv id, or (part of) a title. Raises UsageError if the subscription
    or the paper was never heard of, or several papers are meant.
    """
    standing = next(
        (each for each in subscription_statuses(home, clock) if each.subscription.id == subscription_id), None
    )
    subscription = standing.subscription if standing else None
    if not isinstance(subscription, Subscription):
        subscription = None
    timezone = subscription.timezone if subscription else home.settings.timezone
    with open_library(home, create=False) as store, store.begin(write=False) as tx:
        if standing is None and not tx.ledger.verdicts_of(subscription_id, limit=1):
            raise UsageError(f"no subscription {subscription_id!r}; digest subscriptions list shows them")
        facts = _facts(tx, subscription_id, day, clock.now, subscription, ZoneInfo(timezone))
        facts = replace(facts, overdue=standing.overdue if standing else None)
        numbers = [verdict.issue for _, verdict in facts.decided if verdict.issue]
        mail = tx.outbox.of_issues(subscription_id, numbers)
        about = None
        if paper is not None:
            about = _about(home, tx, _find(tx.library, paper), subscription_id, standing, timezone, clock.now)
    sends = bool(home.settings.channels)
    return Why(day, facts.decided, standing, timezone, answer(facts), about, mail, sends)


def _facts(
    tx: "Transaction",
    subscription_id: str,
    day: date | None,
    now: datetime,
    subscription: Subscription | None,
    zone: ZoneInfo,
) -> Facts:
    """Gather what the ledger and the schedule say of a day, or lately."""
    ledger, cursor = tx.ledger, tx.cursors.get(subscription_id)
    enrolled = cursor.enrolled if cursor else None
    if day is None:
        settled = ledger.verdicts_of(subscription_id, settled=True, limit=_LATELY)
        newest = ledger.verdicts_of(subscription_id, limit=1)
        decided = settled if newest[:1] == settled[:1] else newest + settled
        issued = cursor.issues if cursor else 0
        return Facts(zone, now, day, decided, subscription, enrolled=enrolled, issued=issued)
    since, until = _day_in(zone, day)
    slots: tuple[datetime, ...] = ()
    if subscription:
        schedule = parse_schedule(subscription.schedule)
        slots = tuple(each.instant for each in due_slots(schedule, zone, since - _TICK, until - _TICK))
    after = ledger.verdicts_of(subscription_id, since=until, settled=True)
    return Facts(
        zone,
        now,
        day,
        ledger.verdicts_of(subscription_id, since=since, until=until),
        subscription,
        slots,
        next((pair for pair in reversed(after) if pair[1].slot), None),
        enrolled,
    )


def _day_in(zone: ZoneInfo, day: date) -> tuple[datetime, datetime]:
    first, after = (
        instant_of(datetime.combine(each, time()), zone) for each in (day, day + timedelta(days=1))
    )
    return first, after


def folded(decided: Decided) -> list[tuple["RunRecord", "Verdict", int]]:
    """Return the decisions, the same one of several runs in a row only once with the number of runs."""
    found = []
    for _, group in groupby(
        decided, key=lambda pair: (pair[1].issue, pair[1].reason, pair[1].error, pair[1].slot)
    ):
        same = list(group)
        found.append((*same[0], len(same)))
    return found


def mail_told(found: Why) -> list[str]:
    """Say what became of the mail of the issues, newest first, a line for each message that was not just sent."""
    told: list[str] = []
    for number in [verdict.issue for _, verdict in found.decided if verdict.issue]:
        lines = [each for each in found.mail if each.number == number]
        told += _sent(number, lines, found.timezone)
        told += [
            f"mail of issue {number} to {each.recipient}: {_fate(each, found.timezone)}"
            for each in lines
            if each.status != "sent"
        ]
    if not found.mail and any(verdict.issue for _, verdict in found.decided):
        told += _unmailed(found)
    return told


def _sent(number: int, lines: list[Delivery], timezone: str) -> list[str]:
    times = [each.settled for each in lines if each.status == "sent" and each.settled]
    if not times:
        return []
    to = f"{len(times)} readers" if len(times) > 1 else next(x.recipient for x in lines if x.status == "sent")
    return [f"mail of issue {number} to {to}: sent {_at(max(times), timezone)}"]


def _fate(line: Delivery, timezone: str) -> str:
    """Say what became of a message that was not sent."""
    reply = f": {line.reply}" if line.reply else ""
    if line.status == "deferred":
        return f"deferred until {_at(line.due, timezone)}{reply}"
    if line.status in ("pending", "leased"):
        return f"on its way since {_at(line.queued, timezone)}{reply}"
    when = f" {_at(line.settled, timezone)}" if line.settled else ""
    return f"{line.status.replace('_', ' ')}{when}{reply}"


def _unmailed(found: Why) -> list[str]:
    """Say why issues that were made are not in the outbox."""
    subscription = found.standing.subscription if found.standing else None
    if not isinstance(subscription, Subscription):
        return []
    if not (subscription.email or subscription.chat):
        return ["no mail: the subscription has no email address, so its issues are files and feed only"]
    if not found.sends:
        return ['no mail: digest.toml names no channel; see "Delivery" in docs/operations.md']
    return ["no mail: no channel, or no address, was there when the issues were made"]


def _at(moment: datetime, timezone: str) -> str:
    return f"{moment.astimezone(ZoneInfo(timezone)):%a %Y-%m-%d %H:%M}"


# --- a paper -------------------------------------------------------------------------------------


def _find(library: "Library", asked: str) -> Paper:
    """Return the paper meant by a number, an arXiv id, a title or part of one."""
    from digest.text.words import words

    if asked.isascii() and asked.isdigit() and len(asked) < 10:
        found = library.papers([int(asked)])
        if found:
            return found[int(asked)]
    wanted = _spelt(words(asked))
    exact, partly = [], []
    for paper in library.all_papers():
        title = _spelt(words(paper.title))
        if asked == paper.arxiv or wanted == title:
            exact.append(paper)
        elif wanted.strip() and wanted in title:
            partly.append(paper)
    meant = exact or partly
    if not meant:
        raise UsageError(
            f"no paper {asked!r} in the library; give its number, its arXiv id or words of its title"
        )
    if len(meant) > 1:
        shown = "\n".join(f"  {paper.number}  {paper.title}" for paper in meant[:9])
        raise UsageError(f"{len(meant)} papers have {asked!r} in their titles; give a number:\n{shown}")
    return meant[0]


def _spelt(found: Any) -> str:
    return f" {' '.join(word.text for word in found if word.after - word.at == 1)} "


def _about(
    home: Home,
    tx: "Transaction",
    paper: Paper,
    subscription_id: str,
    standing: SubscriptionStatus | None,
    timezone: str,
    now: datetime,
) -> PaperWhy:
    entries = tx.library.entries_of(paper.number)
    updated = [entry.position for entry in entries if entry.kind == "updated"]
    lines = tx.issues.lines_about(subscription_id, paper.number, updated)
    numbers = tuple(line.number for line in lines)
    subscription = standing.subscription if standing else None
    terms: tuple[str, ...] = ()
    judged = "the subscription's file is gone or has mistakes, so its query cannot be tried now"
    if isinstance(subscription, Subscription):
        terms, judged = _judged(subscription, paper, now)
        if owned(home, now).has(paper):
            judged += "; but a file of the setting library has it, so it is shown nowhere"
    if lines:
        told = f"It was in issue {lines[0].number} of {lines[0].day}"
        first = tx.issues.numbered(subscription_id, lines[0].number)
        told += _place(first, paper) if first else ""
        later = [f"{line.number} of {line.day}" for line in lines[1:]]
        told += f", and revised in issue {', '.join(later)}" if later else ""
        said = f"{told}. Now {judged}."
    else:
        positions = [entry.position for entry in entries]
        said = f"{_looked_at(tx, subscription_id, positions, standing, timezone)}. As the keywords are now, {judged}."
    return PaperWhy(paper, said, numbers, terms, tx.library.files_with(paper.number))


def _place(issue: Issue, paper: Paper) -> str:
    """Say where in an issue a paper was, if it was not among those that its mail shows first."""
    if any(item.paper.number == paper.number for item in issue.more_new):
        shown, more = len(issue.new), len(issue.more_new)
        return f", behind “and {more} more”: the mail shows {shown} (max_papers), the archive page all"
    if any(item.paper.number == paper.number for item in issue.discover):
        return ", among those to discover"
    return ""


def _looked_at(
    tx: "Transaction",
    subscription_id: str,
    positions: list[int],
    standing: SubscriptionStatus | None,
    timezone: str,
) -> str:
    """Say whether a slot or a forced run looked at any of these positions of the log."""
    cursor: Cursor | None = tx.cursors.get(subscription_id)
    if cursor is None:
        return "No run has looked at the subscription yet"
    for record, verdict in tx.ledger.verdicts_of(subscription_id):
        first, last = verdict.interval or (0, 0)
        passed = last <= cursor.position and (
            verdict.slot or not (verdict.reason or "").startswith("not due")
        )
        if passed and any(first < position <= last for position in positions):
            ran = f"Run {record.id} of {_at(record.clock, timezone)} ({timezone}) considered it"
            if verdict.issue:
                return f"{ran} and made issue {verdict.issue} without it"
            return f"{ran}: {(verdict.reason or '').partition('; ')[0]}"
    if any(position > cursor.position for position in positions):
        due = standing.next_slot if standing else None
        when = f"; the next slot is {_at(due, timezone)} ({timezone})" if due else ""
        return f"It is in the library and waits to be considered{when}"
    return "It was in the library before the subscription began"


def _judged(subscription: Subscription, paper: Paper, now: datetime) -> tuple[tuple[str, ...], str]:
    """Return the terms by which the query accepts a paper now, and the judgement in words."""
    from digest.compose.issue import recent_enough
    from digest.match.near_misses import NearMissFinder, quoted
    from digest.match.query.parser import query_of
    from digest.match.reference import analyse, match

    query, analysed = query_of(subscription.keywords, subscription.exclude), analyse(paper)
    accepted = match(query, analysed)
    if accepted is None:
        near = [miss.sentence("it") for miss in NearMissFinder([analysed]).misses(query)]
        return (), "the query does not accept it: " + (
            "; ".join(near) or "it meets none of the keywords, nor all but one part of any"
        )
    terms = tuple(dict.fromkeys(one.term for one in accepted.evidence))
    judged = "the query accepts it by " + ", ".join(map(quoted, terms))
    if not recent_enough(subscription, paper, now):
        judged += f", but it was published on {paper.published}, longer ago than newer_than allows"
    return terms, judged


# --- JSON ----------------------------------------------------------------------------------------


def why_json(subscription_id: str, found: Why) -> dict[str, object]:
    """Return what `digest why --json` prints."""
    told: dict[str, object] = {
        "subscription": subscription_id,
        "date": found.day.isoformat() if found.day else None,
        "answer": " ".join(found.answer),
        "decided": [
            {
                "run": record.id,
                "clock": iso(record.clock),
                "status": record.status,
                "considered": verdict.considered,
                "matched": verdict.matched,
                "issue": verdict.issue,
                "reason": verdict.reason,
                "error": verdict.error,
                "slot": iso(verdict.slot),
                "nearest": list(verdict.nearest),
                "mail": [message_json(each) for each in found.mail if each.number == verdict.issue],
            }
            for record, verdict in found.decided
        ],
        "now": status_json(found.standing) if found.standing else None,
    }
    if found.paper:
        told["paper"] = {
            "number": found.paper.paper.number,
            "title": found.paper.paper.title,
            "first_seen": iso(found.paper.paper.first_seen),
            "files": [{"path": path, "captured": day.isoformat()} for path, day in found.paper.files],
            "issues": list(found.paper.issues),
            "terms": list(found.paper.terms),
            "answer": found.paper.answer,
        }
    return told
