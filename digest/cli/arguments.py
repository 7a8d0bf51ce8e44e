"""The command line's parser: argument types, the common options, and how a module registers its commands.

This module and the command modules are loaded for every `digest --help`, so they import nothing heavy:
what a command needs is imported when it runs.
"""

import argparse
import itertools
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from digest.text.terminal import printable

if TYPE_CHECKING:
    from datetime import date, datetime
    from pathlib import Path

    from digest.cli.console import Screen
    from digest.model import Home
    from digest.services.workspace import Clock

# The years of --now: they leave room for the longest interval of a subscription on both sides.
_YEARS = (1900, 9000)


class Context(NamedTuple):
    """What a command works with besides its arguments; `argv` is the command line as it was typed."""

    home: "Home"
    screen: "Screen"
    clock: "Clock"
    argv: tuple[str, ...]


Command = Callable[[argparse.Namespace, Context], int]


def day(text: str) -> "date":
    """Return a date, YYYY-MM-DD. Raises ArgumentTypeError, as the types below do."""
    from datetime import date

    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a valid date; use YYYY-MM-DD") from None


def moment(text: str) -> "datetime":
    """Return an ISO 8601 date and time, with or without an offset."""
    from datetime import datetime

    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a valid time; use 2026-11-24T08:00 or 2026-11-24T08:00+01:00"
        ) from None
    if not _YEARS[0] <= found.year <= _YEARS[1]:
        raise argparse.ArgumentTypeError(
            f"{text!r} is out of range; use a year from {_YEARS[0]} to {_YEARS[1]}"
        )
    return found


def number(least: int, most: int) -> Callable[[str], int]:
    """Return the type of a whole number from `least` to `most`."""

    def read(text: str) -> int:
        # More digits than the largest number has are not worth converting.
        value = int(text) if text.isascii() and text.isdigit() and len(text) <= 12 else None
        if value is None or not least <= value <= most:
            raise argparse.ArgumentTypeError(
                f"{text!r} is not a valid number; use a whole number from {least} to {most}"
            )
        return value

    return read


def path(text: str) -> "Path":
    """Return a path."""
    from pathlib import Path

    return Path(text)


# How every command lets a paper be named, as `services.library.find` reads it.
PAPER = "a paper: its library number, arXiv id, DOI, title, or words in a row of its title"


class Parser(argparse.ArgumentParser):
    """A parser that takes options and positional arguments in any order, also around optional positionals.

    A value of an option may begin with `-`. So may a positional argument if `takes_queries` is set, as an
    unknown option of one letter is an item of a query then; `--word` stays an option.
    """

    takes_queries = False

    def __init__(self, **options: Any) -> None:
        options.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(allow_abbrev=False, **options)

    def add_argument(self, *names: Any, **options: Any) -> argparse.Action:
        """Add an argument; argparse would name one that may be absent as missing unless it has a default."""
        if options.get("nargs") == "*":
            options.setdefault("default", [])
        return super().add_argument(*names, **options)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        if args is None or self._subparsers:
            return super().parse_known_args(args, namespace)
        # In "why kelp --json 2026-11-20" argparse would close the positionals at the option, without the date.
        found, unknown = super().parse_known_args(self._options_first(args), namespace)
        first = next((each for each in unknown if each != "--"), "")  # `--` comes before the positionals
        if first.startswith("-"):  # named here, as the program's own parser would show its own usage
            self.error(_unknown(first, self._option_string_actions, self.prog, "option"))
        if first:
            self.error(
                f"{first!r} is one argument too many; to see what the command takes: {self.prog} --help"
            )
        return found, unknown

    def _options_first(self, args: Sequence[str]) -> list[str]:
        options: list[str] = []
        positionals: list[str] = []
        place = 0
        while place < len(args):
            arg = args[place]
            place += 1
            if arg == "--":
                positionals += args[place:]
                break
            action = self._option_string_actions.get(arg)
            if action is None:
                (positionals if self._is_positional(arg) else options).append(arg)
            elif action.nargs == 0:
                options.append(arg)
            else:
                values = list(itertools.takewhile(self._is_value, args[place:]))
                values = values if action.nargs == "+" else values[:1]
                place += len(values)
                options += [f"{arg}={value}" for value in values] or [arg]
        return [*options, "--", *positionals] if positionals else options

    def _is_value(self, arg: str) -> bool:
        return arg not in self._option_string_actions and not arg.startswith("--")

    def _is_positional(self, arg: str) -> bool:
        return arg[:1] != "-" or arg == "-" or (self.takes_queries and arg[:2] != "--")

    def _print_message(self, message: str, file: Any = None) -> None:
        # Messages repeat what was typed.
        super()._print_message(printable(message), file)

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        # argparse would list every command in one line; commands are the only choices kept by name.
        if isinstance(action.choices, dict) and value not in action.choices:
            raise argparse.ArgumentError(None, _unknown(value, action.choices, self.prog, "command"))
        super()._check_value(action, value)


