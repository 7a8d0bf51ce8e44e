"""The commands that explain what happened: why and ledger."""

from argparse import Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING

from digest.cli.arguments import PAPER, Commands, Context, day, number
from digest.cli.console import Screen, print_json
from digest.cli.mail import status_counts
from digest.cli.run import show_run
from digest.text.format import local_time

if TYPE_CHECKING:
    from digest.model import RunRecord, Subscription, Verdict
    from digest.services.explain import PaperWhy, Why
    from digest.services.subscriptions import SubscriptionStatus

_MOST = 1_000_000_000
_MAIL_SHOWN, _DECISIONS_SHOWN = 6, 8  # lines, so that the answer fits on a screen


def add_commands(commands: Commands) -> None:
    why = commands.add(
        "why",
        _why,
        "explain why a subscription did or did not get an issue",
        examples=(
            "digest why agents",
            "digest why agents 2026-11-24",
            "digest why agents --paper 2501.01234",
        ),
    )
    why.add_argument("subscription", metavar="SUBSCRIPTION", help="id of a subscription")
    why.add_argument(
        "date", nargs="?", type=day, metavar="DATE", help="day, YYYY-MM-DD (default: the latest runs)"
    )
    why.add_argument("--paper", metavar="PAPER", help=PAPER)
    ledger = commands.add("ledger", _ledger, "list the runs and what each of them did")
    ledger.add_argument("--run", type=number(1, _MOST), metavar="ID", help="id of a run to show in full")
    ledger.add_argument(
        "--limit",
        type=number(1, _MOST),
        default=20,
        metavar="N",
        help="number of runs or actions to list (default: 20)",
    )
    ledger.add_argument(
        "--actions", action="store_true", help="list what operators did in the console instead of the runs"
    )


def _ledger(arguments: Namespace, context: Context) -> int:
    from digest.services import ledger

    timezone = context.home.settings.timezone
    if arguments.actions:
        return _actions(arguments, context)
    if arguments.run is not None:
        record = ledger.run(context.home, arguments.run)
        if arguments.json:
            print_json(ledger.run_json(record))
        else:
            _show_record(context.screen, record, timezone)
        return 0
    records = ledger.runs(context.home, limit=arguments.limit, details=arguments.json)
    if arguments.json:
        print_json([ledger.run_json(record) for record in records])
    else:
        _show_records(context.screen, records, timezone)
    return 0


def _actions(arguments: Namespace, context: Context) -> int:
    from digest.services import console

    timezone = context.home.settings.timezone
    found = console.actions(context.home, limit=arguments.limit)
    if arguments.json:
        print_json([console.action_json(each) for each in found])
    else:
        context.screen.table(
            (f"when ({timezone})", "from", "action", "subject", "detail"),
            (
                (local_time(each.at, timezone), each.client, each.action, each.subject, each.detail)
                for each in found
            ),
            wraps="detail",
        )
    return 0


def _show_records(screen: Screen, records: "Sequence[RunRecord]", timezone: str) -> None:
    if not records:
        screen.hint("No runs yet. To start one", "digest run")
        return
    screen.table(
        ("run", f"when ({timezone})", "status", "files", "new", "updated", "issues", "mail"),
        (_row(record, timezone) for record in records),
    )
    partial = next((record.id for record in records if record.status == "part"), None)
    if partial is not None:
        screen.message(f"part: some items were skipped or failed. Details: digest ledger --run {partial}")


def _row(record: "RunRecord", timezone: str) -> tuple[object, ...]:
    from digest.model.reports import RunReport

    report = RunReport.from_json(record.report) if record.report else None
    totals: tuple[object, ...] = (None,) * 4
    if report:
        totals = (
            len(report.files),
            sum(file.new for file in report.files),
            sum(file.updated for file in report.files),
            record.report["issues"]
            if record.report and "issues" in record.report
            else sum(each.issue is not None for each in report.subscriptions),
        )
    return (record.id, local_time(record.clock, timezone), record.status, *totals, status_counts(record.mail))


def _show_record(screen: Screen, record: "RunRecord", timezone: str) -> None:
    from digest.model.reports import RunReport

    screen.line(
        f"Run {record.id}, {local_time(record.clock, timezone)} ({timezone}): {record.status}", style="bold"
    )
    if record.report is None:
        screen.line("This run did not finish; the next run continued from there.")
        return
    report = RunReport.from_json(record.report)
    show_run(screen, report)
    if report.stages:
        took = (f"{stage} {seconds:.2f} s" for stage, seconds in report.stages.items())
        screen.line(", ".join(took), style="dim")


