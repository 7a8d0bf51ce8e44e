"""The commands about subscriptions: list, check, add, remove, import and export."""

from argparse import Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from digest.cli.arguments import Commands, Context, number, path
from digest.cli.console import Screen, print_json, print_pieces, rate
from digest.text.format import count, named_time

if TYPE_CHECKING:
    from digest.services.subscription_check import Checked
    from digest.services.subscriptions import Page, SubscriptionStatus


def add_commands(commands: Commands) -> None:
    actions = commands.group("subscriptions", "list, check, add, import and export subscriptions")
    listed = actions.add("list", _list, "list subscriptions and when each is due")
    checked = actions.add(
        "check", _check, "check subscription files; show where each mistake is and how to fix it"
    )
    checked.add_argument("--explain", action="store_true", help="also show what each keyword brings")
    for parser in (listed, checked):
        parser.add_argument(
            "--find", metavar="TEXT", default="", help="only those with this in id, name or address"
        )
        parser.add_argument("--after", metavar="ID", default="", help="only those after this id")
        parser.add_argument("--limit", metavar="N", type=number(1, 1_000_000_000), help="at most so many")
    add = actions.add(
        "add",
        _add,
        "write a new subscription file",
        examples=(
            'digest subscriptions add one-step "one-step diffusion"',
            "digest subscriptions add agents 'agent* AND benchmark*' --email reader@example.org",
        ),
        takes_queries=True,
    )
    _add_exchange(actions)
    add.add_argument("id", metavar="ID", help="name of the file: a-z, 0-9 and -")
    add.add_argument(
        "keywords", nargs="+", metavar="KEYWORD", help="queries; a paper matches if any of them does"
    )
    add.add_argument("--name", metavar="NAME", help="name shown in the issue")
    add.add_argument(
        "--exclude", action="append", metavar="QUERY", help="query for papers to leave out (repeatable)"
    )
    add.add_argument("--email", action="append", metavar="ADDRESS", help="address of a reader (repeatable)")
    add.add_argument(
        "--schedule", metavar="SCHEDULE", help='schedule, such as "weekdays 08:00" (default: "daily 08:00")'
    )
    add.add_argument(
        "--timezone", metavar="ZONE", help="time zone, such as Europe/Paris (default: the home's)"
    )
    add.add_argument(
        "--max-papers",
        type=number(1, 1_000_000_000),
        metavar="N",
        help="maximum number of new papers in an email (default: 20)",
    )


def _add_exchange(actions: Commands) -> None:
    formats = ("csv", "jsonl", "toml")
    remove = actions.add("remove", _remove, "end a subscription that has no file")
    remove.add_argument("id", metavar="ID", help="id of the subscription")
    take = actions.add(
        "import",
        _import,
        "store the subscriptions of a table or a folder as rows of the library, all or none",
        examples=("digest subscriptions import readers.csv",),
    )
    take.add_argument(
        "path", metavar="FILE", type=path, help="a CSV or JSON Lines file, or a folder of TOML files"
    )
    give = actions.add(
        "export",
        _export,
        "write all subscriptions as CSV, JSON Lines or a folder of TOML files",
        examples=(
            "digest subscriptions export readers.csv",
            "digest subscriptions export --format toml copies",
        ),
    )
    give.add_argument("path", metavar="PATH", nargs="?", type=path, help="file or folder (default: stdout)")
    for parser in (take, give):
        parser.add_argument("--format", choices=formats, help="format (default: by the name of the file)")


def _list(arguments: Namespace, context: Context) -> int:
    from digest.services.subscriptions import status_json, subscription_statuses

    statuses = subscription_statuses(context.home, context.clock, _page(arguments))
    if arguments.json:
        print_json([status_json(status) for status in statuses])
    elif not statuses and (arguments.find or arguments.after):
        context.screen.line("No subscription found.")
    else:
        _show_statuses(context.screen, statuses, context.home.settings.timezone)
    return 0


def _page(arguments: Namespace) -> "Page":
    from digest.services.subscriptions import Page

    return Page(arguments.find, arguments.after, arguments.limit)


