"""What each command does, put together from the parts: the composition root.

The doors (`cli`) parse words and print; here a command becomes values in, values out. Parts that cost
time to import are imported where they are used.
"""

import re
import shlex
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from digest.config import open_home
from digest.errors import UsageError
from digest.model import DigestFile, Home, Issue, Match, Paper, Rejected, Settings, Subscription
from digest.report import FileReport, RunReport

__all__ = ["Settings", "Subscription", "open_home"]  # what the doors need of the rooms below

if TYPE_CHECKING:
    from digest.intake import Options, Progress
    from digest.store import Store, Transaction
    from digest.store.ledger import RunRecord, Verdict
    from digest.subscriptions import Flawed


@dataclass(frozen=True, slots=True)
class Clock:
    """`now` is what every decision sees (`--now`, else the machine's time); `started` the machine's."""

    now: datetime
    started: datetime

    @classmethod
    def at(cls, stated: datetime | None) -> "Clock":
        started = datetime.now(UTC)
        return cls(stated or started, started)


def run(
    home: Home, options: "Options", clock: Clock, *, dry_run: bool, words: Sequence[str], progress: "Progress"
) -> RunReport:
    """Do one pass of the pipeline on a home, holding its lock. A dry run takes everything back."""
    from digest import pipeline
    from digest.lock import hold
    from digest.subscriptions import load_all

    def once(store: "Store", *, write: bool) -> RunReport:
        return pipeline.run(
            home,
            store,
            subscriptions,
            options,
            now=clock.now,
            started=clock.started,
            progress=progress,
            write=write,
        )

    with hold(home.path, command=shlex.join(["digest", *words])):
        loaded = load_all(home.subscriptions, timezone=home.settings.timezone)
        subscriptions = pipeline.chosen(loaded, options.only)
        with _store(home, create=not dry_run) as store:
            if not dry_run:
                return once(store, write=True)
            with store.rehearse():
                return replace(once(store, write=False), run=None)


def read_paths(
    home: Home, paths: Sequence[str], clock: Clock, captured: date | None
) -> Iterator[DigestFile | Rejected]:
    """Parse digest files, without looking at the library."""
    from digest import read

    zone = ZoneInfo(home.settings.timezone)
    for path in paths:
        for file in read.files_of(path) if Path(path).is_dir() else (path,):
            yield read.read(
                file,
                today=clock.now.astimezone(zone).date(),
                zone=zone,
                captured=captured,
                max_bytes=home.settings.max_file_mb * 1024 * 1024,
            )


def diff(home: Home, options: "Options", clock: Clock, progress: "Progress") -> tuple[FileReport, ...]:
    """Say what of these files is new, updated or seen before, without recording it."""
    from digest.intake import read_files

    with _store(home, create=False) as store, store.rehearse():
        with store.begin() as tx:
            number = tx.ledger.open_run(started=clock.started, clock=clock.now)
        return tuple(read_files(home, store, options, run=number, now=clock.now, progress=progress))


def match(
    home: Home, query: str, options: "Options", clock: Clock, progress: "Progress"
) -> tuple[tuple[Match, ...], tuple[FileReport, ...]]:
    """Try a query on files, else on the library. Returns the matches, best first, and the files read.

    Raises QueryError.
    """
    from digest.intake import read_files
    from digest.match.naive import analyse, best_first
    from digest.match.naive import match as match_paper
    from digest.match.query import query_of

    parsed = query_of([query])
    files: tuple[FileReport, ...] = ()
    with _store(home, create=False, url="sqlite://" if options.paths else None) as store:
        if options.paths:
            with store.begin() as tx:
                number = tx.ledger.open_run(started=clock.started, clock=clock.now)
            files = tuple(read_files(home, store, options, run=number, now=clock.now, progress=progress))
        with store.begin(write=False) as tx:
            hits = (match_paper(parsed, analyse(paper)) for paper in tx.library.all_papers())
            return tuple(best_first(hit for hit in hits if hit is not None)), files


@dataclass(frozen=True, slots=True)
class Week:
    """A week (its Monday): papers first seen in it, and those the subscription's query accepts."""

    monday: date
    papers: int
    matched: int


