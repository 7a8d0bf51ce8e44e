"""The commands about mail: deliver, outbox, bounces and recipients."""

from argparse import Namespace
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from digest.cli.arguments import Commands, Context, add_new_library, number
from digest.cli.console import Screen, print_json
from digest.text.format import count, local_time

if TYPE_CHECKING:
    from digest.model import Delivery
    from digest.model.reports import DeliveryReport
    from digest.pipeline.bounces import ProcessedMessage

_SETTLED = ("sent", "failed", "suppressed")


def add_commands(commands: Commands) -> None:
    deliver = commands.add("deliver", _deliver, "send the messages in the outbox")
    deliver.add_argument("--dry-run", action="store_true", help="show what is due; send and record nothing")
    add_new_library(deliver)
    _add_outbox(commands.group("outbox", "list, retry and drop messages"))
    bounces = commands.add(
        "bounces",
        _bounces,
        "process bounces and suppress the addresses they report",
        examples=("digest bounces", "digest bounces ~/Maildir"),
    )
    bounces.add_argument(
        "paths",
        nargs="*",
        metavar="PATH",
        help="Maildirs, mbox files or messages (default: the mailbox of [bounces] in digest.toml)",
    )
    _add_recipients(commands.group("recipients", "list addresses; stop and resume mail to them"))


def _add_outbox(actions: Commands) -> None:
    listing = actions.add(
        "list", _outbox_list, "list messages that are open, have failed or have ever been in doubt"
    )
    listing.add_argument("--all", action="store_true", help="include messages that were sent")
    every = "select all open messages (pending, deferred or in doubt)"
    for name, about, selected in (
        (
            "retry",
            "try to send messages again now",
            f"{every}, and recent ones that failed because of the sender",
        ),
        ("drop", "stop trying to send messages", every),
    ):
        change = actions.add(name, _outbox_change, about, examples=(f"digest outbox {name} 12 14",))
        change.set_defaults(action=name)
        change.add_argument(
            "ids",
            nargs="*",
            type=number(1, 1_000_000_000),
            metavar="ID",
            help="ids of messages, as shown by digest outbox list",
        )
        change.add_argument("--all", action="store_true", help=selected)


def _add_recipients(actions: Commands) -> None:
    actions.add("list", _recipients_list, "list addresses, the mail to them, and why any are suppressed")
    suppress = actions.add(
        "suppress",
        _suppress,
        "send no more mail to an address",
        examples=("digest recipients suppress reader@example.org --subscription agents",),
    )
    suppress.add_argument("address", metavar="ADDRESS", help="address to suppress")
    suppress.add_argument(
        "--subscription",
        default="",
        metavar="ID",
        help="id of a subscription, to stop only its mail (default: all mail)",
    )
    suppress.add_argument(
        "--reason",
        default="requested by the operator",
        metavar="TEXT",
        help='reason to record (default: "requested by the operator")',
    )
    unsuppress = actions.add("unsuppress", _unsuppress, "send mail to a suppressed address again")
    unsuppress.add_argument("address", metavar="ADDRESS", help="suppressed address")


def _deliver(arguments: Namespace, context: Context) -> int:
    from digest.services.runs import deliver

    report = deliver(
        context.home, context.clock, dry_run=arguments.dry_run, new_library=arguments.new_library
    )
    if arguments.json:
        print_json(report.as_json())
    show_unsent(context.screen, report)
    show_mail_totals(context.screen, report)
    if arguments.dry_run:
        context.screen.line(f"Dry run, nothing sent: {count(report.sendable or 0, 'message')} due now.")
    return report.exit_status


def _what(message: "Delivery") -> object:
    """Return the number of the issue in a message, or which letter it is."""
    return message.letter.kind if message.letter else message.number


def show_unsent(screen: Screen, report: "DeliveryReport") -> None:
    """Show the messages that were not sent, and the problems that stopped them."""
    from digest.model.reports import message_status

    unsent = [message for message in report.messages if message.status != "sent"]
    screen.table(
        ("id", "subscription", "issue", "recipient", "status", "last reply"),
        (
            (
                message.id,
                message.subscription,
                _what(message),
                message.recipient,
                message_status(message),
                message.reply,
            )
            for message in unsent
        ),
        wraps="last reply",
    )
    if unsent:
        screen.line()
    for problem in report.problems:
        screen.error(problem)
    if report.pause:
        screen.error(
            f"delivery stopped, because every message would fail: {report.pause}; "
            "correct this (digest doctor helps), then run: digest deliver"
        )


def show_mail_totals(screen: Screen, report: "DeliveryReport") -> None:
    """Show how many messages have which status, and what to do about those in doubt."""
    screen.line(f"Mail: {status_counts(report.counts) or 'nothing to send'}.", style="bold")
    if report.counts.get("in_doubt"):
        screen.hint("To list messages in doubt", "digest outbox list")
        screen.hint("To settle them", "digest outbox retry ID, or digest outbox drop ID")


