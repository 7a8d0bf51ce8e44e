"""The command about the operator's console."""

import sys
from argparse import Namespace
from getpass import getpass

from digest.cli.arguments import Commands, Context
from digest.cli.console import print_json
from digest.errors import UsageError


def add_commands(commands: Commands) -> None:
    actions = commands.group("admin", "set up the operator's console of digest serve")
    actions.add(
        "password",
        _password,
        "set the password of the console; this ends all its sessions",
        details="Asks for it twice. If the input is not a terminal, the password is its first line.",
        examples=("digest admin password",),
    )


def _password(arguments: Namespace, context: Context) -> int:
    from digest.home.settings_file import need_home
    from digest.services.console import set_password

    need_home(context.home, arguments.home)
    set_password(context.home, _typed())
    address = f"{context.home.settings.base_url.rstrip('/')}/admin"
    if arguments.json:
        print_json({"address": address})
    else:
        context.screen.line(f"The password is set. The console is at {address} while digest serve runs.")
    return 0


def _typed() -> str:
    """Return the password that a person types, or the first line of the input."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    first = getpass("New password: ")
    if getpass("The same again: ") != first:
        raise UsageError("the two passwords differ; try again")
    return first
