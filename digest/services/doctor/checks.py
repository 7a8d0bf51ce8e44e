"""`digest doctor`: checks that find what is wrong with a home and what to do about it.

A check takes the context and returns findings, none if it does not apply. `CHECKS` lists them in order.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from digest.errors import ConfigError, DigestError
from digest.home.settings_file import open_home
from digest.model import FORMS, SAMPLE, Home, Issue, Item, Paper, Settings
from digest.model.reports import Finding
from digest.services.workspace import Clock, open_library
from digest.text.format import count, local_time, named_time

_BEHIND = timedelta(minutes=5)  # tolerated distance of the clock behind that of the last run
_FREE_DISK = 200 * 1024 * 1024  # bytes


@dataclass(frozen=True, slots=True)
class CheckContext:
    """What to check: a home, and the clock to compare with. `problems` are those of digest.toml."""

    home: Home
    clock: Clock
    problems: tuple[str, ...] = ()


Check = Callable[[CheckContext], Sequence[Finding]]


def examine(
    path: Path, clock: Callable[[Home], Clock], checks: Sequence[Check] | None = None
) -> tuple[Finding, ...]:
    """Run all checks on the home at `path`, even if its settings are invalid.

    `clock` returns the clock for a home. Raises UsageError if the home is missing.
    """
    try:
        home, problems = open_home(str(path)), tuple[str, ...]()
    except ConfigError as error:
        home, problems = Home(path, Settings()), tuple(map(str, error.problems))
    context = CheckContext(home, clock(home), problems)
    return tuple(finding for check in checks or CHECKS for finding in check(context))


def configuration(context: CheckContext) -> Sequence[Finding]:
    """Check digest.toml and the folders of the home."""
    found = [Finding("configuration", "bad", problem, exit_status=2) for problem in context.problems]
    found += [
        Finding("configuration", "warning", f"the folder {folder} does not exist", "create it")
        for folder in (context.home.inbox, context.home.subscriptions)
        if not folder.is_dir()
    ]
    message = f"digest.toml and the folders of {context.home.path.resolve()} are valid"
    return found or [Finding("configuration", "good", message)]


def samples(context: CheckContext) -> Sequence[Finding]:
    """Find samples, whose invented papers would be mailed among real ones."""
    from digest.home.create import samples_in

    found = [count(len(files), "sample file")] if (files := samples_in(context.home)) else []
    try:
        with open_library(context.home, create=False) as store, store.begin(write=False) as tx:
            found += ["invented papers in the library"] if SAMPLE in tx.library.sources() else []
    except DigestError:  # reported by the check of the database
        pass
    if not found:
        return ()
    message = f"this home has {' and '.join(found)}; they appear among real papers"
    return [Finding("samples", "warning", message, "start a home without them: digest init DIR")]


def subscriptions(context: CheckContext) -> Sequence[Finding]:
    """Check every subscription file."""
    from digest.model import InvalidSubscription, Subscription
    from digest.pipeline.channels import unreached
    from digest.services.subscriptions import subscriptions_now

    loaded = subscriptions_now(context.home)
    invalid = [each for each in loaded if isinstance(each, InvalidSubscription)]
    found = [
        Finding("subscriptions", "bad", str(problem), "runs skip this subscription until you fix its file")
        for each in invalid
        for problem in each.problems
    ]
    if not loaded:
        remedy = "add one: digest subscriptions add ID KEYWORD"
        return [Finding("subscriptions", "warning", "this home has no subscriptions", remedy)]
    valid = [each for each in loaded if isinstance(each, Subscription)]
    message, _, remedy = unreached(context.home, (each for each in valid if each.enabled)).partition("; ")
    if message:
        found.append(Finding("subscriptions", "warning", message, remedy))
    return (
        [*found, Finding("subscriptions", "good", count(len(valid), "valid subscription"))]
        if valid
        else found
    )


def database(context: CheckContext) -> Sequence[Finding]:
    """Check that the library opens, is undamaged, and has a recent backup."""
    import shutil

    from digest.services.backup import library_file
    from digest.services.doctor.keeping import examine_backups, examine_departures, examine_loss
    from digest.services.doctor.server import examine_server
    from digest.store.sqlite_backup import faults

    free = shutil.disk_usage(context.home.path).free
    found = []
    if free < _FREE_DISK:
        message = f"only {free // 1024**2} MB of disk space is free"
        found.append(Finding("database", "warning", message, "free some disk space"))
    if lost := tuple(examine_loss(context.home)):
        return [*found, *lost]
    try:
        with open_library(context.home, create=False) as store, store.begin(write=False) as tx:
            papers = tx.library.count()
        found += examine_server(context.home)
        path = library_file(context.home) if store.capabilities.single_file else None
    except DigestError as error:
        return [*found, failure("database", error)]
    if path is not None and path.exists():
        if problem := faults(path):
            remedy = "keep the damaged file, and restore a backup: digest restore FILE"
            return [*found, Finding("database", "bad", f"{path}: {problem}", remedy)]
        found += (*examine_backups(context.home, context.clock), *examine_departures(context.home))
    if path is not None and not path.exists():
        return [*found, Finding("database", "good", "the library does not exist yet; digest run creates it")]
    return [*found, Finding("database", "good", f"the library opens and contains {count(papers, 'paper')}")]


def failure(check: str, error: DigestError) -> Finding:
    """Return the finding of a check that failed; the error's last clause is the remedy."""
    message, _, remedy = str(error).rpartition("; ")
    return Finding(check, "bad", message or remedy, remedy if message else "", error.exit_status)


