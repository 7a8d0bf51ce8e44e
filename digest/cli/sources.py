"""The commands about sources: list, add and import."""

import argparse
from argparse import Namespace

from digest.cli.arguments import Commands, Context, path
from digest.cli.console import print_json
from digest.text.format import count, local_day


def add_commands(commands: Commands) -> None:
    actions = commands.group("sources", "list, add and import what is fetched")
    actions.add("list", _list, "list the sources in digest.toml and when each last had something new")
    add = actions.add(
        "add",
        _add,
        "add a source to digest.toml",
        details="The rest of digest.toml stays as it is, with its comments.",
        examples=(
            "digest sources add https://papers.example.org/feed.xml",
            "digest sources add cs.AI",
            "digest sources add https://huggingface.co/papers",
            "digest sources add --kind arxiv --name kelp 'abs:kelp AND cat:q-bio.PE'",
        ),
    )
    add.add_argument("address", metavar="ADDRESS", help="address of a feed or page, or a category of arXiv")
    add.add_argument(
        "--kind",
        type=_kind,
        metavar="KIND",
        help="feed, page, arxiv or daily-papers (default: by the address)",
    )
    add.add_argument(
        "--name", default="", metavar="NAME", help="name: a-z, 0-9 and - (default: by the address)"
    )
    load = actions.add(
        "import",
        _import,
        "add the feeds of a list that a feed reader exported (OPML)",
        examples=("digest sources import feeds.opml",),
    )
    load.add_argument("file", type=path, metavar="FILE", help="list of feeds in OPML")


def _kind(text: str) -> str:
    from digest.home.guessed_sources import ADDABLE
    from digest.home.source_settings import kind_of_source

    try:
        kind = kind_of_source(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    if kind not in ADDABLE:
        raise argparse.ArgumentTypeError(
            f"a source of kind {kind!r} needs more settings; add it to digest.toml, see docs/sources.md"
        )
    return kind


def _list(arguments: Namespace, context: Context) -> int:
    from digest.services.sources import source_status_json, source_statuses

    statuses = source_statuses(context.home)
    if arguments.json:
        print_json({"sources": [source_status_json(status) for status in statuses]})
        return 0
    if not statuses:
        context.screen.hint("No sources yet. To add one", "digest sources add cs.AI")
        return 0
    zone = context.home.settings.timezone
    rows = (
        (
            each.source.name,
            each.source.kind,
            each.address,
            local_day(each.changed, zone) if each.changed else "never",
        )
        for each in statuses
    )
    context.screen.table(("source", "kind", "address", "last change"), rows, wraps="address")
    return 0


def _add(arguments: Namespace, context: Context) -> int:
    from digest.home.settings_file import FILE, need_home
    from digest.services.sources import add_source, source_json

    need_home(context.home, arguments.home)
    source = add_source(context.home, arguments.address, arguments.kind or "", arguments.name)
    if arguments.json:
        print_json(source_json(source))
    else:
        context.screen.line(f"Added {source.name} ({source.kind}) to {context.home.path / FILE}")
        context.screen.hint("To try it", f"digest fetch --source {source.name}")
    return 0


def _import(arguments: Namespace, context: Context) -> int:
    """Import a list; the exit status is 1 if feeds of it were skipped."""
    from digest.home.settings_file import need_home
    from digest.services.sources import import_sources, source_json

    need_home(context.home, arguments.home)
    found = import_sources(context.home, arguments.file)
    for each in found.skipped:
        where = f"{arguments.file}:{each.line}" if each.line else str(arguments.file)
        context.screen.error(f"{where}: skipped: {each.reason}")
    if arguments.json:
        skipped = [
            {"address": each.address, "line": each.line, "reason": each.reason} for each in found.skipped
        ]
        added = [source_json(source) for source in found.added]
        print_json({"added": added, "duplicates": found.duplicates, "skipped": skipped})
    else:
        context.screen.table(("source", "kind"), ((each.name, each.kind) for each in found.added))
        duplicates = f"{count(found.duplicates, 'duplicate')}, {len(found.skipped)} skipped"
        context.screen.line(f"{count(len(found.added), 'source')} added, {duplicates}.", style="bold")
        if found.added:
            context.screen.hint("To fetch them", "digest fetch")
    return 1 if found.skipped else 0