def _show_statuses(screen: Screen, statuses: "Sequence[SubscriptionStatus]", home_zone: str) -> None:
    from digest.model import Subscription

    if not statuses:
        hint_no_subscriptions(screen)
        return
    rows: list[tuple[object, ...]] = []
    invalid = 0
    for status in statuses:
        each = status.subscription
        if isinstance(each, Subscription):
            due = "never" if each.enabled else "disabled"
            if status.next_slot:
                due = named_time(status.next_slot, each.timezone, home_zone)
            rows.append((each.id, each.name, each.schedule, status.issues, due))
        else:
            invalid += 1
            rows.append((each.id, "", "", status.issues, "invalid"))
    screen.table(("id", "name", "schedule", "issues", "next issue"), rows, wraps="name")
    if invalid:
        screen.message(f"{count(invalid, 'invalid subscription')}. Details: digest subscriptions check")


def hint_no_subscriptions(screen: Screen) -> None:
    screen.hint("No subscriptions yet. To add one", 'digest subscriptions add one-step "one-step diffusion"')


def _check(arguments: Namespace, context: Context) -> int:
    from digest.model import Subscription
    from digest.services.subscription_check import check_subscriptions

    checked = check_subscriptions(context.home, context.clock, _page(arguments), explain=arguments.explain)
    if arguments.json:
        print_json([_checked_json(each, explain=arguments.explain) for each in checked])
    else:
        _show_checked(context.screen, checked, explain=arguments.explain)
    return 2 if any(not isinstance(each.subscription, Subscription) for each in checked) else 0


def _checked_json(each: "Checked", *, explain: bool) -> dict[str, Any]:
    from digest.cli.keywords import tuning_json
    from digest.model import Subscription

    found = each.subscription
    errors = [] if isinstance(found, Subscription) else [str(problem) for problem in found.problems]
    shown = {"id": found.id, "errors": errors, "warnings": list(each.warnings)}
    return shown | (tuning_json(each.tuning) if explain and each.tuning else {})


def _show_checked(screen: Screen, checked: "Sequence[Checked]", *, explain: bool) -> None:
    from digest.cli.keywords import show_keywords
    from digest.model import Subscription
    from digest.services.tuning import per_week

    valid = 0
    for each in checked:
        if isinstance(each.subscription, Subscription):
            valid += 1
        else:
            screen.error(str(each.subscription))
        if explain and each.tuning:
            screen.line(f"{each.subscription.id}: {rate(*per_week(each.tuning.weeks))}", style="bold")
            show_keywords(screen, each.tuning)
            screen.line()
        for warning in each.warnings:
            screen.message(warning, label="warning: ")
    invalid = len(checked) - valid
    screen.line(f"{count(valid, 'valid subscription')}, {invalid} invalid.", style="bold")


def _add(arguments: Namespace, context: Context) -> int:
    from digest.services.subscriptions import add_subscription

    keys = ("name", "email", "keywords", "exclude", "schedule", "timezone", "max_papers")
    values = {key: value for key in keys if (value := getattr(arguments, key)) is not None}
    path = add_subscription(context.home, arguments.id, values)
    if arguments.json:
        print_json({"id": arguments.id, "path": str(path)})
    else:
        context.screen.line(f"Wrote {path}")
        context.screen.hint("To see the issue it would get", f"digest preview {arguments.id}")
    return 0


def _remove(arguments: Namespace, context: Context) -> int:
    from digest.services.subscription_exchange import remove_subscription

    remove_subscription(context.home, arguments.id)
    if arguments.json:
        print_json({"removed": arguments.id})
    else:
        context.screen.line(f"Removed {arguments.id}")
    return 0


def _import(arguments: Namespace, context: Context) -> int:
    from digest.services.subscription_exchange import import_subscriptions

    done = import_subscriptions(context.home, arguments.path, arguments.format)
    if arguments.json:
        print_json({"added": done.added, "changed": done.changed, "unchanged": done.unchanged})
    else:
        total = count(done.added + done.changed + done.unchanged, "subscription")
        context.screen.line(
            f"Imported {total}: {done.added} new, {done.changed} changed, {done.unchanged} unchanged"
        )
    return 0


def _export(arguments: Namespace, context: Context) -> int:
    from digest.services.subscription_exchange import export_file, export_folder, exported, format_of

    if arguments.path is None:
        print_pieces(exported(context.home, arguments.format or "jsonl"))
        return 0
    form = format_of(arguments.path, arguments.format)
    write = export_folder if form == "toml" else export_file
    written = write(context.home, arguments.path, form)
    if arguments.json:
        print_json({"subscriptions": written, "path": str(arguments.path)})
    else:
        context.screen.line(f"Wrote {count(written, 'subscription')} to {arguments.path}")
    return 0
