"""The command line: words in, a report out, an exit status back.

Results go to stdout (with `--json` nothing but JSON), messages and progress to stderr. Exit status: 0
done; 1 done in part, each failure named; 2 the command or `digest.toml` is wrong, nothing was changed.
"""

import argparse
import errno
import itertools
import os
import sys
from collections.abc import Callable, Sequence
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from digest import __version__
from digest.cli import feedback as cli_taste
from digest.cli import library as cli_library
from digest.cli import mail as cli_mail
from digest.cli import serve as cli_serve
from digest.cli import templates as cli_templates
from digest.cli.console import print_json
from digest.errors import DigestError, QueryError
from digest.home import create
from digest.home.settings_file import home_path, need_home, open_home
from digest.model import DigestFile, Home, Listing, Match, Rejected, Settings, Subscription
from digest.services import preview, runs, subscriptions
from digest.services.workspace import Clock, iso

if TYPE_CHECKING:
    from digest.cli.console import Screen
    from digest.fetch.fetch import Fetched
    from digest.pipeline.ingest import Options

Command = Callable[[argparse.Namespace, Home, "Screen"], int]

# What --now may say: room for every span of a subscription on both sides.
_YEARS = (1900, 9000)
_MANY, _MANY_WEEKS = 1_000_000_000, 9_999


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status."""
    words = list(sys.argv[1:] if argv is None else argv)
    _open_streams()
    arguments = _parser().parse_args(_command_first(words))
    arguments.words = words
    from digest.cli.console import Screen

    screen = Screen(quiet=arguments.quiet, machine=arguments.json)
    try:
        home = _home(arguments)
        status: int = arguments.command(arguments, home, screen)
        sys.stdout.flush()
    except QueryError as error:
        screen.error(f"the query: {error}")
        return 2
    except DigestError as error:
        screen.error(str(error))
        return error.exit_status
    except BrokenPipeError:  # `digest … | head`
        sys.stderr.close()
        return 1
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EIO}:
            raise
        screen.error(f"the output cannot be written ({error.strerror}); what was done is recorded")
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what is still in the buffer has no place to go
        return 1
    except KeyboardInterrupt:
        screen.error("stopped; the next run continues from here")
        return 1
    return status


def _open_streams() -> None:
    """See that there is somewhere to print, and that no character of a title can fail there."""
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115, PTH123 - closed by the caller: >&-
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115, PTH123
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


# Options of every command may also stand before it; these have no value.
_FLAGS = ("--json", "--quiet")
_VALUED = ("--home", "--now")
_GROUPS = ("subscriptions", "library", "outbox", "recipients", "templates")


def _command_first(words: Sequence[str]) -> list[str]:
    """Move options of every command that stand before the command behind it."""
    place = 0
    while place < len(words):
        if words[place] in _FLAGS or words[place].startswith(tuple(f"{name}=" for name in _VALUED)):
            place += 1
        elif words[place] in _VALUED:
            place += 2
        else:
            break
    commands = 2 if words[place : place + 1] and words[place] in _GROUPS else 1
    return [*words[place : place + commands], *words[:place], *words[place + commands :]]


def _home(arguments: argparse.Namespace) -> Home:
    """Open the home. `init` needs none, and `doctor` judges the settings itself."""
    if arguments.command is _init:
        return Home(Path(), Settings())
    if arguments.command is _doctor:
        return Home(home_path(arguments.home), Settings())
    return open_home(arguments.home)


# --- the words -----------------------------------------------------------------------------------


class _Parser(argparse.ArgumentParser):
    """Takes the options of a command and its words in any order, also where a word may be left out."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        words = args if args is None or self._subparsers else self._options_first(args)
        return super().parse_known_args(words, namespace)

    def _options_first(self, args: Sequence[str]) -> list[str]:
        options: list[str] = []
        words: list[str] = []
        waiting = iter(args)
        for arg in waiting:
            if arg == "--":
                words += (arg, *waiting)
            elif arg.startswith("-") and arg != "-":
                action = self._option_string_actions.get(arg)
                options.append(arg)
                if action is not None and action.nargs is None:  # its value follows
                    options += itertools.islice(waiting, 1)
            else:
                words.append(arg)
        return options + words


