"""The commands about templates: list, export and check."""

from argparse import Namespace

from digest.cli.arguments import Commands, Context
from digest.cli.console import print_json


def add_commands(commands: Commands) -> None:
    actions = commands.group("templates", "list, export and check templates of issues and pages")
    actions.add("list", _list, "list templates and show which ones this home overrides")
    export = actions.add(
        "export",
        _export,
        "copy built-in templates into this home so that you can change them",
        examples=("digest templates export issue.html site.css",),
    )
    export.add_argument("names", nargs="+", metavar="NAME", help="names of templates, such as issue.html")
    actions.add("check", _check, "check the templates of this home")


def _list(arguments: Namespace, context: Context) -> int:
    from digest.services.templates import templates

    found = templates(context.home)
    if arguments.json:
        print_json([{"name": each.name, "own": each.own, "known": each.known} for each in found])
    else:
        context.screen.table(
            ("template", "source"),
            ((each.name, "this home" if each.own else "built in") for each in found),
        )
        if not all(each.own for each in found):
            context.screen.line()
            context.screen.hint("To change one", "digest templates export NAME")
    return 0


def _export(arguments: Namespace, context: Context) -> int:
    from digest.services.templates import export_templates

    written = export_templates(context.home, arguments.names)
    if arguments.json:
        print_json({"written": [str(path) for path in written]})
    else:
        for path in written:
            context.screen.line(f"Wrote {path}")
        context.screen.hint("To see changes as you make them", "digest preview SUBSCRIPTION --open --watch")
    return 0


def _check(arguments: Namespace, context: Context) -> int:
    from digest.services.templates import check_templates

    problems = check_templates(context.home)
    for problem in problems:
        context.screen.error(problem)
    if arguments.json:
        print_json({"problems": list(problems)})
    elif not problems:
        context.screen.line("All templates work.", style="bold")
    return 2 if problems else 0
