"""What each command does, put together from the parts: the composition root.

The doors (`cli`) parse words and print; here a command becomes values in, values out. Parts that cost
time to import are imported where they are used.
"""

import shlex
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from digest.errors import DigestError, UsageError
from digest.home.settings_file import home_path, need_home, open_home
from digest.model import DigestFile, Home, Issue, Match, Rejected, Settings, Subscription
from digest.model.reports import DeliveryReport, FileReport, RunReport

__all__ = [
    "Settings",
    "Subscription",
    "home_path",
    "need_home",
    "open_home",
]  # what the doors need of the rooms below

if TYPE_CHECKING:
    from digest.fetch.fetch import Fetched
    from digest.home.subscription_files import Flawed
    from digest.pipeline.ingest import Options, Progress
    from digest.pipeline.maintenance import Upkept
    from digest.store import Library, Store, Transaction


@dataclass(frozen=True, slots=True)
class Clock:
    """`now` is what every decision sees (`--now`, else the machine's time); `started` the machine's."""

    now: datetime
    started: datetime

    @classmethod
    def at(cls, stated: datetime | None, timezone: str = "UTC") -> "Clock":
        """Return the clock of a command; a stated time without offset is one of the zone."""
        started = datetime.now(UTC)
        if stated is not None and stated.tzinfo is None:
            stated = stated.replace(tzinfo=ZoneInfo(timezone))
        return cls(stated or started, started)

    @classmethod
    def of(cls, home: Home, stated: datetime | None) -> "Clock":
        """Return the clock of a command on a home."""
        return cls.at(stated, home.settings.timezone)


def run(
    home: Home,
    options: "Options",
    clock: Clock,
    *,
    dry_run: bool,
    words: Sequence[str],
    progress: "Progress",
    loaded: Sequence["Subscription | Flawed"] | None = None,
    then_deliver: bool = True,
) -> RunReport:
    """Do one pass of the pipeline on a home, holding its lock, then deliver. A dry run takes all back.

    `loaded` are its subscriptions, if they are at hand; without `then_deliver` mail waits in the outbox.
    """
    from digest.home.subscription_files import of_home
    from digest.pipeline import run as pipeline
    from digest.system.locks import hold

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
        if loaded is None:
            loaded = of_home(home)
        subscriptions = pipeline.chosen(loaded, options.only)
        if options.among is not None:
            subscriptions = tuple(each for each in subscriptions if each.id in options.among)
        with open_library(home, create=not dry_run) as store:
            if dry_run:
                with store.rehearse():
                    return replace(once(store, write=False), run=None)
            report = once(store, write=True)
    # The lock is given back: delivery may take long, and several may deliver side by side.
    if not (home.settings.channels and then_deliver):
        return report
    try:
        return replace(report, delivery=deliver(home, clock))
    except DigestError as error:  # the run itself is done and told
        return replace(report, delivery=DeliveryReport.none(str(error)))


def due(home: Home, loaded: Sequence["Subscription | Flawed"], clock: Clock) -> frozenset[str]:
    """Return which of these subscriptions are due now."""
    from digest.pipeline.run import due_now

    with open_library(home, create=True) as store:
        return due_now(store, loaded, clock.now)


def keep_up(home: Home, clock: Clock) -> "Upkept":
    """Do the upkeep of a home, holding its lock."""
    from digest.pipeline import maintenance as upkeep
    from digest.system.locks import hold

    with hold(home.path, command="digest schedule, upkeep"), open_library(home, create=True) as store:
        return upkeep.keep_up(home, store, clock.now)


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
                columns=home.settings.columns,
                max_bytes=home.settings.max_file_mb * 1024 * 1024,
            )