@dataclass(frozen=True, slots=True)
class Preview:
    """The issue a subscription would get now (None: nothing matches) and what past weeks would have brought."""

    issue: Issue | None
    considered: int
    matched: int
    text: str
    weeks: tuple[Week, ...]


def preview(home: Home, subscription_id: str, clock: Clock, *, weeks: int) -> Preview:
    """Compose the issue a subscription would get now, recording nothing.

    Raises UsageError for an unknown subscription or one with mistakes.
    """
    from digest.compose import compose
    from digest.pipeline import enrol, findings_of, ranked
    from digest.shelf import Shelf
    from digest.write import renderer_for

    subscription = _subscription(home, subscription_id)
    with _store(home, create=False) as store, store.rehearse(), store.begin() as tx:
        enrol(tx, subscription, clock.now)
        cursor = tx.desk.cursor(subscription.id)
        assert cursor is not None
        shelf = Shelf(store)
        findings = findings_of(tx, shelf, subscription, cursor.position, tx.library.end(), now=clock.now)
        findings = ranked(
            tx, shelf, subscription, findings, (cursor.position, tx.library.end()), now=clock.now
        )
        issue = compose(
            subscription, findings, number=cursor.issues + 1, slot=None, made=clock.now, since=cursor.since
        )
        counted = _weeks(tx.library.all_papers(), subscription, clock.now, weeks)
    text = renderer_for(home).text(issue) if findings.matched else ""
    return Preview(issue if findings.matched else None, findings.considered, findings.matched, text, counted)


def _weeks(
    papers: Iterator[Paper], subscription: Subscription, now: datetime, weeks: int
) -> tuple[Week, ...]:
    from digest.compose import recent_enough
    from digest.match.naive import analyse
    from digest.match.naive import match as match_paper
    from digest.match.query import query_of

    zone = ZoneInfo(subscription.timezone)
    query = query_of(subscription.keywords, subscription.exclude)
    today = now.astimezone(zone).date()
    monday = today - timedelta(days=today.weekday())
    seen = {monday - timedelta(weeks=back): [0, 0] for back in reversed(range(weeks))}
    for paper in papers:
        day = paper.first_seen.astimezone(zone).date()
        week = seen.get(day - timedelta(days=day.weekday()))
        if week is not None:
            accepted = recent_enough(subscription, paper, paper.first_seen) and match_paper(
                query, analyse(paper)
            )
            week[0] += 1
            week[1] += 1 if accepted else 0
    return tuple(Week(start, total, matched) for start, (total, matched) in seen.items())


def _subscription(home: Home, subscription_id: str) -> Subscription:
    from digest.subscriptions import load_all

    found = {each.id: each for each in load_all(home.subscriptions, timezone=home.settings.timezone)}
    if subscription_id not in found:
        known = ", ".join(found) or "none yet; add one with: digest subscriptions add"
        raise UsageError(f"no subscription {subscription_id!r}; there are: {known}")
    subscription = found[subscription_id]
    if not isinstance(subscription, Subscription):
        raise UsageError(str(subscription))
    return subscription


@dataclass(frozen=True, slots=True)
class Standing:
    """A subscription as it stands: its file, and what the library knows of it."""

    subscription: "Subscription | Flawed"
    issues: int
    last_slot: datetime | None
    next_slot: datetime | None
    waiting: int


def standings(home: Home, clock: Clock) -> tuple[Standing, ...]:
    """Return every subscription of a home, with how many entries of the log wait for it."""
    from digest.slots import next_slot, parse_schedule
    from digest.subscriptions import load_all

    found = load_all(home.subscriptions, timezone=home.settings.timezone)
    result = []
    with _store(home, create=False) as store, store.begin(write=False) as tx:
        end = tx.library.end()
        cursors = {cursor.subscription: cursor for cursor in tx.desk.cursors()}
        for each in found:
            cursor = cursors.get(each.id)
            upcoming = None
            if isinstance(each, Subscription):
                upcoming = next_slot(parse_schedule(each.schedule), ZoneInfo(each.timezone), clock.now)
            result.append(
                Standing(
                    each,
                    cursor.issues if cursor else 0,
                    cursor.last_slot if cursor else None,
                    upcoming.instant if upcoming else None,
                    end - cursor.position if cursor else 0,
                )
            )
    return tuple(result)


