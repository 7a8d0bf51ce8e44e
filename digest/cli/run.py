"""The commands of the pipeline: run, fetch, read, diff and match."""

import os
import shlex
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from digest.cli.arguments import Commands, Context, add_new_library, day
from digest.cli.console import Screen, print_json, show_set_aside, show_spellings
from digest.cli.mail import show_mail_totals, show_unsent
from digest.cli.subscriptions import hint_no_subscriptions
from digest.text.format import count, local_day

if TYPE_CHECKING:
    from datetime import datetime

    from digest.fetch.fetch import FetchResult
    from digest.model import DigestFile, Listing, Match
    from digest.model.reports import FileReport, RunReport, SubscriptionReport
    from digest.pipeline.context import Options


_REMEMBERED_SHOWN = 3  # names of files


def add_commands(commands: Commands) -> None:
    run = commands.add(
        "run",
        _run,
        "read digest files, make and publish the issues that are due",
        details="Issues, feeds and the archive go to output/. If a channel is configured, mail is sent.",
        examples=("digest run", "digest run downloads/ --captured 2026-11-16"),
    )
    _add_paths(run, "digest files or folders (default: inbox/)", "*")
    run.add_argument("--force", action="store_true", help="make issues regardless of the schedule")
    run.add_argument("--only", metavar="ID", help="id of the only subscription to process")
    run.add_argument(
        "--dry-run", action="store_true", help="show what would happen; record and write nothing"
    )
    add_new_library(run)
    run.add_argument("--rewrite", action="store_true", help="write all issues, feeds and pages again")
    run.add_argument(
        "--all",
        action="store_true",
        help="list every subscription (by default, of more than 1,000 only those to which something happened)",
    )
    fetch = commands.add("fetch", _fetch, "fetch the sources in digest.toml into inbox/")
    fetch.add_argument(
        "--source",
        action="append",
        default=[],
        metavar="NAME",
        help="source to fetch (repeatable; default: all)",
    )
    fetch.add_argument(
        "--since", type=day, metavar="DATE", help="first day to fetch, YYYY-MM-DD (default: the last fetch)"
    )
    read = commands.add("read", _read, "parse digest files and list their papers")
    _add_paths(read, "digest files or folders", "+")
    diff = commands.add("diff", _diff, "show which papers of digest files are new, updated or seen")
    _add_paths(diff, "digest files or folders", "+")
    match = commands.add(
        "match",
        _match,
        "try a query on digest files or on the library",
        examples=("digest match 'diffusion AND \"one step\"'", "digest match 'title:agent*' inbox/"),
        takes_queries=True,
    )
    match.add_argument("query", metavar="QUERY", help="query, as in the keywords of a subscription")
    _add_paths(match, "digest files or folders (default: the library)", "*")


def _add_paths(parser: ArgumentParser, about: str, nargs: str) -> None:
    parser.add_argument("paths", nargs=nargs, metavar="PATH", help=about)
    parser.add_argument(
        "--captured", type=day, metavar="DATE", help="day on which the files were saved, YYYY-MM-DD"
    )


def _run(arguments: Namespace, context: Context) -> int:
    from digest.home.settings_file import need_home
    from digest.services import runs

    if not arguments.paths:
        need_home(context.home, arguments.home)
    with context.screen.progress() as progress:
        request = runs.RunRequest(
            _options(arguments),
            context.clock,
            arguments=context.argv,
            dry_run=arguments.dry_run,
            new_library=arguments.new_library,
        )
        report = runs.run(context.home, request, progress)
    if arguments.json:
        print_json(report.as_json())
    show_run(context.screen, report, dry_run=arguments.dry_run)
    _show_next_steps(context, report, arguments)
    return report.exit_status


def _fetch(arguments: Namespace, context: Context) -> int:
    from digest.services import runs

    with context.screen.progress() as progress:
        found = runs.fetch(context.home, arguments.source, arguments.since, context.clock, progress)
        fetched = sorted(found, key=lambda each: context.home.settings.sources.index(each.source))
    if arguments.json:
        print_json({"sources": [fetched_json(source) for source in fetched]})
    _show_fetched(context, fetched)
    return 1 if any(source.error for source in fetched) else 0


