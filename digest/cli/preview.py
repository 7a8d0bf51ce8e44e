"""The command preview: the next issue of a subscription, as text, as JSON, or as a page in a browser."""

import time
from argparse import Namespace
from typing import TYPE_CHECKING, Any

from digest.cli.arguments import Commands, Context, number
from digest.cli.console import Screen, print_json, rate
from digest.cli.keywords import show_keywords, tuning_json
from digest.errors import UsageError
from digest.text.format import count

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from digest.errors import DigestError
    from digest.model import Home, Paper
    from digest.services.preview import Preview, Unread, Wanted
    from digest.services.tuning import Difference

_LOOK_EVERY = 0.5  # seconds
_TITLES = 10  # shown of each list


def add_commands(commands: Commands) -> None:
    preview = commands.add(
        "preview",
        _preview,
        "show the issue that is next, and what each keyword brings",
        details="Nothing is recorded. The tables count the papers of past weeks that match, and what each keyword adds. "
        "With --keywords and --exclude, other keywords are tried, with or without a subscription.",
        examples=(
            "digest preview agents --weeks 12",
            "digest preview agents --diff",
            "digest preview --keywords 'one-step' 'distill*' --exclude video",
            "digest preview agents --open --watch",
        ),
        takes_queries=True,
    )
    preview.add_argument("subscription", nargs="?", metavar="SUBSCRIPTION", help="id of a subscription")
    preview.add_argument(
        "--keywords",
        nargs="+",
        action="extend",
        metavar="KEYWORD",
        help="try these keywords in place of the subscription's",
    )
    preview.add_argument(
        "--exclude",
        nargs="+",
        action="extend",
        metavar="KEYWORD",
        help="try these excludes in place of the subscription's",
    )
    preview.add_argument(
        "--diff",
        action="store_true",
        help="also list what comes and goes in comparison with the keywords that the last run used",
    )
    preview.add_argument(
        "--weeks",
        type=number(1, 9_999),
        default=8,
        metavar="N",
        help="number of past weeks to count (default: 8)",
    )
    preview.add_argument("--open", action="store_true", help="show the HTML of the issue in a browser")
    preview.add_argument(
        "--watch",
        action="store_true",
        help="write the HTML again whenever a template, the settings or the subscription change, until Ctrl-C",
    )


def _preview(arguments: Namespace, context: Context) -> int:
    from digest.services.preview import Wanted, preview

    wanted = Wanted(
        arguments.subscription,
        arguments.keywords and tuple(arguments.keywords),
        arguments.exclude and tuple(arguments.exclude),
        arguments.diff,
    )
    _check(arguments, wanted)
    if arguments.open or arguments.watch:
        return _show_page(arguments, context)
    found = preview(context.home, wanted, context.clock, weeks=arguments.weeks)
    if arguments.json:
        print_json(_preview_json(arguments.subscription, found))
    else:
        _show_preview(context.screen, found, wanted)
    return 0


def _check(arguments: Namespace, wanted: "Wanted") -> None:
    shows_page = arguments.open or arguments.watch
    if arguments.json and shows_page:
        raise UsageError("--json cannot be used with --open or --watch; leave one of them out")
    if wanted.subscription is None and wanted.keywords is None:
        raise UsageError("nothing to preview; give the id of a subscription, or --keywords KEYWORD…")
    if wanted.subscription is None and wanted.compare:
        raise UsageError("--diff compares with a subscription; give its id, too")
    if shows_page and (wanted.keywords or wanted.exclude or wanted.compare):
        raise UsageError(
            "--open and --watch show a subscription as it is; leave out --keywords, --exclude and --diff"
        )


def _preview_json(subscription_id: str | None, preview: "Preview") -> dict[str, Any]:
    issue, tuning, changes = preview.next.issue, preview.tuning, preview.changes
    return {
        "subscription": subscription_id,
        "considered": preview.next.considered,
        "matched": preview.next.matched,
        "issue": issue
        and {
            "new": [item.paper.title for item in issue.new],
            "updated": [item.paper.title for item in issue.updated],
            "more": len(issue.more_new),
            "discover": [item.paper.title for item in issue.discover],
        },
        "weeks": [
            {"week": week.monday.isoformat(), "papers": week.papers, "matched": week.matched}
            for week in tuning.weeks
        ],
        "unread": {
            "files": preview.unread.files,
            "papers": preview.unread.papers,
            "matched": [paper.title for paper in preview.unread.matched],
            "rejected": preview.unread.rejected,
        },
        **tuning_json(tuning),
        "newest": [
            {"title": each.paper.title, "first_seen": each.paper.first_seen.isoformat()}
            for each in tuning.newest
        ],
        "changes": changes
        and {
            "come": changes.come,
            "go": changes.go,
            "newest_come": [paper.title for paper in changes.newest_come],
            "newest_gone": [paper.title for paper in changes.newest_gone],
        },
    }