def fetch(
    home: Home, names: Sequence[str], since: date | None, clock: Clock, progress: "Progress"
) -> "Iterator[Fetched]":
    """Fetch the sources of `digest.toml`, or only those named, into the inbox, and report on each.

    Raises UsageError for a name that is none.
    """
    from digest import __version__
    from digest.fetch.fetch import agent_of
    from digest.fetch.fetch import fetch as fetch_all
    from digest.fetch.state import Memories
    from digest.fetch.web import Limits
    from digest.system.locks import hold

    settings = home.settings
    known = {source.name: source for source in settings.sources}
    for name in names:
        if name not in known:
            there = ", ".join(known) or "none yet; write [[sources]] in digest.toml, see docs/sources.md"
            raise UsageError(f"no source {name!r}; there are: {there}")
    home.inbox.mkdir(exist_ok=True)
    # A lock of the inbox, not of the home: a run need not wait for a slow server.
    with hold(home.inbox, command="digest fetch"):
        yield from fetch_all(
            [known[name] for name in dict.fromkeys(names or known)],
            Memories.load(home.inbox),
            agent=agent_of(__version__, settings.contact, settings.base_url),
            now=clock.now,
            today=clock.now.astimezone(ZoneInfo(settings.timezone)).date(),
            since=since,
            limits=Limits(settings.max_file_mb * 1024 * 1024),
            progress=progress,
        )


def diff(home: Home, options: "Options", clock: Clock, progress: "Progress") -> tuple[FileReport, ...]:
    """Say what of these files is new, updated or seen before, without recording it."""
    from digest.pipeline.ingest import read_files

    with open_library(home, create=False) as store, store.rehearse():
        with store.begin() as tx:
            number = tx.ledger.open_run(started=clock.started, clock=clock.now)
        return tuple(read_files(home, store, options, run=number, now=clock.now, progress=progress))


def match(
    home: Home, query: str, options: "Options", clock: Clock, progress: "Progress"
) -> tuple[tuple[Match, ...], tuple[FileReport, ...]]:
    """Try a query on files, else on the library. Returns the matches, best first, and the files read.

    Raises QueryError.
    """
    from digest.match.prefilter import scanner
    from digest.match.query.parser import query_of
    from digest.match.reference import best_first
    from digest.pipeline.ingest import read_files

    find = scanner(query_of([query]))
    files: tuple[FileReport, ...] = ()
    with open_library(home, create=False, url="sqlite://" if options.paths else None) as store:
        if options.paths:
            with store.begin() as tx:
                number = tx.ledger.open_run(started=clock.started, clock=clock.now)
            files = tuple(read_files(home, store, options, run=number, now=clock.now, progress=progress))
        with store.begin(write=False) as tx:
            hits = map(find, tx.library.all_papers())
            return tuple(best_first(hit for hit in hits if hit is not None)), files


@dataclass(frozen=True, slots=True)
class Week:
    """A week (its Monday): papers first seen in it, and those the subscription's query accepts."""

    monday: date
    papers: int
    matched: int


def per_week(weeks: Sequence[Week]) -> tuple[float, int]:
    """Return how many papers matched a week, and over how many weeks: those since the first that brought any."""
    counted = weeks[next((place for place, week in enumerate(weeks) if week.papers), 0) :]
    return sum(week.matched for week in counted) / len(counted), len(counted)


@dataclass(frozen=True, slots=True)
class Preview:
    """The issue a subscription would get now (None: nothing matches) and what past weeks would have brought."""

    issue: Issue | None
    considered: int
    matched: int
    text: str
    weeks: tuple[Week, ...]
    papers: int  # in the library

    @property
    def per_week(self) -> tuple[float, int]:
        return per_week(self.weeks)


def preview(home: Home, subscription_id: str, clock: Clock, *, weeks: int) -> Preview:
    """Compose the issue a subscription would get now, recording nothing.

    Raises UsageError for an unknown subscription or one with mistakes.
    """
    from digest.compose.issue import compose
    from digest.pipeline.ingest import owned
    from digest.pipeline.matching import Shelf
    from digest.pipeline.outputs import renderer_for
    from digest.pipeline.run import enrol, findings_of, ranked

    subscription = subscription_of(home, subscription_id)
    with open_library(home, create=False) as store, store.rehearse(), store.begin() as tx:
        enrol(tx, [subscription], clock.now)
        cursor = tx.desk.cursor(subscription.id)
        assert cursor is not None
        shelf = Shelf(store, owned(home, clock.now).has, model=home.settings.summary_model)
        findings = findings_of(tx, shelf, subscription, cursor.position, tx.library.end(), now=clock.now)
        findings = ranked(
            tx, shelf, subscription, findings, (cursor.position, tx.library.end()), now=clock.now
        )
        issue = compose(
            subscription, findings, number=cursor.issues + 1, slot=None, made=clock.now, since=cursor.since
        )
        counted = weeks_of(tx.library, subscription, clock.now, weeks)
        papers = tx.library.count()
    text = renderer_for(home).text(issue) if findings.matched else ""
    shown = issue if findings.matched else None
    return Preview(shown, findings.considered, findings.matched, text, counted, papers)


