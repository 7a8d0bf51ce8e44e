"""The commands that move a whole home, or its library: export, import, database copy."""

from argparse import Namespace
from typing import TYPE_CHECKING

from digest.cli.arguments import Commands, Context, path
from digest.cli.console import print_json
from digest.text.format import count

if TYPE_CHECKING:
    from digest.services.transfer import Exchanged


def add_commands(commands: Commands) -> None:
    give = commands.add(
        "export",
        _export,
        "write all that a home holds as JSON Lines",
        details="Digest may be running. The folder contains addresses and secrets, and only you can read it. "
        "To write papers only: digest library export.",
        examples=("digest export everything",),
    )
    give.add_argument("dir", type=path, metavar="DIR", help="folder to write, new or empty")
    take = commands.add(
        "import",
        _import,
        "fill an empty home with an export",
        details="Stop the services of the exported home first, or both homes send mail. "
        "To import subscriptions only: digest subscriptions import.",
        examples=("digest import everything --home new-home",),
    )
    database = commands.group("database", "move a library between SQLite and PostgreSQL")
    copy = database.add(
        "copy",
        _copy,
        "copy a library into an empty database, and compare both",
        details="Nobody can change the library meanwhile. An interrupted copy is continued by the same command. "
        "Afterwards, name the new database in digest.toml. docs/postgresql.md describes the move.",
        examples=("digest database copy sqlite:///digest.db postgresql://digest@db.example.org/digest",),
    )
    copy.add_argument("source", metavar="FROM", help="file of SQLite, or the URL of a database")
    copy.add_argument("target", metavar="TO", help="the same for the copy; it must be empty")
    take.set_defaults(opens="folder")  # the settings may be in the export
    take.add_argument("dir", type=path, metavar="DIR", help="folder that digest export wrote")


def _export(arguments: Namespace, context: Context) -> int:
    from digest.services.transfer import export_home

    done = export_home(context.home, arguments.dir, context.clock.started)
    if arguments.json:
        _print(done)
        return 0
    lines = count(sum(done.rows.values()), "line")
    context.screen.line(
        f"Exported {lines} and {count(len(done.files), 'file')} to {done.folder}", style="bold"
    )
    context.screen.message(
        "it contains addresses and the secrets of unsubscribe links; only you can read it (mode 600)",
        label="note: ",
    )
    context.screen.hint("To import it into a new home", f"digest import {done.folder} --home DIR")
    return 0


def _copy(arguments: Namespace, context: Context) -> int:
    from digest.services.database import copy_library

    with context.screen.progress() as progress:
        done = copy_library(context.home, arguments.source, arguments.target, progress)
    if arguments.json:
        print_json({"from": done.source, "to": done.target, "lines": done.rows, "before": done.before})
        return 0
    lines = count(sum(done.rows.values()), "line")
    context.screen.line(f"Copied {lines} from {done.source} to {done.target}; both are alike", style="bold")
    if done.before:
        context.screen.message(
            f"{count(done.before, 'line')} of them by an earlier command, which was interrupted",
            label="note: ",
        )
    context.screen.hint("To use the copy, write into digest.toml", f'database = "{done.target}"')
    return 0


def _import(arguments: Namespace, context: Context) -> int:
    from digest.services.transfer import import_home

    done = import_home(context.home.path, arguments.dir, arguments.now)
    if arguments.json:
        _print(done)
        return 0
    lines = count(sum(done.rows.values()), "line")
    context.screen.line(
        f"Imported {lines} and {count(len(done.files), 'file')} from {done.folder}", style="bold"
    )
    for name in done.kept:
        context.screen.message(
            f"{name} of this home was kept; compare it with that of the export", label="note: "
        )
    context.screen.hint("To write issues, feeds and pages", "digest run")
    return 0


def _print(done: "Exchanged") -> None:
    print_json(
        {
            "folder": str(done.folder),
            "lines": done.rows,
            "files": list(done.files),
            "kept": list(done.kept),
        }
    )
