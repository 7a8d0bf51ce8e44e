"""The commands that run until they are stopped: serve and schedule."""

from argparse import Namespace
from typing import TYPE_CHECKING

from digest.cli.arguments import Commands, Context, add_new_library, number

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from digest.model import Home
    from digest.services.metrics import Meters


def add_commands(commands: Commands) -> None:
    serve = commands.add(
        "serve",
        _serve,
        "serve pages and feeds and run the schedule, until SIGTERM",
        examples=("digest serve", "digest serve --port 8080 --no-schedule"),
    )
    serve.add_argument(
        "--port",
        type=number(0, 65535),
        metavar="PORT",
        help="port to listen on, 0 for any free one (default: port of [serve] in digest.toml, else 8350)",
    )
    serve.add_argument("--no-schedule", action="store_true", help="serve pages only; do not run the schedule")
    add_new_library(serve)
    add_new_library(commands.add("schedule", _schedule, "run the schedule, until SIGTERM"))


def _serve(arguments: Namespace, context: Context) -> int:
    from digest.web.server import serve

    _check(arguments, context, "serve")
    return serve(context.home, arguments.port, clock=not arguments.no_schedule, machine=arguments.json)


def _schedule(arguments: Namespace, context: Context) -> int:
    from digest.scheduler.service import serve

    _check(arguments, context, "schedule")
    return serve(context.home, _metrics_server, machine=arguments.json)


def _metrics_server(
    address: tuple[str, int], home: "Home", meters: "Meters"
) -> "AbstractContextManager[int]":
    from digest.web.monitoring import metrics_server  # loads a web server

    return metrics_server(address, home, meters)


def _check(arguments: Namespace, context: Context, command: str) -> None:
    """Raise UsageError if the home is missing, if the time is fixed, and if the library is lost or another's."""
    from digest.errors import UsageError
    from digest.home.settings_file import need_home
    from digest.services.lost_library import need_library
    from digest.services.tenancy import need_own_database

    need_home(context.home, arguments.home)
    if arguments.now is not None:
        raise UsageError(f"{command} uses the system clock; omit --now, or use digest run --now")
    need_library(context.home, begin_again=arguments.new_library)
    need_own_database(context.home, context.clock.now)
