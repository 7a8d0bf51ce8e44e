"""The command preview: the next issue of a subscription, as text, as JSON, or as a page in a browser."""

import time
from argparse import Namespace
from typing import TYPE_CHECKING, Any

from digest.cli.arguments import Commands, Context, number
from digest.cli.console import Screen, print_json, rate
from digest.errors import UsageError
from digest.text.format import count

if TYPE_CHECKING:
    from pathlib import Path

    from digest.errors import DigestError
    from digest.model import Home
    from digest.services.preview import Preview

_LOOK_EVERY = 0.5  # seconds


def add_commands(commands: Commands) -> None:
    preview = commands.add(
        "preview",
        _preview,
        "show the issue that a subscription would get now",
        details="Nothing is recorded. The table counts the papers of past weeks that match.",
        examples=("digest preview agents --weeks 12", "digest preview agents --open --watch"),
    )
    preview.add_argument("subscription", metavar="SUBSCRIPTION", help="id of a subscription")
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
    from digest.services.preview import preview

    if arguments.json and (arguments.open or arguments.watch):
        raise UsageError("--json cannot be used with --open or --watch; leave one of them out")
    if arguments.open or arguments.watch:
        return _show_page(arguments, context)
    found = preview(context.home, arguments.subscription, context.clock, weeks=arguments.weeks)
    if arguments.json:
        print_json(_preview_json(arguments.subscription, found))
    else:
        _show_preview(context.screen, found)
    return 0


def _preview_json(subscription_id: str, preview: "Preview") -> dict[str, Any]:
    issue = preview.issue
    return {
        "subscription": subscription_id,
        "considered": preview.considered,
        "matched": preview.matched,
        "issue": issue
        and {
            "new": [item.paper.title for item in issue.new],
            "updated": [item.paper.title for item in issue.updated],
            "more": len(issue.more_new),
            "discover": [item.paper.title for item in issue.discover],
        },
        "weeks": [
            {"week": week.monday.isoformat(), "papers": week.papers, "matched": week.matched}
            for week in preview.weeks
        ],
    }


def _show_preview(screen: Screen, preview: "Preview") -> None:
    """Show the issue that would be made, and the weeks before it."""
    if preview.issue:
        screen.line(preview.text)
    elif not preview.papers:
        screen.hint("The library is empty. To read inbox/ first", "digest run")
        return
    elif preview.considered:
        screen.line(f"No issue: no match among {count(preview.considered, 'new paper')}.", style="bold")
    else:
        screen.line("No issue: no new papers since the last one.", style="bold")
    screen.line()
    # The weeks before the library began say nothing.
    first = next((place for place, week in enumerate(preview.weeks) if week.papers), 0)
    screen.table(
        ("week of", "papers", "matches"),
        ((week.monday, week.papers, week.matched) for week in preview.weeks[first:]),
    )
    screen.line(f"{rate(*preview.per_week)}.", style="bold")


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