def _why(arguments: Namespace, context: Context) -> int:
    from digest.services.explain import why, why_json

    found = why(context.home, arguments.subscription, arguments.date, context.clock, paper=arguments.paper)
    if arguments.json:
        print_json(why_json(arguments.subscription, found))
    else:
        _show_why(context.screen, arguments.subscription, found)
    return 0


def _show_why(screen: Screen, subscription_id: str, found: "Why") -> None:
    """Show what was decided for a subscription, and its present state."""
    from digest.services.explain import mail_lines

    if found.paper:
        _show_paper(screen, found.paper, found.timezone)
    else:
        _show_decisions(screen, subscription_id, found)
    for typed, meant in found.spellings:
        screen.line(f"No paper has the word {typed!r} of the keywords; the library has {meant!r}.")
    for each in found.set_aside[:_MAIL_SHOWN]:
        screen.line(f"{str(each)[0].upper()}{str(each)[1:]}.")
    lines = mail_lines(found)
    if lines:
        screen.line()
    for line in lines[:_MAIL_SHOWN]:
        screen.line(line)
    if len(lines) > _MAIL_SHOWN:
        screen.hint(f"and {len(lines) - _MAIL_SHOWN} more", "digest outbox list --all")
    _show_status(screen, subscription_id, found)


def _show_paper(screen: Screen, found: "PaperWhy", timezone: str) -> None:
    paper = found.paper
    screen.line(paper.marked_title, style="bold", label=f"{paper.number}  ", label_style="bold")
    screen.line(found.answer)
    screen.line()
    listed = ", ".join(f"{path} ({captured})" for path, captured in found.files[:5])
    screen.fields(
        (
            ("first seen", f"{local_time(paper.first_seen, timezone)} ({timezone})"),
            ("listed in", listed),
            ("order", found.order),
        )
    )


def _show_decisions(screen: Screen, subscription_id: str, found: "Why") -> None:
    """Show the answer, and the decisions that it rests on."""
    from digest.services.explain import folded

    for sentence in found.answer:
        screen.line(sentence, style="bold")
    rows = [
        (
            local_time(record.clock, found.timezone),
            f"{record.id} and {runs - 1} earlier" if runs > 1 else record.id,
            verdict.considered,
            verdict.matched,
            _decision(verdict),
        )
        for record, verdict, runs in folded(found.decided)
    ]
    if rows:
        screen.line()
        heads = (f"when ({found.timezone})", "run", "papers", "matches", "decision")
        screen.table(heads, rows[:_DECISIONS_SHOWN], wraps="decision")
        if len(rows) > _DECISIONS_SHOWN:
            screen.hint(f"and {len(rows) - _DECISIONS_SHOWN} earlier", f"digest why {subscription_id} --json")


def _decision(verdict: "Verdict") -> str:
    """Return what a run decided, with the near misses of a slot that it used up."""
    if verdict.error:
        return "skipped: " + verdict.error.partition("\n")[0]
    if verdict.issue:
        outcome = f"issue {verdict.issue}" + ("" if verdict.matched else ", a note without papers")
    else:
        outcome = verdict.reason or ""
    near = verdict.nearest if verdict.slot else ()
    return "; ".join((outcome, *(each for each in near if each not in outcome)))


def _show_status(screen: Screen, subscription_id: str, found: "Why") -> None:
    from digest.model import Subscription

    status = found.status
    if status is None:
        screen.line()
        screen.line(f"subscriptions/{subscription_id}.toml no longer exists; its history is kept.")
    elif not isinstance(status.subscription, Subscription):
        if not any(str(status.subscription) in sentence for sentence in found.answer):
            screen.error(str(status.subscription))
    else:
        subscription = status.subscription
        screen.line()
        screen.fields(
            (
                ("keywords", "  |  ".join(subscription.keywords)),
                ("exclude", "  |  ".join(subscription.exclude)),
                ("next issue", _next_issue(status, subscription)),
            )
        )
        screen.line()
        screen.hint("To see the issue it would get now", f"digest preview {subscription_id}")


def _next_issue(status: "SubscriptionStatus", subscription: "Subscription") -> str:
    """Return when the next issue is due, or why none is."""
    when = f"{subscription.schedule}, {subscription.timezone}"
    if not subscription.enabled:
        return f"none: enabled = false ({when})"
    if status.overdue:
        return (
            f"due since {local_time(status.overdue, subscription.timezone)}; the next run makes it ({when})"
        )
    following = local_time(status.next_slot, subscription.timezone) if status.next_slot else "never"
    return f"{following} ({when})"
