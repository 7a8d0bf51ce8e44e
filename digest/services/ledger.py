"""The ledger: what past runs did."""

from dataclasses import replace
from typing import TYPE_CHECKING

from digest.errors import UsageError
from digest.model import Home
from digest.model.reports import DeliveryReport
from digest.services.workspace import open_library
from digest.text.format import iso

if TYPE_CHECKING:
    from digest.model import RunRecord


def runs(home: Home, *, limit: int) -> tuple["RunRecord", ...]:
    """Return the latest runs, newest first, each with the present statuses of its mail."""
    with open_library(home, create=False) as store, store.begin(write=False) as tx:
        found = tx.ledger.runs(limit=limit)
        mail = tx.outbox.counted_by_run([record.id for record in found])
    return tuple(replace(record, mail=mail.get(record.id, {})) for record in found)


def run(home: Home, number: int) -> "RunRecord":
    """Return one run with the present status of its mail. Raises UsageError if there is no such run."""
    with open_library(home, create=False) as store, store.begin(write=False) as tx:
        found = tx.ledger.run(number)
        mail = tx.outbox.counted_by_run([number]).get(number)
        lines = tx.outbox.of_run(number)
    if found is None:
        raise UsageError(f"no run {number}; to list the runs: digest ledger")
    if not mail:
        return found
    report = found.report and {**found.report, "delivery": DeliveryReport(mail, lines).as_json()}
    return replace(found, report=report, mail=mail)


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