def weeks_of(library: "Library", subscription: Subscription, now: datetime, weeks: int) -> tuple[Week, ...]:
    from digest.compose.issue import recent_enough
    from digest.match.prefilter import scanner
    from digest.match.query.parser import query_of

    zone = ZoneInfo(subscription.timezone)
    find = scanner(query_of(subscription.keywords, subscription.exclude))
    today = now.astimezone(zone).date()
    monday = today - timedelta(days=today.weekday())
    seen = {monday - timedelta(weeks=back): [0, 0] for back in reversed(range(weeks))}
    since = datetime.combine(min(seen, default=today), time.min, zone) - timedelta(days=1)
    for paper in library.all_papers(since=since):
        day = paper.first_seen.astimezone(zone).date()
        week = seen.get(day - timedelta(days=day.weekday()))
        if week is not None:
            week[0] += 1
            if recent_enough(subscription, paper, paper.first_seen) and find(paper):
                week[1] += 1
    return tuple(Week(start, total, matched) for start, (total, matched) in seen.items())


def subscription_of(home: Home, subscription_id: str) -> Subscription:
    """Return a subscription by its id. Raises UsageError if it is unknown or has mistakes."""
    from digest.home.subscription_files import of_home

    found = {each.id: each for each in of_home(home)}
    if subscription_id not in found:
        known = ", ".join(found) or "none yet; add one with: digest subscriptions add"
        raise UsageError(f"no subscription {subscription_id!r}; there are: {known}")
    subscription = found[subscription_id]
    if not isinstance(subscription, Subscription):
        raise UsageError(str(subscription))
    return subscription


@dataclass(frozen=True, slots=True)
class Standing:
    """A subscription as it stands: its file, and what the library knows of it.

    `overdue` is a slot that has passed and that no run has used up yet.
    """

    subscription: "Subscription | Flawed"
    issues: int
    last_slot: datetime | None
    next_slot: datetime | None
    waiting: int
    overdue: datetime | None = None


def standings(home: Home, clock: Clock) -> tuple[Standing, ...]:
    """Return every subscription of a home, with how many entries of the log wait for it."""
    from digest.compose.slots import next_slot, parse_schedule
    from digest.home.subscription_files import of_home
    from digest.pipeline.run import is_paused, waiting_slot

    found = of_home(home)
    result = []
    with open_library(home, create=False) as store, store.begin(write=False) as tx:
        end = tx.library.end()
        cursors = {cursor.subscription: cursor for cursor in tx.desk.cursors()}
        for each in found:
            cursor = cursors.get(each.id)
            upcoming, passed = None, None
            if isinstance(each, Subscription) and each.enabled:
                last = cursor.last_slot if cursor else None
                after = _not_before(each, max(clock.now, last or clock.now))
                upcoming = next_slot(parse_schedule(each.schedule), ZoneInfo(each.timezone), after)
                if last and not is_paused(each, clock.now):
                    passed = waiting_slot(each, last, clock.now)
            result.append(
                Standing(
                    each,
                    cursor.issues if cursor else 0,
                    cursor.last_slot if cursor else None,
                    upcoming.instant if upcoming else None,
                    end - cursor.position if cursor else 0,
                    passed.instant if passed else None,
                )
            )
    return tuple(result)


def _not_before(subscription: Subscription, now: datetime) -> datetime:
    """Return the moment after which a slot can be used: now, or the end of a pause."""
    if subscription.paused_until is None:
        return now
    midnight = datetime.combine(subscription.paused_until, time(), ZoneInfo(subscription.timezone))
    return max(now, midnight.astimezone(UTC) - timedelta(microseconds=1))