def status_counts(counts: Mapping[str, int]) -> str:
    """Return numbers of messages by status, without those that are zero: `2 sent, 1 in doubt`."""
    return ", ".join(f"{number} {status.replace('_', ' ')}" for status, number in counts.items() if number)


def _outbox_list(arguments: Namespace, context: Context) -> int:
    from digest.services.mail import outbox

    messages = outbox(context.home, everything=arguments.all)
    _show_messages(context, messages, arguments, "The outbox is empty.")
    if not (messages or arguments.all or arguments.json):
        context.screen.hint("To include messages that were sent", "digest outbox list --all")
    return 0


def _outbox_change(arguments: Namespace, context: Context) -> int:
    from digest.services.mail import drop, retry

    change = retry if arguments.action == "retry" else drop
    messages = change(context.home, arguments.ids, everything=arguments.all, clock=context.clock)
    _show_messages(context, messages, arguments, "No open messages.")
    if arguments.action == "retry" and messages:
        context.screen.hint("To send them now", "digest deliver")
    return 0


def _show_messages(
    context: Context, messages: "Sequence[Delivery]", arguments: Namespace, if_none: str
) -> None:
    from digest.model.reports import message_json, message_status

    if arguments.json:
        print_json([message_json(message) for message in messages])
        return
    screen, zone = context.screen, context.home.settings.timezone
    if not messages:
        screen.line(if_none)
        return
    screen.table(
        (
            *("id", "subscription", "issue", "recipient", "status", "attempts", "doubts"),
            *(f"next attempt ({zone})", "last reply"),
        ),
        (
            (
                message.id,
                message.subscription,
                _what(message),
                message.recipient,
                message_status(message),
                message.attempts,
                message.doubts or "",
                "" if message.status in _SETTLED else local_time(message.due, zone),
                message.reply,
            )
            for message in messages
        ),
        wraps="last reply",
    )


def _bounces(arguments: Namespace, context: Context) -> int:
    from digest.services.mail import bounces

    screen, collected = context.screen, bounces(context.home, arguments.paths, context.clock)
    for problem in collected.problems:
        screen.error(problem)
    if arguments.json:
        print_json([_bounce_json(found) for found in collected.found])
    else:
        _show_bounces(screen, collected.found)
    return 1 if collected.problems else 0


def _show_bounces(screen: Screen, bounces: "Sequence[ProcessedMessage]") -> None:
    screen.table(
        ("file", "kind", "recipient", "reason"),
        (
            (
                found.place.rpartition("/")[2],
                found.bounce.kind,
                found.line.recipient if found.line else "",
                found.bounce.text,
            )
            for found in bounces
        ),
        wraps="reason",
    )
    screen.line(f"{count(len(bounces), 'message')} processed.", style="bold")
    screen.hint("To list suppressed addresses", "digest recipients list")


def _bounce_json(found: "ProcessedMessage") -> dict[str, Any]:
    message = found.line
    return {
        "file": found.place,
        "kind": found.bounce.kind,
        "recipient": message.recipient if message else None,
        "subscription": (message.subscription or None) if message else None,
        "issue": (message.number or None) if message else None,
        "reason": found.bounce.text or None,
    }


def _recipients_list(arguments: Namespace, context: Context) -> int:
    from digest.services.mail import recipients

    rows = recipients(context.home)
    if arguments.json:
        print_json(rows)
    elif rows:
        context.screen.table(
            ("address", "queued", "sent", "suppressed for", "reason"),
            (
                (
                    row["address"],
                    row["queued"],
                    row["sent"],
                    (row["subscription"] or "all subscriptions") if row["suppressed"] else "",
                    row["reason"],
                )
                for row in rows
            ),
            wraps="reason",
        )
    else:
        context.screen.line("No recipients yet.")
    return 0


def _suppress(arguments: Namespace, context: Context) -> int:
    from digest.services.mail import suppress
    from digest.text.addresses import name_and_address

    address = name_and_address(arguments.address)[1]
    suppress(
        context.home,
        address,
        subscription=arguments.subscription,
        reason=arguments.reason,
        clock=context.clock,
    )
    if arguments.json:
        print_json({"address": address.lower(), "suppressed": True})
    context.screen.line(
        f"{address} will receive no more mail from {arguments.subscription or 'any subscription'}."
    )
    context.screen.hint("To undo", f"digest recipients unsuppress {address}")
    return 0


def _unsuppress(arguments: Namespace, context: Context) -> int:
    from digest.services.mail import unsuppress
    from digest.text.addresses import name_and_address

    address = name_and_address(arguments.address)[1]
    unsuppress(context.home, address)
    if arguments.json:
        print_json({"address": address.lower(), "suppressed": False})
    context.screen.line(f"{address} will receive mail again.")
    return 0
