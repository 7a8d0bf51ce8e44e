"""The ledger: what past runs did."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from digest.errors import UsageError
from digest.model import Home
from digest.model.reports import DeliveryReport, SubscriptionReport
from digest.services.workspace import open_library
from digest.text.format import iso

if TYPE_CHECKING:
    from digest.model import RunRecord
    from digest.store.store import Transaction


def runs(
    home: Home, *, limit: int, details: bool = False, before: int | None = None
) -> tuple["RunRecord", ...]:
    """Return the latest runs, newest first, each with the present statuses of its mail.

    With `details`, their reports have what they did for subscriptions. `before` is the id of a run.
    """
    with open_library(home, create=False) as store, store.begin(write=False) as tx:
        found = tx.ledger.runs(limit=limit, before=before)
        if details:
            found = tuple(_with_subscriptions(tx, record, home.settings.files) for record in found)
        mail = tx.outbox.counted_by_run([record.id for record in found])
    return tuple(replace(record, mail=mail.get(record.id, {})) for record in found)


def run(home: Home, number: int) -> "RunRecord":
    """Return one run with what it did for subscriptions, and the present status of its mail.

    Raises UsageError if the run is unknown.
    """
    with open_library(home, create=False) as store, store.begin(write=False) as tx:
        found = tx.ledger.run(number)
        found = found and _with_subscriptions(tx, found, home.settings.files)
        mail = tx.outbox.counted_by_run([number]).get(number)
        lines = tx.outbox.of_run(number)
    if found is None:
        raise UsageError(f"run {number} does not exist; to list the runs: digest ledger")
    if not mail:
        return found
    report = found.report and {**found.report, "delivery": DeliveryReport(mail, lines).as_json()}
    return replace(found, report=report, mail=mail)


def _with_subscriptions(tx: "Transaction", record: "RunRecord", files: str) -> "RunRecord":
    """Return a run whose report has what it did for subscriptions; older reports have it already."""
    if record.report is None or record.report.get("subscriptions"):
        return record
    settled = [each.as_json() for each in _settled(tx, record.id, files)]
    return replace(record, report={**record.report, "subscriptions": settled})


def _settled(tx: "Transaction", number: int, files: str) -> Iterator[SubscriptionReport]:
    """Yield the reports on those subscriptions for which a run did something."""
    from digest.pipeline.decisions import issue_report

    made = {(each.issue.subscription, each.issue.number): each for each in tx.issues.of_run(number)}
    bare = tx.on_disk.on_request(files, {name for name, _ in made})
    for verdict in tx.ledger.verdicts_in(number):
        stored = made.get((verdict.subscription, verdict.issue or 0))
        yield SubscriptionReport(
            verdict.subscription,
            verdict.considered,
            verdict.matched,
            issue=issue_report(stored.issue, () if verdict.subscription in bare else stored.formats)
            if stored
            else None,
            reason=verdict.reason,
            error=verdict.error,
            nearest=verdict.nearest,
            slot=verdict.slot,
            interval=verdict.interval,
        )


def run_json(record: "RunRecord") -> dict[str, object]:
    """Return a run as `digest ledger --json` prints it."""
    return {
        "run": record.id,
        "started": iso(record.started),
        "clock": iso(record.clock),
        "ended": iso(record.ended),
        "status": record.status,
        "report": record.report,
        "mail": dict(record.mail) or None,
    }
