"""The command line: parses the arguments, runs the command, and returns its exit status.

Results go to stdout (with `--json` nothing but JSON), messages and progress to stderr. Exit status: 0
done; 1 done in part, with each failure named; 2 usage or settings error, nothing was changed.
"""

import argparse
import errno
import gc
import os
import sys
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from digest import __version__
from digest.cli import (
    admin,
    explain,
    feedback,
    home,
    library,
    mail,
    preview,
    render,
    run,
    serve,
    sources,
    subscriptions,
    templates,
    transfer,
)
from digest.cli.arguments import Commands, Context, Parser, command_first, common_options
from digest.cli.console import Screen

if TYPE_CHECKING:
    from digest.model import Home

# Every module registers its commands by `add_commands`; they are listed under these headings.
_MODULES = (
    ("papers and issues", (run, sources, preview, render, explain)),
    ("readers", (subscriptions, feedback, mail)),
    ("library and layout", (library, templates)),
    ("operation", (home, transfer, serve, admin)),
)


# New objects after which Python looks for cycles of unused ones. A run makes millions of objects and hardly any cycle:
# with Python's own 700 it would spend a sixth of its time on the search.
_OBJECTS = 20_000


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status."""
    gc.set_threshold(_OBJECTS)
    typed = tuple(sys.argv[1:] if argv is None else argv)
    _open_streams()
    parser, groups = build_parser()
    arguments = parser.parse_args(command_first(typed, groups))
    screen = Screen(quiet=arguments.quiet, machine=arguments.json)
    from digest.errors import DigestError, QueryError

    try:
        context = _context(arguments, screen, typed)
        _note_loss(context, arguments)
        status: int = arguments.command(arguments, context)
        sys.stdout.flush()
    except QueryError as error:
        screen.error(f"invalid query: {error}")
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
        screen.error(f"the output cannot be written ({error.strerror}); what was done so far is recorded")
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the rest of the buffer cannot be written either
        return 1
    except KeyboardInterrupt:
        screen.error("interrupted; the next run continues from here")
        return 1
    return status


@cache
def build_parser() -> tuple[Parser, tuple[str, ...]]:
    """Return the parser of the command line, and the names of the commands that have actions."""
    parser = Parser(
        prog="digest",
        usage="digest COMMAND [ARGUMENT ...] [OPTION ...]",
        description="Turn lists of new papers into the newsletter that each reader wants.",
    )
    parser.add_argument(
        "--version", action="version", version=f"digest {__version__}", help="show the version"
    )
    # One list of commands under several headings is more than argparse can do: the epilog lists them.
    commands = Commands(parser, common_options(), prog="digest", metavar="COMMAND", help=argparse.SUPPRESS)
    lines: list[str] = []
    for heading, modules in _MODULES:
        known = len(commands.listed)
        for module in modules:
            module.add_commands(commands)
        lines.append(f"{heading}:")
        lines += (f"  {name:<14} {about}" for name, about in commands.listed[known:])
        lines.append("")
    lines += (
        "Details and options of a command: digest COMMAND --help",
        "Exit status: 0 done, 1 done in part, 2 usage or settings error.",
    )
    parser.epilog = "\n".join(lines)
    return parser, tuple(commands.groups)


def _open_streams() -> None:
    """Make sure that stdout and stderr exist and can print any character of a title."""
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115, PTH123 - closed by the caller: >&-
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115, PTH123
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _context(arguments: argparse.Namespace, screen: Screen, argv: tuple[str, ...]) -> Context:
    """Open what the command works with. Raises UsageError, or ConfigError for wrong settings."""
    from digest.services.workspace import Clock

    home = _open(arguments)
    return Context(home, screen, Clock.of(home, arguments.now), argv)


# These refuse to work without a lost library, report it themselves, or do not need it.
_NOT_NOTED = ("run", "deliver", "serve", "schedule", "doctor", "init", "restore", "read", "fetch")


def _note_loss(context: Context, arguments: argparse.Namespace) -> None:
    """Say that the library is lost: what a command answers without it could be taken for the truth."""
    if arguments.opens in ("nothing", "folder") or any(word in context.argv for word in _NOT_NOTED):
        return
    from digest.services.lost_library import loss_of

    if loss := loss_of(context.home):
        context.screen.message(loss, "note: ")


def _open(arguments: argparse.Namespace) -> "Home":
    """Open the home, or what the command needs of it."""
    from pathlib import Path

    from digest.home.settings_file import home_path, open_home
    from digest.model import Home, Settings

    if arguments.opens == "nothing":
        return Home(Path(), Settings())
    if arguments.opens == "folder":
        return Home(home_path(arguments.home), Settings())
    return open_home(arguments.home)