def _read(arguments: Namespace, context: Context) -> int:
    from digest.model import Rejected
    from digest.services import runs

    status = 0
    for file in runs.read_paths(context.home, arguments.paths, context.clock, arguments.captured):
        if isinstance(file, Rejected):
            context.screen.error(str(file))
            status = 1
        elif arguments.json:
            for listing in file.listings:
                print_json(listing_json(file, listing))
        else:
            _show_listings(context.screen, file)
    return status


def _diff(arguments: Namespace, context: Context) -> int:
    from digest.model.reports import diff_json
    from digest.services import runs

    with context.screen.progress() as progress:
        files = runs.diff(context.home, _options(arguments), context.clock, progress)
    if arguments.json:
        print_json(diff_json(files))
    _show_changes(context.screen, files)
    _show_files(context.screen, files)
    return 1 if any(file.failed for file in files) else 0


def _match(arguments: Namespace, context: Context) -> int:
    from digest.match.query.lint import hints
    from digest.services import runs

    screen = context.screen
    with screen.progress() as progress:
        found, files = runs.match(context.home, arguments.query, _options(arguments), context.clock, progress)
    matches = found.matches
    for hint in hints(arguments.query):
        screen.message(hint, label="note: ")
    for file in files:
        if file.rejected:
            screen.error(str(file.rejected))
    show_set_aside(screen, found.set_aside)
    searched = "these files" if arguments.paths else "the library"
    show_spellings(screen, found.spellings, searched)
    if arguments.json:
        for match in matches:
            print_json(match_json(match))
    else:
        _show_matches(screen, matches)
        papers = count(len(matches), "paper") if matches else "No paper"
        verb = "match" if len(matches) > 1 else "matches"
        screen.line(f"{papers} in {searched} {verb} {arguments.query}", style="bold")
    return 1 if found.set_aside or any(file.failed for file in files) else 0


def _options(arguments: Namespace) -> "Options":
    from digest.pipeline.context import Options

    return Options(
        paths=tuple(arguments.paths),
        captured=arguments.captured,
        force=getattr(arguments, "force", False),
        only=getattr(arguments, "only", None),
        rewrite=getattr(arguments, "rewrite", False),
        all=getattr(arguments, "all", False),
    )


def show_run(screen: Screen, report: "RunReport", *, dry_run: bool = False) -> None:
    """Show a run: its files, its subscriptions, its problems, its mail, and the totals."""
    if report.files:
        _show_files(screen, report.files, only_changes=True)
    if report.subscriptions:
        _show_subscriptions(screen, report.subscriptions)
        screen.line()
    if report.idle:
        screen.line(
            f"Nothing to do for {count(report.idle, 'other subscription' if report.subscriptions else 'subscription')}."
        )
    for text in report.problems:
        screen.error(text)
    for text in (*report.notes, *report.stale):
        screen.message(text, label="note: ")
    if report.delivery:
        show_unsent(screen, report.delivery)
    parts = (
        count(sum(file.new for file in report.files), "new paper"),
        f"{sum(file.updated for file in report.files)} updated",
        count(sum(each.issue is not None for each in report.subscriptions), "issue"),
    )
    screen.line(f"{', '.join(parts)}{' (dry run, nothing recorded)' if dry_run else ''}.", style="bold")
    if report.delivery:
        show_mail_totals(screen, report.delivery)


