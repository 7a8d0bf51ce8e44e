"""The commands about looks: templates list, export and check, and the preview that follows their changes."""

import argparse
import json
import tempfile
import time
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Any

from digest.errors import DigestError
from digest.home.settings_file import open_home
from digest.model import Home
from digest.services import templates as app_templates
from digest.services.workspace import Clock
from digest.system.files import write_whole

if TYPE_CHECKING:
    from digest.cli.console import Screen

_LOOK_EVERY = 0.5  # seconds


def add_commands(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add them to the program's commands; `common` has the options of every command."""
    about = "the templates of issues and pages, and your own"
    group = commands.add_parser("templates", help=about, description=about, allow_abbrev=False)
    actions = group.add_subparsers(title="actions", metavar="ACTION", required=True)
    for name, command, what in (
        ("list", _list, "the templates, and which of them this home has of its own"),
        ("export", _export, "copy templates into this home, to change them there"),
        ("check", _check, "what is wrong with this home's templates, with file and line"),
    ):
        one = actions.add_parser(name, parents=[common], help=what, description=what, allow_abbrev=False)
        one.set_defaults(command=command)
        if name == "export":
            one.add_argument("names", nargs="+", metavar="NAME", help="such as issue.html")


def add_preview_options(preview: argparse.ArgumentParser) -> None:
    """Add what shows the issue's HTML rather than its text."""
    preview.add_argument("--open", action="store_true", help="show the issue's HTML in a browser")
    preview.add_argument(
        "--watch",
        action="store_true",
        help="write the HTML anew whenever a template, the settings or the subscription change (Ctrl-C ends it)",
    )


def _list(arguments: argparse.Namespace, home: Home, screen: "Screen") -> int:
    found = app_templates.templates(home)
    if arguments.json:
        print(json.dumps([{"name": each.name, "own": each.own, "known": each.known} for each in found]))
    else:
        screen.table(
            ("template", "is"), ((each.name, "your own" if each.own else "the program's") for each in found)
        )
        screen.say("Change one: digest templates export NAME", style="bold")
    return 0


def _export(arguments: argparse.Namespace, home: Home, screen: "Screen") -> int:
    written = app_templates.export_templates(home, arguments.names)
    if arguments.json:
        print(json.dumps({"written": [str(path) for path in written]}))
    else:
        for path in written:
            screen.say(f"{path} written.")
        screen.say("See it while you change it: digest preview SUBSCRIPTION --open --watch", style="bold")
    return 0


def _check(arguments: argparse.Namespace, home: Home, screen: "Screen") -> int:
    problems = app_templates.check_templates(home)
    for problem in problems:
        screen.error(problem)
    if arguments.json:
        print(json.dumps({"problems": list(problems)}))
    elif not problems:
        screen.say("All templates work.", style="bold")
    return 2 if problems else 0


def show_page(arguments: argparse.Namespace, home: Home, screen: "Screen", clock: Clock) -> int:
    """Write the HTML of the next issue to a file, open it if asked to, and follow changes if asked to."""
    path = (
        Path(tempfile.gettempdir()) / f"paper-digest-{home.path.resolve().name}-{arguments.subscription}.html"
    )
    seen, opened = None, False
    try:
        while True:
            now = _versions(home, arguments.subscription)
            if now != seen:
                seen = now
                problem = _write_page(path, home, arguments.subscription, clock, live=arguments.watch)
                if problem and not arguments.watch:
                    raise problem
                screen.error(str(problem)) if problem else screen.say(f"{path} written.")
                if arguments.open and not opened:
                    opened = webbrowser.open(path.as_uri())
                    if not opened:
                        screen.message(f"No browser could be started here; open {path}")
                    opened = True
            if not arguments.watch:
                return 0
            time.sleep(_LOOK_EVERY)
    except KeyboardInterrupt:
        return 0


def _write_page(path: Path, home: Home, subscription: str, clock: Clock, *, live: bool) -> DigestError | None:
    """Write the page, or what is wrong with it; a live page asks for itself again every second."""
    from html import escape

    problem: DigestError | None = None
    try:
        page = app_templates.preview_page(open_home(str(home.path)) if live else home, subscription, clock)
    except DigestError as error:
        problem = error
        page = f'<!DOCTYPE html><html lang="en"><head><title>Problem</title></head><body><pre>{escape(str(error))}</pre></body></html>'
    if live:
        page = page.replace("<head>", '<head>\n<meta http-equiv="refresh" content="1">', 1)
    write_whole(path, page.encode())
    return problem


def _versions(home: Home, subscription: str) -> tuple[tuple[str, int], ...]:
    """Return when each file that the page depends on was changed."""
    files = [home.path / "digest.toml", home.subscriptions / f"{subscription}.toml"]
    if home.templates.is_dir():
        files += home.templates.iterdir()
    return tuple(sorted((str(path), path.stat().st_mtime_ns) for path in files if path.is_file()))
