"""The commands about mail: deliver, outbox, recipients."""

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from digest.cli.console import print_json
from digest.model import Delivery, Home
from digest.model.reports import message_json
from digest.services import mail as app_mail
from digest.services.runs import deliver
from digest.services.workspace import Clock

if TYPE_CHECKING:
    from digest.cli.console import Screen

SETTLED = ("sent", "failed", "suppressed")


def add_commands(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add them to the program's commands; `common` has the options of every command."""

    def add(group: Any, name: str, about: str, command: Any) -> argparse.ArgumentParser:
        one: argparse.ArgumentParser = group.add_parser(
            name, parents=[common], help=about, description=about, allow_abbrev=False
        )
        one.set_defaults(command=command)
        return one

    def group(name: str, about: str) -> Any:
        one = commands.add_parser(name, help=about, description=about, allow_abbrev=False)
        return one.add_subparsers(title="actions", metavar="ACTION", required=True)

    deliver = add(commands, "deliver", "send what is in the outbox", _deliver)
    deliver.add_argument("--dry-run", action="store_true", help="say what is due; send and record nothing")
    outbox = group("outbox", "see and mend what is on its way")
    listed = add(outbox, "list", "what is on its way, has failed, or was ever in doubt", _outbox_list)
    listed.add_argument("--all", action="store_true", help="also what was sent without a doubt")
    for name, about in (("retry", "try messages again, now"), ("drop", "try messages no more")):
        one = add(outbox, name, about, _outbox_change)
        one.set_defaults(action=name)
        one.add_argument("ids", nargs="*", type=int, metavar="ID", help="as digest outbox list shows it")
        one.add_argument("--all", action="store_true", help="all that is open: waiting, deferred or in doubt")
    bounces = add(commands, "bounces", "read what came back, and stop mail to whom it names", _bounces)
    bounces.add_argument(
        "paths",
        nargs="*",
        metavar="PATH",
        help="a Maildir, an mbox or a message (default: where [bounces] says)",
    )
    recipients = group("recipients", "see addresses, and stop or allow mail to them")
    add(recipients, "list", "every address, what it got, and why it gets no more", _recipients_list)
    stop = add(recipients, "suppress", "send no more mail to an address", _suppress)
    stop.add_argument("address")
    stop.add_argument("--subscription", default="", metavar="ID", help="of this subscription only")
    stop.add_argument("--reason", default="asked by the operator", help="kept with it")
    add(recipients, "unsuppress", "send mail to an address again", _unsuppress).add_argument("address")


def _deliver(arguments: argparse.Namespace, home: Home, screen: "Screen") -> int:
    report = deliver(home, Clock.of(home, arguments.now), dry_run=arguments.dry_run)
    if arguments.json:
        print_json(report.as_json())
    screen.delivery(report.as_json())
    if arguments.dry_run:
        screen.say(f"Nothing was sent (dry run); {report.sendable} due now.")
    return report.exit_status


def _outbox_list(arguments: argparse.Namespace, home: Home, screen: "Screen") -> int:
    _show_lines(app_mail.outbox(home, everything=arguments.all), arguments, screen)
    return 0


def _show_lines(lines: Sequence[Delivery], arguments: argparse.Namespace, screen: "Screen") -> None:
    if arguments.json:
        print_json([message_json(each) for each in lines])
        return
    if not lines:
        screen.say("Nothing is on its way, nothing has failed, nothing was in doubt.")
        return
    screen.table(
        (
            "id",
            "subscription",
            "issue",
            "recipient",
            "status",
            "tries",
            "doubts",
            "next try (UTC)",
            "last answer",
        ),
        (
            (
                each.id,
                each.subscription,
                each.number,
                each.recipient,
                each.status,
                each.attempts,
                each.doubts,
                "" if each.status in SETTLED else f"{each.due:%Y-%m-%d %H:%M}",
                each.reply,
            )
            for each in lines
        ),
        wide=8,
    )


def _outbox_change(arguments: argparse.Namespace, home: Home, screen: "Screen") -> int:
    change = app_mail.retry if arguments.action == "retry" else app_mail.drop
    lines = change(home, arguments.ids, everything=arguments.all, clock=Clock.of(home, arguments.now))
    _show_lines(lines, arguments, screen)
    if arguments.action == "retry" and lines:
        screen.say("Due now: digest deliver", style="bold")
    return 0


def _bounces(arguments: argparse.Namespace, home: Home, screen: "Screen") -> int:
    collected = app_mail.bounces(home, arguments.paths, Clock.of(home, arguments.now))
    found = collected.found
    for problem in collected.problems:
        screen.error(problem)
    status = 1 if collected.problems else 0
    if arguments.json:
        print_json(
            [
                {
                    "file": each.place,
                    "kind": each.bounce.kind,
                    "recipient": each.line.recipient if each.line else None,
                    "subscription": each.line.subscription if each.line else None,
                    "issue": each.line.number if each.line else None,
                    "reason": each.bounce.text or None,
                }
                for each in found
            ]
        )
        return status
    screen.table(
        ("file", "kind", "recipient", "reason"),
        (
            (
                each.place.rpartition("/")[2],
                each.bounce.kind,
                each.line.recipient if each.line else "",
                each.bounce.text,
            )
            for each in found
        ),
        wide=3,
    )
    read = "1 message" if len(found) == 1 else f"{len(found)} messages"
    screen.say(f"{read} read; digest recipients list shows who gets no more mail.", style="bold")
    return status


def _recipients_list(arguments: argparse.Namespace, home: Home, screen: "Screen") -> int:
    found = app_mail.recipients(home)
    if arguments.json:
        print_json(found)
        return 0
    screen.table(
        ("address", "queued", "sent", "gets no mail of", "because"),
        (
            (each["address"], each["queued"], each["sent"], each["subscription"] or "any", each["reason"])
            if each["suppressed"]
            else (each["address"], each["queued"], each["sent"], "", "")
            for each in found
        ),
        wide=4,
    )
    return 0


def _suppress(arguments: argparse.Namespace, home: Home, screen: "Screen") -> int:
    app_mail.suppress(
        home,
        arguments.address,
        subscription=arguments.subscription,
        reason=arguments.reason,
        clock=Clock.of(home, arguments.now),
    )
    if arguments.json:
        print_json({"address": arguments.address.lower(), "suppressed": True})
    screen.say(
        f"{arguments.address} gets no mail of {arguments.subscription or 'any subscription'} any more."
    )
    return 0


def _unsuppress(arguments: argparse.Namespace, home: Home, screen: "Screen") -> int:
    app_mail.unsuppress(home, arguments.address)
    if arguments.json:
        print_json({"address": arguments.address.lower(), "suppressed": False})
    screen.say(f"{arguments.address} gets mail again.")
    return 0