def _show_next_steps(context: Context, report: "RunReport", arguments: Namespace) -> None:
    from pathlib import PurePath

    screen, issues = context.screen, [each.issue for each in report.subscriptions if each.issue]
    if not report.files:
        empty = (
            "No files found" if arguments.paths else "inbox/ is empty. Save a page that lists papers there"
        )
        screen.hint(f"{empty}, or name files", "digest run PATH")
    if not (report.subscriptions or report.idle):
        hint_no_subscriptions(screen)
    elif not (issues or any(file.new or file.updated for file in report.files)):
        screen.hint("Nothing new since the last run. To see why", "digest why SUBSCRIPTION")
    elif issues and not arguments.dry_run and not report.problems:
        home = os.path.relpath(context.home.path)
        first = next((path for each in issues for form, path in each.files.items() if form != "eml"), None)
        screen.fields(
            (
                ("first issue", first and PurePath(home, first)),
                ("all issues", PurePath(home, "output/site/index.html")),
            )
        )


def _show_files(screen: Screen, files: "Sequence[FileReport]", *, only_changes: bool = False) -> None:
    """Show what files brought; with `only_changes` those without anything new are one line."""
    read = [file for file in files if not (file.rejected or file.unfinished)]
    shown = [file for file in read if file.new or file.updated] if only_changes else read
    if shown:
        screen.table(
            ("file", "listed", "new", "updated", "seen", "captured"),
            ((file.path, file.listed, file.new, file.updated, file.seen, _captured(file)) for file in shown),
        )
        screen.line()
    if others := len(read) - len(shown):
        what = count(others, "other file") if shown else count(others, "file")
        screen.line(f"Nothing new in {what}.")
    if any(file.captured_guessed and (file.new or file.updated) for file in read):
        screen.message("? this date is a guess; put the date in the file name, or pass --captured DATE")
    for file in read:
        if file.note:
            screen.message(f"{file.path}: {file.note}", label="note: ")
        for problem in file.problems:
            screen.error(problem)
    for file in files:
        if file.unfinished:
            screen.message(f"{file.path}: {file.note}", label="note: ")
        if file.rejected and not file.remembered:
            screen.error(str(file.rejected))
    _show_remembered(screen, [file for file in files if file.rejected and file.remembered])


def _captured(file: "FileReport") -> str:
    return f"{file.captured or ''}{'?' if file.captured_guessed else ''}"


def _show_remembered(screen: Screen, files: "Sequence[FileReport]") -> None:
    """Show files that an earlier run rejected: one with its reason, several in one line."""
    if len(files) == 1:
        (file,) = files
        assert file.rejected is not None
        place = f"{file.path}:{file.rejected.line}" if file.rejected.line else file.path
        screen.message(f"{place}: rejected before and unchanged ({file.rejected.reason})", label="note: ")
    elif files:
        names = ", ".join(file.path for file in files[:_REMEMBERED_SHOWN])
        more = f" and {len(files) - _REMEMBERED_SHOWN} more" if len(files) > _REMEMBERED_SHOWN else ""
        screen.message(
            f"{len(files)} files rejected before and unchanged: {names}{more}. For the reason, name a file: "
            f"digest read {shlex.quote(files[0].path)}",
            label="note: ",
        )


def _show_subscriptions(screen: Screen, subscriptions: "Sequence[SubscriptionReport]") -> None:
    rows = [
        (each.id, each.considered, each.matched, _outcome(each)) for each in subscriptions if not each.error
    ]
    if rows:
        screen.table(("subscription", "papers", "matches", "result"), rows, wraps="result")
    for each in subscriptions:
        if each.error:
            screen.error(each.error)


def _outcome(report: "SubscriptionReport") -> str:
    """Return the issue and what is in it, or the reason for not having one."""
    issue = report.issue
    if not issue:
        return report.reason or ""
    parts = [count(len(issue.new), "new paper")] if issue.new else []
    parts += [f"{len(issue.updated)} updated"] if issue.updated else []
    parts += [f"{issue.more} more"] if issue.more else []
    parts += [f"{len(issue.discover)} discovered"] if issue.discover else []
    return f"issue {issue.number}: " + (", ".join(parts) or "a note without papers")


