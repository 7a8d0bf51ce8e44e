"""`digest why`: why a subscription got an issue or none, and why a paper was or was not in one."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from digest.compose.slots import due_slots, instant_of, parse_schedule
from digest.match.spelling import Spellings, Vocabulary, spellings
from digest.model import Delivery, Home, Issue, Item, Match, Paper, SetAside, Subscription
from digest.model.reports import message_json
from digest.pipeline.cursors import unknown
from digest.pipeline.ingest import owned
from digest.pipeline.set_aside import reason_of
from digest.services.explain_idle import Waiting, last_waiting, with_waiting
from digest.services.explain_text import Decided, Facts, answer
from digest.services.library import find
from digest.services.subscriptions import SubscriptionStatus, status_json, subscription_statuses
from digest.services.workspace import Clock, open_library
from digest.text.format import count, iso, named_time

if TYPE_CHECKING:
    from digest.model import Cursor, RunRecord, Verdict
    from digest.store.store import Transaction

_RECENT = 40  # decisions
_FOR_ISSUES = frozenset(("match", "rank", "themes", "near", "trends", "issue"))  # stages that make them
_WORDS_SINCE = timedelta(days=365)  # first sight of the papers whose words are looked up
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class PaperWhy:
    """Why a paper was or was not in the issues of a subscription.

    `issues` are the numbers of the issues that had it, `terms` those by which the current query accepts
    it, `files` the digest files that list it, each with its date of capture. `order` says what orders it in an
    issue, "" if the query does not accept it.
    """

    paper: Paper
    answer: str
    issues: tuple[int, ...]
    terms: tuple[str, ...]
    files: tuple[tuple[str, date], ...]
    order: str = ""


@dataclass(frozen=True, slots=True)
class Why:
    """What runs decided for a subscription on a day, or recently, newest first, and its present status.

    `answer` are sentences; `mail` are the messages of the issues made; `sends` is whether the home has a
    channel. `set_aside` is what stages that failed on a paper leave out of its issues. `spellings`
    are words of its keywords that papers hardly have, with those that they have. `status` is None if the subscription no longer exists.
    """

    day: date | None
    decided: Decided
    status: SubscriptionStatus | None
    timezone: str
    answer: tuple[str, ...] = ()
    paper: PaperWhy | None = None
    mail: tuple[Delivery, ...] = ()
    sends: bool = False
    set_aside: tuple[SetAside, ...] = ()
    home_timezone: str = ""
    spellings: Spellings = ()

    def at(self, moment: datetime) -> str:
        """Return a time in the subscription's zone, which is named unless it is the home's."""
        return named_time(moment, self.timezone, self.home_timezone)


@dataclass(frozen=True, slots=True)
class _Subject:
    """The subscription that is asked about. `status` is None if it no longer exists."""

    id: str
    status: SubscriptionStatus | None
    timezone: str
    home_timezone: str

    @property
    def subscription(self) -> Subscription | None:
        """The subscription, if its file exists and is valid."""
        found = self.status.subscription if self.status else None
        return found if isinstance(found, Subscription) else None

    def local(self, moment: datetime) -> str:
        return named_time(moment, self.timezone)


def why(home: Home, subscription_id: str, day: date | None, clock: Clock, *, paper: str | None = None) -> Why:
    """Explain the decisions for a subscription on a day, or the recent ones, and what became of a paper.

    `paper` names a paper as in `library.find`. Raises UsageError if the subscription has never existed, or
    as `library.find` does.
    """
    statuses = {each.subscription.id: each for each in subscription_statuses(home, clock)}
    status = statuses.get(subscription_id)
    current = status.subscription if status else None
    timezone = current.timezone if isinstance(current, Subscription) else home.settings.timezone
    subject = _Subject(subscription_id, status, timezone, home.settings.timezone)
    with open_library(home, create=False) as store, store.begin(write=False) as tx:
        waiting = last_waiting(home, store, tx, subject.id, subject.subscription)
        if status is None and not tx.ledger.verdicts_of(subscription_id, limit=1):
            raise unknown(subscription_id, tuple(statuses))
        facts = _facts(tx, subject, day, clock.now, waiting)
        numbers = [verdict.issue for _, verdict in facts.decided if verdict.issue]
        mail = tx.outbox.of_issues(subscription_id, numbers)
        about, number = None, None
        if paper is not None:
            number = find(tx, paper)
            about = _explain_paper(home, tx, subject, tx.library.papers([number])[number], clock.now)
        spelt = () if about else _spellings(tx, subject.subscription, facts.decided, clock.now)
        set_aside = tuple(
            each
            for each in tx.set_aside.all()
            if (each.paper == number if number else each.stage in _FOR_ISSUES)
            and each.subject in ("", subscription_id)
        )
    sends = bool(home.settings.channels)
    return Why(
        day,
        facts.decided,
        status,
        timezone,
        answer(facts),
        about,
        mail,
        sends,
        set_aside,
        home.settings.timezone,
        spelt,
    )


def _spellings(
    tx: "Transaction", subscription: Subscription | None, decided: Decided, now: datetime
) -> Spellings:
    """Return which words of the keywords to spell in another way, if the newest decision found no match."""
    from digest.match.query.interests import query_for

    if subscription is None or not decided or decided[0][1].matched:
        return ()
    return spellings(query_for(subscription), Vocabulary(tx.library.all_papers(since=now - _WORDS_SINCE)))


def _facts(tx: "Transaction", subject: _Subject, day: date | None, now: datetime, waiting: Waiting) -> Facts:
    """Gather what the ledger and the schedule have on a day, or the recent past."""
    ledger, cursor, zone = tx.ledger, tx.cursors.get(subject.id), ZoneInfo(subject.timezone)
    facts = Facts(
        zone,
        now,
        day,
        (),
        subject.subscription,
        enrolled=cursor.enrolled if cursor else None,
        issued=cursor.issues if cursor else 0,
        overdue=subject.status.overdue if subject.status else None,
        home_zone=subject.home_timezone,
    )
    if day is None:
        settled = ledger.verdicts_of(subject.id, settled=True, limit=_RECENT)
        newest = ledger.verdicts_of(subject.id, limit=1)
        if waiting and (not newest or waiting[0].id > newest[0][0].id):
            newest = (waiting,)
        return replace(facts, decided=settled if newest[:1] == settled[:1] else newest + settled)
    since, until = (
        instant_of(datetime.combine(each, time()), zone) for each in (day, day + timedelta(days=1))
    )
    slots: tuple[datetime, ...] = ()
    if subject.subscription:
        schedule = parse_schedule(subject.subscription.schedule)
        slots = tuple(each.instant for each in due_slots(schedule, zone, since - _TICK, until - _TICK))
    after = ledger.verdicts_of(subject.id, since=until, settled=True)
    return replace(
        facts,
        decided=with_waiting(tx, subject.id, subject.subscription, (since, until), waiting),
        slots=slots,
        later=next((pair for pair in reversed(after) if pair[1].slot), None),
    )


def folded(decided: Decided) -> list[tuple["RunRecord", "Verdict", int]]:
    """Return the decisions with consecutive equal ones folded: the newest, and how many there are."""
    found = []
    for _, group in groupby(
        decided, key=lambda pair: (pair[1].issue, pair[1].reason, pair[1].error, pair[1].slot)
    ):
        same = list(group)
        found.append((*same[0], len(same)))
    return found


def mail_lines(found: Why) -> list[str]:
    """Describe the mail of the issues, newest first: sent messages in a line per issue, others one each."""
    described: list[str] = []
    numbers = [verdict.issue for _, verdict in found.decided if verdict.issue]
    for number in numbers:
        messages = [each for each in found.mail if each.number == number]
        described += _sent(number, messages, found)
        described += [
            f"mail of issue {number} to {each.recipient}: {_state(each, found)}"
            for each in messages
            if each.status != "sent"
        ]
    if numbers and not found.mail:
        described += _not_mailed(found)
    return described


def _sent(number: int, messages: list[Delivery], found: Why) -> list[str]:
    sent = [each for each in messages if each.status == "sent" and each.settled]
    if not sent:
        return []
    recipients = sent[0].recipient if len(sent) == 1 else count(len(sent), "recipient")
    last = max(each.settled for each in sent if each.settled)
    return [f"mail of issue {number} to {recipients}: sent {found.at(last)}"]


def _state(message: Delivery, found: Why) -> str:
    """Describe the state of a message that was not sent."""
    reply = f": {message.reply}" if message.reply else ""
    if message.status == "deferred":
        return f"deferred until {found.at(message.due)}{reply}"
    if message.status in ("pending", "leased"):
        return f"queued since {found.at(message.queued)}{reply}"
    when = f" {found.at(message.settled)}" if message.settled else ""
    return f"{message.status.replace('_', ' ')}{when}{reply}"


def _not_mailed(found: Why) -> list[str]:
    """Explain why issues are not in the outbox."""
    subscription = found.status.subscription if found.status else None
    if not isinstance(subscription, Subscription):
        return []
    if not (subscription.email or subscription.chat):
        return ["no mail: the subscription has no email address; its issues are only files and a feed"]
    if not found.sends:
        return ['no mail: digest.toml sets no channels; see "Delivery" in docs/operations.md']
    return ["no mail: when the issues were made, a channel or an address was missing"]


def _explain_paper(home: Home, tx: "Transaction", subject: _Subject, paper: Paper, now: datetime) -> PaperWhy:
    entries = tx.library.entries_of(paper.number)
    updated = [entry.position for entry in entries if entry.kind == "updated"]
    lines = tx.issues.lines_about(subject.id, paper.number, updated)
    terms: tuple[str, ...] = ()
    order = ""
    verdict = "The current query cannot be tried: the subscription file is missing or invalid."
    if subject.subscription:
        try:
            terms, verdict, order = _try_query(subject.subscription, paper, now)
        except Exception as error:  # noqa: BLE001 - whatever is in the paper, its history can be shown
            verdict = f"The current query cannot be tried on it ({reason_of(error)})."
        if owned(home, now).has(paper):
            verdict += " A file in the setting “library” lists it, so no subscription shows it."
    if lines:
        history = f"It was in issue {lines[0].number} of {lines[0].day}"
        first = tx.issues.numbered(subject.id, lines[0].number)
        history += _place(first, paper) if first else ""
        later = [f"{line.number} of {line.day}" for line in lines[1:]]
        history += f", and revised in issue {', '.join(later)}" if later else ""
    else:
        history = _considered(tx, subject, [entry.position for entry in entries])
    files = tx.library.files_with(paper.number)
    return PaperWhy(paper, f"{history}. {verdict}", tuple(line.number for line in lines), terms, files, order)


def _place(issue: Issue, paper: Paper) -> str:
    """Return where in an issue a paper was, if it is not among the first ones of its mail."""
    if any(item.paper.number == paper.number for item in issue.more_new):
        shown, more = len(issue.new), len(issue.more_new)
        return (
            f", behind “and {more} more”: the email shows {count(shown, 'paper')} (max_papers), "
            "the archive page shows all"
        )
    if any(item.paper.number == paper.number for item in issue.discover):
        return ", under “Discover”"
    return ""


def _considered(tx: "Transaction", subject: _Subject, positions: list[int]) -> str:
    """Return whether a slot or a forced run has considered any of these positions of the log."""
    cursor: Cursor | None = tx.cursors.get(subject.id)
    if cursor is None:
        return "No run has included this subscription yet"
    for record, verdict in tx.ledger.verdicts_of(subject.id):
        first, last = verdict.interval or (0, 0)
        considered = last <= cursor.position and (
            verdict.slot or not (verdict.reason or "").startswith("not due")
        )
        if considered and any(first < position <= last for position in positions):
            run = f"Run {record.id}, {subject.local(record.clock)}, considered it"
            if verdict.issue:
                return f"{run} and made issue {verdict.issue} without it"
            return f"{run}: {(verdict.reason or '').partition('; ')[0]}"
    if any(position > cursor.position for position in positions):
        due = subject.status.next_slot if subject.status else None
        if due is None:
            return "It is in the library, but has not been considered yet"
        return f"It is in the library, and will be considered at the next slot, {subject.local(due)}"
    return "It was in the library before the subscription started"


def _try_query(subscription: Subscription, paper: Paper, now: datetime) -> tuple[tuple[str, ...], str, str]:
    """Return the terms by which the current query accepts a paper, the verdict as a sentence, and what orders it."""
    from digest.compose.issue import recent_enough
    from digest.match.near_misses import NearMissFinder, quoted
    from digest.match.query.interests import query_for
    from digest.match.reference import analyse, match

    query, analysed = query_for(subscription), analyse(paper)
    accepted = match(query, analysed)
    if accepted is None:
        near = [miss.sentence("it") for miss in NearMissFinder([analysed]).misses(query)]
        reason = "; ".join(near) or "no keyword comes close to a match"
        return (), f"The current query does not accept it: {reason}.", ""
    terms = tuple(dict.fromkeys(one.term for one in accepted.evidence))
    verdict = f"The current query accepts it because of {', '.join(map(quoted, terms))}"
    if not recent_enough(subscription, paper, now):
        verdict += f", but it was published on {paper.published}, earlier than newer_than allows"
    return terms, f"{verdict}.", _order_of(accepted)


def _order_of(found: Match) -> str:
    """Return the score of a paper, and what orders it among papers of equal score."""
    from digest.rank.centrality import centrality

    central = centrality(Item(found.paper, found.score, found.evidence))
    parts = []
    if central.of_title:
        where = "at the beginning of" if central.early == 1 else "in"
        parts.append(f"{where} the title, {central.of_title:.0%} of it")
    if central.found:
        parts.append(f"in {central.found} of {count(central.total, 'sentence')}")
    if central.in_gist:
        parts.append("in the gist")
    return f"score {found.score:g}; among papers of equal score, centrality {central.value:.2f}: {', '.join(parts)}"


def why_json(subscription_id: str, found: Why) -> dict[str, object]:
    """Return what `digest why --json` prints."""
    shown: dict[str, object] = {
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
        "set_aside": [
            {"paper": each.paper or None, "stage": each.stage, "part": each.part, "reason": each.reason}
            for each in found.set_aside
        ],
        "spellings": [{"word": typed, "nearest": meant} for typed, meant in found.spellings],
        "now": status_json(found.status) if found.status else None,
    }
    if found.paper:
        shown["paper"] = {
            "number": found.paper.paper.number,
            "title": found.paper.paper.title,
            "first_seen": iso(found.paper.paper.first_seen),
            "files": [{"path": path, "captured": day.isoformat()} for path, day in found.paper.files],
            "issues": list(found.paper.issues),
            "terms": list(found.paper.terms),
            "answer": found.paper.answer,
            "order": found.paper.order,
        }
    return shown