def templates(context: CheckContext) -> Sequence[Finding]:
    """Render a sample issue with the templates of the home, in every format."""
    from digest.pipeline.outputs import renderer_for

    renderer, issue = renderer_for(context.home), _sample(context.clock.now)
    found = []
    forms: list[Callable[[Issue], object]] = [partial(renderer.file, form=form) for form in FORMS]
    for render in (*forms, renderer.archive):
        try:
            render(issue)
        except DigestError as error:
            remedy = "fix this template, or remove it to use the built-in one"
            problem = str(error).removesuffix("; fix this template")
            found.append(Finding("templates", "bad", problem, remedy))
    good = Finding("templates", "good", "a sample issue renders in every format")
    return list(dict.fromkeys(found)) or [good]


def _sample(now: datetime) -> Issue:
    paper = Paper(1, "urn:uuid:0", "A sample paper", "An abstract.", now, authors=("A. Author",))
    issue = Issue("sample", "Sample", 1, now.date(), now, "UTC", None, None, 1, (Item(paper),), ())
    return replace(issue, keywords=("sample",))


def clock(context: CheckContext) -> Sequence[Finding]:
    """Compare the clock with the last run and the program's files; find a run that did not end."""
    found = []
    now, zone = context.clock.now, context.home.settings.timezone
    try:
        with open_library(context.home, create=False) as store, store.begin(write=False) as tx:
            last = next(iter(tx.ledger.runs(limit=1)), None)
    except DigestError:  # reported by the check of the database
        last = None
    if last and last.clock - now > _BEHIND:
        message = (
            f"the clock shows {local_time(now, zone)}, but the last run was at {named_time(last.clock, zone)}"
        )
        remedy = "correct the clock; to keep it synchronised: timedatectl set-ntp true"
        found.append(Finding("clock", "bad", message, remedy))
    if time.time() < Path(__file__).stat().st_mtime - 86400:
        message = "the clock shows a time before this program was installed"
        found.append(Finding("clock", "bad", message, "correct the clock"))
    if last and last.status == "running" and now - last.clock > timedelta(hours=1):
        remedy = "it was interrupted; to continue it: digest run"
        found.append(Finding("clock", "warning", f"run {last.id} did not finish", remedy))
    return found or [Finding("clock", "good", f"it is {local_time(now, zone)} in {zone}")]


def mail(context: CheckContext) -> Sequence[Finding]:
    """Check channels, sender and signatures, if anything is delivered."""
    from digest.pipeline.channels import CHANNELS

    settings = context.home.settings
    if not (settings.channels or any(channel.is_configured(settings) for channel in CHANNELS.values())):
        return ()
    from digest.services.doctor.mail import examine as examine_mail

    return tuple(examine_mail(context.home))


def sources(context: CheckContext) -> Sequence[Finding]:
    """Check that sources respond, and that they still return new papers."""
    from digest.services.doctor.clock import examine_sources

    return tuple(examine_sources(context.home, context.clock))


def schedule(context: CheckContext) -> Sequence[Finding]:
    """Check that the schedule runs, or that no slot is overdue."""
    from digest.services.doctor.clock import examine_schedule

    return tuple(examine_schedule(context.home, context.clock))


def modes(context: CheckContext) -> Sequence[Finding]:
    """Check that other users of the machine cannot read what is private."""
    from digest.services.doctor.keeping import examine_modes, examine_privacy

    return *examine_modes(context.home), *examine_privacy(context.home)


def pages(context: CheckContext) -> Sequence[Finding]:
    """Check that links lead to where the pages are served."""
    from digest.services.doctor.pages import examine_links, examine_requests

    return (*examine_links(context.home), *examine_requests(context.home))


def plug_ins(_context: CheckContext) -> Sequence[Finding]:
    """Load every installed plug-in."""
    from digest.system import plugins

    names = [name for kind in plugins.GROUPS for name in plugins.installed(kind)]
    bad = [failure("plug-ins", each) for each in plugins.problems()]
    good = [Finding("plug-ins", "good", f"installed: {', '.join(names)}")] if names and not bad else []
    return bad or good


CHECKS: tuple[Check, ...] = (
    configuration, samples, plug_ins, subscriptions, database, modes, templates, clock, sources, schedule, pages, mail
)  # fmt: skip