def _show_fetched(context: Context, fetched: "Sequence[FetchResult]") -> None:
    screen, now, zone = context.screen, context.clock.now, context.home.settings.timezone
    for source in fetched:
        if source.error:
            screen.error(f"{source.source.name}: {source.error}")
    if not fetched:
        screen.message("No sources in digest.toml. To add one: digest sources add ADDRESS")
        return
    screen.table(
        ("source", "files", "unchanged", "last change"),
        (
            (source.source.name, len(source.files), source.unchanged, _ago(source.changed, now, zone))
            for source in fetched
        ),
    )
    if any(source.files for source in fetched):
        screen.message("To read the files: digest run")


def _ago(changed: "datetime | None", now: "datetime", zone: str) -> str:
    """Return when a source last had something new, and how long ago if that is more than a day."""
    if changed is None:
        return "never"
    days = (now - changed).days
    return local_day(changed, zone) + (f", {count(days, 'day')} ago" if days > 0 else "")


def _show_listings(screen: Screen, file: "DigestFile") -> None:
    guess = " (a guess)" if file.captured_guessed else ""
    screen.line(f"{file.path}: {file.source}, captured {file.captured}{guess}", style="bold")
    if file.note:
        screen.message(file.note, label="note: ")
    screen.table(
        ("rank", "title", "authors", "published", "comments", "upvotes"),
        (
            (
                listing.rank,
                listing.title,
                listing.organization or listing.author_count,
                listing.published_text or listing.published,
                listing.comments,
                listing.upvotes,
            )
            for listing in file.listings
        ),
        wraps="title",
    )
    screen.line()


def _show_changes(screen: Screen, files: "Sequence[FileReport]") -> None:
    for status in ("new", "updated"):
        rows = [(paper.title,) for file in files for paper in file.papers if paper.status == status]
        if rows:
            screen.table((status,), rows)
            screen.line()


def _show_matches(screen: Screen, matches: "Sequence[Match]") -> None:
    """Show matches, best first, each with its evidence."""
    for match in matches:
        screen.line(match.paper.marked_title, style="bold", label=f"{match.score:g}  ", label_style="bold")
        times: dict[tuple[str, str], int] = {}
        for evidence in match.evidence:
            times[evidence.term, evidence.field] = times.get((evidence.term, evidence.field), 0) + 1
        found = (f"{term} in {field}" + (f" {n}×" if n > 1 else "") for (term, field), n in times.items())
        screen.line(f"   {', '.join(found)}", style="dim")
    if matches:
        screen.line()


def listing_json(file: "DigestFile", listing: "Listing") -> dict[str, Any]:
    """Return a listing as `digest read --json` prints it."""
    from digest.model import status_of

    return {
        "title": listing.title,
        "abstract": listing.abstract,
        "authors": list(listing.authors),
        "author_count": listing.author_count,
        "published": listing.published.isoformat() if listing.published else None,
        "published_text": listing.published_text,
        "comments": listing.comments,
        "upvotes": listing.upvotes,
        "organization": listing.organization,
        "categories": list(listing.categories),
        "ids": {"arxiv": listing.arxiv, "doi": listing.doi},
        "url": listing.url,
        "withdrawn": listing.withdrawn,
        "status": status_of(listing),
        "source": file.source,
        "file": file.path,
        "rank": listing.rank,
    }


def fetched_json(fetched: "FetchResult") -> dict[str, Any]:
    """Return the result of a source as `digest fetch --json` prints it."""
    return {
        "name": fetched.source.name,
        "kind": fetched.source.kind,
        "files": [f"inbox/{name}" for name in fetched.files],
        "unchanged": fetched.unchanged,
        "changed": fetched.changed.isoformat() if fetched.changed else None,
        "error": fetched.error,
    }


def match_json(match: "Match") -> dict[str, Any]:
    """Return a match as `digest match --json` prints it."""
    return {
        "title": match.paper.title,
        "score": match.score,
        "evidence": [
            {
                "term": evidence.term,
                "field": evidence.field,
                "text": evidence.text,
                "start": evidence.start,
                "end": evidence.end,
                **({} if evidence.item is None else {"item": evidence.item}),
            }
            for evidence in match.evidence
        ],
    }