def check_subscriptions(home: Home) -> tuple[tuple["Subscription | Flawed", tuple[str, ...]], ...]:
    """Check every subscription file; with each the warnings about fields that no source fills so far."""
    from digest.match.query import DEFAULT_SCOPE, positive_atoms, query_of
    from digest.subscriptions import load_all

    found = load_all(home.subscriptions, timezone=home.settings.timezone)
    with _store(home, create=False) as store, store.begin(write=False) as tx:
        filled = tx.library.filled_fields()
    result: list[tuple[Subscription | Flawed, tuple[str, ...]]] = []
    for each in found:
        warnings: tuple[str, ...] = ()
        if isinstance(each, Subscription) and filled:
            atoms = positive_atoms(query_of(each.keywords, each.exclude))
            used = {name for atom in atoms if atom.fields != DEFAULT_SCOPE for name in atom.fields}
            warnings = tuple(
                f"{each.id}: no source read so far fills the field {name!r}; a term on it cannot match yet"
                for name in sorted(used - filled)
            )
        result.append((each, warnings))
    return tuple(result)


def add_subscription(home: Home, subscription_id: str, values: dict[str, object]) -> Path:
    """Write a new subscription file. Raises UsageError if the id is taken or a value is wrong."""
    from digest.files import write_whole
    from digest.subscriptions import Flawed, check, new_text

    path = home.subscriptions / f"{subscription_id}.toml"
    if path.exists():
        raise UsageError(f"{path}: there is such a subscription; choose another id or edit that file")
    text = new_text(values)
    checked = check(subscription_id, text, shown=subscription_id, timezone=home.settings.timezone)
    if isinstance(checked, Flawed):
        raise UsageError(str(checked))
    write_whole(path, text.encode())
    return path


def ledger(home: Home, *, limit: int) -> tuple["RunRecord", ...]:
    with _store(home, create=False) as store, store.begin(write=False) as tx:
        return tx.ledger.runs(limit=limit)


def ledger_run(home: Home, number: int) -> "RunRecord":
    """Return one run of the ledger. Raises UsageError if there is none of this number."""
    with _store(home, create=False) as store, store.begin(write=False) as tx:
        found = tx.ledger.run(number)
    if found is None:
        raise UsageError(f"no run {number}; digest ledger lists them")
    return found


@dataclass(frozen=True, slots=True)
class Why:
    """What was decided for a subscription on one day (or lately), newest first, and how it stands now."""

    day: date | None
    decided: tuple[tuple["RunRecord", "Verdict"], ...]
    standing: Standing | None
    timezone: str


def why(home: Home, subscription_id: str, day: date | None, clock: Clock) -> Why:
    """Say why a subscription got its issues, or none. Raises UsageError if it was never heard of."""
    standing = next(
        (each for each in standings(home, clock) if each.subscription.id == subscription_id), None
    )
    with _store(home, create=False) as store, store.begin(write=False) as tx:
        decided = tx.ledger.verdicts_of(subscription_id)
    if standing is None and not decided:
        raise UsageError(f"no subscription {subscription_id!r}; digest subscriptions list shows them")
    timezone = home.settings.timezone
    if standing and isinstance(standing.subscription, Subscription):
        timezone = standing.subscription.timezone
    if day is not None:
        zone = ZoneInfo(timezone)
        decided = tuple(pair for pair in decided if pair[0].clock.astimezone(zone).date() == day)
    return Why(day, decided if day else decided[:10], standing, timezone)


@dataclass(frozen=True, slots=True)
class Feedback:
    """What was said of papers for a subscription, its seeds, and the terms that were learnt from it."""

    votes: tuple[tuple[Paper, str, datetime], ...]
    seeds: tuple[Paper, ...]
    liked_terms: tuple[str, ...]
    disliked_terms: tuple[str, ...]


