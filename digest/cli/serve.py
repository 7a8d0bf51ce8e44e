"""The commands that run for ever: `digest schedule` and `digest serve`."""

import argparse
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from digest.errors import UsageError
from digest.home.settings_file import need_home
from digest.model import Home

if TYPE_CHECKING:
    from digest.cli.console import Screen
    from digest.services.metrics import Meters


def add_commands(add: Callable[..., argparse.ArgumentParser]) -> None:
    add("schedule", _schedule, "run for ever on the clock; stops at SIGTERM")
    serve = add("serve", _serve, "the web pages, the feeds and the schedule in one process; stops at SIGTERM")
    serve.add_argument(
        "--port",
        type=_port,
        metavar="PORT",
        help="where to listen (default: [serve] port, else 8350; 0: any)",
    )
    serve.add_argument(
        "--no-schedule", action="store_true", help="pages only; the clock runs elsewhere, or not"
    )


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text[:9]) <= 65535):
        raise argparse.ArgumentTypeError(f"{text!r} is no port; write 0 to 65535")
    return int(text)


def _check(arguments: argparse.Namespace, home: Home, name: str) -> None:
    """Raise UsageError where there is no home, or for a clock that stands still."""
    need_home(home, arguments.home)
    if arguments.now is not None:
        raise UsageError(f"{name} goes by the machine's clock; leave --now out, or use digest run --now")


def _schedule(arguments: argparse.Namespace, home: Home, _screen: "Screen") -> int:
    from digest.scheduler.service import serve

    _check(arguments, home, "schedule")
    return serve(home, _metrics_server, machine=arguments.json)


def _metrics_server(address: tuple[str, int], home: Home, meters: "Meters") -> "AbstractContextManager[int]":
    from digest.web.monitoring import metrics_server  # only if it is needed: it loads a web server

    return metrics_server(address, home, meters)


def _serve(arguments: argparse.Namespace, home: Home, _screen: "Screen") -> int:
    from digest.web.server import serve

    _check(arguments, home, "serve")
    return serve(home, arguments.port, clock=not arguments.no_schedule, machine=arguments.json)