def _unknown(name: str, known: Iterable[str], program: str, kind: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, known, 1)
    remedy = f"did you mean {near[0]!r}?" if near else f"to list the {kind}s: {program} --help"
    return f"{name!r} is not {'an' if kind == 'option' else 'a'} {kind}; {remedy}"


# The common options may also precede the command. Flags have no value.
_FLAGS = ("--json", "--quiet")
_VALUED = ("--home", "--now")


def common_options() -> Parser:
    """Return a parser with the options of every command, a parent of all others."""
    common = Parser(add_help=False)
    group = common.add_argument_group("common options")
    group.add_argument(
        "--home", metavar="PATH", help="home folder (default: $DIGEST_HOME, else the current folder)"
    )
    group.add_argument("--json", action="store_true", help="print JSON, and nothing else, on stdout")
    group.add_argument("--quiet", action="store_true", help="print nothing but errors")
    group.add_argument(
        "--now",
        metavar="TIME",
        type=moment,
        help="time to use as now, ISO 8601 (without an offset: in the home's time zone)",
    )
    return common


def command_first(argv: Sequence[str], groups: Iterable[str]) -> list[str]:
    """Move common options that precede the command behind it; after one of `groups` comes an action."""
    place = 0
    while place < len(argv):
        if argv[place] in _FLAGS or argv[place].startswith(tuple(f"{name}=" for name in _VALUED)):
            place += 1
        elif argv[place] in _VALUED:
            place += 2
        else:
            break
    end = place + (2 if argv[place : place + 1] and argv[place] in groups else 1)
    return [*argv[place:end], *argv[:place], *argv[end:]]


class Commands:
    """Where the command modules register: the commands of the program, or the actions of one of them.

    `about` is an imperative phrase in lower case without a full stop; --help shows it as a sentence.
    """

    def __init__(self, parser: argparse.ArgumentParser, common: Parser, **options: Any) -> None:
        self._parsers = parser.add_subparsers(required=True, parser_class=Parser, **options)
        self._common = common
        self.listed: list[tuple[str, str]] = []  # name and description, in the order of registration
        self.groups: list[str] = []

    def add(
        self,
        name: str,
        command: Command,
        about: str,
        *,
        details: str = "",
        examples: Sequence[str] = (),
        takes_queries: bool = False,
    ) -> Parser:
        """Add a command and return its parser; `takes_queries` if a positional argument is a query."""
        parser = self._parser(name, about, details, examples, parents=[self._common])
        parser.takes_queries = takes_queries
        parser.set_defaults(command=command, opens="home")
        return parser

    def group(self, name: str, about: str) -> "Commands":
        """Add a command that has actions, and return where they register."""
        self.groups.append(name)
        return Commands(
            self._parser(name, about), self._common, title="actions", metavar="ACTION", prog=f"digest {name}"
        )

    def _parser(
        self, name: str, about: str, details: str = "", examples: Sequence[str] = (), **options: Any
    ) -> Parser:
        self.listed.append((name, about))
        sentence = f"{about[0].upper()}{about[1:]}."
        parser: Parser = self._parsers.add_parser(
            name,
            help=about,
            description="\n\n".join(filter(None, (sentence, details))),
            epilog="\n  ".join((f"example{'s' if len(examples) > 1 else ''}:", *examples))
            if examples
            else None,
            **options,
        )
        return parser


def add_new_library(parser: argparse.ArgumentParser) -> None:
    """Add the option of the commands that refuse a home whose library is lost."""
    parser.add_argument(
        "--new-library", action="store_true", help="begin a new library if the home has lost its library"
    )