def feedback(home: Home, subscription_id: str) -> Feedback:
    """Return what was said of papers, and what was learnt. Raises UsageError as `preview`."""
    from digest.match.spoken import spoken
    from digest.ranked import Tastes

    subscription = _subscription(home, subscription_id)
    with _store(home, create=False) as store, store.begin(write=False) as tx:
        votes = tx.feedback.votes(subscription_id)
        papers = tx.library.papers(vote.paper for vote in votes)
        seeds = tx.feedback.seeds(subscription_id)
        taste = Tastes().taste(tx, subscription)
    said = tuple((papers[vote.paper], vote.verdict, vote.at) for vote in votes)
    if taste is None:
        return Feedback(said, seeds, (), ())
    weighed = taste.space.terms(taste.profile, _TERMS_SHOWN)
    known = (*taste.liked, *taste.disliked)
    return Feedback(
        said,
        seeds,
        spoken((term for term, weight in weighed if weight > 0), known)[:_TERMS_SHOWN],
        spoken((term for term, weight in reversed(weighed) if weight < 0), known)[:_TERMS_SHOWN],
    )


_TERMS_SHOWN = 10


def give_feedback(home: Home, subscription_id: str, verdict: str, papers: Sequence[str], clock: Clock) -> int:
    """Note `like` or `dislike` of papers of the library, or `undo` what was said; return of how many.

    Raises UsageError, nothing noted, if one of them is unknown.
    """
    _subscription(home, subscription_id)
    with _store(home, create=False) as store, store.begin() as tx:
        numbers = [_paper_number(tx, name) for name in papers]
        if verdict == "undo":
            return tx.feedback.withdraw(subscription_id, dict.fromkeys(numbers))
        tx.feedback.vote(subscription_id, numbers, verdict, at=clock.now)
        return len(set(numbers))


def _paper_number(tx: "Transaction", name: str) -> int:
    """Find a paper by library number, arXiv id, DOI, address or whole title."""
    from digest.identity import fold_text

    if name.isascii() and name.isdigit() and len(name) < 10 and tx.library.papers([int(name)]):
        return int(name)
    arxiv = re.search(r"(\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})(?:v\d+)?$", name)
    doi = re.search(r"10\.\d{4,9}/\S+$", name)
    keys = [f"arxiv:{arxiv[1].casefold()}"] if arxiv else []
    keys += [f"doi:{doi[0].casefold()}"] if doi else []
    known = tx.library.known([*keys, f"title:{fold_text(name)}"])
    if not known:
        raise UsageError(
            f"no paper {name!r} in the library; name it by its number (of output/site/papers/), "
            "arXiv id, DOI or whole title; digest match finds titles"
        )
    return next(iter(known.values())).number


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Keywords that find liked papers (`found` of `liked`), and what they would have brought each week."""

    keywords: tuple[str, ...]
    liked: int
    found: int
    weeks: tuple[Week, ...]

    @property
    def per_week(self) -> float:
        return sum(week.matched for week in self.weeks) / len(self.weeks)


def suggest(home: Home, names: Sequence[str], subscription_id: str | None, clock: Clock) -> Suggestion:
    """Propose keywords from papers of the library, and from what a subscription liked.

    Raises UsageError if a paper or the subscription is unknown, or nothing is liked.
    """
    from digest.match.naive import analyse
    from digest.match.naive import match as match_paper
    from digest.match.query import query_of
    from digest.suggest import suggest as keywords_for

    with _store(home, create=False) as store, store.begin(write=False) as tx:
        numbers = [_paper_number(tx, name) for name in names]
        seeds: tuple[Paper, ...] = ()
        if subscription_id:
            _subscription(home, subscription_id)
            votes = tx.feedback.votes(subscription_id)
            numbers += [vote.paper for vote in votes if vote.verdict == "like"]
            seeds = tx.feedback.seeds(subscription_id)
        known = tx.library.papers(numbers)
        liked = (*(known[number] for number in dict.fromkeys(numbers)), *seeds)
        keywords = keywords_for(liked, tx.library.all_papers())
        if not keywords:
            raise UsageError(
                "no liked papers with words to go by; name some: digest suggest PAPER… "
                "or: digest feedback SUBSCRIPTION like PAPER…"
            )
        query = query_of(keywords)
        found = sum(match_paper(query, analyse(paper)) is not None for paper in liked)
        asked = Subscription("suggested", "", keywords, timezone=home.settings.timezone)
        weeks = _weeks(tx.library.all_papers(), asked, clock.now, _SUGGEST_WEEKS)
    return Suggestion(keywords, len(liked), found, weeks)


_SUGGEST_WEEKS = 8


def seed(
    home: Home, subscription_id: str, paths: Sequence[str], clock: Clock
) -> tuple[int, tuple[Rejected, ...]]:
    """Keep the papers of files as liked, without listing them; return how many are new, and what failed."""
    _subscription(home, subscription_id)
    found = list(read_paths(home, paths, clock, None))
    rejected = tuple(each for each in found if isinstance(each, Rejected))
    listings = [one for each in found if isinstance(each, DigestFile) for one in each.listings]
    with _store(home, create=True) as store, store.begin() as tx:
        return tx.feedback.add_seeds(subscription_id, listings, at=clock.now), rejected


def init(target: Path) -> Path:
    """Make a new home with samples in it. Raises UsageError if there is one already."""
    from digest.files import write_whole
    from digest.resources import folder

    if target.exists() and not target.is_dir():
        raise UsageError(f"{target}: is a file; name a folder")
    if any((target / name).exists() for name in ("digest.toml", "digest.db", "subscriptions")):
        raise UsageError(f"{target}: there is a home already; run it with: digest run --home {target}")
    for name in ("inbox", "subscriptions"):
        (target / name).mkdir(parents=True, exist_ok=True)
        for sample in sorted(folder(name).iterdir()):
            if sample.is_file():
                shutil.copyfile(sample, target / name / sample.name)
    (target / "output").mkdir(exist_ok=True)
    write_whole(target / "templates" / "README.md", _TEMPLATES_NOTE.encode())
    write_whole(target / "digest.toml", _SETTINGS.encode())
    return target


_TEMPLATES_NOTE = """\
Put a template here to replace the one of the same name that comes with paper-digest; the others stay.
"""

_SETTINGS = """\
# Every setting has a default; remove the # to change one.

