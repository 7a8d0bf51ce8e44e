"""What is wrong with a home, and what to do about it: small checks, each of which answers with values.

A check takes the patient and returns findings; none where it has nothing to say. `CHECKS` lists them.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from digest.errors import ConfigError, DigestError
from digest.home.settings_file import open_home
from digest.model import FORMS, Home, Issue, Item, Paper, Settings
from digest.model.reports import Finding
from digest.services.workspace import Clock, open_library

_BEHIND = timedelta(minutes=5)  # by which the clock may be behind the last run's
_ROOM = 200 * 1024 * 1024  # bytes that should be free on the disk
_STALE_BACKUP = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class CheckContext:
    """What is examined: the home, and the clock it is examined by. `problems` are those of digest.toml."""

    home: Home
    clock: Clock
    problems: tuple[str, ...] = ()


Check = Callable[[CheckContext], Sequence[Finding]]


def examine(
    path: Path, clock: Callable[[Home], Clock], checks: Sequence[Check] | None = None
) -> tuple[Finding, ...]:
    """Do all checks on a home, also where its settings cannot be read. Raises UsageError for no home."""
    try:
        home, wrong = open_home(str(path)), tuple[str, ...]()
    except ConfigError as error:
        home, wrong = Home(path, Settings()), tuple(map(str, error.problems))
    patient = CheckContext(home, clock(home), wrong)
    return tuple(finding for check in checks or CHECKS for finding in check(patient))


def configuration(patient: CheckContext) -> Sequence[Finding]:
    """Check digest.toml and the folders of the home."""
    found = [Finding("configuration", "bad", problem) for problem in patient.problems]
    found += [
        Finding("configuration", "warning", f"there is no folder {folder}", "make it")
        for folder in (patient.home.inbox, patient.home.subscriptions)
        if not folder.is_dir()
    ]
    return found or [Finding("configuration", "good", f"digest.toml and the folders of {patient.home.path}")]


def subscriptions(patient: CheckContext) -> Sequence[Finding]:
    """Check every subscription file."""
    from digest.home.subscription_files import InvalidSubscription, of_home

    loaded = of_home(patient.home)
    flawed = [each for each in loaded if isinstance(each, InvalidSubscription)]
    found = [
        Finding("subscriptions", "bad", str(problem), "it is left out of runs until it is mended")
        for each in flawed
        for problem in each.problems
    ]
    if not loaded:
        remedy = "digest subscriptions add ID KEYWORD"
        return [Finding("subscriptions", "warning", "there is none", remedy)]
    good = len(loaded) - len(flawed)
    return [*found, Finding("subscriptions", "good", f"{good} in order")] if good else found


def database(patient: CheckContext) -> Sequence[Finding]:
    """Check that the library opens, is whole, and has a recent copy."""
    import shutil

    from digest.services.backup import library_file
    from digest.store.sqlite_backup import faults

    free = shutil.disk_usage(patient.home.path).free
    found = []
    if free < _ROOM:
        found.append(
            Finding("database", "warning", f"{free // 1024**2} MB are free on the disk", "make room")
        )
    try:
        with open_library(patient.home, create=False) as store, store.begin(write=False) as tx:
            papers = tx.library.count()
        path = library_file(patient.home) if store.is_sqlite else None
    except DigestError as error:
        message, _, remedy = str(error).rpartition("; ")
        return [*found, Finding("database", "bad", message or str(error), remedy)]
    if path is not None and path.exists():
        if problem := faults(path):
            remedy = "keep the file, and put a copy back: digest restore FILE"
            return [*found, Finding("database", "bad", f"{path}: {problem}", remedy)]
        found += _copies(patient)
    return [
        *found,
        Finding("database", "good", f"the library opens and has {papers} paper{'' if papers == 1 else 's'}"),
    ]


def _copies(patient: CheckContext) -> list[Finding]:
    from digest.pipeline.maintenance import copies

    kept = copies(patient.home)
    wanted = patient.home.settings.schedule.backups
    if not kept:
        remedy = "digest schedule makes one a day; by hand: digest backup FILE"
        return [Finding("database", "warning", "there is no copy of the library", remedy)] if wanted else []
    age = patient.clock.started.timestamp() - kept[-1].stat().st_mtime
    if wanted and age > _STALE_BACKUP.total_seconds():
        message = f"the newest copy, {kept[-1].name}, is {age / 86400:.0f} days old"
        return [Finding("database", "warning", message, "is digest schedule running?")]
    return []


def templates(patient: CheckContext) -> Sequence[Finding]:
    """Render a sample issue with the templates of the home, in every form."""
    from digest.pipeline.outputs import renderer_for

    renderer, issue = renderer_for(patient.home), _sample(patient.clock.now)
    found = []
    forms: list[Callable[[Issue], object]] = [partial(renderer.file, form=form) for form in FORMS]
    for render in (*forms, renderer.archive):
        try:
            render(issue)
        except DigestError as error:
            found.append(Finding("templates", "bad", str(error), "mend the template, or take it away"))
    return list(dict.fromkeys(found)) or [
        Finding("templates", "good", "a sample issue renders in every form")
    ]


def _sample(now: datetime) -> Issue:
    paper = Paper(1, "urn:uuid:0", "A sample paper", "An abstract.", now, authors=("A. Author",))
    issue = Issue("sample", "Sample", 1, now.date(), now, "UTC", None, None, 1, (Item(paper),), ())
    return replace(issue, keywords=("sample",))


def clock(patient: CheckContext) -> Sequence[Finding]:
    """Check the machine's clock against the ledger and the files, and the data of time zones."""
    found = []
    now = patient.clock.now
    try:
        with open_library(patient.home, create=False) as store, store.begin(write=False) as tx:
            last = next(iter(tx.ledger.runs(limit=1)), None)
    except DigestError:  # told by the check of the database
        last = None
    if last and last.clock - now > _BEHIND:
        message = f"the clock says {now:%Y-%m-%d %H:%M} UTC, but the last run was at {last.clock:%Y-%m-%d %H:%M} UTC"
        found.append(
            Finding("clock", "bad", message, "set the clock; time-keeping: timedatectl set-ntp true")
        )
    if time.time() < Path(__file__).stat().st_mtime - 86400:
        found.append(Finding("clock", "bad", "the clock is behind this program's own files", "set the clock"))
    if last and last.status == "running" and now - last.clock > timedelta(hours=1):
        remedy = "it was cut off, and the next run continues: digest run"
        found.append(Finding("clock", "warning", f"run {last.id} never ended", remedy))
    zone = patient.home.settings.timezone
    local = now.astimezone(ZoneInfo(zone))
    return found or [Finding("clock", "good", f"it is {local:%a %Y-%m-%d %H:%M} in {zone}")]


def mail(patient: CheckContext) -> Sequence[Finding]:
    """Check what mail is handed to, the sender and the signatures, where anything is delivered."""
    settings = patient.home.settings
    if not (settings.smtp or settings.maildir or settings.rooms):
        return ()
    from digest.services.doctor.mail import examine as examine_mail

    return tuple(examine_mail(patient.home))


def sources(patient: CheckContext) -> Sequence[Finding]:
    """Check that what is asked for papers answers, and that what used to bring papers still does."""
    from digest.services.doctor.clock import examine_sources

    return tuple(examine_sources(patient.home, patient.clock))


def schedule(patient: CheckContext) -> Sequence[Finding]:
    """Check that rounds are made, or that no slot waits for one."""
    from digest.services.doctor.clock import examine_schedule

    return tuple(examine_schedule(patient.home, patient.clock))


CHECKS: tuple[Check, ...] = (
    configuration, subscriptions, database, templates, clock, sources, schedule, mail
)  # fmt: skip