def _show_preview(screen: Screen, preview: "Preview", wanted: "Wanted") -> None:
    """Show the issue that would be made, the files that wait, and the weeks before it."""
    from digest.services.tuning import per_week

    following, unread, tuning = preview.next, preview.unread, preview.tuning
    if following.issue and wanted.subscription is None:
        papers = count(following.considered, "paper")
        screen.line(
            f"Of the {papers} of the last 7 days, {following.matched} would be in a first issue:",
            style="bold",
        )
        issue = following.issue
        _show_titles(screen, [item.paper for item in (*issue.new, *issue.more_new)][:_TITLES])
        if following.matched > _TITLES:
            screen.line(f"  and {following.matched - _TITLES} more")
    elif following.issue:
        screen.line(following.text)
    elif following.papers and wanted.subscription is None:
        screen.line(
            f"No match among {count(following.considered, 'paper')} of the last 7 days.", style="bold"
        )
    elif following.papers and following.considered:
        screen.line(f"No issue: no match among {count(following.considered, 'new paper')}.", style="bold")
    elif following.papers:
        screen.line("No issue: no new papers since the last one.", style="bold")
    _show_unread(screen, unread)
    if not following.papers and not unread.files:
        screen.hint("The library is empty. To read files, put them into inbox/, then", "digest run")
        return
    screen.line()
    # The weeks before the library began say nothing.
    first = next((place for place, week in enumerate(tuning.weeks) if week.papers), 0)
    screen.table(
        ("week of", "papers", "matches"),
        ((week.monday, week.papers, week.matched) for week in tuning.weeks[first:]),
    )
    screen.line(f"{rate(*per_week(tuning.weeks))}.", style="bold")
    if not following.issue and following.papers and tuning.newest:
        screen.line()
        screen.line("The newest matches:")
        _show_titles(screen, [each.paper for each in tuning.newest])
    screen.line()
    show_keywords(screen, tuning)
    if wanted.compare:
        _show_changes(screen, preview.changes)


def _show_unread(screen: Screen, unread: "Unread") -> None:
    if unread.files:
        papers = count(unread.papers, "new paper")
        matched = len(unread.matched)
        screen.line(
            f"Unread in inbox/: {count(unread.files, 'file')} with {papers}; "
            f"{matched} {'matches' if matched == 1 else 'match'}.",
            style="bold",
        )
        for paper in unread.matched[:_TITLES]:  # they have no numbers yet
            screen.line(f"  {paper.marked_title}")
        if matched > _TITLES:
            screen.line(f"  and {matched - _TITLES} more")
        screen.hint("To read them", "digest run")
    if unread.rejected:
        screen.line(f"{count(unread.rejected, 'file')} in inbox/ cannot be read.")
        screen.hint("For the reasons", "digest diff")


def _show_changes(screen: Screen, changes: "Difference | None") -> None:
    screen.line()
    if changes is None:
        screen.line("No run has used this subscription yet, so there is nothing to compare with.")
        return
    screen.line(
        f"Compared with the keywords of the last run: {changes.come} more, {changes.go} fewer.", style="bold"
    )
    _show_titles(screen, changes.newest_come, "+ ")
    if changes.come > len(changes.newest_come):
        screen.line(f"  and {changes.come - len(changes.newest_come)} more")
    _show_titles(screen, changes.newest_gone, "- ")
    if changes.go > len(changes.newest_gone):
        screen.line(f"  and {changes.go - len(changes.newest_gone)} fewer")


def _show_titles(screen: Screen, papers: "Iterable[Paper]", sign: str = "") -> None:
    for paper in papers:
        screen.line(paper.marked_title, label=f"  {sign}{paper.number}  ")


def _show_page(arguments: Namespace, context: Context) -> int:
    """Write the HTML of the next issue to a temporary file; open it and follow changes, as asked."""
    import tempfile
    from pathlib import Path

    name = f"paper-digest-{context.home.path.resolve().name}-{arguments.subscription}.html"
    path = Path(tempfile.gettempdir()) / name
    seen, opened = None, False
    try:
        while True:
            now = _versions(context.home, arguments.subscription)
            if now != seen:
                seen = now
                problem = _write_page(path, arguments, context)
                if problem and not arguments.watch:
                    raise problem
                if problem:
                    context.screen.error(str(problem))
                else:
                    context.screen.line(f"Wrote {path}")
                if arguments.open and not opened:
                    _open(path, context.screen)
                    opened = True
            if not arguments.watch:
                return 0
            time.sleep(_LOOK_EVERY)
    except KeyboardInterrupt:
        return 0


def _open(path: "Path", screen: Screen) -> None:
    import webbrowser

    if not webbrowser.open(path.as_uri()):
        screen.message(f"No browser could be started; open {path}")


def _write_page(path: "Path", arguments: Namespace, context: Context) -> "DigestError | None":
    """Write the page, or the problem in its place; a watched page reloads itself every second."""
    from html import escape

    from digest.errors import DigestError
    from digest.home.settings_file import open_home
    from digest.services.templates import preview_page
    from digest.system.files import write_whole

    problem: DigestError | None = None
    try:
        home = open_home(str(context.home.path)) if arguments.watch else context.home
        page = preview_page(home, arguments.subscription, context.clock)
    except DigestError as error:
        problem = error
        page = (
            '<!DOCTYPE html><html lang="en"><head><title>Problem</title></head>'
            f"<body><pre>{escape(str(error))}</pre></body></html>"
        )
    if arguments.watch:
        page = page.replace("<head>", '<head>\n<meta http-equiv="refresh" content="1">', 1)
    write_whole(path, page.encode())
    return problem


def _versions(home: "Home", subscription_id: str) -> tuple[tuple[str, int], ...]:
    """Return the files that the page depends on, and when each was changed."""
    files = [home.path / "digest.toml", home.subscriptions / f"{subscription_id}.toml"]
    if home.templates.is_dir():
        files += home.templates.iterdir()
    return tuple(sorted((str(path), path.stat().st_mtime_ns) for path in files if path.is_file()))