@cache
def _parser() -> argparse.ArgumentParser:
    common = _Parser(add_help=False, allow_abbrev=False)
    group = common.add_argument_group("options of every command")
    group.add_argument("--home", metavar="PATH", help="the home (default: DIGEST_HOME, else this folder)")
    group.add_argument("--json", action="store_true", help="machine output on stdout, nothing else there")
    group.add_argument("--quiet", action="store_true", help="no progress, no tables; errors are still shown")
    group.add_argument(
        "--now", metavar="TIME", type=_moment, help="the clock, ISO 8601; without offset: the home's zone"
    )
    parser = _Parser(
        prog="digest",
        description="From piles of new-paper listings to the newsletter each reader wants.",
        epilog="digest COMMAND --help tells more. Exit status: 0 done, 1 done in part, 2 usage error.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"digest {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def add(name: str, command: Command, about: str, **options: Any) -> argparse.ArgumentParser:
        one = commands.add_parser(
            name, parents=[common], help=about, description=about, allow_abbrev=False, **options
        )
        one.set_defaults(command=command)
        return one

    _add_pipeline(add)
    _add_subscriptions(commands, common)
    cli_mail.add_commands(commands, common)
    cli_library.add_commands(commands, common)
    cli_templates.add_commands(commands, common)
    ledger = add("ledger", _ledger, "what the runs did")
    ledger.add_argument("--run", type=_number(_MANY), metavar="ID", help="one run, whole")
    ledger.add_argument(
        "--limit", type=_number(_MANY), default=20, metavar="N", help="how many runs (default 20)"
    )
    why = add("why", _why, "why a subscription got an issue, or none")
    why.add_argument("subscription")
    why.add_argument("date", nargs="?", type=_day, help="a day, YYYY-MM-DD (default: the latest runs)")
    why.add_argument("--paper", metavar="TITLE", help="why this paper: its title, arXiv id or library number")
    copy = add("backup", _backup, "copy the library to a file, also while digest is at work")
    copy.add_argument("file", type=Path)
    back = add("restore", _restore, "put a copy of the library back")
    back.add_argument("file", type=Path)
    back.add_argument(
        "--newer", type=Path, metavar="FILE", help="a later library: what it sent is not sent again"
    )
    add("doctor", _doctor, "what is wrong with this home, and what to do")
    cli_serve.add_commands(add)
    cli_taste.add_commands(add)
    init = add("init", _init, "make a new home with samples in it")
    init.add_argument("dir", type=Path)
    return parser


def _add_pipeline(add: Callable[..., argparse.ArgumentParser]) -> None:
    run = add("run", _run, "read digest files, make the issues that are due, publish feeds and archive")
    _add_paths(run, "digest files or folders (default: inbox/)", "*")
    run.add_argument("--force", action="store_true", help="make issues regardless of the clock")
    run.add_argument("--only", metavar="ID", help="one subscription only")
    run.add_argument("--dry-run", action="store_true", help="say what would happen; record and write nothing")
    run.add_argument("--rewrite", action="store_true", help="write all issues, feeds and pages again")
    fetch = add("fetch", _fetch, "fetch the sources of digest.toml into inbox/")
    fetch.add_argument(
        "--source", action="append", default=[], metavar="NAME", help="this source only (repeatable)"
    )
    fetch.add_argument(
        "--since", type=_day, metavar="DATE", help="from this day on, YYYY-MM-DD (default: the last fetch)"
    )
    _add_paths(add("read", _read, "parse digest files only"), "digest files or folders", "+")
    _add_paths(
        add("diff", _diff, "what is new, updated or seen in these files, without recording it"),
        "digest files or folders",
        "+",
    )
    match = add("match", _match, "try a query on files, else on the library")
    match.add_argument("query")
    _add_paths(match, "digest files or folders (default: the library)", "*")
    preview = add("preview", _preview, "the issue a subscription would get now; records nothing")
    preview.add_argument("subscription")
    preview.add_argument(
        "--weeks",
        type=_number(_MANY_WEEKS),
        default=8,
        metavar="N",
        help="how many past weeks to count (default 8)",
    )
    cli_templates.add_preview_options(preview)


def _add_paths(parser: argparse.ArgumentParser, about: str, count: str) -> None:
    parser.add_argument("paths", nargs=count, metavar="PATH", help=about)
    parser.add_argument(
        "--captured", type=_day, metavar="DATE", help="when the page files were saved, YYYY-MM-DD"
    )


def _add_subscriptions(commands: Any, common: argparse.ArgumentParser) -> None:
    about = "list, check and add subscriptions"
    group = commands.add_parser("subscriptions", help=about, description=about, allow_abbrev=False)
    actions = group.add_subparsers(title="actions", metavar="ACTION", required=True)

    def add(name: str, command: Command, about: str) -> argparse.ArgumentParser:
        one: argparse.ArgumentParser = actions.add_parser(
            name, parents=[common], help=about, description=about, allow_abbrev=False
        )
        one.set_defaults(command=command)
        return one

    add("list", _subscriptions_list, "the subscriptions and when each is due")
    add("check", _subscriptions_check, "what is wrong in subscription files, with place and remedy")
    new = add("add", _subscriptions_add, "write a new subscription file")
    new.add_argument("id", help="its name as a file: a-z, 0-9 and -")
    new.add_argument(
        "keywords", nargs="+", metavar="KEYWORD", help="queries; a paper that meets any is taken"
    )
    new.add_argument("--name", help="shown in the issue")
    new.add_argument(
        "--exclude", action="append", metavar="QUERY", help="leave out what meets this (repeatable)"
    )
    new.add_argument("--email", action="append", metavar="ADDRESS", help="who gets it (repeatable)")
    new.add_argument("--schedule", help='such as "weekdays 08:00" (default "daily 08:00")')
    new.add_argument("--timezone", help="such as Europe/Paris (default: the home's)")
    new.add_argument("--max-papers", type=int, metavar="N", help="new papers in one issue (default 20)")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no date; write YYYY-MM-DD") from None


def _number(most: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        value = int(text) if text.isascii() and text.isdigit() and len(text) <= 12 else 0
        if not 1 <= value <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to {most}")
        return value

    return number


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no time; write 2026-11-24T08:00 or 2026-11-24T08:00+01:00"
        ) from None
    if not _YEARS[0] <= moment.year <= _YEARS[1]:
        raise argparse.ArgumentTypeError(f"{text!r}: the year is not from {_YEARS[0]} to {_YEARS[1]}")
    return moment


def _options(arguments: argparse.Namespace) -> "Options":
    from digest.pipeline.ingest import Options

    return Options(
        paths=tuple(arguments.paths),
        captured=arguments.captured,
        force=getattr(arguments, "force", False),
        only=getattr(arguments, "only", None),
        rewrite=getattr(arguments, "rewrite", False),
    )


# --- the commands --------------------------------------------------------------------------------


def _run(arguments: argparse.Namespace, home: Home, screen: "Screen") -> int:
    if not arguments.paths:
        need_home(home, arguments.home)
    clock = Clock.of(home, arguments.now)
    with screen.progress() as progress:
        report = runs.run(
            home,
            _options(arguments),
            clock,
            dry_run=arguments.dry_run,
            words=arguments.words,
            progress=progress,
        )
    if arguments.json:
        print_json(report.as_json())
    screen.run(report.as_json(), dry_run=arguments.dry_run, home=os.path.relpath(home.path))
    return report.exit_status


def _read(arguments: argparse.Namespace, home: Home, screen: "Screen") -> int:
    status = 0
    for found in runs.read_paths(home, arguments.paths, Clock.of(home, arguments.now), arguments.captured):
        if isinstance(found, Rejected):
            screen.error(str(found))
            status = 1
        elif arguments.json:
            for listing in found.listings:
                print_json(listing_json(found, listing))
        else:
            screen.file(found)
    return status


def _fetch(arguments: argparse.Namespace, home: Home, screen: "Screen") -> int:
    with screen.progress() as progress:
        clock = Clock.of(home, arguments.now)
        found = tuple(runs.fetch(home, arguments.source, arguments.since, clock, progress))
    if arguments.json:
        print_json({"sources": [fetched_json(one) for one in found]})
    screen.fetched(found, clock.now)
    return 1 if any(one.error for one in found) else 0


def _diff(arguments: argparse.Namespace, home: Home, screen: "Screen") -> int:
    from digest.model.reports import diff_json

    with screen.progress() as progress:
        files = runs.diff(home, _options(arguments), Clock.of(home, arguments.now), progress)
    if arguments.json:
        print_json(diff_json(files))
    screen.diff(files)
    return 1 if any(file.failed for file in files) else 0


def _match(arguments: argparse.Namespace, home: Home, screen: "Screen") -> int:
    from digest.match.query.lint import hints

    with screen.progress() as progress:
        found, files = runs.match(
            home, arguments.query, _options(arguments), Clock.of(home, arguments.now), progress
        )
    for hint in hints(arguments.query):
        screen.message(f"note: {hint}")
    for file in files:
        if file.rejected:
            screen.error(str(file.rejected))
    if arguments.json:
        for hit in found:
            print_json(match_json(hit))
    else:
        screen.matches(arguments.query, found, searched="these files" if arguments.paths else "the library")
    return 1 if any(file.failed for file in files) else 0


def _preview(arguments: argparse.Namespace, home: Home, screen: "Screen") -> int:
    if arguments.open or arguments.watch:
        return cli_templates.show_page(arguments, home, screen, Clock.of(home, arguments.now))
    shown = preview.preview(
        home, arguments.subscription, Clock.of(home, arguments.now), weeks=arguments.weeks
    )
    if arguments.json:
        print_json(
            {
                "subscription": arguments.subscription,
                "considered": shown.considered,
                "matched": shown.matched,
                "issue": shown.issue
                and {
                    "new": [item.paper.title for item in shown.issue.new],
                    "updated": [item.paper.title for item in shown.issue.updated],
                    "more": len(shown.issue.more_new),
                    "discover": [item.paper.title for item in shown.issue.discover],
                },
                "weeks": [
                    {"week": week.monday.isoformat(), "papers": week.papers, "matched": week.matched}
                    for week in shown.weeks
                ],
            }
        )
    else:
        screen.preview(shown)
    return 0


def _subscriptions_list(arguments: argparse.Namespace, home: Home, screen: "Screen") -> int:
    found = subscriptions.subscription_statuses(home, Clock.of(home, arguments.now))
    if arguments.json:
        print_json([subscriptions.status_json(each) for each in found])
    else:
        screen.subscription_statuses(found)
    return 0


def _subscriptions_check(arguments: argparse.Namespace, home: Home, screen: "Screen") -> int:
    found = subscriptions.check_subscriptions(home)
    flawed = [each for each, _ in found if not isinstance(each, Subscription)]
    if arguments.json:
        print_json(
            [
                {
                    "id": each.id,
                    "errors": [] if isinstance(each, Subscription) else [str(p) for p in each.problems],
                    "warnings": list(warnings),
                }
                for each, warnings in found
            ]
        )
    else:
        screen.checked(found)
    return 2 if flawed else 0


def _subscriptions_add(arguments: argparse.Namespace, home: Home, screen: "Screen") -> int:
    wanted = ("name", "email", "keywords", "exclude", "schedule", "timezone", "max_papers")
    values = {key: value for key in wanted if (value := getattr(arguments, key)) is not None}
    path = subscriptions.add_subscription(home, arguments.id, values)
    if arguments.json:
        print_json({"id": arguments.id, "path": str(path)})
    else:
        screen.say(f"{path} written. See what it would bring: digest preview {arguments.id}")
    return 0


def _ledger(arguments: argparse.Namespace, home: Home, screen: "Screen") -> int:
    from digest.services import ledger as app_ledger

    if arguments.run is not None:
        record = app_ledger.run(home, arguments.run)
        if arguments.json:
            print_json(app_ledger.run_json(record))
        else:
            screen.ledger_run(record, home.settings.timezone)
        return 0
    records = app_ledger.runs(home, limit=arguments.limit)
    if arguments.json:
        print_json([app_ledger.run_json(record) for record in records])
    else:
        screen.ledger(records, home.settings.timezone)
    return 0


def _why(arguments: argparse.Namespace, home: Home, screen: "Screen") -> int:
    from digest.services.explain import why, why_json

    clock = Clock.of(home, arguments.now)
    found = why(home, arguments.subscription, arguments.date, clock, paper=arguments.paper)
    if arguments.json:
        print_json(why_json(arguments.subscription, found))
    else:
        screen.why(arguments.subscription, found)
    return 0


def _backup(arguments: argparse.Namespace, home: Home, screen: "Screen") -> int:
    from digest.services.backup import backup

    target = backup(home, arguments.file)
    if arguments.json:
        print_json({"file": str(target), "bytes": target.stat().st_size})
    else:
        screen.say(f"{target} holds the library. To put it back: digest restore {target}")
    return 0


def _restore(arguments: argparse.Namespace, home: Home, screen: "Screen") -> int:
    from digest.services.backup import restore

    done = restore(home, arguments.file, arguments.newer, Clock.of(home, arguments.now))
    if arguments.json:
        print_json(
            {
                "file": str(done.file),
                "until": iso(done.until),
                "aside": str(done.aside) if done.aside else None,
                "spared": done.spared,
                "unknown": list(done.unknown),
            }
        )
    else:
        screen.restored(done)
    return 0


def _doctor(arguments: argparse.Namespace, home: Home, screen: "Screen") -> int:
    from digest.model.reports import finding_json
    from digest.services.doctor.checks import examine

    found = examine(home.path, lambda opened: Clock.of(opened, arguments.now))
    if arguments.json:
        print_json([finding_json(finding) for finding in found])
    else:
        screen.findings(found)
    return 1 if any(finding.state == "bad" for finding in found) else 0


def _init(arguments: argparse.Namespace, _home: Home, screen: "Screen") -> int:
    target = create.init(arguments.dir)
    if arguments.json:
        print_json({"home": str(target)})
    else:
        screen.say(f"{target} is a home now, with samples in it. Next: digest run --home {target}")
    return 0


# --- JSON ----------------------------------------------------------------------------------------


def listing_json(file: DigestFile, listing: Listing) -> dict[str, Any]:
    """Return a listing as `digest read --json` prints it."""
    return {
        "title": listing.title,
        "abstract": listing.abstract,
        "authors": list(listing.authors),
        "author_count": listing.author_count,
        "published": listing.published.isoformat() if listing.published else None,
        "comments": listing.comments,
        "upvotes": listing.upvotes,
        "organization": listing.organization,
        "categories": list(listing.categories),
        "ids": {"arxiv": listing.arxiv, "doi": listing.doi},
        "url": listing.url,
        "source": file.source,
        "file": file.path,
        "rank": listing.rank,
    }


def fetched_json(one: "Fetched") -> dict[str, Any]:
    """Return what came of a source as `digest fetch --json` prints it."""
    return {
        "name": one.source.name,
        "kind": one.source.kind,
        "files": [f"inbox/{name}" for name in one.files],
        "unchanged": one.unchanged,
        "changed": one.changed.isoformat() if one.changed else None,
        "error": one.error,
    }


def match_json(hit: Match) -> dict[str, Any]:
    """Return a match as `digest match --json` prints it."""
    evidence = []
    for one in hit.evidence:
        found: dict[str, Any] = {
            "term": one.term,
            "field": one.field,
            "text": one.text,
            "start": one.start,
            "end": one.end,
        }
        if one.item is not None:
            found["item"] = one.item
        evidence.append(found)
    return {"title": hit.paper.title, "score": hit.score, "evidence": evidence}
