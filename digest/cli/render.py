"""The command render: the files of an issue, again."""

from argparse import Namespace

from digest.cli.arguments import Commands, Context, number
from digest.cli.console import print_json


def add_commands(commands: Commands) -> None:
    render = commands.add(
        "render",
        _render,
        "write the files of an issue again",
        details="The content is in the library, so this also works for issues whose files were removed or never written.",
        examples=("digest render agents", "digest render agents 12"),
    )
    render.add_argument("subscription", metavar="SUBSCRIPTION", help="id of a subscription")
    render.add_argument(
        "number",
        nargs="?",
        type=number(1, 999_999_999),
        metavar="NUMBER",
        help="number of the issue (default: the newest one)",
    )


def _render(arguments: Namespace, context: Context) -> int:
    from digest.services.issue_files import render_issue

    found = render_issue(context.home, arguments.subscription, arguments.number)
    for problem in found.problems:
        context.screen.error(problem)
    if arguments.json:
        print_json(
            {
                "subscription": found.subscription,
                "number": found.number,
                "files": list(found.paths),
                "problems": list(found.problems),
            }
        )
    elif not found.problems:
        for path in found.paths:
            context.screen.line(path)
    return 1 if found.problems else 0