def check_subscriptions(home: Home) -> tuple[tuple["Subscription | Flawed", tuple[str, ...]], ...]:
    """Check every subscription file; with each the warnings.

    They are about fields that no source fills so far, and about words that were perhaps meant as operators.
    """
    from digest.home.subscription_files import of_home
    from digest.match.query.lint import hints
    from digest.match.query.parser import DEFAULT_SCOPE, positive_atoms, query_of

    found = of_home(home)
    with open_library(home, create=False) as store, store.begin(write=False) as tx:
        filled = tx.library.filled_fields()
    result: list[tuple[Subscription | Flawed, tuple[str, ...]]] = []
    for each in found:
        warnings: tuple[str, ...] = ()
        if isinstance(each, Subscription):
            atoms = positive_atoms(query_of(each.keywords, each.exclude))
            used = {name for atom in atoms if atom.fields != DEFAULT_SCOPE for name in atom.fields}
            warnings = tuple(
                f"{each.id}: no source read so far fills the field {name!r}; a term on it cannot match yet"
                for name in sorted(used - filled if filled else ())
            )
            said = (hint for keyword in (*each.keywords, *each.exclude) for hint in hints(keyword))
            warnings += tuple(f"{each.id}: {hint}" for hint in said)
            rooms = (name for name in each.chat if home.settings.room(name) is None)
            warnings += tuple(f"{each.id}: chat: there is no [chat.{name}] in digest.toml" for name in rooms)
        result.append((each, warnings))
    return tuple(result)


def add_subscription(home: Home, subscription_id: str, values: dict[str, object]) -> Path:
    """Write a new subscription file. Raises UsageError if the id is taken or a value is wrong."""
    from digest.home.subscription_files import Flawed, check, new_text
    from digest.system.files import write_whole

    path = home.subscriptions / f"{subscription_id}.toml"
    if path.exists():
        raise UsageError(f"{path}: there is such a subscription; choose another id or edit that file")
    text = new_text(values)
    checked = check(subscription_id, text, shown=subscription_id, timezone=home.settings.timezone)
    if isinstance(checked, Flawed):
        raise UsageError(str(checked))
    write_whole(path, text.encode())
    return path


def deliver(home: Home, clock: Clock, *, dry_run: bool = False) -> DeliveryReport:
    """Empty the outbox; a dry run says what is in it."""
    from digest.pipeline import delivery as dispatch

    with open_library(home, create=not dry_run) as store:
        if dry_run:
            return dispatch.rehearse(home, store, now=clock.now)
        return dispatch.deliver(home, store, now=clock.now)


def init(target: Path) -> Path:
    """Make a new home with samples in it. Raises UsageError if there is one already."""
    from digest.system.files import write_whole
    from digest.system.resources import folder

    if target.exists() and not target.is_dir():
        raise UsageError(f"{target}: is a file; name a folder")
    if any((target / name).exists() for name in ("digest.toml", "digest.db", "subscriptions")):
        raise UsageError(f"{target}: there is a home already; run it with: digest run --home {target}")
    try:
        for name in ("inbox", "subscriptions"):
            (target / name).mkdir(parents=True, exist_ok=True)
            for sample in sorted(folder(name).iterdir()):
                if sample.is_file():
                    shutil.copyfile(sample, target / name / sample.name)
        (target / "output").mkdir(exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"{target}: cannot be made a home ({error.strerror}); choose another place"
        ) from error
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
# language = "en"                           # of what is said around the papers; or "de"
# database = "sqlite:///digest.db"          # relative to this folder
# max_file_mb = 100
# feed_items = 100
"""


@contextmanager
def library(home: Home, *, write: bool = False, words: Sequence[str] = ()) -> Iterator["Transaction"]:
    """Open a transaction on the home's library for the block; to write, holding the home's lock."""
    from digest.system.locks import hold

    lock = hold(home.path, command=shlex.join(["digest", *words])) if write else nullcontext()
    with lock, open_library(home, create=False) as store, store.begin(write=write) as tx:
        yield tx


@contextmanager
def open_library(home: Home, *, create: bool, url: str | None = None) -> Iterator["Store"]:
    """Open the home's library (or `url`) for the block."""
    from digest.store import open_store

    store = open_store(url or home.settings.database, home=home.path, create=create)
    try:
        yield store
    finally:
        store.close()


# --- JSON ----------------------------------------------------------------------------------------


def iso(moment: datetime | None) -> str | None:
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
        "last_slot": iso(standing.last_slot),
        "next_slot": iso(standing.next_slot),
        "overdue": iso(standing.overdue),
        "waiting": standing.waiting,
    }
