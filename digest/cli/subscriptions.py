"""The commands about subscriptions: list, check and add."""

from argparse import Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING

from digest.cli.arguments import Commands, Context, number
from digest.cli.console import Screen, print_json
from digest.text.format import count, named_time

if TYPE_CHECKING:
    from digest.model import InvalidSubscription, Subscription
    from digest.services.subscriptions import SubscriptionStatus

    Checked = tuple[Subscription | InvalidSubscription, tuple[str, ...]]  # with its warnings


def add_commands(commands: Commands) -> None:
    actions = commands.group("subscriptions", "list, check and add subscriptions")
    actions.add("list", _list, "list subscriptions and when each is due")
    actions.add("check", _check, "check subscription files; show where each mistake is and how to fix it")
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


def _list(arguments: Namespace, context: Context) -> int:
    from digest.services.subscriptions import status_json, subscription_statuses

    statuses = subscription_statuses(context.home, context.clock)
    if arguments.json:
        print_json([status_json(status) for status in statuses])
    else:
        _show_statuses(context.screen, statuses, context.home.settings.timezone)
    return 0


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
    from digest.services.subscriptions import check_subscriptions

    checked = check_subscriptions(context.home)
    if arguments.json:
        print_json(
            [
                {
                    "id": each.id,
                    "errors": [] if isinstance(each, Subscription) else [str(p) for p in each.problems],
                    "warnings": list(warnings),
                }
                for each, warnings in checked
            ]
        )
    else:
        _show_checked(context.screen, checked)
    return 2 if any(not isinstance(each, Subscription) for each, _ in checked) else 0


def _show_checked(screen: Screen, checked: "Sequence[Checked]") -> None:
    from digest.model import Subscription

    valid = 0
    for each, warnings in checked:
        if isinstance(each, Subscription):
            valid += 1
        else:
            screen.error(str(each))
        for warning in warnings:
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