# title = "Paper Digest"
# base_url = "https://digest.example.org"   # where the archive and the feeds can be reached
# timezone = "UTC"                          # such as "Europe/Paris"
# database = "sqlite:///digest.db"          # relative to this folder
# max_file_mb = 100
# feed_items = 100
"""


@contextmanager
def _store(home: Home, *, create: bool, url: str | None = None) -> Iterator["Store"]:
    """Open the home's library (or `url`) for the block."""
    from digest.store import open_store

    store = open_store(url or home.settings.database, home=home.path, create=create)
    try:
        yield store
    finally:
        store.close()


# --- JSON ----------------------------------------------------------------------------------------


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def standing_json(standing: Standing) -> dict[str, object]:
    each = standing.subscription
    subscription = each if isinstance(each, Subscription) else None
    return {
        "id": each.id,
        "name": subscription.name if subscription else None,
        "error": None if subscription else str(each),
        "enabled": subscription.enabled if subscription else None,
        "issues": standing.issues,
        "last_slot": _iso(standing.last_slot),
        "next_slot": _iso(standing.next_slot),
        "waiting": standing.waiting,
    }


def run_json(record: "RunRecord") -> dict[str, object]:
    return {
        "run": record.id,
        "started": _iso(record.started),
        "clock": _iso(record.clock),
        "ended": _iso(record.ended),
        "status": record.status,
        "report": record.report,
    }


def why_json(subscription_id: str, found: Why) -> dict[str, object]:
    return {
        "subscription": subscription_id,
        "date": found.day.isoformat() if found.day else None,
        "decided": [
            {
                "run": record.id,
                "clock": _iso(record.clock),
                "status": record.status,
                "considered": verdict.considered,
                "matched": verdict.matched,
                "issue": verdict.issue,
                "reason": verdict.reason,
                "error": verdict.error,
            }
            for record, verdict in found.decided
        ],
        "now": standing_json(found.standing) if found.standing else None,
    }


def feedback_json(subscription_id: str, found: Feedback) -> dict[str, object]:
    return {
        "subscription": subscription_id,
        "votes": [
            {"paper": paper.number, "title": paper.title, "verdict": verdict, "at": _iso(at)}
            for paper, verdict, at in found.votes
        ],
        "seeds": [paper.title for paper in found.seeds],
        "terms": {"for": list(found.liked_terms), "against": list(found.disliked_terms)},
    }
